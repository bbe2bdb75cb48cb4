"""What the list tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from flowbook import typed

_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _listed(value: Any) -> Any:
    """A table as a list of objects; a single object as a list of it."""
    records = getattr(value, "to_dict", None)
    if records is not None and hasattr(value, "columns"):
        return records("records")
    return [value] if isinstance(value, dict) else list(value) if isinstance(value, tuple) else value


def _names(value: Any) -> Any:
    """Names of fields: a list of them, or one text with commas between."""
    return [name.strip() for name in value.split(",") if name.strip()] if isinstance(value, str) else value


Items = Annotated[list[Any], BeforeValidator(_listed)]
Names = Annotated[list[str], BeforeValidator(_names)]

ITEMS = "The list of objects"
FIELDS = "Names of fields; a dot leads into an object: address.city"


class Credentials(typed.Credentials):
    """None: nothing here talks to a service."""


class Nothing(typed.Params):
    """No params."""


class OfItems(typed.Params):
    """The list that a task is about."""

    items: Items = Field(description=ITEMS, json_schema_extra=_JSON)


class Spread(typed.Params):
    """Lists in a list."""

    values: Items = Field(description="A list whose lists become items of one list", json_schema_extra=_JSON)


class SplitOut(OfItems):
    """Which lists inside of items become items."""

    fields: Names = Field(min_length=1, description="Fields that hold a list; several are split out side by side")
    others: bool = Field(False, description="Whether each new item keeps the other fields of the one it came from")


class By(typed.Params):
    """A field to sort by."""

    field: str
    descending: bool = False


class Sort(OfItems):
    """What to sort by."""

    by: list[By] = Field(
        min_length=1,
        description='Fields, the first one first: {"field": …, "descending": true}',
        json_schema_extra=_JSON,
    )


class Unique(OfItems):
    """What makes two items the same."""

    fields: Names = Field(default_factory=list, description="Fields to compare; without any, whole items")


class Limit(OfItems):
    """How many items."""

    count: int = Field(1, ge=0, description="How many items at most")
    from_end: bool = Field(False, description="The last ones, rather than the first")


class Aggregate(OfItems):
    """What becomes of many items in one."""

    fields: dict[str, str] = Field(
        default_factory=dict,
        description="Name of each list, and the field whose values it holds; without any, whole items go into 'into'",
    )
    into: str = Field("data", min_length=1, description="Name of the list of whole items, when no fields are given")
    nothing: bool = Field(False, description="Whether a list also holds null where an item lacks the field")
    flat: bool = Field(False, description="Whether values that are lists become one list")


class Value(typed.Params):
    """What to work out of a field."""

    field: str
    how: Literal["append", "average", "concatenate", "count", "count_unique", "max", "min", "sum"] = "count"
    as_: str = Field("", alias="as")
    separator: str = ", "


class Summarize(OfItems):
    """What to work out, for which groups."""

    values: list[Value] = Field(
        min_length=1,
        description='What to work out: {"field": …, "how": append, average, concatenate, count, count_unique, max, min '
        'or sum, "as": name of it}',
        json_schema_extra=_JSON,
    )
    by: Names = Field(default_factory=list, description="Fields that make the groups; without any, all is one group")


class Pair(typed.Params):
    """Two lists."""

    left: Items = Field(description="The first list of objects", json_schema_extra=_JSON)
    right: Items = Field(description="The second list of objects", json_schema_extra=_JSON)


class Merge(Pair):
    """How two lists become one."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["by", "fields"]})

    by: Literal["append", "position", "fields", "all"] = Field(
        "append",
        description="append: one after the other; position: first with first; fields: those that are equal in some "
        "fields; all: each with each",
    )
    fields: dict[str, str] = Field(
        default_factory=dict, description="By fields: a field of the first list, and the one of the second it equals"
    )
    keep: Literal["matches", "left", "right", "both", "unmatched_left", "unmatched"] = Field(
        "matches",
        description="What stays: matches; also those without one of the left, right or both lists; only the left's or "
        "all without one",
    )
    prefer: Literal["left", "right"] = Field("right", description="Whose value stays where both have a field")
    first_only: bool = Field(False, description="By fields: whether an item is joined with its first match only")


class Compare(Pair):
    """What two lists are compared by."""

    fields: dict[str, str] = Field(
        min_length=1, description="A field of the first list, and the one of the second that says it is the same item"
    )
    again: bool = Field(False, description="Whether a right item may be the partner of several left ones")
    ignore: Names = Field(default_factory=list, description="Fields that may differ")


class WithFields(typed.Params):
    """An object, and fields to set in it."""

    item: dict[str, Any] = Field(default_factory=dict, description="The object", json_schema_extra=_JSON)
    fields: dict[str, Any] = Field(description=f"Values to set: {FIELDS}", json_schema_extra=_JSON)
    keep: Names | None = Field(None, description="The only fields of the object that stay; without it, all")
    drop: Names = Field(default_factory=list, description="Fields of the object that do not stay")
    dots: bool = Field(True, description="Whether a dot in a name leads into an object")


class RenameFields(typed.Params):
    """An object, and new names of its fields."""

    item: dict[str, Any] = Field(description="The object", json_schema_extra=_JSON)
    names: dict[str, str] = Field(description="Field, and its new name", json_schema_extra=_JSON)
