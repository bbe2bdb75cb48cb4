"""A workflow as somebody looks at it before trusting it: all that it is able to do here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from flowbook.errors import FlowbookError
from flowbook.models import SUB_WORKFLOW_TASKS, Node, Workflow, workflows_named
from flowbook.models.documents import hash_of
from flowbook.records import NamedTuple
from flowbook.tasks import TaskSpec
from flowbook.trust.content import Meaning, consent_document
from flowbook.trust.needs import ANY, Need, needs_of

_MOST_WORKFLOWS = 50


class Surroundings(Protocol):
    """What a workflow means in one workspace."""

    @property
    def root(self) -> Path:
        """The workspace's folder."""

    def meaning(self, label: str, folder: str, /) -> Meaning | None:
        """Which integration a label means here, for the tasks of a folder; None when there is none."""

    def task(self, name: str, /) -> TaskSpec:
        """The task of that name. Raises FlowbookError."""

    def code_of(self, folder: str, /) -> str:
        """The hash of an integration folder's code; empty for one that is trusted by itself."""

    def stored(self, name: str, /) -> Workflow:
        """The stored workflow of that name. Raises FlowbookError."""


class Use(NamedTuple):
    """An integration that is used: the ``label`` in the file, what it means here (None: nothing), by which tasks."""

    label: str
    meaning: Meaning | None
    tasks: tuple[str, ...]


class Snippet(NamedTuple):
    """Code that a node runs: all its params that are text, in full."""

    node: str
    task: str
    text: str


