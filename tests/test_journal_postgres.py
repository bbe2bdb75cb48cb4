"""The run history in PostgreSQL: what a database does that no file does, and what of it a person is told."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from flowbook.errors import InputError, StoreError
from flowbook.journal import leases
from flowbook.journal.postgres import PostgresJournal
from flowbook.postgres import Address, session
from flowbook.postgres.connection import Connection
from tests.databases import break_connections, do, schema_of_our_own, url_of
from tests.recorded import Recording, flow_of

WRONG = "wr0ng-and-secret"


def others_take_it_for_gone(address: Address) -> None:
    do(address, "UPDATE leases SET until = clock_timestamp() - interval '1 s'")
    do(address, "DELETE FROM leases WHERE until < clock_timestamp()")


@pytest.fixture
def address() -> Address:
    return schema_of_our_own()


class TestTheLease:
    def test_without_it_nothing_more_is_recorded_and_what_writes_is_not_begun(self, address: Address) -> None:
        journal = PostgresJournal(address)
        run = Recording(journal)
        run.finished("a", data=1)
        journal.runs()
        others_take_it_for_gone(address)
        other = PostgresJournal(address)
        assert other.runs()[0].status == "interrupted"
        with pytest.raises(StoreError, match="took it for gone"):
            run.started("b", "write")
        with pytest.raises(StoreError, match="took it for gone"):
            run.over()
        record = other.run("last")
        assert (record.summary.status, set(record.nodes)) == ("interrupted", {"a"})
        Recording(journal, "run-2").over()
        assert [one.status for one in other.runs()] == ["succeeded", "interrupted"]
        journal.close()
        other.close()

    def test_it_is_given_up_at_the_end(self, address: Address) -> None:
        journal = PostgresJournal(address)
        Recording(journal)
        journal.close()
        other = PostgresJournal(address)
        assert other.runs()[0].status == "interrupted"
        other.close()

    @pytest.mark.parametrize(("lease", "status"), [(1_000_000, "running"), (0, "interrupted")])
    def test_who_let_it_run_out_is_gone_unless_the_server_has_only_just_come_back(
        self, address: Address, monkeypatch: pytest.MonkeyPatch, lease: int, status: str
    ) -> None:
        journal = PostgresJournal(address)
        Recording(journal)
        do(address, "UPDATE leases SET until = clock_timestamp() - interval '1 s'")
        monkeypatch.setattr(leases, "LEASE_SECONDS", lease)  # as long as nobody could renew one after a restart
        other = PostgresJournal(address)
        assert other.runs()[0].status == status
        journal.close()
        other.close()


class TestAConnectionThatBreaks:
    def test_nothing_is_lost_and_nothing_is_recorded_twice(self, address: Address) -> None:
        journal = PostgresJournal(address)
        run = Recording(journal)
        for number in range(5):
            run.printed(f"{number}")
            break_connections(address)
        run.started("a", "write")
        run.finished("a", data={"n": 1}, effects="write")
        run.over()
        assert [piece.text for piece in journal.output("last")] == ["0", "1", "2", "3", "4"]
        assert journal.run("last").nodes["a"].data == {"n": 1}
        journal.close()

    def test_a_batch_of_which_it_is_not_known_whether_it_was_committed_goes_in_once(self, address: Address) -> None:
        journal = PostgresJournal(address)
        run = Recording(journal)
        session = journal._database._session
        commit = type(session.connection()).commit

        def broken(connection: object) -> None:
            monkeypatch.undo()
            commit(connection)
            break_connections(address)
            connection.execute("SELECT 1")

        with pytest.MonkeyPatch.context() as monkeypatch:
            run.printed("once")
            monkeypatch.setattr(type(session.connection()), "commit", broken)
            journal._database.commit()
        assert [piece.text for piece in journal.output("last")] == ["once"]
        journal.close()


class TestOneConnection:
    """Threads of a process share it: a transaction has it to itself until it is over."""

    def test_nothing_comes_between_a_transaction_and_its_end(
        self, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else what comes is part of it, and what follows is outside of all: without the schema, or half committed."""
        journal = PostgresJournal(address)
        run = Recording(journal)
        commit, ends, goes_on = Connection.commit, threading.Event(), threading.Event()

        def slowly(connection: Connection) -> None:
            if threading.current_thread() is saving:
                ends.set()
                goes_on.wait(60)
            commit(connection)

        monkeypatch.setattr(Connection, "commit", slowly)
        saving = threading.Thread(target=journal.add_version, args=(flow_of("a"),))
        saving.start()
        assert ends.wait(60)
        recording = threading.Thread(target=run.started, args=("a", "write"))
        recording.start()
        recording.join(0.2)
        assert recording.is_alive()
        goes_on.set()
        for thread in (saving, recording):
            thread.join(60)
        record = journal.run("last")
        assert (record.summary.status, record.nodes["a"].status) == ("running", "running")
        assert len(journal.versions("a")) == 1
        journal.close()


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("url", "words"),
        [
            (lambda: url_of("flowbook", WRONG), "cannot be reached"),
            (lambda: f"postgresql://flowbook:{WRONG}@127.0.0.1:1/shop", "cannot be reached"),
        ],
    )
    def test_a_server_that_refuses_is_named_and_the_password_never_is(self, url: object, words: str) -> None:
        journal = PostgresJournal(Address(url()))
        with pytest.raises(StoreError, match=words) as refused:
            journal.runs()
        assert "PGPASSWORD" in refused.value.hint
        shown = f"{refused.value!r} {refused.value} {refused.value.hint} {journal!r} {journal._address!r}"
        assert WRONG not in shown
        assert refused.value.__cause__ is None

    @pytest.mark.parametrize("url", ["postgresql://u:pw@h", "mysql://u:pw@h/d", "postgresql://u:pw@h:x/d"])
    def test_what_is_no_address_is_refused_without_showing_it(self, url: str) -> None:
        with pytest.raises(InputError) as refused:
            Address(url)
        assert "pw" not in str(refused.value)
        assert "postgresql://USER@HOST" in refused.value.hint

    def test_a_schema_of_a_newer_flowbook_is_left_alone(self, address: Address) -> None:
        PostgresJournal(address).runs()
        do(address, "UPDATE flowbook_version SET version = 999")
        with pytest.raises(StoreError, match="newer Flowbook"):
            PostgresJournal(address).runs()

    def test_a_database_that_is_read_only_can_be_read(self, address: Address) -> None:
        journal = PostgresJournal(address)
        Recording(journal).over()
        journal.close()
        only_read = Address(f"{url_of(address.schema)}&options=-c%20default_transaction_read_only%3Don")
        reader = PostgresJournal(only_read)
        assert reader.runs()[0].status == "succeeded"
        with pytest.raises(StoreError, match="read-only"):
            reader.add_version(flow_of())
        reader.close()

    def test_a_database_that_was_read_only_for_a_while_is_written_again(
        self, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a replica that became the primary, and a disk that was full."""
        role = "ALTER ROLE flowbook IN DATABASE shop SET default_transaction_read_only = {}"
        PostgresJournal(address).workflows()  # the schema is there
        with administrator() as cursor:
            try:
                cursor.execute(role.format("on"))
                journal = PostgresJournal(address)
                journal.workflows()
                with pytest.raises(StoreError, match="read-only"):
                    journal.add_version(flow_of())
                cursor.execute(role.format("off"))
                with pytest.raises(StoreError, match="read-only"):
                    journal.add_version(flow_of())
                monkeypatch.setattr(session, "READ_ONLY_SECONDS", 0.0)  # as when a moment has passed
                journal.add_version(flow_of())
                assert len(journal.versions("flow")) == 1
                journal.close()
            finally:
                cursor.execute(role.format("off"))


@contextlib.contextmanager
def administrator() -> Iterator[Any]:
    """Who may write all the same."""
    connection = psycopg2.connect(**Address(url_of("public")).connecting)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        yield cursor
    connection.close()


def test_texts_that_postgresql_cannot_hold_come_back_as_they_were(address: Address) -> None:
    journal = PostgresJournal(address)
    run = Recording(journal)
    odd = "a\x00b \ue000 \ue000b: é"
    run.printed(odd)
    run.finished("a", data={"odd": odd, "lone": "\ud800"})
    run.over()
    assert [piece.text for piece in journal.output("last")] == [odd]
    assert journal.run("last").nodes["a"].data == {"odd": odd, "lone": "\ud800"}
    journal.close()


def test_processes_that_record_at_the_same_time_lose_nothing(address: Address) -> None:
    program = (
        "import sys; from flowbook.postgres import Address; from flowbook.journal.postgres import PostgresJournal\n"
        "from tests.recorded import Recording\n"
        "journal = PostgresJournal(Address(sys.argv[1]))\n"
        "for number in range(10):\n"
        "    run = Recording(journal, f'{sys.argv[2]}-{number}')\n"
        "    run.finished('a', data=number, effects='write')\n"
        "    run.over()\n"
        "journal.close()\n"
    )
    url = url_of(address.schema)
    writers = [subprocess.Popen([sys.executable, "-c", program, url, str(one)]) for one in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    journal = PostgresJournal(address)
    runs = journal.runs(limit=None)
    assert {run.id for run in runs} == {f"{one}-{number}" for one in range(4) for number in range(10)}
    assert {run.status for run in runs} == {"succeeded"}
    journal.close()


def test_a_history_in_a_file_imports_nothing_of_it() -> None:
    program = "import sys, flowbook; flowbook.Workspace(memory=True).runs(); print('psycopg2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
