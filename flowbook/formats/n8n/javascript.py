"""JavaScript expressions as syntax trees, by tree-sitter (the extra ``n8n``); the ``{{ }}`` blocks of a template."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from flowbook.errors import FileFormatError
from flowbook.installing import how_to_install

if TYPE_CHECKING:
    from tree_sitter import Parser

MAX_EXPRESSION = 20_000
"""Characters of an expression that is read."""
MAX_DEPTH = 60
"""Levels of nesting of one."""
MAX_BLOCKS = 2_000
"""Expressions in one text."""
_MOST_ENDS = 8


class Untranslatable(Exception):
    """An expression, or a part of one, that our language cannot say; the text says why."""


@functools.cache
def _parser() -> Parser:
    try:
        import tree_sitter_javascript
        from tree_sitter import Language, Parser
    except ImportError:
        raise FileFormatError(
            "the expressions of n8n's workflows are JavaScript, and what reads it is not installed.",
            f"{how_to_install('tree_sitter')}.",
        ) from None
    return Parser(Language(tree_sitter_javascript.language()))


def parsed(source: str) -> Any:
    """The tree of one expression; None for what is none. Raises FileFormatError when there is no parser."""
    parser = _parser()
    source = source.strip().rstrip(";")
    if not source or len(source) > MAX_EXPRESSION:
        return None
    root = parser.parse(f"({source}\n)".encode()).root_node
    kids = inner(root)
    if root.has_error or len(kids) != 1 or kids[0].type != "expression_statement" or _deep(root):
        return None
    node = inner(kids[0])[0]
    while node.type == "parenthesized_expression" and len(inner(node)) == 1:
        node = inner(node)[0]
    return node


def _deep(root: Any) -> bool:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [kid for node in level for kid in node.named_children]
        if not level:
            return False
    return True


def inner(node: Any) -> list[Any]:
    """The named children of a node, without comments."""
    return [kid for kid in node.named_children if kid.type != "comment"]


def part(node: Any, name: str) -> Any:
    """A named part of a node, which has it by its kind."""
    return node.child_by_field_name(name)


def text(node: Any) -> str:
    """What stands in the source."""
    return str(node.text.decode())


def blocks(template: str) -> list[tuple[bool, str]]:
    """The parts of a template: (whether it is an expression, its text); ``}}`` ends what is JavaScript then."""
    found: list[tuple[bool, str]] = []
    start = 0
    count = 0
    while (begin := template.find("{{", start)) >= 0 and (first := template.find("}}", begin + 2)) >= 0:
        end, count = first, count + 1
        if count > MAX_BLOCKS:
            raise FileFormatError(
                f"a text holds more than {MAX_BLOCKS:,} expressions, the most that are read: {template[:60]!r}."
            )
        for _ in range(_MOST_ENDS):
            if parsed(template[begin + 2 : end]) is not None:
                break
            end = template.find("}}", end + 1)
            if end < 0:
                break
        else:
            end = first
        end = first if end < 0 else end
        if begin > start:
            found.append((False, template[start:begin]))
        found.append((True, template[begin + 2 : end]))
        start = end + 2
    if start < len(template):
        found.append((False, template[start:]))
    return found


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}


def unescaped(escape: str) -> str:
    """What an escape in a JavaScript text stands for."""
    kind = escape[1:2]
    if kind in _ESCAPES:
        return _ESCAPES[kind]
    if kind in ("u", "x"):
        try:
            return chr(int(escape[2:].strip("{}"), 16))
        except (ValueError, OverflowError):
            raise Untranslatable(f"the escape {escape}") from None
    return escape[1:]


def string(node: Any) -> str:
    """The value of a text in quotation marks, or of a template without substitutions."""
    pieces = []
    for kid in node.children:
        if kid.type == "string_fragment":
            pieces.append(text(kid))
        elif kid.type == "escape_sequence":
            pieces.append(unescaped(text(kid)))
        elif kid.type == "template_substitution":
            raise Untranslatable("a name that is put together")
    return "".join(pieces)
