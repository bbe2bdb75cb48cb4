"""The text of one expression as a checked-size syntax tree, with positions that lead back into the text."""

from __future__ import annotations

import ast
import keyword
import re

from flowbook.errors import ExpressionLimitError, ExpressionSyntaxError
from flowbook.expressions.elsewhere import hint_for_text
from flowbook.expressions.limits import MAX_SOURCE
from flowbook.parsing import parse_expression

_MARK = "\ua66e"  # a letter that no expression needs: put before a keyword it makes a plain name of it
_KEYWORD_KEY = re.compile(
    r"(\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')|(\.\s*)(" + "|".join(keyword.kwlist) + r")\b",
    re.DOTALL,
)


def shortened(source: str, limit: int = 120) -> str:
    """A text on one line and not too long, to be named in an error."""
    line = " ".join(source.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unwrapped(source: str) -> str:
    """The bare expression: without ``${{ }}`` around the whole of it, and white space."""
    text = source.strip()
    if text.startswith("${{") and text.endswith("}}"):
        text = text[3:-2].strip()
    return text


class Source:
    """A parsed expression and its text.

    Line breaks count as spaces, and a key may be a word that Python keeps for itself (``item.from``).
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._parsed = text if "'''" in text or '"""' in text else re.sub(r"[\r\n]", " ", text)
        self.tree = self._tree()
        self._lines = [line.encode() for line in self._parsed.splitlines(keepends=True)]
        if "#" in self.text[self.span(self.tree)[1] :]:
            raise self._error("comments are not part of an expression.")

    def _error(self, what: str, hint: str = "") -> ExpressionSyntaxError:
        return ExpressionSyntaxError(f"${{{{ {shortened(self.text)} }}}}: {what}", self.text, hint)

    def _tree(self) -> ast.expr:
        if len(self.text) > MAX_SOURCE:
            raise ExpressionLimitError(
                f"${{{{ {shortened(self.text)} }}}}: an expression has at most {MAX_SOURCE:,} characters.",
                self.text,
                "Split it into several nodes, or use a core.python node.",
            )
        if not self.text:
            raise self._error("there is nothing in it.", "Write an expression between ${{ and }}.")
        try:
            return parse_expression(self._parsed)
        except SyntaxError as problem:
            return self._second_try(problem)
        except (RecursionError, MemoryError):
            what = f"${{{{ {shortened(self.text)} }}}}: it is nested too deeply."
            raise ExpressionLimitError(what, self.text, "Split it into several nodes.") from None
        except ValueError:
            raise self._error("it holds characters that no expression can have.") from None

    def _second_try(self, problem: SyntaxError) -> ast.expr:
        if _MARK not in self._parsed:
            marked = _KEYWORD_KEY.sub(lambda found: found[1] or f"{found[2]}{_MARK}{found[3]}", self._parsed)
            if marked != self._parsed:
                try:
                    tree = parse_expression(marked)
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    pass
                else:
                    self._parsed = marked
                    return tree
        where = f" at character {problem.offset}" if problem.offset and 0 < problem.offset <= len(self.text) else ""
        reason = shortened((problem.msg or "invalid syntax").rstrip("."))
        raise self._error(f"it is not an expression{where}: {reason}.", hint_for_text(self.text)) from None

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends in the text, in characters."""
        start = self._place(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._place(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _place(self, line: int, column: int) -> int:
        before = b"".join(self._lines[: line - 1]) + self._lines[line - 1][:column]
        text = before.decode()
        return len(text) - text.count(_MARK)

    def of(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]


def key_name(name: str) -> str:
    """The key that an attribute's name in the tree stands for."""
    return name.removeprefix(_MARK)
