"""Keys and where they are kept: hidden bytes, the key file, the environment.

Nothing here encrypts. A store's key file is ``keys/<key id>.key`` in the
:func:`configuration folder <flowbook.paths.config_folder>`.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from flowbook import environment
from flowbook.errors import VaultError, VaultLocked
from flowbook.paths import expanded
from flowbook.whole_files import content_at

KEY_BYTES = 32
_KEY_FILE_LIMIT = 4096
_KEY_ID = re.compile(r"[0-9a-f]{16}\Z")


class Key:
    """32 secret bytes that show themselves in no repr, pickle or copy."""

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes) -> None:
        if len(value) != KEY_BYTES:
            raise VaultError(f"a key has {KEY_BYTES} bytes, not {len(value)}.")
        self._bytes = value

    @classmethod
    def random(cls) -> Key:
        """A new key from the operating system's random source."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, text: str, where: str) -> Key:
        """The key that ``text`` spells in base64; ``where`` it came from is named when it is none."""
        try:
            value = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
        except (binascii.Error, ValueError):
            value = b""
        if len(value) != KEY_BYTES:
            raise VaultError(
                f"{where} does not hold a key: it should be {KEY_BYTES} bytes in url-safe base64 (44 characters).",
                "Copy it again from where it was first shown or from the key file; 'flowbook key init' makes one.",
            )
        return cls(value)

    def text(self) -> str:
        """The key in url-safe base64, for a key file or ``FLOWBOOK_KEY``. This is the secret itself."""
        return base64.urlsafe_b64encode(self._bytes).decode()

    def reveal(self) -> bytes:
        """The 32 bytes, for the cipher."""
        return self._bytes

    def __repr__(self) -> str:
        return "<Key, hidden>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled or copied")


def is_key_id(text: str) -> bool:
    """Whether that may be the id of a key."""
    return _KEY_ID.match(text) is not None


def key_file(config_dir: Path, key_id: str) -> Path:
    """Where the key file of the key ``key_id`` belongs."""
    if not is_key_id(key_id):
        raise VaultError(f"the store names the key id {key_id[:40]!r}, which is none.", "The store's file was changed.")
    return config_dir / "keys" / f"{key_id}.key"


def write_key_file(path: Path, key: Key) -> None:
    """Create the key file, readable by its owner alone, and bring it to the disk. Never replaces one."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.text() + "\n")
            file.flush()
            os.fsync(descriptor)
        sync_folder(path.parent)
    except OSError as error:
        raise VaultError(
            f"the key file {path} could not be written: {error.strerror or error}.",
            "Make the folder writable, choose another with FLOWBOOK_CONFIG_DIR, or set FLOWBOOK_KEY.",
        ) from None


def read_key_file(path: Path, *, checked: bool = True) -> Key | None:
    """The key in the key file, None when there is no such file.

    ``checked`` false reads one that others may read too, for a key that is about to be removed.

    Raises VaultError for a file that somebody else could have put there or could read: a symlink, something that is
    no regular file, another owner's, or one that others may read or write.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if path.is_symlink():
            raise _refused(path, "it is a symbolic link", "Put the key file itself there.") from None
        raise _refused(path, str(error.strerror or error), "Make it readable for you alone (chmod 600).") from None
    try:
        try:
            if checked:
                _check_key_file(path, os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                text = file.read(_KEY_FILE_LIMIT).decode("ascii", "replace")
        finally:
            os.close(descriptor)
    except OSError as error:
        raise VaultError(
            f"the key file {path} could not be read: {error.strerror or error}.",
            "Try again; if it stays so, put the key file back from where you keep a copy of it.",
        ) from None
    return Key.from_text(text, f"the key file {path}")


def check_private(path: Path) -> None:
    """Raise VaultError for a file that others could read: some file systems keep no permissions."""
    _check_key_file(path, os.lstat(path))


def _check_key_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, "it is not a regular file", "Put the key file itself there.")
    if os.name != "posix":
        return  # Windows: the user's profile folder is private by its access list, which these bits do not show
    if status.st_uid != os.geteuid():
        raise _refused(path, "it belongs to another user", "Use a key file of your own.")
    if status.st_mode & 0o077:
        raise _refused(path, "other users can read or write it", f"Run: chmod 600 '{path}'. Then rotate the key.")


def _refused(path: Path, why: str, hint: str) -> VaultError:
    return VaultError(f"the key file {path} is not used: {why}.", hint)


def remove_key_file(path: Path) -> None:
    """Remove a key file that is no longer needed; nothing happens when it is gone already."""
    try:
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)
    except OSError as error:
        raise VaultError(
            f"the old key file {path} could not be removed: {error.strerror or error}.",
            "The rotation itself is complete; remove the file by hand.",
        ) from None


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -- the environment ----------------------------------------------------------------------------------------------

_read: dict[str, Key] = {}


def take_from_environment(environ: Mapping[str, str]) -> dict[str, str | Key]:
    """What ``FLOWBOOK_KEY`` and ``FLOWBOOK_KEY_FILE`` say; empty when they are not set.

    From the process's own environment they are taken, see :mod:`flowbook.environment`, for the next workspace of this
    process too. A mapping of the caller's is only read.
    """
    return _given(environment.take() if environ is os.environ else environ)


def _given(environ: Mapping[str, str]) -> dict[str, str | Key]:
    given: dict[str, str | Key] = {}
    if environ.get("FLOWBOOK_KEY"):
        given["FLOWBOOK_KEY"] = Key.from_text(environ["FLOWBOOK_KEY"], "FLOWBOOK_KEY")
    if environ.get("FLOWBOOK_KEY_FILE"):
        given["FLOWBOOK_KEY_FILE"] = environ["FLOWBOOK_KEY_FILE"]
    return given


def forget_environment() -> None:
    """Forget the keys and credentials that were taken from the environment of this process."""
    environment.forget()
    _read.clear()


def environment_key(given: dict[str, str | Key]) -> Key | None:
    """The key that the environment gave, None when it gave none.

    The file that ``FLOWBOOK_KEY_FILE`` names may be a link and readable by a group: that is how Docker, Kubernetes
    and systemd hand over secrets, and the person who set the variable chose it.
    """
    for name in environment.KEYS:
        found = given.get(name)
        if isinstance(found, Key):
            return found
        if found:
            if found not in _read:  # it may be gone after its first use
                _read[found] = _read_chosen_file(Path(found))
            return _read[found]
    return None


def _read_chosen_file(path: Path) -> Key:
    try:
        text = content_at(expanded(path), _KEY_FILE_LIMIT).decode("ascii", "replace")
    except OSError as error:
        raise VaultLocked(
            f"FLOWBOOK_KEY_FILE names {path}, which cannot be read: {error.strerror or error}.",
            "Correct the path, or set FLOWBOOK_KEY instead.",
        ) from None
    return Key.from_text(text, f"the file {path} that FLOWBOOK_KEY_FILE names")
