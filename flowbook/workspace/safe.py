"""Integrations in the store, each checked when it is taken out and signed when it is put in.

Whatever reads or writes the credentials of a stored integration goes by this: what was changed in the store's file by
something else is not used, and no change of ours makes it look like ours.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from flowbook import vault
from flowbook.errors import StoreDamaged, VaultError, VaultLocked, WrongKey
from flowbook.models import Integration
from flowbook.store import Revision, WorkspaceStore

if TYPE_CHECKING:
    from flowbook.vault import Vault

logger = logging.getLogger("flowbook.workspace")


class Safe:
    """The integrations of a store; ``vault`` gives the vault as the store's header says it is now.

    ``signed_in_for`` gives the field of a type that what came of a sign-in is kept in.
    """

    def __init__(
        self, store: WorkspaceStore, vault: Callable[[], Vault], signed_in_for: Callable[[str], str | None]
    ) -> None:
        self._store = store
        self._vault = vault
        self._signed_in_for = signed_in_for

    def integration(self, name_or_id: str) -> Integration:
        """The integration of that name or id, as it was saved. Raises NotFound, VaultError when it was changed."""
        self._bring_along()
        try:
            return self._checked(name_or_id)
        except (VaultLocked, WrongKey):
            raise
        except VaultError:
            # Another process may have saved between the reading of the record and that of its signature.
            with self._store.transaction():
                return self._checked(name_or_id)

    def put(self, integration: Integration, revision: Revision = None, *, signing_in: bool = False) -> None:
        """Save an integration that is new, or whose record is still as it was saved. Raises as the store does.

        What came of a sign-in stays as it is in the store now, but when this is what changes (``signing_in``): it is
        renewed at any time, also between the reading of the record and this.
        """
        self._bring_along()
        with self._store.transaction():
            if any(integration.id == one.id for one in self._store.integrations()):
                now = self._checked(integration.id)
                integration = integration if signing_in else self._as_signed_in(integration, now)
            self._store.save_integration(integration, revision=revision)
            vault.integrity.sign_integration(self._store, self._vault(), integration)

    def rename(self, old: str, new: str) -> list[str]:
        """Rename an integration; the names of the workflows that follow, in the same write."""
        self._bring_along()
        with self._store.transaction():
            before = self._checked(old)
            users = self._store.rename_integration(before.name, new)
            vault.integrity.sign_integration(self._store, self._vault(), self._store.integration(before.id))
            return users

    def delete(self, name_or_id: str) -> list[str]:
        """Delete an integration, whatever became of it and also without a key; the names of the workflows that used it.

        Without a key its digest stays: it tells nothing, and lets nothing else in.
        """
        with self._store.transaction():
            try:
                id = self._store.integration(name_or_id).id
            except StoreDamaged:
                return self._store.delete_integration(name_or_id)
            users = self._store.delete_integration(name_or_id)
            try:
                opened = self._vault()
                opened.unlock("")
            except VaultError:
                return users
            vault.integrity.forget_integration(self._store, opened, id)
            return users

    def _as_signed_in(self, integration: Integration, now: Integration) -> Integration:
        field = self._signed_in_for(integration.type)
        if field is None or integration.fields.get(field) == now.fields.get(field):
            return integration
        others = {name: value for name, value in integration.fields.items() if name != field}
        kept = {field: now.fields[field]} if field in now.fields else {}
        return integration.model_copy(update={"fields": {**others, **kept}})

    def _checked(self, name_or_id: str) -> Integration:
        found = self._store.integration(name_or_id)
        vault.integrity.check_integration(self._store, self._vault(), found)
        return found

    def _bring_along(self) -> None:
        """Sign what is from before integrations were signed, and tell of it, once."""
        if not vault.integrity.is_unsigned(self._store) or not self._store.integrations():
            return
        with self._store.transaction(replace_backup=True):
            unsigned = vault.integrity.is_unsigned(self._store)
            names = vault.integrity.bring_along(self._store, self._vault()) if unsigned else []
        if names:
            logger.warning(
                "The integrations of this workspace are signed from now on, as they are: %s. "
                "Until now, a change of their addresses in the store's file was not found out: look at them once.",
                ", ".join(names),
            )
