"""Records: reading and writing them, ten a request.

Facts: https://airtable.com/developers/web/api/list-records, /create-records, /update-multiple-records and
/delete-multiple-records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook import Result, TaskFailed, current, http, tables, task
from flowbook.counting import counted

from .client import BETWEEN, PAGE, Airtable, unlike
from .models import (
    CreateRecords,
    Credentials,
    DeleteRecords,
    FindRecord,
    ListRecords,
    OneRecord,
    UpdateRecords,
    UpsertRecords,
)

AT_ONCE = 10
"""Records in one request that writes."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_records(credentials: Credentials, params: ListRecords) -> Result:
    """Read records of a table. Data: a list of rows (the fields by name, with id and created_time), or of records.

    A field that is empty is not in a record. By POST, as long formulas need it.
    https://airtable.com/developers/web/api/list-records
    """
    wanted = params.wanted
    given = {"view": params.view, "filterByFormula": params.formula, "fields": params.fields, "sort": params.sort}
    asked: dict[str, Any] = {name: value for name, value in given.items() if value}
    asked["pageSize"] = PAGE if wanted is None else min(PAGE, wanted)
    with Airtable(credentials) as airtable:
        path = f"{airtable.table(params.base, params.table)}/listRecords"
        found, more = airtable.listed(path, "records", wanted, asked, post=True)
    rows = found if params.as_ == "records" else [_row(one) for one in found]
    return Result.ok(f"{counted(len(found), 'record', more)}.", rows)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_record(credentials: Credentials, params: OneRecord) -> Result:
    """Read one record. Data: its fields by name, with id and created_time.

    https://airtable.com/developers/web/api/get-record
    """
    with Airtable(credentials) as airtable:
        record = airtable.call("GET", f"{airtable.table(params.base, params.table)}/{params.record}")
    return Result.ok(f"Record {params.record}.", _row(record))


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_record(credentials: Credentials, params: FindRecord) -> Result:
    """Find the one record whose field holds exactly this. Data: its fields by name, with id and created_time."""
    asked = {"filterByFormula": f"{_braced(params.field)} = {_literal(params.value)}", "pageSize": PAGE}
    with Airtable(credentials) as airtable:
        path = f"{airtable.table(params.base, params.table)}/listRecords"
        found, _ = airtable.listed(path, "records", None, asked, post=True)
    exact = [one for one in found if _holds(one, params.field, params.value)]
    if len(exact) == 1:
        return Result.ok(f"It is {exact[0].get('id')}.", _row(exact[0]))
    what = f"there are {counted(len(exact), 'record')}" if exact else "there is no record"
    alike = [] if exact else [repr((one.get("fields") or {}).get(params.field)) for one in found[:5]]
    named = f"; what was found is {', '.join(alike)}" if alike else ""
    raise TaskFailed(
        f"Airtable: {what} whose {params.field} is {params.value!r}{named}.",
        {"kind": "not_found", "ids": [one.get("id") for one in exact]},
        hint="Use list_records for several." if exact else "Check the value.",
        permanent=True,
    )


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=[{"id": "rec560UJdUtocSouk", "created_time": "2022-09-12T21:03:48.000Z", "Name": "Ada"}],
)
def create_records(credentials: Credentials, params: CreateRecords) -> Result:
    """Make records. Data: a list of rows as list_records gives them.

    When one of several requests fails, its data says how many were made. https://airtable.com/developers/web/api/create-records
    """
    records = [{"fields": fields} for fields in _given(params.records)]
    made: list[Any] = []
    with Airtable(credentials) as airtable:
        path = airtable.table(params.base, params.table)

        def send(part: list[Any]) -> None:
            body = {"records": part, "typecast": params.typecast}
            made.extend(_records(airtable.call("POST", path, json=body, expect=(200,))))

        _in_parts(records, send, again=False)
    return Result.ok(f"{counted(len(made), 'record')} made.", [_row(one) for one in made])


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=[{"id": "rec560UJdUtocSouk", "created_time": "2022-09-12T21:03:48.000Z", "Name": "Ada"}],
)
def update_records(credentials: Credentials, params: UpdateRecords) -> Result:
    """Change fields of records, each given by its id. Data: a list of rows as list_records gives them.

    https://airtable.com/developers/web/api/update-multiple-records
    """
    records = [_with_id(fields) for fields in _given(params.records)]
    changed: list[Any] = []
    with Airtable(credentials) as airtable:
        path = airtable.table(params.base, params.table)

        def send(part: list[Any]) -> None:
            body = {"records": part, "typecast": params.typecast}
            method = "PUT" if params.replace else "PATCH"
            changed.extend(_records(airtable.call(method, path, json=body, expect=(200,), retry=True)))

        _in_parts(records, send)
    return Result.ok(f"{counted(len(changed), 'record')} changed.", [_row(one) for one in changed])


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "rows": [{"id": "rec560UJdUtocSouk", "created_time": "2022-09-12T21:03:48.000Z", "Name": "Ada"}],
        "created": [],
        "updated": ["rec560UJdUtocSouk"],
    },
)
def upsert_records(credentials: Credentials, params: UpsertRecords) -> Result:
    """Change the records that are there, by one to three fields, and make the others.

    Data: {"rows", "created", "updated"}, the last two lists of IDs.
    https://airtable.com/developers/web/api/update-multiple-records
    """
    records = [{"fields": fields} for fields in _given(params.records)]
    data: dict[str, list[Any]] = {"rows": [], "created": [], "updated": []}
    with Airtable(credentials) as airtable:
        path = airtable.table(params.base, params.table)

        def send(part: list[Any]) -> None:
            merging = {"fieldsToMergeOn": params.match_on}
            body = {"records": part, "performUpsert": merging, "typecast": params.typecast}
            answer = airtable.call("PATCH", path, json=body, expect=(200,), retry=True)
            data["rows"] += [_row(one) for one in _records(answer)]
            data["created"] += answer.get("createdRecords") or []
            data["updated"] += answer.get("updatedRecords") or []

        _in_parts(records, send)
    return Result.ok(f"{len(data['created'])} made, {len(data['updated'])} changed.", data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_records(credentials: Credentials, params: DeleteRecords) -> Result:
    """Delete records. Data: {"deleted": their IDs}. https://airtable.com/developers/web/api/delete-multiple-records"""
    deleted: list[Any] = []
    with Airtable(credentials) as airtable:
        path = airtable.table(params.base, params.table)

        def send(part: list[Any]) -> None:
            query = [("records[]", id) for id in part]
            # Asked for a second time it would fail, although the first one was carried out.
            answer = airtable.call("DELETE", path, params=query, expect=(200,), retry=False)
            deleted.extend(one.get("id") for one in _records(answer) if one.get("deleted"))

        _in_parts(list(params.records), send)
    return Result.ok(f"{counted(len(deleted), 'record')} deleted.", {"deleted": deleted})


def _holds(record: Mapping[str, Any], field: str, value: Any) -> bool:
    """Whether a record that the formula found is meant: a text is compared here too, as = may mean any case."""
    there = (record.get("fields") or {}).get(field)
    return there == value if isinstance(there, str) and isinstance(value, str) else True


def _in_parts(records: list[Any], send: Callable[[list[Any]], None], *, again: bool = True) -> None:
    """Send ten at a time; a part that fails tells how many were done before it.

    Without ``again`` these would be done twice by another try, so there is none.
    """
    for at in range(0, len(records), AT_ONCE):
        if at and not current().sleep(BETWEEN):
            raise TaskFailed("Cancelled.", {"done": at, "given": len(records)})
        try:
            send(records[at : at + AT_ONCE])
        except http.ServiceError as error:
            error.data |= {"done": at, "given": len(records)}
            if at and not again:
                error.half_done(f"{at:,} of {counted(len(records), 'record')} were made before.")
            raise
        current().progress(min(at + AT_ONCE, len(records)), len(records))


def _given(records: Any) -> list[dict[str, Any]]:
    """Rows out of what a param gives, as JSON can hold them; TaskFailed for what is none."""
    if tables.is_frame(records):
        rows = list(tables.rows(records))
    else:
        rows = [dict(records)] if isinstance(records, Mapping) else records
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Mapping) for row in rows):
        hint = "Give an object, a list of objects that is not empty, or a DataFrame."
        raise TaskFailed("The records are not understood.", hint=hint, permanent=True)
    return [{str(name): tables.scalar(value) for name, value in row.items() if name != "created_time"} for row in rows]


def _with_id(fields: dict[str, Any]) -> dict[str, Any]:
    """A record to change; as Airtable has it, or a row with its id."""
    id = fields.get("id")
    if not isinstance(id, str) or not id.startswith("rec"):
        raise TaskFailed("A record to change has no id.", hint='Give each its "id" (rec...).', permanent=True)
    inner = fields.get("fields")
    rest = {name: value for name, value in fields.items() if name != "id"}
    return {"id": id, "fields": inner if isinstance(inner, Mapping) and len(rest) == 1 else rest}


def _records(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = answer.get("records")
    if not isinstance(found, list):
        raise unlike()
    return found


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    if "id" not in record:
        raise unlike()
    fields = record.get("fields") or {}
    return {"id": record["id"], "created_time": record.get("createdTime"), **fields}


def _braced(field: str) -> str:
    """A field in a formula; a brace in its name would end it."""
    escaped = field.replace("\\", "\\\\").replace("}", "\\}")
    return f"{{{escaped}}}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE()" if value else "FALSE()"
    if isinstance(value, (int, float)):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
