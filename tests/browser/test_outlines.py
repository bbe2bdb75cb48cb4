"""What is expected of an element waits for it, and writes the outline of the page for a failure only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGE = "<main><p>Beside it</p></main>"
COMES = "setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<i>Late</i>'), 400)"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_content(PAGE)
    yield page
    page.close()


def test_what_comes_later_is_waited_for(page: Page) -> None:
    page.evaluate(COMES)
    expect(page.locator("i")).to_have_text("Late")
    expect(page.locator("i")).to_be_visible()
    expect(page.locator("b")).to_have_text([])
    expect(page.locator("b")).to_be_hidden()
    expect(page.locator("b")).not_to_be_visible()


def test_what_never_comes_is_an_error_with_the_outline(page: Page) -> None:
    with pytest.raises(AssertionError, match=r"(?s)to be visible.*Beside it"):
        expect(page.locator("b")).to_be_visible(timeout=300)


def test_what_is_there_with_another_text_is_an_error(page: Page) -> None:
    with pytest.raises(AssertionError, match="Beside it"):
        expect(page.locator("p")).to_have_text("Before it", timeout=300)
