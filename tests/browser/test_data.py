"""The data of runs in the editor, with a keyboard and a mouse: the last run's, a replayed one's, and what is pinned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.jupyterlab import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPEN = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
from flowbook.models import Workflow
ws = Workspace(".")
flow = Workflow(name="daily")
flow.set_input("who", default="Ada")
rows = "${{ [{'name': inputs.who, 'age': 36}, {'name': 'Bob', 'age': 7}] }}"
flow.add("people", "core.set", params={"values": rows}, at=(0, 0))
flow.add("first", "core.set", params={"values": {"text": "Dear ${{ nodes.people.data[0].name }}"}}, at=(260, 0))
flow.connect("people", "first")
ws.save(flow)
ws.run(flow, who="Grace")
ws.run(flow)
ws.studio()
"""


def wait_for_line(page: Page, wanted: dict[str, str]) -> None:
    """Wait until the canvas that is seen draws its line like this."""
    page.wait_for_function(
        """wanted => [...document.querySelectorAll(".flowbook-canvas")].some((one) => {
            const edge = one.offsetWidth ? one._cyreg?.cy.edges()[0] : null;
            return edge?.data("taken") === wanted.taken && edge.style("label") === wanted.label;
        })""",
        arg=wanted,
    )


def test_the_last_run_is_there_another_is_replayed_and_data_is_pinned_by_hand(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(OPEN, width=1440, height=1150)
    page: Page = book.page
    book.run(0)
    page.get_by_role("tab", name="Workflows", exact=True).click()
    press(page.locator("tr[data-row=daily]"), "Open", exact=False)
    panel, inspector = page.locator(".fb-below"), page.locator(".fb-inspector")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    wait_for_line(page, {"taken": "yes", "label": "2 items"})
    panel.locator('.fbr-row[data-node="people"]').click()
    expect(panel.locator(".fbr-detail .fbr-table")).to_contain_text("Ada")
    inspector.get_by_role("tab", name="Output").click()
    expect(inspector.locator(".fbr-table")).to_contain_text("Ada")
    book.look("data-last-run")
    press(inspector, "Schema", exact=False)
    expect(inspector.locator(".fbr-json")).to_contain_text("age number")
    press(inspector, "Tree", exact=False)
    expect(inspector.locator(".fbr-json")).to_contain_text("[2 items]")

    page.get_by_role("tab", name="Runs", exact=True).click()
    page.locator("tr[data-run]").last.click()
    wait_for_line(page, {"taken": "yes", "label": "2 items"})
    press(page, "Replay in Editor")
    expect(page.get_by_text("This is the run of")).to_be_visible()
    expect(panel.locator(".fbr-detail .fbr-table")).to_contain_text("Grace")
    expect(inspector.locator(".fbr-json")).to_contain_text("[2 items]")
    book.look("data-replayed")
    press(page, "Back to the Last Run")
    expect(panel.locator(".fbr-detail .fbr-table")).to_contain_text("Ada")

    press(panel, "Edit", exact=False)
    data = page.locator(".fb-drawer").get_by_label("Data", exact=True)
    expect(data).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("nope")  # no bracket: the field would close it, and the data would be right
    press(page.locator(".fb-drawer"), "Pin")
    expect(data).to_have_attribute("aria-invalid", "true")
    data.click()
    page.keyboard.press("Control+a")
    page.keyboard.type('[{"name": "Mary"}]')
    press(page.locator(".fb-drawer"), "Pin")
    expect(inspector.get_by_text("Pinned: a run uses this")).to_be_visible()
    expect(inspector.locator(".fbr-data:visible")).to_contain_text("Mary")
    expect(panel.locator(".fbr-acts .fbr-chip")).to_be_visible()
    book.look("data-pinned")
    panel.locator('.fbr-row[data-node="first"]').click()
    press(page, "Run This Node")
    expect(panel.locator(".fbr-detail")).to_contain_text("Dear Mary")
    expect(panel.locator('.fbr-row[data-node="people"]')).to_have_attribute("data-status", "succeeded")
    panel.locator('.fbr-row[data-node="people"]').click()
    press(panel, "Unpin", exact=False)
    expect(panel.locator(".fbr-acts .fbr-chip")).to_be_hidden()

    press(page, "Full window")  # so that all of it is in sight
    page.locator(".flowbook-canvas:visible").focus()
    page.keyboard.press("F2")
    page.keyboard.type("persons")
    page.keyboard.press("Enter")
    renamed = panel.locator(".fbr-row").first
    expect(renamed.locator(".fbr-name")).to_have_text("persons")  # it is the same node, and has run
    expect(panel.locator(".fbr-detail .fbr-title")).to_have_text("persons")
    inspector.get_by_role("tab", name="Output").click()
    expect(inspector.get_by_text("succeeded ·")).to_be_visible()
    press(panel, "Pin")
    expect(panel.locator(".fbr-acts .fbr-chip")).to_be_visible()
    expect(inspector.get_by_text("Pinned: a run uses this")).to_be_visible()
    press(panel, "Unpin", exact=False)
    panel.locator(".fbr-row").nth(1).click()
    expect(inspector.locator("h3")).to_have_text("first")
    press(page, "Run This Node")
    expect(panel.locator(".fbr-detail")).to_contain_text("Dear Ada")
    expect(panel.locator(".fbr-row .fbr-name")).to_have_text(["persons", "first"])
    renamed.click()
    expect(inspector.locator("h3")).to_have_text("persons")
    page.locator(".flowbook-canvas:visible").focus()
    for _ in range(3):  # the pin, that it was taken away, the name
        page.keyboard.press("Control+z")
    expect(renamed.locator(".fbr-name")).to_have_text("people")
