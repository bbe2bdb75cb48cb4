"""What was found: problems, and the report that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from flowbook.counting import counted
from flowbook.errors import InvalidWorkflow
from flowbook.internal import internal
from flowbook.models import Predicate
from flowbook.records import NamedTuple

Severity = Literal["error", "warning"]


class Lines(Protocol):
    """Where fields stand in a file: see :class:`flowbook.formats.flowfile.Positions`."""

    def line(self, node: str = "", field: str = "") -> int | None:
        """The line of a node's field, or of the workflow's when ``node`` is ""."""


class Problem(NamedTuple):
    """One thing that is wrong.

    ``node`` is its node's id, "a→b" for an edge, "" for the workflow; ``field`` such as ``params.text`` or ``when``;
    ``code`` a stable word for the kind of problem; ``line`` its line in the file, if it came from one. With a "warning"
    the workflow can run. ``predicate`` says that the message goes on from the field's name, as "is required." does.
    """

    severity: Severity
    node: str
    field: str
    message: str
    remedy: str
    code: str
    line: int | None = None
    predicate: bool = False

    def text(self, source: str) -> str:
        """One line for people: ``file:node:field: what is wrong, how to mend it``; of a whole file without the two."""
        place = f"{source}:{self.node}:{self.field}" if self.node or self.field else source
        return f"{place}: {self.message} {self.remedy}".rstrip()


class Report:
    """All the problems of a workflow: first the workflow's own, then each node's in order, then the edges'."""

    def __init__(self, name: str = "", positions: Lines | None = None) -> None:
        self.name = name
        self._positions = positions
        self._problems: list[Problem] = []

    @internal
    def add(
        self,
        code: str,
        node: str,
        field: str,
        message: str,
        remedy: str = "",
        *,
        severity: Severity = "error",
        at: str = "",
        line: int | None = None,
    ) -> None:
        """Note a problem; ``at`` is the workflow's field that it stands in, when that is not the node's own.

        ``line`` is looked up when it is not given.
        """
        if line is None and self._positions is not None:
            line = self._positions.line("", at) if at or not node else self._positions.line(node, field)
            if not (at or node):
                line = self._positions.line("", field)
        says = isinstance(message, Predicate)
        self._problems.append(Problem(severity, node, field, message, remedy, code, line, says))

    @internal
    def settle(self, nodes: Iterable[str]) -> None:
        """Bring the problems into their order."""
        order = {"": 0} | {node: place for place, node in enumerate(nodes, 1)}
        self._problems.sort(key=lambda problem: order.get(problem.node, len(order)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Errors and warnings."""
        return tuple(self._problems)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What keeps the workflow from running."""
        return tuple(problem for problem in self._problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may go wrong."""
        return tuple(problem for problem in self._problems if problem.severity == "warning")

    @property
    def ok(self) -> bool:
        """Whether there are no errors."""
        return not self.errors

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def __repr__(self) -> str:
        return (
            f"<Report on {self.name}: {counted(len(self.errors), 'error')}, {counted(len(self.warnings), 'warning')}>"
        )

    def raise_if_invalid(self) -> None:
        """Raise InvalidWorkflow that lists the errors and carries this report, unless there are none."""
        errors = self.errors
        if not errors:
            return
        shown = [
            f"  {error.node or self.name}:{error.field}: {error.message} {error.remedy}".rstrip() for error in errors
        ]
        more = len(shown) - 20
        lines = shown[:20] + ([f"  … and {more} more"] if more > 0 else [])
        count = "1 problem" if len(errors) == 1 else f"{counted(len(errors), 'problem')}"
        raise InvalidWorkflow(f"{self.name or 'the workflow'} has {count}:\n" + "\n".join(lines), self)
