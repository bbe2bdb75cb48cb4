"""Signatures of what was made here: by whoever saved a workflow in the studio, or built one in code.

They lie in the workspace, ``.flowbook/signed``, a line for each content: its hash, and what the user key makes of that
hash and the workspace's real path. So a store that is copied, unpacked or tampered with brings no valid one along.
"""

from __future__ import annotations

import os
from pathlib import Path

from flowbook.errors import VaultError
from flowbook.trust.userkey import UserKey
from flowbook.whole_files import make_empty, opened

FILE = "signed"
_PURPOSE = "workflow made here"


class Signatures:
    """The signatures of one workspace (``folder`` is its ``.flowbook``; None: they are in memory only)."""

    def __init__(self, root: Path, folder: Path | None, key: UserKey) -> None:
        self._root = os.path.realpath(root)
        self._path = None if folder is None else folder / FILE
        self._key = key
        self._known: set[str] = set()

    def holds(self, hash: str) -> bool:
        """Whether a content was signed here by this user."""
        if hash in self._known:
            return True
        given = self._find(hash)
        good = any(self._key.verify(mac, _PURPOSE, self._root, hash) for mac in given)
        if good:
            self._known.add(hash)
        return good

    def add(self, *hashes: str) -> None:
        """Sign contents. Where that cannot be written down it holds in this process only."""
        new = [hash for hash in dict.fromkeys(hashes) if not self.holds(hash)]
        self._known.update(new)
        if not new or self._path is None or not self._path.parent.is_dir():
            return
        try:
            lines = [f"{hash} {self._key.mac(_PURPOSE, self._root, hash, make=True)}\n" for hash in new]
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            make_empty(self._path)
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, "".join(lines).encode("ascii"))
            finally:
                os.close(descriptor)
        except (OSError, VaultError):
            return  # the workspace may be read-only: what is made there is asked about elsewhere

    def _find(self, hash: str) -> list[str]:
        """What is written down for a hash; lines that are cut off or damaged are none."""
        if self._path is None:
            return []
        try:
            with opened(self._path) as file:
                text = file.read().decode("ascii", "replace")
        except OSError:
            return []
        found, start = [], 0
        while (start := text.find(f"{hash} ", start)) >= 0:
            end = text.find("\n", start)
            found.append(text[start + len(hash) + 1 : end if end >= 0 else len(text)])
            start += len(hash)
        return found
