"""Two pages that show one editor of one kernel, as two browsers do: what is done in one is seen in the other."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.jupyterlab import NotebookPage, new_context, press, wait_until_fitted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

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
NODES = "for id, node in ed.editing.workflow.nodes.items(): print(id, node.disabled)"
STORED = "print(ws.workflow('daily').nodes['first'].params['code'])"
PLACE = """(one, id) => {
    const at = one._cyreg.cy.getElementById(`n:${id ?? "first"}`).renderedPosition();
    return { x: at.x - 20, y: at.y };
}"""


TITLE = ".fb-inspector h3:visible"


def code(page: Page) -> Any:
    return page.locator('.fb-inspector .fb-field[data-name="code"] .cm-content')


def two_pages(
    book: Any, chromium: Browser, prepare: Callable[[BrowserContext], object] = lambda context: None
) -> tuple[Page, Page]:
    """The notebook's page, after its cell has run, and another that shows the same."""
    book.run(0)
    wait_until_fitted(book.page.locator(".flowbook-canvas"))
    book.save()
    context = new_context(chromium, viewport={"width": 1700, "height": 860})
    prepare(context)
    name = book.folder.name
    address = f"{book.lab.url}/lab/workspaces/{name}-2/tree/{name}/notebook.ipynb?token={book.lab.token}"
    other = NotebookPage(book.lab, context.new_page(), book.folder, address).open(".flowbook-canvas").page
    wait_until_fitted(other.locator(".flowbook-canvas"))
    return book.page, other


class Behind:
    """What a page hears of the kernel, which may be held back for a while."""

    def __init__(self) -> None:
        self._holding = False
        self._held: list[Callable[[], None]] = []

    def prepare(self, context: BrowserContext) -> None:
        context.route_web_socket(re.compile("/channels"), self._between)

    def _between(self, page: WebSocketRoute) -> None:
        def from_kernel(message: str | bytes) -> None:
            if self._holding:
                self._held.append(lambda: page.send(message))
            else:
                page.send(message)

        page.connect_to_server().on_message(from_kernel)

    def hold(self) -> None:
        self._holding = True

    def go_on(self) -> None:
        self._holding = False
        for send in self._held:
            send()
        self._held.clear()


def test_what_is_typed_in_one_page_is_in_the_other_and_is_saved_from_either(
    make_notebook: Callable[..., Any], chromium: Browser
) -> None:
    book = make_notebook(CELL, width=1700)
    name = book.folder.name
    mine, other = two_pages(book, chromium)
    canvas = mine.locator(".flowbook-canvas")
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
    press(other.locator(".fb-toolbar"), "Save")
    for page in (mine, other):
        expect(page.locator(".fb-dot")).to_have_text("")
    assert book.lab.said_by_kernels(name, STORED) == ["1 + 10 + 30 + 20"]

    press(mine, "▶ Run")
    for page in (mine, other):
        expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    other.context.close()  # a page that is closed takes nothing along
    code(mine).click()
    mine.keyboard.press("Control+End")
    mine.keyboard.type(" + 40")
    expect(mine.locator(".fb-dot")).to_have_text("●")
    press(mine.locator(".fb-toolbar"), "Save")
    expect(mine.locator(".fb-dot")).to_have_text("")
    assert book.lab.said_by_kernels(name, STORED)[0].count("40") == 1


