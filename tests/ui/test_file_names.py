"""A field for a file suggests the files of the workspace."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.inputs_panel import RunInputs
from flowbook.ui.parts.file_names import DEPTH, MOST_FILES, file_names


def put(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def suggested(form: Any, name: str) -> list[str]:
    (spec,) = [one for one in form.widget.fields if one["name"] == name]
    names: list[str] = spec["suggestions"]
    return names


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    put(tmp_path, "data/orders.csv", "notes.txt")
    ws = Workspace(tmp_path)
    ws.create_type("files")
    ws.create_integration("Archive", "files", {"root": str(tmp_path / "data")})
    flow = Workflow(name="daily")
    flow.set_input("table", type="file", default="data/orders.csv")
    flow.add("read", "files.read_csv", params={"path": "${{ inputs.table }}"})
    flow.add("elsewhere", "files.read_csv", integration="Archive", params={"path": "orders.csv"})
    ws.save(flow)
    made = Editor(ws, "daily")
    yield made
    made.close()


def test_nearer_files_come_first_and_hidden_ones_and_code_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "b.csv", "a.csv", "data/deep/c.csv", "data/d.csv", ".flowbook/flowbook.json", ".env")
    put(tmp_path, "integrations/mine/tasks.py", "data/__pycache__/x.pyc", "work/integrations/kept.csv")
    assert file_names(tmp_path) == ("a.csv", "b.csv", "data/d.csv", "data/deep/c.csv", "work/integrations/kept.csv")


def test_a_large_or_deep_or_missing_folder_comes_to_an_end(tmp_path: Path) -> None:
    put(
        tmp_path,
        *(f"many/{number:04}.csv" for number in range(MOST_FILES + 50)),
        "/".join(["deep"] * DEPTH + ["x.csv"]),
    )
    os.symlink(tmp_path, tmp_path / "loop")
    names = file_names(tmp_path)
    assert len(names) == MOST_FILES
    assert not [name for name in names if "x.csv" in name or "loop" in name]
    assert file_names(tmp_path / "not-there") == ()


def test_the_params_and_the_inputs_of_a_run_suggest_the_workspaces_files(editor: Editor) -> None:
    editor.select_node("read")
    assert suggested(editor.inspector.params.form, "path") == ["notes.txt", "data/orders.csv"]
    editor.start()
    assert isinstance(editor.drawer, RunInputs)
    assert suggested(editor.drawer.form, "table") == ["notes.txt", "data/orders.csv"]


def test_nothing_is_suggested_where_the_integration_says_where_its_files_are(editor: Editor) -> None:
    editor.select_node("elsewhere")
    assert suggested(editor.inspector.params.form, "path") == []
