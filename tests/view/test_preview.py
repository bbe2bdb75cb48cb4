"""A look at data of any kind: bounded, without secrets, and never an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.redaction import Redactor
from flowbook.view.html import display_html, preview_html
from flowbook.view.preview import COLUMNS, ROOM, ROWS, preview, preview_words, rows_shown, tree_lines
from flowbook.view.table import frame_of

SECRET = "tok-5ecret-9876543210"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=6)
    ),
    max_leaves=40,
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet="abc<>&'\" \n", max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(alphabet="kxyz", max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)


def value_of(branch: list[Any]) -> Any:
    """The data that a branch stands for."""
    kind, what = branch[0], branch[1]
    if kind == "o":
        return {key: value_of(inner) for key, inner in what}
    if kind == "a":
        return [value_of(inner) for inner in what]
    return what if kind == "s" else json.loads(what)


@given(anything)
def test_data_of_any_kind_has_a_look_that_is_json(data: Any) -> None:
    shown = preview(data)
    assert (shown is None) == (data is None)
    if shown is not None:
        assert json.loads(json.dumps(shown)) == shown
        assert preview_html(shown)
        assert preview_words(shown)


@given(plain)
def test_a_small_tree_is_the_whole_data(data: Any) -> None:
    shown = preview(data)
    if shown is not None and shown["kind"] == "tree":
        assert value_of(shown["value"]) == data


@given(plain)
def test_no_markup_of_the_data_becomes_markup_of_the_page(data: Any) -> None:
    drawn = preview_html(preview({"data": data, "bad": "<script>alert(1)</script>"}))
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_rows_become_a_table_of_the_first_hundred() -> None:
    rows = [{"n": n, "odd": bool(n % 2), **({"more": [n]} if n == 1 else {})} for n in range(250)]
    shown = preview(rows)
    assert shown is not None
    assert shown["kind"] == "table"
    assert shown["columns"] == ["n", "odd", "more"]
    assert shown["rows"][:2] == [[{"v": "0"}, {"v": "false"}, ""], [{"v": "1"}, {"v": "true"}, "[1]"]]
    assert len(shown["rows"]) == ROWS
    assert rows_shown(shown) == "first 100 of 250 rows"


def test_a_dataframe_becomes_a_table_and_missing_cells_are_empty() -> None:
    pd = pytest.importorskip("pandas")
    shown = preview(pd.DataFrame({"x": [1.5, None], "t": ["a", None]}, index=pd.Index(["p", "q"], name="key")))
    assert shown is not None
    assert shown["columns"] == ["key", "x", "t"]
    assert shown["rows"] == [["p", {"v": "1.5"}, "a"], ["q", {"v": ""}, {"v": ""}]]
    wide = preview(pd.DataFrame([range(80)]))
    assert wide is not None
    assert len(wide["columns"]) == COLUMNS
    assert rows_shown(wide) == "1 row · 50 of 80 columns"


@pytest.mark.parametrize(
    "made",
    [
        lambda: [list(range(1000))] * 1000,
        lambda: {f"k{n}": {f"j{m}": "x" * 5_000 for m in range(100)} for n in range(1000)},
        lambda: "x" * 10_000_000,
        lambda: [{f"column {n}": "y" * 100_000 for n in range(200)}] * 1_000,
    ],
    ids=["lists", "objects", "text", "rows"],
)
def test_a_look_at_much_is_small(made: Callable[[], Any]) -> None:
    assert len(json.dumps(preview(made()))) < 2 * ROOM


def test_what_refers_to_itself_is_followed_only_so_deep() -> None:
    circle: dict[str, Any] = {}
    circle["again"] = circle
    shown = preview(circle)
    assert shown is not None
    assert len(tree_lines(shown["value"])) < 60


def test_a_secret_is_taken_out_before_anything_is_cut() -> None:
    clean = Redactor([SECRET]).redact_json
    for data in (SECRET, {SECRET: [SECRET]}, [{"t": SECRET}], "x" * 19_990 + SECRET, {"t": "x" * 1_990 + SECRET}):
        assert SECRET[:8] not in json.dumps(preview(data, clean))


class TestDisplays:
    def test_html_is_shown_where_its_scripts_cannot_run(self) -> None:
        drawn = display_html({"text/html": "<script>alert(1)</script>"}, "")
        assert 'sandbox=""' in drawn
        assert "<script" not in drawn

    def test_a_drawing_is_an_image(self) -> None:
        assert display_html({"image/svg+xml": "<svg onload='x()'/>"}, "").startswith("<img src=")

    def test_an_address_of_an_image_cannot_end_its_attribute(self) -> None:
        assert '"><script' not in display_html({"image/png": 'AA"><script>'}, "")

    def test_the_html_of_a_dataframe_is_read_as_texts(self) -> None:
        pd = pytest.importorskip("pandas")
        given_html = pd.DataFrame({"a": ["<b>x</b>", "y"]})._repr_html_()
        assert frame_of(given_html) == (["", "a"], [["0", "<b>x</b>"], ["1", "y"]])
        assert frame_of("<table><tr><td>1</td></tr></table>") is None


@pytest.mark.parametrize("data", [b"PK\x03\x04" * 250, bytearray(1000)])
def test_bytes_are_called_bytes_not_a_list_of_numbers(data: bytes | bytearray) -> None:
    shown = preview(data)
    assert shown is not None
    assert preview_words(shown) == "bytes"
    assert shown["value"] == ["x", "<1,000 bytes>"]
