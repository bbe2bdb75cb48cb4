"""JavaScript expressions of n8n in our language."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from typing import Any

from flowbook.formats.n8n.dateformats import directives
from flowbook.formats.n8n.javascript import Untranslatable, inner, parsed, part, string, text, unescaped
from flowbook.formats.n8n.methods import FUNCTIONS, METHODS, NAMED, PARTS, applied
from flowbook.formats.n8n.patterns import pattern_of
from flowbook.formats.n8n.references import Items, References

MAX_RESULT = 10_000
Resolve = Callable[..., str]
"""``resolve(kind, node, *more)``: what a name of n8n is in our language; kinds are those of :class:`References`."""

_SIMPLE = frozenset({
    "member_expression", "call_expression", "identifier", "string", "number", "subscript_expression", "object", "array",
    "template_string", "parenthesized_expression",
})  # fmt: skip
_TEXTS = re.compile(
    r"\.(?:toString|toUpperCase|toLowerCase|join|trim|replace|replaceAll|toFormat|format|toFixed|stringify|substring|"
    r"padStart|padEnd|toISO|toISODate|toISOString)\([^()]*\)\Z"
)
_DATES = re.compile(r"\$now|\$today|DateTime|new Date|toDateTime|startOf|endOf|\.(?:minus|plus|setZone)\(")
_SUM = "+"
_AMOUNTS = frozenset({"years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds"})
_DIFFERENCE = re.compile(r"\.diff(?:To|Now)?\Z")
_PARTS_OF_LISTS = frozenset({"filter", "slice", "sort", "toSorted", "reverse", "toReversed", "concat"})
_UNITS = frozenset({"years", "months", "days", "hours", "minutes", "seconds"})
_OVER = frozenset({"map", "filter", "find", "some", "every", "findIndex", "flatMap"})


def translated(source: str, resolve: Resolve, zone: str = "null") -> str:
    """The expression in our language. Raises Untranslatable."""
    node = parsed(source)
    if node is None:
        raise Untranslatable("it is no JavaScript expression")
    return Translator(resolve, zone).value(node)


class Translator:
    """Says one expression in our language, part by part."""

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

    # -- plain values ----------------------------------------------------------------------------------------------

    def _parenthesized_expression(self, node: Any) -> str:
        one = inner(node)[0]
        return self._wrapped(self.value(one), one)

    def _string(self, node: Any) -> str:
        return repr(string(node))

    def _number(self, node: Any) -> str:
        if not re.fullmatch(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", text(node)):
            raise Untranslatable(f"the number {text(node)}")
        return text(node)

    def _true(self, node: Any) -> str:
        return "true"

    def _false(self, node: Any) -> str:
        return "false"

    def _null(self, node: Any) -> str:
        return "null"

    _undefined = _null

    def _template_string(self, node: Any) -> str:
        pieces, plain = [], ""
        for kid in node.children:
            if kid.type == "string_fragment":
                plain += text(kid)
            elif kid.type == "escape_sequence":
                plain += unescaped(text(kid))
            elif kid.type == "template_substitution":
                pieces += [repr(plain)] if plain else []
                pieces.append(f"str({self._soft(inner(kid)[0])})")
                plain = ""
        if plain or not pieces:
            pieces.append(repr(plain))
        return pieces[0] if len(pieces) == 1 else f"({' + '.join(pieces)})"

    def _array(self, node: Any) -> str:
        parts: list[str] = []
        plain: list[str] = []
        for kid in inner(node):
            if kid.type == "spread_element":
                parts += [f"[{', '.join(plain)}]"] if plain else []
                parts.append(self.list_of(inner(kid)[0])[0])
                plain = []
            else:
                plain.append(self._soft(kid))
        if plain or not parts:
            parts.append(f"[{', '.join(plain)}]")
        return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"

    def _object(self, node: Any) -> str:
        maps: list[str] = []
        pairs: list[str] = []
        for kid in inner(node):
            if kid.type == "spread_element":
                maps += [f"{{{', '.join(pairs)}}}"] if pairs else []
                maps.append(self._soft(inner(kid)[0]))
                pairs = []
            elif kid.type == "pair":
                pairs.append(f"{self._key(part(kid, 'key'))}: {self._soft(part(kid, 'value'))}")
            elif kid.type == "shorthand_property_identifier":
                pairs.append(f"{text(kid)!r}: {self._named(text(kid))}")
            else:
                raise Untranslatable(f"JavaScript's {kid.type.replace('_', ' ')}")
        if pairs or not maps:
            maps.append(f"{{{', '.join(pairs)}}}")
        return maps[0] if len(maps) == 1 and not maps[0].startswith("default(") else f"merge({', '.join(maps)})"

    def _key(self, key: Any) -> str:
        if key.type == "string":
            return repr(string(key))
        return repr(text(key)) if key.type in ("property_identifier", "number") else self.value(inner(key)[0])

    # -- names -----------------------------------------------------------------------------------------------------

    def _identifier(self, node: Any) -> str:
        return self._named(text(node))

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
        if sign == _SUM and "text" in (kinds := (_kind(left), _kind(right))):
            one = one if kinds[0] == "text" else f"str({self._softened(plain, left)})"
            other = other if kinds[1] == "text" else f"str({self._softened(beside, right)})"
        if sign in ("-", "*", "/", "%", "**"):
            one, other = _as_number(one, left), _as_number(other, right)
            return f"number({one} / {other})" if sign == "/" else f"{one} {sign} {other}"
        if sign in (_SUM, "<", ">", "<=", ">=", "in"):
            return f"{one} {sign} {other}"
        raise Untranslatable(f"JavaScript's {sign}")

    def _ternary_expression(self, node: Any) -> str:
        test, yes, no = (part(node, name) for name in ("condition", "consequence", "alternative"))
        return f"{self._wrapped(self._soft(yes), yes)} if {self._soft(test)} else {self._soft(no)}"

    # -- calls -----------------------------------------------------------------------------------------------------

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
        if name in _OVER and len(arguments) == 1:
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

    # -- functions over lists --------------------------------------------------------------------------------------

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
                len(names) == 2 and body.type == "binary_expression" and text(part(body, "operator")) == _SUM
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

    def _regex(self, node: Any) -> str:
        raise Untranslatable("a pattern by itself")


def is_name(key: str) -> bool:
    """Whether a key can be written after a dot."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", key) is not None and not keyword.iskeyword(key)


