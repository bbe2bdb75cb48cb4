"""``flowbook workflows``."""

from __future__ import annotations

from pathlib import Path

import click

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, workspace
from flowbook.cli.gallery import gallery
from flowbook.cli.groups import Group
from flowbook.view.wording import moment


@click.group(cls=Group)
def workflows() -> None:
    """Workflows: list, show, import, export, delete, and a gallery of ready ones."""


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
def import_workflow(file: Path, replace: bool) -> None:
    """Store the workflow of a .flow.yaml FILE."""
    workflow = workspace().import_workflow(file, replace=replace)
    click.echo(f"Imported {workflow.name} ({len(workflow.nodes)} nodes)")


@workflows.command()
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write (default: standard output).")
def export(name: str, output: Path | None) -> None:
    """Write a workflow as .flow.yaml."""
    from flowbook.formats.flowfile import dumps, write_flow_file

    workflow = workspace(make=False).workflow(name)
    if output is None:
        click.echo(dumps(workflow), nl=False)
        return
    write_flow_file(workflow, output)
    click.echo(f"Exported {name} to {output}")


@workflows.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete a workflow; its runs and versions stay in the history."""
    existing().delete_workflow(name)
    click.echo(f"Deleted the workflow {name}")
