"""The gallery in a real browser: every card has its picture, and a click stores a workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SETUP = """
import os
import ipywidgets
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
from flowbook.ui.gallery_panel import GalleryPanel
from flowbook.ui.theme import framed
ws = Workspace(".")
label = ipywidgets.Label()
def added(name):
    label.value = f"added {name} of {len(ws.workflow(name).nodes)} nodes"
framed(GalleryPanel(ws, added).widget, label)
"""


def test_a_card_shows_its_workflow_and_a_click_stores_it(make_notebook: Callable[..., Any]) -> None:
    """Pictures are drawn (not broken), and the kernel hears of the button."""
    book = make_notebook(SETUP, height=1100)
    book.run(0)
    pictures = book.page.locator('img[src^="data:image/svg+xml"][alt]')
    expect(pictures).to_have_count(12)
    widths = pictures.evaluate_all("images => images.map(image => image.complete ? image.naturalWidth : 0)")
    assert min(widths) > 0
    picture = book.page.get_by_alt_text("Weekly digest by e-mail")
    card = book.page.locator(".widget-vbox", has=picture).last
    card.get_by_role("button", name="Use this").click()
    expect(book.page.get_by_text("added weekly-digest of 4 nodes")).to_be_visible()
    book.shot("gallery")
