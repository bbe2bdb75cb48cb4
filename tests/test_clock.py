"""A clock that is set, back or ahead, between runs and during one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace

DAY = 86_400
YEAR = 366 * DAY


class Clock:
    """The time of day, so many seconds off; how much time goes by is as ever."""

    def __init__(self) -> None:
        self.off = 0.0
        self._real = time.time

    def __call__(self) -> float:
        return self._real() + self.off


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


def test_what_a_cache_holds_from_a_time_that_is_still_to_come_is_not_reused(tmp_path: Path, clock: Clock) -> None:
    ws = Workspace(tmp_path)
    flow = Workflow("daily")
    flow.add("a", "core.python", params={"code": "import time\ntime.monotonic_ns()"}, cache="1d")
    clock.off = 30 * DAY
    first = ws.run(flow)["a"]
    clock.off = 0
    second = ws.run(flow)["a"]
    assert second.data != first.data
    assert second.reuse is not None
    assert second.reuse.reason == "expired"
    assert ws.run(flow)["a"].data == second.data
    clock.off = -20  # as the clocks of two machines differ
    assert ws.run(flow)["a"].data == second.data
    ws.close()


def test_the_newest_version_is_the_one_saved_last_whatever_the_clock_said(tmp_path: Path, clock: Clock) -> None:
    ws = Workspace(tmp_path)
    flow = Workflow("edited")
    for number in range(60):
        clock.off = -number * DAY
        flow.describe(f"version {number}")
        ws.save(flow)
    versions = ws.versions("edited")
    assert [ws.version(one.hash).description for one in versions] == [f"version {n}" for n in range(59, 9, -1)]
    ws.save(flow)
    assert len(ws.versions("edited")) == 50  # the last one is not saved twice
    ws.close()


@pytest.mark.parametrize("step", [-3_600, 3_600])
def test_how_long_a_node_took_is_no_matter_of_the_clock(tmp_path: Path, clock: Clock, step: int) -> None:
    ws = Workspace(tmp_path)
    flow = Workflow("timed")
    flow.add("one", "core.wait", params={"seconds": 0.3})
    flow.add("each", "core.wait", params={"seconds": 0.3}, for_each="[1]")
    run = ws.start(flow)
    time.sleep(0.15)
    clock.off = step
    run.wait()
    assert all(0.2 < run[id].seconds < 60 for id in ("one", "each"))
    ws.close()


def test_a_clock_that_is_years_ahead_for_once_takes_no_history_along(tmp_path: Path, clock: Clock) -> None:
    for off, kept in ((0, 1), (0, 2), (10 * YEAR, 3), (0, 4), (10 * YEAR, 5), (10 * YEAR + DAY, 3)):
        clock.off = off
        with Workspace(tmp_path) as ws:  # each looks after the history at its first run
            ws.run(Workflow("a"))
            assert len(ws.runs()) == kept, off
