"""``flowbook integrations template`` and ``flowbook integrations add``."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.common import output_option, read_json_object, workspace
from flowbook.cli.groups import Group
from flowbook.counting import counted
from flowbook.errors import AlreadyExists, InputError
from flowbook.formats.files import replace_file
from flowbook.models import Parameter

if TYPE_CHECKING:
    from flowbook.sharing import Archive
    from flowbook.workspace import Workspace


@click.group(cls=Group)
def template() -> None:
    """Share the shape of an integration, without its secrets."""


@template.command()
@click.argument("name")
@output_option
@click.option("--with-values", is_flag=True, help="Take plain values along, such as a host; never a secret.")
def export(name: str, output: Path | None, with_values: bool) -> None:
    """Write the type and the shape of the integration NAME, without any secret."""
    from flowbook.sharing import template_of

    ws = workspace(make=False)
    integration = ws.integration(name)
    made = template_of(integration, ws.type(integration.type), with_values=with_values)
    if output is None:
        click.echo(made.dumps(), nl=False)
        return
    replace_file(output, made.dumps())
    values = f"; its values: {', '.join(made.values)}" if made.values else ""
    click.echo(f"Exported the template of {name!r} to {output}{values}")


@template.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="The integration's name (default: the template's).")
@click.option("--credentials", "source", metavar="FILE|-", help="A JSON object with what the template lacks.")
def import_template(file: Path, name: str | None, source: str | None) -> None:
    """Create the integration of a template FILE; what is missing is asked for, in a terminal."""
    from flowbook.sharing import read_template, take_in

    read = read_template(file)
    given = read_json_object(source, "credentials") if source is not None else {}
    ask = _ask if _interactive() and source != "-" else None
    integration, new_type = take_in(workspace(), read, name=name, given=given, ask=ask)
    if new_type:
        click.echo(f"Created the integration type {integration.type}")
    click.echo(f"Created the integration {integration.name!r} ({integration.type})")


def _interactive() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(parameter: Parameter) -> Any:
    """The value that the person at the terminal gives; a secret is not shown while it is typed."""
    described = f" ({parameter.description})" if parameter.description else ""
    optional = "" if parameter.required else ", Enter to leave it out"
    text = f"{parameter.name}{described}{optional}"
    value = ""
    while not value:
        # getpass shows the prompt only once nothing that is typed is shown any more
        value = getpass.getpass(f"{text}: ") if parameter.secret else click.prompt(text, default="", show_default=False)
        if not parameter.required:
            break
    return value


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="The folder's name (default: as in the zip).")
@click.option("--yes", is_flag=True, help="Consent to what is in it, without being asked.")
@click.option("--replace", is_flag=True, help="Replace the folder of that name, or hide a built-in one.")
def add(file: Path, name: str | None, yes: bool, replace: bool) -> None:
    """Add the integration folder of a zip FILE to the workspace, after showing what is in it."""
    from flowbook.sharing import read_archive

    archive = read_archive(file, name)
    ws = workspace(make=False)
    if not replace:
        _check_free(ws, archive.name)
    _describe(archive)
    if not yes:
        _ask_consent(archive)
    parent = ws.root / "integrations"
    parent.mkdir(exist_ok=True)
    archive.extract(parent, replace=replace)
    click.echo(f"Added the integration folder {archive.name}; check it: flowbook check --integrations {archive.name}")


def _check_free(ws: Workspace, name: str) -> None:
    if name in ws.integration_folder_names():
        there = ws.integration_folder(name)
        raise AlreadyExists(
            f"there is an integration folder {name!r} already ({there.source}: {there.path}).",
            "Give --replace to use this one in its place, or --name for another name.",
        )


def _describe(archive: Archive) -> None:
    click.echo(f"{archive.name}: {counted(len(archive.files), 'file')}")
    for path, data in sorted(archive.files.items()):
        click.echo(f"  {path}  {counted(len(data), 'byte')}")
    for left_out in archive.left_out:
        click.echo(f"  left out: {left_out}")
    click.echo(f"Tasks: {', '.join(archive.tasks) or 'none'}")
    standard = [module for module in archive.imports if module in sys.stdlib_module_names]
    others = [module for module in archive.imports if module not in sys.stdlib_module_names]
    click.echo(f"Imports from packages: {', '.join(others) or 'nothing'}")
    click.echo(f"Imports from Python's own library: {', '.join(standard) or 'nothing'}")
    for warning in archive.warnings:
        click.echo(f"Look at this: {warning}")


def _ask_consent(archive: Archive) -> None:
    click.echo("Its code will run with your rights, and sees the credentials that you give to it.")
    if not _interactive():
        raise InputError(f"adding {archive.name} needs consent.", "Read what is in it, then give --yes.")
    click.confirm("Add it?", abort=True, err=True)
