"""Keeps the paths that a workflow names inside one folder.

A workflow's params come from files that other people wrote and from services' answers, so a path in them is only
followed inside the folder that the workflow was given: symbolic links are resolved before the check, and the
workspace's own ``.flowbook`` (credentials, run history) is out of reach everywhere. What would run by itself is not
written: integration folders, hidden files and folders, and modules where Python looks for them.

Places outside are named by whoever owns the workspace, in ``.flowbook/settings.json``::

    {"places": ["/data/incoming", {"path": "/data/exports", "write": true}]}
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flowbook.errors import InputError
from flowbook.json_text import parse_json
from flowbook.limits import limits
from flowbook.whole_files import text_in

OWN_FOLDER = ".flowbook"
CODE_FOLDER = "integrations"
SETTINGS = "settings.json"
_CODE_VARIABLE = "FLOWBOOK_INTEGRATIONS"
_COMPILED = "__pycache__"
_MODULES = (*importlib.machinery.all_suffixes(), ".pth")


def inside(
    root: str | os.PathLike[str], path: str | os.PathLike[str], *, follow: bool = True, writing: bool = False
) -> Path:
    """The absolute path that ``path`` means in the folder ``root``, which need not exist yet.

    A relative path starts at ``root``; an absolute one must lie inside it, or inside a place that the settings of the
    workspace ``root`` list. Symbolic links are followed, the last component's too unless ``follow`` is false (for what
    acts on the link itself, such as deleting it). Raises InputError when the path leads elsewhere, names the
    workspace's ``.flowbook`` folder or the one of your keys, names a pipe, socket or device (unless ``follow`` is
    false), or, when ``writing``, what would run without being asked: a workflow does not change the code that runs it.
    """
    text = _text_of(path)
    base = folder_of(root)
    target = _resolved(base / text, follow)
    home = base if target.is_relative_to(base) else _listed(base, target, writing)
    if home is None:
        raise InputError(
            f"{text!r} is outside of the folder {base}.",
            "Use a path inside it; links that lead out do not count. "
            f"Places outside are listed in {OWN_FOLDER}/{SETTINGS}: see 'flowbook docs security'.",
        )
    parts = target.relative_to(home).parts if home == base else target.parts
    # casefold: on a file system that ignores case, ".Flowbook" is the same folder
    if OWN_FOLDER in map(str.casefold, parts):
        raise InputError(f"{text!r} is in the workspace's own folder {OWN_FOLDER}.", "Choose another place.")
    if is_among_keys(target):
        raise InputError(f"{text!r} is where your keys are.", "Choose another place.")
    if home != base:
        limits().check_place(home, writing=writing)
    if follow:
        _check_kind(text, target)
    if writing:
        _check_harmless(text, base, home, target)
        limits().check_written(target)
    return target


def is_among_keys(target: Path) -> bool:
    """Whether that is this user's configuration folder, or in it."""
    try:
        return target.is_relative_to(real(config_folder(os.environ)))
    except InputError:  # a user without a home folder has none
        return False


def place_of(root: str | os.PathLike[str], path: str | os.PathLike[str], *, writing: bool = False) -> Path | None:
    """The place outside of ``root`` that a path is in, None for one inside. InputError as of :func:`inside`."""
    base = real(root)
    target = inside(root, path, writing=writing)
    return None if target.is_relative_to(base) else _listed(base, target, writing)


def places(root: str | os.PathLike[str]) -> list[tuple[Path, bool]]:
    """The places outside of ``root`` that its settings list, each with whether it may be written too."""
    base = real(root)
    return [(folder_of(base / place), write) for place, write in _settings(base)]


def folder_of(root: str | os.PathLike[str]) -> Path:
    """The real path of a folder that paths are to stay inside of; InputError for the whole file system, which has no
    outside."""
    base = real(root)
    if base == base.parent:
        raise InputError(
            f"{os.fspath(root)!r} is the whole file system: nothing would be outside of it.", "Name a folder below it."
        )
    return base


def expanded(path: str | os.PathLike[str]) -> Path:
    """``path`` with a ``~`` at its beginning made the home folder. Raises InputError where there is no such folder:
    a container's user may have none. (``Path.expanduser`` and ``Path.resolve`` raise RuntimeErrors.)
    """
    text = os.fspath(path)
    found = os.path.expanduser(text)
    if text.startswith("~") and found == text:
        raise InputError(
            f"{text!r}: there is no home folder {Path(text).parts[0]!r}.", "Write the whole path, or set HOME."
        )
    return Path(found)


def real(path: str | os.PathLike[str]) -> Path:
    """The absolute path that links lead to; one in a circle of links stays, and nothing is found there."""
    return Path(os.path.realpath(path))


def _usual_place(environ: Mapping[str, str]) -> Path | None:
    """What platformdirs says on a Linux where nothing is said of such folders; None anywhere else.

    To import it was a fourteenth of a cold ``flowbook run``.
    """
    said = environ.get("XDG_CONFIG_HOME") or environ.get("ANDROID_DATA")
    if sys.platform != "linux" or said or not os.path.isabs(environ.get("HOME", "")):
        return None
    return Path(environ["HOME"], ".config", "flowbook")


