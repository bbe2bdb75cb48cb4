"""How many actions it takes to build what people build most: from an empty canvas to a run that succeeded.

A click, a drag, a key that means something by itself and a text typed into one field count as one action each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from flowbook import Workspace
from flowbook.testing import FakeService, fake_service
from tests.browser.test_comfort import box_of, wait_until_in_sight
from tests.jupyterlab import NotebookPage, settled_box, wait_for_element
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
names = (f"blank-{number}" for number in range(9))
"""
EMPTY = "name = next(names)\nws.save(Workflow(name=name))\nws.edit(name)"
# what has the keyboard in the studio and does not show it
FOCUS_SEEN = """() => {
    const one = document.activeElement;
    if (!one.closest(".flowbook")) return "";
    const around = [one, one.closest(".fb-editor-shell")].filter(Boolean).map((part) => getComputedStyle(part));
    const seen = around.some((look) => look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 1);
    return seen ? "" : one.outerHTML.slice(0, 200);
}"""


class Hands:
    """A person's hands on the editor in a cell, counting what they do."""

    def __init__(self, book: NotebookPage) -> None:
        self.page: Page = book.page
        self.editor = book.cell(1)
        self.canvas = self.editor.locator(".flowbook-canvas")
        self.inspector = self.editor.locator(".fb-inspector")
        self.actions = 0
        expect(self.canvas).to_have_attribute("data-nodes", "0")
        self.name = self.editor.locator(".fb-name").inner_text()

    def click(self, what: Locator) -> None:
        what.click()
        self.actions += 1

    def press(self, name: str) -> None:
        self.click(self.editor.get_by_role("button", name=name, exact=True))

    def key(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.actions += 1

    def fill(self, label: str, text: str) -> None:
        """Click a field of the inspector and type into it."""
        self.click(self.inspector.get_by_label(label, exact=True).locator("visible=true"))
        self.type(text)

    def first_node(self, words: str, id: str) -> None:
        """Add the first node from the palette."""
        self.click(self.editor.locator(".fb-side-left").get_by_role("searchbox"))
        self._pick(words, id)

    def after(self, node: str, words: str, id: str) -> None:
        """Add a node after another: a click on the handle of its card asks for the task."""
        x, y = self.hold(node)
        self.page.mouse.click(x, y)
        self.actions += 1
        expect(self.editor.locator(".fb-chooser").get_by_role("searchbox")).to_be_focused()
        self._pick(words, id)

    def _pick(self, words: str, id: str) -> None:
        self.type(words)
        self.key("Enter")
        expect(self.inspector.get_by_label("Id", exact=True)).to_have_value(id)
        wait_until_in_sight(self.canvas, id)

    def connect(self, source: str, target: str) -> None:
        wait_until_in_sight(self.canvas, target)
        self.hold(source)
        area, end = self.still(), box_of(self.canvas, target)  # not before: the view may still have been moving
        self.page.mouse.down()
        self.page.mouse.move(area["x"] + end["left"] + 40, area["y"] + end["middle"], steps=6)
        self.page.mouse.up()
        self.actions += 1

    def hold(self, node: str) -> tuple[float, float]:
        """Move the mouse to the handle of a card, until it is over it: the view may still move."""
        for _ in range(20):
            x, y = self.handle(node)
            self.page.mouse.move(x - 30, y)
            self.page.mouse.move(x, y, steps=4)
            self.page.wait_for_timeout(250)
            if self._is_over_a_handle() and (x, y) == self.handle(node):
                break
        expect(self.canvas).to_have_css("cursor", "crosshair")
        return x, y

    def _is_over_a_handle(self) -> bool:
        return bool(self.canvas.evaluate("(one) => getComputedStyle(one).cursor === 'crosshair'"))

    def handle(self, node: str) -> tuple[float, float]:
        """The right edge of a card, from which lines are drawn; the rest of the card may be outside."""
        area = self.still()
        at = box_of(self.canvas, node)
        assert 0 < at["right"] < at["room"]
        return area["x"] + at["right"] - 1, area["y"] + at["middle"]

    def still(self) -> FloatRect:
        """Where the canvas is, once nothing moves on it."""
        wait_for_element(self.canvas, "(one) => !one._cyreg.cy.animated()")
        return settled_box(self.canvas)

    def click_line(self, source: str, target: str) -> None:
        """Click a line near its end, once the mouse is over it: the view may still be moving."""
        plus = self.canvas.get_by_role("button", name=f"Put a node between {source} and {target}")
        for _ in range(20):
            x, y = self._end_of(source, target)
            self.page.mouse.move(x - 4, y)
            self.page.mouse.move(x, y)
            self.page.wait_for_timeout(250)
            if plus.is_visible() and (x, y) == self._end_of(source, target):
                break
        self.page.mouse.click(x, y)
        self.actions += 1

    def _end_of(self, source: str, target: str) -> tuple[float, float]:
        area = self.still()
        place = self.canvas.evaluate(
            "(one, [from, to]) => one._cyreg.cy.edges(`[source = 'n:${from}'][target = 'n:${to}']`)[0]"
            ".renderedTargetEndpoint()",
            [source, target],
        )
        return area["x"] + place["x"] - 14, area["y"] + place["y"]

    def go(self, key: str, to: Locator) -> None:
        """Press a key until something has the keyboard; wherever it goes, that is seen."""
        passed = []
        for _ in range(80):
            if to.evaluate_all("(all) => all.some((one) => one === document.activeElement)"):
                return
            self.page.keyboard.press(key)
            assert self.page.evaluate(FOCUS_SEEN) == ""
            passed.append(self.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
        raise AssertionError(f"{key} leads only to {passed}")

    def run(self) -> None:
        self.press("▶ Run")
        self.succeed()

    def succeed(self) -> None:
        expect(self.editor.locator(".fb-run-chip")).to_contain_text("succeeded")


@pytest.fixture(scope="module")
def book(make_lasting_notebook: Callable[..., NotebookPage]) -> NotebookPage:
    made = make_lasting_notebook(SETUP, EMPTY, width=1440, height=1000)
    made.run(0)
    return made


@pytest.fixture
def hands(book: NotebookPage, request: pytest.FixtureRequest) -> Iterator[Hands]:
    """A new editor with an empty canvas."""
    book.run(1)
    yield Hands(book)
    if getattr(request.node, "failed_in_call", False):
        book.tell_failure(request.node.name)


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as service:
        service.on("GET", "/orders", json=[{"id": 1, "total": 40}, {"id": 2, "total": 2}])
        yield service.on("POST", "/hook", body="ok", headers={"Content-Type": "text/html"})


def test_what_was_fetched_goes_through_code_into_a_file_and_a_message(
    book: NotebookPage, hands: Hands, service: FakeService
) -> None:
    hands.first_node("request", "request")
    hands.fill("url", f"{service.url}/orders")
    hands.after("request", "python", "python")
    hands.fill("code", "sum(one['total'] for one in nodes.request.data.body)")
    hands.after("python", "write_text", "write_text")
    hands.fill("path", "total.txt")
    hands.fill("text", "${{ nodes.python.data }} in all")
    hands.after("write_text", "slack message", "send_message")
    hands.press("Create Integration")
    form = hands.editor.locator(".fb-drawer")
    expect(form.get_by_label("Integration Name")).to_be_visible()
    hands.click(form.get_by_label("Integration Name"))
    hands.type("Team")
    hands.click(form.get_by_role("textbox", name="webhook_url"))
    hands.type(f"{service.url}/hook")
    hands.click(form.get_by_role("button", name="Create", exact=True))
    expect(hands.inspector.get_by_label("Integration", exact=True)).to_have_value("Team")
    hands.fill("text", "Sold: ${{ nodes.python.data }}")
    hands.press("Save")
    hands.run()
    assert (book.folder / "total.txt").read_text() == "42 in all"
    assert [one.json["text"] for one in service.requests if one.method == "POST"] == ["Sold: 42"]
    assert hands.actions <= 60
    print(f"{hands.actions} actions of 60")


def test_a_branch_meets_again_and_one_of_its_nodes_is_tried_again(book: NotebookPage, hands: Hands) -> None:
    hands.first_node("set", "set")
    hands.fill("values", "7")
    hands.after("set", "set", "set_2")
    hands.fill("values", '"many"')
    hands.click_line("set", "set_2")
    hands.fill("When", "nodes.set.data > 5")
    hands.after("set", "set", "set_3")
    hands.fill("values", '"few"')
    hands.click_line("set", "set_3")
    hands.fill("When", "nodes.set.data <= 5")
    hands.after("set_2", "noop", "noop")
    hands.connect("set_3", "noop")
    expect(hands.canvas).to_have_attribute("data-edges", "4")
    hands.click(hands.inspector.get_by_role("tab", name="Behaviour"))
    hands.click(hands.inspector.get_by_text("Retries, time and failure"))
    hands.fill("Attempts", "3")
    hands.press("Save")
    hands.run()
    with Workspace(book.folder) as ws:
        saved, run = ws.workflow(hands.name), ws.last(hands.name)
        retry = saved.nodes["noop"].retry
        assert retry is not None
        assert retry.attempts == 3
        assert {edge.when for edge in saved.edges} == {None, "nodes.set.data > 5", "nodes.set.data <= 5"}
        assert run["noop"].status == "succeeded"
    assert hands.actions <= 40
    print(f"{hands.actions} actions of 40")


def test_each_item_is_worked_on_and_what_came_of_it_is_drawn(book: NotebookPage, hands: Hands) -> None:
    hands.first_node("set", "set")
    hands.fill("values", "[3, 1, 2]")
    hands.after("set", "python", "python")
    hands.fill("code", "item * item")
    hands.click(hands.inspector.get_by_role("tab", name="Behaviour"))
    hands.click(hands.inspector.get_by_text("Loop", exact=True))
    hands.fill("For each", "nodes.set.data")
    hands.after("python", "python", "python_2")
    hands.fill("code", "import matplotlib.pyplot as plt\nplt.plot(nodes.python.data)\nplt.show()")
    hands.press("Save")
    hands.run()
    hands.click(hands.editor.locator('.fb-below .fbr-row[data-node="python_2"]'))
    expect(hands.editor.locator(".fb-below .fbr-display img")).to_be_visible()
    book.look("actions-plot")
    assert hands.actions <= 40
    print(f"{hands.actions} actions of 40")


def test_a_workflow_is_built_and_run_by_keys_alone_and_the_focus_is_always_seen(
    book: NotebookPage, hands: Hands, service: FakeService
) -> None:
    page, canvas = hands.page, hands.canvas
    hands.go("Tab", hands.editor.locator(".fb-toolbar button"))  # from the cell that was run into what it shows
    page.keyboard.press("Control+k")
    search = hands.editor.locator(".fb-side-left").get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type(f"curl {service.url}/orders")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+x")
    hands.go("Tab", canvas)
    page.keyboard.press("Control+v")
    expect(canvas).to_have_attribute("data-nodes", "1")
    expect(hands.inspector.get_by_label("url", exact=True)).to_have_value(f"{service.url}/orders")
    expect(canvas).to_be_focused()
    page.keyboard.press("a")
    expect(hands.editor.locator(".fb-chooser").get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("python")
    page.keyboard.press("Enter")
    expect(canvas).to_have_attribute("data-edges", "1")
    code = hands.inspector.locator('.fb-field[data-name="code"] .cm-content')
    expect(code).to_be_visible()
    hands.go("Tab", code)
    page.keyboard.type("len(nodes.get_orders.data.body)")
    for _ in range(2):  # what completes goes first
        page.keyboard.press("Escape")
    hands.go("Shift+Tab", canvas)
    page.keyboard.press("Control+s")
    page.keyboard.press("Control+Enter")
    hands.succeed()
    with Workspace(book.folder) as ws:
        assert ws.last(hands.name)["python"].data == 2


def test_a_command_pasted_into_a_field_of_a_request_fills_all_of_it(book: NotebookPage, hands: Hands) -> None:
    """By the keys of a person, with what a shell has before it; its secret goes into an integration."""
    hands.first_node("request", "request")
    url = hands.inspector.get_by_label("url", exact=True)
    hands.click(url)
    command = 'curl -X PUT "https://x.example.com/a/${ID}" -H "Authorization: Bearer t0k-hush" -d a=1'
    hands.page.keyboard.type(f"$ ID=5; {command}")
    hands.page.keyboard.press("Control+a")
    hands.page.keyboard.press("Control+x")
    hands.page.keyboard.press("Control+v")
    expect(url).to_have_value("https://x.example.com/a/5")
    expect(hands.inspector.get_by_label("method", exact=True)).to_have_value("PUT")
    hands.press("Save")
    with Workspace(book.folder) as ws:
        until(lambda: len(ws.workflow(hands.name).nodes) == 1)
        (node,) = ws.workflow(hands.name).nodes.values()
        assert (node.params["url"], node.integration) == ("https://x.example.com/a/5", "x.example.com")
        assert node.params["body"] == {"a": "1"}
