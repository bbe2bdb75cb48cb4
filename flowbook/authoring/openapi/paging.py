"""Whether the answers of an operation come in pages, and how the next one is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flowbook.authoring.openapi.document import Description, mapping
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from flowbook.authoring.openapi.operations import Param

_PAGES = frozenset(["page", "page_number", "pagenumber", "page_num", "pageindex"])
_OFFSETS = frozenset(["offset", "start", "skip", "startat", "start_at", "start_index", "startindex"])
_CURSORS = frozenset(
    ["cursor", "after", "starting_after", "page_token", "pagetoken", "next_token", "nexttoken", "continuation_token",
     "continuationtoken", "marker", "next_cursor", "start_cursor", "next_page_token"]
)  # fmt: skip
_NEXT = re.compile(r"next|cursor|continuation|marker", re.IGNORECASE)


class Paging(NamedTuple):
    """``by`` link, next, cursor, page or offset; ``param`` of the query, ``next`` and ``items`` as paths in answers."""

    by: str
    param: str = ""
    next: str = ""
    items: str = ""


def paging_of(description: Description, node: dict[str, Any], params: Sequence[Param]) -> Paging | None:
    """How the pages of an operation follow each other; None when there are none, or it cannot be told."""
    response = _success(description, node)
    schema = next(
        (description.schema(mapping(one).get("schema")) for kind, one in mapping(response.get("content")).items()
         if "json" in kind.lower()), {},
    )  # fmt: skip
    properties = mapping(schema.get("properties"))
    lists = [name for name, one in properties.items() if description.schema(one).get("type") == "array"]
    items = lists[0] if len(lists) == 1 else ""
    is_list = schema.get("type") == "array"
    if any(name.lower() == "link" for name in mapping(response.get("headers"))):
        return Paging("link", items=items) if is_list or items else None
    if not (is_list or items):
        return None
    query = {param.name.lower(): param.name for param in params if param.place == "query"}
    return _by_cursor(description, properties, query, items) or _by_number(query, items)


def _by_cursor(
    description: Description, properties: dict[str, Any], query: dict[str, str], items: str
) -> Paging | None:
    following = next(_texts(description, properties), "")
    if not following:
        return None
    cursor = next((real for name, real in query.items() if name in _CURSORS), "")
    if cursor:
        return Paging("cursor", cursor, following, items)
    leaf = following.rpartition(".")[2].lower()
    return Paging("next", "", following, items) if leaf in ("next", "next_url", "nexturl", "@odata.nextlink") else None


def _by_number(query: dict[str, str], items: str) -> Paging | None:
    for by, names in (("page", _PAGES), ("offset", _OFFSETS)):
        for name, real in query.items():
            if name in names:
                return Paging(by, real, "", items)
    return None


def _texts(description: Description, properties: dict[str, Any], prefix: str = "") -> Any:
    """The paths of texts that may name the next page, those near the top first."""
    for name, one in properties.items():
        if _NEXT.search(name) and "." not in name and type_is_text(description.schema(one)):
            yield prefix + name
    if not prefix:
        for name, one in properties.items():
            inner = mapping(description.schema(one).get("properties"))
            if inner and "." not in name:
                yield from _texts(description, inner, f"{name}.")


def type_is_text(shape: dict[str, Any]) -> bool:
    """Whether a schema allows a text."""
    kind = shape.get("type")
    return kind == "string" or (isinstance(kind, list) and "string" in kind)


def _success(description: Description, node: dict[str, Any]) -> dict[str, Any]:
    for code, response in mapping(node.get("responses")).items():
        if code.startswith("2"):
            return description.followed(response)
    return {}
