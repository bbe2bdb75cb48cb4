"""The command line of a script: ``python sales.py -i minimum=5 --json`` runs as ``flowbook run`` does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from flowbook.cli.common import nowhere, run_json_option
from flowbook.cli.main import run_command
from flowbook.cli.running import answering, carry_out, given_inputs
from flowbook.models import Workflow
from flowbook.workspace import Workspace


def main(flow: Workflow, arguments: Sequence[str] | None = None) -> int:
    """Run a workflow with Flowbook's engine; the exit code, as of ``flowbook run``.

    Credentials come from the environment, or from the workspace of the folder, which then has the run in its history.
    Where there is no workspace none is made.
    """

    @click.command(
        help=flow.description or f"Run the workflow {flow.name}.",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    @click.option("-C", "directory", metavar="DIR", type=click.Path(path_type=Path), help="The workspace's folder.")
    @click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help=_inputs(flow))
    @click.option("--inputs", "file", metavar="FILE|-", help="A JSON object with inputs.")
    @run_json_option
    @click.option("--to", metavar="NODE", help="Run only up to this node: the node and what is before it.")
    @click.option("--max-workers", type=click.IntRange(1, 256), default=8, show_default=True, help="Nodes at a time.")
    @click.option("--executor", metavar="WHERE", help="Where calls are made: threads, processes=N, dask=ADDRESS.")
    def command(directory: Path | None, pairs: tuple[str, ...], file: str | None, as_json: bool, **options: Any) -> int:
        with answering(as_json, flow.name):
            inputs = given_inputs(file, pairs)
            return carry_out(
                lambda ws, watch: ws.run(flow, inputs, watch=watch, **options), as_json, ws=_workspace(directory)
            )

    return run_command(command, arguments)


def _inputs(flow: Workflow) -> str:
    if not flow.inputs:
        return "It has no inputs."
    named = (
        f"{name} ({one.type}, required)" if one.required else f"{name} ({one.type})"
        for name, one in flow.inputs.items()
    )
    return f"An input, read as its type says: {', '.join(named)}."


def _workspace(directory: Path | None) -> Workspace:
    ws = Workspace(directory, make=False)
    return Workspace(ws.root, memory=True) if nowhere(ws) else ws
