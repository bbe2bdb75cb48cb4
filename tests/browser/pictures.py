"""Renews the pictures that README and docs show: ``make screenshots``.

They are taken of a real JupyterLab after a real run, at twice the size on screen, and kept with 256 colours.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.jupyterlab import press

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 300_000  # bytes of one picture

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def book(make_lasting_notebook: Callable[..., Any]) -> Any:
    """A notebook that has run, without the sidebar, on a screen with two pixels for each of CSS."""
    files = {path.name: path.read_text() for path in (Path(__file__).parent / "showcase").glob("*.py")}
    made = make_lasting_notebook("from shop import ws", "ws.studio()", files=files, width=1470, height=1250, scale=2)
    made.page.keyboard.press("Control+b")
    made.run_all()
    return made


def keep(name: str, locator: Locator) -> None:
    """Save what is seen as ``docs/pictures/<name>.png``."""
    locator.page.mouse.move(2, 2)
    locator.page.wait_for_timeout(600)
    with Image.open(io.BytesIO(locator.screenshot())) as seen:
        kept = seen.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    path = PICTURES / f"{name}.png"
    kept.save(path, optimize=True)
    assert path.stat().st_size < LARGEST


def make_room_for_the_run(page: Page) -> None:
    """Let what is below the canvas be high enough for all rows of a node's table."""
    page.get_by_role("separator", name="Height of the run").focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowUp")


def test_the_canvas_during_a_run_and_the_studio_after_it(book: Any) -> None:
    page: Page = book.page
    page.get_by_role("tab", name="Workflows", exact=True).click()
    press(page.locator('tr[data-row="issue-digest"]'), "Open", exact=False)
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_have_attribute("data-nodes", "6")
    make_room_for_the_run(page)
    hold = book.folder / "hold"
    hold.touch()
    press(page, "▶ Run")
    press(page, "▶ Start")
    expect(page.locator('.fbr-row[data-node="notify"]')).to_have_attribute("data-status", "running")
    expect(page.locator('.fbr-row[data-node="escalate"]')).to_have_attribute("data-status", "skipped")
    expect(page.locator('.fbr-row[data-node="local"]')).to_have_attribute("data-status", "succeeded")
    press(page, "Fit")
    keep("editor", canvas)
    hold.unlink()
    cancel = page.locator(".fb-toolbar").get_by_role("button", name="Cancel")
    expect(cancel).to_be_disabled()
    press(page, "▶ Run")
    press(page, "▶ Start")
    expect(cancel).to_be_enabled()
    expect(cancel).to_be_disabled()
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    row = page.locator('.fbr-row[data-node="rank"]')
    row.click()
    expect(page.locator(".fb-inspector h3")).to_have_text("Rank by age")
    press(page, "Fit")
    row.click()
    keep("studio", page.locator(".flowbook"))


def test_the_other_tabs(book: Any) -> None:
    page: Page = book.page
    page.get_by_role("tab", name="Integrations", exact=True).click()
    expect(page.get_by_role("row", name="Warehouse")).to_be_visible()
    keep("integrations", page.locator(".flowbook"))
    page.get_by_role("tab", name="Runs", exact=True).click()
    press(page.locator("tr[data-run]", has_text="issue-digest").first, "Open issue-digest", exact=False)
    expect(page.locator(".flowbook-canvas:visible")).to_be_visible()
    page.locator('.fbr-row[data-node="store"]:visible').click()
    keep("run", page.locator(".flowbook"))
    press(page, "All runs", exact=False)
    keep("runs", page.locator(".flowbook"))
