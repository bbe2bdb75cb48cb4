"""How times are written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from flowbook.view.wording import moment


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this process."""

    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
@pytest.mark.parametrize(
    ("name", "local", "offset"),
    [("UTC", "2026-07-01 12:00:00", " UTC"), ("Europe/Berlin", "2026-07-01 14:00:00", " +0200"),
     ("Asia/Kolkata", "2026-07-01 17:30:00", " +0530")],
)  # fmt: skip
def test_a_time_is_that_of_the_clock_here_however_it_was_kept(
    zone: Callable[[str], None], name: str, local: str, offset: str
) -> None:
    zone(name)
    for kept in (1782907200.0, "2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00"):
        assert moment(kept) == local
        assert moment(kept, offset=True) == local + offset


def test_what_never_was_has_no_time() -> None:
    assert moment(None) == ""
