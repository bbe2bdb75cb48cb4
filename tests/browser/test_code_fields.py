"""Fields of several lines and expressions are editors for code: typed into by real keys, filled by a real mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor import OPEN, CanvasPage, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

FLOW = """
from flowbook.models import Workflow
flow = Workflow(name="orders")
rows = [{"id": 1204, "days": 12, "date": "2026-11-16", "customer": {"name": "Fjord AS"}, "unit price": 4}]
rows.append({"id": 1211, "days": 2})
flow.set_input("limit", type="integer", default=7)
flow.add("fetch", "core.set", params={"values": {"body": rows}}, at=(0, 0))
flow.add("late", "core.python", params={"code": "1"}, at=(260, 0))
flow.add("ask", "http.request", params={"url": "https://example.com/x"}, at=(520, 0))
flow.connect("fetch", "late")
flow.connect("late", "ask")
ws.save(flow)
"""
RUN = "ws.run(flow, to='late')\n"
PLACES = {"fetch": (0, 0), "late": (260, 0), "ask": (520, 0)}


def opened(make_notebook: Callable[..., Any], more: str = RUN, **size: int) -> tuple[Any, CanvasPage]:
    book = make_notebook(f"{OPEN}{FLOW}{more}", "ws.edit('orders')", **{"width": 1440, "height": 1300, **size})
    book.run(0)
    book.run(1)
    canvas = CanvasPage(book.page, PLACES)
    canvas.wait_for_counts(3, 2)
    press(book.page, "Fit")
    book.page.wait_for_timeout(300)
    return book, canvas


def field(page: Page, name: str) -> Locator:
    return page.locator(f'.fb-field[data-name="{name}"]:visible')


def written(box: Locator) -> str:
    """What stands in an editor."""
    return str(box.evaluate("box => [...box.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n')"))


def select_code(canvas: CanvasPage, node: str = "late") -> Locator:
    canvas.click(node)
    box = field(canvas.page, "code")
    expect(box.locator(".cm-content")).to_be_visible()
    return box


def test_code_is_typed_as_in_an_editor_and_completed_from_the_last_run(make_notebook: Callable[..., Any]) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    box = select_code(canvas)
    code = page.get_by_label("code", exact=True)
    code.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("rows = nodes.fetch.data.body\nfor row in rows:\nrow.da")
    offered = page.locator(".cm-tooltip-autocomplete li")
    expect(offered).to_have_count(2)
    assert [one.inner_text().split("\n") for one in offered.all()] == [["days", "12"], ["date", '"2026-11-16"']]
    book.shot("code-completion", page.locator(".fb-editor").first)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    assert written(box) == "rows = nodes.fetch.data.body\nfor row in rows:\n    row.days\n    b"


def test_tab_indents_escape_and_tab_leave_and_an_editor_has_an_undo_of_its_own(
    make_notebook: Callable[..., Any],
) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    box = select_code(canvas)
    page.get_by_label("code", exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("if 1:")
    page.keyboard.press("Enter")
    page.keyboard.type("dd")
    page.keyboard.press("Tab")
    assert written(box) == "if 1:\n        dd"
    page.keyboard.press("Shift+Tab")
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Control+z")
    assert written(box) == "if 1:\n        dd"
    page.keyboard.press("Control+y")
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_label("code", exact=True)).not_to_be_focused()
    assert written(box) == "if 1:\n    dd"
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_label("code", exact=True)).to_be_focused()
    described = page.get_by_label("code", exact=True).get_attribute("aria-describedby") or ""
    assert any("Escape, then Tab" in page.locator(f"#{id}").inner_text() for id in described.split())
    assert book.cell_count() == 2


def test_a_mistake_in_code_is_underlined_after_a_pause_and_is_a_problem_of_the_node(
    make_notebook: Callable[..., Any],
) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    box = select_code(canvas)
    page.get_by_label("code", exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("a = 1\nb = 1 +")
    for _ in range(8):  # nothing is told while somebody types
        page.wait_for_timeout(150)
        page.keyboard.type(" ")
        assert page.locator(".cm-lintRange-error").count() == 0
        assert "Python" not in box.locator(".fb-note").inner_text()
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(box.locator(".fb-note")).to_contain_text("is not Python: invalid syntax (line 2).")
    expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_visible()
    book.shot("code-mistake", page.locator(".fb-editor").first)
    page.keyboard.type("2")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    expect(page.get_by_role("button", name="No problems")).to_be_visible()


def test_data_is_put_into_fields_by_click_and_by_drag(make_notebook: Callable[..., Any]) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    box = select_code(canvas)
    page.get_by_label("code", exact=True).click()
    page.keyboard.press("Control+a")
    page.keyboard.type("len(")
    panel = box.locator(".fb-data")
    expect(panel).to_contain_text("Data before this node")
    panel.locator(".fb-path", has_text="body").click()
    assert written(box) == "len(nodes.fetch.data.body)"
    page.keyboard.type(" > 1")
    assert written(box) == "len(nodes.fetch.data.body > 1)"
    for view in ("Table", "Schema", "Tree"):
        panel.get_by_role("button", name=view, exact=True).click()
        book.shot(f"data-{view.lower()}", page.locator(".fb-editor").first)
    canvas.click("ask")
    url = page.get_by_label("url", exact=True)
    url.click()
    page.keyboard.press("End")
    page.keyboard.type("/")
    panel = field(page, "url").locator(".fb-data")
    panel.locator(".fb-path", has_text="[0]").click()
    panel.locator(".fb-path", has_text="days").click()
    book.shot("data-url", page.locator(".fb-editor").first)
    assert written(field(page, "url")) == "https://example.com/x/${{ nodes.fetch.data.body[0].days }}"
    expect(field(page, "url").locator(".fb-note")).to_have_text("✓ “https://example.com/x/12”")
    source = panel.locator(".fb-path", has_text="date")
    source.drag_to(field(page, "query").locator(".cm-content"))
    expect(field(page, "query").locator(".cm-content")).to_have_text('"${{ nodes.fetch.data.body[0].date }}"')


def test_many_params_stand_under_headings_and_what_is_given_stands_open(make_notebook: Callable[..., Any]) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    canvas.click("ask")
    expect(field(page, "url")).to_be_visible()
    assert page.locator(".fb-form[aria-label=Params] .fb-field:visible").count() <= 5
    book.shot("params-folded", page.locator(".fb-editor").first)
    page.get_by_role("tab", name="Behaviour").click()
    expect(page.get_by_text("Loop", exact=True)).to_be_visible()
    expect(page.get_by_label("Attempts")).to_be_hidden()
    page.get_by_text("When it runs").click()
    when = page.get_by_label("When", exact=True)
    when.click()
    page.keyboard.type("len(nodes.fe")
    page.locator(".cm-tooltip-autocomplete li", has_text="fetch").click()
    page.keyboard.type(".data.body) > 1")
    expect(field(page, "when").locator(".fb-note")).to_have_text("✓ true")
    book.shot("behaviour-when", page.locator(".fb-editor").first)


def test_the_editor_for_code_comes_to_a_page_once(make_notebook: Callable[..., Any]) -> None:
    book, canvas = opened(make_notebook)
    for node in ("late", "fetch", "ask", "late"):
        canvas.click(node)
        expect(page_label(book.page)).to_have_value(node)
        book.page.wait_for_timeout(500)
    assert book.frames_with('"kind": "library"') <= 2
    expect(field(book.page, "code").locator(".cm-content")).to_be_visible()


def page_label(page: Page) -> Locator:
    return page.get_by_label("Id", exact=True)
