"""Importing one version of an integration folder, under a module name of its own.

Each version is a package ``flowbook_integrations.<name>__v<n>`` made from a snapshot of the folder's sources: what was
compiled is what was read, without a cache that goes by file times, so an edit is seen however coarse those are, and a
running task keeps the version that it started with. A superseded version stays in ``sys.modules`` until it is
superseded a second time; functions that are still running keep theirs alive beyond that.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import itertools
import os
import stat
import sys
import threading
import time
import traceback
import types
import weakref
from collections.abc import Sequence
from functools import cached_property
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from typing import Any

from flowbook.catalog.bytecode import kept
from flowbook.catalog.places import built_in_place, installation_stamp, real_path
from flowbook.records import NamedTuple
from flowbook.whole_files import opened

ROOT = "flowbook_integrations"
_numbers = itertools.count(1)

TICK_NS = 2_000_000_000
"""The longest step between two file times, in nanoseconds: that of FAT; most disks' are some milliseconds."""

Stamp = tuple[tuple[str, int, int, int, int], ...]


def stamp_of(path: Path) -> Stamp:
    """What changes when a source file or the icon of the folder does: (path, mtime, ctime, size, inode) of each."""
    found: list[tuple[str, int, int, int, int]] = []
    pending = [(str(path), "", 0)]
    while pending:
        folder, prefix, depth = pending.pop()
        with os.scandir(folder) as items:
            for item in items:
                name = item.name
                counts = name.endswith(".py") or (name == "icon.svg" and not prefix)
                state = _state_of(item) if counts else None
                if state is not None:
                    found.append((prefix + name, state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino))
                elif counts:
                    continue
                elif name != "__pycache__" and name[0] != "." and depth < 8 and item.is_dir(follow_symlinks=False):
                    pending.append((item.path, f"{prefix}{name}/", depth + 1))
    return tuple(sorted(found))


def _state_of(item: os.DirEntry[str]) -> os.stat_result | None:
    """The state of a file; None when it is gone meanwhile, or none: a pipe might never give an end."""
    try:
        state = item.stat()
    except FileNotFoundError:
        return None
    return state if stat.S_ISREG(state.st_mode) else None


def _tells_edits(stamp: Stamp, taken_at: int) -> bool:
    """Whether every later edit changes the stamp: not one in the same tick as the last edit, that leaves the size."""
    return all(abs(taken_at - max(modified, changed)) > TICK_NS for _, modified, changed, *_ in stamp)


class Snapshot:
    """The source files of a folder as they were read: relative path (with "/") → bytes."""

    def __init__(self, path: Path, files: dict[str, bytes], digest: str) -> None:
        self.path = path
        self.files = files
        self.digest = digest

    @cached_property
    def built_in(self) -> bool:
        """Whether the folder comes with Flowbook."""
        return self.path.parent == built_in_place()

    @classmethod
    def read(cls, path: Path, stamp: Stamp) -> Snapshot:
        """Read the files that ``stamp`` names; one that vanished meanwhile is left out."""
        files: dict[str, bytes] = {}
        for relative, *_ in stamp:
            try:
                with opened(path / relative) as file:
                    files[relative] = file.read()
            except FileNotFoundError:
                continue
        whole = hashlib.sha256()
        for relative, content in sorted(files.items()):
            whole.update(f"{relative}\0{len(content)}\0".encode() + content)
        return cls(path, files, whole.hexdigest())

    def locate(self, inner: str) -> tuple[str, bool] | None:
        """The file of the module ``inner`` (dotted, "" for the package) and whether it is a package."""
        base = inner.replace(".", "/")
        package = f"{base}/__init__.py" if base else "__init__.py"
        if not base or package in self.files:
            return package, True
        return (f"{base}.py", False) if f"{base}.py" in self.files else None


class _Loader(SourceFileLoader):
    """Compiles a module of a snapshot. A package without ``__init__.py`` is an empty one."""

    def __init__(self, fullname: str, path: str, snapshot: Snapshot, relative: str) -> None:
        super().__init__(fullname, path)
        self._snapshot = snapshot
        self._relative = relative

    def get_data(self, path: str) -> bytes:
        if path == self.path:
            return self._snapshot.files.get(self._relative, b"")
        return super().get_data(path)

    def get_code(self, fullname: str) -> types.CodeType:
        source = self.get_data(self.path)

        def compiled() -> types.CodeType:
            code: types.CodeType = self.source_to_code(source, self.path)
            return code

        return kept(self.path, source, compiled) if self._snapshot.built_in else compiled()


class _Finder(MetaPathFinder):
    """Finds the modules of the versions, each in its snapshot (kept alive by the loaders of its modules)."""

    def __init__(self) -> None:
        self.snapshots: weakref.WeakValueDictionary[str, Snapshot] = weakref.WeakValueDictionary()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root, _, rest = fullname.partition(".")
        if root != ROOT or not rest:
            return None
        version, _, inner = rest.partition(".")
        snapshot = self.snapshots.get(f"{ROOT}.{version}")
        located = snapshot.locate(inner) if snapshot is not None else None
        if snapshot is None or located is None:
            return None
        relative, is_package = located
        file = str(snapshot.path / relative)
        loader = _Loader(fullname, file, snapshot, relative)
        folders = [os.path.dirname(file)] if is_package else None
        spec = importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=folders)
        if spec is not None:
            spec.cached = None
        return spec


_finder = _Finder()
_install_lock = threading.Lock()


def _install_finder() -> None:
    with _install_lock:
        if ROOT not in sys.modules:
            root = types.ModuleType(ROOT, "Home of the integration folders that Flowbook has loaded.")
            root.__path__ = []
            sys.modules[ROOT] = root
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)


