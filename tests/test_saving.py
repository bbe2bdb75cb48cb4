"""Saving a workflow: what somebody else stored meanwhile is never overwritten in silence."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import AlreadyExists, Conflict


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.save(flow())
    return made


def flow(description: str = "") -> Workflow:
    made = Workflow(name="daily", description=description)
    made.add("say", "core.noop")
    return made


def changed_elsewhere(ws: Workspace) -> None:
    """By another process: a workspace of its own on the same folder."""
    other = Workspace(ws.root)
    theirs = other.workflow("daily")
    theirs.describe("theirs")
    other.save(theirs)


def refused(ws: Workspace, mine: Workflow) -> Conflict:
    with pytest.raises(Conflict, match="changed elsewhere") as caught:
        ws.save(mine)
    assert ws.workflow("daily").description == "theirs"
    return caught.value


def test_saving_what_was_read_over_a_newer_one_is_a_conflict_that_says_what_to_do(ws: Workspace) -> None:
    mine = ws.workflow("daily")
    changed_elsewhere(ws)
    mine.describe("mine")
    error = refused(ws, mine)
    assert (error.mine, error.theirs) == (1, 2)
    assert "overwrite=True" in str(error)
    assert len(ws.versions("daily")) == 2, "what was refused is no version"


def test_overwriting_is_said(ws: Workspace) -> None:
    mine = ws.workflow("daily")
    changed_elsewhere(ws)
    mine.describe("mine")
    assert ws.save(mine, overwrite=True) == 3
    assert ws.workflow("daily").description == "mine"
    assert [ws.version(one.hash).description for one in ws.versions("daily")] == ["mine", "theirs", ""]


def test_reading_again_is_the_other_way_on(ws: Workspace) -> None:
    changed_elsewhere(ws)
    mine = ws.workflow("daily")
    mine.describe("both")
    assert ws.save(mine) == 3


def test_what_was_saved_remembers_its_revision_too(ws: Workspace) -> None:
    mine = flow("mine")
    ws.save(mine)
    mine.describe("mine again")
    assert ws.save(mine) == 3
    changed_elsewhere(ws)
    refused(ws, mine)


@pytest.mark.parametrize(
    "copied",
    [
        Workflow.clone,
        copy.copy,
        copy.deepcopy,
        lambda one: pickle.loads(pickle.dumps(one)),
        lambda one: one.copy_as("daily"),
    ],
)
def test_so_does_a_copy(ws: Workspace, copied: object) -> None:
    mine = copied(ws.workflow("daily"))  # type: ignore[operator]
    changed_elsewhere(ws)
    refused(ws, mine)


def test_so_does_what_came_in_by_its_name(ws: Workspace) -> None:
    mine = ws.read("daily").workflow
    assert mine is not None
    changed_elsewhere(ws)
    refused(ws, mine)


def test_a_workflow_that_is_built_anew_replaces_what_is_there(ws: Workspace) -> None:
    changed_elsewhere(ws)
    assert ws.save(flow("new")) == 3


def test_an_older_version_is_restored_by_saving_it(ws: Workspace) -> None:
    changed_elsewhere(ws)
    ws.save(ws.version(ws.versions("daily")[1].hash))
    assert ws.workflow("daily").description == ""


def test_a_copy_under_another_name_begins_from_nothing(ws: Workspace) -> None:
    ws.save(ws.workflow("daily").copy_as("weekly"))
    other = Workspace(ws.root)
    theirs = other.workflow("weekly")
    other.save(theirs)
    ws.save(ws.workflow("daily").copy_as("weekly"))
    assert ws.workflow_with_revision("weekly")[1] == 3


def test_a_revision_of_one_workspace_says_nothing_about_another(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for elsewhere in (Workspace(tmp_path / "elsewhere"), Workspace(memory=True), Workspace(memory=True)):
        for _ in range(3):
            elsewhere.save(flow("there"))
        elsewhere.save(ws.workflow("daily"))
        assert elsewhere.workflow("daily").description == ""


@pytest.mark.parametrize("gone", [Workspace.delete_workflow, lambda ws, name: ws.rename_workflow(name, "weekly")])
def test_what_was_deleted_or_renamed_meanwhile_is_not_made_again_without_a_word(ws: Workspace, gone: Any) -> None:
    mine = ws.workflow("daily")
    gone(ws, "daily")
    with pytest.raises(Conflict, match=r"deleted or renamed meanwhile.*overwrite=True"):
        ws.save(mine)
    assert "daily" not in [one.name for one in ws.workflows()]
    assert ws.save(mine, overwrite=True) == 2


def test_one_that_was_made_again_meanwhile_is_newer(ws: Workspace) -> None:
    mine = ws.workflow("daily")
    ws.delete_workflow("daily")
    ws.save(flow("theirs"))
    refused(ws, mine)


def test_that_there_must_be_none_can_be_asked_for(ws: Workspace) -> None:
    with pytest.raises(AlreadyExists):
        ws.save(flow("new"), revision=0)


def test_the_memory_is_no_part_of_the_workflow(ws: Workspace) -> None:
    assert ws.workflow("daily") == flow()
    assert ws.workflow("daily").to_document() == flow().to_document()
    assert ws.workflow("daily").definition_hash() == flow().definition_hash()
