"""Which integrations of a store are as Flowbook saved them: all that is kept of each, under one signature.

A sealed field opens in its own place only, but that says nothing of what stands beside it: a name, an address, a list
of hosts, a secret that was swapped for plain text. So the store keeps a digest of every integration, and an HMAC over
all digests by a key that is derived from the data key. A record that was changed, that was put back as it was before,
or that was never saved here, differs from its digest; digests cannot be made without the key.

What is not found out: that the whole file was replaced by an older one of the same store, for that is what putting back
a backup is.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Protocol

from flowbook.errors import VaultError
from flowbook.models import Integration
from flowbook.vault.sealing import Vault, is_sealed, is_signed_format

HEADER = "vault"
"""Under what name the store keeps the vault's header."""

SEALS = "seals"
"""Under what name it keeps the digests and their signature."""

_PURPOSE = "integrations"


class SignedStore(Protocol):
    """What is needed of a store here, within its transaction; :class:`flowbook.store.WorkspaceStore` is one."""

    def meta(self, key: str, default: Any = None) -> Any:
        """A document of the store's own."""

    def set_meta(self, key: str, value: Any) -> None:
        """Keep a document of the store's own."""

    def integrations(self) -> list[Integration]:
        """Every integration."""

    def save_integration(self, integration: Integration) -> int:
        """Replace an integration."""


def check_integration(store: SignedStore, vault: Vault, integration: Integration) -> None:
    """Raise VaultError unless the integration is as it was saved last; nothing to check in a store without a key.

    One that holds a secret is none of such a store: its key and its signature were taken away.
    """
    if (
        store.meta(HEADER) is None
        and store.meta(SEALS) is None
        and not any(map(is_sealed, integration.fields.values()))
    ):
        return
    if _digests(store, vault).get(integration.id) != digest_of(integration):
        raise VaultError(
            f"the integration {integration.name!r} was changed outside of Flowbook, or put back as it was before; "
            "it is not used.",
            "Delete it and create it again; or put back a backup of the whole store. Find out who wrote to its file.",
        )


def sign_integration(store: SignedStore, vault: Vault, integration: Integration) -> None:
    """Take an integration into the signature, as it has just been saved; the others keep the digests they had."""
    if store.meta(HEADER) is not None:
        _write(store, vault, {**_digests(store, vault), integration.id: digest_of(integration)})


def forget_integration(store: SignedStore, vault: Vault, id: str) -> None:
    """Take an integration that was deleted out of the signature."""
    if store.meta(HEADER) is not None:
        _write(store, vault, {other: digest for other, digest in _digests(store, vault).items() if other != id})


def sign_all(store: SignedStore, vault: Vault) -> None:
    """Sign every integration as it is now: after each was checked, or where none was signed yet.

    One with a secret of another key is not: the key that it was saved with was taken out of the store.
    """
    ours = [
        one
        for one in store.integrations()
        if all(value.get("key") == vault.key_id for value in one.fields.values() if is_sealed(value))
    ]
    _write(store, vault, {integration.id: digest_of(integration) for integration in ours})


def is_unsigned(store: SignedStore) -> bool:
    """Whether the store has a key and is from before integrations were signed.

    A store that had its signature taken away is not: its secrets are sealed in the format that came with it.
    """
    if store.meta(HEADER) is None or store.meta(SEALS) is not None:
        return False
    return not any(is_signed_format(value) for one in store.integrations() for value in one.fields.values())


def bring_along(store: SignedStore, vault: Vault) -> list[str]:
    """Sign the integrations of a store that :func:`is_unsigned`, and seal their secrets anew; their names."""
    found = store.integrations()
    clear = {integration.id: vault.open_fields(integration) for integration in found}
    for integration in found:
        store.save_integration(resealed(integration, clear[integration.id], vault))
    sign_all(store, vault)
    return [integration.name for integration in found]


def resealed(integration: Integration, clear: dict[str, Any], vault: Vault) -> Integration:
    """An integration with what was sealed in it sealed anew, by this vault and in the newest format."""
    fields = {
        name: vault.seal(clear[name], integration_id=integration.id, type_name=integration.type, field=name)
        if is_sealed(stored)
        else stored
        for name, stored in integration.fields.items()
    }
    return integration.model_copy(update={"fields": fields})


def digest_of(integration: Integration) -> str:
    """SHA-256 (hex) of all that is kept of an integration; what has its default value does not count."""
    text = _text(integration.model_dump(mode="json", exclude_defaults=True))
    return hashlib.sha256(text.encode()).hexdigest()


def _digests(store: SignedStore, vault: Vault) -> dict[str, Any]:
    """The digests by integration id; none when they are not signed by this store's key."""
    seals = store.meta(SEALS)
    if not isinstance(seals, dict) or not isinstance(seals.get("digests"), dict):
        return {}
    digests: dict[str, Any] = seals["digests"]
    return digests if vault.verify(_text(digests), _PURPOSE, str(seals.get("signature"))) else {}


def _write(store: SignedStore, vault: Vault, digests: dict[str, Any]) -> None:
    store.set_meta(SEALS, {"digests": digests, "signature": vault.sign(_text(digests), _PURPOSE)})


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, sort_keys=True)
