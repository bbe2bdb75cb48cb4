"""Parsing Python while other threads do the same."""

from __future__ import annotations

import ast
import contextlib
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook import parsing
from flowbook.errors import ExpressionError
from flowbook.expressions import compile_expression
from flowbook.parsing import check_code, parse_expression, parse_module, parse_value

NESTED = "x = " + "[" * 60 + "1" + "]" * 60 + "\n"


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_many_threads_parse_at_once() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(15):
                assert len(parse_module(NESTED * 40).body) == 40
                assert isinstance(parse_expression(f"a + {number}"), ast.BinOp)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_bad_source_is_refused_as_by_python() -> None:
    with pytest.raises(SyntaxError):
        parse_module("def")
    with pytest.raises(SyntaxError):
        parse_expression("1 +")
    assert parse_module("1", "mine.py").body


def test_another_thread_that_parses_by_itself_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    parse, met = ast.parse, []

    def meets(*arguments: object, **options: object) -> object:
        if len(met) < 2:
            met.append(True)
            raise SystemError("AST constructor recursion depth mismatch (before=39, after=189)")
        return parse(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(ast, "parse", meets)
    assert parse_module("a = 1").body
    assert len(met) == 2


WARNED_ABOUT = [
    "0 if 1else 2",
    "[0x1for x in y]",
    "1.if a else 2",
    "1_0or 2",
    r"'\d'",
    r"b'\q'",
    "'\\\x1b'",
    "'a' is 1",
    "'a'()",
]


@pytest.mark.parametrize("text", WARNED_ABOUT)
def test_what_python_would_warn_about_in_others_text_is_said_to_nobody(
    text: str, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        for look in (compile_expression, parse_expression, parse_module, check_code, parse_value):
            with contextlib.suppress(ValueError, ExpressionError):
                look(text)
    assert (list(recwarn), *capfd.readouterr()) == ([], "", "")


@pytest.mark.parametrize("text", WARNED_ABOUT)
def test_where_warnings_are_errors_others_text_is_read_as_ever(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_expression(text)
        check_code(text)


def test_nothing_reads_python_by_another_way() -> None:
    """What else reads a text of others would warn about it; ``literal_eval`` of a tree reads none."""
    root = Path(__file__).resolve().parent.parent
    files = [*(root / "flowbook").rglob("*.py"), *(root / "integrations").rglob("*.py")]
    assert [file for file in files if "ast.parse(" in file.read_text() and file.name != "parsing.py"] == []


def test_a_long_module_is_parsed_in_parts_whose_statements_are_those_of_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tree takes seventy times its source, so that a generated module of twenty megabytes took gigabytes."""
    one = '@task(\n    effects="read"\n)\ndef f@(a, b):\n    """At work.\n\n    @home."""\n    return a\n\n\n'
    one += "@frozen\nclass C@(B):\n    x = 1\n\nclass D@(B):\n    x = 2\n\n"
    source = '"""Head."""\n\nimport os\n\n' + "".join(one.replace("@(", f"{n}(") for n in range(200)) + "y = 2\n"
    lengths: list[int] = []
    parse = parsing.parse_module
    monkeypatch.setattr(parsing, "PART", 1000)
    monkeypatch.setattr(parsing, "parse_module", lambda text, name: lengths.append(len(text)) or parse(text, name))
    found = [ast.dump(statement) for statement in parsing.parse_statements(source)]
    assert found == [ast.dump(statement) for statement in ast.parse(source).body]
    assert len(lengths) > 10
    assert max(lengths) < 1500
    with pytest.raises(SyntaxError):
        list(parsing.parse_statements(source + "class\n"))
