"""Parsing Python while other threads do the same."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Iterator

import pytest

from flowbook.parsing import parse_expression, parse_module

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
            for number in range(60):
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
