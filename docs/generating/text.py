"""Docstrings and tables as Markdown."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence

_ROLE = re.compile(r":(?:class|func|meth|mod|data|attr):`~?([^`]+)`")
_ADDRESS = re.compile(r"(?<![<(\"`])(https?://[^\s)>]*[^\s)>.,;])")


def markdown(docstring: str | None) -> str:
    """A docstring as Markdown: code in single backticks, sessions and literal blocks as code blocks."""
    blocks = inspect.cleandoc(docstring or "").split("\n\n")
    done: list[str] = []
    for block in blocks:
        if block.startswith(">>>"):
            done.append(f"```pycon\n{block}\n```")
        elif block.startswith("    "):
            code = textwrap.dedent(block)
            if done and done[-1].startswith(("```text", "```python")):
                code = done.pop().partition("\n")[2].removesuffix("\n```") + f"\n\n{code}"
            done.append(f"```{_language(code)}\n{code}\n```")
        elif block.strip() != "::":
            done.append(_inline(block.removesuffix("::") + (":" if block.endswith("::") else "")))
    return "\n\n".join(done)


def _language(code: str) -> str:
    try:
        ast.parse(code)
    except SyntaxError:
        return "text"
    return "python"


def _inline(text: str) -> str:
    text = _ROLE.sub(lambda found: f"`{found[1].removeprefix('flowbook.')}`", text)
    return _ADDRESS.sub(r"<\1>", text.replace("``", "`"))


def first_sentence(docstring: str | None) -> str:
    """The first paragraph of a docstring on one line."""
    return " ".join(markdown(docstring).partition("\n\n")[0].split())


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar or a line break in a cell is kept from ending it."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def code(value: object) -> str:
    """A value in a code span that may hold backticks."""
    text = str(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"
