"""Workflows made ready to run, once for one content of workflow and catalog: checked, written down and planned."""

from __future__ import annotations

import marshal
import operator
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from flowbook.catalog import Catalog
from flowbook.errors import NotFound
from flowbook.lasting import lasting
from flowbook.models import Definition, Workflow
from flowbook.models.documents import canonical
from flowbook.plan import Plan, make_plan
from flowbook.store import WorkspaceStore
from flowbook.workspace.reading import FileText, Given, Reader, Reading, is_path
from flowbook.workspace.witness import Witness

WORKFLOWS_KEPT = 16
NODES_KEPT = 30_000
PARTS_KEPT = 8


class Prepared:
    """A workflow as it was read, with what its runs need of it; its ``reading`` may say that it cannot run."""

    def __init__(self, reading: Reading, witness: Witness) -> None:
        self.reading = reading
        self._witness = witness
        self._plans: OrderedDict[tuple[str | None, str | None], Plan] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def definition(self) -> Definition:
        """The document that a run of it records."""
        return self._written[0]

    @property
    def content(self) -> str:
        """The hash of what counts of it when it is trusted."""
        return self._written[1]

    @cached_property
    def _written(self) -> tuple[Definition, str]:
        from flowbook.trust.content import hash_of_essence

        with lasting():
            document = self._workflow.to_document()
            parts = {key: canonical(value) for key, value in document.items()}
            definition = Definition.written(self._workflow.name, document, parts)
            return definition, hash_of_essence(document, parts)

    def plan(self, to: str | None = None, only: str | None = None) -> Plan:
        """The plan of all of it, or of a part (see :func:`~flowbook.plan.make_plan`)."""
        with self._lock:
            known = self._plans.get((to, only))
            if known is None:
                with lasting():
                    known = make_plan(self._workflow, self._witness, to=to, only=only)
                self._plans[to, only] = known
            self._plans.move_to_end((to, only))
            while len(self._plans) > PARTS_KEPT:
                self._plans.popitem(last=False)
            return known

    @property
    def _workflow(self) -> Workflow:
        workflow = self.reading.workflow
        assert workflow is not None
        return workflow

    @property
    def worth_keeping(self) -> bool:
        """Whether it can run: what is wrong may be mended anywhere, so it is looked at anew."""
        return self.reading.workflow is not None and not self.reading.report.errors and self._witness.complete

    def still_holds(self) -> bool:
        """Whether reading it again would find the same, if the workflow itself is the same."""
        return self._witness.still_holds()

    @property
    def size(self) -> int:
        """How many nodes it has."""
        return 0 if self.reading.workflow is None else len(self.reading.workflow.nodes)


class Preparations:
    """Prepares the workflows of one workspace, and keeps those that ran last.

    What is kept is used only while the workflow's content and all that it was checked against are the same: the object
    as its methods left it, the bytes of the file, the stored document; the versions of its tasks, the integrations, the
    names of sub-workflows. Inputs and credentials are never a part of it.
    """

    def __init__(self, reader: Reader, catalog: Catalog, store: WorkspaceStore) -> None:
        self._reader = reader
        self._catalog = catalog
        self._store = store
        self._kept: OrderedDict[Hashable, tuple[Content, Prepared]] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self, given: Given) -> Prepared:
        """The workflow that is given, read and ready to be planned. Raises as :meth:`Reader.read
        <flowbook.workspace.reading.Reader.read>`.
        """
        key, content = _key(given), self._content(given)
        with self._lock:
            known = self._kept.get(key)
        if known is not None and content is not None and known[0] == content and known[1].still_holds():
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
            return known[1]
        prepared = self.fresh(given)
        # Looked at a second time: what was read may be newer than what was looked at first.
        keep = content is not None and prepared.worth_keeping and self._content(given) == content
        with self._lock:
            self._kept.pop(key, None)
            if keep and content is not None:
                self._kept[key] = (content, prepared)
                self._shrink()
        return prepared

    def fresh(self, given: Given) -> Prepared:
        """As :meth:`prepare`, but read anew and not kept."""
        witness = Witness(self._catalog)
        with lasting():
            return Prepared(self._reader.read(given, witness), witness)

    def _shrink(self) -> None:
        """Let go of what was not used for longest; the newest stays however large it is."""
        nodes = sum(prepared.size for _, prepared in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > WORKFLOWS_KEPT or nodes > NODES_KEPT):
            _, (_, dropped) = self._kept.popitem(last=False)
            nodes -= dropped.size

    def _content(self, given: Given) -> Content | None:
        """What tells whether a workflow is as it was; None when that cannot be told (or there is none)."""
        try:
            if isinstance(given, FileText):
                return Content(given)
            if isinstance(given, Workflow):
                return content_of(given)
            if is_path(given):
                path = Path(given)
                return (
                    Content(path.read_bytes()) if path.is_file() else None
                )  # what a pipe gives is gone once it is read
            return Content(self._store.workflow_text(os.fspath(given)))
        except (OSError, NotFound, ValueError):
            return None


class Content:
    """What a workflow consists of: ``parts`` that are compared by their values, ``objects`` by being the very same."""

    __slots__ = ("objects", "parts")

    def __init__(self, parts: Any, objects: Iterable[object] = ()) -> None:
        self.parts = parts
        self.objects = tuple(objects)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Content)
            and self.parts == other.parts
            and len(self.objects) == len(other.objects)
            and all(map(operator.is_, self.objects, other.objects))
        )

    __hash__ = None  # type: ignore[assignment]


def content_of(workflow: Workflow) -> Content:
    """The content of a workflow, without writing it all down: nodes and edges are frozen, so the same are unchanged.

    What a node holds in lists and dicts could be changed in place, so that is compared as bytes (where 1, 1.0 and true
    differ). Raises ValueError for what cannot be written so.
    """
    nodes = workflow.nodes
    inside = [
        (node.params, node.for_each, node.pinned)
        for node in nodes.values()
        if node.params or node.pinned is not None or isinstance(node.for_each, list)
    ]
    described = [(name, parameter.to_document()) for name, parameter in workflow.inputs.items()]
    parts = (
        workflow.name, workflow.description, tuple(nodes), dict(workflow.layout), tuple(workflow.notes),
        marshal.dumps((inside, described), 2),
    )  # fmt: skip
    return Content(parts, (*nodes.values(), *workflow.edges, *workflow.notes.values()))


def _key(given: Given) -> Hashable:
    if isinstance(given, FileText):
        return "text", given.name
    if isinstance(given, Workflow):
        return "object", id(given)
    return ("file", os.path.abspath(given)) if is_path(given) else ("stored", os.fspath(given))
