"""What a person waits for in the studio in JupyterLab and headless Chromium: opening, panning, clicking, typing.

``ms`` counts from the event that a hand makes until the page shows what came of it, the kernel's part included.
``page ms`` is what the page computes for it (scripts, layout, painting), in the processor's time.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import CDPSession, Locator, Page

from benchmarks.measuring import print_rows
from flowbook.ui.parts.files import text_of
from flowbook.ui.parts.library import VENDORED
from tests.jupyterlab import ACTION, Lab, NotebookPage, chromium_path, running_chromium, running_lab, write_notebook

SIZES = (100, 500, 2_000)
ROUNDS = 3
TYPED = "total = sum(range(10)) + 1"
SETUP = f"""
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
for size in {SIZES}:
    flow = Workflow(name=f"n{{size}}")
    for i in range(size):
        task = "core.python" if i == 0 else "core.noop"
        params = {{"code": "1"}} if i == 0 else {{}}
        flow.add(f"n{{i}}", task, params=params, at=(i % 25 * 260, i // 25 * 90))
        if i:
            flow.connect(f"n{{i - 1}}", f"n{{i}}")
    ws.save(flow)
"""
# Resolves with the milliseconds from the next event of that name until `shown` holds and has been painted: what holds
# when a frame begins is painted by that frame, and a message that is posted then comes after it.
WATCH = """([event, shown]) => {
  const holds = new Function(`return ${shown}`);
  window.waited = new Promise((done, giveUp) => document.addEventListener(event, (given) => {
    const began = given.timeStamp;
    const look = () => {
      if (performance.now() - began > 60000) giveUp(new Error(`not within a minute: ${shown}`));
      else if (!holds()) requestAnimationFrame(look);
      else {
        const after = new MessageChannel();
        after.port1.onmessage = () => done(performance.now() - began);
        after.port2.postMessage(0);
      }
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true }));
}"""
# What a key types is there once it is laid out; the page is free again when a message that was posted at its beginning
# arrives, which may be after a frame.
KEYS = """() => {
  window.keys = { laid: [], free: [] };
  document.addEventListener("keydown", (given) => {
    const began = given.timeStamp, after = new MessageChannel(), editor = document.activeElement.closest(".cm-editor");
    const seen = new MutationObserver(() => {
      seen.disconnect();
      editor.offsetHeight;
      window.keys.laid.push(performance.now() - began);
    });
    seen.observe(editor, { subtree: true, childList: true, characterData: true });
    after.port1.onmessage = () => { document.body.offsetHeight; window.keys.free.push(performance.now() - began); };
    after.port2.postMessage(0);
  }, { capture: true });
}"""
# CodeMirror as it comes, in the place of the field that a key was measured in: what no editor there could go below.
BARE = """async (source) => {
  const script = new Blob([source, "\\nexport default CodeMirror;"], { type: "text/javascript" });
  const { default: library } = await import(URL.createObjectURL(script));
  const place = document.createElement("div");
  place.className = "bare";
  document.querySelector('.fb-inspector .fb-field[data-name="code"]').append(place);
  new library.EditorView({ parent: place, doc: "1", extensions: [
    library.history(), library.lineNumbers(), library.python(), library.autocompletion(),
    library.keymap.of([...library.historyKeymap, ...library.defaultKeymap]),
  ] });
}"""
FRAMES = """() => {
  const all = window.drawn = { count: 0, began: performance.now(), goes: true };
  const tick = () => { all.count += 1; if (all.goes) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


class Waited(NamedTuple):
    """Milliseconds that a person waited, of which the page computed ``page``."""

    whole: float
    page: float


class Hand:
    """A hand on the studio, with a watch."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._devtools.send("Performance.enable")

    def computed(self) -> float:
        """Milliseconds of the processor that the page has computed for so far."""
        metrics = self._devtools.send("Performance.getMetrics")["metrics"]
        return next(float(one["value"]) for one in metrics if one["name"] == "ThreadTime") * 1000

    def time(self, event: str, shown: str, act: Callable[[], object]) -> Waited:
        """How long it takes from an event until a condition of the page holds."""
        self.page.wait_for_timeout(500)
        self.page.evaluate(WATCH, [event, shown])
        before = self.computed()
        act()
        whole = float(self.page.evaluate("window.waited"))
        return Waited(whole, self.computed() - before)

    def place(self, node: str) -> tuple[float, float]:
        """Where a card is on the page."""
        x, y = self.page.evaluate(
            "(id) => { const one = document.querySelector('.flowbook-canvas'), box = one.getBoundingClientRect();"
            " const at = one._cyreg.cy.getElementById('n:' + id).renderedPosition();"
            " return [box.x + at.x, box.y + at.y]; }",
            node,
        )
        return x, y


def median(rounds: list[Waited]) -> list[str]:
    """Both medians, as they are printed."""
    return [f"{statistics.median(part):,.0f}" for part in zip(*rounds, strict=True)]


def opening(hand: Hand, size: int) -> list[Waited]:
    """Open a workflow from the list, and go back to the list."""
    page, rounds = hand.page, []
    drawn = f"document.querySelector('.flowbook-canvas')?.dataset.nodes === '{size}'"
    for turn in range(ROUNDS):
        button = page.get_by_role("button", name=f"Open n{size}", exact=True)
        rounds.append(hand.time("click", drawn, button.click))
        if turn < ROUNDS - 1:
            leave(page)
    return rounds


def leave(page: Page) -> None:
    page.get_by_role("button", name="← All Workflows").click()
    page.get_by_role("button", name="Open n100", exact=True).wait_for()


def panning(hand: Hand, zoom: str) -> list[str]:
    """Frames a second while the canvas is dragged for about two seconds, and what the page computes for each."""
    page = hand.page
    page.get_by_role("button", name="Fit", exact=True).click()
    if zoom == "at full size":
        page.locator(".flowbook-canvas").focus()
        page.keyboard.press("0")
    page.wait_for_timeout(800)
    box = page.locator(".flowbook-canvas").bounding_box()
    assert box is not None
    # between the rows of cards, where there is nothing but the canvas
    x, y = box["x"] + box["width"] / 2, box["y"] + 6
    page.mouse.move(x, y)
    page.mouse.down()
    before = hand.computed()
    page.evaluate(FRAMES)
    for turn in range(4):
        page.mouse.move(x + (90 if turn % 2 else -90), y + 30 * turn, steps=30)
    count, seconds = page.evaluate(
        "() => { const all = window.drawn; all.goes = false;"
        " return [all.count, (performance.now() - all.began) / 1000]; }"
    )
    page.mouse.up()
    return [
        f"pan 2,000 nodes, {zoom}",
        f"{count / seconds:.0f} frames/s",
        f"{(hand.computed() - before) / count:.0f} a frame",
    ]


def inspecting(hand: Hand) -> list[Waited]:
    """Click one card after the other, twelve times; the first loads what the inspector is made of."""
    rounds = []
    for node in ("n1", *["n2", "n26", "n27", "n1"] * 3):
        at = hand.place(node)
        shown = (
            f"document.querySelector('.fb-inspector h3')?.textContent === '{node}'"
            f" && document.querySelector('.fb-basics [data-name=id] input')?.value === '{node}'"
        )
        rounds.append(hand.time("mousedown", shown, lambda at=at: hand.page.mouse.click(*at)))  # type: ignore[misc]
    return rounds[1:]


def typing(page: Page, field: Locator) -> list[float]:
    """The median milliseconds from a key in a field for code until it is laid out, and until the page is free."""
    field.click()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    page.evaluate("() => { window.keys.laid.length = window.keys.free.length = 0; }")
    page.keyboard.type(f"\n{TYPED}", delay=40)
    found: dict[str, list[float]] = page.evaluate("window.keys")
    return [statistics.median(found[part]) for part in ("laid", "free")]


def all_typing(hand: Hand) -> list[list[str]]:
    """The rows of a key: in our field, and in CodeMirror as it comes."""
    page, rows = hand.page, []
    page.mouse.click(*hand.place("n0"))
    code = page.locator('.fb-inspector .fb-field[data-name="code"] .fb-code-field .cm-content')
    code.wait_for()
    page.evaluate(KEYS)
    page.evaluate(BARE, text_of(VENDORED))
    for label, field in (
        ("a key in a code field", code),
        ("the same in CodeMirror as it comes, there", page.locator(".bare .cm-content")),
    ):
        laid, free = typing(page, field)
        rows.append([label, f"{laid:.1f}", f"{free:.1f} until free"])
    page.evaluate("document.querySelector('.bare').remove()")
    return rows


def opened(lab: Lab, page: Any) -> NotebookPage:
    """The notebook with the workflows."""
    folder = lab.root / "using"
    folder.mkdir()
    write_notebook(folder, SETUP, "from flowbook.ui.studio import Studio\nStudio(ws, 'Workflows')")
    book = NotebookPage(lab, page, folder).open()
    book.run(0)
    return book


def measured(book: NotebookPage) -> list[list[str]]:
    """All rows."""
    page, hand, rows = book.page, Hand(book.page), []
    shown = "document.querySelector('.flowbook tr[data-row=n100] button')"
    for label in ("cell run to studio usable, first", "cell run to studio usable, warm"):
        page.evaluate("document.querySelectorAll('.flowbook').forEach((one) => one.remove())")
        book.cell(1).locator(".jp-InputArea-prompt").click()
        waited = hand.time("keydown", shown, lambda: page.keyboard.press("Control+Enter"))
        rows.append([label, *median([waited])])
    for size in SIZES:
        rows.append([f"open {size:,} nodes", *median(opening(hand, size))])
        if size == SIZES[0]:
            page.get_by_role("button", name="Fit", exact=True).click()
            page.wait_for_timeout(600)
            rows.append(["click to inspector", *median(inspecting(hand))])
            rows += all_typing(hand)
            leave_unsaved(page)
        elif size < SIZES[-1]:
            leave(page)
    return [*rows, panning(hand, "whole"), panning(hand, "at full size")]


def leave_unsaved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    leave(page)


def main() -> None:
    """Print the table."""
    path = chromium_path()
    if path is None:
        print("\nThe studio is not measured: there is no Chromium on the PATH (apt-get install chromium).")
        return
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, running_chromium(path) as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(ACTION)
        rows = measured(opened(lab, context.new_page()))
    print_rows("The studio in use, headless Chromium", ["what", "ms", "page ms"], rows)


if __name__ == "__main__":
    main()
