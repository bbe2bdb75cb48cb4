"""JavaScript's functions over lists (``map``, ``filter``, ``reduce``, ``sort``) as comprehensions."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.javascript import Untranslatable, inner, part, text
from flowbook.formats.n8n.saying import Speaker

OVER = frozenset({"map", "filter", "find", "some", "every", "findIndex", "flatMap"})


class OverLists(Speaker):
    """Says what is done with each item of a list."""

    def _function(self, node: Any) -> tuple[list[str], Any]:
        """The parameters and the value of a function that only returns something."""
        if node.type != "arrow_function":
            raise Untranslatable("a function of this kind")
        single, several = part(node, "parameter"), part(node, "parameters")
        given = [single] if single is not None else inner(several)
        names = [text(one) for one in given]
        if any(one.type not in ("identifier", "array_pattern", "object_pattern") for one in given):
            raise Untranslatable("a parameter that is taken apart")
        body = part(node, "body")
        if body.type == "statement_block":
            statements = inner(body)
            if len(statements) != 1 or statements[0].type != "return_statement" or not inner(statements[0]):
                raise Untranslatable("a function with statements")
            body = inner(statements[0])[0]
        return names, body

    def _over(self, target: Any, what: str, function: Any) -> str:
        items, wrapped = self.list_of(target)
        if function.type == "identifier":
            return self._over_named(items, what, text(function))
        names, body = self._function(function)
        outside, outside_items = dict(self._names), set(self._items)
        self._numbered += 1
        number = str(self._numbered) if self._numbered > 1 else ""
        variable, place = f"one{number}", f"at{number}"
        for name in names[:1]:
            self._names |= self._taken_apart(name, variable, wrapped)
            self._items |= {name} if wrapped else set()
        if len(names) > 1:
            self._names[names[1]] = place
        numbered = len(names) > 1 or what == "findIndex"
        head = f"{place}, {variable} in enumerate({items})" if numbered else f"{variable} in {items}"
        found = self._soft(body)
        self._names, self._items = outside, outside_items
        return {
            "map": f"[{found} for {head}]",
            "flatMap": f"flatten([{found} for {head}])",
            "filter": f"[{variable} for {head} if {found}]",
            "find": f"default([{variable} for {head} if {found}][0], null)",
            "some": f"(len([1 for {head} if {found}]) > 0)",
            "every": f"(len([1 for {head} if not ({found})]) == 0)",
            "findIndex": f"default([{place} for {head} if {found}][0], -1)",
        }[what]

    def _taken_apart(self, parameter: str, variable: str, wrapped: bool) -> dict[str, str]:
        """What the names in a parameter are: its own, or those of ``[key, value]`` or ``{json}``."""
        if parameter[0] not in "[{":
            return {parameter: variable}
        names = [one.strip() for one in parameter.strip("[]{}").split(",")]
        if not all(re.fullmatch(r"[A-Za-z_$][\w$]*|", name) for name in names) or (wrapped and names != ["json"]):
            raise Untranslatable("a parameter that is taken apart")
        if parameter[0] == "{":
            return {name: variable if wrapped else f"{variable}[{name!r}]" for name in names if name}
        return {name: f"{variable}[{place}]" for place, name in enumerate(names) if name}

    def _over_named(self, items: str, what: str, name: str) -> str:
        if what == "filter" and name == "Boolean":
            return f"[one for one in {items} if one]"
        if what == "map" and name in ("String", "Number"):
            return f"[{'str' if name == 'String' else 'number'}(one) for one in {items}]"
        raise Untranslatable(f".{what}({name})")

    def _sorted(self, target: Any, arguments: list[Any]) -> str:
        items = self.list_of(target)[0]
        if not arguments:
            return f"sorted({items})"
        names, body = self._function(arguments[0])
        found = re.fullmatch(r"(\w+)((?:\.\w+)?)\s*-\s*(\w+)((?:\.\w+)?)", text(body))
        if found is None or found[2] != found[4] or {found[1], found[3]} != set(names):
            raise Untranslatable("an order by a function")
        by = f", by={found[2][1:]!r}" if found[2] else ""
        return f"sorted({items}{by}{'' if found[1] == names[0] else ', reverse=true'})"

    def _reduced(self, target: Any, arguments: list[Any]) -> str:
        if len(arguments) == 1:
            names, body = self._function(arguments[0])
            if "".join(text(body).split()) == "+".join(names):
                return f"sum({self.list_of(target)[0]})"
        if len(arguments) == 2 and arguments[1].type == "number":
            names, body = self._function(arguments[0])
            if (
                len(names) == 2 and body.type == "binary_expression" and text(part(body, "operator")) == "+"
                and text(part(body, "left")) == names[0]
            ):  # fmt: skip
                items, wrapped = self.list_of(target)
                outside, outside_items = dict(self._names), set(self._items)
                self._names[names[1]] = "one"
                self._items |= {names[1]} if wrapped else set()
                found = self._soft(part(body, "right"))
                self._names, self._items = outside, outside_items
                start = text(arguments[1])
                return f"sum([{found} for one in {items}])" + ("" if start == "0" else f" + {start}")
        raise Untranslatable(".reduce()")
