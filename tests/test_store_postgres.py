"""The store in PostgreSQL: what a database does that no file does, and what of it a person is told."""

from __future__ import annotations

import select
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from flowbook.errors import InputError, StoreDamaged, StoreError
from flowbook.postgres import Address, Connection, listen, listening
from flowbook.store import postgres_rows
from flowbook.store.postgres import PostgresStore
from tests.databases import break_connections, do, emptied_schema, url_of
from tests.integrations.postgres_server import PASSWORD
from tests.stored import flow, with_integration
from tests.waiting import until


@pytest.fixture
def address() -> Address:
    return emptied_schema()


@pytest.fixture
def store(address: Address) -> Iterator[PostgresStore]:
    made = PostgresStore(address)
    yield made
    made.close()


class TestABrokenConnection:
    """As when the server was restarted."""

    def test_is_made_anew_for_what_is_read(self, store: PostgresStore, address: Address) -> None:
        store.save_workflow(flow())
        break_connections(address)
        assert store.workflow("daily-report") == flow()

    def test_is_made_anew_for_a_save(self, store: PostgresStore, address: Address) -> None:
        store.save_workflow(flow())
        break_connections(address)
        assert store.save_workflow(flow()) == 2

    def test_within_a_transaction_takes_all_of_it_back_and_says_so(
        self, store: PostgresStore, address: Address
    ) -> None:
        store.save_workflow(flow())

        def change() -> None:
            with store.transaction():
                store.save_workflow(flow("second"))
                break_connections(address)
                store.save_workflow(flow("third"))

        with pytest.raises(StoreError, match="broke"):
            change()
        assert store.workflow_names() == ["daily-report"]

    @pytest.mark.parametrize("reached", [True, False])
    def test_at_the_very_commit_leaves_no_doubt_about_the_save(
        self, store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch, reached: bool
    ) -> None:
        store.save_workflow(flow())
        commit = Connection.commit

        def breaking(connection: Connection) -> None:
            monkeypatch.setattr(Connection, "commit", commit)
            if reached:
                connection.raw.cursor().execute("COMMIT")  # the answer to it is what got lost
            break_connections(address)
            commit(connection)

        monkeypatch.setattr(Connection, "commit", breaking)
        if reached:
            assert store.save_workflow(flow(changed=True)) == 2
        else:
            with pytest.raises(StoreError, match="broke"):
                store.save_workflow(flow(changed=True))
        assert store.workflow_revision("daily-report") == (2 if reached else 1)


