"""Where integration folders are looked for. Nothing is imported here.

In this order, the first found wins: the workspace's ``integrations/``, folders given in code, those on
``FLOWBOOK_INTEGRATIONS``, the built-in ones, installed packages. A package comes last so that installing one can add an
integration but never take the place of one that is there.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flowbook.errors import InputError
from flowbook.paths import expanded
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

Source = Literal["built in", "workspace", "environment", "package"]

VARIABLE = "FLOWBOOK_INTEGRATIONS"
ENTRY_POINT_GROUP = "flowbook.integrations"
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_DISTRIBUTION_NAME = re.compile(r"^name:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


class Found(NamedTuple):
    """An integration folder, not yet looked into; ``problem`` is why an installed package gives none."""

    name: str
    path: Path
    source: Source
    problem: str = ""

    @property
    def well_named(self) -> bool:
        """Whether the name can be an integration type's."""
        return bool(_NAME.match(self.name))


class Place(NamedTuple):
    """``path`` holds integration folders, or is itself one when ``may_be_one`` and it looks like it."""

    path: Path
    source: Source
    may_be_one: bool = False

    def find(self, name: str) -> Found | None:
        """The folder of that name here."""
        if not name or os.sep in name or name[0] in "._":
            return None
        if self.may_be_one and self._is_one():
            return Found(name, self.path, self.source) if self.path.name == name else None
        path = self.path / name
        return Found(name, path, self.source) if is_integration(path) else None

    def all(self) -> Iterator[Found]:
        """Every folder here, by name."""
        if self.may_be_one and self._is_one():
            yield Found(self.path.name, self.path, self.source)
            return
        for name in _folders_in(self.path):
            if is_integration(self.path / name):
                yield Found(name, self.path / name, self.source)

    def _is_one(self) -> bool:
        if os.path.isfile(self.path / "tasks.py"):
            return True
        if not os.path.isfile(self.path / "__init__.py"):
            return False
        return not any(is_integration(self.path / name) for name in _folders_in(self.path))


def is_integration(path: Path) -> bool:
    """Whether a folder holds an integration: it has ``tasks.py`` or ``__init__.py``."""
    return os.path.isfile(path / "tasks.py") or os.path.isfile(path / "__init__.py")


def real_path(path: Path) -> str:
    """Where links lead to from a folder. It is followed once for each folder that was ever there: to do so three times
    for each of the catalog took half of listing it.
    """
    try:
        state = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return _real_path(os.fspath(path), state.st_dev, state.st_ino)


@functools.lru_cache(maxsize=1024)
def _real_path(path: str, device: int, inode: int) -> str:
    return os.path.realpath(path)


def _folders_in(path: Path) -> list[str]:
    try:
        with os.scandir(path) as items:
            return sorted(item.name for item in items if item.name[0] not in "._" and item.is_dir())
    except OSError:
        return []


def places(workspace: Path | None, environ: Mapping[str, str], extra: Sequence[Path]) -> list[Place]:
    """The folders to look into, in order; installed packages come after them (see :func:`packaged`)."""
    found = [Place(workspace / "integrations", "workspace")] if workspace is not None else []
    found += [Place(Path(path).absolute(), "environment", may_be_one=True) for path in extra]
    listed = (entry.strip() for entry in environ.get(VARIABLE, "").split(os.pathsep))
    found += [Place(_listed(entry), "environment", may_be_one=True) for entry in listed if entry]
    built_in = built_in_place()
    return [*found, Place(built_in, "built in")] if built_in is not None else found


def _listed(entry: str) -> Path:
    try:
        return expanded(entry).absolute()
    except InputError as error:
        raise InputError(f"{VARIABLE}: {error.message}", error.hint) from None


@functools.cache  # it stays where it is while the code that it came with runs
def built_in_place() -> Path | None:
    """The folder of the integrations that come with Flowbook: inside a wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for path, proof in ((package / "_integrations", package), (package.parent / "integrations", package.parent)):
        if path.is_dir() and (proof == package or (proof / "pyproject.toml").is_file()):
            return path
    return None


def installation_stamp() -> tuple[tuple[str, int], ...]:
    """Changes when a package is installed or removed: the import path's folders with their times (ns)."""
    stamp = []
    for entry in sys.path:
        try:
            stamp.append((entry, os.stat(entry or ".").st_mtime_ns))
        except OSError:
            continue
    return tuple(stamp)


_packages_lock = threading.Lock()
_packages: tuple[object, list[Found]] = (None, [])


def packaged() -> list[Found]:
    """Folders of installed packages with the entry point group; read anew only when something was installed."""
    global _packages
    with _packages_lock:
        stamp = installation_stamp()
        if _packages[0] != stamp:
            _packages = (stamp, list(_read_entry_points()))
        return _packages[1]


def _import_path() -> list[str]:
    """Where packages are installed: the import path without the folder that this process is in.

    That is on it in notebooks and with ``python -m``, and what a stranger's folder says of itself is no installation.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:
        here = ""
    return [entry for entry in sys.path if entry and os.path.realpath(entry) != here]


def _read_entry_points() -> Iterator[Found]:
    from importlib.metadata import Distribution, EntryPoint, distributions

    def name_of(distribution: Distribution) -> str:
        """Read from the lines above the first empty one: ``metadata`` would parse the whole README below them."""
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or distribution.read_text("")
        said = _DISTRIBUTION_NAME.search((text or "").partition("\n\n")[0])
        return said[1] if said else ""

    path_of_all = _import_path()
    points: dict[str, tuple[EntryPoint, str]] = {}
    seen: set[str] = set()
    for distribution in distributions(path=path_of_all):
        package = name_of(distribution)
        name = re.sub(r"[-_.]+", "-", package).lower()
        if name not in seen:  # the first of a name on the import path is the one that is used
            seen.add(name)
            found = [one for one in distribution.entry_points if one.group == ENTRY_POINT_GROUP]
            points.update((one.name, (one, package)) for one in found)
    for _, (point, package) in sorted(points.items()):
        module = point.value.partition(":")[0].strip()
        path, problem = _module_folder(module, path_of_all)
        if path is not None and not is_integration(path):
            problem = f"the folder {str(path)!r} of its module {module!r} holds no tasks.py or __init__.py."
        said = f"the package {package or module!r} names it, but {problem}" if problem else ""
        yield Found(point.name, path or Path(module), "package", said)


def _spec(module: str, import_path: list[str]) -> ModuleSpec | None:
    """What :func:`importlib.util.find_spec` finds of a module that is on a part of the import path."""
    from importlib.machinery import PathFinder

    for finder in sys.meta_path:
        spec = finder.find_spec(module, import_path if finder is PathFinder else None)
        if spec is not None:
            return spec
    return None


def _module_folder(module: str, import_path: list[str]) -> tuple[Path | None, str]:
    """The folder of a package's module path, or why there is none.

    Only the outermost package is looked up, so nothing is imported.
    """
    outer, *inner = module.split(".")
    try:
        spec = _spec(outer, import_path)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return None, f"its module {outer!r} cannot be found."
    if not spec.submodule_search_locations:
        return None, f"its module {outer!r} is a single file, and an integration is a folder."
    for location in spec.submodule_search_locations:
        path = Path(location, *inner)
        if path.is_dir():
            return path, ""
    return None, f"there is no folder for its module {module!r}."
