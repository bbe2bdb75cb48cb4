"""What a workspace offers for the key that its credentials are encrypted with, and for finding secrets."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.internal import internal
from flowbook.paths import expanded
from flowbook.workspace.facade.triggers import TriggersFacade

if TYPE_CHECKING:
    from flowbook.workspace.scanning import Finding


class KeyFacade(TriggersFacade):
    """The key, and the secrets that it protects."""

    def init_key(self, passphrase: str | None = None, kind: str | None = None) -> tuple[dict[str, Any], str | None]:
        """Make the key that credentials are encrypted with, or add one more way to open it.

        ``kind`` is "file" (the default without a ``passphrase``; in memory "environment"), "passphrase", "keyring" or
        "environment"; returns the key's status (:meth:`key_status`), and for "environment" the new key as text, shown
        this once, else None. Raises NotFound for another kind, VaultLocked or WrongKey when there is a key that does
        not open, and VaultError when that way cannot be made.
        """
        return self.credentials.key.init(passphrase, kind)

    def unlock(self, passphrase: str | None = None) -> None:
        """Find the key that opens the credentials now, by this passphrase or what is at hand.

        Raises VaultLocked, or WrongKey for a passphrase that does not open them.
        """
        self.credentials.key.unlock(passphrase)

    @internal
    def wants_passphrase(self) -> bool:
        """Whether the credentials are locked here, and a passphrase would open them; nobody is asked for it."""
        return self.credentials.key.wants_passphrase()

    def key_status(self) -> dict[str, Any]:
        """Which key there is and what opens it; nothing secret, and nobody is asked for a passphrase.

        {"key_id", "store_id" (both None before there is a key), "unlocked": whether a way to open it is at hand here,
        "problem": why not, else "", "slots": the ways to open it, each {"kind", "where", "gone": whether it is a key
        file that is not there}, "kept": the ids of the keys from before rotations}.
        """
        status, problem = self.credentials.key.status()
        return {**status, "problem": problem.message if problem is not None else ""}

    def remove_old_keys(self) -> list[str]:
        """Remove the keys that the credentials were encrypted with before, and that :meth:`rotate_key` left, from this
        machine; returns their ids. Copies of the workspace made before cannot be opened here any more.

        Raises VaultLocked when the credentials are locked here.
        """
        return self.credentials.key.remove_old()

    def public_key(self) -> str:
        """The public half of this person's own key, for somebody who can open the credentials: nothing secret.

        It is a text, "flowbook-person-…". The key itself is made when there is none yet, in a file of this person's
        configuration folder.
        """
        return self.credentials.key.public_key()

    def add_person(self, name: str, public_key: str | None = None) -> dict[str, Any]:
        """Let a person open the credentials here by their own key; returns the key's status.

        ``public_key`` is what :meth:`public_key` gives them; without it, it is who calls this. Raises InputError for
        what is none, or for another key under the same name, and VaultLocked or WrongKey when who calls this cannot
        open them. The status is that of :meth:`key_status`, without "problem".
        """
        return self.credentials.key.add_person(name, public_key)

    def export_key(self, path: str | os.PathLike[str], *, replace: bool = False) -> dict[str, Any]:
        """Write a key to take along into the new file ``path``, for ``FLOWBOOK_KEY_FILE``; returns the key's status.

        It is readable by its owner alone. Raises InputError for a place inside of a workspace or repository, and when
        a key was handed out already that is not at hand (``replace`` shuts out whoever has it); VaultLocked or WrongKey
        when the credentials are locked here. The status is that of :meth:`key_status`, without "problem".
        """
        return self.credentials.key.export(expanded(path), replace=replace)

    def scan(self, paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
        """Where secret values of this workspace stand in these files and folders, in every form that is looked for.

        Each finding has the ``file``, the ``place`` in it ("line 7", or "cell 3, output 1") and the ``integration``
        whose secret it is ("hook NAME" for the address of a hook, or what it is signed with); never the value. [] when
        there is none.

        Raises NotFound for a path that is not there, InputError for a file that cannot be read, VaultErrors.
        """
        from flowbook.workspace.scanning import scan

        secrets, digests = self.credentials.all_secrets(), {}
        for hook in self.hooks.all():
            if hook.sealed:
                secrets[f"hook {hook.id}"] = [self.hook_secret(hook)]
            else:
                digests[f"hook {hook.id}"] = hook.digest
        return scan([Path(path) for path in paths], secrets, digests)

    @internal
    def has_secrets(self) -> bool:
        """Whether there is anything to look for. Raises VaultErrors."""
        return any(self.credentials.all_secrets().values()) or bool(self.hooks.all())
