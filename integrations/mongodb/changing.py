"""Inserting, changing and deleting documents; indexes and collections."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, tables, task
from flowbook.counting import counted

from .connection import Line, asked
from .models import (
    CreateIndex,
    Credentials,
    DeleteMany,
    DeleteOne,
    DropCollection,
    FindOneAndUpdate,
    InsertMany,
    InsertOne,
    ReplaceOne,
    UpdateMany,
    UpdateOne,
)
from .reading import names, seems_an_id
from .values import given, got


def _updating(update: Any) -> Any:
    """How documents change. TaskFailed for what is none of MongoDB's operators: it would be taken for a mistake."""
    made = given(update, "update")
    plain = isinstance(made, dict) and next((name for name in made if not name.startswith("$")), None)
    if plain:
        hint = 'Write {"$set": {…}} to set fields; replace_one replaces the whole document.'
        raise TaskFailed(f"update.{plain} is no operator.", hint=hint, permanent=True)
    return made


def _replacement(document: Any) -> Any:
    made = given(document, "document")
    operator = next((name for name in made if name.startswith("$")), None)
    if operator:
        raise TaskFailed(f"document.{operator} is an operator.", hint="update_one takes operators.", permanent=True)
    return made


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"inserted_id": {"$oid": "66320f1c9d1e8a0012345678"}},
)
def insert_one(credentials: Credentials, params: InsertOne) -> Result:
    """Insert a document. Data: {"inserted_id"}."""
    document = given(params.document, "document")

    async def work(line: Line) -> Any:
        database = line.database(params.database)
        line.about_to("insert into", database, params.collection, document=document)
        return (await database[params.collection].insert_one(document)).inserted_id

    return Result.ok("Inserted.", {"inserted_id": got(asked(credentials, work, params.timeout), "extended")})


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"inserted": 1, "inserted_ids": [{"$oid": "66320f1c9d1e8a0012345678"}]},
)
def insert_many(credentials: Credentials, params: InsertMany) -> Result:
    """Insert documents. Data: {"inserted", "inserted_ids"}; a failure's data says how many were "inserted" too."""
    documents = [given(dict(one), f"documents[{place}]") for place, one in enumerate(tables.mappings(params.documents))]
    if not documents:
        return Result.ok("There is nothing to insert.", {"inserted": 0, "inserted_ids": []})

    async def work(line: Line) -> Any:
        database = line.database(params.database)
        line.about_to("insert into", database, params.collection, documents=len(documents))
        return (await database[params.collection].insert_many(documents, ordered=params.ordered)).inserted_ids

    ids = got(asked(credentials, work, params.timeout), "extended")
    return Result.ok(f"{counted(len(ids), 'document')} inserted.", {"inserted": len(ids), "inserted_ids": ids})


def _changed(done: Any, filter: dict[str, Any]) -> Result:
    upserted = got(done.upserted_id, "extended")
    # A matched count of 1 is what servers say of an upsert in some versions of the protocol: the id tells them apart.
    matched = 0 if upserted is not None else done.matched_count
    data = {"matched": matched, "changed": done.modified_count, "upserted_id": upserted}
    if upserted is not None:
        return Result.ok("None was there: inserted.", data)
    hint = "" if matched else seems_an_id(filter)
    return Result.ok(f"{counted(matched, 'document')} found, {done.modified_count:,} changed.{hint}", data)


def _update(credentials: Credentials, params: UpdateOne | UpdateMany, method: str, action: str) -> Result:
    filter, update = given(params.filter, "filter"), _updating(params.update)

    async def work(line: Line) -> Any:
        database = line.database(params.database)
        line.about_to(action, database, params.collection, filter=filter, update=update, upsert=params.upsert)
        return await getattr(database[params.collection], method)(filter, update, upsert=params.upsert)

    return _changed(asked(credentials, work, params.timeout), params.filter)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"matched": 1, "changed": 1, "upserted_id": None},
)
def update_one(credentials: Credentials, params: UpdateOne) -> Result:
    """Change a document, or insert it with upsert. Data: {"matched", "changed", "upserted_id"}."""
    return _update(credentials, params, "update_one", "update one of")


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"matched": 2, "changed": 2, "upserted_id": None},
)
def update_many(credentials: Credentials, params: UpdateMany) -> Result:
    """Change all documents that fit. Data: {"matched", "changed", "upserted_id"}."""
    return _update(credentials, params, "update_many", "update")


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"matched": 1, "changed": 1, "upserted_id": None},
)
def replace_one(credentials: Credentials, params: ReplaceOne) -> Result:
    """Replace a whole document, or insert it with upsert. Data: {"matched", "changed", "upserted_id"}."""
    filter, document = given(params.filter, "filter"), _replacement(params.document)

    async def work(line: Line) -> Any:
        database = line.database(params.database)
        line.about_to("replace one of", database, params.collection, filter=filter, document=document)
        return await database[params.collection].replace_one(filter, document, upsert=params.upsert)

    return _changed(asked(credentials, work, params.timeout), params.filter)


