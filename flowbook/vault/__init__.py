"""The vault: the only part of Flowbook that sees a key or a stored credential in clear.

Each secret field is sealed with AES-256-GCM by one random data key per store; its associated data name the format
version, store, key, integration, type and field, so that a ciphertext moved elsewhere does not open. The data key is
kept only wrapped, once for each key slot: a key file, the environment, a passphrase, the system's keyring.

>>> vault = Vault.open(store.meta("vault"))
>>> record = vault.seal("xoxb-…", integration_id="5f0c", type_name="slack", field="bot_token")
>>> store.set_meta("vault", vault.header)         # a key is made at the first need
>>> vault.unseal(record, integration_id="5f0c", type_name="slack", field="bot_token")
'xoxb-…'

The vault knows no file of the workspace: the store keeps its header, and who owns both joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.lazily import lazily

if TYPE_CHECKING:
    from flowbook.vault import integrity
    from flowbook.vault.environment import (
        Given,
        credentials_from_environment,
        given_by,
        how_to_set,
        integration_slug,
        variable_of,
        variables_given,
    )
    from flowbook.vault.exporting import export_key
    from flowbook.vault.keys import (
        Key,
        forget_environment,
        read_key_file,
        remove_key_file,
        write_key_file,
    )
    from flowbook.vault.rotation import finish_rotation, remove_old_keys, rotate
    from flowbook.vault.sealing import Vault, init_key, is_sealed
    from flowbook.vault.slots import SLOT_KINDS, SlotKind

__all__ = [
    "SLOT_KINDS",
    "Given",
    "Key",
    "SlotKind",
    "Vault",
    "credentials_from_environment",
    "export_key",
    "finish_rotation",
    "forget_environment",
    "given_by",
    "how_to_set",
    "init_key",
    "integration_slug",
    "integrity",
    "is_sealed",
    "read_key_file",
    "remove_key_file",
    "remove_old_keys",
    "rotate",
    "variable_of",
    "variables_given",
    "write_key_file",
]

_HOMES = {
    **dict.fromkeys(
        ("Key", "forget_environment", "read_key_file", "remove_key_file", "write_key_file"),
        "flowbook.vault.keys",
    ),
    "Given": "flowbook.vault.environment",
    "SLOT_KINDS": "flowbook.vault.slots",
    "SlotKind": "flowbook.vault.slots",
    "Vault": "flowbook.vault.sealing",
    "credentials_from_environment": "flowbook.vault.environment",
    "export_key": "flowbook.vault.exporting",
    "finish_rotation": "flowbook.vault.rotation",
    "given_by": "flowbook.vault.environment",
    "how_to_set": "flowbook.vault.environment",
    "init_key": "flowbook.vault.sealing",
    "integration_slug": "flowbook.vault.environment",
    "integrity": "flowbook.vault.integrity",
    "is_sealed": "flowbook.vault.sealing",
    "remove_old_keys": "flowbook.vault.rotation",
    "rotate": "flowbook.vault.rotation",
    "variable_of": "flowbook.vault.environment",
    "variables_given": "flowbook.vault.environment",
}

__getattr__ = lazily(__name__, _HOMES)  # a run without credentials has no use for the vault
