"""Locators that find two things for a moment, in the tests that are done with a browser.

Playwright waits for what is not there yet, and fails at once where there are two: "strict mode violation". But what
takes the place of something else may be there before that goes, and a panel that has done its work goes a moment later.
No person is confused by that, and on a quick machine no test either. Here both are waited for alike.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright import sync_api
from playwright.sync_api import Error, Locator

SAID = "strict mode violation"
# Of a locator, what Playwright does with one element only; all that is expected of one, but of its count.
ACTS = (
    *("bounding_box", "check", "click", "dblclick", "dispatch_event", "drag_to", "element_handle", "evaluate", "fill"),
    *("focus", "get_attribute", "hover", "inner_html", "inner_text", "input_value", "is_checked", "is_disabled"),
    *("is_enabled", "is_visible", "press", "screenshot", "scroll_into_view_if_needed", "select_option", "set_checked"),
    *("set_input_files", "text_content", "uncheck", "wait_for"),
)


def patient(act: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The same, done as soon as there is no more than one; an error when there are two for so many seconds."""

    @functools.wraps(act)
    def acting(*given: Any, **more: Any) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            try:
                return act(*given, **more)
            except (Error, AssertionError) as error:
                if SAID not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    return acting


@contextmanager
def waited_out(seconds: float) -> Iterator[None]:
    """Have all locators, and all that is expected of them, wait as long as they find more than one element."""
    expected: Any = sync_api.LocatorAssertions  # type: ignore[attr-defined]  # which says of itself that it is private
    with pytest.MonkeyPatch.context() as changing:
        for kind, names in ((Locator, ACTS), (expected, [name for name in vars(expected) if "to_" in name])):
            for name in names:
                changing.setattr(kind, name, patient(getattr(kind, name), seconds))
        yield
