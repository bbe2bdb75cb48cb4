"""The graph editor, used with a real mouse in JupyterLab: the users' guide's Part 4, and what edits do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from flowbook import Workspace
from flowbook.models import Workflow
from flowbook.testing import FakeService, fake_service
from tests.jupyterlab import drag, enter, press, settled_box, wait_for_element, wait_until_fitted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPEN = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
ws = Workspace(".")
"""
SLACK = """
ws.create_type("slack")
ws.create_integration("My Slack Workspace", "slack", {"webhook_url": "%s"})
"""
CHAIN = """
from flowbook.models import Workflow
flow = Workflow(name="daily")
flow.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
flow.add("second", "core.noop", at=(260, 0))
flow.add("third", "core.set", params={"values": {"text": "Dear ${{ nodes.first.data.who }}"}}, at=(520, 0))
flow.connect("first", "second")
flow.connect("second", "third")
ws.save(flow)
"""
PLACES = {"first": (0, 0), "second": (260, 0), "third": (520, 0)}


@pytest.fixture
def webhook() -> Iterator[FakeService]:
    """A local server that takes what Slack's webhook would take."""
    with fake_service() as service:
        yield service.on("POST", "/hook", body="ok", headers={"Content-Type": "text/html"})


DRAWN = """(one, ids) => {
    const cy = one._cyreg.cy;
    const there = ids.map((id) => [id, cy.getElementById(`n:${id}`)]).filter(([, node]) => node.nonempty());
    const places = there.map(([id, node]) => [id, [node.renderedPosition().x, node.renderedPosition().y]]);
    return { zoom: cy.zoom(), nodes: Object.fromEntries(places) };
}"""


class CanvasPage:
    """The canvas on a page after **Fit**, with the places where its nodes are to be seen."""

    def __init__(self, page: Page, places: dict[str, tuple[int, int]]) -> None:
        self.page = page
        self.places = places
        self.box = page.locator(".flowbook-canvas")
        self.box.wait_for()

    def wait_for_counts(self, nodes: int, edges: int) -> None:
        expect(self.box).to_have_attribute("data-nodes", str(nodes))
        expect(self.box).to_have_attribute("data-edges", str(edges))
        self.page.wait_for_timeout(150)

    def at(self, id: str, dx: float = 0) -> tuple[float, float]:
        """Where a node is drawn, or would be: it has the same place beside the first one as in ``places``."""
        area = settled_box(self.box)
        wait_for_element(self.box, "one => !one._cyreg.cy.animated()")
        drawn = self.box.evaluate(DRAWN, list(self.places))
        known = next(iter(drawn["nodes"]), None)
        at = drawn["nodes"].get(id)
        if at is None:
            assert known is not None, "there is no node to go by"
            (x, y), (first_x, first_y), begin = self.places[id], self.places[known], drawn["nodes"][known]
            at = [begin[0] + (x - first_x) * drawn["zoom"], begin[1] + (y - first_y) * drawn["zoom"]]
        return area["x"] + at[0] + dx * drawn["zoom"], area["y"] + at[1]

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        drag(self.page, start, end)

    def click(self, id: str) -> None:
        self.page.mouse.click(*self.at(id, -20))


def fitted(page: Page, places: dict[str, tuple[int, int]]) -> CanvasPage:
    """The canvas with all of these nodes in view."""
    press(page, "Fit")
    wait_until_fitted(page.locator(".flowbook-canvas"))
    return CanvasPage(page, places)


QUICK_CLICK = """async ([x, y]) => {
  // Faster than a test's mouse: it is pressed in the frame in which it comes.
  const tell = (type, kind = MouseEvent) => {
    const about = { clientX: x, clientY: y, pointerId: 1, buttons: type.endsWith("up") ? 0 : 1 };
    document.elementFromPoint(x, y).dispatchEvent(new kind(type, { bubbles: true, cancelable: true, ...about }));
  };
  tell("mousemove");
  tell("pointerdown", PointerEvent);
  tell("mousedown");
  for (let frame = 0; frame < 5; frame += 1) await new Promise(requestAnimationFrame);
  tell("pointerup", PointerEvent);
  tell("mouseup");
}"""


