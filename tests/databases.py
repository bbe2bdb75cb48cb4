"""Schemas of one real PostgreSQL server, for the tests of what Flowbook keeps there."""

from __future__ import annotations

import atexit
import functools
import itertools
from contextlib import ExitStack
from urllib.parse import quote

from flowbook.postgres import Address, Session
from tests.integrations.postgres_server import PASSWORD, PostgresServer, running_postgres

TABLES = (
    "documents", "meta", "locks", "leases", "runs", "nodes", "items", "output", "attempts", "definitions", "versions",
    "schedules", "fires", "queue", "hooks", "deliveries",
)  # fmt: skip

_number = itertools.count(1)


_started = ExitStack()
atexit.register(_started.close)


@functools.cache
def server() -> PostgresServer:
    """The server of this process; it is stopped at the end of it."""
    return _started.enter_context(running_postgres(durable=_durable))


_durable = False


def durable_server() -> PostgresServer:
    """A new one in its place, which syncs each commit, as servers do: for those who crash it."""
    global _durable
    stop()
    server.cache_clear()
    _emptying.cache_clear()
    _durable = True
    return server()


def stop() -> None:
    """Stop it now: the processes of pytest-xdist end without what is registered for their end."""
    _started.close()


def url_of(schema: str, password: str = PASSWORD) -> str:
    """The address of a schema."""
    return f"postgresql://flowbook:{quote(password, safe='')}@127.0.0.1:{server().port}/shop?schema={schema}"


def schema_of_our_own() -> Address:
    """The address of a schema that is not there yet."""
    return Address(url_of(f"own_{next(_number)}"))


@functools.cache
def _emptying() -> Session:
    return Session(Address(url_of("shared") + "&application_name=tests"), "the tests' schema")


def emptied_schema() -> Address:
    """The address of a schema that the tests of this process share, with nothing in its tables: that costs little."""
    session = _emptying()
    with session.transaction() as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table}")
    return Address(url_of("shared"))


def do(address: Address, sql: str) -> None:
    """Do something in the database that Flowbook would not."""
    session = Session(Address(url_of(address.schema) + "&application_name=tests"), "the tests' schema")
    with session.transaction(alone=False) as connection:
        connection.execute(sql)
    session.close()


def break_connections(address: Address) -> None:
    """As a server that is restarted does; the tests' own connections are left alone."""
    do(
        address,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flowbook'"
        " AND datname = current_database() AND pid <> pg_backend_pid()",
    )
