"""What holds for every test of the studio without a browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.live_widgets import dangling


@pytest.fixture(autouse=True)
def no_live_widget_refers_to_a_closed_one() -> Iterator[None]:
    """Otherwise a page that is loaded again shows nothing at all."""
    yield
    assert dangling() == []
    if "ipywidgets" in sys.modules:
        sys.modules["ipywidgets"].Widget.close_all()  # not to be looked at again after every test that follows
