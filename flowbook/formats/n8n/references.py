"""n8n's own names in an expression: ``$json``, ``$('node').item.json``, ``$input.all()`` and the like."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flowbook.formats.n8n.javascript import Untranslatable, inner, part, string, text
from flowbook.records import NamedTuple


class Items(NamedTuple):
    """A list of items, which n8n wraps: ``text`` is the list of what is inside of them."""

    text: str


class _One(NamedTuple):
    """One item: ``found`` says what is inside of it."""

    found: str


_ASKED = {"string": "string", "number": "number", "boolean": "boolean"}
_VARIABLES = ("$vars", "$env")


class References:
    """Finds n8n's names in a tree. ``resolve(kind, node, *more)`` says what each is in our language:

    ``json`` (of the item at hand), ``index``, ``item``, ``first``, ``last``, ``all``, ``at`` (with its position) and
    ``executed``; the node is None for the one before.
    """

    def __init__(
        self,
        resolve: Callable[..., str],
        value: Callable[[Any], str],
        item: Callable[[str], str | None],
        wrapped: Callable[[Any], bool],
    ) -> None:
        self._resolve, self._value, self._item, self._wrapped = resolve, value, item, wrapped

    def root(self, name: str) -> str:
        """What a name by itself is."""
        if name == "$json":
            return self._resolve("json", None)
        if name in ("$itemIndex", "$position"):
            return self._resolve("index", None)
        if name == "$runIndex":
            return "0"
        if name == "$items":
            return self._resolve("all", None)
        if name in _VARIABLES:
            raise Untranslatable(f"{name} as a whole")
        raise Untranslatable(f"the name {name}")

    def member(self, target: Any, name: str) -> str | None:
        """What ``target.name`` is, when one of n8n's names is concerned."""
        if target.type == "identifier":
            known = {
                ("$execution", "id"): "run.id",
                ("$workflow", "name"): "run.workflow",
                ("$workflow", "id"): "run.workflow",
            }
            if (text(target), name) in known:
                return known[text(target), name]
            if text(target) in _VARIABLES:
                return self._resolve("variables", name)
            if text(target) in ("$execution", "$workflow", "$prevNode", "$binary", "$parameter", "$nodeContext"):
                raise Untranslatable(f"{text(target)}.{name}")
        if name == "binary" and self._one(target) is not None:
            raise Untranslatable("binary data")
        if name == "json" and (found := self._one(target)) is not None:
            return found.found
        node = self._node(target)
        if node is None:
            return None
        if name == "isExecuted" and node:
            return self._resolve("executed", node)
        if name in ("params", "context", "parameter"):
            raise Untranslatable(f"the {name} of another node")
        raise (
            Untranslatable("an item as a whole")
            if name in ("item", "first", "last")
            else Untranslatable(f".{name} of a node")
        )

    def subscript(self, target: Any, index: Any) -> str | None:
        """What ``target[index]`` is, when one of n8n's names is concerned."""
        key = string(index) if index.type == "string" else None
        if key == "json" and (found := self._one(target)) is not None:
            return found.found
        if target.type == "identifier" and text(target) in _VARIABLES and key is not None:
            return self._resolve("variables", key)
        if target.type == "identifier" and text(target) in ("$binary", "$input", "$node"):
            raise Untranslatable(f"{text(target)}[…]")
        return None

    def call(self, name: str, arguments: list[Any]) -> str | None:
        """What a call of one of n8n's functions is."""
        if name.lower() == "$fromai":
            given = string(arguments[0]) if arguments and arguments[0].type == "string" else "value"
            said = [string(one) if one.type == "string" else "" for one in arguments[1:3]]
            description, kind = [*said, "", ""][:2]
            name = re.sub(r"[^a-z0-9_]", "_", given.lower()).strip("_") or "value"
            return self._resolve("asked", name, _ASKED.get(kind, "json"), description)
        if name == "$items":
            return self._resolve("all", string(arguments[0]) if arguments else None)
        if name in ("$jmespath", "$jmesPath") and len(arguments) == 2:
            value, path = (self._value(one) for one in arguments)
            return f"jmespath(default({value}, null), {path})"
        return None

    def items(self, node: Any) -> Items | None:
        """The list of a node's items, when a tree means one: ``$('x').all()``, ``$input.all()``, ``$items('x')``."""
        if node.type != "call_expression":
            return Items(self._resolve("all", None)) if node.type == "identifier" and text(node) == "$items" else None
        called, arguments = part(node, "function"), inner(part(node, "arguments"))
        if called.type == "identifier" and text(called) == "$items":
            return Items(self._resolve("all", string(arguments[0]) if arguments else None))
        if called.type == "member_expression" and text(part(called, "property")) == "all":
            source = self._node(part(called, "object"))
            return None if source is None else Items(self._resolve("all", source or None))
        return None

    def _node(self, node: Any) -> str | None:
        """The name of the node in ``$('x')``, ``$node["x"]`` or ``$node.x``; "" for ``$input``."""
        if node.type == "identifier":
            return "" if text(node) == "$input" else None
        if node.type == "call_expression" and text(part(node, "function")) == "$":
            arguments = inner(part(node, "arguments"))
            if len(arguments) == 1 and arguments[0].type in ("string", "template_string"):
                return string(arguments[0])
        if node.type == "subscript_expression" and text(part(node, "object")) == "$node":
            return string(part(node, "index")) if part(node, "index").type == "string" else None
        if node.type == "member_expression" and text(part(node, "object")) == "$node":
            return text(part(node, "property"))
        return None

    def _one(self, node: Any) -> _One | None:
        """The one item that a tree means; None when it means none."""
        while node.type == "parenthesized_expression":
            node = inner(node)[0]
        if node.type == "identifier":
            name = self._item(text(node))
            return None if name is None else _One(name)
        if node.type == "member_expression" and text(part(node, "property")) == "item":
            source = self._node(part(node, "object"))
            if source is not None:
                return _One(self._resolve("item", source) if source else self._resolve("json", None))
        if node.type == "call_expression":
            return self._called(node)
        if node.type == "subscript_expression" and (items := self.items(part(node, "object"))) is not None:
            return _One(f"{items.text}[{self._value(part(node, 'index'))}]")
        if node.type == "subscript_expression" and self._wrapped(part(node, "object")):
            return _One(self._value(node))
        source = self._node(node)
        return _One(self._resolve("item", source)) if source else None

    def _called(self, node: Any) -> _One | None:
        called, arguments = part(node, "function"), inner(part(node, "arguments"))
        if called.type == "member_expression":
            how, source = text(part(called, "property")), self._node(part(called, "object"))
            if source is not None and how in ("first", "last"):
                return _One(self._resolve(how, source or None))
            if source is None and how in ("find", "at", "first", "last") and self._wrapped(part(called, "object")):
                return _One(self._value(node))
            if source is not None and how in ("itemMatching", "pairedItem"):
                if not arguments:
                    return _One(self._resolve("item", source))
                return _One(self._resolve("at", source or None, self._value(arguments[0])))
        source = self._node(node)
        return _One(self._resolve("item", source)) if source else None
