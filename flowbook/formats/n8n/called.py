"""How a call of a service in n8n becomes one of ours, as a row of a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flowbook.records import NamedTuple

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Call(NamedTuple):
    """A task, which of n8n's params it needs and which it may get, what is given besides, and how its data are items.

    ``shape`` is "one" for an item of each call, "list" for the items of a list, and ".rows" for those of a list that is
    called so in the data; else it is the expression of an item, in which ``one`` is the data of a call.
    """

    task: str
    names: Mapping[str, str]
    more: Mapping[str, Any] = _NOTHING
    shape: str = "one"
    others: Mapping[str, str] = _NOTHING
