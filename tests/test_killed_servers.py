"""Servers, and who changes schedules, killed at the worst moment: nothing is lost, and nothing happens twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from flowbook.errors import VaultError
from flowbook.journal.retention import Keep
from flowbook.workspace import Workspace
from tests.served import Servers, killed, servers_of, written
from tests.test_serving import DESK, NOON, hook, schedule
from tests.waiting import until

NOTING = """\
flowbook: 1
name: noting
inputs:
  line: {type: string, default: x}
nodes:
  note: {task: desk.note, params: {file: noted.txt, line: "${{ inputs.line }}"}}
"""
HOURS = 3


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "integrations" / "desk"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(DESK)
    (tmp_path / "one.flow.yaml").write_text(NOTING)
    with Workspace(tmp_path) as ws:
        ws.import_workflow(ws.read(tmp_path / "one.flow.yaml"))
        yield ws


@pytest.fixture
def servers(desk: Workspace, tmp_path: Path) -> Iterator[Servers]:
    with servers_of(tmp_path, NOON) as made:
        yield made


def done(ws: Workspace, run: str) -> bool:
    found = ws.queue.find(run)
    return found is not None and found.status == "done"


@pytest.mark.parametrize(
    ("by", "place"),
    [
        ("the queue", "flowbook.triggers.queue:Queue.take after"),
        ("the queue", "flowbook.journal.recorder:Recorder._run_started after"),
        ("the queue", "flowbook.journal.recorder:Recorder._run_finished before"),
        ("the queue", "flowbook.triggers.queue:Queue.end before"),
        ("the queue", "flowbook.triggers.queue:Queue.end after"),
        ("a schedule that skips", "flowbook.triggers.queue:Queue.take after"),
        ("a schedule that skips", "flowbook.journal.recorder:Recorder._run_started after"),
        ("a schedule that skips", "flowbook.triggers.queue:Queue.end before"),
    ],
)
def test_a_run_that_was_asked_for_happens_once_wherever_its_server_is_killed(
    desk: Workspace, servers: Servers, tmp_path: Path, by: str, place: str
) -> None:
    if by == "the queue":
        run = desk.enqueue("noting", line="kept")
    else:
        schedule(desk)
        (fired,) = desk.schedules.fire(NOON + 61)
        run = fired.run
    servers(dies=place).died()
    servers()
    until(lambda: done(desk, run))
    found = desk.queue.find(run)
    assert found is not None
    assert found.outcome == "succeeded"
    assert len(written(tmp_path / "noted.txt")) == 1
    assert desk.run_record(run).summary.status == "succeeded"


@pytest.mark.parametrize(
    ("place", "was_taken_in"),
    [
        ("flowbook.triggers.hooks:Hooks.accept_all before", False),
        ("flowbook.triggers.queue:put after", False),
        ("flowbook.triggers.hooks:Hooks.accept_all after", True),
    ],
)
def test_a_hook_that_got_no_answer_is_sent_again_and_runs_once(
    desk: Workspace, servers: Servers, tmp_path: Path, place: str, was_taken_in: bool
) -> None:
    address, delivery = hook(desk), {"Webhook-Id": "msg_1"}
    # What Hooks calls is its own name of the function.
    server = servers(dies=place.replace("queue:put", "hooks:put"))
    with pytest.raises(requests.ConnectionError):
        requests.post(server.address + address, json={"line": "sent"}, headers=delivery, timeout=30)
    other = servers()
    answer = requests.post(other.address + address, json={"line": "sent"}, headers=delivery, timeout=30).json()
    assert answer["again"] == was_taken_in
    until(lambda: done(desk, answer["run"]))
    assert written(tmp_path / "noted.txt") == ["sent"]
    assert len(desk.queue.all(done=True)) == 1


@pytest.mark.parametrize(("catch_up", "times"), [("none", 1), ("last", 1), ("all", 60 * HOURS)])
@pytest.mark.parametrize("place", ["Schedules._begin after", "Schedules._fire after", "Schedules.fire after"])
def test_times_that_were_missed_are_caught_up_on_once(
    desk: Workspace, tmp_path: Path, catch_up: str, times: int, place: str
) -> None:
    """Killed in the middle of one transaction of several, before it is committed, and after."""
    id, now = schedule(desk, catch_up=catch_up, if_running="wait"), NOON + 3600 * HOURS + 1
    killed(tmp_path, f"flowbook.triggers.schedules:{place}", "ws.schedules.fire(float(given[0]))", str(now))
    while desk.schedules.fire(now):
        pass
    rows = desk._triggered.rows.read("SELECT due_at, run, how FROM fires WHERE schedule = ?", (id,))
    assert len({row["due_at"] for row in rows}) == len(rows) == times
    queued = {one.run for one in desk.queue.all(limit=1000)}
    assert queued == {row["run"] for row in rows if row["how"] == "queued"}
    assert desk.schedules.find(id).upto == now


@pytest.mark.parametrize("place", ["SqliteRows.transaction before", "Schedules._set after"])
def test_pausing_and_resuming_are_whole_or_did_not_happen(desk: Workspace, tmp_path: Path, place: str) -> None:
    module = "rows" if place.startswith("Sqlite") else "schedules"
    id, point = schedule(desk), f"flowbook.triggers.{module}:{place}"
    killed(tmp_path, point, "ws.schedules.pause(given[0])", id)
    assert desk.schedules.find(id).paused is (module == "schedules")
    desk.schedules.pause(id)
    killed(tmp_path, point, "ws.schedules.resume(given[0], float(given[1]))", id, str(NOON + 600))
    found = desk.schedules.find(id)
    assert (found.paused, found.upto) == ((True, NOON) if module == "rows" else (False, NOON + 600))
    desk.schedules.resume(id, NOON + 600)
    assert desk.schedules.fire(NOON + 601) == []  # what was due while it was paused
    assert [one.due_at for one in desk.schedules.fire(NOON + 661)] == [NOON + 660]


def test_a_schedule_that_is_being_removed_is_there_or_gone_with_its_times(desk: Workspace, tmp_path: Path) -> None:
    id = schedule(desk)
    desk.schedules.fire(NOON + 61)
    killed(tmp_path, "flowbook.triggers.rows:_Sqlite.execute after", "ws.schedules.remove(given[0])", id)
    assert desk.schedules.find(id).id == id
    desk.schedules.remove(id)
    assert desk._triggered.rows.read("SELECT * FROM fires") == []


@pytest.mark.parametrize("place", ["delete_run before", "delete_run after", "delete_definitions after"])
def test_runs_that_are_being_forgotten_are_whole_or_gone(desk: Workspace, tmp_path: Path, place: str) -> None:
    for line in "abc":
        desk.run("noting", line=line)
    ids = [run.id for run in desk.runs()]
    code = "from flowbook.journal.retention import Keep\nws.journal.prune(Keep(count=1))"
    killed(tmp_path, f"flowbook.journal.retention:{place}", code)
    assert [run.id for run in desk.runs()] == ids
    for id in ids:
        record = desk.run_record(id)
        assert (record.nodes["note"].status, record.workflow.name) == ("succeeded", "noting")
    assert len(desk.journal.prune(Keep(count=1)).runs) == 2
    assert [run.id for run in desk.runs()] == ids[:1]


@pytest.mark.parametrize(
    "place",
    [
        "flowbook.triggers.hooks:Hooks.reseal after",
        "flowbook.vault.rotation:finish_rotation before",
        "flowbook.vault.rotation:finish_rotation after",
    ],
)
def test_what_hooks_are_signed_with_opens_wherever_a_rotation_of_the_key_is_killed(
    desk: Workspace, tmp_path: Path, place: str
) -> None:
    made, secret = desk.add_hook("noting", kind="github")
    before = desk.key_status()["key_id"]
    killed(tmp_path, place, "ws.rotate_key()")
    with Workspace(tmp_path) as ws:
        assert ws.hook_secret(ws.hooks.find(made.id)) == secret
        ws.rotate_key()
        kept = ws.hooks.find(made.id)
        assert ws.hook_secret(kept) == secret
        assert before not in kept.sealed  # nothing of it is left that an older key opens
        assert kept.sealed.startswith("{")


def test_a_hook_whose_secret_was_changed_says_so(desk: Workspace) -> None:
    made, _ = desk.add_hook("noting", kind="github")
    for wrong in ("[]", "x", "[1]"):
        desk.hooks.reseal(made.id, wrong)
        with pytest.raises(VaultError):
            desk.hook_secret(desk.hooks.find(made.id))
