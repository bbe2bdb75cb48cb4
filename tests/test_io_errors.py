"""What cannot be locked, read or tidied away, as on a full or failing disk, is told as an error of Flowbook."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import StoreError, VaultError
from flowbook.journal.owners import Owner
from flowbook.ui.editor.home import FileHome
from flowbook.vault import Key
from flowbook.vault.keys import read_key_file, write_key_file
from flowbook.workspace.locks import FileLocks


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """One whose folder of locks cannot be made: a file is there."""
    ws = Workspace(tmp_path)
    flow = Workflow("one")
    flow.add("a", "core.set", params={"values": {"x": 1}})
    ws.save(flow)
    ws.close()
    live = tmp_path / ".flowbook" / "live"
    shutil.rmtree(live, ignore_errors=True)
    live.write_text("")
    return Workspace(tmp_path)


def test_a_run_whose_process_cannot_be_marked_is_refused_with_what_to_do(ws: Workspace) -> None:
    with pytest.raises(StoreError, match=r"\.lock could not be locked: .*folder is writable"):
        ws.run("one")


def test_a_file_that_cannot_be_locked_is_not_saved_and_that_is_told(ws: Workspace, tmp_path: Path) -> None:
    home = FileHome(ws, tmp_path / "two.flow.yaml")
    with pytest.raises(StoreError, match="could not be locked"):
        home.save(Workflow("two"), "")
    assert not home.path.exists()


def test_a_file_that_another_editor_keeps_locked_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowbook.ui.editor.home.LOCK_SECONDS", 0.05)
    home = FileHome(Workspace(tmp_path), tmp_path / "two.flow.yaml")
    with home._alone(), pytest.raises(StoreError, match=r"another process has kept .*two\.flow\.yaml locked"):
        home.save(Workflow("two"), "")


def test_a_name_that_cannot_be_locked_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "live").write_text("")
    with pytest.raises(StoreError, match="could not be locked"), FileLocks(tmp_path / "live").held("x", seconds=1):
        pass


def test_whose_run_it_was_cannot_be_seen_where_its_mark_cannot_be_opened(tmp_path: Path) -> None:
    other = "0" * 32
    (tmp_path / f"{other}.lock").mkdir()
    with pytest.raises(StoreError, match="could not be locked"):
        Owner(tmp_path).is_gone(other)


def test_a_mark_that_cannot_be_taken_away_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = Owner(tmp_path)
    owner.claim()

    def failing(*_: Any, **__: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", failing)
        owner.release()
        assert Owner(tmp_path).is_gone(owner.id)


@pytest.mark.parametrize("call", ["fdopen", "close"])
def test_a_key_file_that_cannot_be_read_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "a.key"
    write_key_file(path, Key.random())
    true = getattr(os, call)

    def failing(*given: Any, **options: Any) -> Any:
        true(*given, **options)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, failing)
        with pytest.raises(VaultError, match=r"could not be read: Input/output error\. Try again"):
            read_key_file(path)
