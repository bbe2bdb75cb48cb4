"""Two pages that show one editor of one kernel, as two browsers do: what is done in one is seen in the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.jupyterlab import ACTION, NotebookPage, wait_until_fitted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CELL = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
flow = Workflow(name="daily")
flow.add("first", "core.python", params={"code": "1"}, at=(0, 0))
flow.add("second", "core.noop", at=(0, 90))
flow.connect("first", "second")
ws.save(flow)
ed = ws.edit("daily")
ed
"""
CODE = "print(ed.editing.workflow.nodes['first'].params['code'])"
STORED = "print(ws.workflow('daily').nodes['first'].params['code'])"
PLACE = """one => {
    const at = one._cyreg.cy.getElementById("n:first").renderedPosition();
    return { x: at.x - 20, y: at.y };
}"""


def code(page: Page) -> Any:
    return page.locator('.fb-inspector .fb-field[data-name="code"] .cm-content')


def test_what_is_typed_in_one_page_is_in_the_other_and_is_saved_from_either(
    make_notebook: Callable[..., Any], chromium: Browser
) -> None:
    book = make_notebook(CELL, width=1700)
    book.run(0)
    mine: Page = book.page
    canvas = mine.locator(".flowbook-canvas")
    wait_until_fitted(canvas)
    book.save()
    context = chromium.new_context(viewport={"width": 1700, "height": 860})
    context.set_default_timeout(ACTION)
    name = book.folder.name
    address = f"{book.lab.url}/lab/workspaces/{name}-2/tree/{name}/notebook.ipynb?token={book.lab.token}"
    other = NotebookPage(book.lab, context.new_page(), book.folder, address).open(".flowbook-canvas").page
    canvas.click(position=canvas.evaluate(PLACE))
    expect(code(mine)).to_have_text("1")
    code(mine).click()
    mine.keyboard.press("Control+End")
    mine.keyboard.type(" + 10")
    expect(code(other)).to_have_text("1 + 10")
    code(other).click()  # which has the keyboard in the same field from now on
    other.keyboard.press("Control+End")
    other.keyboard.type(" + 20")
    expect(code(mine)).to_have_text("1 + 10 + 20")
    mine.keyboard.type(" + 30")  # where the cursor of this page still is
    expect(code(other)).to_have_text("1 + 10 + 30 + 20")
    assert book.lab.said_by_kernels(name, CODE) == ["1 + 10 + 30 + 20"]
    other.get_by_role("button", name="Save", exact=True).last.click()
    for page in (mine, other):
        expect(page.locator(".fb-dot")).to_have_text("")
    assert book.lab.said_by_kernels(name, STORED) == ["1 + 10 + 30 + 20"]

    mine.get_by_role("button", name="▶ Run", exact=True).click()
    for page in (mine, other):
        expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    context.close()  # a page that is closed takes nothing along
    code(mine).click()
    mine.keyboard.press("Control+End")
    mine.keyboard.type(" + 40")
    expect(mine.locator(".fb-dot")).to_have_text("●")
    mine.get_by_role("button", name="Save", exact=True).last.click()
    expect(mine.locator(".fb-dot")).to_have_text("")
    assert book.lab.said_by_kernels(name, STORED)[0].count("40") == 1
