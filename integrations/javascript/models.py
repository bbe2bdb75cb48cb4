"""What the JavaScript tasks are given."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from flowbook import typed

_CODE: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "javascript"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


class Credentials(typed.Credentials):
    """None: nothing here talks to a service."""


class Nothing(typed.Params):
    """No params."""


class Bounded(typed.Params):
    """What code may take."""

    seconds: float = Field(10, gt=0, le=600, allow_inf_nan=False, description="Processor time at most, in seconds")
    megabytes: int = Field(128, ge=8, le=2048, description="Memory at most, in MB")


class Run(Bounded):
    """Code, and what it sees."""

    code: str = Field(
        min_length=1,
        description="The body of a function: what it returns is this node's data; await works",
        json_schema_extra=_CODE,
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="Names that the code has, and their values", json_schema_extra=_JSON
    )


class RunItems(Bounded):
    """Code that was written for n8n, and the items that it is for."""

    code: str = Field(min_length=1, description="JavaScript of a Code node of n8n", json_schema_extra=_CODE)
    items: list[Any] = Field(default_factory=list, description="The items: objects", json_schema_extra=_JSON)
    mode: Literal["all", "each"] = Field("all", description="Once for all items, or once for each of them")
    style: Literal["code", "function", "functionItem"] = Field(
        "code", description="For which node it was written: Code, Function or Function Item"
    )
    nodes: dict[str, Any] = Field(
        default_factory=dict,
        description="Items of the nodes that the code names: $('name')",
        json_schema_extra=_JSON,
    )
