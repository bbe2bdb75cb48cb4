"""Calls of JavaScript's functions and methods in our language."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.dateformats import directives
from flowbook.formats.n8n.javascript import Untranslatable, inner, part, string, text
from flowbook.formats.n8n.methods import FUNCTIONS, METHODS, applied
from flowbook.formats.n8n.overlists import OVER, OverLists
from flowbook.formats.n8n.patterns import pattern_of

_UNITS = frozenset({"years", "months", "days", "hours", "minutes", "seconds"})


class Calls(OverLists):
    """Says what is called."""

    def _new_expression(self, node: Any) -> str:
        given = part(node, "arguments")
        arguments = [] if given is None else [self.value(one) for one in inner(given)]
        name = f"new {text(part(node, 'constructor'))}"
        if name not in FUNCTIONS:
            raise Untranslatable(name)
        return applied(name, FUNCTIONS[name], arguments, self._zone)

    def _call_expression(self, node: Any) -> str:
        called, arguments = part(node, "function"), inner(part(node, "arguments"))
        if called.type == "identifier":
            name = text(called)
            special = self._references.call(name, arguments)
            if special is not None:
                return special
            if name not in FUNCTIONS:
                raise Untranslatable(f"{name}()")
            return applied(name, FUNCTIONS[name], [self._soft(one) for one in arguments], self._zone)
        if called.type != "member_expression":
            raise Untranslatable("a function that is called in place")
        if text(called) in ("Math.max", "Math.min") and [one.type for one in arguments] == ["spread_element"]:
            return f"{text(called)[5:]}({self.list_of(inner(arguments[0])[0])[0]})"
        if text(called) in FUNCTIONS:
            return applied(text(called), FUNCTIONS[text(called)], [self.value(one) for one in arguments], self._zone)
        if text(called) == "DateTime.fromFormat" and len(arguments) >= 2 and arguments[1].type == "string":
            return f"parse_date({self.value(arguments[0])}, {directives(string(arguments[1]))!r})"
        return self._method(part(called, "object"), text(part(called, "property")), arguments, called)

    def _method(self, target: Any, name: str, arguments: list[Any], called: Any) -> str:
        if name in OVER and len(arguments) == 1:
            return self._over(target, name, arguments[0])
        if name == "reduce":
            return self._reduced(target, arguments)
        if name in ("sort", "toSorted"):
            return self._sorted(target, arguments)
        searched = self._searched(target, name, arguments)
        if searched is not None:
            return searched
        base = self._wrapped(self.list_of(target)[0], target)
        if any(kid.type == "optional_chain" for kid in called.children):
            base = f"default({base}, null)"
        return self._on(base, name, arguments)

    def _on(self, base: str, name: str, arguments: list[Any]) -> str:
        """A method called on a value that is in our language already."""
        if name == "split" and arguments and arguments[0].type == "string" and not string(arguments[0]):
            return f"match_split({base}, '')"
        if name == "concat":
            return f"({' + '.join([base, *(self.list_of(one)[0] for one in arguments)])})"
        if name in ("plus", "minus"):
            return f"date({base}{self._duration(arguments, '-' if name == 'minus' else '')})"
        if name in ("toFormat", "format") and arguments and arguments[0].type == "string":
            return f"format_date({base}, {directives(string(arguments[0]))!r})"
        values = [self.value(one) for one in arguments]
        if name in ("includes", "contains", "has") and len(values) == 1:
            return f"({values[0]} in {base})"
        if name in ("slice", "substring", "substr") and values:
            if name == "substr" and len(values) == 2:
                return f"{base}[{values[0]}:{values[0]} + {values[1]}]"
            return f"{base}[{values[0]}:{values[1] if len(values) > 1 else ''}]"
        if (name == "diff" and len(values) == 2) or name == "diffTo":
            return self._difference(base, values)
        if name not in METHODS:
            raise Untranslatable(f".{name}()")
        return applied(name, METHODS[name], [base, *values], self._zone)

    def _difference(self, base: str, values: list[str]) -> str:
        units = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1, "weeks": 604800, "milliseconds": 0.001}
        unit = units.get(values[1].strip("'\"").rstrip("s") + "s") if len(values) > 1 else units["days"]
        if unit is None:
            raise Untranslatable(f".diff() in {values[1]}")
        one, other = (f"timestamp({value}, zone={self._zone})" for value in (base, values[0]))
        return f"number(({one} - {other}) / {unit})"

    def _searched(self, target: Any, name: str, arguments: list[Any]) -> str | None:
        """What is done by a pattern, or in place of the first text found."""
        if target.type == "regex" and name == "test" and arguments:
            return f"matches({self.value(arguments[0])}, {pattern_of(target)[0]!r})"
        if (
            name in ("replace", "replaceAll")
            and len(arguments) == 2
            and arguments[1].type not in ("string", "template_string")
        ) and arguments[1].type in ("arrow_function", "function_expression"):
            raise Untranslatable("a replacement that is a function")
        if not arguments or arguments[0].type != "regex":
            if name == "replace" and len(arguments) == 2:
                return f"replace({', '.join(self.value(one) for one in (target, *arguments))}, 1)"
            return None
        base = self._wrapped(self.value(target), target)
        pattern, everywhere = pattern_of(arguments[0])
        if name in ("replace", "replaceAll") and len(arguments) == 2:
            once = "" if everywhere or name == "replaceAll" else ", 1"
            return f"match_replace({base}, {pattern!r}, {self.value(arguments[1])}{once})"
        if name == "match":
            return f"match_all({base}, {pattern!r})" if everywhere else f"match_groups({base}, {pattern!r})"
        if name == "split":
            return f"match_split({base}, {pattern!r})"
        if name == "matchAll":
            return f"[[one] for one in match_all({base}, {pattern!r})]"
        raise Untranslatable(f".{name}() with a pattern")

    def _duration(self, arguments: list[Any], sign: str) -> str:
        """The arguments of ``date`` that move it by ``{days: 1}``, or by ``1, 'days'``."""
        if len(arguments) == 1 and arguments[0].type == "object":
            pairs = [
                (text(part(kid, "key")).strip("'\""), part(kid, "value"))
                for kid in inner(arguments[0])
                if kid.type == "pair"
            ]
        elif len(arguments) == 2 and arguments[1].type == "string":
            pairs = [(string(arguments[1]), arguments[0])]
        else:
            raise Untranslatable("a duration that is computed")
        found = ""
        for unit, amount in pairs:
            name, value = unit.rstrip("s") + "s", self._wrapped(self.value(amount), amount)
            if name == "weeks":
                name, value = "days", f"(7 * {value})"
            if name not in _UNITS:
                raise Untranslatable(f"a duration in {unit}")
            found += f", {name}={sign}{value}"
        return found

    def _regex(self, node: Any) -> str:
        raise Untranslatable("a pattern by itself")
