"""What the rows of the history stand for. A row that makes no sense is the problem of its run, and says so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeVar

from flowbook.events import NodeOutput, NodeRetried
from flowbook.journal.contents import Content
from flowbook.journal.inputs import Given
from flowbook.journal.protocol import RunRecord, RunSummary, damaged
from flowbook.journal.tables import Row
from flowbook.json_text import parse_json
from flowbook.results import REUSE_REASONS, Cause, ItemResult, NodeResult, Reuse, Source

T = TypeVar("T")

NO_SENSE = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What reading a row raises that does not hold what it should."""


def summary_of(row: Row) -> RunSummary:
    """One line of the history; of a row that makes no sense, that it does not."""
    try:
        return _summary(row)
    except NO_SENSE as error:
        id = str(row["id"])
        return RunSummary(id, str(row["workflow"]), "unknown", 0.0, None, damaged(id, error).message)


def _summary(row: Row) -> RunSummary:
    return RunSummary(
        _is(str, row["id"]), _is(str, row["workflow"]), _is(str, row["status"]), _number(row["started_at"]),
        _number_or_none(row["seconds"]), _is(str, row["message"]), _is(str, row["parent"]), _is(int, row["attempt"]),
        _number_or_none(row["resumed_at"]), _text_or_none(row["only_to"]), _text_or_none(row["only_node"]),
    )  # fmt: skip


def record_of(
    run: Row,
    definition: str,
    nodes: Iterable[Row],
    items: Iterable[Row],
    attempts: Iterable[Row],
) -> RunRecord:
    """A run with all that is recorded of it. Raises StoreDamaged, which names it, when that makes no sense."""
    id = str(run["id"])
    try:
        by_node: dict[str, dict[int, ItemResult]] = {}
        for one in items:
            by_node.setdefault(_is(str, one["node"]), {})[_is(int, one["item"])] = _item(one, id)
        return RunRecord(
            summary=_summary(run),
            definition=_is(dict, parse_json(definition)),
            inputs=_is(dict, parse_json(run["inputs"])),
            node_ids=_texts(run["nodes"]),
            nodes={_is(str, node["node"]): result_of(node, id) for node in nodes},
            attempts=[_attempt(one, id) for one in attempts],
            withheld=_texts(run["withheld"]),
            items=by_node,
            by_item=bool(run["by_item"]),
        )
    except NO_SENSE as error:
        raise damaged(id, error) from None


def output_of(row: Row, run: str) -> NodeOutput:
    """Something that a node printed or displayed. Raises StoreDamaged."""
    try:
        return NodeOutput(
            run, _is(str, row["node"]), _number(row["at"]), _is(str, row["stream"]), _is(str, row["text"]),
            None if row["bundle"] is None else _is(dict, parse_json(row["bundle"])),
            None if row["item"] is None else _is(int, row["item"]),
        )  # fmt: skip
    except NO_SENSE as error:
        raise damaged(run, error) from None


def seconds_until(began: Any, ends: Iterable[tuple[Any, Any]]) -> float:
    """How long it took until the last of the ``ends``, as (started at, seconds) each; 0 when that is not known."""
    known = [0.0]
    for started, seconds in ends:
        with suppress(TypeError):
            known.append(_number(started) + _number(seconds) - _number(began))
    return max(known)


def result_of(row: Row, run: str) -> NodeResult:
    """How a node ended."""
    result = _result(row, run)
    return result if row["reuse"] is None else result.but(reuse=_reuse(row["reuse"]))


def _reuse(text: str) -> Reuse:
    said = _is(dict, parse_json(text))
    if said["reason"] not in REUSE_REASONS:
        raise ValueError(said["reason"])
    prints = {_is(str, name): _is(str, digest) for name, digest in _is(dict, said["prints"]).items()}
    changed = tuple(_is(str, name) for name in _is(list, said["changed"]))
    return Reuse(said["reason"], prints, changed, _is(str, said["run"]), _number(said["at"]))


def _result(row: Row, run: str) -> NodeResult:
    """How a node, or one call of it, ended."""
    return NodeResult(
        _is(str, row["status"]), _is(str, row["message"]), Content(_is(str, row["kind"]), row["data"], run),  # type: ignore[arg-type]
        _is(int, row["attempts"]), _number(row["seconds"]), _number_or_none(row["started_at"]),
        cause=None if row["cause"] is None else Cause(row["cause"]), source=Source(row["source"]),
        effects=_is(str, row["effects"]), handled=bool(row["handled"]),
        params=None if row["params"] is None else Given(row["params"], run), worker=_is(str, row["worker"]),
    )  # fmt: skip


def _item(row: Row, run: str) -> ItemResult:
    return ItemResult(_result(row, run), _is(str, row["digest"]))


def _attempt(row: Row, run: str) -> NodeRetried:
    item = None if row["item"] is None else _is(int, row["item"])
    return NodeRetried(
        run, _is(str, row["node"]), _number(row["at"]), _is(int, row["attempt"]), _is(str, row["message"]),
        _number(row["wait"]), item, Cause(row["cause"]),
    )  # fmt: skip


def _is(kind: type[T], value: Any) -> T:
    if isinstance(value, kind):
        return value
    raise TypeError(f"{value!r:.50} is no {kind.__name__}")


def _number(value: Any) -> float:
    if isinstance(value, (int, float)) and math.isfinite(value):
        return value
    raise TypeError(f"{value!r:.50} is no number")


def _number_or_none(value: Any) -> float | None:
    return None if value is None else _number(value)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _is(str, value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_is(str, one) for one in _is(list, parse_json(value)))