class Version(NamedTuple):
    """An imported version: its package module and, if there is one, its ``tasks`` module."""

    snapshot: Snapshot
    package: types.ModuleType
    tasks: types.ModuleType | None

    def forget(self) -> None:
        """Take it out of ``sys.modules``; functions that still run keep what they use."""
        forget(self.package.__name__)


def forget(name: str) -> None:
    """Take a package and its modules out of ``sys.modules``."""
    for module in [m for m in list(sys.modules) if m == name or m.startswith(f"{name}.")]:
        sys.modules.pop(module, None)
    root = sys.modules.get(ROOT)
    if root is not None:
        root.__dict__.pop(name.partition(".")[2], None)


def import_version(name: str, snapshot: Snapshot, fullname: str = "") -> Version:
    """Import a snapshot, as the package ``fullname`` if given.

    Raises whatever the folder's code raises, leaving nothing of it behind.
    """
    _install_finder()
    safe = "".join(c if c.isalnum() else "_" for c in name)
    fullname = fullname or f"{ROOT}.{safe}__v{next(_numbers)}"
    _finder.snapshots[fullname] = snapshot
    try:
        package = importlib.import_module(fullname)
        tasks = importlib.import_module(f"{fullname}.tasks") if snapshot.locate("tasks") is not None else None
    except BaseException:
        forget(fullname)
        raise
    return Version(snapshot, package, tasks)


class Failure(NamedTuple):
    """Why a version could not be imported; ``retry_at`` changes when a package is installed."""

    error: BaseException
    trace: str
    retry_at: tuple[tuple[str, int], ...]


class NotAdmitted(Exception):
    """The code of a folder is not to be imported; ``why``, and what to do about it (``remedy``)."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


class Source:
    """One folder on disk, shared by every catalog of the process: its last good version, and what is wrong now."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        self._lock = threading.RLock()
        self._stamp: Stamp | None = None
        self._digest = ""
        self._versions: list[Version] = []
        self._failure: Failure | None = None
        self._read: tuple[Stamp, Snapshot] | None = None

    def unloaded(self) -> Snapshot | None:
        """The present files, without importing them; None once these, or others before them, were imported."""
        with self._lock:
            if self._versions or self._failure is not None:
                return None
            taken_at = time.time_ns()
            stamp = stamp_of(self.path)
            if self._read is not None and self._read[0] == stamp:
                return self._read[1]
            snapshot = Snapshot.read(self.path, stamp)
            self._read = (stamp, snapshot) if _tells_edits(stamp, taken_at) else None
            return snapshot

    def current(self, only: str | None = None) -> tuple[Version | None, Failure | None]:
        """The last good version, and the failure of the present files if they cannot be imported.

        Looks at the files each time, so that an edit takes effect at the next use. With ``only`` nothing but files of
        that digest is imported, or used: NotAdmitted when they are others now.
        """
        with self._lock:
            taken_at = time.time_ns()
            stamp = stamp_of(self.path)
            if only is not None:
                return self._admitted(only, Snapshot.read(self.path, stamp))
            if stamp != self._stamp or self._worth_retrying():
                self._refresh(stamp)
                self._stamp = stamp if _tells_edits(stamp, taken_at) else None
            return (self._versions[-1] if self._versions else None), self._failure

    def _admitted(self, only: str, snapshot: Snapshot) -> tuple[Version | None, Failure | None]:
        """The version of just these bytes: what is hashed is what is imported."""
        self._stamp = None
        if snapshot.digest != only:
            raise NotAdmitted(
                "its code was changed since you trusted that version of it, so it was not imported.",
                "Look at it again, then decide: flowbook trust FOLDER",
            )
        self._load(snapshot)
        self._digest = snapshot.digest
        current = next((version for version in self._versions if version.snapshot.digest == only), None)
        return current, self._failure

    def _worth_retrying(self) -> bool:
        failure = self._failure
        return (
            failure is not None and isinstance(failure.error, ImportError) and failure.retry_at != installation_stamp()
        )

    def _refresh(self, stamp: Stamp) -> None:
        snapshot = Snapshot.read(self.path, stamp)
        if snapshot.digest != self._digest or self._worth_retrying():
            self._load(snapshot)
        self._digest = snapshot.digest

    def _load(self, snapshot: Snapshot) -> None:
        if self._versions and self._versions[-1].snapshot.digest == snapshot.digest:
            self._failure = None  # an edit that was taken back
            return
        try:
            version = import_version(self.name, snapshot)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit() at import must not end the notebook
            trace = trace_of(error)
            # the frames would keep the locals of the failed import alive
            self._failure = Failure(error.with_traceback(None), trace, installation_stamp())
            return
        self._failure = None
        self._versions.append(version)
        while len(self._versions) > 2:
            self._versions.pop(0).forget()


def trace_of(error: BaseException) -> str:
    """The traceback of an import, without the frames of the import machinery."""
    shown = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    part: traceback.TracebackException | None = shown
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        part.stack = traceback.StackSummary.from_list([f for f in part.stack if not _is_machinery(f.filename)])
        part = part.__cause__ or part.__context__
    return "".join(shown.format())


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename in (__file__, importlib.__file__)


_sources_lock = threading.Lock()
_sources: dict[tuple[str, str], Source] = {}


def source_at(name: str, path: Path) -> Source:
    """The one :class:`Source` of a folder in this process."""
    key = (name, real_path(path))
    with _sources_lock:
        if key not in _sources:
            _sources[key] = Source(name, path)
        return _sources[key]


def modules_of(version: Version) -> Sequence[types.ModuleType]:
    """The package and its ``tasks`` module."""
    return [version.package] if version.tasks is None else [version.package, version.tasks]
