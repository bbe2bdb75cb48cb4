"""The static drawing of a graph."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.view.graph.condition import fitted
from flowbook.view.graph.drawing import ellipsis, note_lines, outline, svg
from flowbook.view.graph.elements import look

SVG = "{http://www.w3.org/2000/svg}"
GRAPH = {
    "nodes": [
        {"id": "fetch", "task": "github.list_issues", "badge": {"text": "GH", "color": "#24292f"}},
        {"id": "notify", "label": "Tell the team", "problem": "channel is required", "pinned": True, "disabled": True},
    ],
    "edges": [{"id": "e", "source": "fetch", "target": "notify", "on": "failure", "label": "late"}],
    "notes": [{"id": "n", "text": "Each weekday"}],
}
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)


def words(drawing: str) -> str:
    return " ".join(ET.fromstring(drawing).itertext())


def test_a_drawing_names_every_node_task_note_and_condition() -> None:
    shown = words(svg(GRAPH))
    for text in ("fetch", "github.list_issues", "GH", "Tell the team", "Each weekday", "on failure · late"):
        assert text in shown


def test_a_status_gives_the_card_its_colour_and_mark() -> None:
    plain, failed = svg(GRAPH), svg(GRAPH, {"fetch": "failed"})
    assert look()["marks"]["failed"]["path"] in failed
    assert look()["marks"]["failed"]["path"] not in plain


def test_a_skipped_node_is_dashed() -> None:
    assert "stroke-dasharray" in svg({"nodes": [{"id": "a"}]}, {"a": "skipped"})
    assert "stroke-dasharray" not in svg({"nodes": [{"id": "a"}]}, {"a": "succeeded"})


def test_lines_that_lead_back_are_drawn_whole() -> None:
    places = {"a": (0, 0), "b": (-30, 130), "c": (-10, 0), "d": (300, 20)}
    nodes = [{"id": id, "x": x, "y": y} for id, (x, y) in places.items()]
    edges = [{"id": f"{a}{b}", "source": a, "target": b} for a, b in ("ab", "dc", "bb", "da")]
    root = ET.fromstring(svg({"nodes": nodes, "edges": edges}))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    paths = [one.attrib["d"] for one in root.iter("{http://www.w3.org/2000/svg}path") if "Q" in one.attrib["d"]]
    assert len(paths) == 4
    for path in paths:
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", path)]
        assert all(left < x < left + width for x in numbers[::2])
        assert all(top < y < top + height for y in numbers[1::2])


def test_an_empty_graph_is_a_drawing_too() -> None:
    assert "0 nodes, 0 edges" in words(svg({}))


def test_it_has_a_size_of_its_own_where_it_is_shown_as_an_image_and_is_never_wider_than_its_place() -> None:
    root = ET.fromstring(svg(GRAPH))
    *_, width, height = root.attrib["viewBox"].split()
    assert (root.attrib["width"], root.attrib["height"]) == (width, height)  # else an image fills the place it is in
    assert "max-width:100%" in root.attrib["style"]


def test_nothing_lies_outside_of_the_drawing() -> None:
    root = ET.fromstring(svg(GRAPH))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for rect in root.iter(f"{SVG}rect"):
        assert left <= float(rect.attrib["x"]) <= left + width - float(rect.attrib["width"])
        assert top <= float(rect.attrib["y"]) <= top + height - float(rect.attrib["height"])


@settings(max_examples=40)
@given(TEXT, TEXT)
def test_any_text_leaves_the_drawing_well_formed_and_without_elements_of_its_own(label: str, other: str) -> None:
    plain = {"id": "a", "label": "x", "task": "x", "problem": "x", "badge": {"text": "x", "color": "x"}, "x": 0, "y": 0}
    given_ = {**plain, "label": label, "task": other, "problem": label, "badge": {"text": other, "color": label}}
    edge = {"id": "e", "source": "a", "target": "b", "label": "x"}
    ends = {"id": "b", "x": 400, "y": 0}
    root = ET.fromstring(
        svg({"nodes": [given_, ends], "edges": [{**edge, "label": other}], "notes": [{"id": "n", "text": label}]})
    )
    allowed = {f"{SVG}{name}" for name in ("svg", "g", "title", "rect", "path", "text", "circle")}
    assert {item.tag for item in root.iter()} <= allowed


def test_only_an_image_given_as_data_is_used_as_an_icon() -> None:
    own = {"id": "a", "badge": {"icon": "data:image/svg+xml;base64,PHN2Zy8+"}}
    foreign = {"id": "a", "badge": {"icon": "https://example.org/icon.svg"}}
    assert "<image" in svg({"nodes": [own]})
    assert "example.org" not in svg({"nodes": [foreign]})


def test_long_texts_end_in_an_ellipsis_and_short_ones_do_not() -> None:
    assert ellipsis("a" * 100, 60, 12).endswith("…")
    assert ellipsis("short", 60, 12) == "short"
    assert len(note_lines("word " * 400)) == look()["note"]["lines"]


def test_the_outline_tells_the_same_in_plain_text() -> None:
    assert outline(GRAPH, {"fetch": "succeeded"}).splitlines() == [
        "Workflow graph: 2 nodes, 1 edge",
        "  fetch [succeeded] github.list_issues -> notify (on failure · late)",
        "  notify",
    ]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("len(nodes.a.data) > 1", ["len(data)", "&gt; 1"]),
        ("${{ nodes.a.data.total > 5 }}", ["total &gt; 5"]),
        ("nodes.a.data.status == 'paid'", ["status", "== &#x27;paid&#x27;"]),
    ],
)
def test_a_condition_is_read_also_where_its_line_is_short(condition: str, rows: list[str]) -> None:
    """Cards lay over its beginning and its end. The whole of it is in a title, which is seen on hovering."""
    cards = [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 260, "y": 0}]
    drawn = svg({"nodes": cards, "edges": [{"id": "e", "source": "a", "target": "b", "label": condition}], "notes": []})
    texts = re.findall(r"<text [^>]*text-anchor=\"middle\"[^>]*>([^<]*)</text>", drawn)
    assert [text for text in texts if text not in ("a", "b")] == rows
    assert f"<title>{escape(condition)}</title>" in drawn


@pytest.mark.parametrize("label", ["x", "a_name_without_any_blank_that_is_long", "a b c d e f g h i j", "an end " * 30])
def test_the_rows_of_a_condition_are_no_wider_than_their_line(label: str) -> None:
    rows, size = fitted(label, 50, lambda text, size: len(text) * size * 0.6)
    assert len(rows) <= 2
    assert all(len(row) * size * 0.6 <= 50 for row in rows)
