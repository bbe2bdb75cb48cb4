"""Orders as they are sent elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from flowbook.calling.caller import Call
from flowbook.calling.line import Unsendable, packed
from flowbook.calling.order import Order, RunFacts
from flowbook.errors import FlowbookError
from flowbook.results import NodeResult, Stored


def parcels(calls: Sequence[tuple[Order, Call]]) -> list[Order]:
    """Orders of one run that travel together; what is the same for all is one object, and so sent once."""
    facts: dict[bool, RunFacts] = {}
    sent: list[Order] = []
    for order, call in calls:
        code = call.spec.runs_code
        if code not in facts:
            facts[code] = order.parcel(nodes=code).run
        sent.append(order._replace(run=facts[code]))
    return sent


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
        raise FlowbookError(
            f"{self._why}.", "Have that node give plain data, or take 'isolate' and 'where' off this one."
        )


def _sendable(id: str, node: Any) -> Any:
    """What is known of a node, without its data when that cannot be sent."""
    try:
        packed(node if not isinstance(node, NodeResult) else node.data, f"nodes.{id}.data")
    except Unsendable as error:
        return node.but(data=_NotSent(str(error)), params=None)
    return node
