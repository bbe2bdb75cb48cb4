"""``flowbook runs resume``."""

from __future__ import annotations

import click

from flowbook.cli.common import workspace
from flowbook.cli.running import answering, carry_out, given_inputs


@click.command()
@click.argument("run")
@click.option(
    "--accept", multiple=True, metavar="NODE", help="What this held node, or item (NODE[3]), was doing has happened."
)
@click.option("--rerun", multiple=True, metavar="NODE", help="Run this held node, or item, again.")
@click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help="A secret input: it is not recorded.")
@click.option("--inputs", "file", metavar="FILE|-", help="A JSON object with the secret inputs.")
@click.option("--json", "as_json", is_flag=True, help="Print the finished run as JSON, and nothing else.")
@click.option("--max-workers", type=click.IntRange(1, 256), default=8, show_default=True, help="Nodes at a time.")
def resume(
    run: str, accept: tuple[str, ...], rerun: tuple[str, ...], pairs: tuple[str, ...], file: str | None,
    as_json: bool, max_workers: int,
) -> int:  # fmt: skip
    """Go on with a run that failed, was cancelled or interrupted: its id, the beginning of it, or "last".

    What is recorded as done stays done; the rest runs, with the same inputs and as the workflow was then. A node that
    was in flight and may have taken effect is held: say by --accept or --rerun what becomes of it.

    Exit codes: as of flowbook run.
    """
    with answering(as_json, None):
        inputs = given_inputs(file, pairs)
        return carry_out(
            lambda ws, watch: ws.resume(run, inputs, accept=accept, rerun=rerun, max_workers=max_workers, watch=watch),
            as_json,
            ws=workspace(make=False),
        )
