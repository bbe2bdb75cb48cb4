"""Who the token belongs to, bases, and what their tables are made of.

Facts: https://airtable.com/developers/web/api/list-bases, /get-base-schema, /create-table and /create-field.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.counting import counted

from .client import Airtable, unlike
from .models import CreateField, CreateTable, Credentials, Nothing, OneBase


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Ask whose token it is. https://airtable.com/developers/web/api/get-user-id-scopes"""
    with Airtable(credentials) as airtable:
        me = airtable.call("GET", "meta/whoami")
    if "id" not in me:
        raise unlike()
    return Result.ok(f"Successfully connected to Airtable as {me.get('email') or me['id']}.", me)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_bases(credentials: Credentials, params: Nothing) -> Result:
    """List the bases that the token can see. Data: a list of {"id", "name", "permissionLevel"}."""
    with Airtable(credentials) as airtable:
        found, _ = airtable.listed("meta/bases", "bases", None, {})
    return Result.ok(f"{counted(len(found), 'base')}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_tables(credentials: Credentials, params: OneBase) -> Result:
    """List the tables of a base, with their fields and views. Data: a list of Airtable's tables (id, name, fields)."""
    with Airtable(credentials) as airtable:
        found, _ = airtable.listed(f"meta/bases/{airtable.base(params.base)}/tables", "tables", None, {})
    return Result.ok(f"{counted(len(found), 'table')}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "tbltp8DGLhqbUmjK1",
        "name": "Apartments",
        "primaryFieldId": "fld1VnoyuotSTyxW1",
        "fields": [{"id": "fld1VnoyuotSTyxW1", "name": "Name", "type": "singleLineText"}],
    },
)
def create_table(credentials: Credentials, params: CreateTable) -> Result:
    """Make a table; needs the scope schema.bases:write. Data: Airtable's table."""
    body = _given(name=params.name, fields=params.fields, description=params.description)
    with Airtable(credentials) as airtable:
        table = airtable.call("POST", f"meta/bases/{airtable.base(params.base)}/tables", json=body, expect=(200,))
    if "id" not in table:
        raise unlike()
    return Result.ok(f"Table {params.name} made.", table)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "fldumZe00w09RYTW6", "name": "Visited", "type": "checkbox"},
)
def create_field(credentials: Credentials, params: CreateField) -> Result:
    """Add a field to a table; needs the scope schema.bases:write. Data: Airtable's field."""
    body = _given(name=params.name, type=params.type, options=params.options, description=params.description)
    with Airtable(credentials) as airtable:
        base = airtable.base(params.base)
        tables, _ = airtable.listed(f"meta/bases/{base}/tables", "tables", None, {})
        ids = [str(one["id"]) for one in tables if params.table in (one.get("id"), one.get("name"))]
        table = ids[0] if ids else params.table
        field = airtable.call("POST", f"meta/bases/{base}/tables/{table}/fields", json=body, expect=(200,))
    if "id" not in field:
        raise unlike()
    return Result.ok(f"Field {params.name} added.", field)


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
