"""Key slots: each wraps the one data key for one way of opening the vault.

A slot is a JSON object with ``kind`` and the wrapped data key. ``file`` and ``environment`` hold it wrapped by a random
key (in the key file, or in ``FLOWBOOK_KEY``), ``keyring`` by one in the operating system's keyring, ``passphrase`` by
a key that scrypt derives from what a person types; ``person``, one each, by somebody's public key. All are AES-256-GCM
with the store's and the key's id as associated data, so that a slot of another store or an older key does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from typing import Any, Literal

from flowbook.errors import NotFound, VaultError, VaultLocked, WrongKey
from flowbook.installing import distribution, how_to_install
from flowbook.vault.keys import KEY_BYTES, Key

FORMAT = 1
"""Version of the header, of slots and of sealed records."""

SlotKind = Literal["file", "environment", "passphrase", "keyring"]
SLOT_KINDS: tuple[SlotKind, ...] = ("file", "environment", "keyring", "passphrase")
"""Every kind, in the order in which they are tried: what needs no person first."""

PERSON = "person"
"""The kind of the slots of :mod:`flowbook.vault.persons`: as many as there are persons, each by a name."""

_SHAPES = {"store_id": r"[0-9A-Za-z_.-]{1,64}", "key_id": r"[0-9a-f]{16}", "check": r"[0-9a-f]{64}"}
_MOST_SCRYPT = 2**29
_NONCE_BYTES = 12
_SCRYPT = {"n": 2**17, "r": 8, "p": 1}
_KEYRING_SERVICE = "flowbook"


def pack(*parts: str | int) -> bytes:
    """Associated data of several parts, each behind its length so that no two lists of parts give the same bytes."""
    packed = b""
    for part in parts:
        data = str(part).encode("utf-8", "surrogatepass")
        packed += len(data).to_bytes(8, "big") + data
    return packed


def encrypt(key: Key, data: bytes, associated: bytes) -> tuple[str, str]:
    """(nonce, ciphertext with tag), both base64."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _b64(nonce), _b64(AESGCM(key.reveal()).encrypt(nonce, data, associated))


def decrypt(key: Key, nonce: Any, data: Any, associated: bytes) -> bytes | None:
    """The plaintext, or None when key, data or associated data are not the ones it was encrypted with."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw_nonce, raw_data = base64.b64decode(nonce, validate=True), base64.b64decode(data, validate=True)
        if len(raw_nonce) != _NONCE_BYTES:
            return None
        return AESGCM(key.reveal()).decrypt(raw_nonce, raw_data, associated)
    except (InvalidTag, ValueError, TypeError):
        return None


def derive(key: Key, purpose: str) -> bytes:
    """32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) from the data key."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt=None, info=pack("flowbook", FORMAT, purpose)).derive(key.reveal())


def check_value(data_key: Key, store_id: str, key_id: str) -> str:
    """What tells the right data key from a wrong one (hex)."""
    return hmac.new(derive(data_key, "check"), pack(FORMAT, store_id, key_id), hashlib.sha256).hexdigest()


def check_kind(kind: str) -> None:
    """Raise NotFound for a kind of key slot that there is not: nothing would open it."""
    if kind not in SLOT_KINDS:
        raise NotFound("kind of key slot", kind, SLOT_KINDS)


def wrap(data_key: Key, kind: SlotKind, by: Key, store_id: str, key_id: str, **settings: Any) -> dict[str, Any]:
    """A slot of that kind which holds ``data_key`` wrapped by the key ``by``."""
    nonce, data = encrypt(by, data_key.reveal(), pack("slot", FORMAT, store_id, key_id, kind))
    return {"kind": kind, **settings, "nonce": nonce, "data": data}


def wrap_by_passphrase(data_key: Key, passphrase: str, store_id: str, key_id: str) -> dict[str, Any]:
    """A slot which a passphrase opens."""
    if not passphrase:
        raise VaultError("an empty passphrase protects nothing.", "Choose a longer one.")
    settings = {"salt": _b64(secrets.token_bytes(16)), **_SCRYPT}
    by = _stretch(passphrase, settings)
    return wrap(data_key, "passphrase", by, store_id, key_id, **settings)


def unwrap(slot: dict[str, Any], by: Key, header: dict[str, Any]) -> Key | None:
    """The data key, or None when ``by`` is not this slot's key or the header's check value disagrees."""
    store_id, key_id = header["store_id"], header["key_id"]
    raw = decrypt(by, slot.get("nonce"), slot.get("data"), pack("slot", FORMAT, store_id, key_id, str(slot["kind"])))
    if raw is None or len(raw) != KEY_BYTES:
        return None
    key = Key(raw)
    return key if hmac.compare_digest(check_value(key, store_id, key_id), str(header["check"])) else None


