"""``flowbook types``."""

from __future__ import annotations

import re
from typing import Any

import click
from pydantic import ValidationError

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, workspace
from flowbook.cli.groups import Group
from flowbook.errors import InputError, NotFound
from flowbook.models import PARAMETER_TYPES, IntegrationType, Parameter
from flowbook.models import explain as explain_error
from flowbook.slips import suggest

_parameters_option = click.option(
    "-p", "--parameter", "parameters", multiple=True, metavar="NAME:TYPE[:required][:DESCRIPTION]",
    help=f"A parameter; types: {', '.join(PARAMETER_TYPES)}. A select names its choices: NAME:select(a|b).",
)  # fmt: skip


@click.group(cls=Group)
def types() -> None:
    """Integration types: what credentials a service needs."""


@types.command("list")
@json_option
def list_types(as_json: bool) -> None:
    """List the integration types."""
    ws = workspace(make=False)
    found = ws.types()
    if as_json:
        print_json([_document(kind) for kind in found])
        return
    rows = [(kind.name, ", ".join(p.name for p in kind.parameters), kind.description) for kind in found]
    empty = "There are no integration types yet. Create one: flowbook types create NAME --from-folder"
    print_table(("NAME", "PARAMETERS", "DESCRIPTION"), rows, empty=nothing(ws, empty))


@types.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Show an integration type with its parameters."""
    kind = workspace(make=False).type(name)
    if as_json:
        print_json(_document(kind))
        return
    click.echo(f"{kind.name}  {kind.description}".rstrip())
    rows = [(p.name, p.type, "required" if p.required else "", p.description) for p in kind.parameters]
    print_table(("NAME", "TYPE", "REQUIRED", "DESCRIPTION"), rows, empty="It has no parameters.")


@types.command()
@click.argument("name")
@click.option("--from-folder", is_flag=True, help="Take the parameters that the folder declares.")
@_parameters_option
@click.option("-d", "--description", help="What the service is used for.")
def create(name: str, from_folder: bool, parameters: tuple[str, ...], description: str | None) -> None:
    """Create the integration type NAME (equal to the name of an integration folder)."""
    if from_folder and parameters:
        raise click.UsageError("give either --from-folder or parameters, not both")
    given = [parse_parameter(text) for text in parameters]
    kind = workspace().create_type(name, None if from_folder or not given else given, description)
    names = ", ".join(parameter.name for parameter in kind.parameters) or "no parameters"
    click.echo(f"Created the integration type {kind.name} ({names})")


@types.command()
@click.argument("name")
@click.option("--from-folder", is_flag=True, help="Take the parameters that the folder declares now.")
@_parameters_option
@click.option("--remove", "removed", multiple=True, metavar="NAME", help="A parameter to take away.")
@click.option("-d", "--description", help="What the service is used for.")
def update(
    name: str, from_folder: bool, parameters: tuple[str, ...], removed: tuple[str, ...], description: str | None
) -> None:
    """Change the integration type NAME: add or replace the parameters given, take others away."""
    if not (from_folder or parameters or removed or description is not None):
        raise click.UsageError("give --from-folder, -p, --remove or -d")
    ws = existing()
    kind = ws.type(name)
    kept = {one.name: one for one in (ws.integration_folder(name).credentials if from_folder else kind.parameters)}
    for text in parameters:
        given = parse_parameter(text)
        kept[given.name] = given
    for one in removed:
        if one not in kept:
            raise NotFound("parameter", one, kept)
        del kept[one]
    changed = IntegrationType(
        name=name, description=kind.description if description is None else description, parameters=tuple(kept.values())
    )
    ws.update_type(changed)
    click.echo(f"Updated the integration type {name} ({', '.join(kept) or 'no parameters'})")


@types.command()
@click.argument("name")
def delete(name: str) -> None:
    """Delete an integration type; refused while integrations use it."""
    existing().delete_type(name)
    click.echo(f"Deleted the integration type {name}")


def parse_parameter(text: str) -> Parameter:
    """The parameter that ``name:type[:required][:description]`` describes; InputError says what is wrong."""
    name, _, rest = text.partition(":")
    found = re.match(r"(select\(.*?\)|[^:]*)(?::|\Z)", rest, re.DOTALL)
    kind = found[1] if found else rest
    rest = rest[found.end() :] if found else ""
    choices = re.fullmatch(r"select\((.*)\)", kind)
    fields: dict[str, Any] = {"name": name, "type": "select" if choices else kind or "string"}
    if choices:
        fields["choices"] = tuple(choice.strip() for choice in choices[1].split("|") if choice.strip())
    if fields["type"] not in PARAMETER_TYPES:
        raise InputError(
            f"the parameter {name!r} has the unknown type {kind!r}.", suggest(kind, PARAMETER_TYPES, "parameter type")
        )
    word, _, description = rest.partition(":")
    if word == "required":
        fields |= {"required": True, "description": description}
    elif word in ("optional", ""):
        fields["description"] = description
    else:
        fields["description"] = rest
    try:
        return Parameter(**fields)
    except ValidationError as error:
        raise InputError(f"the parameter {text!r} cannot be used: {explain_error(error)}.") from None


def _document(kind: IntegrationType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "description": kind.description,
        "parameters": [{"name": p.name, **p.to_document()} for p in kind.parameters],
    }
