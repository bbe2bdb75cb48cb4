"""The interpreter of the library ``jmespath``, with the language's budgets. Imported when it is first used.

The library knows no bounds. So each step of it is paid for before it is made, and what a function or a comparison is
given is copied, and paid for, first: a list can hold another twice, and that one another twice, and would be without
end for whoever looks at all of it.
"""

from __future__ import annotations

from typing import Any

from jmespath.visitor import TreeInterpreter

from flowbook.expressions.limits import Meter, check_float, check_int
from flowbook.expressions.text import as_json
from flowbook.expressions.values import copied, is_list, is_map
from flowbook.expressions.views import SCALARS, plain

_EXPREF = "_Expression"
_SORTING = frozenset({"sort", "sort_by", "min_by", "max_by"})


class Metered(TreeInterpreter):  # type: ignore[misc]
    """Pays for each step, and sees all values as the language does."""

    def __init__(self, meter: Meter) -> None:
        super().__init__()
        self._meter = meter

    def visit(self, node: Any, value: Any) -> Any:
        """What a part of an expression is of a value."""
        self._meter.spend(4)
        found = super().visit(node, self._seen(value))
        return found if type(found).__name__ == _EXPREF else self._seen(found)

    def _seen(self, value: Any) -> Any:
        """A plain value; a view is copied, as the library knows lists and mappings only."""
        value = plain(value)
        if type(value) is str:
            self._meter.spend(len(value) >> 8)
        return value if type(value) in SCALARS or type(value) in (list, dict) else copied(value, self._meter)

    def _whole(self, value: Any) -> Any:
        """A value that all is looked at of, paid for."""
        if type(value).__name__ == _EXPREF:
            return value
        if type(value) is str:
            self._meter.text(len(value), ascii_only=value.isascii())
        return copied(value, self._meter)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Both sides are looked at as a whole, so each is paid for first."""
        children = [{"type": "literal", "value": self._whole(self.visit(one, value))} for one in node["children"]]
        return super().visit_comparator({**node, "children": children}, value)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """As the library, with what the function is given and does paid for."""
        name, given = node["value"], [self._whole(self.visit(one, value)) for one in node["children"]]
        self._pay(name, given)
        found = self._functions.call_function(name, given)
        if type(found) is float:
            return check_float(found)
        return check_int(found) if type(found) is int else found

    def _pay(self, name: str, given: list[Any]) -> None:
        """Pay for what a function does beyond looking at what it is given."""
        first = given[0] if given else None
        if name == "to_string" and type(first) is not str:
            as_json(first, self._meter)
        elif name == "join" and len(given) == 2 and type(given[1]) is list:
            texts = [len(one) for one in given[1] if type(one) is str]
            self._meter.text(sum(texts) + len(texts) * (len(first) if type(first) is str else 0))
        elif name == "contains" and type(first) is str and type(given[-1]) is str:
            self._meter.search(len(first), len(given[-1]))
        elif name in _SORTING and type(first) is list:
            self._meter.spend(len(first) * len(first).bit_length() // 2)
        elif name == "to_number" and type(first) is str and len(first) > 1_300:
            raise ValueError("too long for a number")

    def visit_flatten(self, node: Any, value: Any) -> Any:
        """As the library, with room made for the whole list."""
        found = self.visit(node["children"][0], value)
        if is_list(found):
            flat = [self._seen(one) for one in found]
            self._meter.items(sum(len(one) if is_list(one) else 1 for one in flat))
            found = flat
        return super().visit_flatten({**node, "children": [{"type": "literal", "value": found}]}, value)

    def visit_slice(self, node: Any, value: Any) -> Any:
        """As the library, with room made for what is taken."""
        if is_list(value):
            self._meter.items(len(range(*slice(*node["children"]).indices(len(value)))))
        return super().visit_slice(node, value)

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        """As the library, with room made for the values."""
        found = self.visit(node["children"][0], value)
        if is_map(found):
            self._meter.items(len(found))
        literal = {"type": "literal", "value": found}
        return super().visit_value_projection({**node, "children": [literal, node["children"][1]]}, value)

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        """As the library, with room made for the list."""
        self._meter.items(len(node["children"]))
        return super().visit_multi_select_list(node, value)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        """As the library, with room made for the mapping."""
        self._meter.hold(64 + 100 * len(node["children"]))
        return super().visit_multi_select_dict(node, value)
