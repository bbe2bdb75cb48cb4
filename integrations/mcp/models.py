"""The credentials and params of the tasks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from flowbook import mcp, typed


def _object(value: Any) -> Any:
    """A mapping, also out of JSON text; nothing is an empty one."""
    return typed.from_json(value) or {}


class Credentials(mcp.Credentials):
    """Where the server is: a command that starts it, or an address."""


class Nothing(typed.Params):
    """No params."""


class CallTool(typed.Params):
    """Which tool, and what it is given."""

    tool: str = Field(min_length=1, description="The tool's name; list_tools tells which there are.")
    arguments: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(
        {}, description="What the tool is given.", json_schema_extra={"flowbook_type": "json"}
    )
    timeout: float = Field(60, gt=0, le=3600, description="Seconds for one call.")
