"""A workspace of Flowbook 0.1 opens: its store as it is, its run history brought along.

``histories/made_by_0_1`` was written by the code of 0.1 (see ``histories/make_0_1.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import RunFailed, RunHeld
from flowbook.results import Cause, Source
from flowbook.workspace import Workspace

MADE = Path(__file__).parent / "histories" / "made_by_0_1"

ENDS = {
    "given": ("succeeded", "returned", "run"),
    "pinned": ("succeeded", "pinned", "pinned"),
    "disabled": ("succeeded", "disabled", "passed"),
    "unmet": ("skipped", "condition", "run"),
    "not_chosen": ("skipped", "condition", "run"),
    "failed": ("failed", "returned", "run"),
    "after_failed": ("skipped", "upstream", "run"),
    "raised": ("failed", "raised", "run"),
    "handler": ("succeeded", "returned", "run"),
    "timed_out": ("failed", "timed_out", "run"),
    "unevaluated": ("failed", "expression", "run"),
    "unmet_until": ("failed", "condition", "run"),
    "broken_when": ("failed", "expression", "run"),
    "broken_edge": ("failed", "expression", "run"),
    "broken_list": ("failed", "expression", "run"),
    "each": ("succeeded", "returned", "run"),
    "each_late": ("failed", "timed_out", "run"),
    "table": ("succeeded", "returned", "run"),
    "odd": ("succeeded", "returned", "run"),
    "sealed": ("succeeded", "returned", "run"),
}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A copy of the workspace, opened; the current folder."""
    shutil.copytree(MADE / "integrations", tmp_path / "integrations")
    shutil.copytree(MADE / "store", tmp_path / ".flowbook")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "config"))
    ws = Workspace(tmp_path, passphrase="correct horse battery staple")
    yield ws
    ws.close()


def of(ws: Workspace, workflow: str) -> list[str]:
    """The ids of a workflow's runs, the oldest first."""
    return [run.id for run in reversed(ws.runs(workflow=workflow))]


def ends(ws: Workspace, run: str) -> dict[str, Any]:
    nodes = ws.run_record(run).nodes
    return {id: (one.status, one.cause and one.cause.value, one.source.value) for id, one in nodes.items()}


def test_the_store_opens_with_its_workflows_and_its_sealed_credentials(old: Workspace) -> None:
    assert sorted(summary.name for summary in old.workflows()) == ["chain", "every-end"]
    assert old.check("every-end").ok
    [one] = old.integrations()
    assert old.credentials.of(one.name)[0]["token"] == "tok-5ecret-9876543210"


def test_every_end_of_a_node_is_told_by_its_cause(old: Workspace) -> None:
    [run] = of(old, "every-end")
    assert ends(old, run) == ENDS


def test_the_same_workflow_ends_in_the_same_causes_today(old: Workspace) -> None:
    run = old.start("every-end").wait()
    assert {id: (run[id].status, run[id].cause.value, run[id].source.value) for id in run} == ENDS  # type: ignore[union-attr]
    assert ends(old, run.id) == ENDS


def test_attempts_that_failed_have_causes_too(old: Workspace) -> None:
    [run] = of(old, "every-end")
    causes = {one.node_id: one.cause for one in old.run_record(run).attempts}
    assert causes == {"failed": Cause.RETURNED, "unmet_until": Cause.CONDITION}


def test_data_is_there_as_it_was(old: Workspace) -> None:
    nodes = old.run_record(of(old, "every-end")[0]).nodes
    assert nodes["given"].data == nodes["disabled"].data == "Ada"
    assert list(nodes["table"].data["n"]) == [1, 2, 3]
    assert "keys that are not text" in nodes["odd"].lost
    assert nodes["sealed"].lost == "kept without the secrets in it"


def test_the_part_that_was_run_is_known(old: Workspace) -> None:
    parts = [(run.to, run.only) for run in reversed(old.runs(workflow="chain"))]
    assert parts == [(None, None), ("middle", None), (None, "last")]


def test_a_run_whose_process_was_killed_is_found_and_asks_about_what_wrote(old: Workspace) -> None:
    [run] = of(old, "killed")
    assert ends(old, run) == {
        "done": ("succeeded", "returned", "run"),
        "writing": ("unknown", "interrupted", "run"),
        "reading": ("pending", "interrupted", "run"),
    }
    with pytest.raises(RunHeld) as caught:
        old.resume(run)
    assert set(caught.value.nodes) == {"writing"}


def test_a_run_that_was_cancelled_in_a_write_asks_about_it(old: Workspace) -> None:
    [run] = of(old, "cancelled")
    with pytest.raises(RunHeld) as caught:
        old.resume(run)
    assert set(caught.value.nodes) == {"middle"}


def test_a_write_that_timed_out_asks_even_as_one_call_of_a_list(old: Workspace) -> None:
    [run] = of(old, "every-end")
    with pytest.raises(RunHeld) as caught:
        old.resume(run)
    assert set(caught.value.nodes) == {"timed_out", "each_late"}


def test_a_run_is_resumed_and_what_it_keeps_is_said_to_be_earlier(old: Workspace) -> None:
    [run] = of(old, "to-resume")
    again = old.resume(run)
    assert (again.attempt, again["last"].data) == (2, "one")
    assert {id: again[id].source for id in again} == {
        "first": Source.EARLIER, "middle": Source.RUN, "last": Source.RUN,
    }  # fmt: skip
    assert ends(old, run)["first"] == ("succeeded", "returned", "earlier")


def test_what_a_person_accepted_stays_accepted(old: Workspace) -> None:
    [run] = of(old, "accepted")
    assert ends(old, run)["middle"] == ("succeeded", "accepted", "accepted")
    Path("bad").touch()
    with pytest.raises(RunFailed) as caught:
        old.resume(run)
    assert (caught.value.run["middle"].cause, caught.value.run["middle"].data) == (Cause.ACCEPTED, None)