class Review(NamedTuple):
    """All that a workflow is able to do here.

    ``sha256`` stands for ``document``, which is what a consent signs. ``writing`` are the nodes that change something
    (with their tasks), ``talking`` those that call a server without an integration (with the server, ``*`` when it is
    computed), ``places`` what is reached outside of the workspace, ``programs`` the nodes that may write files that
    could be executed, ``unsaid`` those of tasks whose author does not say what they are able to do. ``folders`` is code
    that is trusted in no other way, ``workflows`` what it runs in turn. ``missing`` are the ``needs`` that nobody
    consented to yet, ``changes`` what is other than in the version that was trusted.
    """

    name: str
    target: str
    sha256: str
    document: dict[str, Any]
    uses: tuple[Use, ...] = ()
    writing: tuple[tuple[str, str], ...] = ()
    talking: tuple[tuple[str, str], ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    programs: tuple[str, ...] = ()
    code: tuple[Snippet, ...] = ()
    unsaid: tuple[tuple[str, str], ...] = ()
    folders: tuple[tuple[str, str], ...] = ()
    workflows: tuple[tuple[str, str], ...] = ()
    any_workflow: bool = False
    needs: frozenset[Need] = frozenset()
    missing: frozenset[Need] = frozenset()
    changes: tuple[str, ...] = ()

    def __str__(self) -> str:
        from flowbook.trust.wording import lines_of

        return "\n".join(lines_of(self))

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """(task, integration's id) of all that connects."""
        return frozenset((task, use.meaning.id) for use in self.uses if use.meaning for task in use.tasks)


def review(workflow: Workflow, target: str, here: Surroundings) -> Review:
    """What ``workflow``, which came from ``target``, is able to do in ``here``. Nothing of it is run."""
    return _Looking(here).look(workflow, target, "")


class _Looking:
    """Looks at a workflow and at those it runs, each once."""

    def __init__(self, here: Surroundings) -> None:
        self._here = here
        self._seen: dict[str, Review] = {}

    def look(self, workflow: Workflow, target: str, prefix: str) -> Review:
        specs = dict(self._specs(workflow))
        uses = self._uses(workflow)
        subs, any_workflow = self._subs(workflow, prefix)
        meanings = {use.label: use.meaning for use in uses}
        code = self._code(workflow)
        inner = [sub for sub in subs.values() if sub is not None]
        named = {name: sub.sha256 if sub is not None else "not there" for name, sub in subs.items()}
        for sub in inner:
            named |= dict(sub.workflows)
        if any_workflow:
            named[ANY] = "any workflow"
        document = consent_document(workflow, meanings, code, named)
        found = Review(workflow.name, target, hash_of(document), document, uses, folders=tuple(sorted(code.items())))
        found = found._replace(workflows=tuple(sorted(named.items())), any_workflow=any_workflow)
        return _together(self._nodes(found, workflow, specs, meanings, prefix), inner)

    def _nodes(
        self,
        found: Review,
        workflow: Workflow,
        specs: dict[str, TaskSpec | None],
        meanings: dict[str, Meaning | None],
        prefix: str,
    ) -> Review:
        needs: set[Need] = {Need("workflow", ANY)} if found.any_workflow else set()
        writing, talking, programs, snippets, unsaid = [], [], [], [], []
        for id, node in workflow.nodes.items():
            spec, shown = specs[id], f"{prefix}{id}"
            if spec is None:
                continue
            own = frozenset(needs_of(node, spec, meanings.get(node.integration or ""), self._here.root))
            needs |= own
            if spec.effects != "read" and not spec.asks_only(node.params):
                writing.append((shown, node.task))
            if not node.integration:
                talking += [(shown, need.what) for need in sorted(own) if need.kind == "host"]
            if Need("program") in own:
                programs.append(shown)
            if spec.runs_code:
                snippets.append(Snippet(shown, node.task, code_text(node)))
            elif Need("code") in own:
                unsaid.append((shown, node.task))
        places = tuple(sorted((need.kind, need.what) for need in needs if need.kind in ("reads", "writes")))
        return found._replace(
            writing=tuple(writing), talking=tuple(talking), programs=tuple(programs), code=tuple(snippets),
            unsaid=tuple(unsaid), places=places, needs=frozenset(needs),
        )  # fmt: skip

    def _specs(self, workflow: Workflow) -> Iterator[tuple[str, TaskSpec | None]]:
        for id, node in workflow.nodes.items():
            try:
                yield id, self._here.task(node.task)
            except FlowbookError:
                yield id, None  # it cannot run either

    def _uses(self, workflow: Workflow) -> tuple[Use, ...]:
        tasks: dict[str, list[str]] = {}
        for node in workflow.nodes.values():
            if node.integration:
                tasks.setdefault(node.integration, []).append(node.task)
        return tuple(
            Use(label, self._here.meaning(label, used[0].partition(".")[0]), tuple(dict.fromkeys(used)))
            for label, used in tasks.items()
        )

    def _code(self, workflow: Workflow) -> dict[str, str]:
        found = {folder: self._here.code_of(folder) for folder in {node.folder for node in workflow.nodes.values()}}
        return {folder: digest for folder, digest in sorted(found.items()) if digest}

    def _subs(self, workflow: Workflow, prefix: str) -> tuple[dict[str, Review | None], bool]:
        """The workflows that its nodes run, by name, and whether a name is computed."""
        found: dict[str, Review | None] = {}
        computed = False
        for node in workflow.nodes.values():
            if node.task not in SUB_WORKFLOW_TASKS:
                continue
            names = workflows_named(node)
            if names is None or len(self._seen) + len(names) > _MOST_WORKFLOWS:
                computed = True
                continue
            found |= {name: self._sub(name, prefix) for name in names}
        return found, computed

    def _sub(self, name: str, prefix: str) -> Review | None:
        if name not in self._seen:
            try:
                workflow = self._here.stored(name)
            except FlowbookError:
                return None
            self._seen[name] = Review(name, "", "", {})  # one that runs itself is refused when it runs
            self._seen[name] = self.look(workflow, f"stored:{name}", f"{prefix}{name}/")
        return self._seen[name]


def _together(own: Review, inner: list[Review]) -> Review:
    """A review with what the workflows that it runs are able to do."""
    for sub in inner:
        labels = {use.label for use in own.uses}
        own = own._replace(
            uses=(*own.uses, *(use for use in sub.uses if use.label not in labels or use not in own.uses)),
            writing=own.writing + sub.writing, talking=own.talking + sub.talking,
            places=tuple(sorted({*own.places, *sub.places})), programs=own.programs + sub.programs,
            code=own.code + sub.code, unsaid=own.unsaid + sub.unsaid, folders=tuple(sorted({*own.folders,
            *sub.folders})), any_workflow=own.any_workflow or sub.any_workflow, needs=own.needs | sub.needs,
        )  # fmt: skip
    return own


def code_text(node: Node) -> str:
    """What the node would execute, as it is written: its code, or all params where it is not said which is the code."""
    code = node.params.get("code")
    if isinstance(code, str) and set(node.params) <= {"code", "item"}:
        return code
    return json.dumps(node.params, indent=2, ensure_ascii=False) if node.params else ""
