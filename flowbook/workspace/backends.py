"""What a workspace keeps its things in; the one place where a store and a journal are made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flowbook import environment
from flowbook.errors import InputError
from flowbook.journal import SqliteJournal
from flowbook.journal.sql import SqlJournal
from flowbook.records import NamedTuple
from flowbook.store import TinyStore, WorkspaceStore
from flowbook.workspace.locks import FileLocks, Locks, ThreadLocks
from flowbook.workspace.settings import keep_setting, text_setting

if TYPE_CHECKING:
    from flowbook.postgres import Address
    from flowbook.triggers import Rows
    from flowbook.triggers.queue import Holder

STORE = "flowbook.json"
HISTORY = "runs.sqlite"
TRIGGERS = "triggers.sqlite"
SETTING = "store"
FILES = "files"
_EXAMPLE = "postgresql://USER@HOST/DATABASE"


class Backends(NamedTuple):
    """Where the documents of a workspace are, where its runs, and what keeps those who use it out of each other's way.

    ``address`` is that of the database, None for a workspace in files or in memory.
    """

    store: WorkspaceStore
    journal: SqlJournal
    locks: Locks
    address: Address | None = None


def open_backends(folder: Path | None) -> Backends:
    """The store and the journal of the workspace with that ``.flowbook`` folder; both in memory when it is None.

    They are in the database that ``FLOWBOOK_STORE`` names, else the setting "store" in the folder, else in files there.
    Nothing is read or written before they are used. Raises InputError for what is no address of a database.
    """
    if folder is None:
        return Backends(TinyStore(None), SqliteJournal(None), ThreadLocks())
    address = address_of(folder)
    return in_files(folder) if address is None else in_postgres(address)


def in_files(folder: Path) -> Backends:
    """Those in the files of a ``.flowbook`` folder."""
    return Backends(TinyStore(folder / STORE), SqliteJournal(folder / HISTORY), FileLocks(folder / "live"))


def in_postgres(address: Address) -> Backends:
    """Those in a schema of a PostgreSQL database."""
    from flowbook.journal.postgres import PostgresJournal
    from flowbook.store.postgres import PostgresStore
    from flowbook.workspace.postgres_locks import PostgresLocks

    return Backends(PostgresStore(address), PostgresJournal(address), PostgresLocks(address), address)


def address_of(folder: Path) -> Address | None:
    """The database that a workspace is in, None when it is in files. Raises InputError."""
    given = environment.take().get(environment.STORE)
    setting = None if given else text_setting(folder, SETTING, _EXAMPLE)
    if not given and not setting:
        return None
    from flowbook.postgres import Address

    try:
        address = Address(given or setting or "")
    except InputError as error:
        where = environment.STORE if given else f"the setting {SETTING!r} of {str(folder)!r}"
        raise InputError(f"{where}: {error.message}", error.hint) from None
    if address.has_password and not given:
        raise InputError(
            f"the settings in {str(folder)!r} hold the password of a database in clear.",
            f"Take it out of there, and put it into ~/.pgpass; or give the whole address by {environment.STORE}.",
        )
    return address


def reached(url: str) -> Address:
    """The address of a database that a workspace can be in: it was asked, and its schema is there.

    Raises InputError for what is no address, StoreError for a database that cannot be used.
    """
    from flowbook.postgres import Address
    from flowbook.store.postgres import PostgresStore

    address = Address(url)
    store = PostgresStore(address)
    store.workflow_names()
    store.close()
    return address


def keep_in(folder: Path, address: Address | None) -> None:
    """Have the workspace with that ``.flowbook`` folder be in a database (None: in files) when it is opened next.

    Nothing is copied. The address is kept in its settings, without a password.
    """
    keep_setting(folder, SETTING, None if address is None else str(address))


class Triggered(NamedTuple):
    """Where what starts runs is, and who this process is to the others there."""

    rows: Rows
    holder: Holder


def open_triggers(folder: Path | None, address: Address | None = None) -> Triggered:
    """What starts runs: in the database at ``address``, else in that ``.flowbook`` folder, else in memory."""
    if address is not None:
        from flowbook.triggers.postgres_rows import LeaseHolder, PostgresRows

        return Triggered(PostgresRows(address), LeaseHolder(address))
    from flowbook.journal.owners import Owner
    from flowbook.triggers import SqliteRows  # a run that a person starts has no use for it

    if folder is None:
        return Triggered(SqliteRows(None), Owner(None))
    return Triggered(SqliteRows(folder / TRIGGERS), Owner(folder / "live"))
