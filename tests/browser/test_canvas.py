"""The graph canvas, as a person with a mouse and a keyboard finds it in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

# Python's side of a canvas as an editor would write it: it applies intents by patches and notes them down.
EDITOR = """
import json
from flowbook.errors import InputError
from flowbook.ui.canvas import Canvas

def note(intent, payload):
    with open("intents.jsonl", "a") as file:
        file.write(json.dumps({"intent": intent, **payload}) + "\\n")

def edit(canvas):
    def connect(p):
        if any((e["source"], e["target"]) == (p["source"], p["target"]) for e in canvas.elements["edges"]):
            raise InputError("These two nodes are connected already.")
        new = {"id": f"{p['source']}-{p['target']}", "source": p["source"], "target": p["target"]}
        canvas.patch([{"op": "add", "kind": "edge", "value": new}])
    def delete(p):
        gone = {id for id in p["nodes"]}
        edges = [e["id"] for e in canvas.elements["edges"]
                 if e["id"] in p["edges"] and not gone & {e["source"], e["target"]}]
        canvas.patch([{"op": "remove", "kind": k, "id": i} for k, ids in
                      (("edge", edges), ("node", p["nodes"]), ("note", p["notes"])) for i in ids])
    def drop(p):
        new = {"id": p["task"].split(".")[1], "task": p["task"], "x": p["x"], "y": p["y"]}
        canvas.patch([{"op": "add", "kind": "node", "value": new}])
    canvas.on("connect", connect)
    canvas.on("delete", delete)
    canvas.on("move", lambda p: canvas.patch([{"op": "move", **p}]))
    canvas.on("drop", drop)
    for intent in ("connect", "delete", "move", "drop", "select", "edge", "open", "background", "key"):
        canvas.on(intent, lambda p, intent=intent: note(intent, p))
    return canvas
"""

REPORT: dict[str, Any] = {
    "nodes": [
        {"id": "fetch", "task": "github.list_issues", "badge": {"text": "GH", "color": "#24292f"}, "x": 100, "y": 150},
        {"id": "store", "task": "postgres.insert_rows", "badge": {"text": "Pg", "color": "#336791"}, "x": 400, "y": 40},
        {"id": "rank", "task": "core.python", "badge": {"text": "Py", "color": "#5f6b7a"}, "x": 400, "y": 150},
        {"id": "notify", "task": "slack.send_message", "badge": {"text": "Sl", "color": "#7b3f8c"}, "x": 700, "y": 150},
        {"id": "alert", "task": "slack.send_notification", "badge": {"text": "Sl", "color": "#7b3f8c"}, "x": 400, "y": 280},
    ],
    "edges": [
        {"id": "e1", "source": "fetch", "target": "store"},
        {"id": "e2", "source": "fetch", "target": "rank"},
        {"id": "e3", "source": "rank", "target": "notify", "label": "when"},
        {"id": "e4", "source": "fetch", "target": "alert", "on": "failure"},
    ],
    "notes": [{"id": "why", "text": "Runs each weekday at 7:00", "x": 100, "y": 30}],
}


def show(more: str) -> str:
    return f"from editor import *\ncanvas = edit(Canvas(json.loads(open('elements.json').read())))\n{more}"


class CanvasPage:
    """A canvas on a page, with the places where its nodes are expected to be seen."""

    def __init__(self, page: Page, elements: dict[str, Any], nth: int = 0) -> None:
        self.page = page
        self.elements = elements
        self.box = page.locator(".flowbook-canvas").nth(nth)
        self.box.wait_for()

    def wait_for_counts(self, nodes: int, edges: int) -> None:
        self.page.wait_for_function(
            "([element, nodes, edges]) => element.dataset.nodes === nodes && element.dataset.edges === edges",
            arg=[self.box.element_handle(), str(nodes), str(edges)],
        )
        self.page.wait_for_timeout(120)

    def at(self, id: str, dx: float = 0, dy: float = 0) -> tuple[float, float]:
        """Where on the page a node's centre is: the graph is shown whole and in the middle, at most at its own size."""
        boxes = [(n["x"], n["y"], 200, 56) for n in self.elements["nodes"]]
        boxes += [(n["x"], n["y"], 200, 41) for n in self.elements.get("notes", [])]
        left, right = min(x - w / 2 for x, _, w, _ in boxes), max(x + w / 2 for x, _, w, _ in boxes)
        top, bottom = min(y - h / 2 for _, y, _, h in boxes), max(y + h / 2 for _, y, _, h in boxes)
        self.box.scroll_into_view_if_needed()
        area = self.box.bounding_box()
        assert area
        zoom = min(1.0, (area["width"] - 74) / (right - left), (area["height"] - 74) / (bottom - top))
        things = [*self.elements["nodes"], *self.elements.get("notes", [])]
        item = next(thing for thing in things if thing["id"] == id)
        return (
            area["x"] + area["width"] / 2 + (item["x"] + dx - (left + right) / 2) * zoom,
            area["y"] + area["height"] / 2 + (item["y"] + dy - (top + bottom) / 2) * zoom,
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(start[0] - 3, start[1])
        mouse.move(*start)
        self.page.wait_for_timeout(40)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
        mouse.move(*end, steps=4)
        self.page.wait_for_timeout(80)
        mouse.up()

    def click(self, id: str, **more: Any) -> None:
        self.page.mouse.click(*self.at(id, -20, 0), **more)


@pytest.fixture
def open_canvas(make_notebook: Callable[..., Any]) -> Callable[..., tuple[Any, CanvasPage]]:
    def open(elements: dict[str, Any] = REPORT, more: str = "canvas", *cells: str) -> tuple[Any, CanvasPage]:
        book = make_notebook(show(more), *cells, "'a cell behind'", files={"editor.py": EDITOR, "elements.json": json.dumps(elements)})
        book.run(0)
        canvas = CanvasPage(book.page, elements)
        canvas.wait_for_counts(len(elements["nodes"]), len(elements["edges"]))
        return book, canvas

    return open


def test_a_graph_with_its_statuses_is_drawn(open_canvas: Any) -> None:
    elements = json.loads(json.dumps(REPORT))
    elements["nodes"][2].update(pinned=True, label="Rank by age, oldest first, and keep ten of them")
    elements["nodes"][3]["problem"] = "channel is required"
    status = {"fetch": "succeeded", "rank": "succeeded", "store": "failed", "notify": "running", "alert": "skipped"}
    book, canvas = open_canvas(elements, f"canvas.set_status({status!r})\ncanvas")
    book.page.wait_for_timeout(300)
    book.shot("canvas", canvas.box)
    assert canvas.box.get_attribute("aria-label") == "Workflow graph: 5 nodes, 4 edges"
