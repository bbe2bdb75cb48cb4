"""What became of a workflow of n8n: of each node and each expression, carried over, changed, or not and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowbook.records import NamedTuple


class Carried(NamedTuple):
    """What became of one node: ``how`` is "carried" or "placeholder" (a task that is not there yet)."""

    node: str
    type: str
    task: str
    how: str


class Note(NamedTuple):
    """Something that differs from n8n, or was not carried over: of which node, what, and why."""

    node: str
    what: str
    why: str


@dataclass
class Report:
    """The counts and notes of one import."""

    nodes: list[Carried] = field(default_factory=list)
    noted: dict[Note, None] = field(default_factory=dict)
    expressions: int = 0
    translated: int = 0

    def note(self, node: str, what: str, why: str) -> None:
        """Note something, once."""
        self.noted[Note(node, what[:300], why[:300])] = None

    @property
    def notes(self) -> list[Note]:
        """What is to be said, in the order in which it came up."""
        return list(self.noted)

    @property
    def placeholders(self) -> int:
        """How many nodes became tasks that are not there yet."""
        return sum(one.how == "placeholder" for one in self.nodes)

    def to_document(self, file: str, workflow: str, others: list[str]) -> dict[str, Any]:
        """The report as JSON; ``others`` are the workflows that were imported along with ``workflow``."""
        return {
            "file": file,
            "workflow": workflow,
            "workflows": [workflow, *others],
            "nodes": {
                "total": len(self.nodes),
                "carried": len(self.nodes) - self.placeholders,
                "placeholder": self.placeholders,
            },
            "expressions": {"total": self.expressions, "carried": self.translated},
            "each": [one._asdict() for one in self.nodes],
            "notes": [one._asdict() for one in self.notes],
        }
