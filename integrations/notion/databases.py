"""Databases: what they are made of, their rows, and new ones.

Facts: https://developers.notion.com/reference/query-a-data-source, /retrieve-a-data-source and /create-a-database.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.counting import counted

from .client import Notion
from .models import CreateDatabase, Credentials, OneDatabase, QueryDatabase
from .properties import rich_text, row_of


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_database(credentials: Credentials, params: OneDatabase) -> Result:
    """Ask what a database is made of. Data: {"data_source_id", "title", "properties": types by name}."""
    with Notion(credentials) as notion:
        source = notion.source(params.database, params.data_source)
    data = {"data_source_id": source.id, "title": source.title, "properties": source.types}
    return Result.ok(f"{source.title!r} has {counted(len(source.types), 'property')}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def query_database(credentials: Credentials, params: QueryDatabase) -> Result:
    """Read rows of a database. Data: a list of rows (plain values, with id and url), or of Notion's pages.

    https://developers.notion.com/reference/query-a-data-source
    """
    given = {"filter": params.filter, "sorts": params.sorts}
    asked = {name: value for name, value in given.items() if value}
    with Notion(credentials) as notion:
        source = notion.source(params.database, params.data_source)
        found, more = notion.several(f"data_sources/{source.id}/query", params.wanted, asked, post=True)
    return Result.ok(
        f"{counted(len(found), 'row', more)}.", found if params.as_ == "pages" else [row_of(one) for one in found]
    )


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "object": "database",
        "id": "248104cd-477e-80fd-b757-e945d38000bd",
        "url": "https://www.notion.so/248104cd477e80fdb757e945d38000bd",
        "data_sources": [{"id": "248104cd-477e-80af-bc30-000bd28de8f9", "name": "Grocery list"}],
    },
)
def create_database(credentials: Credentials, params: CreateDatabase) -> Result:
    """Make a database below a page. Data: Notion's database, with its data_sources.

    https://developers.notion.com/reference/create-a-database
    """
    properties = {name: _property(kind) for name, kind in params.properties.items()}
    body = {
        "parent": {"type": "page_id", "page_id": params.parent},
        "title": rich_text(params.title),
        "is_inline": params.inline,
        "initial_data_source": {"properties": properties},
    }
    with Notion(credentials) as notion:
        database = notion.post("databases", body)
    return Result.ok(f"Database {params.title!r} made.", database)


def _property(kind: Any) -> Any:
    """Notion's description of a property, out of its type's name or the options of a select."""
    if isinstance(kind, list):
        return {"type": "select", "select": {"options": [{"name": str(one)} for one in kind]}}
    return {"type": kind, kind: {}} if isinstance(kind, str) else kind
