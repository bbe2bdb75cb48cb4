"""``flowbook workflows``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from flowbook.cli.common import (
    STDOUT,
    existing,
    extra_file_option,
    json_option,
    nothing,
    output_option,
    print_json,
    print_table,
    workspace,
)
from flowbook.cli.comparing import diff, named
from flowbook.cli.gallery import gallery
from flowbook.cli.groups import Group
from flowbook.cli.output import complain
from flowbook.counting import counted
from flowbook.formats.files import replace_file
from flowbook.models import Workflow
from flowbook.view.wording import moment
from flowbook.workspace import Workspace
from flowbook.workspace.reading import Reading

FORMS = ("flow", "python", "notebook", "mermaid", "svg")


@click.group(cls=Group)
def workflows() -> None:
    """Workflows: list, show, import, export, compare, delete, and a gallery of ready ones."""


workflows.add_command(gallery)


@workflows.command("list")
@json_option
def list_workflows(as_json: bool) -> None:
    """List the stored workflows."""
    ws = workspace(make=False)
    found = ws.workflows()
    if as_json:
        print_json(
            [
                {"name": w.name, "description": w.description, "nodes": w.nodes, "revision": w.revision,
                 "saved_at": w.saved_at}
                for w in found
            ]
        )  # fmt: skip
        return
    rows = [(w.name, w.nodes, w.revision, moment(w.saved_at), w.description) for w in found]
    empty = "There are no workflows yet. Draw one in the studio, or: flowbook workflows import FILE"
    print_table(("NAME", "NODES", "REVISION", "SAVED", "DESCRIPTION"), rows, empty=nothing(ws, empty))


@workflows.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a workflow."""
    workflow = workspace(make=False).workflow(name)
    if as_json:
        print_json(workflow.to_document())
        return
    from flowbook.formats.flowfile import dumps

    click.echo(dumps(workflow), nl=False)


@workflows.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the workflow of that name if there is one.")
@extra_file_option("--report", help="A file for what became of each node, as JSON (of n8n's files).")
def import_workflow(file: Path, replace: bool, report: Path | None) -> None:
    """Store the workflow of a FILE: a .flow.yaml, a script (.py) in the form that export writes, or n8n's .json.

    A script is read, never run. Of a file of n8n, --report says of each node and expression what became of it.
    """
    ws = workspace()
    reading = ws.read(file)
    workflow = ws.import_workflow(reading, replace=replace)
    click.echo(f"Imported {workflow.name} ({counted(len(workflow.nodes), 'node')})")
    _tell_conversion(reading, file, report)


def _tell_conversion(reading: Reading, file: Path, report: Path | None) -> None:
    """Say what a file of another tool became, and write it to a file if asked."""
    made, workflow = reading.conversion, reading.workflow
    assert workflow is not None
    names = [part.name for part in reading.parts]
    nodes, notes = len(workflow.nodes), list[str]()
    said: dict[str, Any] = {
        "file": str(file), "workflow": workflow.name, "workflows": [workflow.name],
        "nodes": {"total": nodes, "carried": nodes, "placeholder": 0},
        "expressions": {"total": 0, "carried": 0}, "each": [], "notes": notes,
    }  # fmt: skip
    if made is not None:
        said = made.to_document(str(file), workflow.name, names)
        for name in names:
            click.echo(f"Imported {name}, a loop of it")
        click.echo(
            f"{said['nodes']['carried']} of {said['nodes']['total']} nodes and {said['expressions']['carried']} of "
            f"{said['expressions']['total']} expressions were carried over; {counted(len(said['notes']), 'note')}."
        )
    if report == STDOUT:
        print_json({"files": [said]})
    elif report is not None:
        replace_file(report, json.dumps({"files": [said]}, ensure_ascii=False, indent=2) + "\n")
        click.echo(f"What became of each is in {report}")
    elif made is not None:
        click.echo("What became of each: flowbook workflows import FILE --replace --report report.json")


@workflows.command()
@click.argument("name", metavar="NAME|FILE")
@click.option(
    "--to", "form", type=click.Choice(FORMS), help="The form (default: what the ending of -o says, else flow)."
)
@output_option
def export(name: str, form: str | None, output: Path | None) -> None:
    """Write a workflow as .flow.yaml, as a script or notebook that runs it, or as a picture.

    \b
    flow      .flow.yaml
    python    a script: python FILE.py -i name=value; it can be edited, and imported again
    notebook  the same in the cells of a notebook, with the inputs in a cell tagged "parameters"
    mermaid   the graph for Markdown
    svg       the graph as a picture
    """
    ws = workspace(make=False)
    workflow = named(ws, name)
    text = written(ws, workflow, form or _form_of(output))
    if output is None:
        click.echo(text, nl=False)
        return
    replace_file(output, text)
    click.echo(f"Exported {workflow.name} to {output}")


def _form_of(output: Path | None) -> str:
    endings = {".py": "python", ".ipynb": "notebook", ".mmd": "mermaid", ".svg": "svg"}
    return "flow" if output is None else endings.get(output.suffix.lower(), "flow")


def written(ws: Workspace, workflow: Workflow, form: str) -> str:
    """A workflow in one of the forms."""
    if form == "svg":
        from flowbook.view.graph.drawing import svg
        from flowbook.view.graph.picturing import elements_for

        return svg(elements_for(workflow, ws.integration_folder)) + "\n"
    if form == "python":
        from flowbook.formats.python import dumps
    elif form == "notebook":
        from flowbook.formats.notebook import dumps
    elif form == "mermaid":
        from flowbook.formats.mermaid import dumps
    else:
        from flowbook.formats.flowfile import dumps
    return dumps(workflow)


workflows.add_command(diff)


@workflows.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete a workflow; its runs and versions stay in the history."""
    ws = existing()
    users = ws.workflows_that_run(name)
    ws.delete_workflow(name)
    click.echo(f"Deleted the workflow {name}")
    if users:
        complain(f"Warning: without it {', '.join(users)} will fail")
