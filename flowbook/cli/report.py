"""``flowbook runs report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flowbook.cli.common import output_option, workspace
from flowbook.reports import FORMATS, Format, format_of, gather, render, write

if TYPE_CHECKING:
    from flowbook.reports import RunReport
    from flowbook.workspace import Workspace


@click.command()
@click.argument("run")
@output_option
@click.option(
    "--format", "chosen", type=click.Choice(FORMATS), help="The format (default: by the file's ending, else md)."
)
def report(run: str, output: Path | None, chosen: Format | None) -> None:
    """Write a report of a run: its id, the beginning of it, or "last".

    As a page (.html), a notebook (.ipynb), JSON (.json), Markdown (.md), or JUnit XML for CI (.xml).
    """
    format = chosen or (format_of(output) if output else "md")
    ws = workspace(make=False)
    found = gather(ws, run)
    drawing = _drawing(ws, found) if format in ("html", "ipynb") else ""
    if output is None:
        click.echo(render(found, format, drawing=drawing), nl=False)
        return
    write(found, output, format, drawing=drawing)
    click.echo(f"Wrote the report of run {found.summary.id} to {output}")


def _drawing(ws: Workspace, found: RunReport) -> str:
    """The workflow as it ran, each node with its status."""
    from flowbook.view.graph.drawing import svg
    from flowbook.view.graph.picturing import elements_for

    status = {node.id: node.record.status for node in found.nodes}
    return svg(elements_for(found.workflow, ws.integration_folder), status)
