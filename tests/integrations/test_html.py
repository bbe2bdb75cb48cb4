"""Values and tables out of pages, and Markdown both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.testing import check_contract, run_task
from integrations import html
from tests.integrations.examples import examples

SHOP = """<!doctype html><html><head><title>Shop</title><style>p { color: red }</style></head><body><h1>Our   shop</h1>
<!-- not shown --><ul><li class="thing new"><h3>Lamp</h3><a href="/lamp">more</a><i>red</i><i>blue</i>
<li class="thing"><h3>Chair &amp; table</h3></ul><script>alert(1)</script>
<form><select name="size"><option>S<option value="m" selected>M</select><textarea>note</textarea>
<input value="7"></form>"""


def done(task: str, **params: Any) -> Any:
    outcome = run_task(getattr(html, task), None, params)
    assert outcome.success, outcome.message
    return outcome.data


def refused(task: str, **params: Any) -> str:
    outcome = run_task(getattr(html, task), None, params)
    assert not outcome.success
    return outcome.message


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(html.__file__).parent) == []


def test_values_are_taken_by_selectors() -> None:
    values = [
        {"name": "title", "selector": "h1"},
        {"name": "links", "selector": "a", "what": "attribute", "attribute": "href", "all": True},
        {"name": "kinds", "selector": "li", "what": "attribute", "attribute": "class"},
        {"name": "inside", "selector": "li.thing h3", "what": "html", "all": True},
        {"name": "sent", "selector": "select, textarea, input", "what": "value", "all": True},
        {"name": "nothing", "selector": "h6"},
        {"name": "none", "selector": "h6", "all": True},
    ]
    assert done("select", html=SHOP, values=values) == {
        "title": "Our shop", "links": ["/lamp"], "kinds": "thing new", "inside": ["Lamp", "Chair &amp; table"],
        "sent": ["m", "note", "7"], "nothing": None, "none": [],
    }  # fmt: skip


def test_each_element_becomes_an_object() -> None:
    values = [{"name": "what", "selector": "h3"}, {"name": "colours", "selector": "i", "all": True}]
    assert done("select", html=SHOP, each="li.thing", values=values) == [
        {"what": "Lamp", "colours": ["red", "blue"]},
        {"what": "Chair & table", "colours": []},
    ]
    assert done("select", html=SHOP, each="li.other", values=values) == []


def test_what_is_no_selector_is_refused_for_good() -> None:
    assert refused("select", html=SHOP, values=[{"name": "a", "selector": "h3["}]).startswith(
        "'h3[' is no CSS selector"
    )
    assert "attribute" in refused("select", html=SHOP, values=[{"name": "a", "selector": "a", "what": "attribute"}])


def test_a_table_is_rows_and_a_cell_that_spans_stands_in_each_place() -> None:
    page = """<table><tr><th>a<th>b<th>a<th></tr><tr><td rowspan=2>1<td colspan=2>x <b>y</b><tr><td>2<td>3
    <tr><td><table><tr><td>inner</table></table><table id=second><tr><td>only</table>"""
    assert done("table", html=page) == [
        {"a": "1", "b": "x y", "a 2": "x y", "column 4": ""},
        {"a": "1", "b": "2", "a 2": "3", "column 4": ""},
        {"a": "inner", "b": "", "a 2": "", "column 4": ""},
    ]
    assert done("table", html=page, selector="#second", header=False) == [["only"]]
    assert done("table", html=page, number=3, header=False) == [["only"]]
    assert "There is no table 4" in refused("table", html=page, number=4)


@given(st.text(alphabet='<>/tabledrh= "0123456789colspanrw', max_size=120), st.integers(0, 10**9))
def test_whatever_a_table_says_its_rows_are_as_long_as_each_other(text: str, span: int) -> None:
    page = f"<table><tr><td colspan={span} rowspan={span}>x<td>y<tr>{text}</table>"
    outcome = run_task(html.table, None, {"html": page, "header": False})
    assert outcome.success
    assert len({len(row) for row in outcome.data}) == 1


def test_a_text_is_what_reads_and_nothing_that_is_hidden() -> None:
    assert done("to_text", html=SHOP).splitlines()[:4] == ["Our shop", "Lamp", "moreredblue", "Chair & table"]
    assert "alert" not in done("to_text", html=SHOP)
    assert done("to_text", html="<p>a<br>b</p><table><tr><td>1</td><td>2</td></tr></table>") == "a\nb\n1\t2"
    assert done("to_text", html="plain  words") == "plain words"
    assert done("to_text", html="") == ""


def test_markdown_both_ways() -> None:
    assert done("to_markdown", html=SHOP, selector="ul").splitlines()[0] == "- ### Lamp"
    assert done("to_markdown", html="<p>a</p><script>x</script><style>y</style>") == "a"
    made = done("from_markdown", markdown="# Hi\n\n|a|b|\n|-|-|\n|1|2|\n\n~~old~~ <script>x</script>")
    assert made.startswith("<h1>Hi</h1>\n<table>")
    assert "<s>old</s> &lt;script&gt;" in made
    assert "<script>" in done("from_markdown", markdown="<script>x</script>", html=True)
    assert done("to_markdown", html="<h2>A</h2><p>b <strong>c</strong></p>") == "## A\n\nb **c**"


@pytest.mark.parametrize("task", ["to_text", "to_markdown", "table", "select"])
def test_a_page_that_nests_deeply_is_read_or_refused_in_words(task: str) -> None:
    given = {"select": {"values": [{"name": "a", "selector": "div"}]}, "table": {"selector": "div"}}.get(task, {})
    outcome = run_task(getattr(html, task), None, {"html": "<div>" * 3000, **given})
    assert outcome.success or outcome.message == "The elements are nested too deeply."


def test_the_examples_of_the_page_are_valid() -> None:
    assert len(examples(Path(html.__file__).parent)) == 6
