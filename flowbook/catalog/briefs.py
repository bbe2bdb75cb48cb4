"""What lists show of a folder that comes with Flowbook, kept beside its code: so that none is imported to be listed.

Of ours it was written with them, into ``shipped/`` (``python docs/generate.py``), and holds for just these sources.
What an installation changed is kept as its bytecode is (:mod:`flowbook.catalog.bytecode`), in ``__pycache__``, by what
the sources are, and only where nobody but an installation writes. That holds for one version of Flowbook's own code,
which reads the folders, and as long as the libraries that the folder misses are the same.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from flowbook.catalog.bytecode import write
from flowbook.catalog.folder import Folder, FolderProblem, most_serious
from flowbook.catalog.libraries import missing_libraries, missing_of
from flowbook.catalog.loading import Snapshot, stamp_of
from flowbook.catalog.places import Found, Source
from flowbook.errors import CatalogError
from flowbook.json_text import parse_json
from flowbook.models import Parameter
from flowbook.records import NamedTuple


class TaskBrief(NamedTuple):
    """What lists show of a task; the names are those of :class:`~flowbook.tasks.spec.TaskSpec`."""

    name: str
    description: str

    @property
    def function_name(self) -> str:
        """The function's name inside its folder."""
        return self.name.partition(".")[2]


class Brief(NamedTuple):
    """What lists show of a folder; the names are those of :class:`Folder`."""

    name: str
    path: Path
    source: Source
    description: str
    icon: str | None
    hosts: tuple[str, ...]
    credentials: tuple[Parameter, ...]
    tasks: Mapping[str, TaskBrief]
    problems: tuple[FolderProblem, ...]

    @property
    def problem(self) -> FolderProblem | None:
        """The most serious thing that is wrong, or None. Notes are not counted."""
        return most_serious(self.problems)


Listed: TypeAlias = Folder | Brief
"""A folder as lists show it: the whole of one that is loaded already, else what is kept of it."""


SHIPPED = Path(__file__).with_name("shipped")


def shipped_document(folder: Folder, snapshot: Snapshot) -> dict[str, Any]:
    """What is written of a folder of ours where it is made; nothing may be wrong with it there, nor missing."""
    if folder.problems:
        raise CatalogError(f"{folder.name} has problems: {folder.problems[0]}")
    return {
        "digest": snapshot.digest,
        "description": folder.description,
        "hosts": folder.hosts,
        "credentials": [{"name": one.name, **one.to_document()} for one in folder.credentials],
        "tasks": {name: spec.description for name, spec in folder.tasks.items()},
    }


def kept(found: Found, snapshot: Snapshot) -> Brief | None:
    """What is kept of just these files, if it holds here and now."""
    return _shipped(found, snapshot) or _kept_here(found, snapshot)


def _shipped(found: Found, snapshot: Snapshot) -> Brief | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = parse_json((SHIPPED / f"{found.name}.json").read_bytes())
        if known["digest"] == snapshot.digest:
            icon = snapshot.files.get("icon.svg", b"").decode().strip() or None
            missing = list(missing_libraries(found.name, snapshot, known["tasks"]))
            return _read(found, {**known, "icon": icon, "problems": missing})
    return None


def _kept_here(found: Found, snapshot: Snapshot) -> Brief | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = parse_json(_file(found).read_bytes())
        if known["of"] == [snapshot.digest, _reader(), sorted(missing_of(snapshot))]:
            return _read(found, known)
    return None


def keep(found: Found, snapshot: Snapshot, folder: Folder) -> None:
    """Keep what lists show of a folder that was imported."""
    if sys.dont_write_bytecode or any(problem.traceback for problem in folder.problems):
        return
    document = {
        "of": [snapshot.digest, _reader(), sorted(missing_of(snapshot))],
        "description": folder.description,
        "icon": folder.icon,
        "hosts": folder.hosts,
        "credentials": [{"name": one.name, **one.to_document()} for one in folder.credentials],
        "tasks": {name: spec.description for name, spec in folder.tasks.items()},
        "problems": folder.problems,
    }
    with contextlib.suppress(OSError):  # a folder that may not be written to
        write(str(_file(found)), json.dumps(document).encode())


def _read(found: Found, known: dict[str, Any]) -> Brief:
    tasks = {name: TaskBrief(f"{found.name}.{name}", description) for name, description in known["tasks"].items()}
    problems = [FolderProblem(*given) for given in known["problems"]]
    return Brief(
        found.name, found.path, found.source, known["description"], known["icon"], tuple(known["hosts"]),
        tuple(Parameter(**given) for given in known["credentials"]), MappingProxyType(tasks),
        tuple(one._replace(needed_by=tuple(one.needed_by)) for one in problems),
    )  # fmt: skip


def _file(found: Found) -> Path:
    return Path(importlib.util.cache_from_source(str(found.path / "brief"), optimization="flowbook")).with_suffix(
        ".json"
    )


@functools.cache
def _reader() -> str:
    """Names the code that reads folders: all of this package's, of the file times that it has here."""
    package = Path(__file__).resolve().parent.parent
    return hashlib.sha256(repr(stamp_of(package)).encode() + os.fsencode(package)).hexdigest()
