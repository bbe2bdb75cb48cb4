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
from flowbook.vault.keys import forget_environment
from flowbook.vault.rotation import finish_rotation, rotate
from flowbook.vault.sealing import Vault, init_key, is_sealed
from flowbook.vault.slots import SLOT_KINDS, SlotKind

__all__ = [
    "SLOT_KINDS",
    "Given",
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
    "rotate",
    "variable_of",
    "variables_given",
]
