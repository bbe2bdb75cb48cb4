"""What starts a workflow without a person, in the editor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.test_comfort import open_workflow
from tests.jupyterlab import enter, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
daily = Workflow(name="daily", description="Every morning")
daily.add("wait", "core.wait", params={"seconds": 0}, at=(0, 0))
ws.save(daily)
"""


def test_schedules_and_hooks_are_added_paused_and_removed(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(SETUP, "ws.studio()", height=900)
    book.run(0)
    book.run(1)
    page, drawer = book.page, book.page.locator(".fb-drawer")
    page.get_by_role("tab", name="Workflows", exact=True).click()
    open_workflow(page, "daily", 1)
    press(page, "Triggers")
    expect(drawer.get_by_text("Only you start it, so far.")).to_be_visible()

    press(drawer, "Add Schedule")
    expect(drawer.get_by_label("When", exact=True)).to_be_focused()
    page.keyboard.type("every morning")
    enter(drawer.get_by_label("Time zone", exact=True), "Europe/Berlin")
    press(drawer, "Add")
    expect(drawer.get_by_text("is no cron expression")).to_be_visible()
    enter(drawer.get_by_label("When", exact=True), "0 7 * * 1-5")
    press(drawer, "Add")
    rows = drawer.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("0 7 * * 1-5 (Europe/Berlin)")
    expect(rows.first).to_contain_text("07:00")

    press(drawer, "Add Hook")
    press(drawer, "Add")
    address = drawer.get_by_label("Shown this once")
    expect(address).to_contain_text("POST http://HOST:PORT/hooks/")
    book.look("triggers")
    press(drawer, "Done")
    expect(address).to_have_count(0)
    expect(rows).to_have_count(2)

    press(rows.first, "Pause", exact=False)
    expect(rows.first).to_contain_text("paused")
    press(drawer, "Close")
    press(page, "Triggers")
    expect(rows.first).to_contain_text("paused")
    press(rows.first, "Remove", exact=False)
    expect(rows).to_have_count(1)
    book.look("triggers-left")
