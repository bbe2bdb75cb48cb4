"""Tests wait where a locator finds two things, of which one is about to go, as they do where it finds none."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.doubles import patient
from tests.jupyterlab import new_context, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TWO = "<button id=old onclick='this.textContent = `pressed`'>Import</button><button id=new>Import</button>"
GOES = "setTimeout(() => document.getElementById('new').remove(), 400)"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page with two buttons of one name."""
    context = new_context(chromium)
    page = context.new_page()
    page.set_content(TWO)
    yield page
    context.close()


def found_by(page: Page) -> Locator:
    return page.get_by_role("button", name="Import")


ACTS: dict[str, Callable[[Page], object]] = {
    "click": lambda page: found_by(page).click(),
    "read": lambda page: found_by(page).inner_text(),
    "evaluate": lambda page: found_by(page).evaluate("one => one.id"),
    "expect": lambda page: expect(found_by(page)).to_be_visible(),
    "expect not": lambda page: expect(found_by(page)).not_to_be_focused(),
    "press": lambda page: press(page, "Import"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_waits_until_one_of_two_has_gone(page: Page, act: str) -> None:
    page.evaluate(GOES)
    ACTS[act](page)
    expect(page.locator("button")).to_have_count(1)


def test_two_that_stay_are_an_error(page: Page) -> None:
    read = patient(inspect.unwrap(Locator.inner_text), seconds=0.1)
    with pytest.raises(Error, match="resolved to 2 elements"):
        read(found_by(page))
