"""No code reads a message: what it needs to know is a field beside the words, which may be put otherwise any day."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READS = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "find", "index"}
SEARCHES = {"search", "match", "fullmatch", "findall", "finditer"}
CHANGES = {"lower", "upper", "casefold", "strip", "rstrip", "lstrip"}
OURS = {"message", "hint", "remedy"}
ERRORS = {"error", "exc", "err", "problem", "refused", "failure", "cause", "fault"}

ENTERING = {
    "flowbook/errors.py: self.message.removeprefix(f'{subject}:')": "what it began with was noted when it was made",
    "flowbook/journal/database.py: str(error) == 'database is locked'": "SQLite's, for Python 3.10",
    "flowbook/journal/reserve.py: str(error).startswith(tuple(_NO_SPACE.values()))": "SQLite's, for Python 3.10",
    "flowbook/engine/scope.py: result.message.removeprefix(REUSED)": "what the engine put there, as its source says",
    "flowbook/expressions/searching.py: str(problem).partition('\\n')": "jmespath's",
    "flowbook/mcp/line.py: str(error) in self._refused": "the server's, as it was heard before",
    "flowbook/engine/telling.py: str(error) not in self.problems": "said once, whatever it says",
    "flowbook/ui/runs/runs_tab.py: run.message.strip().partition('\\n')": "its first line is shown, whatever it says",
    "flowbook/authoring/testing/lines.py: outcome.message != whole.message": "two outcomes are the same, or are not",
    "flowbook/http/faults.py: self.hint in (HINTS[self.kind], _AGAIN, '')": "its kind's, or another",
    "flowbook/authoring/testing/contract.py: SENTINEL in outcome.message": "the secret that must not be in it",
}
"""Where texts of other libraries and servers enter, and where it does not matter what a text says."""


def is_words(part: ast.expr, *, errors: bool) -> bool:
    """Whether that is a message: a field of ours, or an error as text."""
    if isinstance(part, ast.Attribute):
        return part.attr in OURS
    if isinstance(part, ast.Subscript):
        return is_words(part.value, errors=errors)
    if not isinstance(part, ast.Call):
        return False
    if isinstance(part.func, ast.Attribute):
        return part.func.attr in CHANGES and is_words(part.func.value, errors=errors)
    given = part.args[0] if part.args else None
    named = isinstance(part.func, ast.Name) and part.func.id == "str"
    return errors and named and isinstance(given, ast.Name) and given.id in ERRORS


def readings(source: str, *, errors: bool = True) -> Iterator[str]:
    """Every expression of a module that reads a message; with ``errors``, also those that read an error's text."""
    if not re.search(rf"\.(?:{'|'.join(OURS)})\b|\bstr\(\s*(?:{'|'.join(ERRORS)})\b", source):
        return
    for node in ast.walk(ast.parse(source)):
        found = False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found = node.func.attr in READS and is_words(node.func.value, errors=errors)
            found |= node.func.attr in SEARCHES and any(is_words(given, errors=errors) for given in node.args)
        elif isinstance(node, ast.Compare):
            empty = all(isinstance(one, ast.Constant) and not one.value for one in node.comparators)
            found = not empty and any(is_words(one, errors=errors) for one in (node.left, *node.comparators))
        if found:
            yield ast.unparse(node)


def test_no_code_of_flowbook_reads_a_message() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {reading}"
        for path in (ROOT / "flowbook").rglob("*.py")
        for reading in readings(path.read_text())
    }
    assert found - ENTERING.keys() == set()
    assert ENTERING.keys() - found == set(), "is not there any more"


def test_no_integration_reads_a_message_of_flowbook() -> None:
    """What it reads of an error's text is its library's, where that tells of it in no other way."""
    found = {
        f"{path.relative_to(ROOT)}: {reading}"
        for path in (ROOT / "integrations").rglob("*.py")
        for reading in readings(path.read_text(), errors=False)
    }
    assert found == set()


@pytest.mark.parametrize(
    "source",
    [
        'problem.message.startswith("is ")',
        'str(error).removeprefix(f"{name}: ")',
        '"timed out" in outcome.message.lower()',
        "message != other.message",
        're.search("[0-9]+", error.hint)',
    ],
)
def test_what_reads_a_message_is_found(source: str) -> None:
    assert list(readings(source)) == [ast.unparse(ast.parse(source))]


@pytest.mark.parametrize("source", ['error.message == ""', "say(error.message)", "str(error)", "len(one.hint)"])
def test_what_hands_a_message_on_is_not(source: str) -> None:
    assert list(readings(source)) == []
