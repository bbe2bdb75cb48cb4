"""Looking for files, and copying, moving and deleting them."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from flowbook import FlowbookError, Result, TaskFailed, contents, current, paths, task

from .folder import Folder, failing
from .models import Credentials, Delete, Exists, Glob, TestConnection, Transfer


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Look whether the folder is there and may be read and written."""
    folder = Folder(credentials)
    if not os.access(folder.root, os.R_OK | os.X_OK):
        raise TaskFailed(f"The folder {folder.root} may not be read.", {"kind": "forbidden"})
    writable = os.access(folder.root, os.W_OK)
    how = "can be read and written" if writable else "can be read, but not written"
    return Result.ok(f"The folder {folder.root} {how}.", {"root": str(folder.root), "writable": writable})


@task(effects="read", network=False, reads_files="pattern", writes_files=False, runs_code=False)
def glob(credentials: Credentials, params: Glob) -> Result:
    """List the files that fit a pattern.

    Data: a list of {"path", "size" (bytes), "modified" (ISO 8601, UTC)}, by path. Folders, and links that lead out of
    the folder, are left out.
    """
    folder = Folder(credentials)
    pattern = PurePath(params.pattern)
    if pattern.is_absolute() or ".." in pattern.parts:
        raise TaskFailed(
            f"{params.pattern!r} leads out of {folder.root}.", hint="Start it at that folder: *.csv", permanent=True
        )
    try:
        found = sorted(islice(_files(folder, params.pattern), params.limit + 1), key=lambda entry: str(entry["path"]))
    except ValueError as error:
        raise TaskFailed(f"{params.pattern!r} is no pattern: {error}.", permanent=True) from None
    cut = len(found) > params.limit
    note = f", cut at the limit of {params.limit:,}" if cut else ""
    found = found[: params.limit]
    return Result.ok(f"{len(found):,} file{'' if len(found) == 1 else 's'}{note}", found)


def _files(folder: Folder, pattern: str) -> Any:
    seen = set()
    for path in folder.root.glob(pattern):
        name = folder.name(path)
        if name in seen or not path.is_file() or not _allowed(folder, name):
            continue
        seen.add(name)
        yield {"path": name, **_state(path)}


def _allowed(folder: Folder, name: str) -> bool:
    try:
        paths.inside(folder.root, name)
    except FlowbookError:
        return False
    return True


def _state(path: Path) -> dict[str, Any]:
    state = path.stat()
    modified = datetime.fromtimestamp(state.st_mtime, timezone.utc)
    return {"size": state.st_size, "modified": modified.isoformat(timespec="seconds").replace("+00:00", "Z")}


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def exists(credentials: Credentials, params: Exists) -> Result:
    """Look whether a file or folder is there.

    Data: {"exists", "kind" (file, folder or null), "size" (bytes), "modified"}.
    """
    path = paths.inside(Folder(credentials).root, params.path)
    if not path.exists():
        data = {"exists": False, "kind": None, "size": None, "modified": None}
        return Result.ok(f"There is no {params.path}", data)
    kind = "folder" if path.is_dir() else "file"
    state = _state(path)
    if kind == "folder":
        state["size"] = None
    return Result.ok(f"There is a {kind} {params.path}", {"exists": True, "kind": kind, **state})


@task(
    effects="idempotent",
    network=False,
    reads_files=False,
    writes_files="path",
    runs_code=False,
    example={"deleted": True},
)
def delete(credentials: Credentials, params: Delete) -> Result:
    """Delete a file, a link or a folder; when it is not there, that is fine.

    Data: {"deleted": whether there was anything}. A link is deleted, not what it leads to.
    """
    folder = Folder(credentials)
    path = paths.inside(folder.root, params.path, follow=False, writing=True)
    _refuse_root(folder, path)
    if not os.path.lexists(path):
        return Result.ok(f"There was no {params.path}", {"deleted": False})
    current().about_to("file", folder.name(path), "delete")
    with failing(params.path):
        if path.is_symlink() or not path.is_dir():
            path.unlink()
        elif params.recursive:
            _refuse_workspace(path, params.path)
            shutil.rmtree(path)
        elif any(path.iterdir()):
            raise TaskFailed(f"The folder {params.path} is not empty.", hint="Set recursive to delete what is in it.")
        else:
            path.rmdir()
    return Result.ok(f"Deleted {params.path}", {"deleted": True})


@task(
    effects="idempotent",
    network=False,
    reads_files="source",
    writes_files="target",
    runs_code=False,
    example={"path": "copy.txt", "bytes": 120},
)
def copy(credentials: Credentials, params: Transfer) -> Result:
    """Copy a file.

    Data: {"path" (of the copy), "bytes"}.
    """
    folder = Folder(credentials)
    source = folder.find(params.source)
    if source.is_dir():
        raise TaskFailed(f"{params.source} is a folder: only files can be copied.", hint="Copy its files: see glob.")
    target = _free(folder, params)
    with failing(params.target), contents.beside(target) as unfinished:
        shutil.copyfile(source, unfinished)
    return Result.ok(
        f"Copied {params.source} to {params.target}", {"path": folder.name(target), "bytes": target.stat().st_size}
    )


@task(
    effects="write",
    network=False,
    reads_files="source",
    writes_files=["source", "target"],
    runs_code=False,
    example={"path": "moved.txt"},
)
def move(credentials: Credentials, params: Transfer) -> Result:
    """Move or rename a file or folder.

    Data: {"path": the new one}.
    """
    folder = Folder(credentials)
    source = folder.find(params.source, follow=False, writing=True)
    _refuse_root(folder, source)
    if source.is_dir():
        _refuse_workspace(source, params.source)
    target = _free(folder, params, source)
    if (source / "__init__.py").exists():
        paths.inside(folder.root, target / "__init__.py", writing=True)  # where the folder would become a package
    with failing(params.source):
        shutil.move(source, target)
    return Result.ok(f"Moved {params.source} to {params.target}", {"path": folder.name(target)})


def _free(folder: Folder, params: Transfer, moved: Path | None = None) -> Path:
    target = folder.target(params.target, moved)
    if target.exists() and not params.overwrite:
        raise TaskFailed(f"There is a file {params.target} already.", hint="Set overwrite to replace it.")
    return target


def _refuse_root(folder: Folder, path: Path) -> None:
    if path == folder.root:
        raise TaskFailed("That is the folder itself, which stays.", hint="Name something in it.", permanent=True)


def _refuse_workspace(path: Path, name: str) -> None:
    """Keep a whole folder from being taken away with another workspace's store in it."""
    if any(paths.OWN_FOLDER in folders for _, folders, _ in os.walk(path)):
        raise TaskFailed(f"The folder {name} holds a workspace ({paths.OWN_FOLDER}), which stays.", permanent=True)
