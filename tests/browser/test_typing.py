"""Every key does in each of our fields what it does in a plain page, and none reaches the notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor import OPEN, CanvasPage
from tests.jupyterlab import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FORM = """
from flowbook.models import Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import framed

kinds = ["string", "integer", "number", "url", "email", "text", "json"]
form = Form([Field(Parameter(name=kind, type=kind)) for kind in kinds])
more = Form([Field(Parameter(name="formula"))], {"formula": "${{ x }}"}, expressions=True)
framed(form.widget, more.widget)
"""
KEYS = [
    "Enter", "Home", "End", "ArrowUp", "ArrowLeft", "Control+a", "Control+c", "End", "Control+v", "Control+z", "Enter",
    "Escape", "Shift+Home", "Control+x", "Delete", "Backspace", "Control+Enter", "Alt+Enter",
]  # fmt: skip
LOOK = "field => [field.value, field.selectionStart, field.selectionEnd]"


def type_into(page: Page, field: Locator) -> list[Any]:
    """What is in the field after each of many keys, typed as a person does: letters that are shortcuts too."""
    seen = []
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type("dd 12")
    for key in KEYS:
        page.keyboard.press(key)
        page.keyboard.type("b")
        seen.append((key, field.evaluate(LOOK)))
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "´", "selectionStart": 1, "selectionEnd": 1})
    session.send("Input.insertText", {"text": "é"})
    session.send("Input.imeSetComposition", {"text": "にほ", "selectionStart": 2, "selectionEnd": 2})
    session.send("Input.insertText", {"text": "日本"})
    seen.append(("composed", field.evaluate(LOOK)))
    return seen


def type_into_editor(page: Page, editor: Locator) -> None:
    """Lines are broken, letters that are shortcuts are letters, and what was typed can be taken back."""
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type("dd 12")
    for key in KEYS:
        page.keyboard.press(key)
    page.keyboard.press("Control+a")
    page.keyboard.type("dd")
    page.keyboard.press("Enter")
    page.keyboard.type("xx")
    expect(editor.locator(".cm-line")).to_have_text(["dd", "xx"])


def test_every_key_does_in_a_field_what_it_does_in_a_plain_page(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(FORM, "'another cell'", height=1200)
    page: Page = book.page
    book.run(0)
    editors = page.locator(".flowbook .fb-field .cm-content")
    expect(editors).to_have_count(3)
    fields = page.locator(".flowbook .fb-field input")
    expect(fields).to_have_count(5)
    plain = page.context.new_page()
    plain.set_content("<input id=input>")
    wanted = {"input": type_into(plain, plain.locator("input"))}
    plain.close()
    page.bring_to_front()
    for place in range(fields.count()):
        field = fields.nth(place)
        kind = str(field.evaluate("field => field.tagName.toLowerCase()"))
        assert type_into(page, field) == wanted[kind], field.get_attribute("id")
    for place in range(editors.count()):
        type_into_editor(page, editors.nth(place))
    assert book.cell_count() == 2
    assert book.cell(1).locator(".jp-InputArea-prompt").inner_text().strip() in ("[ ]:", "")
    assert book.cell(0).locator(".jp-InputArea-prompt").inner_text().strip() == "[1]:"


FLOW = """
from flowbook.models import Workflow
flow = Workflow(name="daily")
flow.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
flow.add("second", "core.python", params={"code": "len(nodes.first.data)"}, at=(260, 0))
flow.connect("first", "second")
ws.save(flow)
"""


def new_lines(page: Page, seen: set[str]) -> None:
    """Enter makes a new line in each multi-line field that is to be seen."""
    expect(page.locator(".flowbook .fb-code-field > textarea:visible")).to_have_count(0)  # the editors have come
    fields = page.locator(".flowbook .cm-content:visible")
    for place in range(fields.count()):
        field = fields.nth(place)
        field.click()
        page.keyboard.press("Control+End")
        before = field.locator(".cm-line").count()
        page.keyboard.press("Enter")
        expect(field.locator(".cm-line")).to_have_count(before + 1)
        page.keyboard.press("Control+z")
        seen.add(str(field.evaluate("field => field.closest('.fb-field').dataset.name")))


def test_enter_makes_a_new_line_in_every_multi_line_field_of_the_editor(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(f"{OPEN}{FLOW}\nws.edit('daily')", width=1600, height=1200)
    page: Page = book.page
    book.run(0)
    canvas = CanvasPage(page, {"first": (0, 0), "second": (260, 0)})
    canvas.wait_for_counts(2, 1)
    seen: set[str] = set()
    for node in ("first", "second"):
        press(page, "Fit")
        page.wait_for_timeout(300)
        canvas.click(node)
        expect(page.get_by_label("Id", exact=True)).to_have_value(node)
        tabs = page.locator('.fb-inspector [role="tab"]:visible')
        for tab in range(tabs.count()):
            tabs.nth(tab).click()
            expect(tabs.nth(tab)).to_have_attribute("aria-selected", "true")
            page.wait_for_timeout(150)
            new_lines(page, seen)
    press(page, "Add Node")
    page.locator(".fb-drawer").wait_for()
    page.wait_for_timeout(300)
    new_lines(page, seen)
    assert {"code", "values"} <= seen, seen
    assert book.cell_count() == 1


def named(page: Page) -> str | None:
    """What the field that has the focus is called, for a screen reader and else."""
    found: str | None = page.evaluate(
        "() => document.activeElement.labels?.[0]?.textContent ?? document.activeElement.getAttribute('aria-label')"
    )
    return found


def test_a_node_can_be_renamed_from_the_keyboard_and_one_goes_on_typing(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(f"{OPEN}{FLOW}\nws.edit('daily')", width=1600, height=1200)
    page: Page = book.page
    book.run(0)
    canvas = CanvasPage(page, {"first": (0, 0), "second": (260, 0)})
    canvas.wait_for_counts(2, 1)
    press(page, "Fit")
    page.wait_for_timeout(300)
    canvas.click("first")
    field = page.get_by_label("Id", exact=True)
    expect(field).to_have_value("first")
    for id in ("begin", "start"):
        field.click()
        page.keyboard.press("Control+a")
        page.keyboard.type(id)
        page.keyboard.press("Tab")
        expect(page.locator(".fb-inspector h3")).to_have_text(id)
        page.wait_for_timeout(400)  # what the canvas would tell of its selection
        expect(field).to_have_value(id)
        assert named(page) == "Label"
    page.keyboard.type("The beginning")
    page.keyboard.press("Tab")
    expect(page.locator(".fb-inspector h3")).to_have_text("The beginning")
    press(page, "Fit")
    page.wait_for_timeout(500)
    canvas.click("second")
    expect(page.get_by_label("code", exact=True)).to_have_text("len(nodes.start.data)")
    expect(page.get_by_role("button", name="No problems")).to_be_visible()


def test_a_line_that_takes_the_place_of_the_folder_s_keeps_the_focus(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(f"{OPEN}\nws.studio()", height=1200)
    page: Page = book.page
    book.run(0)
    press(page, "Create Integration Type")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("slack")
    page.keyboard.press("Tab")
    lines = page.locator(".fb-parameter:visible")
    expect(lines).to_have_count(3)
    press(page, "Add Parameter")
    expect(lines).to_have_count(4)
    expect(lines.nth(3).get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("webhook_url")
    page.keyboard.press("Tab")
    expect(lines).to_have_count(3)
    page.wait_for_timeout(300)
    assert named(page) == "Type"
    page.keyboard.press("Tab")
    assert named(page) == "Required"


# A place in each square of a view at which there is nothing to click: text, headings, what is disabled, what is empty.
BESIDE = """() => {
    const frame = document.querySelector(".jp-OutputArea .flowbook"), area = frame.getBoundingClientRect();
    const used = "a[href], button:enabled, input, select, textarea, summary, label, tr, .cm-editor, .flowbook-canvas";
    const roles = ["tab", "option", "separator"].map((role) => `[role=${role}]`);
    const found = [];
    for (let y = Math.max(area.top, 0) + 6; y < Math.min(area.bottom, innerHeight - 40); y += 45) {
        for (let x = area.left + 6; x < area.right; x += 110) {
            const at = document.elementFromPoint(x, y);
            if (frame.contains(at) && !frame.contains(at.closest([used, ...roles].join()))) found.push([x, y]);
        }
    }
    return found;
}"""
WITHIN = "() => document.querySelector('.jp-OutputArea .flowbook').contains(document.activeElement)"


def click_beside(page: Page) -> int:
    """Click where there is nothing to click, all over the studio, with keys of the notebook after each; how often."""
    places = page.evaluate(BESIDE)
    for x, y in places:
        page.mouse.click(x, y)
        assert page.evaluate(WITHIN), (x, y)
        for key in ("d", "d", "b", "x", "m"):
            page.keyboard.press(key)
    return len(places)


def test_keys_after_a_click_beside_all_fields_are_no_commands_to_the_notebook(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(f"{OPEN}{FLOW}\nws.studio()", width=1600, height=1000)
    page: Page = book.page
    book.run(0)
    for tab in ("Integrations", "Runs", "Integration Types", "Workflows"):
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.get_by_role("heading", name=tab, exact=True)).to_be_visible()
        assert click_beside(page)
    press(page, "Open daily")
    canvas = CanvasPage(page, {"first": (0, 0), "second": (260, 0)})
    canvas.wait_for_counts(2, 1)
    page.wait_for_timeout(300)
    canvas.click("first")
    expect(page.get_by_label("Id", exact=True)).to_have_value("first")
    press(page, "▶ Run")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    assert click_beside(page) > 20
    canvas.wait_for_counts(2, 1)
    assert book.cell_count() == 1
    expect(page.locator(".flowbook-canvas")).to_be_visible()
    expect(page.locator(".fb-dot")).to_have_text("")


def test_ctrl_s_saves_from_every_place_in_the_editor_with_what_was_typed_just_before(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(f"{OPEN}{FLOW}\nws.edit('daily')", width=1600, height=1000)
    page: Page = book.page
    book.run(0)
    canvas = CanvasPage(page, {"first": (0, 0), "second": (260, 0)})
    canvas.wait_for_counts(2, 1)
    press(page, "Fit")
    page.wait_for_timeout(300)
    canvas.click("second")
    stored = "node = ws.workflow('daily').nodes['second']; print(node.label, node.params['code'])"
    saved = page.locator(".fb-dot")
    page.get_by_label("code", exact=True).click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" + 1")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(saved).to_have_text("")
    assert book.lab.said_by_kernels(book.folder.name, stored) == [" len(nodes.first.data) + 1"]
    page.get_by_label("Label", exact=True).click()
    page.keyboard.type("Count")
    page.keyboard.press("Control+s")
    expect(page.locator(".fb-inspector h3")).to_have_text("Count")
    expect(saved).to_have_text("")
    page.get_by_label("Label", exact=True).press("Tab")
    press(page, "Layout")
    expect(saved).to_have_text("●")
    page.keyboard.press("Control+s")  # where a button has the keyboard
    expect(saved).to_have_text("")
    press(page, "Undo")
    expect(saved).to_have_text("●")
    page.locator(".fb-inspector h3").click()
    page.keyboard.press("Control+s")  # where nothing has it
    expect(saved).to_have_text("")
    assert book.lab.said_by_kernels(book.folder.name, stored) == ["Count len(nodes.first.data) + 1"]
