"""Where a workspace is: the nearest folder upward that holds ``.flowbook/``."""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path

from flowbook.errors import InputError, StoreError
from flowbook.paths import CODE_FOLDER, expanded, is_among_keys, real
from flowbook.whole_files import hand_over

FOLDER = ".flowbook"
NAME_VARIABLE = "FLOWBOOK_WORKSPACE"
MEMORY_VARIABLE = "FLOWBOOK_MEMORY_ONLY"
_SYSTEM = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/var",
    "/Applications",
    "/Library",
    "/System",
    "/Users",
]
_SYSTEM_VARIABLES = ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMDATA")
"""Where Windows says where it is."""
_NO_FILES = ("/proc/", "/sys/")


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
    # A folder that the administrator made for others is nobody else's: they can do what they like anyway.
    owner = root.stat().st_uid
    theirs = owner not in mine and (owner != 0 or _is_for_everybody(root))
    if theirs or (root / FOLDER).stat().st_uid not in mine:
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


def check_place(root: Path) -> None:
    """Raise InputError for a folder that no workspace should be in: it would be found from everywhere, its tasks could
    reach everything, or it is the inside of something else.
    """
    why = _unwise(root)
    if why:
        raise InputError(
            f"no workspace is made in {str(root)!r}: {why}.",
            "Go to a folder of your own, or name one: flowbook init DIR, flowbook -C DIR, "
            f"{NAME_VARIABLE}. To keep nothing: {MEMORY_VARIABLE}=1.",
        )


def _unwise(root: Path) -> str:
    if root == root.parent:
        return "it is the whole file system"
    system = (*_SYSTEM, *filter(None, map(os.environ.get, _SYSTEM_VARIABLES)))
    if str(root).startswith(_NO_FILES) or root in _real(system):
        return "it belongs to the system"
    inside = {part.casefold() for part in root.parts}
    for folder in (FOLDER, ".git"):
        if folder in inside:
            return f"it is inside of {folder}"
    if is_among_keys(root):
        return "your keys are there"
    outer = next((one for one in root.parents if (one / FOLDER).is_dir()), None)
    if outer is not None and root.is_relative_to(outer / CODE_FOLDER):
        return f"it is among the code of the workspace {str(outer)!r}"
    return ""


@functools.lru_cache(maxsize=2)
def _real(folders: tuple[str, ...]) -> frozenset[Path]:
    """Where the system's folders are: what took a fourteenth of the time to make a workspace, and does not change."""
    return frozenset(map(real, folders))


def _is_for_everybody(root: Path) -> bool:
    try:
        mode = root.stat().st_mode
    except OSError:
        return False
    return os.name == "posix" and bool(mode & stat.S_ISVTX and mode & stat.S_IWOTH)


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False


def make_folder(root: Path) -> bool:
    """Make the workspace's ``.flowbook`` folder, with a ``.gitignore`` that hides it; whether it was not there."""
    folder = root / FOLDER
    try:
        new = not folder.is_dir()
        if new:
            check_place(root)
        folder.mkdir(exist_ok=True, mode=0o700)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        if new and os.name == "posix":
            for made in (folder, ignore):
                descriptor = os.open(made, os.O_RDONLY | os.O_NOFOLLOW)
                hand_over(descriptor, root)
                os.close(descriptor)
    except OSError as error:
        if _is_there(folder):
            raise StoreError(
                f"the workspace {str(root)!r} cannot be used: {error.strerror}.",
                "It may be another user's: a workspace in files is for one. Several use one in a database: see "
                "'flowbook docs how-to/postgresql'.",
            ) from None
        raise StoreError(
            f"the workspace {str(folder)!r} cannot be made: {error.strerror}.",
            f"Choose a folder that you may write to, or keep nothing: {MEMORY_VARIABLE}=1, or Workspace(memory=True).",
        ) from None
    return new
