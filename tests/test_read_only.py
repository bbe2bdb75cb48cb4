"""A folder that may not be written: what is refused there, and the way to work without keeping anything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.cli.main import run
from flowbook.errors import StoreError
from tests.permissions import permissions_count

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")

WRITES: dict[str, Callable[[Workspace], object]] = {
    "save": lambda ws: ws.save(flow()),
    "run": lambda ws: ws.run(flow()),
    "create_type": lambda ws: ws.create_type("slack"),
    "delete_workflow": lambda ws: ws.delete_workflow("kept"),
    "delete_runs": lambda ws: ws.delete_runs([run.id for run in ws.runs()]),
}


def flow(name: str = "new") -> Workflow:
    made = Workflow(name=name)
    made.add("a", "core.noop")
    return made


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Takes the right to write in folders away."""
    folders: list[Path] = []

    def close(folder: Path) -> None:
        folders.append(folder)
        folder.chmod(0o500)

    yield close
    for folder in folders:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("write", "kept"),
    [(write, kept) for write in WRITES for kept in (True, False) if kept or not write.startswith("delete")],
)
def test_every_write_is_refused_and_names_the_way_in_memory(
    tmp_path: Path, closed: Callable[[Path], None], write: str, kept: bool
) -> None:
    if kept:
        with Workspace(tmp_path) as ws:
            ws.save(flow("kept"))
            ws.run("kept")
        closed(tmp_path / ".flowbook")
    closed(tmp_path)
    with permissions_count(), pytest.raises(StoreError) as caught, Workspace(tmp_path) as ws:
        WRITES[write](ws)
    assert "Workspace(memory=True)" in caught.value.hint
    assert str(tmp_path) in caught.value.message


def test_none_can_be_made_there(
    tmp_path: Path, closed: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    closed(tmp_path)
    with permissions_count():
        assert run(["-C", str(tmp_path), "init"]) == StoreError.exit_code
    assert "Workspace(memory=True)" in capsys.readouterr().err


def test_that_way_leads_somewhere(tmp_path: Path, closed: Callable[[Path], None]) -> None:
    closed(tmp_path)
    with permissions_count(), Workspace(tmp_path, memory=True) as ws:
        ws.save(flow())
        assert ws.run("new").status == "succeeded"
    assert list(tmp_path.iterdir()) == []
