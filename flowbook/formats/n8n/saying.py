"""What says an expression in our language: one part of JavaScript's tree by the others, as classes that add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.formats.n8n.javascript import Untranslatable, inner, part, text
from flowbook.formats.n8n.references import Items, References

MAX_RESULT = 10_000
Resolve = Callable[..., str]
"""``resolve(kind, node, *more)``: what a name of n8n is in our language; kinds are those of :class:`References`."""

_SIMPLE = frozenset({
    "member_expression", "call_expression", "identifier", "string", "number", "subscript_expression", "object", "array",
    "template_string", "parenthesized_expression",
})  # fmt: skip
_PARTS_OF_LISTS = frozenset({"filter", "slice", "sort", "toSorted", "reverse", "toReversed", "concat"})


class Speaker:
    """Says a part by the method that is called as its kind; what names stand for is known here."""

    def __init__(self, resolve: Resolve, zone: str) -> None:
        self._zone = zone
        self._names: dict[str, str] = {}
        self._items: set[str] = set()
        self._references = References(resolve, self.value, self._item_name, self._is_wrapped)
        self._numbered = 0

    def _item_name(self, name: str) -> str | None:
        return self._names[name] if name in self._items else None

    def value(self, node: Any) -> str:
        """What a node of the tree is in our language."""
        make = getattr(self, f"_{node.type}", None)
        if make is None:
            raise Untranslatable(f"JavaScript's {node.type.replace('_', ' ')}")
        found = str(make(node))
        if len(found) > MAX_RESULT:  # a part can stand in it twice, and a part of that again
            raise Untranslatable("it becomes too long")
        return found

    def _soft(self, node: Any) -> str:
        """A value that is null where it is missing, as JavaScript's undefined is."""
        return self._softened(self.value(node), node)

    def _softened(self, found: str, node: Any) -> str:
        plain = node
        while plain.type == "parenthesized_expression":
            plain = inner(plain)[0]
        missing = plain.type in ("member_expression", "subscript_expression") or found.startswith(
            ("match(", "match_groups(")
        )
        return f"default({found}, null)" if missing and not found.startswith("default(") else found

    def _wrapped(self, found: str, node: Any) -> str:
        return found if node.type in _SIMPLE or node.type in ("true", "false", "null") else f"({found})"

    def _named(self, name: str) -> str:
        if name in self._names:
            return self._names[name]
        if name == "$now":
            return f"now({self._zone})" if self._zone != "null" else "now()"
        if name == "$today":
            return f"today({self._zone})" if self._zone != "null" else "today()"
        if name in ("undefined", "NaN"):
            return "null"
        return self._references.root(name)

    def list_of(self, node: Any) -> tuple[str, bool]:
        """A list in our language, and whether n8n has its items wrapped (``.json``)."""
        items = self._references.items(node)
        return (items.text, True) if isinstance(items, Items) else (self.value(node), self._is_wrapped(node))

    def _is_wrapped(self, node: Any) -> bool:
        """Whether a tree means a list of items as n8n wraps them: ``$('x').all()``, or a part of it."""
        while node.type == "call_expression" and self._references.items(node) is None:
            called = part(node, "function")
            if called.type != "member_expression" or text(part(called, "property")) not in _PARTS_OF_LISTS:
                return False
            node = part(called, "object")
        return self._references.items(node) is not None
