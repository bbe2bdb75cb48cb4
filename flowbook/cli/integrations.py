"""``flowbook integrations``. A secret is never an argument and never printed."""

from __future__ import annotations

from typing import Any

import click

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, read_json_object, workspace
from flowbook.cli.groups import Group
from flowbook.cli.sharing import add, template
from flowbook.cli.signing_in import sign_in, sign_out, signed_in_document
from flowbook.models import Integration
from flowbook.view.wording import moment
from flowbook.workspace import Workspace

_credentials_option = click.option(
    "--credentials", "source", required=True, metavar="FILE|-", help="A JSON object: a file, or - for standard input."
)


@click.group(cls=Group)
def integrations() -> None:
    """Integrations: named credentials, encrypted at rest."""


@integrations.command("list")
@json_option
def list_integrations(as_json: bool) -> None:
    """List the integrations, without their secrets."""
    ws = workspace(make=False)
    found = ws.integrations()
    if as_json:
        print_json([_document(ws, integration) for integration in found])
        return
    rows = [(i.name, i.type, ", ".join(i.fields), ", ".join(ws.integration_hosts(i.name)), _tested(i)) for i in found]
    empty = "There are no integrations yet. Create one: flowbook integrations create NAME --type T --credentials FILE"
    print_table(("NAME", "TYPE", "CREDENTIALS", "HOSTS", "LAST TEST"), rows, empty=nothing(ws, empty))


@integrations.command()
@click.argument("name")
@click.option("--type", "kind", required=True, help="The integration type.")
@_credentials_option
@click.option(
    "--host", "hosts", multiple=True, metavar="HOST",
    help="A server that it may be used with (default: those that its credentials name).",
)  # fmt: skip
def create(name: str, kind: str, source: str, hosts: tuple[str, ...]) -> None:
    """Create the integration NAME."""
    given = read_json_object(source, "credentials")
    integration = workspace().create_integration(name, kind, given, hosts=hosts or None)
    click.echo(f"Created the integration {integration.name!r} ({integration.type})")


@integrations.command()
@click.argument("name")
@click.option("--credentials", "source", metavar="FILE|-", help="A JSON object with what changes.")
@click.option("--rename", "new_name", metavar="NEW", help="Its new name; workflows follow.")
def update(name: str, source: str | None, new_name: str | None) -> None:
    """Change credentials of an integration (what is not given stays), or rename it."""
    if source is None and new_name is None:
        raise click.UsageError("give --credentials or --rename")
    ws = existing()
    if source is not None:
        ws.update_integration(name, read_json_object(source, "credentials"))
    if new_name is not None:
        ws.rename_integration(name, new_name)
    click.echo(f"Updated the integration {new_name or name!r}")


@integrations.command()
@click.argument("name")
@json_option
def test(name: str, as_json: bool) -> int:
    """Try an integration's credentials by its folder's test_connection."""
    result = workspace().test_integration(name)
    if as_json:
        print_json({"integration": name, "success": result.success, "message": result.message})
    else:
        click.echo(f"{name}: {'succeeded' if result.success else 'failed'}: {result.message}")
    return 0 if result.success else 1


@integrations.command()
@click.argument("name")
@click.argument("hosts", nargs=-1, metavar="[HOST]...")
@click.option("--add", multiple=True, metavar="HOST", help="One more.")
@click.option("--remove", multiple=True, metavar="HOST", help="One less.")
@click.option("--default", "by_default", is_flag=True, help="Those that its credentials name, whatever they will be.")
@json_option
def hosts(
    name: str, hosts: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...], by_default: bool, as_json: bool
) -> None:
    """Show which servers the integration NAME may be used with, or choose them.

    Nothing is sent to any other. A HOST is api.example.com, *.example.com for all below it, or localhost:8080.
    """
    if by_default and (hosts or add or remove):
        raise click.UsageError("--default goes with no hosts")
    ws = existing()
    found = ws.integration_hosts(name)
    if by_default:
        found = ws.set_integration_hosts(name, None)
    elif hosts or add or remove:
        kept = [host for host in dict.fromkeys([*(hosts or found), *add]) if host not in remove]
        found = ws.set_integration_hosts(name, kept)
    if as_json:
        print_json({"integration": name, "hosts": list(found)})
        return
    click.echo("\n".join(found) if found else "None: nothing is sent anywhere before one is chosen.")


@integrations.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete an integration and its credentials."""
    existing().delete_integration(name)
    click.echo(f"Deleted the integration {name!r}")


def _tested(integration: Integration) -> str:
    if integration.tested_at is None:
        return "never"
    return f"{'succeeded' if integration.tested_ok else 'failed'} at {moment(integration.tested_at)}"


def _document(ws: Workspace, integration: Integration) -> dict[str, Any]:
    sign_in = ws.signed_in(integration.name)
    return {
        "name": integration.name,
        "type": integration.type,
        "credentials": sorted(integration.fields),
        "hosts": list(ws.integration_hosts(integration.name)),
        "hosts_chosen": integration.hosts_chosen,
        "tested_at": integration.tested_at,
        "tested_ok": integration.tested_ok,
        "tested_message": integration.tested_message,
        **({} if sign_in is None else {"signed_in": signed_in_document(sign_in)}),
    }


integrations.add_command(sign_in)
integrations.add_command(sign_out)
integrations.add_command(template)
integrations.add_command(add)
