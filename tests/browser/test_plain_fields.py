"""Fields that are editors for code, key by key, on a plain page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from flowbook import Workspace
from flowbook.models import Parameter, Workflow
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inspector import Inspector
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from tests.browser.plain_page import PlainPage
from tests.jupyterlab import look, new_context, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def flow() -> Workflow:
    made = Workflow(name="orders")
    order = {"id": 1204, "days": 12, "date": "2026-11-16", "customer": {"name": "Fjord AS"}, "unit price": 4}
    made.set_input("limit", type="integer", default=7)
    made.add("fetch", "core.set", params={"values": {"body": [order, {"id": 1211, "days": 2}]}})
    made.add("late", "core.python", params={"code": "1"})
    made.add("ask", "http.request", params={"url": "https://example.com/x"})
    made.connect("fetch", "late")
    made.connect("late", "ask")
    return made


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = new_context(chromium, viewport={"width": 420, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture
def editing(tmp_path: Path) -> Iterator[Editing]:
    """The workflow under edit; it is validated when a test says so."""
    ws = Workspace(tmp_path)
    ws.save(flow())
    ws.run(flow(), to="late")
    made = Editing(ws, *ws.workflow_with_revision("orders"))
    yield made
    made.close()


@pytest.fixture
def inspector(editing: Editing) -> Inspector:
    made = Inspector(editing, lambda part, node: None, *[lambda *given: None] * 4)
    editing.on_problems(made.show_problems)
    return made


Show = Callable[..., PlainPage]


@pytest.fixture
def show(page: Page, inspector: Inspector) -> Show:
    """The form of a tab of the inspector, for a node."""

    def shown(node: str, tab: str = "Params", **more: Any) -> PlainPage:
        inspector.open_tab(tab)
        inspector.select(node)
        form = inspector.params.form if tab == "Params" else inspector.behaviour.form
        plain = PlainPage(page, form, **more)
        if node != "ask" and tab == "Params":
            expect(page.locator(".cm-content").first).to_be_visible()
        return plain

    return shown


def field(page: Page, name: str) -> Locator:
    return page.locator(f'.fb-field[data-name="{name}"]')


def written(box: Locator) -> str:
    """What stands in an editor."""
    return str(box.evaluate("box => [...box.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n')"))


def wait_for_typed(page: Page, editing: Editing, name: str, end: str) -> None:
    """Wait until what was typed has come to the kernel, which is told a little after the last key."""
    for _ in range(400):
        node = editing.workflow.nodes["late"]
        if str(node.params["code"] if name == "code" else getattr(node, name)).endswith(end):
            return
        page.wait_for_timeout(50)
    raise AssertionError("what was typed has not come to the kernel")


def path(panel: Locator, to: str) -> Locator:
    return panel.locator(f"[title='Insert {to}']")


def hold_back(page: Page, kind: str) -> None:
    """Let the kernel's messages of a kind arrive only after ``release()``."""
    page.evaluate(
        """kind => {
            const [took, held] = [globalThis.take, []];
            globalThis.take = (said) => {
                held.push(...said.filter((one) => one.content?.kind === kind));
                took(said.filter((one) => one.content?.kind !== kind));
            };
            globalThis.release = () => { globalThis.take = took; took(held); };
        }""",
        kind,
    )


