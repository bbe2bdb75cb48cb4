"""A workspace behind a passphrase in JupyterLab: it is asked for, and an error leads to the page that explains it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.jupyterlab import enter, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PHRASE = "correct horse battery staple"
LOCKED = f"""
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
from flowbook.models import Parameter
from flowbook.ui.studio import Studio
made = Workspace(".")
made.init_key(passphrase=bytes.fromhex({PHRASE.encode().hex()!r}).decode())
made.create_type("slack", [Parameter(name="webhook_url", type="password", required=True)])
made.create_integration("My Slack Workspace", "slack", {{"webhook_url": "http://127.0.0.1:9/services/x"}})
Studio(Workspace("."), "Integrations")
"""


def test_the_passphrase_is_asked_for_and_errors_lead_to_their_page(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(LOCKED, height=1000)
    book.run(0)
    page = book.page
    phrase = page.get_by_label("Passphrase")
    enter(phrase, "wrong horse")
    press(page, "Unlock", exact=False)
    expect(page.get_by_text("This passphrase does not open them.")).to_be_visible()
    expect(phrase).to_have_value("")

    press(page, "Create Integration", exact=False)
    enter(page.get_by_label("Integration Name"), "Another")
    page.get_by_label("Integration Type").select_option("slack")
    enter(page.get_by_label("webhook_url"), "http://127.0.0.1:9/services/y")
    press(page, "Create")
    expect(page.get_by_text("The credentials of this store are locked")).to_be_visible()
    press(page, "Learn more", exact=False)
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Security", exact=True)).to_be_visible()
    expect(dialog.get_by_role("cell", name="VaultLocked")).to_be_visible()
    book.look("learn-more")
    dialog.get_by_role("link", name="Keys and credentials").last.click()
    expect(dialog.get_by_role("heading", name="Keys and credentials", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    enter(phrase, PHRASE)
    book.look("unlock")
    press(page, "Unlock", exact=False)
    expect(phrase).to_be_hidden()
    press(page, "Create")
    expect(page.get_by_text("The integration “Another” is created.")).to_be_visible()
    assert book.frames_with(PHRASE) == 0
