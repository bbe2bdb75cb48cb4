"""How much of the run history stays: what people say, what the settings say, and what happens by itself."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.errors import InputError
from flowbook.models import Workflow
from flowbook.workspace.keeping import DAY, Keeper, kept_by
from tests.recorded import Recording, flow_of


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def record(ws: Workspace, id: str, days_ago: float, data: object = None) -> None:
    run = Recording(ws.journal, id, flow_of(), at=time.time() - days_ago * DAY)
    run.finished(data=data)
    run.over()
    ws.journal.ended(id)


def settings(ws: Workspace, value: object) -> None:
    assert ws.folder is not None
    (ws.folder / "settings.json").write_text(json.dumps(value), encoding="utf-8")


def some_run(ws: Workspace) -> str:
    flow = Workflow(name="now")
    flow.add("a", "core.noop")
    return ws.run(flow).id


def test_without_settings_a_year_is_kept(ws: Workspace) -> None:
    for days in (400, 366, 364, 1):
        record(ws, f"run-{days}", days)
    assert ws.prune_runs(dry_run=True).runs == ("run-400", "run-366")


def test_without_settings_two_gigabytes_are_kept(tmp_path: Path) -> None:
    kept = kept_by(tmp_path / ".flowbook")
    assert kept.size == 2_000_000_000
    assert kept.since == pytest.approx(time.time() - 365 * DAY, abs=60)


def test_what_is_too_old_goes_by_itself_when_another_run_is_over(ws: Workspace) -> None:
    record(ws, "old", 400)
    record(ws, "new", 3)
    now = some_run(ws)
    assert [run.id for run in ws.runs()] == [now, "new"]


def test_what_is_too_much_goes_by_itself_and_the_file_gets_smaller(ws: Workspace) -> None:
    settings(ws, {"history": {"keep_gigabytes": 0.0005}})
    for number in range(20):
        record(ws, f"run-{number}", 20 - number, data=["x" * 100_000])
    ws.close()
    now = some_run(ws)
    kept = [run.id for run in ws.runs()]
    assert kept[:2] == [now, "run-19"]
    assert 2 < len(kept) < 10
    assert ws.folder is not None
    ws.close()
    assert (ws.folder / "runs.sqlite").stat().st_size <= 600_000


def test_settings_set_other_limits_or_none(ws: Workspace) -> None:
    record(ws, "old", 400)
    record(ws, "new", 3)
    settings(ws, {"history": {"keep_days": None}, "places": []})
    assert ws.prune_runs(dry_run=True).runs == ()
    settings(ws, {"history": {"keep_days": 2}})
    assert ws.prune_runs(dry_run=True).runs == ("old", "new")


@pytest.mark.parametrize(
    "wrong",
    [[], {"history": 3}, {"history": {"keep_days": "3"}}, {"history": {"keep_days": 0}}, {"history": {"days": 3}},
     {"history": {"keep_gigabytes": True}}],
)  # fmt: skip
def test_settings_that_are_not_understood_delete_nothing_and_are_told(ws: Workspace, wrong: object) -> None:
    record(ws, "old", 400)
    settings(ws, wrong)
    with pytest.raises(InputError, match="not understood"):
        ws.prune_runs()
    assert ws._keeper.look() is None
    assert [run.id for run in ws.runs()] == ["old"]


def test_the_history_is_looked_at_once_an_hour_not_with_every_run(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    monkeypatch.setattr(type(ws.journal), "prune", lambda self, keep, **given: looked.append(keep))
    for _ in range(3):
        some_run(ws)
    assert len(looked) == 1


def test_a_workspace_in_memory_keeps_what_it_has(tmp_path: Path) -> None:
    ws = Workspace(tmp_path, memory=True)
    record(ws, "old", 400)
    some_run(ws)
    assert len(ws.runs()) == 2
    assert ws.prune_runs().runs == ()
    assert ws.prune_runs(keep=1).runs == ("old",)


@pytest.mark.parametrize(("keep", "older_than"), [(-1, None), (True, None), (None, "soon")])
def test_what_makes_no_sense_is_refused(ws: Workspace, keep: int | None, older_than: str | None) -> None:
    with pytest.raises(InputError):
        ws.prune_runs(keep, older_than)


def test_a_history_that_cannot_be_written_harms_no_run(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object, **more: object) -> None:
        raise InputError("no")

    monkeypatch.setattr(type(ws.journal), "prune", refuse)
    assert some_run(ws)
    assert Keeper(ws.folder, ws.journal).look() is None
