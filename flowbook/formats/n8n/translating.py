"""JavaScript expressions of n8n in our language."""

from __future__ import annotations

import keyword
import re
from typing import Any

from flowbook.formats.n8n.calls import Calls
from flowbook.formats.n8n.javascript import Untranslatable, parsed, part, string, text
from flowbook.formats.n8n.kinds import SUM, as_number, kind_of
from flowbook.formats.n8n.literals import Literals
from flowbook.formats.n8n.methods import NAMED, PARTS
from flowbook.formats.n8n.saying import Resolve

_DATES = re.compile(r"\$now|\$today|DateTime|new Date|toDateTime|startOf|endOf|\.(?:minus|plus|setZone)\(")
_AMOUNTS = frozenset({"years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"})
_DIFFERENCE = re.compile(r"\.diff(?:To|Now)?\Z")


def translated(source: str, resolve: Resolve, zone: str = "null") -> str:
    """The expression in our language. Raises Untranslatable."""
    node = parsed(source)
    if node is None:
        raise Untranslatable("it is no JavaScript expression")
    return Translator(resolve, zone).value(node)


class Translator(Literals, Calls):
    """Says one expression in our language, part by part: here names and what stands between values."""

    def _identifier(self, node: Any) -> str:
        return self._named(text(node))

    def _member_expression(self, node: Any) -> str:
        target, name = part(node, "object"), text(part(node, "property"))
        chained = any(kid.type == "optional_chain" for kid in node.children)
        special = self._references.member(target, name)
        if special is not None:
            return special
        if name == "length":
            return f"len({self.list_of(target)[0]})"
        if name in _AMOUNTS and target.type == "call_expression" and _DIFFERENCE.search(text(part(target, "function"))):
            return self.value(target)
        if name in PARTS and _DATES.search(text(target)):
            return f"date_part({self.value(target)}, {PARTS[name]!r})"
        if name in NAMED and _DATES.search(text(target)):
            return f"format_date({self.value(target)}, {NAMED[name]!r})"
        base = self._wrapped(self.value(target), target)
        found = f"{base}.{name}" if is_name(name) else f"{base}[{name!r}]"
        return f"default({found}, null)" if chained else found

    def _subscript_expression(self, node: Any) -> str:
        target, index = part(node, "object"), part(node, "index")
        special = self._references.subscript(target, index)
        if special is not None:
            return special
        base = self._wrapped(self.value(target), target)
        if index.type == "string":
            key = string(index)
            return f"{base}.{key}" if is_name(key) else f"{base}[{key!r}]"
        return f"{base}[{self.value(index)}]"

    # -- operators -------------------------------------------------------------------------------------------------

    def _unary_expression(self, node: Any) -> str:
        sign, operand = text(part(node, "operator")), part(node, "argument")
        if sign == "!":
            return f"not {self._wrapped(self._soft(operand), operand)}"
        if sign == "-":
            return f"-{self._wrapped(self.value(operand), operand)}"
        if sign == "+":
            return f"number({self._soft(operand)})"
        if sign == "typeof":
            kinds = "{'text': 'string', 'number': 'number', 'boolean': 'boolean', 'null': 'object', 'list': 'object', "
            return f"default({kinds}'mapping': 'object'}}[type({self.value(operand)})], 'undefined')"
        raise Untranslatable(f"JavaScript's {sign}")

    def _binary_expression(self, node: Any) -> str:
        sign, left, right = text(part(node, "operator")), part(node, "left"), part(node, "right")
        if sign in ("||", "&&"):
            word = "or" if sign == "||" else "and"
            return f"{self._wrapped(self._soft(left), left)} {word} {self._wrapped(self._soft(right), right)}"
        if sign == "??":
            value = self._soft(left)
            return f"({self._soft(right)} if {value} == null else {value})"
        if sign in ("===", "==", "!==", "!="):
            same = "==" if sign[0] == "=" else "!="
            return f"{self._wrapped(self._soft(left), left)} {same} {self._wrapped(self._soft(right), right)}"
        plain, beside = self.value(left), self.value(right)
        one, other = self._wrapped(plain, left), self._wrapped(beside, right)
        if sign == SUM and "text" in (kinds := (kind_of(left), kind_of(right))):
            one = one if kinds[0] == "text" else f"str({self._softened(plain, left)})"
            other = other if kinds[1] == "text" else f"str({self._softened(beside, right)})"
        if sign in ("-", "*", "/", "%", "**"):
            one, other = as_number(one, left), as_number(other, right)
            return f"number({one} / {other})" if sign == "/" else f"{one} {sign} {other}"
        if sign in (SUM, "<", ">", "<=", ">=", "in"):
            return f"{one} {sign} {other}"
        raise Untranslatable(f"JavaScript's {sign}")

    def _ternary_expression(self, node: Any) -> str:
        test, yes, no = (part(node, name) for name in ("condition", "consequence", "alternative"))
        return f"{self._wrapped(self._soft(yes), yes)} if {self._soft(test)} else {self._soft(no)}"


def is_name(key: str) -> bool:
    """Whether a key can be written after a dot."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", key) is not None and not keyword.iskeyword(key)
