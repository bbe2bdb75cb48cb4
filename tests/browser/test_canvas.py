"""The graph canvas, as a person with a mouse and a keyboard finds it in JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.jupyterlab import press, settled_box, wait_for_element, wait_until_fitted
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# Python's side of a canvas as an editor would write it: it applies intents by patches and notes them down.
EDITOR = """
import json
from flowbook.errors import InputError
from flowbook.ui.canvas.canvas import Canvas

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
    from flowbook.ui.canvas.canvas import EDIT_INTENTS, VIEW_INTENTS
    for intent in EDIT_INTENTS | VIEW_INTENTS:
        canvas.on(intent, lambda p, intent=intent: note(intent, p))
    return canvas
"""

REPORT: dict[str, Any] = {
    "nodes": [
        {"id": "fetch", "task": "github.list_issues", "badge": {"text": "GH", "color": "#24292f"}, "x": 100, "y": 150},
        {"id": "store", "task": "postgres.insert_rows", "badge": {"text": "Pg", "color": "#336791"}, "x": 400, "y": 40},
        {"id": "rank", "task": "core.python", "badge": {"text": "Py", "color": "#5f6b7a"}, "x": 400, "y": 150},
        {"id": "notify", "task": "slack.send_message", "badge": {"text": "Sl", "color": "#7b3f8c"}, "x": 700, "y": 150},
        {
            "id": "alert",
            "task": "slack.send_notification",
            "badge": {"text": "Sl", "color": "#7b3f8c"},
            "x": 400,
            "y": 280,
        },
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
        self.box = page.locator(".flowbook-canvas:not([data-old])").nth(nth)
        self.box.wait_for()

    def wait_for_counts(self, nodes: int, edges: int) -> None:
        wait_for_element(
            self.box,
            "([element, nodes, edges]) => element.dataset.nodes === nodes && element.dataset.edges === edges",
            str(nodes),
            str(edges),
        )
        self.page.wait_for_timeout(120)

    def at(self, id: str, dx: float = 0, dy: float = 0) -> tuple[float, float]:
        """Where on the page a node's centre is: the graph is shown whole and in the middle, at most at its own size."""
        boxes = [(n["x"], n["y"], 200, 56) for n in self.elements["nodes"]]
        boxes += [(n["x"], n["y"], 200, 41) for n in self.elements.get("notes", [])]
        left, right = min(x - w / 2 for x, _, w, _ in boxes), max(x + w / 2 for x, _, w, _ in boxes)
        top, bottom = min(y - h / 2 for _, y, _, h in boxes), max(y + h / 2 for _, y, _, h in boxes)
        area = self.settled()
        zoom = min(1.0, (area["width"] - 74) / (right - left), (area["height"] - 74) / (bottom - top))
        things = [*self.elements["nodes"], *self.elements.get("notes", [])]
        item = next(thing for thing in things if thing["id"] == id)
        return (
            area["x"] + area["width"] / 2 + (item["x"] + dx - (left + right) / 2) * zoom,
            area["y"] + area["height"] / 2 + (item["y"] + dy - (top + bottom) / 2) * zoom,
        )

    def settled(self) -> dict[str, float]:
        """The canvas's box, once the notebook has stopped scrolling."""
        self.box.scroll_into_view_if_needed()
        return {**settled_box(self.box)}

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


def count(elements: dict[str, Any]) -> tuple[int, int]:
    return len(elements["nodes"]), len(elements["edges"])


@pytest.fixture(scope="module")
def shared_book(make_lasting_notebook: Callable[..., Any]) -> Any:
    """A notebook whose cells run what the test of the moment has put into files."""
    run = "done = get_ipython().run_cell(open('{}').read())"  # a semicolon would hide what it shows
    return make_lasting_notebook(run.format("first.py"), run.format("second.py"), files={"editor.py": EDITOR})


@pytest.fixture
def open_canvas(shared_book: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., tuple[Any, CanvasPage]]]:
    """Show a canvas in the shared notebook; its second cell, when it is run, runs ``second``."""

    def open(elements: dict[str, Any] = REPORT, more: str = "canvas", second: str = "") -> tuple[Any, CanvasPage]:
        folder, page = shared_book.folder, shared_book.page
        (folder / "intents.jsonl").write_text("")  # to a listing, a file that goes meanwhile is a folder not found
        for name, text in (("elements.json", json.dumps(elements)), ("first.py", show(more)), ("second.py", second)):
            (folder / name).write_text(text)
        page.evaluate("document.querySelectorAll('.flowbook-canvas').forEach((old) => { old.dataset.old = '1'; })")
        shared_book.frames.clear()
        shared_book.run(0)
        canvas = CanvasPage(page, elements)
        canvas.wait_for_counts(*count(elements))
        if 0 < len(elements["nodes"]) < 50:
            wait_until_fitted(canvas.box)
        return shared_book, canvas

    yield open
    if getattr(request.node, "failed_in_call", False):
        shared_book.tell_failure(request.node.name)


