"""What a person is at stays: a name that is being written, what was selected, what is seen beside the inspector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Page, expect

from tests.jupyterlab import press, settled_box, wait_for_element, wait_until_fitted
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CELL = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
flow = Workflow(name="daily")
for place in range(3):
    flow.add(f"step_{place}", "core.noop", at=(230 * place, 0))
for place in range(2):
    flow.connect(f"step_{place}", f"step_{place + 1}")
ws.save(flow)
ed = ws.edit("daily")
ed
"""
LINES = "ed.canvas.mark_lines({one['id']: {'taken': True, 'items': 1200} for one in ed.canvas.elements['edges']})"
PLACE = """(one, id) => {
    const at = one._cyreg.cy.getElementById(`n:${id}`).renderedPosition();
    return { x: at.x - 20, y: at.y };
}"""
ALL_SEEN = """one => {
    const cy = one._cyreg.cy;
    const covered = parseFloat(getComputedStyle(one).getPropertyValue("--fb-covered")) || 0;
    const right = (node) => node.renderedPosition().x + node.renderedWidth() / 2;
    const left = (node) => node.renderedPosition().x - node.renderedWidth() / 2;
    const seen = (node) => left(node) > 0 && right(node) < one.clientWidth - covered;
    return covered > 0 && !cy.animated() && cy.nodes(".fb-card").every(seen);
}"""