def _delete(credentials: Credentials, params: DeleteOne | DeleteMany, method: str, action: str) -> Result:
    filter = given(params.filter, "filter")

    async def work(line: Line) -> int:
        database = line.database(params.database)
        line.about_to(action, database, params.collection, filter=filter)
        gone: int = (await getattr(database[params.collection], method)(filter)).deleted_count
        return gone

    gone = asked(credentials, work, params.timeout)
    hint = "" if gone else seems_an_id(params.filter)
    return Result.ok(f"{counted(gone, 'document')} deleted.{hint}", {"deleted": gone})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"deleted": 1})
def delete_one(credentials: Credentials, params: DeleteOne) -> Result:
    """Delete a document. Data: {"deleted"}: 1, or 0 where none fits."""
    return _delete(credentials, params, "delete_one", "delete one of")


@task(
    effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False, example={"deleted": 2}
)
def delete_many(credentials: Credentials, params: DeleteMany) -> Result:
    """Delete all documents that fit. Data: {"deleted"}: how many."""
    return _delete(credentials, params, "delete_many", "delete from")


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_one_and_update(credentials: Credentials, params: FindOneAndUpdate) -> Result:
    """Change a document and read it, in one: of many that try at the same time, one gets it, as for a queue.

    Data: the object, null where none fits (and, with get: before, where it was inserted).
    """
    filter, update = given(params.filter, "filter"), _updating(params.update)
    sort = list(given(params.sort, "sort").items()) or None

    async def work(line: Line) -> Any:
        database = line.database(params.database)
        line.about_to("update one of", database, params.collection, filter=filter, update=update, upsert=params.upsert)
        return await database[params.collection].find_one_and_update(
            filter, update, projection=given(names(params.projection), "projection"), sort=sort, upsert=params.upsert,
            return_document=params.get == "after",
        )  # fmt: skip

    found = asked(credentials, work, params.timeout)
    message = "Changed." if found is not None else f"No document was there.{seems_an_id(params.filter)}"
    return Result.ok(message, got(found, params.as_))


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_index(credentials: Credentials, params: CreateIndex) -> Result:
    """Make an index where there is none like it. Data: {"name"} of the index."""
    options: dict[str, Any] = {
        "name": params.name, "unique": params.unique or None, "sparse": params.sparse or None,
        "expireAfterSeconds": params.expire_after, "partialFilterExpression": given(params.where, "where") or None,
    }  # fmt: skip
    options = {name: value for name, value in options.items() if value is not None}
    keys = given(params.keys, "keys")

    async def work(line: Line) -> str:
        database = line.database(params.database)
        line.about_to("create an index of", database, params.collection, keys=keys, **options)
        name: str = await database[params.collection].create_index(list(keys.items()), **options)
        return name

    name = asked(credentials, work, params.timeout)
    return Result.ok(f"The index {name} is there.", {"name": name})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def drop_collection(credentials: Credentials, params: DropCollection) -> Result:
    """Delete a collection with all documents and indexes. Data: {"dropped"}: false where there was none."""

    async def work(line: Line) -> bool:
        database = line.database(params.database)
        there = params.collection in await database.list_collection_names(filter={"name": params.collection})
        line.about_to("drop", database, params.collection)
        await database.drop_collection(params.collection)
        return there

    there = asked(credentials, work, params.timeout)
    return Result.ok("Deleted." if there else "There is no such collection.", {"dropped": there})
