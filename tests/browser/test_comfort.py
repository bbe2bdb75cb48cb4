"""What makes the editor pleasant to work with: things stay in sight, fit into their place, and say what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.jupyterlab import drag, enter, press, settled_box, wait_for_element

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
ws.create_type("slack")
ws.create_integration("My Slack Workspace", "slack", {"webhook_url": "http://127.0.0.1:9/hook"})
ws.save(Workflow(name="blank"))
ws.save(Workflow(name="empty"))
pair = Workflow(name="a-pair-of-nodes", description="Two of them")
pair.add("wait", "core.wait", params={"seconds": 0}, at=(0, 0))
pair.add("tell", "slack.send_message", "My Slack Workspace", {"text": "hello"}, at=(260, 0))
pair.connect("wait", "tell")
ws.save(pair)
ws.start("a-pair-of-nodes", to="wait").wait();
said = Workflow(name="said")  # for who leaves it unsaved
said.add("wait", "core.wait", params={"seconds": 0}, at=(0, 0))
said.add("tell", "slack.send_message", "My Slack Workspace", {"text": "hello"}, at=(260, 0))
said.connect("wait", "tell")
ws.save(said)
faulty = Workflow(name="faulty")
for n in range(8):
    faulty.add(f"n{n}", f"core.not_there_{n}", at=(260 * n, 0))
ws.save(faulty)
"""

SLOWLY = """
import time
import flowbook.ui.workflows.workflows_tab as tab
quickly = tab.Editor
tab.Editor = lambda *given, **more: time.sleep(2) or quickly(*given, **more)
"""


IN_ONE_ROW = """one => {
    const boxes = [...one.querySelectorAll("button")].map((button) => button.getBoundingClientRect());
    const middles = boxes.filter((box) => box.width).map((box) => (box.top + box.bottom) / 2);
    return Math.max(...middles) - Math.min(...middles) < 2 && one.scrollWidth <= one.clientWidth;
}"""


@pytest.fixture(scope="module")
def shared_book(make_lasting_notebook: Callable[..., Any]) -> Any:
    book = make_lasting_notebook(SETUP, "ws.studio()", SLOWLY, "tab.Editor = quickly", height=900)
    book.run(0)
    return book