def test_what_a_person_is_at_stays_when_the_view_moves_and_another_thing_was_shown(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(CELL, width=1340)
    book.run(0)
    page: Page = book.page
    canvas, title = page.locator(".flowbook-canvas"), page.locator(".fb-inspector h3:visible")
    wait_until_fitted(canvas)
    canvas.click(position=canvas.evaluate(PLACE, "step_1"))
    expect(title).to_have_text("step_1")
    page.wait_for_timeout(700)  # it comes into sight when it is behind the inspector
    press(page, "Fit")
    wait_for_element(canvas, ALL_SEEN)

    book.lab.said_by_kernels(book.folder.name, LINES)  # words would lie below the cards here
    wait_for_element(canvas, "one => one._cyreg.cy.edges().every((edge) => edge.style('label') === '1,200')")

    press(page.locator(".fb-toolbar"), "Note")
    expect(title).to_have_text("Note")
    press(page, "Done", exact=False)
    expect(title).to_have_count(0)
    canvas.click(position=canvas.evaluate(PLACE, "step_1"))
    expect(title).to_have_text("step_1")
    press(page.locator(".fb-toolbar"), "Note")
    expect(title).to_have_text("Note")
    canvas.click(position=canvas.evaluate(PLACE, "step_1"))
    expect(title).to_have_text("step_1")

    page.wait_for_timeout(700)
    page.keyboard.press("F2")
    name = page.get_by_label("Name of the node")
    expect(name).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("sh")
    before = settled_box(name)
    book.lab.said_by_kernels(book.folder.name, "ed.canvas.focus_node('step_2')")  # the view moves
    until(lambda: name.bounding_box() != before)  # it is where its node is
    wait_for_element(canvas, "one => !one._cyreg.cy.animated()")
    expect(name).to_be_focused()
    page.keyboard.type("ip_daily")
    page.keyboard.press("Enter")
    names = "print(*ed.editing.workflow.nodes)"
    expect(page.locator(".flowbook-canvas")).to_contain_text("ship_daily, core.noop")
    assert book.lab.said_by_kernels(book.folder.name, names) == ["step_0 ship_daily step_2"]


ROWS = """
flow = Workflow(name="rows")
for place in range(6):
    flow.add(f"step_{place}", "core.noop", at=(260 * (place % 3), 110 * (place // 3)))
for place in range(5):
    flow.connect(f"step_{place}", f"step_{place + 1}")
ws.save(flow)
ws.edit("rows")
"""
LINES_SEEN = """one => one._cyreg.cy.edges().every((edge) => {
    const box = edge.renderedBoundingBox({ includeLabels: false });
    return box.x1 >= 0 && box.x2 <= one.clientWidth;
})"""


def test_a_line_that_leads_back_to_the_next_row_is_seen_whole(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(CELL.removesuffix("ed\n") + ROWS, width=1340)
    book.run(0)
    canvas = book.page.locator(".flowbook-canvas")
    wait_until_fitted(canvas)
    wait_for_element(canvas, LINES_SEEN)


LINE_SEEN = """one => {
    const covered = parseFloat(getComputedStyle(one).getPropertyValue("--fb-covered")) || 0;
    const box = one._cyreg.cy.getElementById("e:step_1--step_2--success").renderedBoundingBox({ includeLabels: false });
    return covered > 0 && !one._cyreg.cy.animated() && box.x1 > 0 && box.x2 < one.clientWidth - covered;
}"""
MIDDLE = """one => {
    const at = one._cyreg.cy.getElementById("e:step_1--step_2--success").renderedMidpoint();
    return { x: at.x, y: at.y };
}"""
LOWEST = """one => {
    const cy = one._cyreg.cy, bottom = (node) => node.renderedPosition().y + node.renderedHeight() / 2;
    return !cy.animated() && Math.max(...cy.nodes(".fb-card").map(bottom)) < one.clientHeight;
}"""


def test_a_line_that_is_selected_is_not_left_behind_the_inspector_nor_are_nodes_below_the_run(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(CELL, width=1340, height=700)
    book.run(0)
    page: Page = book.page
    canvas = page.locator(".flowbook-canvas")
    wait_until_fitted(canvas)
    canvas.click(position=canvas.evaluate(MIDDLE))
    expect(page.locator(".fb-inspector h3:visible")).to_have_text("step_1 → step_2")
    wait_for_element(canvas, LINE_SEEN)
    page.keyboard.press("Escape")
    press(page, "Fit")
    wait_until_fitted(canvas)
    canvas.click(position={"x": 30, "y": 30})
    high = canvas.evaluate("one => one.clientHeight")
    page.wait_for_timeout(1200)  # the mouse rests where it is
    page.keyboard.press("Control+Enter")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    wait_for_element(canvas, LOWEST)
    assert canvas.evaluate("one => one.clientHeight") < high - 100


def test_messages_do_not_lie_over_each_other_and_escape_leads_from_a_field_back_to_the_canvas(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(CELL, width=1340, height=700)
    book.run(0)
    page: Page = book.page
    canvas = page.locator(".flowbook-canvas")
    wait_until_fitted(canvas)
    canvas.click(position=canvas.evaluate(PLACE, "step_0"))
    label = page.get_by_label("Label", exact=True)
    label.click()
    page.keyboard.type("Begin")
    page.keyboard.press("Escape")
    expect(canvas).to_be_focused()
    expect(page.locator(".fb-inspector h3:visible")).to_have_text("Begin")
    page.keyboard.press("Escape")
    expect(page.locator(".fb-inspector h3:visible")).to_have_count(0)

    said = "ed.say('Kept under another name.', 'warning'); ed.canvas.tell('Told by the canvas.', 'success')"
    book.lab.said_by_kernels(book.folder.name, said)
    above = page.locator(".fb-told .fb-message", has_text="Kept under another name.")
    below = page.locator(".flowbook-canvas-message", has_text="Told by the canvas.")
    first, second = settled_box(above), settled_box(below)
    assert first["y"] + first["height"] <= second["y"]


def test_a_run_that_begins_is_seen_from_its_head(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(CELL.removesuffix("ed\n") + ROWS, width=1340, height=700)
    book.run(0)
    page: Page = book.page
    canvas, summary = page.locator(".flowbook-canvas"), page.locator(".fbr-summary")
    wait_until_fitted(canvas)
    press(page, "▶ Run")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    wait_until_fitted(canvas)
    canvas.click(position=canvas.evaluate(PLACE, "step_5"))
    wait_for_element(summary, "one => one.scrollTop > 0")  # its row is the last
    press(page, "▶ Run")
    wait_for_element(summary, "one => one.scrollTop === 0")


COVERED = """() => [...document.querySelectorAll(".flowbook button")].filter((one) => {
    const { x, y, width, height } = one.getBoundingClientRect();
    const top = document.elementFromPoint(x + width / 2, y + height / 2);
    const shown = width && one.checkVisibility({ visibilityProperty: true });
    return shown && top?.closest(".flowbook") && !one.contains(top);
}).map((one) => one.ariaLabel || one.textContent)"""


def test_in_an_editor_without_the_studio_no_button_is_covered_and_the_full_window_comes_and_goes(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(CELL, width=1340)
    book.run(0)
    page: Page = book.page
    frame = page.locator(".jp-OutputArea .flowbook")
    wait_until_fitted(page.locator(".flowbook-canvas"))
    assert page.evaluate(COVERED) == []
    frame.get_by_role("button", name="Full window").click()
    expect(frame).to_have_attribute("data-full", "")
    assert page.evaluate("document.elementFromPoint(4, 4).closest('.flowbook') !== null")
    assert page.evaluate(COVERED) == []
    page.keyboard.press("Escape")
    expect(frame).not_to_have_attribute("data-full", "")


def test_what_lies_over_the_inspector_hides_the_ring_of_its_field_too(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(CELL.replace('"core.noop"', '"core.python", params={"code": "1"}'), width=1340)
    book.run(0)
    page: Page = book.page
    canvas = page.locator(".flowbook-canvas")
    wait_until_fitted(canvas)
    canvas.click(position=canvas.evaluate(PLACE, "step_1"))
    page.locator('.fb-inspector .fb-field[data-name="code"] .cm-content').click()
    page.keyboard.type(" ")
    book.lab.said_by_kernels(book.folder.name, "flow.describe('theirs'); ws.save(flow)")
    page.keyboard.press("Control+s")
    drawer = page.locator(".fb-drawer")
    expect(drawer).to_contain_text("was saved by someone else")
    page.wait_for_timeout(500)
    box = settled_box(drawer)  # without its edges, where what is around it is seen
    inside = FloatRect(x=box["x"] + 8, y=box["y"] + 8, width=box["width"] - 16, height=box["height"] - 16)
    focused = page.screenshot(clip=inside)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(300)
    assert page.screenshot(clip=inside) == focused
