"""``flowbook run --queue``: a run that a server carries out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from flowbook.cli.common import existing, print_json, workflow_or_file
from flowbook.errors import InputError

_GOES_WITH = ("workflow", "pairs", "file", "as_json", "queue")


def hand_over(context: click.Context, workflow: str, inputs: dict[str, Any], as_json: bool) -> int:
    """Ask the servers of the workspace for a run, print its id, and end."""
    for option in context.command.params:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if given and option.name not in _GOES_WITH:
            raise click.UsageError(f"--queue and {option.opts[-1]} cannot be given both: the run is a server's")
    if isinstance(workflow_or_file(workflow), Path) or workflow.lower().endswith(".ipynb"):
        raise InputError("a server runs what is stored.", f"Store it first: flowbook workflows import {workflow}")
    run = existing().enqueue(workflow, inputs)
    if as_json:
        from flowbook.view.document import queued_document

        print_json(queued_document(run, workflow))
    else:
        click.echo(f"Queued {workflow}: run {run}")
    return 0
