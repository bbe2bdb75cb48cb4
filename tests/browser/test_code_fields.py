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
    book.screenshot("completion")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    assert written(box) == "rows = nodes.fetch.data.body\nfor row in rows:\n    row.days\n    b"
