"""A workspace in PostgreSQL: chosen once, the same for everybody, and its password in clear nowhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.cli.main import run as command
from flowbook.errors import AlreadyRunning, InputError, RunFailed, StoreError, Untrusted
from flowbook.journal.copying import COLUMNS
from flowbook.models import Parameter
from flowbook.postgres import Address, Session
from flowbook.vault import forget_environment
from flowbook.workspace.backends import in_postgres
from tests import forks
from tests.databases import emptied_schema, url_of
from tests.integrations.postgres_server import PASSWORD

SECRET = "tok-8r2-is-secret"


@pytest.fixture
def url() -> str:
    """An address with its password."""
    return url_of(emptied_schema().schema)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password where libpq looks for it."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


@pytest.fixture
def two(tmp_path: Path, url: str, password: None, capsys: pytest.CaptureFixture[str]) -> Iterator[list[Workspace]]:
    """Two machines, as it were, with a workspace in one database."""
    opened = []
    for name in ("ada", "ben"):
        assert command(["init", str(tmp_path / name), "--store", url]) == 0
        opened.append(Workspace(tmp_path / name))
    yield opened
    for ws in opened:
        ws.close()


def greeting() -> Workflow:
    flow = Workflow(name="greeting")
    flow.add("pause", "core.wait", params={"seconds": 0})
    return flow


class TestChoosing:
    def test_the_command_keeps_the_address_without_its_password(
        self, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert command(["init", str(tmp_path), "--store", url]) == 0
        said = capsys.readouterr()
        assert "not kept" in said.out
        for text in (said.out, said.err, *(path.read_text() for path in tmp_path.rglob("*") if path.is_file())):
            assert PASSWORD not in text
            assert "staple" not in text
        kept = json.loads((tmp_path / ".flowbook" / "settings.json").read_text())
        assert kept["store"].startswith("postgresql://flowbook@127.0.0.1:")

    def test_other_settings_stay_as_they_are(self, tmp_path: Path, url: str) -> None:
        (tmp_path / ".flowbook").mkdir()
        (tmp_path / ".flowbook" / "settings.json").write_text('{"executor": "threads"}')
        assert command(["init", str(tmp_path), "--store", url]) == 0
        assert json.loads((tmp_path / ".flowbook" / "settings.json").read_text())["executor"] == "threads"

    def test_a_database_that_cannot_be_reached_leaves_the_workspace_where_it_was(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        wrong = url_of("shared", "wr0ng-and-secret")
        assert command(["init", str(tmp_path / "new"), "--store", wrong]) != 0
        assert "wr0ng" not in capsys.readouterr().err
        assert not (tmp_path / "new" / ".flowbook").exists()

    @pytest.mark.parametrize("given", ["mysql://host/db", "postgresql://host", "flowbook.json"])
    def test_what_is_no_address_of_such_a_database_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
    ) -> None:
        monkeypatch.setenv("FLOWBOOK_STORE", given)
        with pytest.raises(InputError, match="FLOWBOOK_STORE"):
            Workspace(tmp_path)

    def test_a_password_in_the_settings_is_refused(self, tmp_path: Path, url: str) -> None:
        Workspace(tmp_path).close()
        (tmp_path / ".flowbook" / "settings.json").write_text(json.dumps({"store": url}))
        with pytest.raises(InputError, match="in clear"):
            Workspace(tmp_path)

    def test_the_environment_names_one_and_is_seen_by_nobody_else(
        self, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FLOWBOOK_STORE", url)
        with Workspace(tmp_path) as ws:
            assert "FLOWBOOK_STORE" not in os.environ
            ws.save(greeting())
            assert ws.store.path is None
            assert "postgresql://flowbook@" in repr(ws)
            assert PASSWORD not in repr(ws)
        forget_environment()
        assert [one.name for one in Workspace(tmp_path).workflows()] == []

    def test_commands_need_no_folder_then(
        self, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("FLOWBOOK_STORE", url)
        with Workspace(tmp_path / "..", make=False) as ws:
            ws.save(greeting())
        (tmp_path / "empty").mkdir()
        assert command(["-C", str(tmp_path / "empty"), "workflows", "list"]) == 0
        assert "greeting" in capsys.readouterr().out

    def test_one_in_memory_is_in_memory_whatever_is_named(
        self, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FLOWBOOK_STORE", url)
        with Workspace(tmp_path, memory=True) as ws:
            assert "in memory" in repr(ws)


KILLED = """
import os, signal, sys
from flowbook.journal.sql import SqlJournal
from flowbook.workspace import Workspace, copying

def then_killed(function):
    def call(*given):
        function(*given)
        os.kill(os.getpid(), signal.SIGKILL)
    return call

root, place, after = sys.argv[1:]
if after == "history":
    SqlJournal.fill_from = then_killed(SqlJournal.fill_from)
else:
    copying.copy_triggers = then_killed(copying.copy_triggers)
