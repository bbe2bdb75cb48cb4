"""The editor's places, used with a real mouse: nothing moves the canvas, all of it fits, and a person arranges it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.jupyterlab import settled_box

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
ws.create_type("slack")
ws.create_integration("Team", "slack", {"webhook_url": "http://127.0.0.1:9/hook"})
flow = Workflow(name="daily")
flow.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
flow.add("second", "core.python", params={"code": "print('line ' * 4)"}, at=(260, 0))
flow.connect("first", "second")
flow.set_note("note", "each day", (130, 120))
ws.save(flow)
broken = Workflow(name="broken")
broken.add("nap", "core.wait", at=(0, 0))
ws.save(broken)
flow.describe("with text")
ws.save(flow)
"""
PANELS = ("Inputs", "Versions", "Import", "Export", "Add Node", "No problems")


@pytest.fixture(scope="module")
def shared_book(make_lasting_notebook: Callable[..., Any]) -> Any:
    book = make_lasting_notebook(SETUP, "ws.studio()", width=1440, height=900)
    book.run(0)
    return book


@pytest.fixture
def studio(shared_book: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A new studio of 1440 × 900, with JupyterLab's side bar open, in a browser that remembers nothing of sizes."""
    shared_book.page.evaluate("localStorage.removeItem('flowbook.room')")
    shared_book.run(1)
    yield shared_book
    if getattr(request.node, "failed_in_call", False):
        shared_book.tell_failure(request.node.name)


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def open_workflow(page: Page, name: str) -> Locator:
    page.locator(f"tr[data-row={name}]").get_by_role("button", name="Open").click()
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_be_visible()
    page.locator(".fb-places[data-right]").wait_for()
    return canvas


def middle_of(canvas: Locator, element: str) -> tuple[float, float]:
    """Where on the page the middle of a card ("n:id"), a note or the first connection is, once nothing moves."""
    canvas.page.wait_for_function("one => !one._cyreg.cy.animated()", arg=canvas.element_handle())
    at = canvas.evaluate(
        """(one, name) => {
            const cy = one._cyreg.cy;
            const found = name === "edge" ? cy.edges(".fb-edge")[0] : name === "note" ? cy.nodes(".fb-note")[0]
                : cy.getElementById("n:" + name);
            return found.isEdge() ? found.renderedMidpoint() : found.renderedPosition();
        }""",
        element,
    )
    area = settled_box(canvas)
    return area["x"] + at["x"], area["y"] + at["y"]


def box(canvas: Locator) -> FloatRect:
    return settled_box(canvas)


def test_no_drawer_moves_the_canvas_and_all_are_as_wide(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "daily")
    before = box(canvas)
    drawer = page.locator(".fb-drawer")
    widths = set()
    for name in PANELS:
        press(page, name)
        expect(drawer).to_be_visible()
        assert box(canvas) == before, name
        place = settled_box(drawer)
        widths.add(place["width"])
        assert place["x"] + place["width"] <= before["x"] + before["width"] + 1
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
        assert box(canvas) == before, name
    assert len(widths) == 1
    studio.shot("places-open")


def test_what_is_selected_is_changed_in_the_inspector_which_moves_nothing(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "daily")
    before = box(canvas)
    inspector = page.locator(".fb-inspector")
    for element, label in (("edge", "When"), ("note", "Text"), ("first", "Id")):
        page.mouse.click(*middle_of(canvas, element))
        field = inspector.get_by_label(label, exact=True).filter(visible=True)
        expect(field).to_have_count(1)
        assert box(canvas) == before, element
        page.mouse.click(before["x"] + 30, before["y"] + 30)
        expect(field).to_have_count(0)
        assert box(canvas) == before, element


def test_no_message_moves_the_canvas_and_a_refusal_goes_when_it_is_mended(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "broken")
    before = box(canvas)
    press(page, "▶ Run")
    refusal = page.get_by_text("It cannot run")
    expect(refusal).to_be_visible()
    assert box(canvas) == before
    page.keyboard.press("Escape")
    page.mouse.click(*middle_of(canvas, "nap"))
    page.get_by_label("seconds", exact=True).click()
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    expect(refusal).to_be_hidden()
    assert box(canvas) == before
    press(page, "Save")
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert box(canvas) == before


def test_an_editor_fits_into_what_the_page_leaves_and_its_run_too(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "daily")
    area = box(canvas)
    assert area["width"] > 780
    assert area["height"] > 600
    frame = page.locator(".flowbook").first
    expect(frame).to_be_in_viewport(ratio=0.99)
    chip = page.locator(".fb-run-chip")
    expect(chip).to_be_hidden()
    press(page, "▶ Run")
    expect(chip).to_contain_text("● succeeded ")
    ran = box(canvas)
    assert (ran["x"], ran["width"]) == (area["x"], area["width"])
    assert ran["height"] > 400
    expect(page.locator(".fb-below")).to_be_in_viewport(ratio=1)
    expect(page.locator(".fb-below .fbr-head").first).to_be_in_viewport(ratio=1)
    studio.shot("places-ran")
    grip = page.get_by_role("separator", name="Height of the run")
    grip.click()
    expect(page.locator(".fb-below .fbr-head").first).not_to_be_in_viewport()
    assert box(canvas)["height"] > 600
    chip.click()
    expect(page.locator(".fb-below .fbr-head").first).to_be_in_viewport(ratio=1)


def test_sides_are_dragged_and_folded_by_mouse_and_keyboard_and_stay_so_after_a_reload(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "daily")
    first = box(canvas)
    grip = page.get_by_role("separator", name="Width of the list of tasks")
    at = settled_box(grip)
    page.mouse.move(at["x"] + 4, at["y"] + 200)
    page.mouse.down()
    page.mouse.move(at["x"] + 64, at["y"] + 200, steps=4)
    page.mouse.up()
    assert box(canvas)["width"] == first["width"] - 60
    page.keyboard.press("ArrowLeft")
    assert box(canvas)["width"] == first["width"] - 44
    page.keyboard.press("Enter")
    expect(page.locator(".fb-side-left")).to_be_hidden()
    expect(grip).to_have_attribute("aria-expanded", "false")
    dock = page.get_by_role("separator", name="Width of the inspector")
    dock.click()
    expect(dock).to_have_attribute("aria-expanded", "true")
    docked = box(canvas)
    assert docked["width"] == first["width"] + 200 - 340
    studio.save()
    studio.open(".flowbook-canvas")
    page.locator(".fb-places[data-left=folded]").wait_for()
    canvas = page.locator(".flowbook-canvas")
    assert box(canvas)["width"] == docked["width"]
    grip.click()
    expect(page.locator(".fb-side-left")).to_be_visible()
    assert box(canvas)["width"] == docked["width"] - 244
    assert studio.cell_count() == 2


def test_the_studio_fills_the_window_until_escape(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "daily")
    before = box(canvas)
    press(page, "Full window")
    full = box(canvas)
    assert full["width"] > 880
    frame = settled_box(page.locator(".flowbook").first)
    assert (frame["x"], frame["y"], frame["width"], frame["height"]) == (0, 0, 1440, 900)
    studio.shot("places-full")
    page.mouse.click(*middle_of(canvas, "first"))
    expect(page.get_by_label("Id", exact=True)).to_have_value("first")
    press(page, "Versions")
    expect(page.locator(".fb-drawer")).to_be_visible()
    for _ in range(2):  # the drawer first, then what is selected
        page.keyboard.press("Escape")
        expect(page.locator(".fb-drawer")).to_be_hidden()
        page.wait_for_timeout(200)
        assert settled_box(page.locator(".flowbook").first)["width"] == 1440
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Full window")).to_be_visible()
    after = box(canvas)
    assert (after["width"], after["height"]) == (before["width"], before["height"])
    expect(page.locator(".flowbook").first).to_be_in_viewport(ratio=0.99)
    assert studio.cell_count() == 2
