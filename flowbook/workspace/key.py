"""The key of one workspace's credentials: made, found, added to, handed out and changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flowbook import vault as vaults
from flowbook.errors import FlowbookError, VaultError
from flowbook.store import WorkspaceStore

if TYPE_CHECKING:
    from flowbook.vault import SlotKind, Vault

Found = TypeVar("Found")
Passphrase = str | Callable[[], str | None] | None


class WorkspaceKey:
    """The key of the credentials in a store, and the vault that it opens.

    With ``memory`` it is a new one that is never written anywhere and is known to this object alone. What is known of
    the vault is guarded by the store's own lock among threads: with one of its own, a thread that has this and wants
    that would wait for ever for one that has that and wants this.
    """

    def __init__(self, store: WorkspaceStore, passphrase: Passphrase = None, *, memory: bool = False) -> None:
        self._store = store
        self._passphrase: Passphrase = passphrase if passphrase is not None else _ask
        self._environ = {"FLOWBOOK_KEY": vaults.Key.random().text()} if memory else None
        self._vault: Vault | None = None

    def vault(self) -> Vault:
        """The vault as the store's header says it is now; it looks for a key only when one is needed."""
        with self._store.reading():
            header = self._store.meta(vaults.integrity.HEADER)
            known = self._vault
            if known is None:
                known = vaults.Vault.open(header, environ=self._environ, passphrase=self._passphrase)
            elif header is None and known.header is not None:
                # A save that failed, or the header was taken away: what this vault opened is not for what is there now.
                known = vaults.Vault.open(None, environ=self._environ, passphrase=self._passphrase)
            elif header is not None and not known.is_of(header):
                known = known.reopened(header)
            elif header is not None:
                known.follow(header)
            self._vault = known
            if header is not None and header.get("retired"):
                self._tidy(known)
            return known

    def steadily(self, act: Callable[[], Found]) -> Found:
        """What ``act`` gives, which reads what is sealed and opens it: done again when the key changed in between."""
        while True:
            before = self._id()
            try:
                return act()
            except VaultError:
                if self._id() == before:
                    raise

    def _id(self) -> str | None:
        header = self._store.meta(vaults.integrity.HEADER)
        return None if header is None else str(header.get("key_id"))

    def _tidy(self, vault: Vault) -> None:
        """Finish what a rotation that was killed left to do, when that is possible here."""
        try:
            vaults.finish_rotation(self._store, vault)
        except FlowbookError:
            # A folder that cannot be written or a vault that is locked here: the next one who can will do it.
            return

    def init(self, passphrase: str | None = None, kind: str | None = None) -> tuple[dict[str, Any], str | None]:
        """Make the key, or add one more way to open it: (its status, the key as text if one is to be handed over)."""
        with self._store.transaction():
            before = self._store.meta(vaults.integrity.HEADER)
            vault, text = vaults.init_key(
                before,
                kind=kind or self._usual_slot(passphrase),  # type: ignore[arg-type]
                passphrase=passphrase,
                environ=self._environ,
                unlock_with=self._passphrase,
            )
            self.keep_if_new(vault)
            if before is not None:
                self._store.set_meta(vaults.integrity.HEADER, vault.header)
            self._vault = vault
        return vault.status(), text

    def make(self) -> None:
        """See to it that there is a key, on the disk too."""
        with self._store.transaction():
            vault = self.vault()
            vault.unlock()
            self.keep_if_new(vault)

    def keep_if_new(self, vault: Vault) -> None:
        """Keep a key that was just made, and sign by it what has no secrets and was stored before there was one."""
        if vault.header is not None and self._store.meta(vaults.integrity.HEADER) is None:
            self._store.set_meta(vaults.integrity.HEADER, vault.header)
            vaults.integrity.sign_all(self._store, vault)

    def export(self, path: Path, *, replace: bool = False) -> dict[str, Any]:
        """Write a key for ``FLOWBOOK_KEY_FILE`` to a new file that its owner alone can read; the key's status."""
        written = False
        with self._store.reading():
            try:
                with self._store.transaction():
                    vault = self.vault()
                    vaults.export_key(vault, path, replace=replace)
                    written = True
                    self._store.set_meta(vaults.integrity.HEADER, vault.header)
            except BaseException:
                self._vault = None
                if written:
                    vaults.remove_key_file(path)
                raise
            return vault.status()

    def status(self) -> tuple[dict[str, Any], VaultError | None]:
        """(the key's status, why nothing that is at hand here opens it); nobody is asked for a passphrase."""
        vault = self.vault()
        problem: VaultError | None = None
        if vault.header is not None:
            try:
                vault.unlock("")
            except VaultError as error:
                problem = error
        return vault.status(), problem

    def _usual_slot(self, passphrase: str | None) -> str:
        if passphrase:
            return "passphrase"
        return "file" if self._environ is None else "environment"

    def unlock(self, passphrase: str | None = None) -> None:
        """Find the key now; a passphrase that opens the vault is kept in memory, for when the key changes."""
        self.vault().unlock(passphrase)
        self._passphrase = passphrase or self._passphrase

    def wants_passphrase(self) -> bool:
        """Whether the vault is locked here, and a passphrase would open it; asks nobody for it."""
        vault = self.vault()
        if vault.is_unlocked or all(slot["kind"] != "passphrase" for slot in vault.status()["slots"]):
            return False
        try:
            vault.unlock(self._passphrase if isinstance(self._passphrase, str) else "")
        except VaultError:
            return True
        return False

    def rotate(
        self,
        drop: Collection[SlotKind] = (),
        without: Collection[str] = (),
        also: Callable[[Vault, Vault], None] | None = None,
    ) -> dict[str, Any]:
        """Encrypt every secret with a new key; the new key's status.

        Neither the key slots of the kinds ``drop`` nor those of the persons ``without`` open it. ``also(old, new)``
        sees to what is sealed elsewhere, before the store is written.
        """
        with self._store.reading():
            self._vault = vaults.rotate(self._store, self.vault(), drop=drop, without=without, resign=also)
            return self._vault.status()

    def remove_old(self) -> list[str]:
        """Remove the keys from before from this machine, for good; their ids."""
        with self._store.reading():
            removed = vaults.remove_old_keys(self._store, self.vault())
            self._vault = None
            return removed

    def public_key(self) -> str:
        """The public half of this person's own key; it is made when there is none."""
        return self.vault().public_key()

    def add_person(self, name: str, public: str | None) -> dict[str, Any]:
        """Let a person open the credentials by their own key; the key's status."""
        with self._store.transaction():
            vault = self.vault()
            vault.add_person(name, public)
            self.keep_if_new(vault)
            self._store.set_meta(vaults.integrity.HEADER, vault.header)
            return vault.status()


def _ask() -> str | None:
    """The passphrase from the person at the terminal, if there is one."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    import getpass

    return getpass.getpass("Passphrase of this workspace's key: ")