@pytest.fixture
def open_own(make_notebook: Callable[..., Any]) -> Callable[..., tuple[Any, CanvasPage]]:
    """Show a canvas in a notebook of its own."""

    def open(*cells: str) -> tuple[Any, CanvasPage]:
        files = {"editor.py": EDITOR, "elements.json": json.dumps(REPORT)}
        book = make_notebook(show("canvas"), *cells, "'a cell behind'", files=files)
        book.run(0)
        canvas = CanvasPage(book.page, REPORT)
        canvas.wait_for_counts(*count(REPORT))
        wait_until_fitted(canvas.box)
        return book, canvas

    return open


def test_a_graph_with_its_statuses_is_drawn(open_canvas: Any) -> None:
    elements = json.loads(json.dumps(REPORT))
    elements["nodes"][2].update(pinned=True, label="Rank by age, oldest first, and keep ten of them")
    elements["nodes"][3]["problem"] = "channel is required"
    status = {"fetch": "succeeded", "rank": "succeeded", "store": "failed", "notify": "running", "alert": "skipped"}
    book, canvas = open_canvas(elements, f"canvas.set_status({status!r})\ncanvas")
    expect(canvas.box).to_have_attribute("aria-label", "Workflow graph: 5 nodes, 4 edges")
    book.page.wait_for_timeout(300)
    book.look("canvas", canvas.box)


def test_dragging_from_a_handle_asks_to_connect_and_the_edge_appears(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    sent = book.frames_with('"elements"')
    canvas.page.mouse.move(*canvas.at("store"))
    canvas.page.mouse.move(*canvas.at("store", 96))
    canvas.page.wait_for_timeout(60)
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at("notify", -60), steps=8)
    canvas.page.wait_for_timeout(120)
    book.look("canvas-connecting", canvas.box)
    canvas.page.mouse.up()
    record = book.wait_for_record(lambda r: r["intent"] == "connect")
    assert record == {"intent": "connect", "source": "store", "target": "notify"}
    canvas.wait_for_counts(5, 5)
    assert book.frames_with('"elements"') == sent, "an edit must not send the whole graph again"


def test_dragging_from_one_node_to_another_connects_them_wherever_the_drag_begins(open_canvas: Any) -> None:
    """A card that is let go upon another is not moved: nobody means one to lie on the other."""
    book, canvas = open_canvas()
    canvas.page.mouse.move(*canvas.at("store", -20))
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at("notify", -60), steps=8)
    said = canvas.box.get_by_text("Let go to connect store to notify")
    expect(said).to_be_visible()
    book.look("canvas-onto", canvas.box)
    canvas.page.mouse.up()
    expect(said).to_be_hidden()
    canvas.wait_for_counts(5, 5)
    # upon a card that a line leads to already it may lie, and beside the others it is moved as ever
    canvas.drag(canvas.at("store", -20), canvas.at("notify", 10, 5))
    book.wait_for_record(lambda r: r["intent"] == "move")
    told = [r for r in book.records() if r["intent"] in ("connect", "move")]
    assert told[0] == {"intent": "connect", "source": "store", "target": "notify"}
    assert [set(r["positions"]) for r in told[1:]] == [{"store"}]


def test_the_place_that_lines_begin_at_is_seen_and_met_from_outside_of_the_card(open_canvas: Any) -> None:
    _, canvas = open_canvas()
    canvas.page.mouse.move(*canvas.at("store", 130, -40))
    canvas.drag(canvas.at("store", 109), canvas.at("notify", -60))
    canvas.wait_for_counts(5, 5)


