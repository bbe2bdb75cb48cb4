"""What is expected of an element in a browser, without the outline of the whole page for as long as there is none.

Playwright asks twice at once, and then ever more seldom. Each time it finds no such element, it writes down the outline
of the page, as who cannot see it would hear it, for the message of a failure. Of JupyterLab's pages that takes about a
tenth of all the work that they make in the tests. So the element is waited for first; what is expected comes then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright import sync_api
from playwright.sync_api import TimeoutError as TooLate

WITHOUT = ("to_be_attached", "to_be_hidden", "to_have_count")  # which expect that there is none, or write no outline


def once_there(expected: Callable[..., Any], seconds: float) -> Callable[..., Any]:
    """The same, of an element that is waited for first; so many seconds, unless the call says how long.

    An element that has not come by then fails as ever, and with the outline.
    """

    @functools.wraps(expected)
    def expecting(about: Any, *given: Any, timeout: float | None = None, **more: Any) -> Any:
        if not (given and isinstance(given[0], list)):  # of all elements that there are, and there may be none
            first = about._impl_obj._actual_locator.first
            try:
                about._sync(first.wait_for(state="attached", timeout=seconds * 1000 if timeout is None else timeout))
            except TooLate:
                timeout = 1
        return expected(about, *given, timeout=timeout, **more)

    return expecting


@contextmanager
def spared(seconds: float) -> Iterator[None]:
    """Have all that is expected of locators wait for their elements so, up to so many seconds."""
    expected: Any = sync_api.LocatorAssertions  # type: ignore[attr-defined]  # which says of itself that it is private
    with pytest.MonkeyPatch.context() as changing:
        for name in vars(expected):
            if name.startswith("to_") and name not in WITHOUT:
                changing.setattr(expected, name, once_there(getattr(expected, name), seconds))
        yield