_NUMBERS = re.compile(
    r"(?:Math\.\w+|Number|parseInt|parseFloat)\(|.*\.(?:length|indexOf\([^()]*\)|getTime\(\)|toMillis\(\))\Z", re.S
)


def _as_number(found: str, node: Any) -> str:
    """An operand of arithmetic: a text counts as the number that it stands for, as in JavaScript."""
    plain = node
    while plain.type == "parenthesized_expression":
        plain = inner(plain)[0]
    arithmetic = plain.type == "binary_expression" and text(part(plain, "operator")) in ("-", "*", "/", "%", "**")
    sure = plain.type in ("number", "unary_expression") or arithmetic or _NUMBERS.match(text(plain))
    return found if sure or _kind(plain) == "number" else f"number({found})"


def _kind(node: Any) -> str:
    """Whether a value surely is "text" or a "number"; else ""."""
    while node.type == "parenthesized_expression":
        node = inner(node)[0]
    if node.type in ("string", "template_string"):
        return "text"
    if node.type == "number":
        return "number"
    if node.type == "binary_expression":
        sign = text(part(node, "operator"))
        kinds = {_kind(part(node, "left")), _kind(part(node, "right"))}
        return ("text" if "text" in kinds else "number" if kinds == {"number"} else "") if sign == _SUM else ""
    return "text" if node.type == "call_expression" and _TEXTS.search(text(node)) else ""
