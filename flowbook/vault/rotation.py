"""Rotation: every secret of a store re-encrypted under a new key.

The old key stays on the machine: a copy of the workspace, which nobody here can know of, may have no other, and whoever
should have it no longer has kept it anyway. It goes when somebody says so, :func:`remove_old_keys`.

The order is what makes it safe to be killed at any point:

1. the new key file is written and synced (an orphan, should the process die now: harmless);
2. under the store's lock every record is opened with the old key, sealed with the new one and opened again;
3. one atomic write replaces all records and the header, which also keeps the old key's own word that it is retired;
4. the last-good copy is replaced too, and the file on disk is read back and opened by its key slots.

Old keys go in that order too: first the header says that they are to, then they are removed, then their names. Whoever
opens the store next finishes what was left there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any, Protocol

from flowbook.errors import VaultError, VaultLocked
from flowbook.models import Integration
from flowbook.vault.integrity import HEADER, check_integration, is_unsigned, resealed, sign_all
from flowbook.vault.retiring import KEPT, RETIRED, kept_ids
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
    resign: Callable[[Vault, Vault], None] | None = None,
) -> Vault:
    """Re-encrypt every secret of ``store`` under a new key and return the vault that opens it.

    Key slots of the kinds in ``drop``, and of the persons ``without``, are not carried over. ``resign(old, new)`` is
    called inside the same atomic write, to sign again what was signed. Raises VaultLocked, WrongKey, or VaultError
    when a record does not open; the store is then as it was.
    """
    store.reload()
    new: Vault | None = None
    written = False
    try:
        with store.transaction(replace_backup=True):
            old = _current(store, vault)
            clear = _opened(store, old)
            new = old.renewed(drop=drop, without=without)
            store.set_meta(HEADER, {**(new.header or {}), **_past(store.meta(HEADER), old.retirement())})
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
    with store.transaction():  # else another process may rotate between the header that is read and the records
        fresh = new.reopened(store.meta(HEADER))
        _opened(store, fresh)
    finish_rotation(store, fresh)
    return fresh.reopened(store.meta(HEADER))


def remove_old_keys(store: SealedStore, vault: Vault) -> list[str]:
    """Remove the keys that the store had before from this machine; their ids. Raises VaultErrors, as :func:`rotate`.

    Copies of the store from before their rotation do not open here any more.
    """
    with store.transaction():
        vault = _current(store, vault)
        vault.unlock()
        header = store.meta(HEADER)
        if KEPT in header:
            rest = {name: value for name, value in header.items() if name != KEPT}
            store.set_meta(HEADER, {**rest, RETIRED: [*header.get(RETIRED, []), *header[KEPT]]})
    finish_rotation(store, vault)
    return kept_ids(header)


def _past(header: dict[str, Any], retirement: dict[str, Any]) -> dict[str, Any]:
    """What a new header takes along of the one before: the keys of this machine that there were."""
    kept = [*header.get(KEPT, []), *([retirement] if retirement["slots"] else [])]
    return {name: keys for name, keys in ((KEPT, kept), (RETIRED, header.get(RETIRED))) if keys}


def finish_rotation(store: SealedStore, vault: Vault) -> bool:
    """Remove the keys that are to go from this machine; True when there were any.

    When that was killed half-way, call this when opening the store: it costs nothing when there is nothing to do. Only
    a vault that opens, asking nobody for a passphrase, and opens every record may do it; and a key goes only when it
    proves itself that it was retired here: the store's file alone, which anyone may have made, is not believed.
    """
    if not (store.meta(HEADER) or {}).get(RETIRED):
        return False
    vault.unlock("")
    # The last-good copy that a killed rotation left may still need the old key: it is replaced before the key goes.
    with store.transaction(replace_backup=True):
        _opened(store, _current(store, vault))
    header = store.meta(HEADER)
    for entry in header.get(RETIRED, []):
        vault.discard_retired(entry)
    with store.transaction(replace_backup=True):
        header = store.meta(HEADER)
        store.set_meta(HEADER, {name: value for name, value in header.items() if name != RETIRED})
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
