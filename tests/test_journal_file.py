"""The run history in its file: what is on disk when, and what happens to a file that is not as it should be."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import StoreDamaged, StoreError
from flowbook.events import NodeOutput, NodeRetried
from flowbook.journal import Database, Journal, Keep
from flowbook.models import Workflow
from flowbook.view.wording import duration, moment
from tests.permissions import permissions_count
from tests.recorded import SECRET, Recording, flow_of
from tests.waiting import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    made = Journal(path)
    yield made
    made.close()


def committed(path: Path, sql: str) -> list[Any]:
    """What another process would read."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def count(path: Path, table: str) -> int:
    return int(committed(path, f"SELECT COUNT(*) FROM {table}")[0][0])


class TestWhenItIsWritten:
    def test_the_start_and_the_end_of_a_task_that_writes_are_on_disk_at_once(
        self, journal: Journal, path: Path
    ) -> None:
        run = Recording(journal)
        run.started(effects="write")
        assert committed(path, "SELECT node, status, effects FROM nodes") == [("a", "running", "write")]
        run.finished(effects="write")
        assert committed(path, "SELECT status FROM nodes") == [("succeeded",)]

    def test_what_was_printed_before_a_write_is_on_disk_with_it(self, journal: Journal, path: Path) -> None:
        run = Recording(journal)
        run.printed("before\n")
        run.started(effects="write")
        assert committed(path, "SELECT text FROM output") == [("before\n",)]

    def test_all_else_is_written_together_a_moment_later(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        commits: list[int] = []
        inserted = Database._insert
        monkeypatch.setattr(
            Database,
            "_insert",
            lambda self, batch: (inserted(self, batch), commits.append(sum(map(len, batch.values()))))[0],
        )
        journal = Journal(path)
        run = Recording(journal)
        for number in range(500):
            run.printed(f"{number}\n")
        until(lambda: sum(commits) >= 500)
        assert len(commits) < 250
        assert committed(path, "SELECT text FROM output ORDER BY rowid") == [(f"{number}\n",) for number in range(500)]
        journal.close()

    def test_the_file_is_written_as_the_page_on_reliability_says(self, journal: Journal) -> None:
        """What SQLite promises of a power cut is promised for these: https://www.sqlite.org/pragma.html#pragma_synchronous"""
        Recording(journal).started()
        assert journal._database.read("PRAGMA journal_mode")[0][0] == "wal"
        assert journal._database.read("PRAGMA synchronous")[0][0] == 1

    def test_the_end_of_a_run_is_on_disk_at_once(self, journal: Journal, path: Path) -> None:
        run = Recording(journal)
        run.finished()
        run.over()
        assert committed(path, "SELECT status, seconds FROM runs") == [("succeeded", 3.0)]

    def test_what_could_not_be_written_is_told_and_written_later(
        self, journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("flowbook.journal.batches.PATIENCE_SECONDS", 0.3)
        run = Recording(journal)
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            run.started(effects="write")
        blocker.execute("ROLLBACK")
        blocker.close()
        run.over()
        assert journal.run("last").nodes["a"].status == "running"


class TestWhatIsReadBack:
    def test_secrets_are_in_no_file_of_the_history(self, journal: Journal, path: Path) -> None:
        run = Recording(journal)
        run.started()
        run.finished(data={"token": SECRET, SECRET: 1}, params={"auth": f"Bearer {SECRET}", "deep": [{"t": SECRET}]})
        run.over()
        assert journal.run("last").inputs["token"] == "***"
        assert journal.run("last").nodes["a"].params == {"auth": "Bearer ***", "deep": [{"t": "***"}]}
        journal.close()
        for file in path.parent.glob("runs.sqlite*"):
            assert SECRET.encode() not in file.read_bytes()

    def test_an_empty_history_makes_no_file(self, journal: Journal, path: Path) -> None:
        assert journal.runs() == []
        assert not path.exists()


class TestDeletion:
    def test_a_deleted_run_leaves_nothing_behind(self, journal: Journal, path: Path) -> None:
        kept = Recording(journal, "kept", flow_of(text="kept"))
        kept.finished()
        kept.over()
        gone = Recording(journal, "gone", flow_of(text="gone"))
        gone.started()
        gone.printed("words\n")
        gone.recorder(NodeRetried(gone.id, "a", 1.0, 1, "busy", 0.0))
        gone.finished()
        gone.over()
        assert journal.delete(["gone"]) == 1
        assert [run.id for run in journal.runs()] == ["kept"]
        assert [count(path, table) for table in ("nodes", "output", "attempts", "definitions")] == [1, 0, 0, 1]


class TestFilesThatAreNotAsTheyShouldBe:
    def test_a_damaged_file_is_told_and_not_overwritten(self, path: Path) -> None:
        path.write_bytes(b"this is no database at all, whatever its name says. " * 50)
        before = path.read_bytes()
        with pytest.raises(StoreDamaged, match="damaged") as caught:
            Journal(path).runs()
        assert "Move the file away" in str(caught.value)
        assert path.read_bytes() == before

    def test_a_file_of_a_newer_version_is_told_and_not_changed(self, path: Path) -> None:
        Journal(path).add_version(flow_of())
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(StoreError, match="newer Flowbook"):
            Journal(path).runs()

    def test_a_folder_that_cannot_be_written_is_told(self, path: Path) -> None:
        path.parent.chmod(0o500)
        try:
            with permissions_count(), pytest.raises(StoreError, match="cannot be used"):
                Journal(path).add_version(flow_of())
        finally:
            path.parent.chmod(0o700)

    def test_one_that_can_only_be_read_shows_what_others_write_and_is_written_once_it_may_be(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        others = Journal(path)
        Recording(others, "run-1").over()
        real = os.access
        monkeypatch.setattr(os, "access", lambda file, mode, **how: mode != os.W_OK and real(file, mode, **how))
        reader = Journal(path)
        assert [run.id for run in reader.runs()] == ["run-1"]
        Recording(others, "run-2").over()
        assert [run.id for run in reader.runs()] == ["run-2", "run-1"]
        with pytest.raises(StoreError, match="cannot be written"):
            reader.add_version(flow_of())
        monkeypatch.setattr(os, "access", real)
        reader.add_version(flow_of())
        assert len(others.versions("flow")) == 1
        reader.close()
        others.close()

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
    def test_a_pipe_is_told_and_does_not_hang(self, path: Path) -> None:
        os.mkfifo(path)
        for use in (lambda: Journal(path).runs(), lambda: Journal(path).add_version(flow_of())):
            with pytest.raises(StoreError, match="is no file"):
                use()
        assert path.is_fifo()

    @pytest.mark.skipif(sys.platform == "win32", reason="a file that is open stays there")
    @pytest.mark.parametrize("how", ["moved away", "with all that is beside it", "replaced"])
    def test_a_file_that_is_gone_gets_no_more_runs(self, path: Path, tmp_path: Path, how: str) -> None:
        """As a damaged one is moved away, or a copy brought back, beside a notebook or a server that goes on."""
        journal, other = Journal(path), Journal(tmp_path / "copy.sqlite")
        for where, id in ((journal, "old"), (other, "copied")):
            Recording(where, id).over()
            where.ended(id)
        other.close()
        if how == "replaced":
            (tmp_path / "copy.sqlite").replace(path)
        else:
            path.rename(tmp_path / "away.sqlite")
        if how == "with all that is beside it":
            for one in tmp_path.glob("runs.sqlite-*"):
                one.unlink()
        there = ["copied"] if how == "replaced" else []
        assert [run.id for run in journal.runs()] == there
        Recording(journal, "new").over()
        journal.ended("new")
        assert {run.id for run in journal.runs()} == {"new", *there}
        assert {run.id for run in Journal(path).runs()} == {"new", *there}
        assert committed(path, "PRAGMA integrity_check") == [("ok",)]
        journal.close()

    @pytest.mark.skipif(sys.platform == "win32", reason="a file that is open stays there")
    def test_a_run_that_goes_on_is_recorded_as_a_whole_where_it_began(self, path: Path, tmp_path: Path) -> None:
        """In another file its number would be another run's."""
        journal = Journal(path)
        going = Recording(journal, "going")
        path.rename(tmp_path / "away.sqlite")
        going.started()
        going.finished()
        Recording(journal, "beside").over()
        going.over()
        for id in ("beside", "going"):
            journal.ended(id)
        Recording(journal, "after").over()
        assert [run.id for run in Journal(path).runs()] == ["after"]
        assert count(path, "nodes") == 0
        assert {run.id for run in Journal(tmp_path / "away.sqlite").runs()} >= {"going"}
        journal.close()

    def test_what_a_history_left_beside_it_is_none_of_the_next_ones(self, path: Path, tmp_path: Path) -> None:
        """SQLite would take the changes that wait in it for those of the new file."""
        journal = Journal(path)
        Recording(journal, "old").over()
        left = {one: one.read_bytes() for one in tmp_path.glob("runs.sqlite-wal")}
        journal.close()
        path.unlink()
        assert left
        for one, content in left.items():
            one.write_bytes(content)
        journal = Journal(path)
        Recording(journal, "new").over()
        assert [run.id for run in journal.runs()] == ["new"]
        journal.close()

    def test_a_path_that_is_a_folder_is_told(self, path: Path) -> None:
        path.mkdir()
        with pytest.raises(StoreError, match="cannot be used"):
            Journal(path).add_version(flow_of())


class TestSpace:
    @staticmethod
    def fill(path: Path) -> int:
        journal = Journal(path)
        for number in range(20):
            run = Recording(journal, f"run-{number}", at=float(number))
            run.finished(data=["x" * 100_000])
            run.over()
        journal.close()
        return path.stat().st_size

    @pytest.mark.parametrize("how", ["prune", "delete"])
    @pytest.mark.parametrize("older", [False, True])
    def test_the_space_of_runs_that_are_deleted_goes_back(self, path: Path, how: str, older: bool) -> None:
        """Also in a file that was made before files could shrink by parts."""
        full = self.fill(path)
        if older:
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA auto_vacuum = NONE")
            connection.execute("VACUUM")
            assert connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 0
            connection.close()
        journal = Journal(path)
        if how == "prune":
            assert journal.prune(Keep(count=1)).freed > 0.9 * full
        else:
            journal.delete(f"run-{number}" for number in range(19))
        assert path.stat().st_size < 0.1 * full
        assert path.with_name(path.name + "-wal").stat().st_size < 0.1 * full
        assert journal.run("run-19").nodes["a"].data == ["x" * 100_000]
        journal.close()

    def test_a_file_is_not_rewritten_as_a_whole_unless_that_is_wanted(self, path: Path) -> None:
        full = self.fill(path)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
        connection.close()
        journal = Journal(path)
        assert len(journal.prune(Keep(count=1), in_passing=True).runs) == 19
        assert path.stat().st_size > 0.9 * full
        journal.close()

    def test_runs_are_deleted_though_another_process_reads(self, path: Path) -> None:
        self.fill(path)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchone()
        journal = Journal(path)
        journal._database._open().execute("PRAGMA busy_timeout = 1")
        assert len(journal.prune(Keep(count=1)).runs) == 19
        reader.close()
        assert len(journal.runs()) == 1
        journal.close()


COLUMNS = {
    "runs": "workflow definition status started_at seconds message inputs nodes parent owner attempt resumed_at"
    " withheld only_to only_node by_item",
    "nodes": "node status message kind data attempts started_at seconds effects handled params cause source",
    "output": "node at stream text bundle item",
    "attempts": "node at attempt item message wait cause",
    "definitions": "document",
}
WRONG = [None, "no", "CAST(x'fffe' AS TEXT)", -5, float("inf"), "{", "[]", "3", b"\x00\xff"]


def test_a_process_is_seen_to_live_though_its_mark_was_tidied_away(path: Path) -> None:
    """Else its next run would be taken for interrupted by others, while it goes on."""
    journal = Journal(path)
    Recording(journal, "first").over()
    journal.ended("first")
    for one in (path.parent / "live").iterdir():
        one.unlink()
    Recording(journal, "second")
    assert [run.status for run in Journal(path).runs() if run.id == "second"] == ["running"]
    journal.ended("second")
    journal.close()


class TestAWrongRow:
    @pytest.mark.parametrize(("table", "column"), [(t, c) for t, columns in COLUMNS.items() for c in columns.split()])
    def test_it_is_the_problem_of_its_run_which_is_named(self, path: Path, table: str, column: str) -> None:
        journal = Journal(path)
        for number in range(3):
            self.record(journal, f"run-{number}", flow_of(text=f"{number}"))
        which = "hash = (SELECT definition FROM runs WHERE id = 'run-1')" if table == "definitions" else "run = 2"
        where = "id = 'run-1'" if table == "runs" else which
        for wrong in WRONG:
            value = wrong if isinstance(wrong, str) and wrong.startswith("CAST") else "?"
            with contextlib.suppress(StoreDamaged), journal._database.transaction() as connection:
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}", [wrong] * (value == "?"))
            assert [run.id for run in journal.runs()] == ["run-2", "run-1", "run-0"]
            for run in ("run-0", "run-2"):
                self.read(journal, run)
            with contextlib.suppress(StoreDamaged):
                self.read(journal, "run-1")
                continue
            with pytest.raises(StoreDamaged, match="run-1"):
                self.read(journal, "run-1")
        assert journal.delete(["run-1"]) == 1
        journal.close()

    @pytest.mark.parametrize(
        ("table", "column"),
        [(t, c) for t in ("runs", "nodes") for c in COLUMNS[t].split() if c not in ("status", "node")],
    )
    def test_it_keeps_no_interrupted_run_from_being_found(self, path: Path, table: str, column: str) -> None:
        for wrong in WRONG:
            path.unlink(missing_ok=True)
            gone = Journal(path)
            for number in range(2):
                run = Recording(gone, f"run-{number}")
                run.started(effects="write")
            gone.close()
            value = wrong if isinstance(wrong, str) and wrong.startswith("CAST") else "?"
            where = "id = 'run-0'" if table == "runs" else "run = 1"
            journal = Journal(path)
            with contextlib.suppress(StoreDamaged), journal._database.transaction() as connection:
                connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}", [wrong] * (value == "?"))
            assert "run-1" in journal.find_interrupted()
            assert journal.run("run-1").nodes["a"].status == "unknown"
            assert len(journal.runs()) == 2
            journal.close()

    def test_an_owner_that_names_another_place_removes_nothing_there(self, path: Path) -> None:
        """A history that someone made up: its owners are looked for in the folder ``live`` alone."""
        elsewhere = path.parent / "elsewhere.lock"
        elsewhere.write_text("")
        gone = Journal(path)
        Recording(gone, "run-0")
        gone.close()
        journal = Journal(path)
        with journal._database.transaction() as connection:
            connection.execute("UPDATE runs SET owner = '../elsewhere'")
        assert journal.find_interrupted() == ["run-0"]
        assert elsewhere.exists()
        journal.close()

    @staticmethod
    def record(journal: Journal, id: str, flow: Workflow) -> None:
        run = Recording(journal, id, flow)
        run.started()
        run.printed("x\n")
        run.recorder(NodeRetried(run.id, "a", 1.0, 1, "busy", 0.0))
        run.recorder(NodeOutput(run.id, "a", 1.0, "display", "", {"text/plain": "x"}))
        run.finished(data={"n": 1}, params={"a": 1})
        run.over()
        journal.ended(id)

    @staticmethod
    def read(journal: Journal, id: str) -> None:
        """All that is recorded of a run, and what is made of it."""
        record = journal.run(id)
        assert record.workflow
        for node in record.nodes.values():
            assert (node.data, node.params, node.omitted, node.lost) is not None
        assert journal.output(id) is not None
        assert moment(record.summary.started_at)
        assert duration(record.summary.seconds) is not None


def test_many_ends_at_once_are_recorded_as_they_were_told_and_of_each_node_the_last(tmp_path):
    plain = ("none", None, 1, 5.0, 0.5, "read", 0, None, "returned", "run", None, "")
    with_data = ("json", '{"a": 1}', 2, 5.0, 0.5, "read", 0, '{"b": 2}', "returned", "run", None, "")
    rare = ("json", "1", 3, None, 0.0, "write", 1, None, None, "earlier", "{}", "worker")
    rows = [(1, f"n{number}", "succeeded", "", *(plain, with_data, rare)[number % 3]) for number in range(400)]
    rows.append((1, "n0", "failed", "in the end", *rare))
    database = Database(tmp_path / "history.db")
    for row in rows:
        database.append("finished", row)
    database.append("started", (1, "n400", 6.0, "read"))
    found = {row["node"]: tuple(row) for row in database.read("SELECT * FROM nodes")}
    database.close()
    assert found.pop("n400")[2] == "running"
    assert found == {row[1]: row for row in rows}
