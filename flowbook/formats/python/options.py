"""What may be said of a node beside its function: the arguments of ``@flow.task``."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import Any, Literal

from flowbook.formats.python.text import Fault
from flowbook.models import Node
from flowbook.records import NamedTuple
from flowbook.slips import suggest

OWN = ("after", "id")
FIELDS = tuple(name for name in Node.model_fields if name not in ("task", "integration", "params"))
Outcome = Literal["success", "failure", "always"]
OUTCOMES: dict[str, Outcome] = {"success": "success", "failure": "failure", "always": "always"}


class Link(NamedTuple):
    """Which node, by its function's name or its id, is before another, and when the edge from it is taken."""

    source: str
    on: Outcome = "success"
    condition: str | bool | None = None


def check_option(name: str, at: Any = None) -> None:
    """Raise Fault unless ``@flow.task`` has an argument of that name."""
    known = (*OWN, *FIELDS)
    if name not in known:
        raise Fault(f"@flow.task has no argument {name!r}", suggest(name, known, "argument"), at)


def fields_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a node's document that the options say; ``retry=3`` is three attempts."""
    fields = {name: value for name, value in options.items() if name in FIELDS}
    if type(fields.get("retry")) is int:
        fields["retry"] = {"attempts": fields["retry"]}
    if isinstance(fields.get("for_each"), (tuple, range)):
        fields["for_each"] = list(fields["for_each"])
    return fields


def no_lambda(name: str, at: Any = None) -> Fault:
    """What is said of a lambda where an expression is wanted."""
    return Fault(
        f"{name} is an expression of Flowbook, given as a text, and not a lambda",
        f'Write for example {name}="len(nodes.find.data) > 0".',
        at,
    )


def meaning_of_node(id: str) -> str:
    """What an argument stands for that is called as a node."""
    return f'nodes["{id}"].data' if keyword.iskeyword(id) else f"nodes.{id}.data"
