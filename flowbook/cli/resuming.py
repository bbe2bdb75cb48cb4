"""``flowbook runs resume``."""

from __future__ import annotations

from typing import Any

import click

from flowbook.cli.common import run_json_option, workspace
from flowbook.cli.running import answering, carry_out, given_inputs
from flowbook.errors import InputError
from flowbook.json_text import parse_json
from flowbook.whole_files import content_at


@click.command()
@click.argument("run")
@click.option(
    "--accept", multiple=True, metavar="NODE", help="What this held node, or item (NODE[3]), was doing has happened."
)
@click.option("--rerun", multiple=True, metavar="NODE", help="Run this held node, or item, again.")
@click.option(
    "--set", "results", multiple=True, metavar="NODE=JSON|@FILE",
    help="The data of a node, of an item (NODE[3]) or inside of a run (SUB/NODE) that did not succeed: it did then.",
)  # fmt: skip
@click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help="A secret input: it is not recorded.")
@click.option("--inputs", "file", metavar="FILE|-", help="A JSON object with the secret inputs.")
@run_json_option
@click.option("--max-workers", type=click.IntRange(1, 256), default=8, show_default=True, help="Nodes at a time.")
@click.option("--executor", metavar="WHERE", help="Where calls are made, as of flowbook run.")
@click.option("--trust", metavar="SHA", help="Go on if it is just what was looked at, as of flowbook run.")
def resume(
    run: str, accept: tuple[str, ...], rerun: tuple[str, ...], results: tuple[str, ...], pairs: tuple[str, ...],
    file: str | None, as_json: bool, max_workers: int, executor: str | None, trust: str | None,
) -> int:  # fmt: skip
    """Go on with a run that failed, was cancelled or interrupted: its id, the beginning of it, or "last".

    What is recorded as done stays done; the rest runs, with the same inputs and as the workflow was then. A node that
    was in flight and may have taken effect is held: say by --accept or --rerun what becomes of it.

    Exit codes: as of flowbook run.
    """
    with answering(as_json, None):
        inputs, given = given_inputs(file, pairs), dict(map(_result, results))
        return carry_out(
            lambda ws, watch: ws.resume(
                run,
                inputs,
                accept=accept,
                rerun=rerun,
                results=given,
                max_workers=max_workers,
                executor=executor,
                watch=watch,
                sha256=trust,
            ),
            as_json,
            ws=workspace(make=False),
        )


def _result(text: str) -> tuple[str, Any]:
    """``NODE=JSON`` or ``NODE=@FILE`` as the node and its data."""
    node, equals, value = text.partition("=")
    if not equals or not node:
        raise InputError(
            f"--set {text!r} is not of the form NODE=JSON or NODE=@FILE.", "For example: --set fetch=@a.json"
        )
    try:
        at = value.startswith("@")
        return node, parse_json(content_at(value[1:]).decode("utf-8-sig") if at else value)
    except OSError as error:
        raise InputError(f"--set {node}: the file {value[1:]!r} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        what = f"what is in the file {value[1:]!r}" if value.startswith("@") else "what was given"
        raise InputError(f"--set {node}: {what} is not JSON: {error}.", 'A text is JSON in quotes: "done".') from None
