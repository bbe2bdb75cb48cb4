"""The properties of pages as plain values, and plain values as Notion wants them.

Facts: https://developers.notion.com/reference/page-property-values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flowbook import TaskFailed

PIECE = 2000
"""Characters in one rich text object: https://developers.notion.com/reference/request-limits."""
COMPUTED = frozenset(
    {"formula", "rollup", "created_time", "created_by", "last_edited_time", "last_edited_by", "unique_id",
     "verification", "button"}
)  # fmt: skip


def text_of(rich: Any) -> str:
    """The text of a list of rich text objects."""
    pieces = rich if isinstance(rich, list) else []
    return "".join(str(one.get("plain_text", "")) for one in pieces if isinstance(one, dict))


def rich_text(text: str) -> list[dict[str, Any]]:
    """A text as rich text objects."""
    return [{"type": "text", "text": {"content": text[at : at + PIECE]}} for at in range(0, len(text), PIECE)]


def plain(one: Any) -> Any:
    """The plain value of a property: text, number, name or names, date, addresses or IDs."""
    kind = one.get("type") if isinstance(one, Mapping) else None
    value = one.get(kind) if kind else None
    read = _READ.get(str(kind))
    return read(value) if read is not None else value


def row_of(page: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a database as one row: its properties by name, and its id and url."""
    properties = page.get("properties") or {}
    row = {name: plain(one) for name, one in properties.items()}
    return {"id": page.get("id"), "url": page.get("url"), **row}


def native(values: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """Values by the names of properties, as Notion wants them for these types.

    What is an object with the property's type as a key goes as it is. TaskFailed for a name that is not there, and for
    what is computed.
    """
    return {name: _written(name, value, types) for name, value in values.items()}


def title_name(types: Mapping[str, str]) -> str:
    """The name of the one property that is the title."""
    return next((name for name, kind in types.items() if kind == "title"), "title")


def _written(name: str, value: Any, types: Mapping[str, str]) -> Any:
    kind = types.get(name)
    if kind is None:
        known = ", ".join(types)
        raise TaskFailed(f"Notion: there is no property {name!r}.", hint=f"There are: {known}.", permanent=True)
    if isinstance(value, Mapping) and (kind in value or "type" in value):
        return dict(value)
    write = _WRITE.get(kind)
    if kind in COMPUTED or write is None:
        raise TaskFailed(
            f"Notion: the property {name!r} is of the type {kind}, which cannot be set so.",
            hint="Leave it out, or give Notion's own object for it.",
            permanent=True,
        )
    return {kind: write(value)}


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, Mapping) else None


def _names(value: Any) -> list[Any]:
    return [one.get("name") or one.get("id") for one in value or []]


def _date_read(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return None
    return {"start": value.get("start"), "end": value["end"]} if value.get("end") else value.get("start")


def _files_read(value: Any) -> list[Any]:
    return [(one.get(str(one.get("type"))) or {}).get("url") for one in value or []]


def _rollup_read(value: Any) -> Any:
    if isinstance(value, Mapping) and value.get("type") == "array":
        return [plain(one) for one in value.get("array") or []]
    return plain(value)


def _unique(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return None
    return f"{value['prefix']}-{value['number']}" if value.get("prefix") else value.get("number")


_READ: dict[str, Callable[[Any], Any]] = {
    "title": text_of,
    "rich_text": text_of,
    "select": _name,
    "status": _name,
    "multi_select": _names,
    "date": _date_read,
    "people": _names,
    "files": _files_read,
    "relation": lambda value: [one.get("id") for one in value or []],
    "formula": plain,
    "rollup": _rollup_read,
    "created_by": lambda value: _name(value) or (value or {}).get("id"),
    "last_edited_by": lambda value: _name(value) or (value or {}).get("id"),
    "unique_id": _unique,
}


def _text_written(value: Any) -> list[dict[str, Any]]:
    return [] if value is None else rich_text(str(value))


def _several(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple, set)) else [value]


def _chosen(value: Any) -> Any:
    return None if value in (None, "") else {"name": str(value)}


def _date_written(value: Any) -> Any:
    if value in (None, ""):
        return None
    if isinstance(value, Mapping):
        return {name: _moment(one) for name, one in value.items()}
    return {"start": _moment(value)}


def _moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _file_written(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    name = str(value).rstrip("/").rpartition("/")[2][:100]
    return {"name": name or "file", "type": "external", "external": {"url": str(value)}}


def _bare(value: Any) -> Any:
    return None if value in (None, "") else str(value)


_WRITE: dict[str, Callable[[Any], Any]] = {
    "title": _text_written,
    "rich_text": _text_written,
    "number": lambda value: None if value == "" else value,
    "select": _chosen,
    "status": _chosen,
    "multi_select": lambda value: [{"name": str(one)} for one in _several(value)],
    "date": _date_written,
    "people": lambda value: [{"object": "user", "id": str(one)} for one in _several(value)],
    "files": lambda value: [_file_written(one) for one in _several(value)],
    "relation": lambda value: [{"id": str(one)} for one in _several(value)],
    "checkbox": bool,
    "url": _bare,
    "email": _bare,
    "phone_number": _bare,
}
