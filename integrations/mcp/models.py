"""The credentials and params of the tasks."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from flowbook import Secret, typed


def _object(value: Any) -> Any:
    """A mapping, also out of JSON text; nothing is an empty one."""
    if isinstance(value, str):
        try:
            return json.loads(value) if value.strip() else {}
        except (ValueError, RecursionError):
            raise ValueError("is not JSON") from None
    return value or {}


class Credentials(typed.Credentials):
    """Where the server is: a command that starts it, or an address."""

    command: str = Field("", description="Command that starts a server, such as: npx -y @scope/server --option.")
    environment: Secret | None = Field(
        None, description='Variables for that command, as a JSON object: {"API_TOKEN": "…"}.'
    )
    url: str = Field(
        "", description="Address of a server that runs already.", json_schema_extra={"flowbook_type": "url"}
    )
    token: Secret | None = Field(None, description="Token for that server, sent as a bearer token.")

    @model_validator(mode="after")
    def _one_server(self) -> Credentials:
        if bool(self.command.strip()) == bool(self.url.strip()):
            raise ValueError("give either a command or a url")
        self.variables()
        return self

    def variables(self) -> dict[str, str]:
        """The environment for the command; ValueError, which repeats none of it, when it is no such object."""
        try:
            found = json.loads(self.environment.reveal()) if self.environment else {}
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ValueError('environment must be a JSON object of names and texts, such as {"NAME": "text"}')
        return found


class Nothing(typed.Params):
    """No params."""


class CallTool(typed.Params):
    """Which tool, and what it is given."""

    tool: str = Field(min_length=1, description="The tool's name; list_tools tells which there are.")
    arguments: Annotated[dict[str, Any], BeforeValidator(_object)] = Field(
        {}, description="What the tool is given.", json_schema_extra={"flowbook_type": "json"}
    )
    timeout: float = Field(60, gt=0, le=3600, description="Seconds for one call.")
