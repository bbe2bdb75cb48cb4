"""``flowbook runs test``."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.common import FileOfItsOwn, json_option, print_json, workspace
from flowbook.errors import InputError
from flowbook.reports.replaying import write_test


@click.command()
@click.argument("run")
@click.option(
    "--cassette", required=True, metavar="FILE", type=FileOfItsOwn(),
    help="What the run was recorded in (flowbook run --record).",
)  # fmt: skip
@click.option(
    "-o", "--output", metavar="FILE", type=FileOfItsOwn(),
    help="The file to write (default: test_WORKFLOW.py beside the cassette).",
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Write over a file that is there.")
@json_option
def test(run: str, cassette: str, output: str | None, replace: bool, as_json: bool) -> None:
    """Write a pytest file that plays a recorded run back, offline, and asserts its results.

    Beside it come its results as JSON and, when the workflow is not stored, the workflow. It runs wherever the
    workspace has the integrations, with any secrets.
    """
    ws = workspace(make=False)
    name = "".join(one if one.isalnum() else "_" for one in ws.run_record(run).summary.workflow.lower())
    if not Path(cassette).name or (output is not None and not Path(output).name):
        raise InputError("the name of a file is empty.", "Name the cassette, and with -o the test's file.")
    target = Path(output) if output else Path(cassette).parent / f"test_{name}.py"
    if target.exists() and not replace:
        raise InputError(f"{target} is there already.", "Give --replace to write over it, or -o another file.")
    anew = write_test(ws, run, Path(cassette), target)
    results = target.with_suffix(".json")
    if as_json:
        print_json({"test": str(target), "results": str(results), "not_compared": anew})
        return
    click.echo(f"Wrote {target} and {results.name}. Run it: pytest {target}")
    for place in anew:
        click.echo(f"Another one each time, so not compared: {place}")