def unwrap_by_passphrase(slot: dict[str, Any], passphrase: str, header: dict[str, Any]) -> Key | None:
    """The data key, or None when the passphrase is not the one of this slot."""
    return unwrap(slot, _stretch(passphrase, slot), header)


def _stretch(passphrase: str, settings: dict[str, Any]) -> Key:
    """The key that scrypt (RFC 7914) makes of a passphrase; takes about half a second and 128 MiB, on purpose."""
    try:
        n, r, p, salt = (settings[name] for name in ("n", "r", "p", "salt"))
        sensible = 2**14 <= n <= 2**20 and 1 <= r <= 16 and 1 <= p <= 4 and 128 * n * r * p <= _MOST_SCRYPT
        raw_salt = base64.b64decode(salt, validate=True)
    except (KeyError, TypeError, ValueError):
        sensible = False
    if not sensible:
        raise VaultError("the passphrase slot of the store is damaged.", "Use another key slot, or the last-good copy.")
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    memory = 128 * r * (n + p + 2) + 2**20
    return Key(hashlib.scrypt(text, salt=raw_salt, n=n, r=r, p=p, maxmem=memory, dklen=KEY_BYTES))


def header_problem(header: Any) -> str:
    """What makes ``header`` unusable, empty when nothing does."""
    if not isinstance(header, dict):
        return "it is not an object"
    if header.get("format") != FORMAT:
        return f"its format is {header.get('format')!r}, and this Flowbook reads {FORMAT}"
    for name, shape in _SHAPES.items():
        if not isinstance(header.get(name), str):
            return f"{name!r} is missing"
        if not re.fullmatch(shape, header[name]):
            return f"{name!r} has not the form of one"
    if not all(isinstance(header.get(name, []), list) for name in ("retired", "kept")):
        return "its retired keys are not a list"
    return _slots_problem(header.get("slots"))


def _slots_problem(slots: Any) -> str:
    if not isinstance(slots, list) or not all(isinstance(slot, dict) for slot in slots):
        return "its key slots are not a list of objects"
    kinds = [slot.get("kind") for slot in slots]
    if not all(isinstance(kind, str) and re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", kind) for kind in kinds):
        return "a key slot has no kind"
    told = [(kind, slot.get("name") if kind == PERSON else None) for kind, slot in zip(kinds, slots, strict=True)]
    if not all(isinstance(name, str) for kind, name in told if kind == PERSON):
        return "a person's key slot has no name"
    return "" if len(set(told)) == len(told) else "it has two key slots of one kind"


# -- the operating system's keyring -------------------------------------------------------------------------------


def keyring_get(key_id: str) -> Key | None:
    """The key that the keyring holds for this key id; None without one, or without the optional package."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    try:
        text = keyring.get_password(_KEYRING_SERVICE, key_id)
    except keyring.errors.KeyringError:
        return None
    return Key.from_text(text, "the keyring's entry for Flowbook") if text else None


def keyring_set(key_id: str, key: Key) -> None:
    """Put a key into the keyring. Raises VaultError without a keyring."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise VaultError("the package 'keyring' is not installed.", f"{how_to_install('keyring')}.") from None
    try:
        keyring.set_password(_KEYRING_SERVICE, key_id, key.text())
    except keyring.errors.KeyringError as error:
        raise VaultError(
            f"the keyring refused the key ({type(error).__name__}).", "Use a key file or a passphrase instead."
        ) from None


def keyring_remove(key_id: str) -> None:
    """Remove a key from the keyring, if it is there."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return
    try:
        keyring.delete_password(_KEYRING_SERVICE, key_id)
    except keyring.errors.KeyringError:
        return


def locked(header: dict[str, Any]) -> VaultLocked:
    """The error for a store that has key slots but no key to any of them."""
    kinds = {str(slot["kind"]) for slot in header["slots"]}
    ways = []
    if kinds & {"file", "environment"}:
        ways.append("set FLOWBOOK_KEY or FLOWBOOK_KEY_FILE")
    if "file" in kinds:
        ways.append(f"put the key file {header['key_id']}.key back into the 'keys' folder of the configuration folder")
    if "passphrase" in kinds:
        ways.append("give the passphrase")
    if "keyring" in kinds:
        ways.append(f"unlock the keyring (with {distribution()}[keyring] installed)")
    if PERSON in kinds:
        ways.append("have somebody who can open it add you, with what 'flowbook key mine' prints")
    return VaultLocked(
        f"the credentials of this store are locked: no key for key id {header['key_id']} was found.",
        f"To open it, {' or '.join(ways) or 'restore its header'}; 'flowbook key status' shows the key slots.",
    )


def wrong_key(header: dict[str, Any], tried: list[str]) -> WrongKey:
    """The error for keys that are there but are not this store's."""
    return WrongKey(
        f"this store was encrypted with another key (id {header['key_id']}): {' and '.join(tried)} did not open it.",
        "Give the key that the store was made with; 'flowbook key status' shows the key slots.",
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
