"""Key slots of persons: each wraps the data key by somebody's public key, so that only they can open it.

A person's own key is an X25519 private key in a file of their configuration folder. Its public half goes to whoever can
open the vault already, who makes a slot with it: X25519 with a passing key, HKDF-SHA256 and AES-256-GCM, the store, the
key's id, the name and the public key as associated data. When the data key is renewed, the slots of those who stay are
made anew without them; so that nobody who may write to the store puts a key of theirs in that place, each slot carries
an HMAC of name and public key by the data key that it holds.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from flowbook.errors import InputError, NotFound, VaultError
from flowbook.vault import slots
from flowbook.vault.keys import KEY_BYTES, Key, read_key_file, write_key_file

_FILE = "person.key"
_MARK = "flowbook-person-"
_CHECK_BYTES = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}\Z")


def own_key(config_dir: Path, *, make: bool = False) -> Key | None:
    """This person's own key; None when they have none and none is to be made."""
    path = config_dir / _FILE
    key = read_key_file(path)
    if key is None and make:
        key = Key.random()
        write_key_file(path, key)
    return key


def public_text(key: Key) -> str:
    """The public half of a person's own key, to be handed on: a mark, 32 bytes and a checksum against typing errors."""
    public = _public(key)
    return _MARK + base64.urlsafe_b64encode(public + _checksum(public)).decode().rstrip("=")


def public_bytes(text: str) -> bytes:
    """The public key that a text spells. Raises InputError."""
    given = text.strip()
    encoded = given.removeprefix(_MARK)
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    public, check = raw[:KEY_BYTES], raw[KEY_BYTES:]
    if not given.startswith(_MARK) or len(public) != KEY_BYTES or check != _checksum(public):
        raise InputError(
            "this is not a person's public key, or a letter of it is wrong.",
            f"It begins with {_MARK!r}: have them send what 'flowbook key mine' prints.",
        )
    return public


def check_name(name: str) -> str:
    """A person's name, as it is used for their slot. Raises InputError."""
    if not _NAME.match(name):
        raise InputError(f"{name!r} cannot be the name of a person here.", "Use letters, digits and . _ - @.")
    return name


def wrap(data_key: Key, name: str, public: bytes, header: dict[str, Any]) -> dict[str, Any]:
    """A slot that holds the data key for the person ``name``. Raises InputError for a key that is none."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    passing = Key(X25519PrivateKey.generate().private_bytes_raw())
    shared = _shared(passing, public, _public(passing), public)
    if shared is None:
        raise InputError(f"the public key of {name!r} is none.", "Have them send what 'flowbook key mine' prints.")
    nonce, data = slots.encrypt(shared, data_key.reveal(), _associated(name, public, header))
    return {
        "kind": slots.PERSON, "name": name, "public": _b64(public), "passing": _b64(_public(passing)), "nonce": nonce,
        "data": data, "proof": _proof(data_key, name, public, header),
    }  # fmt: skip


def unwrap(slot: dict[str, Any], own: Key, header: dict[str, Any]) -> Key | None:
    """The data key, None when the slot is not that person's or was changed."""
    public, passing = _raw(slot.get("public")), _raw(slot.get("passing"))
    if public is None or passing is None or public != _public(own):
        return None
    shared = _shared(own, passing, passing, public)
    associated = _associated(str(slot.get("name")), public, header)
    raw = None if shared is None else slots.decrypt(shared, slot.get("nonce"), slot.get("data"), associated)
    if raw is None or len(raw) != KEY_BYTES:
        return None
    key = Key(raw)
    check = slots.check_value(key, header["store_id"], header["key_id"])
    return key if hmac.compare_digest(check, str(header["check"])) else None


def rewrapped(
    slot: dict[str, Any], old: Key, before: dict[str, Any], new: Key, after: dict[str, Any]
) -> dict[str, Any]:
    """The slot of the same person for a new data key. Raises VaultError for one that was not made with the old one."""
    name, public = str(slot.get("name")), _raw(slot.get("public"))
    proof = "" if public is None else _proof(old, name, public, before)
    if public is None or not hmac.compare_digest(proof.encode(), str(slot.get("proof")).encode("utf-8", "replace")):
        raise VaultError(
            f"the key slot of {name!r} was changed outside of Flowbook, so nothing is encrypted for it.",
            f"Take it away, and find out who wrote to the store: flowbook key remove-person {name}",
        )
    return wrap(new, name, public, after)


def of(header: dict[str, Any]) -> list[dict[str, Any]]:
    """The slots of persons in a header."""
    return [slot for slot in header["slots"] if slot["kind"] == slots.PERSON]


def opened(header: dict[str, Any], config_dir: Path) -> Key | None:
    """The data key by this person's own key, None when they have none, or no slot."""
    found = of(header)
    own = own_key(config_dir) if found else None
    if own is None:
        return None
    return next((key for slot in found if (key := unwrap(slot, own, header)) is not None), None)


def joined(given: list[dict[str, Any]], slot: dict[str, Any]) -> list[dict[str, Any]]:
    """The slots with one more. Raises InputError when there is another person's under that name."""
    name = slot["name"]
    there = next((one for one in given if one["kind"] == slots.PERSON and one["name"] == name), None)
    if there is not None and there.get("public") != slot["public"]:
        raise InputError(
            f"there is a key of {name!r} already, and it is another one.",
            f"Choose another name, or take that one away first: flowbook key remove-person {name}",
        )
    return given if there is not None else [*given, slot]


def check_known(header: dict[str, Any], names: Collection[str]) -> None:
    """Raise NotFound for a person who has no slot."""
    known = [slot["name"] for slot in of(header)]
    for name in names:
        if name not in known:
            raise NotFound("person with a key slot", name, known)


def is_of(slot: dict[str, Any], own: Key | None) -> bool:
    """Whether the slot is the one of the person with that key."""
    return own is not None and slot.get("kind") == slots.PERSON and _raw(slot.get("public")) == _public(own)


def _shared(private: Key, public: bytes, passing: bytes, receiver: bytes) -> Key | None:
    """What both sides come to, by HKDF over both public keys; None for a public key that gives nothing away."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    try:
        agreed = X25519PrivateKey.from_private_bytes(private.reveal()).exchange(
            X25519PublicKey.from_public_bytes(public)
        )
    except ValueError:
        return None
    derived = HKDF(
        SHA256(), KEY_BYTES, salt=passing + receiver, info=slots.pack("flowbook", slots.FORMAT, "person slot")
    )
    return Key(derived.derive(agreed))


def _public(key: Key) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(key.reveal()).public_key().public_bytes_raw()


def _associated(name: str, public: bytes, header: dict[str, Any]) -> bytes:
    return slots.pack(slots.PERSON, slots.FORMAT, header["store_id"], header["key_id"], name, public.hex())


def _proof(data_key: Key, name: str, public: bytes, header: dict[str, Any]) -> str:
    return hmac.new(slots.derive(data_key, "person"), _associated(name, public, header), hashlib.sha256).hexdigest()


def _checksum(public: bytes) -> bytes:
    return hashlib.sha256(_MARK.encode() + public).digest()[:_CHECK_BYTES]


def _raw(text: Any) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
