"""Values as Python that reads back as the same values: texts with ``${{ }}`` as f-strings and expressions where that is
surely the same, else as the texts that they are."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions import has_expression
from flowbook.expressions.syntax import Source as Expression
from flowbook.expressions.templates import Part, parts
from flowbook.formats.python.text import Fault, Source
from flowbook.formats.python.values import read_value

WIDTH = 100
INDENT = "    "

Arguments = Mapping[str, str]
"""What arguments stand for → the argument's name: ``nodes.load.data`` → ``load``."""


class Phrases:
    """Writes values for a function with these arguments; ``used`` are those that were needed."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        self._meanings = {name: meant for meant, name in arguments.items()}
        self.used: dict[str, None] = {}

    def value(self, value: Any, indent: int = 0, room: int = WIDTH) -> str:
        """``value`` as Python, in lines from the second on indented by ``indent``."""
        if isinstance(value, str) and has_expression(value):
            return self._template(value)
        return literal(value, indent, room, self.value)

    def _template(self, text: str) -> str:
        try:
            pieces = list(parts(text))
        except ExpressionError:
            return literal(text)
        whole = len(pieces) == 1
        used: dict[str, None] = {}
        written = self._expression(pieces[0].text, used) if whole else self._fstring(pieces, used)
        if written is None or self._read(written) != text:
            return literal(text)
        self.used |= used
        return written

    def _expression(self, text: str, used: dict[str, None]) -> str | None:
        """An expression of Flowbook as one of Python, with arguments in place of what they stand for."""
        text = text.strip()
        try:
            expression = Expression(text)
        except ExpressionError:
            return None
        places = [
            (*expression.span(node), name)
            for node in ast.walk(expression.tree)
            if isinstance(node, ast.Attribute) and (name := self._arguments.get(expression.of(node)))
        ]
        for begin, end, name in sorted(places, reverse=True):
            text = text[:begin] + name + text[end:]
        used |= dict.fromkeys(name for _, _, name in sorted(places))
        return text

    def _fstring(self, pieces: list[Part], used: dict[str, None]) -> str | None:
        inside: list[str | Part] = []
        for piece in pieces:
            written = self._expression(piece.text, used) if piece.is_expression else piece
            if written is None:
                return None
            inside.append(written)
        expressions = "".join(one for one in inside if isinstance(one, str))
        if any(mark in expressions for mark in "\\\n#"):
            return None  # before Python 3.12 an f-string's expressions hold none of these
        several = any(isinstance(one, Part) and "\n" in one.text.strip("\n") for one in inside)
        quotes = ('"""',) if several else ('"', "'")
        for quote in quotes:
            if quote[0] in expressions:
                continue
            texts = [f"{{{one}}}" if isinstance(one, str) else _filled(one.text, quote) for one in inside]
            return f"f{quote}{''.join(texts)}{quote}"
        return None

    def _read(self, written: str) -> Any:
        """What is read of it; None for what is not of the form."""
        try:
            source = Source(f"(\n{written}\n)")
            statement = source.tree.body[0]
            assert isinstance(statement, ast.Expr)
            return read_value(source, statement.value, lambda name: self._meanings.get(name, name))
        except (Fault, ValueError):
            return None


def _filled(text: str, quote: str) -> str:
    """A literal part of a template between the quotes of an f-string."""
    plain = text.replace("$${{", "${{").replace("\\", "\\\\").replace("{", "{{").replace("}", "}}")
    if len(quote) == 1:
        plain = plain.replace(quote, f"\\{quote}").replace("\n", "\\n")
    else:
        plain = plain.replace('"', '\\"') if '"""' in plain or plain.endswith('"') else plain
    return "".join(letter if letter.isprintable() or letter == "\n" else _escaped(letter) for letter in plain)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def literal(value: Any, indent: int = 0, room: int = WIDTH, inner: Callable[[Any, int, int], str] | None = None) -> str:
    """Plain JSON as Python, on one line where it fits into ``room`` characters."""
    write = inner or (lambda value, indent, room: literal(value, indent, room))
    if isinstance(value, str):
        return _text(value)
    if not isinstance(value, (dict, list)) or not value:
        return repr(value)
    pad, deeper = " " * indent, indent + len(INDENT)
    items = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    lines = [("" if key is None else f"{_text(key)}: ") + write(one, deeper, WIDTH - deeper) for key, one in items]
    opened, closed = ("{", "}") if isinstance(value, dict) else ("[", "]")
    short = ", ".join(lines)
    if len(short) + 2 <= room and "\n" not in short:
        return f"{opened}{short}{closed}"
    return "\n".join([opened, *(f"{pad}{INDENT}{line}," for line in lines), f"{pad}{closed}"])


def _text(text: str) -> str:
    """A text as a literal: in double quotes where it can be, over several lines where it has them."""
    rows = text.split("\n")
    plain = '"""' not in text and "\\" not in text and all(row.isprintable() for row in rows)
    if len(rows) > 2 and plain and not text.endswith('"'):
        return f'"""\\\n{text}"""'
    written = repr(text)
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in text else written


def is_argument(name: str) -> bool:
    """Whether a function can have an argument of that name, and an expression a name like it."""
    return name.isidentifier() and not keyword.iskeyword(name)
