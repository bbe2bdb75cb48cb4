"""The user key: what grants and signatures are authenticated with.

It is a file of its own in the user's configuration folder, ``trust/user.key``, never in a workspace and never the key
that a store was encrypted with: a store may bring that along, and no workspace can bring this one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook import vault
from flowbook.errors import VaultError
from flowbook.paths import config_folder

if TYPE_CHECKING:
    from flowbook.vault import Key

FOLDER = "trust"
NAME = "user.key"


def trust_folder() -> Path:
    """Where this user's grants are."""
    return config_folder(os.environ) / FOLDER


class UserKey:
    """The key of this user. It is looked for, or made, when it is first needed."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._key: Key | None = None

    @property
    def path(self) -> Path:
        """The key file."""
        if self._path is None:
            self._path = trust_folder() / NAME
        return self._path

    def mac(self, purpose: str, *parts: str, make: bool = False) -> str | None:
        """What authenticates ``parts`` for one purpose (hex); None when there is no key, unless it is to be made.

        Raises VaultError for a key file that others can read, a link, or one that cannot be written.
        """
        key = self._read(make)
        if key is None:
            return None
        message = json.dumps([purpose, user_id(), *parts], ensure_ascii=True).encode()
        return hmac.new(key.reveal(), message, hashlib.sha256).hexdigest()

    def verify(self, given: str, purpose: str, *parts: str) -> bool:
        """Whether ``given`` is what :meth:`mac` gives."""
        due = self.mac(purpose, *parts)
        return due is not None and hmac.compare_digest(due.encode(), given.encode("utf-8", "replace"))

    def _read(self, make: bool) -> Key | None:
        if self._key is None:
            self._key = vault.read_key_file(self.path)
        if self._key is None and make:
            try:
                vault.write_key_file(self.path, vault.Key.random())
            except VaultError:
                if not self.path.exists():  # else another process made it just now
                    raise
            self._key = vault.read_key_file(self.path)
        return self._key


def user_id() -> str:
    """What tells this user from others on this machine."""
    if hasattr(os, "getuid"):
        return str(os.getuid())
    import getpass

    return getpass.getuser()
