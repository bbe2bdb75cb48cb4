"""What the run history is asked for is understood as people write it, or refused; it is no empty list instead."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import InputError
from flowbook.events import RUN_STATUSES
from flowbook.workspace.history import seconds_of

DAY = 86_400.0


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    flow = Workflow(name="daily")
    flow.add("say", "core.noop")
    made.run(flow)
    bad = Workflow(name="bad")
    bad.add("no", "core.fail", params={"message": "no"})
    made.start(bad).wait()
    return made


def names(ws: Workspace, *args: Any, **filters: Any) -> list[str]:
    return [run.workflow for run in ws.runs(*args, **filters)]


def test_runs_are_found_by_workflow_status_and_number(ws: Workspace) -> None:
    assert names(ws) == ["bad", "daily"]
    assert names(ws, "daily") == ["daily"]
    assert names(ws, status="failed") == ["bad"]
    assert names(ws, None, "succeeded") == ["daily"]
    assert names(ws, limit=1) == ["bad"]
    assert names(ws, limit=None) == ["bad", "daily"]


@pytest.mark.parametrize("since", ["7d", "1.5h", "30 m", "90s", "2w", "2026-01-01", date(2026, 1, 1), 0, 1.7e9])
def test_since_takes_what_people_write(ws: Workspace, since: Any) -> None:
    assert names(ws, since=since) == ["bad", "daily"]
    assert names(ws, until=since) == []


def today() -> date:
    return datetime.now().astimezone().date()


def test_until_a_day_counts_that_day(ws: Workspace) -> None:
    yesterday = today() - timedelta(days=1)
    assert names(ws, since=yesterday, until=today()) == ["bad", "daily"]
    assert names(ws, since=yesterday.isoformat(), until=today().isoformat()) == ["bad", "daily"]


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"status": "ok"}, "no status of a run"),
        ({"status": "Failed"}, "failed"),
        ({"status": 1}, "no status of a run"),
        ({"since": "yesterday"}, "is no time"),
        ({"since": "2026-13-01"}, "is no time"),
        ({"since": "2026-02-30T08:00"}, "is no time"),
        ({"since": "01.02.2026"}, "is no time"),
        ({"since": "7"}, "is no time"),
        ({"since": "7 days"}, "is no time"),
        ({"since": "-7d"}, "is no time"),
        ({"since": ""}, "is no time"),
        ({"until": True}, "is no time"),
        ({"until": float("nan")}, "is no time"),
        ({"until": float("inf")}, "is no time"),
        ({"until": timedelta(days=7)}, "is no time"),
        ({"until": date.max}, "is no time"),
        ({"since": "1d", "until": "2d"}, "no run can be between"),
        ({"limit": 0}, "no number of runs"),
        ({"limit": -1}, "no number of runs"),
        ({"limit": "5"}, "no number of runs"),
    ],
)
def test_what_is_not_understood_is_refused_with_what_would_be(ws: Workspace, filters: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        ws.runs(**filters)
    assert caught.value.hint


def test_a_filter_that_there_is_not_is_refused(ws: Workspace) -> None:
    with pytest.raises(TypeError, match="workflows"):
        ws.runs(workflows="daily")  # type: ignore[call-arg]


@pytest.mark.parametrize("status", RUN_STATUSES)
def test_every_status_may_be_asked_for(ws: Workspace, status: str) -> None:
    assert all(run.status == status for run in ws.runs(status=status))


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-01-31", "2026-01-30T23:00"),
        ("2026-07-31", "2026-07-30T22:00"),
        ("2026-01-31T08:00", "2026-01-31T07:00"),
        ("2026-01-31 08:00:30", "2026-01-31T07:00:30"),
        ("2026-01-31T08:00:30.5", "2026-01-31T07:00:30.5"),
        ("2026-01-31T08:00Z", "2026-01-31T08:00"),
        ("2026-01-31T08:00:00.123456+05:30", "2026-01-31T02:30:00.123456"),
        (datetime(2026, 1, 31, 8), "2026-01-31T07:00"),  # noqa: DTZ001 - without a zone, as people write it
        (datetime(2026, 1, 31, 8, tzinfo=timezone.utc), "2026-01-31T08:00"),
    ],
)
def test_what_names_no_zone_is_meant_in_that_of_this_machine(written: Any, utc: str) -> None:
    # Sources: RFC 3339; Europe/Berlin is UTC+1, in summer UTC+2.
    head, _, fraction = utc.partition(".")
    expected = datetime.fromisoformat(head + "+00:00").timestamp() + float(f"0.{fraction or 0}")
    assert seconds_of(written, "since") == pytest.approx(expected, abs=1e-5)


@pytest.mark.usefixtures("berlin")
def test_the_day_on_which_clocks_change_is_as_long_as_it_is() -> None:
    for day, hours in (("2026-03-29", 23), ("2026-03-30", 24), ("2026-10-25", 25)):
        length = seconds_of(day, "until", end=True) - seconds_of(day, "since")
        assert length == pytest.approx(hours * 3600)


@given(st.floats(0, 4e9))
def test_a_time_is_read_as_it_is_written(seconds: float) -> None:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    assert seconds_of(moment.isoformat(), "since") == moment.timestamp()


@given(st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,8}", fullmatch=True))
def test_any_other_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with contextlib.suppress(InputError):
        assert isinstance(seconds_of(text, "since"), float)


def test_the_command_line_takes_the_same(ws: Workspace) -> None:
    def listed(*arguments: str) -> Any:
        return CliRunner().invoke(cli, ["-C", str(ws.root), "runs", "list", *arguments])

    assert listed("--since", "7d", "--until", today().isoformat()).output.count("\n") == 3
    assert "no such runs" in listed("--until", "1d").output
    refused = listed("--since", "last week").exception
    assert isinstance(refused, InputError)
    assert refused.exit_code == 2
