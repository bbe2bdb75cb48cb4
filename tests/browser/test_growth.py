"""What a person does again and again leaves nothing behind: in the page's memory, or among the widgets that live.

The page's elements and listeners are counted by Chromium, once it has collected what nothing refers to any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.jupyterlab import press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
flow = Workflow(name="daily")
flow.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
flow.add("second", "core.noop", at=(260, 0))
flow.connect("first", "second")
ws.save(flow)
"""
LIVE_IN_KERNEL = """
import sys
if "ipywidgets" in sys.modules:
    from ipywidgets.widgets import widget
    print(len(widget._instances))
else:
    print(0)
"""
RUNS = "print(sum(run.status == 'succeeded' for run in ws.runs()))"
# By the renderer that JupyterLab makes for a widget's output, which knows the manager of its notebook.
LIVE_IN_PAGE = """async () => {
    const { rendermime } = window.jupyterapp.shell.currentWidget.content;
    const renderer = rendermime.createRenderer("application/vnd.jupyter.widget-view+json");
    const manager = await renderer._manager.promise;
    renderer.dispose();
    return Object.keys(manager._models).length;
}"""
EDITOR = 4900  # elements of an editor's view, its toolbar, canvas, inspector and run panel, and
LISTENERS = 1170  # what listens to them


@dataclass(frozen=True)
class Counts:
    """What there is at a moment."""

    elements: int
    listeners: int
    in_page: int
    in_kernel: int


def counts(book: Any) -> Counts:
    """What is left after everything that nothing refers to has been collected."""
    page: Page = book.page
    devtools = page.context.new_cdp_session(page)
    before = None
    for _ in range(30):  # until what waits for an animation or a message has had it
        page.wait_for_timeout(1200)
        devtools.send("HeapProfiler.collectGarbage")
        found = devtools.send("Memory.getDOMCounters")
        in_kernel = int(book.lab.said_by_kernels(book.folder.name, LIVE_IN_KERNEL)[0])
        now = Counts(found["nodes"], found["jsEventListeners"], page.evaluate(LIVE_IN_PAGE), in_kernel)
        if now == before:
            break
        before = now
    devtools.detach()
    return now


def no_growth(before: Counts, after: Counts, elements: int, listeners: int) -> None:
    """At most so many more elements and listeners, and as many widgets."""
    assert (after.in_page, after.in_kernel) == (before.in_page, before.in_kernel)
    assert after.elements - before.elements < elements, (before, after)
    assert after.listeners - before.listeners < listeners, (before, after)


def open_daily(page: Page) -> None:
    press(page.locator("tr[data-row=daily]"), "Open", exact=False)
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "2")
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-edges", "1")


@pytest.fixture(scope="module")
def book(make_lasting_notebook: Callable[..., Any]) -> Any:
    """A notebook with a workspace, in a page of its own: others leave notebooks behind."""
    made = make_lasting_notebook(SETUP, "ws.studio()", "flow", 'ws.run("daily")', alone=True)
    made.run(0)
    return made


def test_a_studio_shown_again_by_its_cell_takes_the_place_of_the_one_before(book: Any) -> None:
    def times(number: int) -> Counts:
        for _ in range(number):
            book.run(1)
            book.page.get_by_role("tab", name="Workflows").click()
            open_daily(book.page)
        return counts(book)

    before = times(2)
    no_growth(before, times(2), EDITOR // 3, LISTENERS // 3)


def test_an_editor_that_was_left_leaves_nothing(book: Any) -> None:
    """JupyterLab's own editor of each cell keeps the place that was last selected, and so one of our editors each."""
    book.run(1)
    book.page.get_by_role("tab", name="Workflows").click()

    def times(number: int) -> Counts:
        for _ in range(number):
            open_daily(book.page)
            press(book.page, "All Workflows", exact=False)
            expect(book.page.locator("tr[data-row=daily]")).to_be_visible()
        return counts(book)

    before = times(2)
    no_growth(before, times(3), 9 * EDITOR // 8, 9 * LISTENERS // 8)


def test_runs_one_after_the_other_leave_nothing(book: Any) -> None:
    page: Page = book.page
    if not page.locator(".flowbook-canvas:visible").count():
        book.run(1)
        page.get_by_role("tab", name="Workflows").click()
        open_daily(page)

    def times(number: int) -> Counts:
        for _ in range(number):
            done = book.lab.said_by_kernels(book.folder.name, RUNS)
            press(page, "▶ Run")
            for _ in range(200):  # until there is one more of them: the chip said the same of the one before
                if book.lab.said_by_kernels(book.folder.name, RUNS) != done:
                    break
                page.wait_for_timeout(100)
            expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
        return counts(book)

    before = times(2)
    no_growth(before, times(3), EDITOR // 16, LISTENERS // 16)


def test_tabs_changed_to_and_fro_leave_nothing(book: Any) -> None:
    page: Page = book.page
    if not page.locator(".flowbook-canvas:visible").count():
        book.run(1)
        page.get_by_role("tab", name="Workflows").click()
        open_daily(page)

    def times(number: int) -> Counts:
        for _ in range(number):
            for tab in ("Integration Types", "Integrations", "Runs", "Workflows"):
                page.get_by_role("tab", name=tab).click()
                expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        return counts(book)

    before = times(2)
    no_growth(before, times(3), EDITOR // 16, LISTENERS // 16)


@pytest.mark.parametrize("cell", [2, 3], ids=["a workflow drawn", "a run"])
def test_what_a_cell_shows_without_a_studio_is_gone_when_it_shows_it_again(book: Any, cell: int) -> None:
    def times(number: int) -> Counts:
        for _ in range(number):
            book.run(cell)
        return counts(book)

    before = times(2)
    no_growth(before, times(3), EDITOR // 16, LISTENERS // 16)