def clear(page: Page, name: str) -> Locator:
    page.get_by_label(name, exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    return field(page, name)


def test_code_is_completed_from_the_last_run(show: Show, page: Page) -> None:
    plain = show("late")
    box = clear(page, "code")
    page.keyboard.type("rows = nodes.fetch.data.body\nfor row in rows:\nrow.da")
    offered = page.locator(".cm-tooltip-autocomplete li")
    expect(offered).to_have_count(2)
    plain.look("code-completion")
    assert [one.inner_text().split("\n") for one in offered.all()] == [["days", "12"], ["date", '"2026-11-16"']]
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    assert written(box) == "rows = nodes.fetch.data.body\nfor row in rows:\n    row.days\n    b"


def test_a_bracket_that_was_closed_by_itself_is_typed_over_also_in_the_next_line(show: Show, page: Page) -> None:
    """The users' guide gives JSON line by line, and whoever types it types its last bracket too."""
    show("fetch")
    box = clear(page, "values")
    page.keyboard.type('{\n"text": "Hello {you}!",\n"to": ["a", "b"\n],\n"more": {\n"x": 1\n}\n}')
    assert written(box) == '{\n  "text": "Hello {you}!",\n  "to": ["a", "b"\n  ],\n  "more": {\n    "x": 1\n  }\n}'
    box = clear(page, "values")
    page.keyboard.type("{\n}}")  # one too many is one too many
    assert written(box) == "{\n}}"


def test_tab_indents_escape_and_tab_leave_and_an_editor_has_an_undo_of_its_own(show: Show, page: Page) -> None:
    plain = show("late")
    box = clear(page, "code")
    code = page.get_by_label("code", exact=True)
    page.keyboard.type("if 1:")
    page.keyboard.press("Enter")
    page.keyboard.type("dd")
    page.keyboard.press("Tab")
    assert written(box) == "if 1:\n        dd"
    page.wait_for_timeout(700)  # what is done at one go is undone at one go
    page.keyboard.press("Shift+Tab")
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Control+z")
    assert written(box) == "if 1:\n        dd"
    page.keyboard.press("Control+y")
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(code).not_to_be_focused()
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Shift+Tab")
    expect(code).to_be_focused()
    described = (code.get_attribute("aria-describedby") or "").split()
    assert any("Escape, then Tab" in (page.locator(f"#{id}").text_content() or "") for id in described)
    assert plain.outside == []


def test_a_mistake_in_code_is_underlined_after_a_pause_and_told_under_it(
    show: Show, page: Page, editing: Editing
) -> None:
    plain = show("late")
    box = clear(page, "code")
    page.keyboard.type("a = 1\nb = 1 +")
    wait_for_typed(page, editing, "code", "b = 1 +")
    page.wait_for_timeout(1000)
    plain.say(editing.validate)
    expect(box.locator(".fb-note")).to_contain_text("is not Python: invalid syntax (line 2).")
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    plain.look("code-mistake")
    page.keyboard.type("2")
    wait_for_typed(page, editing, "code", "b = 1 +2")
    plain.say(editing.validate)
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    expect(box.locator(".fb-note")).to_have_text("")


def test_data_is_put_into_code_where_the_cursor_is(show: Show, page: Page) -> None:
    plain = show("late")
    box = clear(page, "code")
    page.keyboard.type("len(")
    panel = box.locator(".fb-data")
    expect(panel).to_contain_text("Data before this node")
    path(panel, "nodes.fetch.data.body").click()
    page.keyboard.type(" or 1")
    assert written(box) == "len(nodes.fetch.data.body or 1)"
    for view in ("Table", "Schema", "Tree"):
        press(panel, view)
        plain.look(f"data-{view.lower()}")
    path(panel, "nodes.fetch.data.body[0]").click()
    assert written(box) == "len(nodes.fetch.data.body or 1nodes.fetch.data.body[0])"


def test_in_wider_letters_no_view_of_the_data_is_cut_off(show: Show, page: Page) -> None:
    """As in Firefox; and in those of who has made them larger."""
    show("ask")
    page.get_by_label("method", exact=True).focus()
    panel = page.locator(".fb-data")
    expect(panel).to_be_visible()
    page.add_style_tag(content=".flowbook .fb-data header button { letter-spacing: 4px; }")
    last = panel.get_by_role("button", name="Schema", exact=True).bounding_box()
    whole = panel.bounding_box()
    assert last is not None
    assert whole is not None
    assert last["x"] + last["width"] <= whole["x"] + whole["width"]


def test_the_views_of_the_data_are_one_stop_of_tab_and_chosen_by_arrows_with_the_keyboard_left_there(
    show: Show, page: Page
) -> None:
    show("ask")
    page.get_by_label("method", exact=True).focus()
    fold = page.get_by_role("button", name="Data before this node")
    expect(fold).to_be_visible()
    page.keyboard.press("Tab")
    expect(fold).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Tree", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    table = page.get_by_role("button", name="Table", exact=True)
    expect(table).to_be_focused()
    expect(table).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("button", name="Schema", exact=True)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Tree", exact=True)).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Shift+Tab")
    expect(fold).to_be_focused()


def test_data_is_put_into_a_field_of_one_line_and_dragged_into_another(show: Show, page: Page) -> None:
    plain = show("ask")
    page.get_by_label("url", exact=True).click()
    page.keyboard.press("End")
    page.keyboard.type("/")
    panel = field(page, "url").locator(".fb-data")
    panel.locator("summary", has_text="[0]").click(position={"x": 4, "y": 8})
    plain.look("data-url")
    path(panel, "nodes.fetch.data.body[0].days").click()
    expect(field(page, "url").locator(".fb-note")).to_have_text("✓ “https://example.com/x/12”")
    assert written(field(page, "url")) == "https://example.com/x/${{ nodes.fetch.data.body[0].days }}"
    path(panel, "nodes.fetch.data.body[0].date").drag_to(field(page, "query").locator(".cm-content"))
    expect(field(page, "query").locator(".cm-content")).to_have_text('"${{ nodes.fetch.data.body[0].date }}"')
    plain.look("data-dragged")


def test_many_params_stand_under_headings_and_what_is_given_stands_open(show: Show, page: Page) -> None:
    plain = show("ask")
    expect(field(page, "url")).to_be_visible()
    assert page.locator(".fb-field:visible").count() <= 5
    plain.look("params-folded")


