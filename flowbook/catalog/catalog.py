"""The catalog itself: names without importing, folders and tasks loaded at their first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flowbook.catalog.admission import Gate
from flowbook.catalog.briefs import Brief, Listed, keep, kept
from flowbook.catalog.describing import describe, problem_of
from flowbook.catalog.folder import Folder, FolderProblem
from flowbook.catalog.loading import Failure, NotAdmitted, Snapshot, Version, source_at
from flowbook.catalog.places import Found, Place, installation_stamp, packaged, places, real_path
from flowbook.errors import CatalogError, NotFound
from flowbook.records import NamedTuple
from flowbook.tasks.spec import TaskSpec


class _Described(NamedTuple):
    """What was said of an imported folder; ``installed`` is the installation in which it misses a library."""

    version: Version | None
    failure: Failure | None
    folder: Folder
    installed: tuple[tuple[str, int], ...] | None

    def holds(self, version: Version | None, failure: Failure | None) -> bool:
        """Whether it is said of this version; a library that was missing may have been installed since."""
        same = self.version is version and self.failure is failure
        return same and (self.installed is None or self.installed == installation_stamp())


# As a folder's imported version is (:func:`~flowbook.catalog.loading.source_at`), its description is one for all
# catalogs of the process: reading the types of some hundred tasks takes a moment.
_described: dict[Found, _Described] = {}
_briefs: dict[Found, tuple[Snapshot, tuple[tuple[str, int], ...], Brief]] = {}
_describing = threading.Lock()


class Catalog:
    """Every integration folder that can be found; see :mod:`flowbook.catalog.places` for where.

    ``workspace`` is the folder whose ``integrations/`` come first, ``environ`` replaces ``os.environ`` (read at each
    use), ``extra`` are more folders to look into. ``gate`` says whether the workspace's own code may be imported;
    without it, it may. May be used from several threads.
    """

    def __init__(
        self,
        workspace: Path | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        extra: Sequence[Path] = (),
        gate: Gate | None = None,
    ) -> None:
        self._workspace = Path(workspace).absolute() if workspace is not None else None
        self._environ: Mapping[str, str] = os.environ if environ is None else environ
        self._extra = tuple(extra)
        self._gate = gate

    def names(self) -> list[str]:
        """The names of the folders that can be used, sorted. Nothing is imported."""
        return sorted({found.name for found in self._all() if found.well_named and not found.problem})

    def folder(self, name: str) -> Folder:
        """The folder of that name as its files are now; NotFound suggests the nearest."""
        matches = list(self._matches(name))
        if not matches:
            raise NotFound("integration folder", name, self.names())
        return self._folder(matches)

    def folders(self) -> list[Folder]:
        """Every folder, also broken and shadowing ones, by name."""
        return [self._folder(matches) for matches in self._groups()]

    def listed(self) -> list[Listed]:
        """The same as lists show them: what comes with Flowbook is not imported for it once it was described."""
        return [self._listed(matches) for matches in self._groups()]

    def task(self, name: str) -> TaskSpec:
        """The task "folder.function".

        Raises NotFound, which suggests the nearest, when there is no such folder or task, and CatalogError when the
        folder cannot be imported (and never could) or the function is not a task.
        """
        folder_name, _, function = name.partition(".")
        if not function:
            raise NotFound("task", name, hint="Write it as folder.function, for example slack.send_message.")
        folder = self.folder(folder_name)
        spec = folder.tasks.get(function)
        if spec is not None:
            return spec
        self._explain_absence(folder, function)
        raise NotFound("task", name, [f"{folder.name}.{known}" for known in folder.tasks])

    def problems(self) -> list[FolderProblem]:
        """Everything that is wrong with any folder, warnings and notes included."""
        return [problem for folder in self.folders() for problem in folder.problems]

    @staticmethod
    def _explain_absence(folder: Folder, function: str) -> None:
        own = next((p for p in folder.problems if p.task == function), None)
        failed = next((p for p in folder.problems if p.kind == "error" and not p.task), None)
        problem = own or failed
        if problem is not None:
            raise CatalogError(f"{folder.name}.{function} cannot be used: {problem.what}", problem.remedy)

    def _places(self) -> list[Place]:
        return places(self._workspace, self._environ, self._extra)

    def _all(self) -> Iterator[Found]:
        seen: set[tuple[str, str]] = set()
        for place in self._places():
            for found in place.all():
                if _first_time(found, seen):
                    yield found
        for found in packaged():
            if _first_time(found, seen):
                yield found

    def _groups(self) -> list[list[Found]]:
        """The folders by name; of each name, the one that counts first."""
        groups: dict[str, list[Found]] = {}
        for found in self._all():
            groups.setdefault(found.name, []).append(found)
        return [groups[name] for name in sorted(groups)]

    def _matches(self, name: str) -> Iterator[Found]:
        """The folders of that name, the one that counts first; packages are only read when no other is there."""
        seen: set[tuple[str, str]] = set()
        for place in self._places():
            found = place.find(name)
            if found is not None and _first_time(found, seen):
                yield found
        if not seen:
            yield from (found for found in packaged() if found.name == name and _first_time(found, seen))

    def _folder(self, matches: list[Found]) -> Folder:
        found = matches[0]
        if not found.well_named:
            return _badly_named(found)
        if found.problem:
            remedy = "Install the package again, or tell its author."
            return _broken(found, FolderProblem(found.name, found.problem, remedy))
        try:
            version, failure = source_at(found.name, found.path).current(only=self._admitted(found))
        except NotAdmitted as error:
            return _broken(found, FolderProblem(found.name, error.why, error.remedy, untrusted=True))
        except OSError as error:
            what = f"the folder cannot be read: {error.strerror or error}."
            return _broken(found, FolderProblem(found.name, what, "Check its permissions."))
        folder = _description_of(found, version, failure)
        shadows = tuple(other.path for other in matches[1:])
        if not shadows:
            return folder
        notes = [FolderProblem(found.name, f"{found.path} hides {path}.", _RENAME, kind="note") for path in shadows]
        return folder._replace(shadows=shadows, problems=(*folder.problems, *notes))

    def _listed(self, matches: list[Found]) -> Listed:
        found = matches[0]
        if found.source != "built in" or not found.well_named or len(matches) > 1:
            return self._folder(matches)
        try:
            snapshot = source_at(found.name, found.path).unloaded()
        except OSError:
            return self._folder(matches)
        if snapshot is None:
            return self._folder(matches)
        with _describing:
            known = _briefs.get(found)
        if known is not None and known[0] is snapshot and known[1] == installation_stamp():
            return known[2]
        before = installation_stamp()
        brief = kept(found, snapshot)
        if brief is None:
            folder = self._folder(matches)
            keep(found, snapshot, folder)
            return folder
        with _describing:
            _briefs[found] = snapshot, before, brief
        return brief

    def _admitted(self, found: Found) -> str | None:
        """The one version of a folder that may be imported, None for every one; else NotAdmitted."""
        if found.source != "workspace" or self._gate is None:
            return None
        admission = self._gate()
        if admission.all:
            return None
        digest = admission.digests.get(found.name)
        if digest is None:
            raise NotAdmitted(admission.why, admission.remedy)
        return digest


def _description_of(found: Found, version: Version | None, failure: Failure | None) -> Folder:
    with _describing:
        known = _described.get(found)
    if known is not None and known.holds(version, failure):
        return known.folder
    before = installation_stamp()
    folder = describe(found, version) if version is not None else _broken(found)
    if failure is not None:
        problem = problem_of(found, failure, version is not None)
        folder = folder._replace(problems=(problem, *folder.problems))
    misses = any(problem.library for problem in folder.problems)
    with _describing:
        _described[found] = _Described(version, failure, folder, before if misses else None)
    return folder


_RENAME = "Rename one of them if both are wanted."


def _first_time(found: Found, seen: set[tuple[str, str]]) -> bool:
    key = (found.name, real_path(found.path))
    if key in seen:
        return False
    seen.add(key)
    return True


def _broken(found: Found, *problems: FolderProblem) -> Folder:
    return Folder(found.name, found.path, found.source, problems=problems)


def _badly_named(found: Found) -> Folder:
    what = f"{found.name!r} cannot name an integration folder."
    suggestion = "".join(c if c.isalnum() and c.isascii() else "_" for c in found.name.lower()).strip("_0123456789")
    remedy = "Use lowercase letters, digits and underscores, starting with a letter"
    remedy += f", for example {suggestion!r}." if suggestion else "."
    return _broken(found, FolderProblem(found.name, what, remedy))
