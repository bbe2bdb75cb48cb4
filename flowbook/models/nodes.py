"""What a workflow is made of: nodes, and the edges between them."""

# Annotations are made at once here, not kept as text: pydantic would compile each of them again.
import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from flowbook.errors import InvalidWorkflow
from flowbook.models.base import Finite, Frozen, Json, checked, mapping
from flowbook.models.names import TASK_NAME
from flowbook.models.notes import number
from flowbook.models.periods import seconds_in


class Retry(Frozen):
    """When and how a node is tried again.

    ``attempts`` counts the first one too; ``wait`` seconds before the second attempt, multiplied by ``backoff``
    for each later one, never above ``max_wait`` seconds. With ``until`` (an expression that also sees ``result``)
    the node is tried again until it is true.
    """

    attempts: int = Field(default=3, ge=1, le=10_000)
    wait: Finite = Field(default=1, ge=0)
    backoff: Finite = Field(default=1, ge=1)
    max_wait: Finite | None = Field(default=None, ge=0)
    until: str | None = None

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failed attempt number ``attempt`` (from 1)."""
        try:
            seconds = self.wait * self.backoff ** (attempt - 1)
        except OverflowError:
            seconds = float("inf")
        limit = self.max_wait if self.max_wait is not None else 86_400.0
        return min(seconds, limit)


_WORKFLOW_PARAMS = {"core.run_workflow": "workflow", "core.repeat": "workflow", "llm.agent": "workflows"}
SUB_WORKFLOW_TASKS = frozenset(_WORKFLOW_PARAMS)
"""The tasks that run another workflow, which their param ``workflow`` names."""


class Node(Frozen):
    """One step: a task, the integration it uses and its params. The id is its key in the workflow."""

    task: str
    integration: str | None = None
    params: dict[str, Json] = Field(default_factory=dict)
    label: str = ""
    notes: str = ""
    when: str | bool | None = None
    for_each: str | list[Json] | None = None
    max_parallel: int | None = Field(default=None, ge=1, le=1000)
    retry: Retry | None = None
    timeout: Finite | None = Field(default=None, gt=0)
    isolate: bool = False
    where: Literal["here", "processes", "cluster"] | None = None
    cache: bool | str | None = None
    on_error: Literal["stop", "continue"] = "stop"
    join: Literal["all", "any"] | None = None
    disabled: bool = False
    pinned: Json = None

    @field_validator("task")
    @classmethod
    def _task_is_dotted(cls, task: str) -> str:
        if not TASK_NAME.match(task):
            raise ValueError(f"{task!r} is not of the form 'folder.function'")
        return task

    @field_validator("cache")
    @classmethod
    def _cache_lasts(cls, cache: bool | str | None) -> bool | str | None:
        if isinstance(cache, str) and not seconds_in(cache):
            raise ValueError(f"{cache!r} is no length of time: write true, or one such as 12h, 1d or 2w")
        return cache or None

    @property
    def reusable_for(self) -> float | None:
        """For how many seconds a result of it may be reused, perhaps without end; None when it may not."""
        return seconds_in(self.cache) if isinstance(self.cache, str) else math.inf if self.cache else None

    @property
    def folder(self) -> str:
        """The integration folder that the task belongs to."""
        return self.task.partition(".")[0]

    def to_document(self) -> dict[str, Any]:
        """Its fields in the file's order, leaving out what equals the default."""
        return _document(self, _NODE_FIELDS)


class Edge(Frozen):
    """An arrow from node ``source`` to node ``target`` (``from`` and ``to`` in files)."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    on: Literal["success", "failure", "always"] = "success"
    when: str | bool | None = None

    def to_document(self) -> dict[str, Any]:
        """Its fields in the file's order, leaving out what equals the default."""
        document: dict[str, Any] = {"from": self.source, "to": self.target}
        if self.on != "success":
            document["on"] = self.on
        if self.when is not None:
            document["when"] = self.when
        return document


_NODE_FIELDS = (
    "task", "integration", "label", "notes", "params", "when", "for_each", "max_parallel", "retry", "timeout",
    "isolate", "where", "cache", "on_error", "join", "disabled", "pinned",
)  # fmt: skip
_NODE_DEFAULTS = {name: field.get_default(call_default_factory=True) for name, field in Node.model_fields.items()}
_RETRY_FIELDS = ("attempts", "wait", "backoff", "max_wait", "until")
_RETRY_DEFAULTS = {name: field.default for name, field in Retry.model_fields.items()}


def _document(node: Node, fields: Iterable[str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    given = vars(node)
    for name in fields:
        value = given[name]
        default = _NODE_DEFAULTS[name]
        if value is default or (value == default and not (name == "when" and value is not None)):
            continue
        if name == "retry":
            retry = {part: getattr(value, part) for part in _RETRY_FIELDS}
            value = {
                part: number(setting) if isinstance(setting, float) else setting
                for part, setting in retry.items()
                if part == "attempts" or setting != _RETRY_DEFAULTS[part]
            }
        elif type(value) is float:
            value = number(value)
        document[name] = value
    return document


def node_from_document(id: str, document: Any) -> Node:
    """The node of a document, or InvalidWorkflow naming the field that does not fit."""
    if not isinstance(document, Mapping):
        raise InvalidWorkflow(f"node {id}: must be a mapping with at least 'task'.")
    fields = mapping(document)
    if isinstance(fields.get("retry"), Mapping):
        fields["retry"] = checked(Retry, f"node {id}: retry", InvalidWorkflow, **mapping(fields["retry"]))
    node: Node = checked(Node, f"node {id}", InvalidWorkflow, **fields)
    return node


def workflows_named(node: Node) -> list[str] | None:
    """The workflows that a node runs as its steps, or may run; None when one of their names is computed."""
    given = node.params.get(_WORKFLOW_PARAMS.get(node.task, ""))
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) and "${{" not in name for name in names):
        return None
    return names
