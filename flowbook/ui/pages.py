"""What JupyterLab's own tabs show: the studio of a folder, and the editor of a file.

Each is asked for by its path, from the folder in which the kernel began, and stays the same while the kernel lives: a
page that is loaded again shows what was there. The browser's side is ``labextensions/``.
"""

from __future__ import annotations

from pathlib import Path

from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.home import FileHome
from flowbook.ui.studio import Studio
from flowbook.workspace import Workspace

_STUDIOS: list[Studio] = []
_EDITORS: dict[str, Editor] = {}


def page(path: str = "") -> Studio | Editor:
    """The editor of the file at ``path``; without one, the studio. Raises what reading the file raises."""
    if not path:
        if not _STUDIOS:
            _STUDIOS.append(Studio(Workspace()))
        return _STUDIOS[0]
    if path not in _EDITORS:
        workspace = Workspace(make=False)
        _EDITORS[path] = Editor(workspace, path, home=FileHome(workspace, Path(path)))
    return _EDITORS[path]


def save(path: str = "") -> None:
    """Save what is edited there, as its button **Save** does."""
    if path in _EDITORS:
        _EDITORS[path].save()


def move(path: str, new: str) -> None:
    """The file at ``path`` was renamed, or put into another folder: go on with it there."""
    editor = _EDITORS.pop(path, None)
    if editor is not None:
        editor.editing.home = FileHome(editor.workspace, Path(new))
        _EDITORS[new] = editor
