"""``flowbook new integration``."""

from __future__ import annotations

import click

from flowbook.cli.common import workspace
from flowbook.cli.groups import Group


@click.group(cls=Group)
def new() -> None:
    """Write something new to start from."""


@new.command()
@click.argument("name")
@click.option("--plain", is_flag=True, help="Bare functions, without types.")
def integration(name: str, plain: bool) -> None:
    """Write the integration folder NAME into the workspace: it works, and has a test."""
    from flowbook.authoring.scaffold import write_integration

    ws = workspace()
    written = write_integration(ws.root / "integrations", name, plain=plain)
    for path in written:
        click.echo(path.relative_to(ws.root))
    click.echo(f"It is in the catalog now: flowbook catalog {name}")
