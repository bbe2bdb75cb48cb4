"""Pages: finding, reading, making and changing them. Facts: https://developers.notion.com/reference/page."""

from __future__ import annotations

from typing import Any

from flowbook import Result, http, task
from flowbook.counting import counted

from .client import Notion
from .content import MOST_AT_ONCE, append, blocks_given
from .models import CreatePage, Credentials, OnePage, Search, TrashPage, UpdatePage
from .properties import native, rich_text, row_of, text_of, title_name

# What a dry run goes on with in the place of what the service would answer.
_PAGE = {
    "id": "59833787-2cf9-4fdf-8782-e53db20768a5",
    "url": "https://www.notion.so/Tuscan-kale-598337872cf94fdf8782e53db20768a5",
    "title": "Tuscan kale",
    "properties": {"Name": "Tuscan kale"},
    "page": {"object": "page", "id": "59833787-2cf9-4fdf-8782-e53db20768a5"},
}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search(credentials: Credentials, params: Search) -> Result:
    """Find pages and databases by words of their titles. Data: a list of {"id", "kind", "title", "url", "parent"}.

    https://developers.notion.com/reference/post-search
    """
    asked: dict[str, Any] = {"query": params.query} if params.query else {}
    if params.kind != "any":
        value = "data_source" if params.kind == "database" else "page"
        asked["filter"] = {"property": "object", "value": value}
    with Notion(credentials) as notion:
        found, more = notion.several("search", params.wanted, asked, post=True)
    data = [
        {
            "id": one.get("id"),
            "kind": "database" if one.get("object") == "data_source" else one.get("object"),
            "title": _title(one),
            "url": one.get("url"),
            "parent": one.get("parent"),
        }
        for one in found
    ]
    return Result.ok(f"{counted(len(data), 'result', more)}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_page(credentials: Credentials, params: OnePage) -> Result:
    """Read a page's properties. Data: {"id", "url", "title", "properties" (plain values), "page" (as Notion has it)}.

    https://developers.notion.com/reference/retrieve-a-page
    """
    with Notion(credentials) as notion:
        page = notion.get(f"pages/{params.page}")
    return Result.ok(f"Page {_title(page)!r}.", _told(page))


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_PAGE,
)
def create_page(credentials: Credentials, params: CreatePage) -> Result:
    """Make a page, below another or as a row of a database, with its content. Data: as get_page gives it.

    https://developers.notion.com/reference/post-page
    """
    blocks = blocks_given(params.markdown, params.blocks)
    body: dict[str, Any] = {"icon": {"type": "emoji", "emoji": params.icon}} if params.icon else {}
    with Notion(credentials) as notion:
        if params.database:
            source = notion.source(params.database, params.data_source)
            values = dict(params.properties)
            if params.title is not None:
                values[title_name(source.types)] = params.title
            body["parent"] = {"type": "data_source_id", "data_source_id": source.id}
            body["properties"] = native(values, source.types)
        else:
            body["parent"] = {"type": "page_id", "page_id": params.parent}
            body["properties"] = {"title": {"title": rich_text(params.title or "")}}
        if blocks:
            body["children"] = blocks[:MOST_AT_ONCE]
        page = notion.post("pages", body)
        try:
            append(notion, str(page["id"]), blocks[MOST_AT_ONCE:], None)
        except http.ServiceError as error:
            error.half_done(f"The page was made before: {page.get('url') or page['id']}.")
            raise
    return Result.ok(f"Page {_title(page)!r} made.", _told(page))


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_PAGE,
)
def update_page(credentials: Credentials, params: UpdatePage) -> Result:
    """Change the title, the properties or the icon of a page. Data: as get_page gives it.

    https://developers.notion.com/reference/patch-page
    """
    body: dict[str, Any] = {"icon": {"type": "emoji", "emoji": params.icon}} if params.icon else {}
    with Notion(credentials) as notion:
        if params.properties or params.title is not None:
            there = notion.get(f"pages/{params.page}").get("properties") or {}
            types = {name: str(one.get("type")) for name, one in there.items()}
            values = dict(params.properties)
            if params.title is not None:
                values[title_name(types)] = params.title
            body["properties"] = native(values, types)
        page = notion.patch(f"pages/{params.page}", body)
    return Result.ok(f"Page {_title(page)!r} changed.", _told(page))


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def trash_page(credentials: Credentials, params: TrashPage) -> Result:
    """Put a page into the trash, or take it out again. https://developers.notion.com/reference/archive-a-page"""
    with Notion(credentials) as notion:
        page = notion.patch(f"pages/{params.page}", {"in_trash": not params.restore})
    done = "taken out of the trash" if params.restore else "put into the trash"
    return Result.ok(f"Page {_title(page)!r} {done}.", {"id": params.page, "in_trash": not params.restore})


def _title(one: dict[str, Any]) -> str:
    """The title of a page, a database or a data source."""
    if "title" in one:
        return text_of(one["title"])
    properties = one.get("properties") or {}
    return next((text_of(each.get("title")) for each in properties.values() if each.get("type") == "title"), "")


def _told(page: dict[str, Any]) -> dict[str, Any]:
    row = row_of(page)
    properties = {name: value for name, value in row.items() if name in (page.get("properties") or {})}
    return {"id": page.get("id"), "url": page.get("url"), "title": _title(page), "properties": properties, "page": page}