def test_a_refused_connection_says_why_on_the_canvas(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.mouse.move(*canvas.at("fetch"))
    canvas.drag(canvas.at("fetch", 96), canvas.at("rank", -60))
    message = canvas.box.locator(".flowbook-canvas-message")
    expect(message).to_contain_text("These two nodes are connected already.")
    book.look("canvas-refused", canvas.box)
    message.get_by_role("button").click()
    message.wait_for(state="detached")


def test_letting_go_over_nothing_connects_nothing_and_tells_the_place(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.mouse.move(*canvas.at("store"))
    canvas.drag(canvas.at("store", 96), canvas.at("notify", 0, -110))
    canvas.click("rank")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["rank"])
    assert not [r for r in book.records() if r["intent"] in ("connect", "move")]
    asked = next(r for r in book.records() if r["intent"] == "extend")
    assert asked["source"] == "store"
    assert (asked["x"], asked["y"]) == (pytest.approx(700, abs=4), pytest.approx(40, abs=4))


def test_dragging_a_card_moves_it_with_one_message(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.drag(canvas.at("alert", -20), canvas.at("alert", 280, 40))
    record = book.wait_for_record(lambda r: r["intent"] == "move")
    assert record["positions"] == {"alert": [pytest.approx(700, abs=12), pytest.approx(320, abs=12)]}
    assert len([r for r in book.records() if r["intent"] == "move"]) == 1


def test_dragging_one_of_a_selection_moves_all_of_it_with_one_message(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("alert")
    canvas.page.keyboard.down("Shift")
    canvas.click("why")
    canvas.page.keyboard.up("Shift")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["alert"] and r["notes"] == ["why"])
    canvas.drag(canvas.at("alert", -20), canvas.at("alert", -20, 30))
    record = book.wait_for_record(lambda r: r["intent"] == "move")
    assert (set(record["positions"]), set(record["notes"])) == ({"alert"}, {"why"})
    assert len([r for r in book.records() if r["intent"] == "move"]) == 1


def test_the_delete_key_takes_a_node_out_of_the_middle(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("rank")
    canvas.page.keyboard.press("Delete")
    record = book.wait_for_record(lambda r: r["intent"] == "delete")
    assert record == {"intent": "delete", "nodes": ["rank"], "edges": [], "notes": []}
    canvas.wait_for_counts(4, 2)
    canvas.drag(canvas.at("notify", -20), canvas.at("notify", -20, 60))
    assert set(book.wait_for_record(lambda r: r["intent"] == "move")["positions"]) == {"notify"}
    book.look("canvas-deleted", canvas.box)


@pytest.mark.parametrize("place", ["the line", "its end, which can be dragged"])
def test_an_edge_can_be_clicked_and_deleted(place: str, open_canvas: Any) -> None:
    book, canvas = open_canvas()
    at = canvas.at("rank", 136) if place == "the line" else canvas.at("rank", 122)
    canvas.page.mouse.move(*at)
    canvas.box.locator(".flowbook-edge-end").first.wait_for()
    canvas.page.mouse.click(*at)
    record = book.wait_for_record(lambda r: r["intent"] == "edge")
    assert (record["id"], record["x"]) == ("e3", pytest.approx(536 if place == "the line" else 522, abs=4))
    canvas.page.keyboard.press("Backspace")
    assert book.wait_for_record(lambda r: r["intent"] == "delete")["edges"] == ["e3"]
    canvas.wait_for_counts(5, 3)


def test_dragging_with_shift_selects_what_is_in_the_box(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.keyboard.down("Shift")
    canvas.drag(canvas.at("store", -120, -45), canvas.at("rank", 130, 40))
    canvas.page.keyboard.up("Shift")
    record = book.wait_for_record(lambda r: r["intent"] == "select" and len(r["nodes"]) == 2)
    assert set(record["nodes"]) == {"store", "rank"}


def test_double_clicks_open_nodes_and_tell_the_place_on_the_background(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.mouse.dblclick(*canvas.at("rank", -20))
    assert book.wait_for_record(lambda r: r["intent"] == "open") == {"intent": "open", "id": "rank", "kind": "node"}
    canvas.page.mouse.dblclick(*canvas.at("notify", 0, 100))
    place = book.wait_for_record(lambda r: r["intent"] == "background")
    assert (place["x"], place["y"]) == (pytest.approx(700, abs=3), pytest.approx(250, abs=3))


def test_two_quick_clicks_at_different_places_are_no_double_click(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    first, second = canvas.at("rank", -20), canvas.at("notify", 0, 100)
    for place in (first, second, first):
        canvas.page.mouse.click(*place)
    canvas.page.keyboard.press("Control+c")  # told after whatever the clicks have told
    book.wait_for_record(lambda r: r["intent"] == "key")
    assert not [r for r in book.records() if r["intent"] in ("open", "background")]


def test_clicks_hit_also_after_an_output_above_has_grown(make_notebook: Any) -> None:
    grow = "import ipywidgets\nabove = ipywidgets.HTML('above')\nabove"
    later = "above.value = '<div style=\"height: 90px\">grown</div>'"
    files = {"editor.py": EDITOR, "elements.json": json.dumps(REPORT)}
    book = make_notebook(grow, show("canvas"), later, files=files, height=1000)
    for index in (0, 1):
        book.run(index)
    canvas = CanvasPage(book.page, REPORT)
    canvas.wait_for_counts(5, 4)
    canvas.click("rank")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["rank"])
    book.run(2)
    book.page.get_by_text("grown", exact=True).wait_for()
    canvas.click("alert")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["alert"])


PALETTE = """
from IPython.display import HTML, display
display(HTML('''<div draggable="true" id="by-drag" style="width:160px;border:1px solid"
 ondragstart="event.dataTransfer.setData('application/x-flowbook-task', 'slack.upload_file')">upload_file</div>
 <div data-flowbook-task="slack.send_file" id="by-mouse" style="width:160px">send_file</div>'''))
canvas
"""


@pytest.mark.parametrize(("origin", "task"), [("#by-drag", "slack.upload_file"), ("#by-mouse", "slack.send_file")])
def test_a_task_dragged_from_a_palette_is_dropped_at_its_place(open_canvas: Any, origin: str, task: str) -> None:
    book, canvas = open_canvas(REPORT, PALETTE)
    place = canvas.at("notify", 0, 100)
    canvas.page.locator(origin).hover()
    canvas.page.mouse.down()
    canvas.page.mouse.move(place[0] - 30, place[1], steps=5)
    canvas.page.mouse.move(*place, steps=3)
    canvas.page.mouse.up()
    record = book.wait_for_record(lambda r: r["intent"] == "drop")
    assert (record["task"], record["x"], record["y"]) == (task, pytest.approx(700, abs=3), pytest.approx(250, abs=3))
    canvas.wait_for_counts(6, 4)


def chain(count: int) -> dict[str, Any]:
    """``count`` nodes in a long line, folded every 25 nodes."""
    nodes = [{"id": f"n{i}", "task": "core.python", "x": i % 25 * 260, "y": i // 25 * 90} for i in range(count)]
    edges = [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(count - 1)]
    return {"nodes": nodes, "edges": edges, "notes": []}


def share_of(path: Path, wanted: Callable[[tuple[int, int, int]], bool]) -> float:
    """The share of a picture's pixels that ``wanted`` accepts."""
    with Image.open(path) as picture:
        counted = picture.convert("RGB").getcolors(1 << 24) or []
    return sum(n for n, colour in counted if wanted(colour)) / sum(n for n, _ in counted)


def green(colour: tuple[int, int, int]) -> bool:
    return colour[1] > colour[0] + 25 and colour[1] > colour[2] + 25


def bright(colour: tuple[int, int, int]) -> bool:
    return sum(colour) > 600


def test_500_statuses_reach_500_nodes_as_one_message(open_canvas: Any) -> None:
    change = "for i in range(500):\n    canvas.set_status({f'n{i}': 'succeeded'})"
    book, canvas = open_canvas(chain(500), "canvas", change)
    book.page.wait_for_timeout(500)
    assert share_of(book.shot("canvas-500-before", canvas.box), green) == 0
    book.run(1)
    until(lambda: share_of(book.shot("canvas-500", canvas.box), green) > 0.01)
    assert book.frames_with('"kind": "status"') + book.frames_with('"kind":"status"') == 1


def test_the_graph_is_the_same_after_a_reload_with_a_live_kernel(open_own: Any) -> None:
    book, canvas = open_own()
    canvas.click("rank")
    canvas.page.keyboard.press("Delete")
    canvas.wait_for_counts(4, 2)
    book.cell(1).click()
    book.save()
    book.open(".flowbook-canvas")
    wait_until_fitted(canvas.box)
    again = CanvasPage(book.page, {**REPORT, "nodes": [n for n in REPORT["nodes"] if n["id"] != "rank"]})
    again.wait_for_counts(4, 2)
    again.page.mouse.move(*again.at("store"))
    again.drag(again.at("store", 96), again.at("notify", -60))
    again.wait_for_counts(4, 3)


def test_a_cell_run_again_shows_a_canvas_that_works(open_own: Any) -> None:
    book, _ = open_own()
    book.run(0)
    again = CanvasPage(book.page, REPORT)
    again.wait_for_counts(5, 4)
    again.click("notify")
    again.page.keyboard.press("Delete")
    again.wait_for_counts(4, 3)


def test_a_second_view_shows_every_edit_and_can_edit_itself(open_own: Any) -> None:
    more = "canvas.patch([{'op': 'remove', 'kind': 'node', 'id': 'store'}])\ncanvas"
    book, first = open_own(more)
    book.run(1)
    rest = {**REPORT, "nodes": [n for n in REPORT["nodes"] if n["id"] != "store"]}
    second = CanvasPage(book.page, rest, nth=1)
    second.wait_for_counts(4, 3)
    first.wait_for_counts(4, 3)
    second.click("alert")
    second.page.keyboard.press("Delete")
    second.wait_for_counts(3, 2)
    first.wait_for_counts(3, 2)
    book.look("canvas-second-view")


def test_a_canvas_in_a_hidden_tab_is_fitted_once_it_is_shown(make_notebook: Any) -> None:
    tabs = "import ipywidgets\nipywidgets.Tab([ipywidgets.HTML('first'), canvas.widget], titles=['One', 'Graph'])"
    book = make_notebook(show(tabs), files={"editor.py": EDITOR, "elements.json": json.dumps(REPORT)})
    book.run(0)
    book.page.get_by_role("tab", name="Graph").click()
    canvas = CanvasPage(book.page, REPORT)
    canvas.wait_for_counts(5, 4)
    canvas.click("alert")
    canvas.page.keyboard.press("Delete")
    canvas.wait_for_counts(4, 3)
    book.page.get_by_role("tab", name="One").click()
    book.page.get_by_role("tab", name="Graph").click()
    canvas.click("notify")
    canvas.page.keyboard.press("Delete")
    canvas.wait_for_counts(3, 2)


def test_no_key_reaches_the_notebook_while_the_canvas_has_focus(open_own: Any) -> None:
    book, canvas = open_own()
    canvas.click("rank")
    letters = ["d", "d", "x", "a", "b", "m", "z", "Shift+M", "Control+Enter"]
    for key in [*letters, "Control+s", "Control+z", "Control+Shift+z", "Delete"]:
        book.page.keyboard.press(key)
    for name in ("run", "save", "undo", "redo"):
        book.wait_for_record(lambda r, name=name: r.get("name") == name)
    book.wait_for_record(lambda r: r["intent"] == "delete" and r["nodes"] == ["rank"])
    assert book.cell_count() == 2
    assert book.cell(1).locator(".cm-content").inner_text() == "'a cell behind'"
    assert book.cell(0).locator(".jp-InputArea-prompt").inner_text().strip() == "[1]:", "the cell was run again"


def test_arrow_keys_walk_from_card_to_card_and_with_alt_move_what_is_selected(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("rank")
    for _ in range(3):
        book.page.keyboard.press("Alt+ArrowRight")
    book.wait_for_record(lambda r: r["intent"] == "move" and r["positions"] == {"rank": [430, 150]})
    book.page.keyboard.press("ArrowRight")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["notify"])
    book.page.keyboard.press("Escape")
    book.wait_for_record(lambda r: r["intent"] == "select" and not r["nodes"])
    book.page.keyboard.press("ArrowRight")
    book.wait_for_record(lambda r: r["intent"] == "select" and len(r["nodes"]) == 1)


def test_what_the_kernel_says_of_a_place_meanwhile_takes_no_step_back(open_canvas: Any) -> None:
    """Its answer to an earlier step, or the mark of a node that runs, comes while a person goes on."""
    says = """
    import threading
    moved = [{"op": "move", "positions": {"rank": [400, 150]}, "notes": {}}]
    updated = [{"op": "update", "kind": "node", "id": "rank", "value": {"x": 400, "y": 150}}]
    timers = [threading.Timer(n / 10, canvas.patch, [moved if n % 2 else updated]) for n in range(100)]
    canvas.on("move", lambda p: [timer.cancel() for timer in timers])
    for timer in timers: timer.start()
    """
    book, canvas = open_canvas(REPORT, "canvas", dedent(says))
    canvas.click("rank")
    book.run(1)
    # by the page's own clock: what it waits for before it tells of a move comes after a key that is late, too
    repeat = """async (element) => {
        for (let times = 0; times < 20; times += 1) {
            element.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", altKey: true, bubbles: true }));
            await new Promise((done) => { setTimeout(done, 60); });
        }
    }"""
    canvas.box.evaluate(repeat)
    told = book.wait_for_record(lambda r: r["intent"] == "move")
    assert told["positions"] == {"rank": [600, 150]}


def test_the_wheel_zooms_only_once_the_canvas_has_focus(open_canvas: Any) -> None:
    _, canvas = open_canvas()
    grid = "element => element.style.backgroundSize"
    changed = "([element, before]) => element.style.backgroundSize !== before"
    canvas.page.mouse.move(*canvas.at("rank"))
    before = canvas.box.evaluate(grid)
    canvas.page.mouse.wheel(0, 60)
    canvas.page.wait_for_timeout(250)
    assert canvas.box.evaluate(grid) == before
    canvas.click("rank")
    canvas.page.mouse.wheel(0, 120)
    wait_for_element(canvas.box, changed, before)
    zoomed = canvas.box.evaluate(grid)
    press(canvas.box, "Zoom out", exact=False)
    wait_for_element(canvas.box, changed, zoomed)
    canvas.click("rank")
    canvas.page.keyboard.press("f")
    same = changed.replace("!==", "===")
    wait_for_element(canvas.box, same, before)


def test_arranging_places_the_cards_from_left_to_right_and_reports_it_as_one_move(open_canvas: Any) -> None:
    book, canvas = open_canvas(REPORT, "canvas", "canvas.arrange()")
    book.run(1)
    places = book.wait_for_record(lambda r: r["intent"] == "move")["positions"]
    assert places["fetch"][0] < places["rank"][0] < places["notify"][0]
    assert places["store"][0] == places["rank"][0] == places["alert"][0]
    book.page.wait_for_timeout(300)
    book.look("canvas-arranged", canvas.box)
    assert len([r for r in book.records() if r["intent"] == "move"]) == 1


def test_a_canvas_to_read_selects_and_never_edits(open_canvas: Any) -> None:
    book, canvas = open_canvas(REPORT, "canvas = edit(Canvas(canvas.elements, read_only=True))\ncanvas")
    canvas.drag(canvas.at("alert", -20), canvas.at("alert", 10, 40))
    canvas.page.keyboard.press("f")
    canvas.page.wait_for_timeout(400)
    canvas.page.mouse.click(*canvas.at("rank", 120))
    for key in ("Delete", "Control+d", "Control+c"):
        canvas.page.keyboard.press(key)
    book.wait_for_record(lambda r: r.get("name") == "copy")
    assert {r["intent"] for r in book.records()} <= {"select", "edge", "key"}
    assert [r["name"] for r in book.records() if r["intent"] == "key"] == ["copy"]
    canvas.wait_for_counts(5, 4)


def test_html_in_texts_is_shown_as_text(open_canvas: Any) -> None:
    bad = "<img src=x onerror=\"document.title='hacked'\"><b>bold</b>"
    elements = {
        "nodes": [
            {"id": "a", "label": bad, "task": bad, "badge": {"text": "<b"}, "problem": bad, "x": 0, "y": 0},
            {"id": "b", "task": "core.python", "x": 400, "y": 0},
        ],
        "edges": [{"id": "e", "source": "a", "target": "b", "label": bad}],
        "notes": [{"id": "t", "text": bad, "x": 0, "y": 120}],
    }
    book, canvas = open_canvas(elements, "canvas", f"canvas.tell({bad!r})")
    book.run(1)
    canvas.page.mouse.move(*canvas.at("a"))
    canvas.page.mouse.move(*canvas.at("a", 3))
    hover = canvas.box.locator(".flowbook-canvas-hover")
    hover.wait_for()
    assert "<b>bold</b>" in hover.inner_text()
    assert "<b>bold</b>" in canvas.box.locator(".flowbook-canvas-message").first.inner_text()
    book.look("canvas-html", canvas.box)
    canvas.click("a")
    assert "hacked" not in book.page.title()
    assert canvas.box.locator("img, b").count() == 0


# ---- lines as places, the menu, the keys


def line(canvas: CanvasPage, source: str, target: str) -> tuple[float, float]:
    """The middle of a line between two cards."""
    (x0, y0), (x1, y1) = canvas.at(source, 100), canvas.at(target, -100)
    return ((x0 + x1) / 2, (y0 + y1) / 2)


def test_a_plus_on_a_line_asks_for_a_node_between(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.mouse.move(*line(canvas, "fetch", "rank"))
    plus = canvas.box.get_by_role("button", name="Put a node between fetch and rank")
    plus.hover()
    book.look("canvas-line", canvas.box)
    plus.click()
    record = book.wait_for_record(lambda r: r["intent"] == "insert")
    assert (record["edge"], record["x"]) == ("e2", pytest.approx(250, abs=12))


def test_a_task_dropped_on_a_line_names_the_line(open_canvas: Any) -> None:
    book, canvas = open_canvas(REPORT, PALETTE)
    place = line(canvas, "fetch", "rank")
    canvas.page.locator("#by-mouse").hover()
    canvas.page.mouse.down()
    canvas.page.mouse.move(place[0] - 20, place[1], steps=5)
    canvas.page.mouse.move(*place, steps=3)
    canvas.page.mouse.up()
    assert book.wait_for_record(lambda r: r["intent"] == "drop")["edge"] == "e2"


def test_an_end_of_a_line_is_dragged_to_another_node(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.page.mouse.click(*line(canvas, "rank", "notify"))
    knob = canvas.box.locator(".flowbook-edge-end.flowbook-target")
    knob.hover()
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at("store", 60), steps=6)
    book.look("canvas-reconnect", canvas.box)
    canvas.page.mouse.move(*canvas.at("alert", 60), steps=6)
    canvas.page.mouse.up()
    record = book.wait_for_record(lambda r: r["intent"] == "reconnect")
    assert record == {"intent": "reconnect", "edge": "e3", "target": "alert"}


CLOSE: dict[str, Any] = {  # as a chain of nodes is arranged, too many to be shown at their full size
    "nodes": [{"id": f"n{i}", "task": "core.noop", "x": 260 * i, "y": 0} for i in range(6)],
    "edges": [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(5)],
}


def test_a_short_line_can_be_met_itself_and_its_ends_and_its_plus(open_canvas: Any) -> None:
    book, canvas = open_canvas(CLOSE)
    middle = line(canvas, "n2", "n3")
    canvas.page.mouse.move(*middle)
    plus = canvas.box.get_by_role("button", name="Put a node between n2 and n3")
    expect(plus).to_be_visible()
    canvas.page.mouse.move(middle[0] + 1, middle[1])
    book.look("canvas-short-line", canvas.box)
    canvas.page.mouse.click(middle[0] + 1, middle[1])
    assert book.wait_for_record(lambda r: r["intent"] == "select" and r["edges"])["edges"] == ["e2"]
    knob = canvas.box.locator(".flowbook-edge-end.flowbook-target")
    knob.hover()
    canvas.page.mouse.down()
    canvas.page.mouse.move(*canvas.at("n4", 60), steps=6)
    canvas.page.mouse.up()
    assert book.wait_for_record(lambda r: r["intent"] == "reconnect")["target"] == "n4"
    canvas.page.mouse.move(*middle)
    plus.click()
    assert book.wait_for_record(lambda r: r["intent"] == "insert")["edge"] == "e2"


FRAMED: dict[str, Any] = {
    "nodes": [*REPORT["nodes"]],
    "edges": [],
    "notes": [{"id": "group", "text": "Group", "x": 550, "y": 150, "frame": [540, 130]}],
}


def test_what_stands_in_a_frame_goes_along_with_it_as_one_move(open_canvas: Any) -> None:
    book, canvas = open_canvas(FRAMED)
    before = canvas.box.evaluate("one => one._cyreg.cy.getElementById('n:rank').position()")
    canvas.drag(canvas.at("group", 0, -50), canvas.at("group", 30, -10))
    moved = book.wait_for_record(lambda r: r["intent"] == "move")
    assert set(moved["positions"]) == {"rank", "notify"}
    assert set(moved["notes"]) == {"group"}
    assert moved["positions"]["rank"][0] > before["x"] + 10
    assert len([one for one in book.records() if one["intent"] == "move"]) == 1


def test_nothing_that_a_person_has_opened_over_the_canvas_goes_because_a_node_comes_into_sight(
    open_canvas: Any,
) -> None:
    book, canvas = open_canvas(REPORT, "canvas", "canvas.reveal('notify')")
    x, y = canvas.at("rank", 0, 60)
    room = canvas.settled()
    canvas.drag((x, y), (x + room["x"] + room["width"] - canvas.at("notify")[0] - 20, y))  # notify is half outside
    place = canvas.box.evaluate("one => one._cyreg.cy.getElementById('n:notify').renderedPosition()")
    at = room["x"] + place["x"] - 60, room["y"] + place["y"]
    canvas.page.mouse.move(*at)
    canvas.box.locator(".flowbook-canvas-hover").wait_for()
    canvas.page.mouse.click(*at, button="right")
    menu = canvas.box.get_by_role("menu")
    expect(menu).to_be_visible()
    expect(canvas.box.locator(".flowbook-canvas-hover")).to_be_hidden()  # two boxes at one place
    book.lab.said_by_kernels(book.folder.name, "canvas.reveal('notify')")  # as the editor does after a click
    canvas.page.wait_for_timeout(400)
    expect(menu).to_be_visible()
    menu.get_by_role("menuitem", name="Rename").click()
    canvas.page.keyboard.type("tell")
    canvas.page.wait_for_timeout(300)
    canvas.page.keyboard.type(" all")
    canvas.page.keyboard.press("Enter")
    assert book.wait_for_record(lambda r: r.get("name") == "rename")["text"] == "tell all"
    canvas.page.wait_for_function(  # and what was to be seen is seen once nothing is open
        "one => { const at = one._cyreg.cy.getElementById('n:notify').renderedPosition();"
        " return at.x + 80 < one.clientWidth; }",
        arg=canvas.box.element_handle(),
    )


def test_what_a_run_left_is_seen_on_the_lines(open_canvas: Any) -> None:
    gone = "{'e2': {'taken': True, 'items': 120}, 'e3': {'taken': True, 'items': 3}, 'e4': {'taken': False}}"
    marks = f"canvas.mark_lines({gone})"
    far = "canvas.set_progress({'rank': {'done': 3, 'total': 10, 'failed': 1}})"
    book, canvas = open_canvas(REPORT, "canvas", f"{marks}\n{far}")
    assert share_of(book.shot("canvas-untaken", canvas.box), green) == 0
    book.run(1)
    until(lambda: share_of(book.shot("canvas-taken", canvas.box), green) > 0)
    said = canvas.box.evaluate("one => one._cyreg.cy.edges('[items != \"\"]').map((edge) => edge.style('label'))")
    assert said == ["120 items", "when\n3 items"]  # a condition and the items in one place: neither covers the other


def test_the_menu_of_a_node_does_what_it_says_to_that_node(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("rank", button="right")
    menu = canvas.box.get_by_role("menu")
    menu.wait_for()
    book.look("canvas-menu", canvas.box)
    menu.get_by_role("menuitem", name="Run This Node").click()
    record = book.wait_for_record(lambda r: r["intent"] == "command")
    assert (record["name"], record["nodes"]) == ("run-node", ["rank"])
    canvas.click("rank", button="right")
    menu.get_by_role("menuitem", name="Delete and Keep the Line").click()
    assert book.wait_for_record(lambda r: r.get("name") == "delete-keep")["nodes"] == ["rank"]
    canvas.page.mouse.click(*canvas.at("notify", 0, 110), button="right")
    menu.get_by_role("menuitem", name="Add Node Here").click()
    record = book.wait_for_record(lambda r: r.get("name") == "add")
    assert (record["here"], record["x"]) == (True, pytest.approx(700, abs=4))


def test_a_node_is_renamed_disabled_and_connected_by_keys_alone(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("store")
    canvas.page.keyboard.press("F2")
    name = canvas.box.get_by_role("textbox", name="Name of the node")
    expect(name).to_be_focused()
    canvas.page.keyboard.type("Keep the rows")
    canvas.page.keyboard.press("Enter")
    record = book.wait_for_record(lambda r: r.get("name") == "rename")
    assert (record["nodes"], record["text"]) == (["store"], "Keep the rows")
    canvas.page.keyboard.press("d")
    record = book.wait_for_record(lambda r: r.get("name") == "disable")
    assert (record["nodes"], record["disabled"]) == (["store"], True)
    canvas.page.keyboard.press("c")
    expect(canvas.box.locator(".flowbook-canvas-mode:visible")).to_contain_text("Connect store to")
    canvas.page.keyboard.press("Enter")
    assert book.wait_for_record(lambda r: r["intent"] == "connect")["source"] == "store"


def test_ctrl_f_finds_a_node_and_enter_goes_on(open_canvas: Any) -> None:
    book, canvas = open_canvas()
    canvas.click("fetch")
    canvas.page.keyboard.press("Control+f")
    canvas.page.keyboard.type("slack", delay=20)
    expect(canvas.box.get_by_role("search")).to_contain_text("1 of 2")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["notify"])
    canvas.page.keyboard.press("Enter")
    book.wait_for_record(lambda r: r["intent"] == "select" and r["nodes"] == ["alert"])
    canvas.page.keyboard.press("Escape")
    expect(canvas.box.get_by_role("search")).to_be_hidden()
    expect(canvas.box).to_be_focused()


def test_a_long_line_is_arranged_in_rows_begins_at_the_left_and_has_a_map(open_canvas: Any) -> None:
    nodes = [{"id": f"n{i}", "task": "core.python", "x": i * 260, "y": 0} for i in range(100)]
    edges = [{"id": f"e{i}", "source": f"n{i}", "target": f"n{i + 1}"} for i in range(99)]
    book, canvas = open_canvas({"nodes": nodes, "edges": edges, "notes": []}, "canvas", "canvas.arrange()")
    expect(canvas.box.get_by_role("button", name="Show at full size")).to_have_text("35 %")
    map = canvas.box.get_by_role("img", name="Map of the graph")
    expect(map).to_be_visible()
    book.look("canvas-100-line", canvas.box)
    size = book.page.viewport_size
    book.page.set_viewport_size({"width": 560, "height": size["height"]})  # it would cover half of what there is to see
    expect(map).to_be_hidden()
    book.page.set_viewport_size(size)
    expect(map).to_be_visible()
    book.run(1)
    places = book.wait_for_record(lambda r: r["intent"] == "move")["positions"]
    assert len({y for _, y in places.values()}) > 5
    book.page.wait_for_timeout(400)
    book.look("canvas-100-arranged", canvas.box)


def test_what_is_pasted_comes_from_the_systems_clipboard(open_canvas: Any) -> None:
    give = "canvas.on('key', lambda p: canvas.give_clip('flowbook: 1') if p['name'] == 'copy' else None)\ncanvas"
    book, canvas = open_canvas(REPORT, give)
    canvas.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    canvas.click("rank")
    canvas.page.keyboard.press("Control+c")
    book.wait_for_record(lambda r: r.get("name") == "copy")
    until(lambda: canvas.page.evaluate("navigator.clipboard.readText()") == "flowbook: 1")
    canvas.page.keyboard.press("Control+v")
    assert book.wait_for_record(lambda r: r.get("name") == "paste")["text"] == "flowbook: 1"


def test_every_node_is_there_in_words_for_those_who_cannot_see_it(open_canvas: Any) -> None:
    _, canvas = open_canvas()
    expect(canvas.box.get_by_role("option")).to_have_count(5)
    expect(canvas.box.get_by_role("option").filter(has_text="alert, slack.send_notification")).to_have_count(1)
    expect(canvas.box.get_by_role("option").filter(has_text="Leads to store, rank, alert (on failure)")).to_have_count(
        1
    )
    canvas.click("rank")
    chosen = canvas.box.get_by_role("option", selected=True)
    expect(chosen).to_contain_text("rank, core.python")
    expect(canvas.box).to_have_attribute("aria-activedescendant", str(chosen.get_attribute("id")))