def error_at(box: Locator) -> Locator:
    expect(box).to_have_attribute("aria-invalid", "true")
    described = (box.get_attribute("aria-describedby") or "").split()
    return box.page.locator(f"#{next(id for id in described if id.endswith('-error'))}")


def add_node(page: Page, task: str, params: str) -> None:
    form = page.locator(".fb-drawer")
    expect(form.get_by_label("Integration", exact=True)).to_have_count(0)  # the form of the node before has gone
    press(page, "Add Node")
    form.get_by_label("Integration", exact=True).select_option("My Slack Workspace")
    form.get_by_label("Task Name", exact=True).select_option(task)
    enter(form.get_by_label("Parameters", exact=True), params)
    press(page, "Add")


def test_the_guide_leads_from_an_empty_list_to_a_workflow_that_ran(
    make_notebook: Callable[..., Any], webhook: FakeService
) -> None:
    """Part 4: Create Workflow, Add Node, drag from one node to another, Save, ▶ Run."""
    book = make_notebook(f"{OPEN}{SLACK % (webhook.url + '/hook')}\nws.studio()", height=1150)
    page: Page = book.page
    book.run(0)
    page.get_by_role("tab", name="Workflows").click()
    press(page, "Create Workflow")
    expect(page.get_by_label("Workflow Name")).to_be_focused()
    page.keyboard.type("My Workflow")
    expect(page.get_by_text("Id: my-workflow")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".fb-name")).to_have_text("My Workflow")  # as it was called; its id is my-workflow
    add_node(page, "send_message", '{"text": "Hello from my workflow!", }')
    expect(error_at(page.get_by_label("Parameters", exact=True))).to_contain_text("not JSON")
    enter(page.get_by_label("Parameters", exact=True), '{"text": "Hello from my workflow!", "channel": "#general"}')
    press(page, "Add")
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1")
    add_node(page, "send_notification", '{"title": "Workflow Alert", "message": "${{ nodes.send_message.message }}"}')
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "2")
    expect(page.get_by_role("button", name="1 problem")).to_be_visible()  # it names a node that is not before it
    canvas = fitted(page, {"send_message": (0, 0), "send_notification": (260, 0)})
    canvas.drag(canvas.at("send_message", 92), canvas.at("send_notification"))
    canvas.wait_for_counts(2, 1)
    expect(page.get_by_role("button", name="No problems")).to_be_visible()
    press(page, "Save")
    expect(page.locator(".fb-dot")).to_have_text("")
    press(page, "▶ Run")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    assert webhook.requests[0].json["text"] == "Hello from my workflow!"
    assert len(webhook.requests) == 2
    page.wait_for_timeout(300)
    book.look("editor-guide")
    press(page, "← All Workflows")
    expect(page.get_by_role("row", name="my-workflow")).to_contain_text("succeeded")


