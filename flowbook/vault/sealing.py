"""The vault itself: seals and unseals secret fields, and signs, with the key that it holds."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowbook.errors import VaultError, WrongKey
from flowbook.models import Integration, IntegrationType
from flowbook.vault import slots
from flowbook.vault.holding import KeyHolder, Passphrase
from flowbook.vault.slots import SlotKind

SEALED = 2
"""The format of sealed records. Those of format 1 are read; the records around them were not signed yet."""

_READ = (1, SEALED)


class Vault(KeyHolder):
    """Seals and unseals the secret fields of one store.

    Made by :meth:`open`; no key is looked for, and ``cryptography`` is not imported, before the first call that needs
    the key. May be used from any number of threads. Never shows, pickles or copies what it holds.
    """

    def seal(self, value: str, *, integration_id: str, type_name: str, field: str) -> dict[str, Any]:
        """The record that the store keeps of a secret: ``{"sealed", "key", "nonce", "data"}``.

        It opens only for the same store, integration, type and field. Raises VaultLocked or WrongKey.
        """
        if not isinstance(value, str):
            raise VaultError(f"the secret {field!r} must be text, not {type(value).__name__}.")
        key = self._data_key()
        associated = self._associated(SEALED, integration_id, type_name, field)
        nonce, data = slots.encrypt(key, value.encode("utf-8", "surrogatepass"), associated)
        return {"sealed": SEALED, "key": self.key_id, "nonce": nonce, "data": data}

    def unseal(self, record: Mapping[str, Any], *, integration_id: str, type_name: str, field: str) -> str:
        """The secret of a sealed record.

        Raises VaultLocked, WrongKey when another key sealed it, VaultError when it was changed or belongs elsewhere.
        """
        if not is_sealed(record) or record["sealed"] not in _READ:
            raise VaultError(
                f"the credential {field!r} is not stored as a sealed record.", "Enter it again in the Integrations tab."
            )
        key = self._data_key()
        if record.get("key") != self.key_id:
            raise WrongKey(
                f"the credential {field!r} was encrypted with another key (id {record.get('key')}), not with "
                f"this store's (id {self.key_id}).",
                "The store may have changed meanwhile: open the workspace again, or enter the credential again.",
            )
        associated = self._associated(record["sealed"], integration_id, type_name, field)
        raw = slots.decrypt(key, record.get("nonce"), record.get("data"), associated)
        if raw is None:
            raise VaultError(
                f"the credential {field!r} does not open: its record was changed, or copied from another place.",
                "Enter it again in the Integrations tab.",
            )
        return raw.decode("utf-8", "surrogatepass")

    def seal_fields(self, type_: IntegrationType, integration_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """``values`` as an :class:`Integration`'s ``fields``: those of secret parameters sealed, others as they are.

        None and empty secrets are left out. A value of a name that the type does not know is sealed too, to be safe.
        """
        fields: dict[str, Any] = {}
        for name, value in values.items():
            parameter = type_.parameter(name)
            if parameter is not None and not parameter.secret:
                fields[name] = value
            elif value is not None and value != "":
                fields[name] = self.seal(value, integration_id=integration_id, type_name=type_.name, field=name)
        return fields

    def open_fields(self, integration: Integration) -> dict[str, Any]:
        """The credentials of an integration, in clear."""
        return {
            name: self.unseal(value, integration_id=integration.id, type_name=integration.type, field=name)
            if is_sealed(value)
            else value
            for name, value in integration.fields.items()
        }

    def sign(self, data: bytes | str, purpose: str) -> str:
        """An HMAC-SHA256 (hex) of ``data``, with a key for this purpose derived from the data key."""
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        return hmac.new(slots.derive(self._data_key(), f"sign {purpose}"), raw, hashlib.sha256).hexdigest()

    def verify(self, data: bytes | str, purpose: str, signature: str) -> bool:
        """Whether ``signature`` is what :meth:`sign` gives; False, asking for no key, for a store without one."""
        if self._header is None:
            return False
        return hmac.compare_digest(self.sign(data, purpose).encode(), str(signature).encode())

    # -- inside ----------------------------------------------------------------------------------------------------

    def _associated(self, sealed: int, integration_id: str, type_name: str, field: str) -> bytes:
        assert self._header is not None
        return slots.pack(
            "field", sealed, self._header["store_id"], self._header["key_id"], integration_id, type_name, field
        )


def is_sealed(value: Any) -> bool:
    """Whether a stored field is a sealed record (and not a plain value)."""
    return isinstance(value, Mapping) and "sealed" in value and "data" in value


def init_key(
    header: dict[str, Any] | None,
    *,
    kind: SlotKind = "file",
    passphrase: str | None = None,
    environ: Mapping[str, str] | None = None,
    config_dir: Path | None = None,
    unlock_with: Passphrase = None,
) -> tuple[Vault, str | None]:
    """For ``flowbook key init``: the vault with a key slot of that kind, made or added.

    ``passphrase`` is the new slot's, ``unlock_with`` the one that opens an existing vault. Returns the vault, whose
    ``header`` the caller stores, and for ``environment`` the new key as text (None when ``FLOWBOOK_KEY`` gave it).
    """
    vault = Vault.open(header, environ=environ, config_dir=config_dir, passphrase=unlock_with)
    return vault, vault.add_slot(kind, passphrase=passphrase)


def is_signed_format(value: Any) -> bool:
    """Whether a stored field is a sealed record of the format that only stores with signed records have."""
    return is_sealed(value) and value["sealed"] == SEALED
