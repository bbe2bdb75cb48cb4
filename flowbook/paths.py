"""Keeps the paths that a workflow names inside one folder.

A workflow's params come from files that other people wrote and from services' answers, so a path in them is only
followed inside the folder that the workflow was given: symbolic links are resolved before the check, and the
workspace's own ``.flowbook`` (credentials, run history) is out of reach everywhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from flowbook.errors import InputError

OWN_FOLDER = ".flowbook"
CODE_FOLDER = "integrations"


def inside(
    root: str | os.PathLike[str], path: str | os.PathLike[str], *, follow: bool = True, writing: bool = False
) -> Path:
    """The absolute path that ``path`` means in the folder ``root``, which need not exist yet.

    A relative path starts at ``root``; an absolute one must lie inside it. Symbolic links are followed, the last
    component's too unless ``follow`` is false (for what acts on the link itself, such as deleting it). Raises
    InputError when the path leaves ``root``, names the workspace's ``.flowbook`` folder, or, when ``writing``, the
    folder ``integrations`` right in ``root``: a workflow does not change the code that runs it.
    """
    text = os.fspath(path)
    if not isinstance(text, str) or not text.strip():
        raise InputError("the path is empty.", "Name a file.")
    if "\0" in text:
        raise InputError(f"{text!r} is no path: it holds a NUL character.")
    base = Path(os.path.realpath(root))
    given = base / text
    if follow or given.name in ("", ".."):
        target = Path(os.path.realpath(given))
    else:
        target = Path(os.path.realpath(given.parent)) / given.name
    if not target.is_relative_to(base):
        raise InputError(
            f"{text!r} is outside of the folder {base}.", "Use a path inside it; links that lead out do not count."
        )
    _check_own(text, target.relative_to(base), writing)
    return target


def _check_own(text: str, relative: Path, writing: bool) -> None:
    # casefold: on a file system that ignores case, ".Flowbook" is the same folder
    parts = [part.casefold() for part in relative.parts]
    if OWN_FOLDER in parts:
        raise InputError(f"{text!r} is in the workspace's own folder {OWN_FOLDER}.", "Choose another place.")
    if writing and parts[:1] == [CODE_FOLDER]:
        raise InputError(
            f"{text!r} is in the folder {CODE_FOLDER}, whose code runs workflows.", "Let the workflow write elsewhere."
        )
