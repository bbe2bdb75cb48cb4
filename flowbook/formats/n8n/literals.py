"""Plain values of JavaScript, lists, objects and templates in our language."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.javascript import Untranslatable, inner, part, string, text, unescaped
from flowbook.formats.n8n.saying import Speaker


class Literals(Speaker):
    """Says what is written down as it is."""

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