def test_what_is_being_typed_stays_in_its_node_when_another_page_turns_to_something_else(
    make_notebook: Callable[..., Any], chromium: Browser
) -> None:
    book = make_notebook(CELL, width=1700)
    behind = Behind()
    mine, other = two_pages(book, chromium, behind.prepare)
    name, canvas = book.folder.name, mine.locator(".flowbook-canvas")
    canvas.click(position=canvas.evaluate(PLACE))
    second = canvas.evaluate(PLACE, "second")
    code(other).click()
    other.keyboard.press("Control+End")
    other.keyboard.type(" + 20")
    behind.hold()
    canvas.click(position=second)
    expect(mine.locator(TITLE)).to_have_text("second")
    other.keyboard.type(" + 300")  # by a person who does not see yet what the other one has done
    behind.go_on()
    expect(other.locator(TITLE)).to_have_text("second")
    expect(code(other)).to_have_count(0)
    other.keyboard.type("dd")  # no command to the canvas, where it would disable a node
    other.keyboard.press("Delete")
    assert book.lab.said_by_kernels(name, CODE) == ["1 + 20 + 300"]
    assert book.lab.said_by_kernels(name, NODES) == ["first False", "second False"]

    canvas.click(position=canvas.evaluate(PLACE))
    expect(other.locator(TITLE)).to_have_text("first")
    label = other.locator('.fb-inspector .fb-field[data-name="label"] input')
    label.click()
    other.keyboard.type("Begin")  # which is told when the field is left
    canvas.click(position=second)
    expect(other.locator(".flowbook-canvas")).to_contain_text("What was being typed into “first” is kept there.")
    expect(other.locator(TITLE)).to_have_text("second")
    expect(label).to_have_value("")
    assert book.lab.said_by_kernels(name, "print(ed.editing.workflow.nodes['first'].label)") == ["Begin"]

    press(mine.locator(".fb-toolbar"), "Note")
    note = other.locator('.fb-inspector .fb-field[data-name="text"] .cm-content')
    note.click()
    other.keyboard.type("Read this d")
    canvas.click(position=canvas.evaluate(PLACE, "second"))
    other.keyboard.type("dd")
    expect(other.locator(TITLE)).to_have_text("second")
    assert book.lab.said_by_kernels(name, NODES) == ["first False", "second False"]
    words = "print(*(note.words for note in ed.editing.workflow.notes.values()))"
    assert book.lab.said_by_kernels(name, words)[0].startswith("Read this d")
    other.context.close()


def test_what_changes_while_a_page_begins_is_seen_there(make_notebook: Callable[..., Any], chromium: Browser) -> None:
    """The other page misses all changes until it says that it has what was there; a slow one takes seconds."""
    book = make_notebook(CELL, width=1700)
    held: list[Any] = []

    def between(page: Any) -> None:
        kernel = page.connect_to_server()

        def from_kernel(message: Any) -> None:
            whole = message if isinstance(message, bytes) else message.encode()
            # what a page asks for comes as an update, too, where the kernel takes long to tell of all widgets at once
            if begun.is_set() or not held or not (b'"comm_msg"' in whole and b'"method": "update"' in whole):
                page.send(message)

        def from_page(message: Any) -> None:
            whole = message if isinstance(message, bytes) else message.encode()
            if b'"kind":"begun"' in whole and not begun.is_set():
                held.append(lambda: kernel.send(message))
            else:
                kernel.send(message)

        kernel.on_message(from_kernel)
        page.on_message(from_page)

    begun = threading.Event()
    mine, other = two_pages(book, chromium, lambda context: context.route_web_socket(re.compile("/channels"), between))
    canvas = mine.locator(".flowbook-canvas")
    while not held:
        other.wait_for_timeout(30)
    canvas.click(position=canvas.evaluate(PLACE))
    expect(code(mine)).to_have_text("1")
    assert other.locator(TITLE).count() == 0
    begun.set()
    for send in held:
        send()
    expect(other.locator(TITLE)).to_have_text("first")
    expect(code(other)).to_have_text("1")
    other.context.close()


# What anywidget waits for a model to begin, two seconds, is over before any has: as on a machine that is very busy.
GIVEN_UP = """
const whole = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) => whole(milliseconds === 2000 ? 0 : milliseconds);
"""


def test_a_page_that_takes_longer_to_begin_than_anywidget_waits_shows_what_is_done_after_that(
    make_notebook: Callable[..., Any], chromium: Browser
) -> None:
    book = make_notebook(CELL, width=1700)
    said: list[str] = []

    def slow(context: BrowserContext) -> None:
        context.add_init_script(GIVEN_UP)
        context.on("weberror", lambda told: said.append(str(told.error)))

    mine, other = two_pages(book, chromium, slow)
    canvas = mine.locator(".flowbook-canvas")
    canvas.click(position=canvas.evaluate(PLACE))
    expect(other.locator(TITLE)).to_have_text("first")
    code(mine).click()
    mine.keyboard.press("Control+End")
    mine.keyboard.type(" + 10")
    expect(code(other)).to_have_text("1 + 10")
    press(other.locator(".fb-toolbar"), "Note")
    for page in (mine, other):
        expect(page.locator(TITLE)).to_have_text("Note")
        expect(page.locator(".flowbook-canvas").get_by_role("option")).to_have_count(2)
    press(other.locator(".fb-toolbar"), "Undo")
    expect(other.locator(TITLE)).to_have_count(0)
    press(other, "▶ Run")
    for page in (mine, other):
        expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
        expect(page.locator('.fbr-row[data-node="second"]')).to_have_attribute("data-status", "succeeded")
    assert any("Failed to initialize model" in one for one in said), "it was in time"
    other.context.close()
