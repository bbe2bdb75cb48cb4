"""``flowbook key``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.common import FileOfItsOwn, existing, json_option, print_json, workspace
from flowbook.cli.groups import Group
from flowbook.errors import VaultError

if TYPE_CHECKING:
    from flowbook.vault import SlotKind

NO_KEY = VaultError.exit_code


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


drop_option = click.option(
    "--drop", multiple=True, type=click.Choice(["file", "environment", "passphrase", "keyring"]),
    help="A way to open it that the new key is not to have.",
)  # fmt: skip


@key.command()
@drop_option
def rotate(drop: tuple[SlotKind, ...]) -> None:
    """Encrypt every credential with a new key.

    The old one stays on this machine, where copies of the workspace may need it: see 'flowbook key remove-old'.
    """
    status = existing().rotate_key(drop=drop)
    click.echo(f"Every credential is encrypted with the key {status['key_id']} now")
    _say_what_is_kept(status)


@key.command("remove-old")
def remove_old() -> None:
    """Remove the keys from before rotations from this machine, for good.

    Copies of the workspace that were made before cannot be opened here any more.
    """
    removed = existing().remove_old_keys()
    click.echo(f"Removed {', '.join(removed)}" if removed else "There is no old key to remove")


@key.command()
def mine() -> None:
    """Print the public half of your own key, for whoever adds you to a workspace; nothing secret."""
    click.echo(workspace(make=False).public_key())


@key.command("add-person")
@click.argument("name")
@click.argument("public_key", required=False)
def add_person(name: str, public_key: str | None) -> None:
    """Let a person open the credentials by their own key.

    PUBLIC_KEY is what 'flowbook key mine' prints for them; without it, you are meant. Be sure it comes from them.
    """
    status = existing().add_person(name, public_key)
    click.echo(f"The key {status['key_id']} is opened by: {_slots(status)}")


@key.command("remove-person")
@click.argument("name")
@drop_option
def remove_person(name: str, drop: tuple[SlotKind, ...]) -> None:
    """Take a person's way to the credentials away, and encrypt every credential with a new key.

    What they have seen before they may have kept: change the credentials at the services too.
    """
    status = existing().rotate_key(drop=drop, without=[name])
    click.echo(
        f"{name} cannot open the credentials any more: each is encrypted with the key {status['key_id']} now,"
        f" which is opened by: {_slots(status)}\nWhat {name} may have seen before, change at the services too."
    )


@key.command()
@click.argument("file", type=FileOfItsOwn())
@click.option("--replace", is_flag=True, help="Shut out whoever has the key that was handed out before.")
def export(file: str, replace: bool) -> None:
    """Write a key to take along into the new FILE, which only you can read.

    On another machine, name it by FLOWBOOK_KEY_FILE. FILE must be outside of any workspace and repository.
    """
    status = existing().export_key(Path(file), replace=replace)
    click.echo(f"Wrote a key that opens {status['key_id']} to {file}. On the other machine: FLOWBOOK_KEY_FILE={file}")


@key.command()
@json_option
def status(as_json: bool) -> int:
    """Say which key there is and what opens it; ends with 3 when nothing here does."""
    found = workspace(make=False).key_status()
    kinds = [slot["kind"] for slot in found["slots"]]
    gone = [slot["where"] for slot in found["slots"] if slot["gone"]]
    lost = bool(found["problem"]) and (bool(gone) or "passphrase" not in kinds)
    if as_json:
        print_json(found)
    elif found["key_id"] is None:
        click.echo("There is no key yet. It is made with the first integration, or by: flowbook key init")
    else:
        click.echo(f"key {found['key_id']} of store {found['store_id']}\nopened by: {_slots(found)}")
        _say_what_is_kept(found)
        for path in gone:
            click.echo(f"The key file {path} is gone{'; put it back from your copy.' if lost else ' on this machine.'}")
        if lost:
            click.echo(f"Nothing here opens it: {found['problem']}")
    return NO_KEY if lost else 0


def _say_what_is_kept(status: dict[str, Any]) -> None:
    if status["kept"]:
        click.echo(
            f"For copies of the workspace from before, {', '.join(status['kept'])} stays on this machine."
            " When there are none: flowbook key remove-old"
        )


def _slots(status: dict[str, Any]) -> str:
    return "; ".join(f"{slot['kind']} ({slot['where']})" for slot in status["slots"]) or "nothing"
