"""``flowbook workflows gallery``."""

from __future__ import annotations

import click

from flowbook.cli.common import json_option, print_json, print_table, workspace


@click.command()
@click.argument("name", required=False)
@click.option("--add", "adding", is_flag=True, help="Store it in the workspace, under its name.")
@json_option
def gallery(name: str | None, adding: bool, as_json: bool) -> None:
    """List the ready workflows, show the one called NAME, or store it."""
    from flowbook.formats.flowfile import dumps
    from flowbook.gallery import add, load, templates

    if adding and name is None:
        raise click.UsageError("name the workflow to add: flowbook workflows gallery NAME --add")
    if name is None:
        found = templates()
        if as_json:
            print_json([{"name": one.name, "title": one.title, "description": one.description} for one in found])
        else:
            print_table(("NAME", "DESCRIPTION"), [(one.name, one.description) for one in found], empty="It is empty.")
        return
    if not adding:
        workflow = load(name)
        if as_json:
            print_json(workflow.to_document())
        else:
            click.echo(dumps(workflow), nl=False)
        return
    stored = add(workspace(), name)
    if as_json:
        print_json({"added": stored})
        return
    click.echo(f"Added {', '.join(stored)}")
    accounts = sorted({node.integration for node in load(name).nodes.values() if node.integration})
    if accounts:
        click.echo(f"It uses {', '.join(accounts)}: create these integrations, or choose others in the editor.")
