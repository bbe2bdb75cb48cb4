"""A key to take along: one more way to open a store, as a file for ``FLOWBOOK_KEY_FILE`` on another machine.

The file is for its owner's eyes, and never where it would travel with what it opens: a workspace is copied, zipped and
shared, and a repository is pushed.
"""

from __future__ import annotations

from pathlib import Path

from flowbook.errors import InputError
from flowbook.paths import real
from flowbook.vault.keys import Key, check_private, remove_key_file, write_key_file
from flowbook.vault.sealing import Vault

_SHARED = {
    ".flowbook": "a workspace", ".git": "a Git repository", ".hg": "a Mercurial repository",
    ".svn": "a Subversion working copy", ".jj": "a Jujutsu repository", ".bzr": "a Bazaar branch",
}  # fmt: skip


def export_key(vault: Vault, path: Path, *, replace: bool = False) -> None:
    """Write a key that opens ``vault`` from the environment to the new file ``path``; its header is then to be stored.

    The key that the environment gives is written again, else a new one is made. ``replace`` makes a new one in place of
    one that was handed out and is not at hand, and shuts out who uses that. Raises InputError for a place that will not
    do or a key that was handed out, VaultLocked when the vault does not open.
    """
    _check_place(path)
    vault.unlock()
    by = vault.environment_key()
    if by is None and not replace and any(slot["kind"] == "environment" for slot in vault.status()["slots"]):
        raise InputError(
            "a key for the environment was handed out already, and another machine may use it.",
            "Give it (FLOWBOOK_KEY or FLOWBOOK_KEY_FILE) to write it again, or --replace to shut out whoever has it.",
        )
    key = by or Key.random()
    write_key_file(path, key)
    try:
        check_private(path)
        if by is None:
            vault.add_slot("environment", by=key)
    except BaseException:
        remove_key_file(path)
        raise


def _check_place(path: Path) -> None:
    if path.is_symlink() or path.exists():
        raise InputError(f"there is a file {str(path)!r} already; it is left as it is.", "Choose another name.")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder {str(path.parent)!r}.", "Make it first, or choose another.")
    for folder in {*path.absolute().parents, *real(path).parents}:
        for name, what in _SHARED.items():
            if (folder / name).exists():
                raise InputError(
                    f"{str(path)!r} is inside of {what} ({str(folder)!r}): the key would travel with what it opens.",
                    "Choose a place outside, for example in your home folder.",
                )
