"""``flowbook hooks``."""

from __future__ import annotations

import sys

import click

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, workspace
from flowbook.cli.groups import Group
from flowbook.cli.schedule import last_of
from flowbook.triggers.hooks import FORM, RESPOND, SIGNED


@click.group(cls=Group)
def hooks() -> None:
    """Addresses at which a request asks a server (flowbook serve) for a run."""


@hooks.command()
@click.argument("workflow", metavar="WORKFLOW")
@click.option("--as", "name", default="", metavar="NAME", help="The hook's name (default: the workflow's).")
@click.option("--signed", type=click.Choice(SIGNED), help="Take only requests that are signed as this service does.")
@click.option("--secret", metavar="-", help="The signing secret that the service shows, on standard input (-).")
@click.option("--form", is_flag=True, help="A page with the workflow's inputs as a form, for people.")
@click.option("--respond", type=click.Choice(RESPOND), default="at-once", show_default=True,
              help="Answer with the run's id at once, or with its result when it is done.")  # fmt: skip
def add(workflow: str, name: str, signed: str | None, secret: str | None, form: bool, respond: str) -> None:
    """Have a stored workflow run by requests. Its address, or the secret that signs, is shown this once."""
    if secret not in (None, "-"):
        raise click.UsageError("a secret is never an argument: give --secret -, and the secret on standard input")
    if form and signed:
        raise click.UsageError("--form and --signed are two kinds of addresses: add one of each")
    ws = existing()
    given = sys.stdin.readline().strip() if secret else ""
    kind = FORM if form else signed or "secret"
    hook, known = ws.add_hook(workflow, name=name, kind=kind, secret=given, respond=respond)
    click.echo(f"Added the hook {hook.id}. Its address is shown this once:" if not signed else f"Added {hook.id}:")
    if form:
        click.echo(f"  http://HOST:PORT/forms/{hook.id}?key={known}")
    elif signed:
        click.echo(f"  POST http://HOST:PORT/hooks/{hook.id}")
        if not given:
            click.echo(f"  The secret that signs, shown this once: {known}")
    else:
        click.echo(f"  POST http://HOST:PORT/hooks/{known}")
    if not ws.is_trusted(workflow):
        click.echo(f"It is not trusted yet, and would not run: flowbook trust {workflow}", err=True)


@hooks.command("list")
@click.option("-w", "--workflow", help="Only those of this workflow.")
@json_option
def list_hooks(workflow: str | None, as_json: bool) -> None:
    """List hooks and forms, without their secrets, and what became of the last request to each."""
    ws = workspace(make=False)
    found = ws.hooks.all(workflow)
    if as_json:
        print_json(
            [
                {"id": one.id, "workflow": one.workflow, "kind": one.kind, "respond": one.respond,
                 "last": last_of(ws, one.source)}
                for one in found
            ]
        )  # fmt: skip
        return
    rows = [(one.id, one.workflow, one.kind, one.respond, last_of(ws, one.source)["outcome"]) for one in found]
    empty = nothing(ws, "There are no hooks yet: flowbook hooks add NAME")
    print_table(("HOOK", "WORKFLOW", "KIND", "RESPOND", "LAST"), rows, empty=empty)


@hooks.command()
@click.argument("name", metavar="HOOK")
def remove(name: str) -> None:
    """Remove a hook: its address is nothing any more."""
    click.echo(f"Removed {existing().hooks.remove(name).id}")
