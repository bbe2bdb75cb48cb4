"""Trying the credentials, and reading documents."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted

from .connection import Line, asked
from .models import (
    Aggregate,
    Count,
    Credentials,
    Distinct,
    Find,
    FindOne,
    ListCollections,
    ListDatabases,
    TestConnection,
)
from .values import given, got

_WRITING = ("$out", "$merge")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: connect, sign in and ask the server what it is.

    A failure's data has a "kind": unauthorized, forbidden, unreachable, wrong_address, timeout, tls.
    Data: {"version", "database", "replica_set"}.
    """

    async def work(line: Line) -> dict[str, Any]:
        admin = line.client["admin"]
        await admin.command("connectionStatus")  # signs in
        about = await admin.command("buildInfo")
        return {"version": about.get("version"), "replica_set": (await admin.command("hello")).get("setName")}

    said = asked(credentials, work)
    data = {"version": said["version"], "database": credentials.database, "replica_set": said["replica_set"]}
    return Result.ok(f"Connected to MongoDB {data['version']}.", data)


async def _documents(cursor: Any, limit: int | None) -> tuple[list[Any], bool]:
    """As many as are wanted, and whether there are more."""
    found: list[Any] = []
    async for document in cursor:
        if limit is not None and len(found) == limit:
            return found, True
        found.append(document)
        if not len(found) % 1000:
            current().progress(len(found), None, "documents")
    return found, False


def _told(data: list[Any], more: bool) -> str:
    cut = ", cut at the limit: there are more" if more else ""
    return f"{counted(len(data), 'document')}{cut}."


def names(projection: Any) -> Any:
    """Fields as MongoDB takes them."""
    return dict.fromkeys(projection, 1) if isinstance(projection, list) else projection


def seems_an_id(filter: dict[str, Any]) -> str:
    """A hint where an id was given as a text, which no ObjectId is the same as."""
    id = filter.get("_id")
    looks = isinstance(id, str) and len(id) == 24 and all(letter in "0123456789abcdefABCDEF" for letter in id)
    return ' An _id that MongoDB made is {"$oid": "…"}, not its text.' if looks else ""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find(credentials: Credentials, params: Find) -> Result:
    """Read documents. Data: a list of objects."""
    filter, projection = given(params.filter, "filter"), given(names(params.projection), "projection")
    limit = None if params.all else params.limit

    async def work(line: Line) -> tuple[list[Any], bool]:
        cursor = line.database(params.database)[params.collection].find(
            filter, projection, skip=params.skip, limit=0 if limit is None else limit + 1,
            sort=list(given(params.sort, "sort").items()) or None,
        )  # fmt: skip
        async with cursor:
            return await _documents(cursor, limit)

    found, more = asked(credentials, work, params.timeout)
    data = got(found, params.as_)
    return Result.ok(_told(data, more) + ("" if data else seems_an_id(params.filter)), data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_one(credentials: Credentials, params: FindOne) -> Result:
    """Read a document. Data: the object, null where none fits."""
    filter, projection = given(params.filter, "filter"), given(names(params.projection), "projection")
    sort = list(given(params.sort, "sort").items()) or None

    async def work(line: Line) -> Any:
        collection = line.database(params.database)[params.collection]
        return await collection.find_one(filter, projection, sort=sort, skip=params.skip)

    found = asked(credentials, work, params.timeout)
    message = "There it is." if found is not None else f"No document fits.{seems_an_id(params.filter)}"
    return Result.ok(message, got(found, params.as_))


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def count(credentials: Credentials, params: Count) -> Result:
    """Count documents. Data: the number."""
    filter = given(params.filter, "filter")

    async def work(line: Line) -> int:
        found: int = await line.database(params.database)[params.collection].count_documents(filter)
        return found

    number = asked(credentials, work, params.timeout)
    return Result.ok(f"{counted(number, 'document')}.", number)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def distinct(credentials: Credentials, params: Distinct) -> Result:
    """Read the values that a field has, each once. Data: a list of values."""
    filter = given(params.filter, "filter")

    async def work(line: Line) -> Any:
        return await line.database(params.database)[params.collection].distinct(params.field, filter)

    data = got(asked(credentials, work, params.timeout), params.as_)
    return Result.ok(f"{counted(len(data), 'value')}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def aggregate(credentials: Credentials, params: Aggregate) -> Result:
    """Sum up, group, join and reshape documents by a pipeline that reads. Data: a list of objects.

    Facts: https://www.mongodb.com/docs/manual/reference/operator/aggregation-pipeline/
    """
    pipeline = given(params.pipeline, "pipeline")
    writing = next((name for stage in pipeline for name in stage if name in _WRITING), None)
    if writing is not None:
        hint = "Take the stage out, and write what it gives with insert_many or update_one."
        raise TaskFailed(f"The pipeline writes ({writing}), and this task only reads.", hint=hint, permanent=True)
    limit = None if params.all else params.limit

    async def work(line: Line) -> tuple[list[Any], bool]:
        cursor = await line.database(params.database)[params.collection].aggregate(pipeline)
        async with cursor:
            return await _documents(cursor, limit)

    found, more = asked(credentials, work, params.timeout)
    data = got(found, params.as_)
    return Result.ok(_told(data, more), data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_databases(credentials: Credentials, params: ListDatabases) -> Result:
    """List the databases that the user may see. Data: a list of names, sorted."""

    async def work(line: Line) -> list[str]:
        return sorted(await line.client.list_database_names())

    data = asked(credentials, work, params.timeout)
    return Result.ok(f"{counted(len(data), 'database')}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_collections(credentials: Credentials, params: ListCollections) -> Result:
    """List the collections of a database. Data: a list of names, sorted."""

    async def work(line: Line) -> list[str]:
        return sorted(await line.database(params.database).list_collection_names())

    data = asked(credentials, work, params.timeout)
    return Result.ok(f"{counted(len(data), 'collection')}.", data)
