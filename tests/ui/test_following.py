"""What another person saves in a shared workspace shows in an open studio, without being asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook.cli.main import run as command
from flowbook.edits import actions
from flowbook.models import Workflow
from flowbook.postgres import listening
from flowbook.ui.runs.runs_tab import RunsTab
from flowbook.ui.studio import Studio
from flowbook.ui.workflows.workflows_tab import WorkflowsTab
from flowbook.workspace import Workspace
from tests.databases import emptied_schema, url_of
from tests.integrations.postgres_server import PASSWORD
from tests.waiting import until


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Workspace]]:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setattr(listening, "TOGETHER", 0.01)
    for name in ("ada", "ben"):
        assert command(["init", str(tmp_path / name), "--store", url_of(emptied_schema().schema)]) == 0
    opened = [Workspace(tmp_path / name) for name in ("ada", "ben")]
    yield opened
    for ws in opened:
        ws.close()


def greeting(text: str = "") -> Workflow:
    flow = Workflow(name="greeting", description=text)
    flow.add("pause", "core.wait", params={"seconds": 0}, at=(80, 80))
    return flow


@pytest.fixture
def studio(two: list[Workspace]) -> Iterator[Studio]:
    """Ben's studio, at his workflows, once it hears of what others do."""
    heard: list[str] = []
    made = Studio(two[1], "Workflows")
    stop = two[1].watch_others(lambda what: heard.extend(what))

    def told() -> bool:
        two[0].store.set_meta("tried", len(heard))
        two[0].store.set_meta("tried", None)
        return bool(heard)

    until(told)
    stop()
    yield made
    made.close()


def workflows(studio: Studio) -> WorkflowsTab:
    page = studio.open("Workflows")
    assert isinstance(page, WorkflowsTab)
    return page


def test_a_workflow_that_another_saves_is_in_the_list(two: list[Workspace], studio: Studio) -> None:
    page = workflows(studio)
    two[0].save(greeting())
    until(lambda: [row["id"] for row in page.table.widget.rows] == ["greeting"])


def test_a_run_of_another_is_in_the_list(two: list[Workspace], studio: Studio) -> None:
    page = studio.open("Runs")
    assert isinstance(page, RunsTab)
    two[0].run(greeting())
    until(lambda: [row["status"] for row in page.list.rows] == ["succeeded"])


def test_an_open_editor_follows_unless_something_was_changed_in_it(two: list[Workspace], studio: Studio) -> None:
    two[0].save(greeting())
    page = workflows(studio)
    page.open("greeting")
    editor = page.editor
    assert editor is not None
    two[0].save(greeting("theirs"), overwrite=True)
    until(lambda: "as they saved it" in editor.message.text)
    assert editor.editing.workflow.description == "theirs"
    editor.editing.do(actions.describe("mine"))
    two[0].save(greeting("theirs again"), overwrite=True)
    until(lambda: "What you changed is kept;" in editor.message.text)
    assert editor.editing.workflow.description == "mine"


def test_who_hears_no_more_is_told_nothing(two: list[Workspace], studio: Studio) -> None:
    page = workflows(studio)
    studio.close()
    two[0].save(greeting())
    assert [row["id"] for row in page.table.widget.rows] == []
