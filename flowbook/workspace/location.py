"""Where a workspace is: the nearest folder upward that holds ``.flowbook/``."""

from __future__ import annotations

import os
from pathlib import Path

from flowbook.errors import InputError, StoreError
from flowbook.paths import expanded, real

FOLDER = ".flowbook"
NAME_VARIABLE = "FLOWBOOK_WORKSPACE"
MEMORY_VARIABLE = "FLOWBOOK_MEMORY_ONLY"


def find_root(start: Path | None = None) -> Path | None:
    """The nearest folder, from ``start`` upward, that holds ``.flowbook/``; None when there is none.

    Raises InputError when that belongs to another user: whoever may write to a folder above, such as ``/tmp``, could
    else decide which integrations and code are used below it.
    """
    here = real(start or Path.cwd())
    found = next((folder for folder in (here, *here.parents) if (folder / FOLDER).is_dir()), None)
    if found is not None:
        _check_owner(found)
    return found


def _check_owner(root: Path) -> None:
    if os.name != "posix":
        return
    mine = {os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        mine.add(int(os.environ["SUDO_UID"]))  # as git does: who became root by sudo is still the same person
    for folder in (root, root / FOLDER):
        if folder.stat().st_uid not in mine:
            raise InputError(
                f"the workspace {str(root)!r}, found above the current folder, belongs to another user.",
                f"If you trust its owner with your credentials, name it: flowbook -C '{root}', or {NAME_VARIABLE}.",
            )


def choose_root(given: str | os.PathLike[str] | None) -> Path:
    """The workspace's folder: the given one, that of ``FLOWBOOK_WORKSPACE``, the nearest upward, else the current one.

    Raises InputError when the given folder does not exist, or the one found upward belongs to another user.
    """
    chosen = given if given is not None else os.environ.get(NAME_VARIABLE) or None
    if chosen is None:
        return find_root() or real(Path.cwd())
    root = real(expanded(chosen))
    if not root.is_dir():
        raise InputError(f"there is no folder {str(root)!r}.", "Make it first, or run 'flowbook init' with its name.")
    return root


def memory_only() -> bool:
    """Whether ``FLOWBOOK_MEMORY_ONLY`` says that a workspace is to write nothing: 1, true, yes or on.

    Raises InputError for a value that says neither that nor the contrary, rather than write what should not be.
    """
    value = os.environ.get(MEMORY_VARIABLE, "").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("", "0", "false", "no", "off"):
        return False
    raise InputError(f"{MEMORY_VARIABLE} is {value!r}, which is neither yes nor no.", "Set it to 1 or 0.")


def make_folder(root: Path) -> bool:
    """Make the workspace's ``.flowbook`` folder, with a ``.gitignore`` that hides it; whether it was not there."""
    folder = root / FOLDER
    try:
        new = not folder.is_dir()
        folder.mkdir(exist_ok=True, mode=0o700)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"the workspace {str(folder)!r} cannot be made: {error.strerror}.",
            f"Choose a folder that you may write to, or keep nothing: {MEMORY_VARIABLE}=1, or Workspace(memory=True).",
        ) from None
    return new
