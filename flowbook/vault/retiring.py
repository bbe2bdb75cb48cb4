"""Keys that a rotation retired: removed from a machine only when the key itself says that it was retired.

Anyone may have made a store's file, and a list of key ids in it could name the keys of other workspaces. So a store
keeps of a retired key the slots that were on the machine and a proof, an HMAC by the data key; a key goes when it opens
its slot of this store and the data key in it made the proof. Who does not have that key cannot have it removed.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from flowbook.vault import slots
from flowbook.vault.keys import Key, is_key_id, key_file, read_key_file, remove_key_file

KEPT = "kept"
"""What a header calls the keys that its store had before, and that stay for its copies."""

RETIRED = "retired"
"""And those that are to be removed."""

_ON_A_MACHINE = ("file", "keyring")


def retirement(data_key: Key, header: dict[str, Any]) -> dict[str, Any]:
    """What a store keeps of the key of ``header``, which it needs no more."""
    kept = [dict(slot) for slot in header["slots"] if slot["kind"] in _ON_A_MACHINE]
    return {"key_id": header["key_id"], "check": header["check"], "slots": kept, "proof": _proof(data_key, header)}


def kept_ids(header: dict[str, Any]) -> list[str]:
    """The ids of the keys that the store with this header had before and that stay, as it says."""
    found = (entry.get("key_id") for entry in header.get(KEPT, []) if isinstance(entry, dict))
    return [id for id in found if isinstance(id, str) and is_key_id(id)]


def discard_retired(entry: Any, header: dict[str, Any], config_dir: Path) -> None:
    """Remove the key file and keyring entry of a key that was retired in the store with this header.

    What is no :func:`retirement` of the key that is there is left alone, and so are bare key ids, which 0.1 kept.
    """
    retired = _retired_header(entry, header)
    if retired is None:
        return
    path = key_file(config_dir, retired["key_id"])
    if _is_its_own_word(entry, retired, "file", read_key_file(path, checked=False)):
        remove_key_file(path)
    if _is_its_own_word(entry, retired, "keyring", slots.keyring_get(retired["key_id"])):
        slots.keyring_remove(retired["key_id"])


def _retired_header(entry: Any, header: dict[str, Any]) -> dict[str, Any] | None:
    """The header that the store had with the retired key; None when ``entry`` names none, or the key that is used."""
    if not isinstance(entry, dict):
        return None
    old = {name: entry.get(name) for name in ("key_id", "check", "slots")}
    old |= {"format": header["format"], "store_id": header["store_id"]}
    return None if slots.header_problem(old) or old["key_id"] == header["key_id"] else old


def _is_its_own_word(entry: dict[str, Any], retired: dict[str, Any], kind: str, by: Key | None) -> bool:
    found = [slot for slot in retired["slots"] if slot["kind"] == kind]
    data_key = slots.unwrap(found[0], by, retired) if found and by is not None else None
    return data_key is not None and hmac.compare_digest(
        _proof(data_key, retired).encode(), str(entry.get("proof")).encode("utf-8", "replace")
    )


def _proof(data_key: Key, header: dict[str, Any]) -> str:
    packed = slots.pack(slots.FORMAT, header["store_id"], header["key_id"])
    return hmac.new(slots.derive(data_key, "retired"), packed, hashlib.sha256).hexdigest()
