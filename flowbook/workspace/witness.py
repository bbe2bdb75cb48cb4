"""What was asked about the surroundings of a workflow, so that it can be asked again whether the answers still hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flowbook.catalog import Catalog, Folder
from flowbook.errors import CatalogError, NotFound
from flowbook.tasks import TaskSpec

T = TypeVar("T")


class Witness:
    """A catalog for reading one workflow by, and a memory of what it and other sources answered.

    Once a task or a folder was not there, nothing is worth keeping: what is missing is looked for anew each time.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._tasks: dict[str, TaskSpec] = {}
        self._folders: dict[str, Folder] = {}
        self._asked: list[tuple[Callable[[], Any], Any]] = []
        self.complete = True

    def task(self, name: str) -> TaskSpec:
        """The task "folder.function", as it was when it was first asked for."""
        spec = self._tasks.get(name)
        if spec is None:
            spec = self._tasks[name] = self._found(self._catalog.task, name)
        return spec

    def folder(self, name: str) -> Folder:
        """The folder of that name, as it was when it was first asked for."""
        folder = self._folders.get(name)
        if folder is None:
            folder = self._folders[name] = self._found(self._catalog.folder, name)
        return folder

    def _found(self, look: Callable[[str], T], name: str) -> T:
        try:
            return look(name)
        except (NotFound, CatalogError):
            self.complete = False
            raise

    def noting(self, ask: Callable[[], T]) -> Callable[[], T]:
        """``ask``, with its answer remembered each time."""

        def noted() -> T:
            answer = ask()
            self._asked.append((ask, answer))
            return answer

        return noted

    def still_holds(self) -> bool:
        """Whether every answer would be the same now: the same versions of the tasks, the same integrations."""
        tasks: dict[str, list[TaskSpec]] = {}
        for spec in self._tasks.values():
            tasks.setdefault(spec.folder, []).append(spec)
        try:
            for name in {*tasks, *self._folders}:
                folder = self._catalog.folder(name)
                known = self._folders.get(name)
                if known is not None and known.credentials != folder.credentials:
                    return False
                if any(folder.tasks.get(spec.function_name) is not spec for spec in tasks.get(name, ())):
                    return False
        except (NotFound, CatalogError):
            return False
        return all(ask() == answer for ask, answer in self._asked)
