"""Whether what a node with a ``cache`` gave in an earlier run still holds, and if not, why.

What it depends on is compared by digests: the code of its task, its params as they are now, the files that these name,
its integration, and of code the nodes and inputs that it may read. A secret is left out of its digest.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flowbook.engine import Recall
from flowbook.errors import ExpressionError, InputError, NotFound
from flowbook.journal import WorkspaceJournal
from flowbook.journal.contents import keep
from flowbook.models import Integration, Workflow
from flowbook.models.code_nodes import CODE_PARAMS
from flowbook.paths import expanded
from flowbook.plan import Plan, PlannedNode
from flowbook.redaction import Redactor
from flowbook.results import NodeResult, Reuse

_SKEW = 60
"""Seconds by which the clocks of machines that use one workspace may differ. What is later than that was made before
the clock was set back: how old it is cannot be told."""


class Reusing:
    """Decides for the nodes of a workflow's runs; ``integration(name)`` gives a stored one, or NotFound."""

    def __init__(self, journal: WorkspaceJournal, root: Path, integration: Callable[[str], Integration]) -> None:
        self._journal = journal
        self._root = root
        self._integration = integration

    def recall(self, workflow: Workflow, plan: Plan, redact: Redactor, *, fresh: bool) -> Recall | None:
        """What a run by a plan asks; None when no node of it has a ``cache``. ``fresh`` has all of them run."""
        if not plan.caching:
            return None

        def look(node: PlannedNode, names: Mapping[str, Any]) -> tuple[Reuse | None, NodeResult | None]:
            try:
                depends = _Dependences(node, names, workflow.upstream(node.id), redact, self._root)
            except ExpressionError:
                return None, None  # the node says so itself
            depends.take("integration", self._digest_of(node.integration))
            return self._decide(workflow.name, node, depends, fresh)

        return look

    def _decide(
        self, workflow: str, node: PlannedNode, depends: _Dependences, fresh: bool
    ) -> tuple[Reuse, NodeResult | None]:
        prints = depends.prints
        if depends.unclear:
            return Reuse("unclear", changed=tuple(depends.unclear)), None
        if fresh:
            return Reuse("fresh", prints), None
        earlier = self._journal.results(workflow, node.id)
        if not earlier:
            return Reuse("first", prints), None
        for run, result in earlier:
            if result.reuse is not None and dict(result.reuse.prints) == prints:
                at = result.started_at or 0.0
                if node.reusable_for is not None and not -_SKEW <= time.time() - at <= node.reusable_for:
                    return Reuse("expired", prints, run=run, at=at), None
                if result.lost:
                    return Reuse("lost", prints, run=run, at=at), None
                return Reuse("reused", prints, run=run, at=at), result
        nearest = min((_changed(result, prints) for _, result in earlier), key=len)  # of several the newest
        return Reuse("changed", prints, nearest), None

    def _digest_of(self, integration: str | None) -> str:
        """What tells an integration from a changed one: what is stored of it, as it is stored."""
        if integration is None:
            return ""
        try:
            stored = self._integration(integration)
        except NotFound:
            return _digest(integration)  # from the environment: its name alone is known for certain
        return _digest(f"{stored.id} {stored.type} {sorted(stored.fields.items())!r}")


def _changed(before: NodeResult, prints: Mapping[str, str]) -> tuple[str, ...]:
    known = {} if before.reuse is None else before.reuse.prints
    return tuple(sorted(name for name in {*known, *prints} if known.get(name) != prints.get(name)))


class _Dependences:
    """What a node depends on: ``prints`` are the digests by name, ``unclear`` names what has none."""

    def __init__(
        self, node: PlannedNode, names: Mapping[str, Any], before: Iterable[str], redact: Redactor, root: Path
    ) -> None:
        self.prints: dict[str, str] = {}
        self.unclear: list[str] = []
        self._redact = redact
        origin = node.spec.origin
        self.take("task", _digest(f"{node.task} {'' if origin is None else origin.digest}"))
        params = self._params(node, names)
        for name, value in params.items():
            self.add(f"params.{name}", value)
        for parameter in node.spec.parameters:
            if parameter.type == "file" and isinstance(params.get(parameter.name), str):
                self.take(f"the file of params.{parameter.name}", _state(root / params[parameter.name]))
        if node.spec.runs_code:
            self._read_by_code(node, params, names, before)

    def take(self, name: str, digest: str) -> None:
        """Take a digest."""
        self.prints[name] = digest

    def add(self, name: str, value: Any) -> None:
        """Take the digest of a value; of one that cannot be kept as it is none can be made."""
        kind, content = keep(value, self._redact.redact_json if self._redact else None, self._redact)
        if kind == "omitted":
            self.unclear.append(name)
            return
        self.prints[name] = _digest(content if isinstance(content, bytes) else f"{kind} {content}")

    def _params(self, node: PlannedNode, names: Mapping[str, Any]) -> dict[str, Any]:
        """The params of its call; of all calls of a ``for_each`` node, each a list."""
        if node.for_each is None:
            return {} if node.params is None else node.params.evaluate(names)
        from flowbook.engine.fan import items_of

        items = items_of(node, names)
        self.add("for_each", list(items))
        if node.params is None:
            return {}
        calls = [node.params.evaluate({**names, "item": item, "index": index}) for index, item in enumerate(items)]
        return {name: [call.get(name) for call in calls] for name in (calls[0] if calls else ())}

    def _read_by_code(
        self, node: PlannedNode, params: Mapping[str, Any], names: Mapping[str, Any], before: Iterable[str]
    ) -> None:
        """The nodes and inputs that code names; all there are, where it is not clear which it reads."""
        source = params.get(CODE_PARAMS.get(node.task, ""))
        nodes, inputs = set(before), set(names["inputs"])
        if isinstance(source, str):
            from flowbook.expressions.code import code_reads

            read, given = code_reads(source, "nodes"), code_reads(source, "inputs")
            nodes, inputs = nodes if read is None else read, inputs if given is None else inputs & given
        for id in sorted(nodes & set(names["nodes"])):
            result = names["nodes"][id]
            self.add(f"nodes.{id}", [result.status, result.message, getattr(result, "data", None)])
        for name in sorted(inputs):
            self.add(f"inputs.{name}", names["inputs"][name])


def _state(path: Path) -> str:
    """What changes when a file is written; of none that there is none."""
    try:
        found = expanded(path).stat()
    except (OSError, InputError):
        return ""
    return _digest(f"{found.st_mtime_ns} {found.st_size} {found.st_ino}")


def _digest(content: str | bytes) -> str:
    encoded = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256(encoded).hexdigest()[:32]