Workspace(root).copy_to(place)
"""
"""A copy that is killed when it is half done."""


class TestCopying:
    def test_there_and_back_everything_is_as_it_was(
        self, folder: Path, tmp_path_factory: pytest.TempPathFactory, url: str, password: None
    ) -> None:
        home, back = Workspace(folder), Workspace(tmp_path_factory.mktemp("back"))
        home.create_type("demo", [Parameter(name="token", type="password", required=True)])
        home.create_integration("Mine \ue000 ü", "demo", {"token": SECRET})
        flow = Workflow(name="greeting")
        flow.add("each", "demo.echo", params={"n": "${{ item }}", "odd": "\x00 \ue000"}, for_each=[1, 2])
        flow.add(
            "say",
            "core.python",
            params={"code": "print('one')\nprint('two')\nraise ValueError"},
            retry={"attempts": 2, "wait": 0},
        )
        home.save(flow)
        home.save(Workflow(name="gone"))
        home.delete_workflow("gone")
        with pytest.raises(RunFailed):
            home.run(flow)
        home.add_schedule("greeting", "0 7 * * *", zone="UTC")
        home.add_hook("greeting")
        home.copy_to(url)
        with Workspace(make_shared(tmp_path_factory.mktemp("shared"), url)) as shared:
            assert shared.run_output("last") == home.run_output("last")
            assert shared.run_record("last").summary == home.run_record("last").summary
            assert shared.last("greeting")["each"].data == home.last("greeting")["each"].data
            assert triggers_of(shared) == triggers_of(home)
            assert shared.credentials.of("Mine \ue000 ü")[0]["token"] == SECRET
            copied = shared.copy_to(back.root)
            assert triggers_of(back) == triggers_of(home)
            assert copied[1:] == (1, 1, 1, 1)
            shared.save(Workflow(name="gone"))
            assert shared.store.workflow_revision("gone") == 2
            shared.run(greeting())
            assert [run.status for run in shared.runs()] == ["succeeded", "failed"]
        assert back.store.contents() == home.store.contents()
        for table in [*COLUMNS, "sqlite_master"]:
            assert rows_of(back, table) == rows_of(home, table), table

    def test_no_column_of_the_history_is_left_out(self, ws: Workspace) -> None:
        ws.journal.add_version(greeting())
        found = {table: tuple(row[1] for row in query(ws, f"PRAGMA table_info({table})")) for table in COLUMNS}
        assert {table: set(columns) for table, columns in COLUMNS.items()} == {
            table: set(columns) for table, columns in found.items()
        }
        tables = {row[0] for row in query(ws, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == set(COLUMNS)

    def test_nothing_is_copied_over_something(
        self, ws: Workspace, url: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ws.save(greeting())
        assert command(["-C", str(ws.root), "workspace", "copy", "--to", url]) == 0
        assert "1 workflows" in capsys.readouterr().out
        assert command(["-C", str(ws.root), "workspace", "copy", "--to", url]) == 2
        said = capsys.readouterr().err
        assert "already" in said
        assert "staple" not in said

    def test_a_history_that_does_not_fit_leaves_the_store_empty_too(self, ws: Workspace, url: str) -> None:
        ws.save(greeting())
        shared = in_postgres(Address(url))
        shared.journal.add_version(greeting())
        with pytest.raises(InputError, match="already"):
            ws.copy_to(url)
        assert shared.store.workflow_names() == []
        shared.store.close()
        shared.journal.close()

    @pytest.mark.parametrize("to", ["database", "files"])
    @pytest.mark.parametrize("killed_after", ["history", "triggers"])
    def test_a_copy_that_was_killed_is_gone_on_with(
        self,
        ws: Workspace,
        url: str,
        password: None,
        tmp_path_factory: pytest.TempPathFactory,
        to: str,
        killed_after: str,
    ) -> None:
        ws.save(greeting())
        ws.run("greeting")
        ws.add_schedule("greeting", "0 7 * * *", zone="UTC")
        back = Workspace(tmp_path_factory.mktemp("back"))
        place = url if to == "database" else str(back.root)
        ended = subprocess.run(forks.python("-c", KILLED, str(ws.root), place, killed_after), check=False)
        assert ended.returncode == -signal.SIGKILL
        assert ws.copy_to(place)[1:] == (0, 0, 1, 1)
        if to == "database":
            back = Workspace(make_shared(tmp_path_factory.mktemp("shared"), url))
        assert [run.id for run in back.runs()] == [run.id for run in ws.runs()]
        assert triggers_of(back) == triggers_of(ws)
        assert back.store.workflow_names() == ["greeting"]
        back.close()

    def test_what_came_since_it_was_killed_is_not_copied_over(
        self, ws: Workspace, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        ws.save(greeting())
        ws.run("greeting")
        back = Workspace(tmp_path_factory.mktemp("back"))
        subprocess.run(forks.python("-c", KILLED, str(ws.root), str(back.root), "history"), check=False)
        back.run(greeting())
        with pytest.raises(InputError, match="already"):
            ws.copy_to(back.root)
        assert len(back.runs()) == 2
        back.close()

    def test_triggers_that_do_not_fit_leave_the_history_empty_too(
        self, ws: Workspace, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        ws.save(greeting())
        ws.run("greeting")
        back = Workspace(tmp_path_factory.mktemp("back"))
        back.schedules.add("other", "0 7 * * *", "UTC", {}, "skip", "last", 0.0)
        with pytest.raises(InputError, match="already"):
            ws.copy_to(back.root)
        assert list(back.runs()) == []
        back.close()

    def test_runs_that_go_on_are_waited_for(self, ws: Workspace, url: str) -> None:
        flow = Workflow(name="long")
        flow.add("pause", "core.wait", params={"seconds": 60})
        run = ws.start(flow)
        run.wait_until_begun()
        with pytest.raises(InputError, match="go on"):
            ws.copy_to(url)
        run.cancel()
        run.wait()

    def test_back_in_files_again(self, tmp_path: Path, url: str) -> None:
        make_shared(tmp_path, url)
        assert command(["init", str(tmp_path), "--store", "files"]) == 0
        with Workspace(tmp_path) as ws:
            assert ws.store.path == tmp_path / ".flowbook" / "flowbook.json"


def make_shared(root: Path, url: str) -> Path:
    assert command(["init", str(root), "--store", url]) == 0
    return root


def query(ws: Workspace, sql: str) -> list[Any]:
    ws.journal.let_go()
    assert ws.folder is not None
    with contextlib.closing(sqlite3.connect(ws.folder / "runs.sqlite")) as connection:
        return connection.execute(sql).fetchall()


def triggers_of(ws: Workspace) -> list[Any]:
    return [ws.schedules.all(), ws.hooks.all(), ws.queue.all(done=True)]


def rows_of(ws: Workspace, table: str) -> list[Any]:
    return sorted(query(ws, f"SELECT * FROM {table}"), key=repr)


class TestSharing:
    def test_what_one_stores_and_runs_the_other_sees(self, two: list[Workspace]) -> None:
        ada, ben = two
        ada.save(greeting())
        assert [one.name for one in ben.workflows()] == ["greeting"]
        ada.run("greeting")
        assert [run.status for run in ben.runs("greeting")] == ["succeeded"]
        assert ben.last("greeting")["pause"].status == "succeeded"

    def test_a_credential_is_sealed_there_and_opens_for_who_has_the_key(self, two: list[Workspace]) -> None:
        ada, ben = two
        ada.create_type("slack", [Parameter(name="bot_token", type="password", required=True)])
        ada.create_integration("Team", "slack", {"bot_token": SECRET})
        assert SECRET not in str(ben.integration("Team"))
        assert ben.credentials.of("Team")[0]["bot_token"] == SECRET

    def test_hosts_are_everybody_s_and_what_is_trusted_is_each_person_s_own(
        self, two: list[Workspace], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who may write to the database brings nobody to run code, and no key and no consent is in it."""
        monkeypatch.delenv("FLOWBOOK_TRUST")
        ada, ben = two
        ada.create_type("slack", [Parameter(name="bot_token", type="password", required=True)])
        ada.create_integration("Team", "slack", {"bot_token": SECRET}, hosts=["proxy.example.org"])
        assert ben.integration_hosts("Team") == ("proxy.example.org",)
        for text in ("1", "2"):
            flow = Workflow(name="code")
            flow.add("run", "core.python", params={"code": text})
            ada.save(flow, overwrite=True)
            assert ada.run("code").status == "succeeded"
            with pytest.raises(Untrusted):
                ben.run("code")
            ben.trust("code", ben.review("code").sha256)
            assert ben.run("code").status == "succeeded"
        assert ada.address is not None
        session = Session(ada.address, "the tests")
        for table in ("documents", "meta"):
            rows = str(session.connection().execute(f"SELECT * FROM {table}").fetchall())
            assert "grants" not in rows
            assert "user.key" not in rows
        session.close()

    def test_only_one_of_them_has_its_turn(self, two: list[Workspace]) -> None:
        ada, ben = two
        ada.save(greeting())
        with ada.turn("greeting"):
            with pytest.raises(AlreadyRunning), ben.turn("greeting"):
                pass
            with ben.turn(Workflow(name="another")):
                pass
        with ben.turn("greeting"):
            pass

    def test_the_turn_of_one_who_is_gone_is_free(self, two: list[Workspace], monkeypatch: pytest.MonkeyPatch) -> None:
        ada, ben = two
        ada.save(greeting())
        with ada.turn("greeting"):
            ben.store._rows._session.connection().execute("DELETE FROM leases")  # type: ignore[attr-defined]
            with ben.turn("greeting"):
                pass

    def test_there_is_nothing_to_recover(self, two: list[Workspace]) -> None:
        with pytest.raises(StoreError, match="backup of the database"):
            two[0].recover()
