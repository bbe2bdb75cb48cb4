"""What a canvas says of its nodes and edges besides the graph: how a run stands, and what waits to be told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

from flowbook.errors import InputError
from flowbook.results import NODE_STATUSES
from flowbook.view.graph.elements import Keyed


class Progress(TypedDict, total=False):
    """How far a node is: ``done`` of ``total`` (None: not known), of which ``failed`` have failed."""

    done: float
    total: float | None
    failed: int


class Line(TypedDict, total=False):
    """Whether the last run took an edge, and how many ``items`` went along it (None: no list)."""

    taken: bool
    items: int | None


class Marks:
    """``status``, ``progress`` and ``workers`` (who made its call elsewhere) by node id, and ``lines`` by edge id.

    Whoever calls it holds the canvas's lock.
    """

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        self.progress: dict[str, Progress] = {}
        self.workers: dict[str, str] = {}
        self.lines: dict[str, Line] = {}
        self._gone: dict[str, tuple[str, dict[str, Any]]] = {}  # what was said of nodes that are gone, with their tasks
        self._gone_lines: dict[str, Line] = {}
        self._pending: dict[str, dict[str, Any]] = {part: {} for part in ("changes", "progress", "workers", "lines")}

    @property
    def whole(self) -> dict[str, Any]:
        """All of it, as the browser's state has it."""
        return {
            "status": dict(self.status), "progress": dict(self.progress), "workers": dict(self.workers),
            "lines": dict(self.lines),
        }  # fmt: skip

    def set_status(self, status: Mapping[str, str], *, replace: bool) -> None:
        """Note statuses; "" takes one away, ``replace`` those of all nodes not named.

        Raises InputError for a word that is no status.
        """
        for id, word in status.items():
            if word and word not in NODE_STATUSES:
                raise InputError(
                    f"{word!r} is no status of a node ({id!r}).", f"Use one of: {', '.join(NODE_STATUSES)}."
                )
        gone = [id for id in self.status if id not in status] if replace else []
        if replace:
            self._gone, self._gone_lines = {}, {}
        for id, word in {**dict.fromkeys(gone, ""), **status}.items():
            self._note("changes", self.status, id, word, "")

    def set_progress(self, progress: Mapping[str, Progress | None]) -> None:
        """Note how far nodes are; None takes it away."""
        for id, far in progress.items():
            self._note("progress", self.progress, id, far, None)

    def set_workers(self, workers: Mapping[str, str]) -> None:
        """Note who made the calls of nodes elsewhere; "" takes it away."""
        for id, worker in workers.items():
            self._note("workers", self.workers, id, worker, "")

    def set_lines(self, lines: Mapping[str, Line | None]) -> None:
        """Note which edges were taken; None takes it away."""
        for id, line in lines.items():
            self._note("lines", self.lines, id, line, None)

    def take_pending(self) -> dict[str, dict[str, Any]]:
        """What has changed since this was asked last, each part only if there is some."""
        pending = {part: changes for part, changes in self._pending.items() if changes}
        self._pending = {part: {} for part in self._pending}
        return pending

    @property
    def waiting(self) -> bool:
        """Whether something has changed since it was told last."""
        return any(self._pending.values())

    def follow(self, before: Keyed, after: Keyed, renames: Mapping[str, str]) -> None:
        """Keep what is said of nodes and edges of ``after``, also of those that have got other ids by ``renames``.

        What is there again, by an undo, has again what was said of it.
        """
        nodes, edges = after["nodes"], after["edges"]
        self._put_aside(before, after, renames)
        self.status = {renames.get(id, id): word for id, word in self.status.items() if renames.get(id, id) in nodes}
        self.progress = {renames.get(id, id): far for id, far in self.progress.items() if renames.get(id, id) in nodes}
        self.workers = {renames.get(id, id): who for id, who in self.workers.items() if renames.get(id, id) in nodes}
        if renames and self.lines:
            now = {_ends(edge, {}): id for id, edge in edges.items()}
            known = before["edges"]
            moved = {id: now.get(_ends(known[id], renames)) for id in self.lines if id in known}
            self.lines = {new: self.lines[old] for old, new in moved.items() if new is not None}
        self.lines = {id: line for id, line in self.lines.items() if id in edges}
        self._take_back(after)

    def _put_aside(self, before: Keyed, after: Keyed, renames: Mapping[str, str]) -> None:
        parts: Mapping[str, Mapping[str, Any]] = {
            "changes": self.status, "progress": self.progress, "workers": self.workers
        }  # fmt: skip
        for id in before["nodes"].keys() - after["nodes"].keys() - renames.keys():
            said = {part: known[id] for part, known in parts.items() if id in known}
            if said:
                self._gone[id] = (_task(before, id), said)
        self._gone_lines.update({id: line for id, line in self.lines.items() if id not in after["edges"]})

    def _take_back(self, after: Keyed) -> None:
        known: Mapping[str, dict[str, Any]] = {
            "changes": self.status, "progress": self.progress, "workers": self.workers
        }  # fmt: skip
        for id in self._gone.keys() & after["nodes"].keys():
            task, said = self._gone.pop(id)
            for part, value in said.items() if task == _task(after, id) else ():
                self._note(part, known[part], id, value, None)
        for id in self._gone_lines.keys() & after["edges"].keys():
            self._note("lines", self.lines, id, self._gone_lines.pop(id), None)

    def _note(self, part: str, known: dict[str, Any], id: str, value: Any, nothing: Any) -> None:
        if known.get(id, nothing) == value:
            return
        if value == nothing:
            del known[id]
        else:
            known[id] = value
        self._pending[part][id] = value


def _task(state: Keyed, id: str) -> str:
    return str(state["nodes"][id].get("task", ""))


def _ends(edge: Mapping[str, Any], renames: Mapping[str, str]) -> tuple[str, str, str]:
    source, target = str(edge["source"]), str(edge["target"])
    return renames.get(source, source), renames.get(target, target), str(edge.get("on") or "success")


def kept(selected: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, list[str]]:
    """What of a selection is there."""
    return {group: _there(selected.get(group) or (), state[group]) for group in ("nodes", "edges", "notes")}


def _there(ids: Iterable[Any], group: Mapping[str, Any]) -> list[str]:
    return [id for id in ids if isinstance(id, str) and id in group]
