"""``flowbook new``: an integration folder, or a node."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flowbook.authoring.renewing import Made
from flowbook.cli.common import existing, workspace
from flowbook.cli.groups import Group
from flowbook.formats.curl import FromCurl

Strings = tuple[str, ...]


@click.group(cls=Group)
def new() -> None:
    """Write something new to start from."""


@new.command()
@click.argument("name")
@click.option("--plain", is_flag=True, help="Bare functions, without types.")
@click.option("--oauth2", is_flag=True, help="People sign in to the service with OAuth2, and enter no token.")
@click.option("--openapi", metavar="FILE|URL", help="Make it of an API's description: OpenAPI 3 or Swagger 2.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only the operations with this tag.")
@click.option(
    "--operations", "patterns", multiple=True, metavar="PATTERN",
    help="Only the operations of that name or path: 'list*', 'GET /users*'; '*' for all.",
)  # fmt: skip
@click.option("--mcp", metavar="COMMAND|URL", help="Make it of the tools of an MCP server: a command or an address.")
@click.option(
    "--env", "variables", multiple=True, metavar="NAME",
    help="A variable of your environment that the server is to have; for an address, that with its token.",
)  # fmt: skip
@click.option("--update", is_flag=True, help="Renew what was made of a description or server; your own files stay.")
def integration(
    name: str, plain: bool, oauth2: bool, openapi: str | None, tags: Strings, patterns: Strings, mcp: str | None,
    variables: Strings, update: bool,
) -> None:  # fmt: skip
    """Write the integration folder NAME into the workspace: it works, and has a test.

    With --openapi it has a task for each operation of the API; of more than 40 some have to be chosen. With --mcp it
    has a task for each tool of a server, or for those of the --operations.
    """
    made_of = bool(openapi or mcp or update)
    if openapi and mcp:
        raise click.UsageError("--openapi and --mcp do not go together")
    if oauth2 and (plain or made_of):
        raise click.UsageError("--oauth2 goes with none of --plain, --openapi, --mcp and --update")
    if plain and made_of:
        raise click.UsageError("--plain goes with none of --openapi, --mcp and --update")
    if (tags or patterns or variables) and not made_of:
        raise click.UsageError("--tag, --operations and --env go with --openapi, --mcp or --update")
    ws = workspace()
    folder = ws.root / "integrations"
    if made_of:
        made = _of_tools if mcp or (not openapi and _is_of_tools(folder / name)) else _of_description
        written = made(folder, name, mcp or openapi or "", tags, patterns, variables, update)
    else:
        from flowbook.authoring.scaffold import write_integration

        written = write_integration(folder, name, plain=plain, oauth2=oauth2)
    for path in written:
        click.echo(path.relative_to(ws.root))
    click.echo(f"It is in the catalog now: flowbook catalog {name}")


def _is_of_tools(folder: Path) -> bool:
    from flowbook.authoring.mcp import RECORD

    return (folder / RECORD).is_file()


def _of_description(
    folder: Path, name: str, source: str, tags: Strings, patterns: Strings, variables: Strings, update: bool
) -> list[Path]:
    from flowbook.authoring.openapi import renewal_from_description, write_from_description

    if variables:
        raise click.UsageError("--env goes with --mcp")
    if not update:
        return _told(write_from_description(folder, name, source, tags=tags, patterns=patterns))
    renewal = renewal_from_description(folder, name, source, tags=tags, patterns=patterns)
    made = renewal.write()
    for line in renewal.changes.lines():
        click.echo(line, err=True)
    return _told(made)


def _of_tools(
    folder: Path, name: str, source: str, tags: Strings, patterns: Strings, variables: Strings, update: bool
) -> list[Path]:
    from flowbook.authoring.mcp import update_from_server, write_from_server

    if tags:
        raise click.UsageError("tools have no tags: choose them by --operations")
    write = update_from_server if update else write_from_server
    return _told(write(folder, name, source, variables=variables, patterns=patterns))


def _told(made: Made) -> list[Path]:
    for fault in made.left_out:
        click.echo(f"Left out: {fault}", err=True)
    return list(made.files)


@new.command()
@click.option("--curl", "command", required=True, metavar="COMMAND|-", help="A curl command; - for standard input.")
@click.option("--to", "workflow", metavar="WORKFLOW", help="Add the node to this stored workflow.")
@click.option("--id", "id", default="", help="The node's id (default: made of the address).")
@click.option("--integration", metavar="NAME", help="The integration for its secrets (default: the host's name).")
def node(command: str, workflow: str | None, id: str, integration: str | None) -> None:
    """Make a node of http.request out of a curl command, and print it, or add it to a workflow.

    Secrets never go into the node: --to and --integration store them as an integration, encrypted, if there is none of
    that name; without both they are left out. What cannot be carried over is said.
    """
    from flowbook.formats.curl import read_curl

    found = read_curl(sys.stdin.read() if command == "-" else command)
    if workflow is None:
        _print(found, id, integration)
    else:
        ws = existing()
        flow, trusted = ws.workflow(workflow), ws.is_trusted(workflow)  # a node more says nothing of the others
        added = found.add_to(flow, id=id, integration=integration if found.needs_integration else None)
        _keep(found, integration)
        ws.save(flow, trusted=trusted)
        click.echo(f"Added {added} to {workflow}")
    _explain(found)


def _print(found: FromCurl, id: str, integration: str | None) -> None:
    from flowbook.formats.flowfile.writer import render
    from flowbook.models import Workflow

    flow = Workflow("curl")
    found.add_to(flow, id=id, integration=integration if found.needs_integration else None)
    click.echo(render({"nodes": flow.to_document()["nodes"]}), nl=False)
    if integration:
        _keep(found, integration)
    elif found.needs_integration:
        click.echo("Its secrets were left out: store them with --integration NAME.", err=True)


def _keep(found: FromCurl, integration: str | None) -> None:
    if not found.needs_integration:
        return
    from flowbook.workspace.pasting import keep_credentials

    name = integration or found.node.integration
    made = keep_credentials(workspace(), found, name)
    click.echo(
        f"Its secrets are in the new integration {name!r}" if made else f"It uses the integration {name!r}", err=True
    )


def _explain(found: FromCurl) -> None:
    """What is to be filled in, and what was not carried over."""
    if found.missing:
        click.echo(f"To fill in, in the integration: {', '.join(found.missing)}", err=True)
    if found.inputs:
        names = ", ".join(one.name + (" (secret)" if one.secret else "") for one in found.inputs)
        click.echo(f"Inputs that the workflow needs: {names}", err=True)
    for note in found.notes:
        click.echo(f"Not carried over: {note}", err=True)
