"""``flowbook catalog``."""

from __future__ import annotations

import json
from typing import Any

import click

from flowbook.catalog import Folder
from flowbook.cli.common import json_option, print_json, print_table, workspace
from flowbook.models import Parameter


@click.command()
@click.argument("name", required=False)
@json_option
def catalog(name: str | None, as_json: bool) -> None:
    """List the integration folders, or show the tasks and params of one."""
    ws = workspace(make=False)
    if name and as_json:
        print_json(_folder(ws.integration_folder(name)))
    elif name:
        _print_folder(ws.integration_folder(name))
    elif as_json:
        print_json([_folder(folder) for folder in ws.integration_folders()])
    else:
        listed = ws.listed_folders()
        rows = [(f.name, len(f.tasks), f.source, f.description if not f.problem else str(f.problem)) for f in listed]
        print_table(("NAME", "TASKS", "SOURCE", "DESCRIPTION"), rows, empty="There are no integration folders.")


def _print_folder(folder: Folder) -> None:
    click.echo(f"{click.style(folder.name, bold=True)}  {folder.description}")
    click.echo(f"{folder.source}: {folder.path}")
    for problem in folder.problems:
        click.echo(click.style(f"{problem.kind}: {problem.what} {problem.remedy}".rstrip(), fg="yellow"))
        if problem.traceback:
            click.echo(problem.traceback.rstrip())
    if folder.credentials:
        click.echo("\nCredentials")
        for parameter in folder.credentials:
            click.echo(f"  {_line(parameter)}")
    for spec in folder.tasks.values():
        click.echo(f"\n{click.style(spec.name, bold=True)}  ({spec.effects})  {spec.description}".rstrip())
        if able := spec.capabilities.words():
            click.echo(f"  {able}{'' if spec.capabilities.said else ' (as far as is known: its author says nothing)'}")
        for parameter in spec.parameters:
            click.echo(f"  {_line(parameter)}")
        if spec.example is not None:
            click.echo(f"  gives, for example: {json.dumps(spec.example, ensure_ascii=False)}")


def _line(parameter: Parameter) -> str:
    required = ", required" if parameter.required else ""
    default = "" if parameter.default is None else f", default {parameter.default!r}"
    choices = f" ({', '.join(parameter.choices)})" if parameter.choices else ""
    return f"{parameter.name}: {parameter.type}{choices}{required}{default}  {parameter.description}".rstrip()


def _folder(folder: Folder) -> dict[str, Any]:
    return {
        "name": folder.name,
        "description": folder.description,
        "source": folder.source,
        "path": str(folder.path),
        "hosts": list(folder.hosts),
        "credentials": [{"name": p.name, **p.to_document()} for p in folder.credentials],
        "tasks": [
            {
                "name": spec.name,
                "description": spec.description,
                "effects": spec.effects,
                "capabilities": spec.capabilities.described(),
                "params": [{"name": p.name, **p.to_document()} for p in spec.parameters],
                "example": spec.example,
            }
            for spec in folder.tasks.values()
        ],
        "problems": [
            {"kind": p.kind, "what": p.what, "remedy": p.remedy, "traceback": p.traceback} for p in folder.problems
        ],
    }
