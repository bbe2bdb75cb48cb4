"""The gallery in a real browser: every card has its picture, and a click stores a workflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from flowbook.gallery import templates
from tests.jupyterlab import press, wait_for_element

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
from flowbook.ui.studio import Studio
Studio(Workspace("."), "Workflows")
"""


def test_a_card_shows_its_workflow_and_a_click_opens_it_in_the_editor(make_notebook: Callable[..., Any]) -> None:
    """Pictures are drawn (not broken), and one click stores the workflow and opens it."""
    book = make_notebook(SETUP, height=1100)
    book.run(0)
    press(book.page, "From Gallery", exact=False)
    pictures = book.page.locator('img[src^="data:image/svg+xml"][alt]')
    expect(pictures).to_have_count(len(templates()))
    for place in range(len(templates())):
        wait_for_element(pictures.nth(place), "image => image.complete && image.naturalWidth > 0")
    book.look("gallery")
    picture = book.page.get_by_alt_text("Weekly digest by e-mail")
    card = book.page.locator(".widget-vbox", has=picture).last
    press(card, "Use this", exact=False)
    expect(book.page.get_by_text("weekly-digest", exact=True).first).to_be_visible()
    expect(book.page.get_by_role("button", name="Save", exact=True)).to_be_visible()
    book.look("gallery-opened")
