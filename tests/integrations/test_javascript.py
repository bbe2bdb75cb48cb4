"""JavaScript that computes, and reaches nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.testing import check_contract, run_task
from integrations import javascript


def ran(code: str, **params: Any) -> Any:
    return run_task(javascript.run, None, {"code": code, **params})


def items(code: str, *given: Any, **params: Any) -> Any:
    outcome = run_task(javascript.run_items, None, {"code": code, "items": list(given), **params})
    assert outcome.success, outcome.message
    return outcome.data


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(javascript.__file__).parent) == []


def test_code_gives_what_it_returns(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = ran(
        "console.log('rows', rows); return {n: rows.length, late: await Promise.resolve(7)}", values={"rows": [1]}
    )
    assert outcome.data == {"n": 1, "late": 7}
    assert "rows [1]" in outcome.output
    assert ran("let x = 1").data is None
    assert ran("return name", values={"name": 'a"\u2028ü😀'}).data == 'a"\u2028ü😀'


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("const a = 1;\nthrow new Error('no stock')", "no stock (line 2)"),
        ("return [1,\n2", "SyntaxError"),
        ("\nreturn nothing.there", "nothing is not defined (line 2)"),
        ("await new Promise(() => {})", "never comes"),
        ("for (;;) {}", "more than 0.1 seconds"),
        ("return /(a+)+$/.test('a'.repeat(50) + 'b')", "more than 0.1 seconds"),
        ("const go = () => Promise.resolve().then(go); await go()", "more than 0.1 seconds"),
        ("const go = () => go() + 1; return go()", "call stack"),
        ("const a = []; for (;;) a.push(new Array(1e5).fill(1))", "more memory"),
        ("return 'x'.repeat(2 ** 29)", ""),
        ("const a = {}; a.a = a; return a", "circular"),
        ("return require('fs')", "not defined"),
        ("return await fetch('http://127.0.0.1')", "not defined"),
        ("return await import('fs')", ""),
        ("return std.open('/etc/passwd', 'r')", "not defined"),
        ("return process.env", "not defined"),
    ],
)
def test_what_code_must_not_do_fails_and_says_why(code: str, why: str) -> None:
    outcome = ran(code, seconds=0.1, megabytes=32)
    assert not outcome.success
    assert why in outcome.message


def test_much_output_is_cut_and_a_broken_console_breaks_nothing() -> None:
    outcome = ran("for (let i = 0; i < 3000; i++) console.log('x'.repeat(1000)); return 1")
    assert outcome.success
    assert len(outcome.output) < 1_100_000
    assert ran("globalThis.__lines = 5; JSON.stringify = null; return 1").success is False


def test_names_of_values_must_be_names() -> None:
    assert "is no name" in ran("return 1", values={"a-b": 1}).message


def test_code_of_n8n_finds_its_items_by_all_their_names() -> None:
    two = ({"n": 1}, {"n": 2})
    assert items("return items.map(i => ({json: {m: i.json.n * 2}}))", *two) == [{"m": 2}, {"m": 4}]
    assert items("return $input.all().map(i => i.json)", *two) == [{"n": 1}, {"n": 2}]
    assert items("return {json: {a: $input.first().json.n, b: $input.last().json.n, c: $json.n}}", *two) == [
        {"a": 1, "b": 2, "c": 1}
    ]
    assert items(
        "return [{x: $('Set it').first().json.x + $node['Set it'].json.x}]", *two, nodes={"Set it": [{"x": 5}]}
    ) == [{"x": 10}]
    assert items("return null", *two) == []


def test_code_of_n8n_runs_once_for_each_item() -> None:
    two = ({"n": 1}, {"n": 2})
    code = "if ($json.n === 2) return null; $input.item.json.seen = true; return {json: {at: $itemIndex, ...item.json}}"
    assert items(code, *two, mode="each") == [{"at": 0, "n": 1, "seen": True}]
    assert items("item.twice = item.n * 2; return item", *two, mode="each", style="functionItem")[1] == {
        "n": 2,
        "twice": 4,
    }
    assert items("return {v: $('a').item.json.v}", *two, mode="each", nodes={"a": [{"v": 7}, {"v": 8}]}) == [
        {"v": 7},
        {"v": 8},
    ]


def test_what_is_no_item_and_what_is_not_there_is_told() -> None:
    assert "no item" in run_task(javascript.run_items, None, {"code": "return [1]"}).message
    assert "doesn't exist: b" in run_task(javascript.run_items, None, {"code": "return $('b').all()"}).message


def test_without_quickjs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "quickjs", None)
    assert "pip install 'jupyter-flowbook[javascript]'" in ran("return 1").message


def test_a_dry_run_runs_it_since_it_can_change_nothing(tmp_path: Path) -> None:
    from flowbook import Workflow

    with Workspace(tmp_path) as ws:
        flow = Workflow(name="js")
        flow.add("a", "javascript.run", params={"code": "return 6 * 7"})
        assert ws.run(flow, dry_run=True)["a"].data == 42


def test_code_that_is_no_code_stays_so() -> None:
    """The node's retry makes no other try; what was thrown may go better."""
    assert ran("return [1,\n2").permanent
    assert not ran("throw new Error('no stock')").permanent
