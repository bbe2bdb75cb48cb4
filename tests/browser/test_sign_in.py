"""Signing in to a service from the tab Integrations, with the mouse, at a real provider on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flowbook.testing import SignInProvider
from tests.jupyterlab import enter, press
from tests.test_sign_in import FOLDER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NAME = "My Cloud"
INTEGRATIONS = f"""
import os, pathlib
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
folder = pathlib.Path("integrations/cloud")
folder.mkdir(parents=True)
(folder / "__init__.py").write_text("from .tasks import me, test_connection\\n")
(folder / "tasks.py").write_text({FOLDER!r})
from flowbook import Workspace
from flowbook.ui.studio import Studio
ws = Workspace(".")
ws.create_type("cloud")
Studio(ws, "Integrations")
"""


@pytest.fixture
def provider() -> Iterator[SignInProvider]:
    with SignInProvider(interval=0.2) as running:
        yield running


def create(page: Page, provider: SignInProvider) -> None:
    press(page, "Create Integration")
    enter(page.get_by_label("Integration Name"), NAME)
    page.get_by_label("Integration Type", exact=True).select_option("cloud")
    enter(page.get_by_label("base_url"), provider.url)
    enter(page.get_by_label("client_id"), provider.client_id)
    enter(page.get_by_label("client_secret"), provider.client_secret)
    expect(page.get_by_label("oauth2")).to_have_count(0)
    press(page, "Create")


def test_somebody_signs_in_on_the_services_page_and_out_again(
    make_notebook: Callable[..., Any], provider: SignInProvider
) -> None:
    book = make_notebook(INTEGRATIONS, height=1000)
    book.run(0)
    page: Page = book.page
    create(page, provider)
    row = page.get_by_role("row", name=NAME)
    expect(page.get_by_text("Sign in to use it.")).to_be_visible()
    expect(row).to_contain_text("not signed in yet")

    press(page, f"Sign in {NAME}")
    expect(page.get_by_text("Waiting for you to allow it there…")).to_be_visible()
    book.look("sign-in")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the service's page").click()
    there = opened.value
    press(there, "Allow", exact=False)
    expect(there.get_by_role("heading", name="Signed in.")).to_be_visible()
    there.close()
    expect(page.get_by_text(f"“{NAME}” is signed in as ada@example.com.")).to_be_visible()
    expect(row).to_contain_text("signed in as ada@example.com")
    book.look("signed-in")

    press(page, f"Test Connection {NAME}")
    expect(row).to_contain_text("✓ It is me")
    for token in provider.kept.tokens:
        assert book.frames_with(token.access) == 0
        assert book.frames_with(token.refresh) == 0
    press(page, f"Sign out {NAME}")
    expect(row).to_contain_text("not signed in yet")
    assert provider.kept.tokens[0].revoked

    press(page, f"Sign in {NAME}")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the service's page").click()
    press(opened.value, "Deny", exact=False)
    expect(page.get_by_text("consent was not given")).to_be_visible()
    opened.value.close()
    book.look("denied")

    press(page, "Sign in with a code")
    code = page.locator(".fb-device-code .fb-value")
    expect(code).not_to_be_empty()
    book.look("sign-in-code")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the service's page").click()
    enter(opened.value.get_by_label("Code"), code.inner_text())
    press(opened.value, "Allow", exact=False)
    expect(opened.value.get_by_text("Thank you.")).to_be_visible()
    opened.value.close()
    expect(row).to_contain_text("signed in as ada@example.com")
