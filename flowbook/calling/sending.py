"""Orders as they are sent elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from flowbook.calling.caller import Call
from flowbook.calling.line import HERE, Unsendable, packed
from flowbook.calling.order import Late, Order, RunFacts
from flowbook.errors import FlowbookError
from flowbook.results import NodeResult, Stored

_RUN = Order._fields.index("run")


def parcels(calls: Sequence[tuple[Order, Call]]) -> list[Order]:
    """Orders of one run that travel together; what is the same for all is one object, and so sent once."""
    facts: dict[frozenset[str], RunFacts] = {}
    sent: list[Order] = []
    for order, call in calls:
        ids = _looked_at(order) if call.spec.runs_code else frozenset()
        if ids not in facts:
            whole = order.parcel(nodes=bool(ids)).run
            facts[ids] = whole._replace(nodes={id: node for id, node in whole.nodes.items() if id in ids})
        sent.append(Order._make((*order[:_RUN], facts[ids], *order[_RUN + 1 :])))  # half of what _replace costs
    return sent


_NODE = re.compile(r"\bnodes\b(?:\s*\.\s*([a-z]\w*))?")


def _looked_at(order: Order) -> frozenset[str]:
    """The nodes that code may look at: those that it names; all, where it names one in another way."""
    named = [found for text in texts_in(dict(_written(order.params))) for found in _NODE.findall(text)]
    known = order.run.nodes.keys()
    whole = "" in named or order.task != "core.python"
    return frozenset(known if whole else known & set(named))


def _written(params: Mapping[str, Any] | Late) -> Mapping[str, Any]:
    return params.given if isinstance(params, Late) else params


def texts_in(value: Any) -> Iterator[str]:
    """The texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def without_unsendable(order: Order) -> Order:
    """The order without data of other nodes that cannot be sent; Unsendable, by its name, for others."""
    packed(order.params, "params")
    packed(order.run.inputs, "inputs")
    nodes = {id: _sendable(id, node) for id, node in order.run.nodes.items()}
    return order._replace(run=order.run._replace(nodes=nodes))


class _NotSent(Stored):
    """Data of a node before, which a call of code may never ask for."""

    def __init__(self, why: str) -> None:
        self._why = why

    def load(self) -> NoReturn:
        """Say why it is not here."""
        raise FlowbookError(f"{self._why}.", f"Have that node give plain data, or {HERE}.")


def _sendable(id: str, node: Any) -> Any:
    """What is known of a node, without its data when that cannot be sent."""
    try:
        packed(node if not isinstance(node, NodeResult) else node.data, f"nodes.{id}.data")
    except Unsendable as error:
        return node.but(data=_NotSent(str(error)), params=None)
    return node