class TestListening:
    def test_goes_on_after_the_connection_broke_and_misses_nothing(
        self, store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listening, "AGAIN", (0.01,))
        monkeypatch.setattr(listening, "TOGETHER", 0.01)
        heard: list[str] = []
        stop = listen(Address(url_of(address.schema)), lambda what: heard.extend(what))

        def told() -> bool:
            store.save_workflow(flow())
            return bool(heard)

        until(told)
        break_connections(address)
        heard.clear()
        store.save_workflow(flow())
        until(lambda: "documents" in heard)
        stop()

    def test_hears_at_once_of_a_save_that_is_told_together_with_the_answer_to_a_question(
        self, store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[str] = []
        execute, asked = Connection.execute, []

        def slow(connection: Connection, *given: Any) -> Any:
            if "FROM changes" in given[0] and threading.current_thread().name == "flowbook-listening":
                asked.append(given)
                if len(asked) == 2:
                    heard.clear()
                    store.save_workflow(flow(changed=True))
                    assert select.select([connection.raw], [], [], 30)[0]
            return execute(connection, *given)

        monkeypatch.setattr(Connection, "execute", slow)
        stop = listen(Address(url_of(address.schema)), lambda what: heard.extend(what))
        until(lambda: "runs" in heard)
        store.save_workflow(flow())
        until(lambda: len(asked) > 2 and heard.count("documents") == 2, 50)  # as of the first save, and of the second
        stop()

    def test_where_nothing_is_told_the_number_of_saves_is_looked_at(
        self, store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listening, "SLOWLY", 0.05)
        monkeypatch.setattr(Address, "channel", property(lambda self: f"of_{self.sender}"))  # as behind some pools
        heard: list[str] = []
        stop = listen(Address(url_of(address.schema)), lambda what: heard.extend(what))

        def told() -> bool:
            store.save_workflow(flow())
            return bool(heard)

        until(told)
        stop()


class TestOtherWriters:
    def test_are_waited_for_and_at_last_named(
        self, store: PostgresStore, address: Address, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_rows, "LOCK_SECONDS", 0.0)
        store.save_workflow(flow())
        other = PostgresStore(address)
        with other.transaction(), pytest.raises(StoreError, match="others are changing"):
            store.save_workflow(flow())
        assert store.save_workflow(flow()) == 2
        other.close()

    def test_do_not_wait_for_one_who_only_looks(self, store: PostgresStore, address: Address) -> None:
        store.save_workflow(flow())
        other = PostgresStore(address)
        with other.transaction():
            other.save_workflow(flow("second"))
            assert store.workflow_names() == ["daily-report"]
        assert store.workflow_names() == ["daily-report", "second"]
        other.close()


class TestWhatAPersonIsTold:
    def test_a_read_only_database_can_be_read_and_says_what_to_do(self, address: Address) -> None:
        made = PostgresStore(address)
        made.save_workflow(flow())
        made.close()
        reader = PostgresStore(Address(url_of(address.schema) + "&options=-c%20default_transaction_read_only%3Don"))
        assert reader.workflow("daily-report") == flow()
        with pytest.raises(StoreError, match="read-only"):
            reader.save_workflow(flow())
        reader.close()

    @pytest.mark.parametrize("rights", ["nothing", "USAGE ON SCHEMA shared", "a schema of its own"])
    def test_a_role_without_the_rights_is_told_so_and_not_that_the_server_is_gone(
        self, store: PostgresStore, address: Address, rights: str
    ) -> None:
        store.workflows()  # the schema is there
        schema = "not_there" if rights == "a schema of its own" else address.schema
        guest = url_of(schema).replace("flowbook:", "guest:", 1).replace(quote(PASSWORD, safe=""), "guest-password", 1)
        if rights.startswith("USAGE"):
            do(address, f"GRANT {rights} TO guest")
        try:
            theirs = PostgresStore(Address(guest))
            with pytest.raises(StoreError) as refused:
                theirs.workflows()
        finally:
            do(address, f"REVOKE USAGE ON SCHEMA {address.schema} FROM guest")
        assert "broke" not in str(refused.value)
        assert "Ask the owner" in refused.value.hint

    def test_too_many_connections_are_told_with_what_to_do_and_once_there_is_room_it_goes_on(
        self, store: PostgresStore, address: Address
    ) -> None:
        store.save_workflow(flow())
        guest = url_of(address.schema).replace("flowbook:", "guest:", 1)
        theirs = PostgresStore(Address(guest.replace(quote(PASSWORD, safe=""), "guest-password", 1)))
        schema = address.schema
        do(address, f"GRANT USAGE ON SCHEMA {schema} TO guest; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO guest")
        do(address, "ALTER ROLE guest CONNECTION LIMIT 0")
        try:
            with pytest.raises(StoreError, match="too many connections") as refused:
                theirs.workflow("daily-report")
            assert refused.value.hint
            assert "guest-password" not in f"{refused.value} {refused.value.hint}"
            do(address, "ALTER ROLE guest CONNECTION LIMIT -1")
            assert theirs.workflow("daily-report") == flow()
        finally:
            theirs.close()
            do(address, "ALTER ROLE guest CONNECTION LIMIT -1")
            do(
                address,
                f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM guest; REVOKE USAGE ON SCHEMA {schema} FROM guest",
            )

    def test_a_row_that_was_changed_by_hand_is_named_and_left(self, store: PostgresStore, address: Address) -> None:
        store.save_workflow(flow())
        do(address, "UPDATE documents SET document = '{\"name\": '")
        for ask in (store.workflows, lambda: store.workflow("daily-report")):
            with pytest.raises(StoreDamaged, match="daily-report"):
                ask()

    def test_there_is_no_last_good_copy_to_restore(self, store: PostgresStore) -> None:
        with pytest.raises(StoreError, match="backup of the database"):
            store.recover()

    def test_no_address_or_error_shows_the_password(self, address: Address) -> None:
        store = PostgresStore(Address(url_of(address.schema, "wr0ng-and-secret")))
        with pytest.raises(StoreError) as caught:
            store.workflows()
        assert "wr0ng" not in f"{caught.value}{store!r}{store.place}"
        with pytest.raises(InputError):
            Address("postgresql:///")


def test_a_save_writes_its_own_row_only(store: PostgresStore, address: Address) -> None:
    with_integration(store).save_workflow(flow("other"))
    store.save_workflow(flow())
    with store.transaction():
        before = rows_as_they_are(store)
        store.save_workflow(flow(changed=True))
        assert {name for name, place in rows_as_they_are(store).items() if before[name] != place} == {"daily-report"}


def rows_as_they_are(store: PostgresStore) -> dict[str, str]:
    """Where each row is in its table: it is elsewhere once it was written anew."""
    return {row["name"]: row["ctid"] for row in store._rows.read("SELECT name, ctid::text FROM documents")}