@pytest.fixture
def studio(shared_book: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A new studio of 1280 × 900, with JupyterLab's side bar open, as a small screen has it."""
    shared_book.run(1)
    yield shared_book
    if getattr(request.node, "failed_in_call", False):
        shared_book.tell_failure(request.node.name)


def open_workflow(page: Page, name: str, nodes: int) -> Locator:
    press(page.locator(f"tr[data-row={name}]"), "Open", exact=False)
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_have_attribute("data-nodes", str(nodes))
    return canvas


def box_of(canvas: Locator, node: str) -> dict[str, float]:
    """Where a card is drawn, in pixels from the canvas's corner; {} before it is there."""
    found: dict[str, float] = canvas.evaluate(
        "(one, id) => { const node = one._cyreg.cy.getElementById('n:' + id);"
        " if (node.empty()) return {}; const [at, w] = [node.renderedPosition(), node.renderedWidth() / 2];"
        " return { left: at.x - w, right: at.x + w, middle: at.y, room: one.clientWidth }; }",
        node,
    )
    return found


def wait_until_in_sight(canvas: Locator, node: str) -> dict[str, float]:
    wait_for_element(
        canvas,
        "([one, id]) => { const cy = one._cyreg.cy, node = cy.getElementById('n:' + id);"
        " if (node.empty() || cy.animated()) return false;"
        " const [x, half] = [node.renderedPosition().x, node.renderedWidth() / 2];"
        " return x - half >= 0 && x + half <= one.clientWidth; }",
        node,
    )
    return box_of(canvas, node)


def place_on(canvas: Locator, node: str) -> tuple[float, float]:
    """Where on the page a mouse meets the node, once it is in sight."""
    at, area = wait_until_in_sight(canvas, node), settled_box(canvas)
    return area["x"] + at["left"] + 30, area["y"] + at["middle"]


def test_a_new_node_comes_into_sight_beside_the_one_before_it_and_is_in_no_hurry(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "blank", 0)
    search = page.locator(".fb-picker-search:visible").first
    enter(search, "core wait")
    page.locator('[data-id="core.wait"]').click()
    expect(page.locator(".fb-inspector h3")).to_have_text("wait")
    wait_until_in_sight(canvas, "wait")
    seconds = page.locator('.fb-inspector .fb-field[data-name="seconds"]')
    expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_visible()
    expect(seconds.locator(".fb-note")).to_have_text("")  # nobody has had the time to type it
    seconds.get_by_role("textbox").click()
    page.keyboard.press("Tab")
    expect(seconds.locator(".fb-note")).to_contain_text("required")
    page.locator('[data-id="core.wait"]').click()
    expect(page.locator(".fb-inspector h3")).to_have_text("wait_2")
    wait_until_in_sight(canvas, "wait_2")
    assert box_of(canvas, "wait")["right"] > 7  # so that a connection can be dragged from its handle at once


def test_a_line_let_go_over_nothing_asks_for_the_task_that_follows(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    at = wait_until_in_sight(canvas, "wait")
    area = settled_box(canvas)
    drag(page, (area["x"] + at["right"] - 1, area["y"] + at["middle"]), (area["x"] + at["right"], area["y"] + 70))
    search = canvas.page.locator(".fb-chooser").get_by_role("searchbox")
    expect(search).to_be_focused()
    enter(search, "core noop")
    studio.look("editor-chooser", page.locator(".fb-workbench"))
    page.keyboard.press("Enter")
    expect(search).to_be_hidden()
    expect(canvas).to_have_attribute("data-nodes", "3")
    expect(canvas).to_have_attribute("data-edges", "2")
    expect(page.locator(".fb-inspector h3")).to_have_text("noop")
    expect(canvas).to_be_focused()
    page.keyboard.press("Control+z")
    expect(canvas).to_have_attribute("data-nodes", "2")
    expect(canvas).to_have_attribute("data-edges", "1")


def test_the_list_of_tasks_on_the_canvas_goes_by_escape_or_a_click_elsewhere(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    at = wait_until_in_sight(canvas, "tell")
    area = settled_box(canvas)
    handle = area["x"] + at["right"] - 1, area["y"] + at["middle"]
    search = page.locator(".fb-chooser").get_by_role("searchbox")
    drag(page, handle, (handle[0], area["y"] + 80))
    expect(search).to_be_focused()
    page.mouse.click(area["x"] + 30, area["y"] + 30)
    expect(search).to_be_hidden()
    drag(page, handle, handle)  # a click on the handle asks too
    expect(search).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_be_hidden()
    expect(canvas).to_be_focused()  # the next key is meant for it
    expect(canvas).to_have_attribute("data-nodes", "2")


def test_what_is_typed_before_the_list_has_come_is_typed_into_it_and_is_no_key_of_the_canvas(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    at = wait_until_in_sight(canvas, "tell")
    area = settled_box(canvas)
    handle = area["x"] + at["right"] - 1, area["y"] + at["middle"]
    drag(page, handle, handle)
    page.keyboard.type("core noopx")  # "n" is a note's key, "c" that of a line
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(canvas).to_have_attribute("data-nodes", "3")
    expect(page.locator(".fb-inspector h3")).to_have_text("noop")
    expect(canvas).to_be_focused()
    page.keyboard.press("a")
    page.keyboard.type("core fail")
    page.keyboard.press("Enter")
    expect(page.locator(".fb-inspector h3")).to_have_text("fail")
    expect(canvas).to_have_attribute("data-nodes", "4")
    assert canvas.evaluate("one => one._cyreg.cy.nodes('.fb-note').length") == 0
    page.keyboard.press("a")
    expect(page.locator(".fb-chooser").get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("n")  # it is heard, though the list may not have gone yet
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    note = page.locator(".fb-inspector").get_by_label("Text", exact=True)
    expect(note).to_be_focused()
    expect(note).to_contain_text(re.compile(r"one\n?two$"))
    expect(note.locator(".cm-line")).to_have_count(2)
    canvas.focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(canvas).to_have_attribute("data-nodes", "2")


def test_the_toolbar_stands_in_one_row_and_keeps_the_guides_words(studio: Any) -> None:
    page: Page = studio.page
    open_workflow(page, "a-pair-of-nodes", 2)
    toolbar = page.locator(".fb-toolbar")
    buttons = toolbar.get_by_role("button")
    expect(buttons).not_to_have_count(0)
    wait_for_element(toolbar, IN_ONE_ROW)  # it is dressed for the width that there is
    for label in ("▶ Run", "Save", "Add Node"):
        button = toolbar.get_by_role("button", name=label, exact=True)
        assert button.evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 12
    for word in (
        "Cancel",
        "Note",
        "Undo",
        "Redo",
        "Layout",
        "Fit",
        "Inputs",
        "Versions",
        "Triggers",
        "Import",
        "Export",
    ):
        icon = toolbar.get_by_role("button", name=word, exact=True)
        assert (icon.get_attribute("title") or "").startswith(word)
    studio.look("editor-toolbar", toolbar)
    page.set_viewport_size({"width": 1440, "height": 900})
    for part, words in ((".fb-name", "a-pair-of-nodes"), (".fb-run-chip", "● succeeded")):
        shown = toolbar.locator(part)
        expect(shown).to_contain_text(words)
        wait_for_element(shown, "one => one.scrollWidth <= one.clientWidth")
    page.set_viewport_size({"width": 1000, "height": 900})  # beside JupyterLab's side bar little more than half is left
    more = toolbar.get_by_role("button", name="More", exact=True)
    expect(more).to_be_visible()
    wait_for_element(toolbar, IN_ONE_ROW)
    studio.look("editor-toolbar-narrow", toolbar)
    more.click()
    menu = toolbar.get_by_role("menu")
    expect(menu.get_by_role("menuitem")).to_have_text(
        ["Dry Run", "Note", "Redo", "Layout", "Fit", "Inputs", "Versions", "Triggers", "Import", "Export"]
    )
    studio.look("editor-toolbar-menu", page.locator(".flowbook"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(more).to_be_focused()
    page.keyboard.press("Enter")
    menu.get_by_role("menuitem", name="Versions").click()
    expect(page.locator(".fb-drawer").get_by_role("heading", name="Versions")).to_be_visible()
    page.set_viewport_size({"width": 780, "height": 900})  # as at a zoom of 200 % on a large screen
    wait_for_element(toolbar, IN_ONE_ROW)
    drawer = page.locator(".fb-drawer")
    assert settled_box(drawer)["x"] >= settled_box(page.locator(".fb-places"))["x"]  # and nothing of it is cut off
    studio.look("editor-toolbar-least", page.locator(".flowbook"))
    page.keyboard.press("Escape")
    more.focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("menuitem").filter(has_text="Undo")).to_be_visible()
    page.keyboard.press("End")
    expect(menu.get_by_role("menuitem", name="Export")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer.get_by_role("heading", name="Export")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})


def test_the_inspector_shows_the_names_of_task_and_integration_whole(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    page.mouse.click(*place_on(canvas, "tell"))
    inspector = page.locator(".fb-inspector")
    for label, name, longest in (
        ("Task", "slack.send_message", "slack.send_notification"),
        ("Integration", "My Slack Workspace", "My Slack Workspace"),
    ):
        choice = inspector.get_by_label(label, exact=True)
        expect(choice).to_have_attribute("title", name)
        room = choice.evaluate(
            "(one, words) => { const look = getComputedStyle(one);"
            " const pen = document.createElement('canvas').getContext('2d');"
            " pen.font = look.font; const room = one.clientWidth - parseFloat(look.paddingLeft) - 22;"
            " return room - parseFloat(look.paddingRight) - pen.measureText(words).width; }",
            longest,
        )
        assert room >= 0
    studio.look("editor-inspector", page.locator(".fb-workbench"))


FRAMES_OF_A_SECOND = """() => new Promise((done) => {
    const ask = window.requestAnimationFrame;
    let asked = 0;
    window.requestAnimationFrame = (frame) => { asked += 1; return ask(frame); };
    setTimeout(() => { window.requestAnimationFrame = ask; done(asked); }, 1000);
})"""


def test_a_problem_leads_to_its_field_and_back_and_an_editor_that_is_left_alone_draws_nothing(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    page.mouse.click(*place_on(canvas, "tell"))
    field = page.locator(".fb-inspector").get_by_label("text", exact=True)
    enter(field, "${{ nodes.gone.data }}")
    press(page, "▶ Run")
    problem, back = page.locator(".fb-problems .fb-item"), page.get_by_role("button", name="‹ Problems", exact=True)
    expect(problem).to_be_visible()
    problem.click()
    enter(field, "hello")  # nothing lies over it, and it is as it was for the tests that follow
    back.click()
    expect(page.locator(".fb-drawer")).to_contain_text("No problems.")
    press(page.locator(".fb-drawer"), "Close")
    expect(canvas).to_be_focused()  # for what was clicked is gone, and the next key is meant for what is left
    page.mouse.move(1, 1)
    assert any(page.evaluate(FRAMES_OF_A_SECOND) == 0 for _ in range(30))


def test_an_empty_canvas_says_how_to_begin(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "empty", 0)
    hint = canvas.get_by_text("Drag a task onto the canvas")
    expect(hint).to_be_visible()
    enter(page.locator(".fb-picker-search:visible").first, "core noop")
    page.locator('[data-id="core.noop"]').click()
    expect(hint).to_be_hidden()
    press(page, "Undo")
    expect(hint).to_be_visible()


def test_the_hover_text_goes_when_the_mouse_leaves_the_canvas(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    x, y = place_on(canvas, "tell")
    page.mouse.move(x, y)
    page.mouse.move(x + 4, y)
    hover = canvas.get_by_role("tooltip")
    expect(hover).to_contain_text("slack.send_message")
    page.get_by_role("button", name="Save", exact=True).hover()
    expect(hover).to_be_hidden()


def test_the_inspector_leaves_most_of_its_height_to_what_is_edited(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    page.mouse.click(*place_on(canvas, "tell"))
    inspector = page.locator(".fb-inspector")
    expect(inspector.get_by_label("text", exact=True)).to_have_text("hello")
    expect(inspector.get_by_label("text", exact=True)).to_be_in_viewport(ratio=1)
    whole, side = settled_box(page.locator(".fb-places")), settled_box(page.locator(".fb-side-right"))
    first = settled_box(inspector.get_by_label("text", exact=True))
    assert first["y"] - side["y"] < whole["height"] / 2  # also beside a run, which takes its part of the height
    params = inspector.get_by_role("tab", name="Params")
    label = inspector.get_by_text("text", exact=True).first
    expect(label).to_be_visible()
    below, text = settled_box(params), settled_box(label)
    assert text["y"] - (below["y"] + below["height"]) < 30  # nothing between the tabs and the first field


def test_what_opens_over_the_page_is_seen_in_the_full_window_too(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "said", 2)
    page.mouse.click(*place_on(canvas, "tell"))
    field = page.locator(".fb-inspector").get_by_label("text", exact=True)
    enter(field, "hello")  # it is there before
    press(page, "Full window")
    field.click()
    page.keyboard.press("End")
    page.keyboard.type(" ${{ nod")
    offered = page.locator(".cm-tooltip-autocomplete li").first
    expect(offered).to_have_text("nodes")
    studio.look("editor-full-completion")
    wait_for_element(
        offered,
        "one => { const { x, y, width, height } = one.getBoundingClientRect();"
        " return one.contains(document.elementFromPoint(x + width / 2, y + height / 2)); }",
    )
    offered.click()
    expect(field).to_contain_text("nodes")
    press(page, "Leave full window")
    enter(field, "hello")
    page.keyboard.type(" ${{ nod")
    expect(offered).to_be_in_viewport()
    page.keyboard.press("Escape")


def test_a_connection_is_changed_in_the_inspector_until_a_click_elsewhere(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    left, right = wait_until_in_sight(canvas, "wait"), box_of(canvas, "tell")
    area = settled_box(canvas)
    at = area["x"] + left["right"] + 0.3 * (right["left"] - left["right"]), area["y"] + left["middle"]
    page.mouse.move(*at)
    canvas.locator(".flowbook-edge-add").wait_for()  # it comes up in the middle, and beside it the line is clicked
    page.mouse.click(*at)
    when = page.get_by_label("Connection", exact=True).get_by_label("When", exact=True)
    expect(when).to_be_visible()
    canvas.click(position={"x": 30, "y": 30})
    expect(when).to_be_hidden()


def test_the_list_of_workflows_breaks_no_word_and_no_date(studio: Any) -> None:
    page: Page = studio.page
    row = page.locator("tr[data-row=a-pair-of-nodes]")
    for cell in (row.locator(".fb-cell-saved"), row.locator(".fb-cell-run .fb-said")):
        expect(cell).to_be_visible()
        lines = cell.evaluate(
            "one => { const all = document.createRange(); all.selectNodeContents(one);"
            " return new Set([...all.getClientRects()].map(({top}) => Math.round(top))).size; }"
        )
        assert lines == 1
    detail = row.locator(".fb-detail")
    expect(detail).to_have_text("Two of them")
    expect(detail).to_have_css("font-weight", "400")


def test_how_a_connection_test_went_comes_into_sight(studio: Any) -> None:
    page: Page = studio.page
    page.get_by_role("tab", name="Integrations").click()
    press(page, "Create Integration")
    enter(page.get_by_label("Integration Name"), "Another")
    page.get_by_label("Integration Type", exact=True).select_option("slack")
    button = page.get_by_role("button", name="Test Connection", exact=True)
    enter(page.get_by_role("textbox", name="webhook_url"), "http://127.0.0.1:9/hook")
    # the button at the lower edge, where a person has to scroll no further to press it
    button.evaluate("one => one.scrollIntoView({ block: 'end' })")
    button.click()
    said = page.locator(".fb-panel .fb-message[data-tone=error]")
    expect(said).to_be_visible()
    expect(said).to_be_in_viewport()


def test_what_a_click_opens_comes_into_sight(studio: Any) -> None:
    page: Page = studio.page
    places = page.locator(".fb-places")
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    page.get_by_role(
        "tab", name="Integrations", exact=True
    ).click()  # a page that is less high: the notebook scrolls up
    expect(places).to_be_hidden()
    page.get_by_role("tab", name="Workflows", exact=True).click()
    expect(places).to_be_in_viewport(ratio=0.98)
    page.mouse.click(*place_on(canvas, "tell"))
    page.get_by_role("tab", name="Behaviour").click()
    last = page.locator(".fb-inspector details").last
    last.locator("summary").click()
    expect(last.locator(".fb-field").first).to_be_in_viewport(ratio=0.98)


def test_a_run_that_was_started_is_seen_to_begin_and_its_buttons_stay_in_sight(studio: Any) -> None:
    page: Page = studio.page
    open_workflow(page, "a-pair-of-nodes", 2)
    run = page.locator(".fb-toolbar").get_by_role("button", name="▶ Run")
    run.click()
    expect(page.locator(".fbr-summary .fbr-head")).to_be_in_viewport(ratio=1)
    expect(run).to_be_in_viewport()


def test_a_node_that_is_half_outside_comes_into_sight_once_it_is_selected(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    at = wait_until_in_sight(canvas, "tell")
    area = settled_box(canvas)
    page.mouse.move(area["x"] + 60, area["y"] + 60)
    page.mouse.down()
    page.mouse.move(area["x"] + 60 + area["width"] - at["right"] + 60, area["y"] + 60, steps=5)
    page.mouse.up()
    out = box_of(canvas, "tell")
    assert out["right"] > out["room"]
    page.mouse.click(area["x"] + out["left"] + 30, area["y"] + out["middle"])
    expect(page.locator(".fb-inspector h3")).to_have_text("tell")
    wait_until_in_sight(canvas, "tell")


def test_every_control_has_a_name_for_those_who_cannot_see_it(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    page.mouse.click(*place_on(canvas, "tell"))
    expect(page.locator(".fb-inspector h3")).to_have_text("tell")
    for panel in ("Inputs", "Versions", "Triggers", "Import", "Export", "Add Node"):
        press(page, panel)
        expect(page.locator(".fb-drawer").get_by_role("button", name="Close")).to_be_visible()
        nameless = page.evaluate("""() => {
            const kinds = "button, input, select, textarea, a, [contenteditable], [tabindex]:not([tabindex='-1'])";
            const filled = (one) => one.isContentEditable || one.matches("input, select, textarea");
            const own = (one) => (filled(one) ? "" : one.textContent);
            const other = (one) => document.getElementById(one.getAttribute("aria-labelledby") ?? "")?.textContent;
            return [...document.querySelectorAll(`.flowbook :is(${kinds})`)]
              .filter((one) => one.offsetParent)
              .filter((one) => !(one.ariaLabel || one.labels?.[0]?.textContent || other(one) || own(one)).trim())
              .map((one) => one.outerHTML.slice(0, 200));
        }""")
        assert nameless == []


def test_a_refusal_has_the_width_of_the_canvas_for_its_words(studio: Any) -> None:
    page: Page = studio.page
    canvas = open_workflow(page, "a-pair-of-nodes", 2)
    first, at = box_of(canvas, "wait"), wait_until_in_sight(canvas, "tell")
    area = settled_box(canvas)
    handle = area["x"] + at["right"] - 1
    page.mouse.move(handle - 3, area["y"] + at["middle"])
    page.mouse.move(handle, area["y"] + at["middle"])
    expect(canvas).to_have_css("cursor", "crosshair")
    page.mouse.down()
    page.mouse.move(area["x"] + first["left"] + 40, area["y"] + first["middle"], steps=6)
    page.mouse.up()
    said = canvas.locator(".flowbook-canvas-message")
    expect(said).to_contain_text("Connecting 'tell' to 'wait' would close a cycle")
    assert settled_box(said)["width"] > 0.6 * area["width"]


def test_a_slow_click_counts_when_the_error_above_the_button_goes(studio: Any) -> None:
    """Leaving a field takes its error away and what is below moves up: away from under the mouse that is pressed."""
    page: Page = studio.page
    page.get_by_role("tab", name="Workflows").click()
    press(page, "Create Workflow")
    name = page.get_by_label("Workflow Name")
    press(page, "Create")
    expect(page.get_by_text("“Workflow Name” is required.")).to_be_visible()
    enter(name, "slowly made")
    page.get_by_role("button", name="Create", exact=True).click(delay=600)
    expect(page.get_by_role("button", name="Add Node", exact=True)).to_be_visible()


def test_the_canvas_has_the_keyboard_after_open_also_when_that_takes_its_time(studio: Any) -> None:
    """As in a kernel that has just begun, and on a busy machine."""
    page: Page = studio.page
    studio.run(2)
    open_workflow(page, "a-pair-of-nodes", 2)
    expect(page.locator(".flowbook-canvas[tabindex]")).to_be_focused()
    studio.run(3)


def test_what_is_typed_while_an_editor_opens_is_for_that(studio: Any) -> None:
    page: Page = studio.page
    studio.run(2)
    press(page.locator("tr[data-row=a-pair-of-nodes]"), "Open", exact=False)
    expect(page.get_by_text("Opening “")).to_be_visible()
    page.wait_for_timeout(200)  # nobody types in the same instant
    page.keyboard.type("apyth")
    expect(page.locator(".fb-chooser").get_by_role("searchbox")).to_have_value("pyth")
    page.keyboard.press("Escape")
    studio.run(3)


def test_all_problems_stand_in_the_drawer_and_the_tab_that_is_open_is_seen_in_a_narrow_page(studio: Any) -> None:
    page: Page = studio.page
    open_workflow(page, "faulty", 8)
    press(page, "8 problems")
    last = page.locator(".fb-drawer .fb-problems .fb-item").last
    list_height = page.locator(".fb-drawer .fb-picker-list").evaluate("one => one.scrollHeight - one.clientHeight")
    assert list_height == 0  # no list that scrolls inside of a drawer that has room
    expect(last).to_be_visible()
    studio.look("editor-problems")
    page.set_viewport_size({"width": 700, "height": 900})
    tab = page.get_by_role("tab", name="Workflows", exact=True)
    wait_for_element(
        tab, "one => one.getBoundingClientRect().right <= one.parentElement.getBoundingClientRect().right + 1"
    )
    studio.look("editor-narrow", page.locator(".flowbook"))
    page.set_viewport_size({"width": 1280, "height": 900})
