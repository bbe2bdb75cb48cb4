"""Nothing that was typed is lost: the kernel restarted or killed, the page loaded again, in JupyterLab or the app."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from flowbook import Workflow, Workspace
from tests.jupyterlab import (
    READY,
    look,
    new_context,
    press,
    running_app,
    settled_box,
    wait_for_element,
    wait_until_fitted,
)
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

RECOVERED = re.compile(r"Unsaved changes from \d\d:\d\d were recovered\.")
CELL = 'from flowbook import Workspace\nws = Workspace(".")\nws.edit("daily")'


def flow() -> Workflow:
    made = Workflow(name="daily")
    made.add("say", "core.noop", at=(0, 0))
    return made


def type_label(page: Page, text: str) -> None:
    """Open the node by a click on it, and type into its field Label."""
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_have_attribute("data-nodes", "1")
    press(page, "Fit")
    wait_until_fitted(canvas)
    box = settled_box(canvas)
    page.mouse.click(box["x"] + box["width"] / 2 - 20, box["y"] + box["height"] / 2)
    field = page.locator(".fb-inspector").get_by_label("Label", exact=True)
    field.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    expect(page.locator(".fb-draft")).to_contain_text("draft saved")


def label_of(workspace: Path) -> str:
    """The label in the newest draft."""
    drafts = Workspace(workspace).drafts.look("daily")
    return (drafts.drafts + drafts.elsewhere)[0].workflow.nodes["say"].label


def expect_recovered(page: Page, label: str) -> None:
    expect(page.locator(".fb-recovered")).to_contain_text(RECOVERED)
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_be_visible()
    wait_for_element(
        canvas,
        """([canvas, label]) => canvas._cyreg?.cy?.nodes(".fb-card")
            .some((one) => JSON.stringify(one.data()).includes(label))""",
        label,
    )


@pytest.fixture
def editor_page(make_notebook: Callable[..., Any]) -> Any:
    """A notebook that shows the editor, with something typed into it that is not saved."""
    book = make_notebook(CELL, new_kernel=True)
    Workspace(book.folder).save(flow())
    book.run(0)
    type_label(book.page, "Typed by hand")
    until(lambda: label_of(book.folder) == "Typed by hand")
    return book


def test_a_restarted_kernel_goes_on_with_what_was_typed(editor_page: Any) -> None:
    page: Page = editor_page.page
    editor_page.look("draft-saved")
    editor_page.in_toolbar("notebook:restart-kernel").click()
    press(page.locator(".jp-Dialog"), "Confirm Kernel Restart", exact=False)
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=READY)
    editor_page.run(0)
    expect_recovered(page, "Typed by hand")
    editor_page.look("draft-recovered")
    assert Workspace(editor_page.folder).workflow("daily").nodes["say"].label == ""
    press(page, "Keep")
    expect(page.locator(".fb-recovered")).to_have_count(0)
    press(page.locator(".fb-toolbar"), "Save")
    until(lambda: Workspace(editor_page.folder).workflow("daily").nodes["say"].label == "Typed by hand")
    expect(page.locator(".fb-draft")).to_have_text("")
    until(lambda: not Workspace(editor_page.folder).drafts.times())


def test_a_kernel_that_is_killed_loses_nothing_and_discard_goes_back(editor_page: Any) -> None:
    page: Page = editor_page.page
    pid = editor_page.lab.said_by_kernels(editor_page.folder.name, "import os; print(os.getpid())")[0]
    os.kill(int(pid), signal.SIGKILL)
    page.get_by_role("button", name="Ok", exact=True).or_(page.get_by_role("button", name="Dismiss")).first.click()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=READY)
    editor_page.run(0)
    expect_recovered(page, "Typed by hand")
    press(page, "Discard")
    expect(page.locator(".fb-recovered")).to_have_count(0)
    expect(page.locator(".fb-dot")).to_have_text("")
    until(lambda: not Workspace(editor_page.folder).drafts.times())


def test_a_reloaded_app_goes_on_with_what_was_typed(tmp_path: Path, chromium: Browser) -> None:
    """Voilà ends the kernel of a page that is left, so only what is on the disk is left."""
    Workspace(tmp_path).save(flow())
    context = new_context(chromium, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    with running_app(tmp_path) as address:
        page.goto(address)
        open_daily(page)
        type_label(page, "Typed in the app")
        until(lambda: label_of(tmp_path) == "Typed in the app")
        page.reload()
        page.get_by_role("tab", name="Workflows", exact=True).click(timeout=READY)
        expect(page.locator(".flowbook table")).to_contain_text("unsaved changes from")
        open_daily(page)
        expect_recovered(page, "Typed in the app")
        look(page, "draft-in-the-app")
    context.close()


def open_daily(page: Page) -> None:
    page.get_by_role("tab", name="Workflows", exact=True).click(timeout=READY)
    press(page, "Open daily", exact=False)
