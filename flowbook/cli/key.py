"""``flowbook key``."""

from __future__ import annotations

from typing import Any

import click

from flowbook.cli.common import json_option, print_json, workspace
from flowbook.cli.groups import Group


@click.group(cls=Group)
def key() -> None:
    """The key that the credentials are encrypted with."""


@key.command()
@click.option("--passphrase", is_flag=True, help="Protect it by a passphrase (asked for).")
@click.option("--keyring", is_flag=True, help="Keep it in the operating system's keyring.")
@click.option("--environment", is_flag=True, help="Print a key for FLOWBOOK_KEY, for unattended runs.")
def init(passphrase: bool, keyring: bool, environment: bool) -> None:
    """Make the workspace's key, or add one more way to open it."""
    if passphrase + keyring + environment > 1:
        raise click.UsageError("give only one of --passphrase, --keyring and --environment")
    kind = "keyring" if keyring else "environment" if environment else None
    given = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True) if passphrase else None
    status, text = workspace().init_key(passphrase=given, kind=kind)
    click.echo(f"The key {status['key_id']} is ready; it is opened by: {_slots(status)}")
    if text is not None:
        click.echo(f"Set FLOWBOOK_KEY to this; it is shown only now:\n{text}")


@key.command()
def rotate() -> None:
    """Encrypt every credential with a new key."""
    status = workspace().rotate_key()
    click.echo(f"Every credential is encrypted with the key {status['key_id']} now")


@key.command()
@json_option
def status(as_json: bool) -> None:
    """Say which key there is and what opens it."""
    found = workspace(make=False).key_status()
    if as_json:
        print_json(found)
        return
    if found["key_id"] is None:
        click.echo("There is no key yet. It is made with the first integration, or by: flowbook key init")
        return
    click.echo(f"key {found['key_id']} of store {found['store_id']}\nopened by: {_slots(found)}")


def _slots(status: dict[str, Any]) -> str:
    return "; ".join(f"{slot['kind']} ({slot['where']})" for slot in status["slots"]) or "nothing"