def test_every_edit_of_the_graph_can_be_undone(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(f"{OPEN}{CHAIN}\nws.edit('daily')", height=1000)
    page: Page = book.page
    book.run(0)
    canvas = CanvasPage(page, PLACES)
    canvas.wait_for_counts(3, 2)
    canvas = fitted(page, PLACES)

    canvas.click("second")
    page.keyboard.press("Delete")
    canvas.wait_for_counts(2, 0)
    expect(page.locator(".fb-dot")).to_have_text("●")
    page.keyboard.press("Control+z")
    canvas.wait_for_counts(3, 2)
    expect(page.locator(".fb-dot")).to_have_text("")

    canvas = fitted(page, PLACES)
    canvas.drag(canvas.at("third", 92), canvas.at("first"))
    expect(page.get_by_text("would close a cycle")).to_be_visible()
    canvas.drag(canvas.at("first", 92), canvas.at("third"))
    canvas.wait_for_counts(3, 3)
    press(page, "Undo")
    canvas.wait_for_counts(3, 2)
    press(page, "Redo")
    canvas.wait_for_counts(3, 3)
    press(page, "Undo")

    canvas.click("second")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied 3 things.")).to_be_visible()
    page.keyboard.press("Control+v")
    canvas.wait_for_counts(6, 4)
    press(page, "Undo")
    canvas.wait_for_counts(3, 2)

    enter(page.locator(".fb-picker-search:visible"), "wait")
    page.locator('[data-id="core.wait"]').drag_to(page.locator(".flowbook-canvas"), target_position={"x": 90, "y": 90})
    canvas.wait_for_counts(4, 2)
    expect(page.get_by_label("Id", exact=True)).to_have_value("wait")
    book.look("editor-dropped")
    assert book.cell_count() == 1


def test_renaming_a_node_carries_references_along_and_a_newer_revision_is_not_overwritten(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(f"{OPEN}{CHAIN}\nws.edit('daily')", height=1000)
    page: Page = book.page
    book.run(0)
    CanvasPage(page, PLACES).wait_for_counts(3, 2)
    canvas = fitted(page, PLACES)
    canvas.click("first")
    enter(page.get_by_label("Id", exact=True), "No Id")
    page.keyboard.press("Tab")
    expect(error_at(page.get_by_label("Id", exact=True))).to_contain_text("cannot be a node's id")
    enter(page.get_by_label("Id", exact=True), "person")
    page.keyboard.press("Tab")
    expect(page.locator(".fb-inspector h3")).to_have_text("person")

    ws = Workspace(book.folder)
    theirs = ws.workflow("daily")
    theirs.describe("theirs")
    ws.save(theirs)
    press(page, "Save")
    expect(page.get_by_text("was saved by someone else")).to_be_visible()
    press(page, "Keep Mine as a Copy")
    expect(page.locator(".fb-name")).to_have_text("daily-copy")
    mine: Workflow = ws.workflow("daily-copy")
    assert mine.nodes["third"].params == {"values": {"text": "Dear ${{ nodes.person.data.who }}"}}
    assert [edge.source for edge in mine.edges] == ["person", "second"]
    assert ws.workflow("daily").description == "theirs"
    ws.close()


def test_an_expression_is_put_together_by_clicks_and_shows_what_it_comes_to(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(f"{OPEN}{CHAIN}\nws.start(flow).wait();", "ws.edit('daily')", height=1100)
    page: Page = book.page
    book.run_all()
    CanvasPage(page, PLACES).wait_for_counts(3, 2)
    canvas = fitted(page, PLACES)
    canvas.click("third")
    params = page.locator(".fb-inspector")
    values = params.get_by_label("values", exact=True)
    expect(params.get_by_text('✓ {"text": "Dear Ada"}')).to_be_visible()
    expect(values).to_have_class(re.compile("cm-content"))
    switch = params.get_by_role("button", name="Use an expression for values")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")  # the field that one types into is the new one
    enter(values, "")
    params.locator("[title='Insert nodes.first.data']").click()
    expect(values).to_have_text("${{ nodes.first.data }}")
    expect(params.get_by_text('✓ {"who": "Ada"}')).to_be_visible()
    book.look("editor-expression")
    enter(values, "${{ nodes.first.data.whom }}")
    expect(params.get_by_text("there is no 'whom'")).to_be_visible()

    canvas.box.click(position={"x": 20, "y": 400})
    canvas = fitted(page, PLACES)
    page.evaluate(
        QUICK_CLICK, canvas.at("first", 112)
    )  # the end of a line, which can be dragged, is the line for a click
    page.locator(".fb-inspector").get_by_label("On", exact=True).select_option("always")
    expect(page.locator(".fb-dot")).to_have_text("●")
    press(page.locator(".fb-inspector"), "Delete")
    canvas.wait_for_counts(3, 1)
