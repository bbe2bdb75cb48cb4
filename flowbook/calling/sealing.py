"""What goes over a cluster's wires, sealed: for one process by its own key, and for all of an executor by theirs.

X25519, HKDF-SHA256 and AES-256-GCM of ``cryptography``. A process makes its key when it is first asked for it and keeps
it in memory alone; scheduler, logs and dashboard in between see boxes that they cannot open.
"""

from __future__ import annotations

import functools
import os
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_NONCE = 12
_PUBLIC = 32


class Secrets:
    """Seals and opens what the processes of one executor tell each other."""

    def __init__(self, key: bytes = b"") -> None:
        self.key = key or AESGCM.generate_key(256)
        self._cipher = AESGCM(self.key)

    def seal(self, content: bytes) -> bytes:
        """``content`` for those that have the key."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, None)

    def open(self, box: bytes) -> bytes:
        """What was sealed with the key. Raises InvalidTag when it was with another."""
        return self._cipher.decrypt(box[:_NONCE], box[_NONCE:], None)

    def __repr__(self) -> str:
        return "<Secrets>"


_making = threading.Lock()


def _own() -> X25519PrivateKey:
    with _making:  # threads that ask at the same time get the same
        return _made()


@functools.cache
def _made() -> X25519PrivateKey:
    return X25519PrivateKey.generate()


def public_key() -> bytes:
    """By which others seal what only this process can open."""
    return _raw(_own().public_key())


def seal_for(public: bytes, content: bytes) -> bytes:
    """``content`` for the process of that key alone."""
    passing = X25519PrivateKey.generate()
    secrets = _between(passing, public, public)
    return _raw(passing.public_key()) + secrets.seal(content)


def unseal(box: bytes) -> bytes:
    """What was sealed for this process."""
    return _between(_own(), box[:_PUBLIC], public_key()).open(box[_PUBLIC:])


def _between(mine: X25519PrivateKey, theirs: bytes, receiver: bytes) -> Secrets:
    shared = mine.exchange(X25519PublicKey.from_public_bytes(theirs))
    return Secrets(HKDF(hashes.SHA256(), 32, None, b"flowbook grant " + receiver).derive(shared))


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