def test_behaviour_is_grouped_and_a_condition_is_completed_and_shows_what_it_comes_to(
    show: Show, page: Page, editing: Editing
) -> None:
    plain = show("late", "Behaviour")
    plain.look("behaviour-folded")
    expect(page.get_by_label("Attempts")).to_be_hidden()
    hold_back(page, "library")  # it may take longer than the first words that are typed
    page.get_by_text("When it runs").click()
    page.get_by_label("When", exact=True).click()
    page.keyboard.type("len(nodes.fe")
    page.evaluate("release()")
    page.locator(".cm-tooltip-autocomplete li", has_text="fetch").click()
    page.keyboard.type(".data.body) > 1")
    expect(field(page, "when").locator(".cm-content")).to_have_text("len(nodes.fetch.data.body) > 1")
    wait_for_typed(page, editing, "when", ".data.body) > 1")
    plain.say(editing.validate)  # a pause after half of it may have been long enough for a problem to be found
    expect(field(page, "when").locator(".fb-note")).to_have_text("✓ true")
    plain.look("behaviour-when")


def test_what_is_typed_and_clicked_while_answers_are_on_their_way_stays(page: Page) -> None:
    form = Form([Parameter(name="name"), Parameter(name="label"), Parameter(name="required", type="boolean")])
    form.on_change(lambda name: form.set_values({"label": form.raw("name").title()}) if name == "name" else None)
    PlainPage(page, form)
    page.evaluate("globalThis.latency = 400")
    page.get_by_label("name").click()
    page.keyboard.type("channel")
    page.get_by_label("required").click()  # the field that is left has its answer still to come, without the tick
    expect(page.get_by_label("label")).to_have_value("Channel")
    expect(page.get_by_label("required")).to_be_checked()
    page.wait_for_timeout(500)  # until the tick's own answer would have come
    expect(page.get_by_label("required")).to_be_checked()
    assert form.values() == {"name": "channel", "label": "Channel", "required": True}


def test_what_was_typed_last_comes_to_the_kernel_before_the_page_is_left(page: Page) -> None:
    form = Form([Parameter(name="name")], live=True)
    PlainPage(page, form)
    page.get_by_label("name").click()
    page.keyboard.type("half a w")
    page.evaluate("dispatchEvent(new Event('beforeunload'))")
    assert form.value("name") == "half a w"


def test_a_path_is_completed_and_taken_without_its_braces_where_an_expression_was_asked_for(
    show: Show, page: Page, editing: Editing
) -> None:
    plain = show("late")
    press(page, "Use an expression for code", exact=False)
    box = clear(page, "code")
    page.keyboard.type("nodes.fe")
    expect(page.locator(".cm-tooltip-autocomplete li")).to_have_count(1)
    page.wait_for_timeout(100)
    page.keyboard.press("Enter")
    page.keyboard.type(".data")
    wait_for_typed(page, editing, "code", "nodes.fetch.data }}")
    plain.say(editing.validate)  # as above
    expect(box.locator(".fb-note")).to_contain_text("✓")
    assert editing.workflow.nodes["late"].params["code"] == "${{ nodes.fetch.data }}"


@pytest.mark.parametrize("kind", ["string", "text"])
def test_an_empty_text_is_given_by_a_click_and_taken_back_by_typing(page: Page, kind: str) -> None:
    topic = Parameter(name="topic", type=kind, required=True)  # type: ignore[arg-type]
    form = Form([Field(topic, may_be_empty=True), Parameter(name="other")], live=True, expressions=True)
    PlainPage(page, form)
    offer = page.get_by_role("button", name="Give topic as an empty text")
    expect(offer).to_be_hidden()  # nothing to look at before a person turns to the field
    page.get_by_label("topic", exact=True).click()
    expect(offer).to_be_visible()
    box = offer.bounding_box()
    assert box is not None
    assert box["height"] < 24  # a word in the field's head, whatever else is called empty
    assert form.values() == {}
    offer.click()
    look(page, f"empty-text-{kind}")
    expect(offer).to_have_attribute("aria-pressed", "true")
    assert (form.values(), form.problems()) == ({"topic": ""}, {})
    page.get_by_role("textbox", name="other").click()
    expect(offer).to_be_visible()  # that it is given is seen
    expect(field(page, "topic")).to_contain_text("empty text")
    page.get_by_label("topic", exact=True).click()
    page.keyboard.type("a")
    expect(offer).to_be_hidden()
    page.keyboard.press("Backspace")
    page.get_by_role("textbox", name="other").click()
    expect(offer).to_be_hidden()
    page.wait_for_timeout(500)  # a little after the last key the kernel is told
    page.get_by_label("topic", exact=True).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(offer).to_be_focused()  # by the keyboard too
    page.keyboard.press("Enter")
    expect(offer).to_have_attribute("aria-pressed", "true")
    assert form.values() == {"topic": ""}
