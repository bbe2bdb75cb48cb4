"""The credentials of an integration whose tasks are tools of a server."""

from __future__ import annotations

from pydantic import Field, model_validator

from flowbook import typed
from flowbook.json_text import parse_json
from flowbook.mcp.server import Server
from flowbook.tasks import Secret


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
            found = parse_json(self.environment.reveal()) if self.environment else {}
        except ValueError:
            found = None
        if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
            raise ValueError('environment must be a JSON object of names and texts, such as {"NAME": "text"}')
        return found

    def server(self) -> Server:
        """What these credentials are for."""
        token = self.token.reveal() if self.token else ""
        return Server(self.command, tuple(sorted(self.variables().items())), self.url, token)
