"""Rotation: every secret of a store re-encrypted under a new key, the old key gone only when all of it is verified.

The order is what makes it safe to be killed at any point:

1. the new key file is written and synced (an orphan, should the process die now: harmless);
2. under the store's lock every record is opened with the old key, sealed with the new one and opened again;
3. one atomic write replaces all records and the header, which also keeps the old key's own word that it is retired;
4. the last-good copy is replaced too, and the file on disk is read back and opened by its key slots;
5. the old key file is removed, then its name from the header. Whoever rotates next finishes what was left here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any, Protocol

from flowbook.errors import VaultError, VaultLocked
from flowbook.models import Integration
from flowbook.vault.integrity import HEADER, check_integration, is_unsigned, resealed, sign_all
from flowbook.vault.sealing import Vault
from flowbook.vault.slots import SlotKind


class SealedStore(Protocol):
    """What rotation needs of a store; :class:`flowbook.store.WorkspaceStore` is one."""

    def transaction(self, *, replace_backup: bool = False) -> AbstractContextManager[Any]:
        """Everything within is one atomic write under the store's lock."""

    def meta(self, key: str, default: Any = None) -> Any:
        """A document of the store's own."""

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a document of the store's own."""

    def integrations(self) -> list[Integration]:
        """Every integration."""

    def save_integration(self, integration: Integration) -> int:
        """Replace an integration."""

    def reload(self) -> None:
        """Read from the disk again at the next use."""


def rotate(
    store: SealedStore,
    vault: Vault,
    *,
    drop: Collection[SlotKind] = (),
    without: Collection[str] = (),
    keep_old_key: bool = False,
    resign: Callable[[Vault, Vault], None] | None = None,
) -> Vault:
    """Re-encrypt every secret of ``store`` under a new key and return the vault that opens it.

    Key slots of the kinds in ``drop``, and of the persons ``without``, are not carried over.
    ``keep_old_key`` leaves the old key file where it is, for copies of the store made before. ``resign(old, new)`` is
    called inside the same atomic write, to sign again what was signed. Raises VaultLocked, WrongKey, or VaultError
    when a record does not open; the store and the old key are then as they were.
    """
    store.reload()
    new: Vault | None = None
    written = False
    try:
        with store.transaction(replace_backup=True):
            old = _current(store, vault)
            clear = _opened(store, old)
            new = old.renewed(drop=drop, without=without)
            retired = [*store.meta(HEADER).get("retired", []), *([] if keep_old_key else [old.retirement()])]
            store.set_meta(HEADER, {**(new.header or {}), **({"retired": retired} if retired else {})})
            for integration in store.integrations():
                store.save_integration(resealed(integration, clear[integration.id], new))
            sign_all(store, new)
            if _opened(store, new) != clear:
                raise VaultError("a credential differs after re-encryption; nothing was changed.", "Rotate again.")
            if resign is not None:
                resign(old, new)
        written = True
    finally:
        # The write may have reached the disk before the error: only the store itself says which key it needs.
        if new is not None and not written:
            _discard_unless_used(store, new)
    assert new is not None
    store.reload()
    fresh = new.reopened(store.meta(HEADER))
    _opened(store, fresh)
    finish_rotation(store, fresh)
    return fresh.reopened(store.meta(HEADER))


def finish_rotation(store: SealedStore, vault: Vault) -> bool:
    """Remove the keys that a finished rotation retired; True when there were any.

    :func:`rotate` does it at its end. After a rotation that was killed there, call this when opening the store: it
    costs nothing when there is nothing to do. Only a vault that opens, asking nobody for a passphrase, and opens every
    record may do it; and a key goes only when it proves itself that it was retired here: the store's file alone, which
    anyone may have made, is not believed.
    """
    if not (store.meta(HEADER) or {}).get("retired"):
        return False
    vault.unlock("")
    # The last-good copy that a killed rotation left may still need the old key: it is replaced before the key goes.
    with store.transaction(replace_backup=True):
        _opened(store, _current(store, vault))
    header = store.meta(HEADER)
    for entry in header.get("retired", []):
        vault.discard_retired(entry)
    with store.transaction(replace_backup=True):
        header = store.meta(HEADER)
        store.set_meta(HEADER, {name: value for name, value in header.items() if name != "retired"})
    return True


def _current(store: SealedStore, vault: Vault) -> Vault:
    """The vault as the store's header says it is now: another process may have rotated meanwhile."""
    header = store.meta(HEADER)
    if header is None:
        raise VaultLocked("this store has no key yet, so there is nothing to rotate.", "Run: flowbook key init")
    return vault if vault.is_of(header) else vault.reopened(header)


def _opened(store: SealedStore, vault: Vault) -> dict[str, dict[str, Any]]:
    """Every integration's credentials in clear, by integration id, once it is sure that they are as they were saved."""
    found, unsigned = store.integrations(), is_unsigned(store)
    for integration in () if unsigned else found:
        check_integration(store, vault, integration)
    return {integration.id: vault.open_fields(integration) for integration in found}


def _discard_unless_used(store: SealedStore, new: Vault) -> None:
    store.reload()
    if not new.is_of(store.meta(HEADER)):
        new.discard_key()
