"""How fields that are editors for code fit into a notebook: what they ask the kernel, and what it tells the editor.

What they do by themselves, key by key, is tried on a plain page: see ``test_plain_fields.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_editor import OPEN, CanvasPage
from tests.jupyterlab import enter, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

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


def opened(make_notebook: Callable[..., Any], **more: bool) -> tuple[Any, CanvasPage]:
    book = make_notebook(f"{OPEN}{FLOW}{RUN}", "ws.edit('orders')", width=1600, height=1200, **more)
    book.run(0)
    book.run(1)
    canvas = CanvasPage(book.page, PLACES)
    canvas.wait_for_counts(3, 2)
    return book, canvas


def select(canvas: CanvasPage, node: str) -> None:
    """Click a node, and wait until the inspector, which has a place beside the canvas, is about it."""
    press(canvas.page, "Fit")
    canvas.page.wait_for_timeout(300)
    canvas.click(node)
    expect(canvas.page.get_by_label("Id", exact=True)).to_have_value(node)


def field(page: Page, name: str) -> Locator:
    return page.locator(f'.fb-field[data-name="{name}"]:visible')


def written(box: Locator) -> str:
    """What stands in an editor."""
    return str(box.evaluate("box => [...box.querySelectorAll('.cm-line')].map(line => line.textContent).join('\\n')"))


def path(panel: Locator, to: str) -> Locator:
    return panel.locator(f"[title='Insert {to}']")


def type_code(canvas: CanvasPage, text: str) -> Locator:
    """Type into the code of the node ``late``, in place of what is there."""
    select(canvas, "late")
    box = field(canvas.page, "code")
    expect(box.locator(".cm-content")).to_be_visible()
    enter(canvas.page.get_by_label("code", exact=True), text)
    return box


def test_a_mistake_in_code_is_underlined_and_is_a_problem_of_the_node_until_it_is_mended(
    make_notebook: Callable[..., Any],
) -> None:
    book, canvas = opened(make_notebook)
    page: Page = book.page
    box = type_code(canvas, "a = 1\nb = 1 +")
    expect(page.locator(".cm-lintRange-error")).to_have_count(1)
    expect(box.locator(".fb-note")).to_contain_text("is not Python: invalid syntax (line 2).")
    expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_visible()
    book.look("lab-code-mistake")
    page.keyboard.type("2")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    expect(page.get_by_role("button", name="No problems")).to_be_visible()
    assert written(box) == "a = 1\nb = 1 +2"


def test_data_of_the_last_run_is_put_into_fields_and_the_editor_for_code_comes_to_the_page_once(
    make_notebook: Callable[..., Any],
) -> None:
    book, canvas = opened(make_notebook, fresh=True)
    page: Page = book.page
    box = type_code(canvas, "len(")
    panel = box.locator(".fb-data")
    path(panel, "nodes.fetch.data.body").click()
    page.keyboard.type(" > 1")
    assert written(box) == "len(nodes.fetch.data.body > 1)"
    book.look("lab-data")
    select(canvas, "ask")
    url = field(page, "url")
    page.get_by_label("url", exact=True).click()
    page.keyboard.press("End")
    page.keyboard.type("/")
    panel = url.locator(".fb-data")
    panel.locator("summary", has_text="[0]").click(position={"x": 4, "y": 8})
    path(panel, "nodes.fetch.data.body[0].days").click()
    expect(url.locator(".cm-content")).to_have_text("https://example.com/x/${{ nodes.fetch.data.body[0].days }}")
    expect(url.locator(".fb-note")).to_have_text("✓ “https://example.com/x/12”")
    query = field(page, "query").locator(".cm-content")
    query.scroll_into_view_if_needed()  # what moves while something is dragged may end that
    path(panel, "nodes.fetch.data.body[0].date").scroll_into_view_if_needed()
    path(panel, "nodes.fetch.data.body[0].date").drag_to(query)
    expect(query).to_have_text('"${{ nodes.fetch.data.body[0].date }}"')
    book.look("lab-data-url")
    select(canvas, "late")
    expect(box.locator(".cm-content")).to_have_text("len(nodes.fetch.data.body > 1)")
    assert book.frames_with('"kind": "library"') == 1