def config_folder(environ: Mapping[str, str]) -> Path:
    """The folder that holds this user's keys: ``platformdirs.user_config_dir("flowbook")``, or the one that
    ``FLOWBOOK_CONFIG_DIR`` names. Raises InputError where the user has no home folder.
    """
    chosen = environ.get("FLOWBOOK_CONFIG_DIR")
    if chosen:
        return expanded(chosen)
    usual = _usual_place(os.environ)
    if usual is not None:
        return usual
    import platformdirs

    found = Path()
    with contextlib.suppress(RuntimeError):  # it finds no home folder; older ones say "~/.config" then
        found = Path(platformdirs.user_config_dir("flowbook"))
    if not found.is_absolute():
        raise InputError(
            "this user has no home folder, where the keys would be.",
            "Set HOME, or FLOWBOOK_CONFIG_DIR to a folder for them.",
        )
    return found


def _text_of(path: str | os.PathLike[str]) -> str:
    text = os.fspath(path)
    if not isinstance(text, str) or not text.strip():
        raise InputError("the path is empty.", "Name a file.")
    if "\0" in text:
        raise InputError(f"{text!r} is no path: it holds a NUL character.")
    return text


def _resolved(given: Path, follow: bool) -> Path:
    if follow or given.name in ("", ".."):
        return real(given)
    return real(given.parent) / given.name


def _check_kind(text: str, target: Path) -> None:
    """Refuse what would be waited for without end, or is a machine's part and not a file."""
    try:
        mode = target.stat().st_mode
    except OSError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{text!r} is no file: it is a pipe, a socket or a device.", "Name a file or a folder.")


def _check_harmless(text: str, base: Path, home: Path, target: Path) -> None:
    """Refuse to write what a program would run by itself."""
    if _holds_integrations(base, target):
        raise InputError(
            f"{text!r} is in the folder {CODE_FOLDER}, whose code runs workflows.", "Let the workflow write elsewhere."
        )
    if any(part.startswith(".") for part in target.relative_to(home).parts):
        raise InputError(
            f"{text!r} is hidden: its name, or that of a folder before it, begins with a dot.",
            "Shells, git and editors run what such files say, so no workflow writes them: choose another place.",
        )
    if _COMPILED in map(str.casefold, target.relative_to(home).parts):
        raise InputError(
            f"{text!r} is in a folder {_COMPILED}, where Python keeps compiled modules.",
            "It runs what is there in the place of the source: choose another place.",
        )
    if target.name.endswith(_MODULES) and any(_importable(Path(place), target) for place in {str(base), *sys.path}):
        raise InputError(
            f"{text!r} is a module where Python looks for them.",
            "Any program that is started there may import it: write it into a folder that is no package.",
        )


def _holds_integrations(base: Path, target: Path) -> bool:
    """Whether that is in a folder of integrations: this workspace's, another's, or one of the environment's."""
    listed = (entry.strip() for entry in os.environ.get(_CODE_VARIABLE, "").split(os.pathsep))
    if any(target.is_relative_to(real(os.path.expanduser(folder))) for folder in listed if folder):
        return True
    return any(
        folder.name.casefold() == CODE_FOLDER and (folder.parent == base or (folder.parent / OWN_FOLDER).is_dir())
        for folder in (target, *target.parents)
    )


def _importable(place: Path, target: Path) -> bool:
    """Whether ``target`` would be found by an import that looks in ``place``: right there, or in a package there."""
    place = real(place)
    if not target.is_relative_to(place):
        return False
    folders = [folder for folder in target.parents if folder.is_relative_to(place) and folder != place]
    packages = folders[1:] if target.name.startswith("__init__.") else folders
    return all((folder / "__init__.py").exists() for folder in packages)


def _listed(base: Path, target: Path, writing: bool) -> Path | None:
    """The place outside of ``base`` that the workspace's settings allow and that ``target`` is in, else None."""
    places = (folder_of(base / place) for place, write in _settings(base) if write or not writing)
    return next((place for place in places if target.is_relative_to(place)), None)


def _settings(base: Path) -> Iterator[tuple[Path, bool]]:
    """Each place that the settings of the workspace ``base`` list, as it is written there."""
    file = base / OWN_FOLDER / SETTINGS
    try:
        text = text_in(file)
    except FileNotFoundError:
        return iter(())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the settings {str(file)!r} cannot be read: {getattr(error, 'strerror', '') or error}."
        ) from None
    return _places(text, file)


def _places(text: str, file: Path) -> Iterator[tuple[Path, bool]]:
    """Each place that the settings list, and whether it may be written."""
    wrong = InputError(
        f"the settings {str(file)!r} are not understood.",
        '"places" is a list of folders, each a text, or {"path": text, "write": true}.',
    )
    try:
        settings = parse_json(text)
    except ValueError:
        raise wrong from None
    places: Any = settings.get("places", []) if isinstance(settings, dict) else None
    if not isinstance(places, list):
        raise wrong
    for place in places:
        entry = {"path": place} if isinstance(place, str) else place
        if not isinstance(entry, dict) or set(entry) - {"path", "write"} or not isinstance(entry.get("path"), str):
            raise wrong
        if not isinstance(entry.get("write", False), bool):
            raise wrong
        yield expanded(entry["path"]), entry.get("write", False)
