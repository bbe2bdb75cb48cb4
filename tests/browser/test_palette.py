"""The palette, used with a keyboard and a mouse as people who come from other tools do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPEN = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
from flowbook.models import Workflow
ws = Workspace(".")
ws.create_type("github")
ws.create_integration("Mine", "github", {"token": "x"})
flow = Workflow(name="daily")
flow.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
flow.add("second", "core.noop", at=(260, 0))
flow.connect("first", "second")
ws.save(flow)
ws.edit("daily")
"""


@pytest.fixture
def page(make_notebook: Callable[..., Any]) -> Any:
    book = make_notebook(OPEN, width=1440, height=1000)
    book.run(0)
    expect(book.page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "2")
    book.page.book = book
    return book.page


def search(page: Page) -> Locator:
    return page.locator(".fb-side-left").get_by_role("searchbox")


def headings(page: Page) -> list[str]:
    return page.locator(".fb-side-left .fb-group-label").all_inner_texts()


def test_tasks_are_found_by_typing_and_steering_by_the_words_of_other_tools(page: Any) -> None:
    canvas = page.locator(".flowbook-canvas")
    named = [one.lower().partition(" (")[0] for one in headings(page)]
    assert named == ["ways to steer", "set up", "needs no account", "more integrations"]
    mail, more = page.locator('.fb-side-left [data-id="smtp.send_email"]'), page.locator(".fb-side-left .fb-group").last
    expect(mail).to_have_count(0)  # of what is shut, which is most, a page has nothing until it is opened
    page.book.look("palette", page.locator(".fb-workbench"))
    more.locator("summary").click()
    expect(mail).to_be_visible()
    expect(mail).to_have_attribute("tabindex", "-1")
    more.locator("summary").press("Enter")
    expect(mail).to_be_hidden()
    more.locator("summary").press("Enter")
    expect(mail).to_be_visible()
    more.locator("summary").click()

    canvas.click(position={"x": 60, "y": 60})
    expect(canvas).to_be_focused()
    page.keyboard.press("Control+k")
    expect(search(page)).to_be_focused()
    page.keyboard.type("request")
    page.keyboard.press("Enter")
    expect(canvas).to_have_attribute("data-nodes", "3")
    expect(page.locator(".fb-inspector h3")).to_have_text("request")
    expect(page.locator(".fb-inspector")).to_contain_text("http.request")

    page.locator(".fb-inspector").get_by_label("Label", exact=True).click()
    page.keyboard.press("Control+k")  # from a field of the inspector too; what was typed is selected
    page.keyboard.type("list files")  # others have a task that is called so, and need an account
    expect(page.locator(".fb-side-left .fb-item-first")).to_have_attribute("data-id", "files.glob")
    page.keyboard.press("Control+a")
    page.keyboard.type("sleep")
    expect(page.locator(".fb-side-left .fb-item-first")).to_have_attribute("data-id", "way:wait")
    page.book.look("palette-found", page.locator(".fb-workbench"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(canvas).to_have_attribute("data-nodes", "4")
    expect(page.locator(".fb-inspector")).to_contain_text("core.wait")

    page.keyboard.press("Control+k")
    page.keyboard.press("Backspace")
    page.mouse.move(700, 400)
    expect(page.locator(".fb-side-left .fb-group-label").first).to_have_text("Recently used")
    first = page.locator(".fb-side-left .fb-group").first.locator(".fb-item-label")
    expect(first).to_have_text(["wait", "request"])

    page.keyboard.type("if")
    expect(page.locator(".fb-side-left .fb-item-first")).to_contain_text("If")
    assert page.locator(".fb-side-left").get_by_text("send_notification").count() == 0


def test_if_leads_to_the_condition_of_a_line_and_schedule_to_triggers(page: Any) -> None:
    canvas = page.locator(".flowbook-canvas")
    canvas.click(position={"x": 60, "y": 60})
    expect(canvas).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("for each")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is a setting of a node. Select the node first.")).to_be_visible()

    page.keyboard.press("Control+k")
    page.keyboard.type("noop")
    page.keyboard.press("Enter")
    expect(page.locator(".fb-inspector h3")).to_have_text("noop")
    page.keyboard.press("Control+k")
    page.keyboard.type("loop")
    page.keyboard.press("Enter")
    expect(page.get_by_label("For each", exact=True)).to_be_focused()
    page.keyboard.type("[1, 2]")
    page.keyboard.press("Tab")

    page.locator(".fb-inspector").get_by_label("Label", exact=True).click()
    page.keyboard.press("Control+k")
    page.keyboard.type("if")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Draw a line from “If” to each way on")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("cron")
    page.keyboard.press("Enter")
    expect(page.locator(".fb-drawer")).to_contain_text("Only you start it, so far.")
    page.book.look("palette-schedule")
    assert page.book.cell_count() == 1
