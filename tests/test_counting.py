"""Numbers of things, as every message says them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from flowbook.counting import counted, plural

ROOT = Path(__file__).parent.parent
_NO_NOUNS = frozenset({"is", "was", "has", "does", "less", "this", "versus", "plus", "as", "times", "its", "gives"})


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "node", "0 nodes"), (1, "node", "1 node"), (2, "node", "2 nodes"), (1000, "entry", "1,000 entries"),
        (1, "entry", "1 entry"), (2, "key", "2 keys"), (2, "branch", "2 branches"), (3, "status", "3 statuses"),
        (2, "index", "2 indexes"), (2, "field of a node", "2 fields of a node"),
    ],
)  # fmt: skip
def test_a_count_is_said_with_its_noun_in_singular_or_plural(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
    assert plural(noun) in counted(2, noun)


def test_no_message_puts_a_count_before_a_fixed_plural() -> None:
    """One would say "1 nodes". What is written ``{len(nodes)} nodes`` is ``{counted(len(nodes), "node")}``."""
    files = [path for folder in ("flowbook", "integrations") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [f"{path.relative_to(ROOT)}:{place}" for path in files for place in _fixed_plurals(path)]
    assert found == []


def _fixed_plurals(path: Path) -> Iterator[str]:
    """``line: text`` for each f-string in which a count is followed by a word in the plural."""
    source = path.read_text(encoding="utf-8")
    if not re.search(r"""\}(?:["']\s*[a-z]?["'])? (?:more |other |new )?[a-z]+s\b""", source):
        return
    for text in ast.walk(ast.parse(source)):
        for value, after in pairwise(text.values) if isinstance(text, ast.JoinedStr) else ():
            if not (isinstance(value, ast.FormattedValue) and _is_count(value) and isinstance(after, ast.Constant)):
                continue
            word = re.match(r" (?:more |other |new )?([a-z]+s)\b", after.value)
            if word and word[1] not in _NO_NOUNS:
                yield f"{value.lineno}: {ast.unparse(text)}"


def _is_count(value: ast.FormattedValue) -> bool:
    """Whether it is a number of things: a length, or what is called so. Limits, in capitals, are many."""
    if value.conversion != -1:
        return False
    counted = value.value
    if isinstance(counted, ast.Call):
        return isinstance(counted.func, ast.Name) and counted.func.id in ("len", "sum")
    name = counted.attr if isinstance(counted, ast.Attribute) else getattr(counted, "id", "")
    return bool(re.search(r"(?:^|_)(?:count|total|number|many|nodes|rows|done|errors|warnings|left)$", name))
