"""The credentials and params of the HTTP tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from flowbook import Secret, typed
from flowbook.json_text import parse_json
from flowbook.methods import Method


def _in(group: str, kind: str = "") -> dict[str, Any]:
    """The heading under which a field stands in the form, and what kind of field it is."""
    return {"flowbook_group": group, **({"flowbook_type": kind} if kind else {})}


def _mapping(value: Any) -> Any:
    """A mapping, also out of JSON text; nothing is an empty one."""
    return typed.from_json(value) or {}


def _numbers(value: Any) -> Any:
    """A list of numbers, also out of one number or of text with commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int) else value or []


Scalar = str | int | float | bool | None
HeaderName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
Headers = Annotated[dict[HeaderName, Scalar], BeforeValidator(_mapping)]
Query = Annotated[dict[str, Scalar | list[Scalar]], BeforeValidator(_mapping)]
Files = Annotated[dict[str, str | bytes | list[str | bytes]], BeforeValidator(_mapping)]
Statuses = Annotated[list[Annotated[int, Field(ge=100, le=599)]], BeforeValidator(_numbers)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Url = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def texts_of(secret: Secret | None, what: str) -> dict[str, str]:
    """The names and texts of a secret JSON object; ValueError, which repeats none of it, when it is no such object."""
    if secret is None:
        return {}
    try:
        found = parse_json(secret.reveal())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError(f'{what} must be a JSON object of names and texts, such as {{"name": "text"}}')
    return found


class Credentials(typed.Credentials):
    """All optional. With base_url the credentials go to that host only, and nodes may give just a path."""

    base_url: str | None = Field(
        None,
        description="The API's address, such as https://api.example.com/v1; the credentials are sent to no other host.",
        json_schema_extra={"flowbook_type": "url"},
    )
    token: Secret | None = Field(None, description="Bearer token.")
    username: str | None = Field(None, description="User name, for basic authentication.")
    password: Secret | None = Field(None, description="Password, for basic authentication.")
    api_key: Secret | None = Field(None, description="API key.")
    api_key_name: str = Field("X-API-Key", description="Name of the header or query parameter for the API key.")
    api_key_in: Literal["header", "query"] = Field("header", description="Where the API key goes.")
    secret_headers: Secret | None = Field(
        None, description='More headers that hold secrets, as a JSON object: {"X-App-Key": "…"}.'
    )
    secret_query: Secret | None = Field(None, description="More query parameters that hold secrets, as a JSON object.")

    @model_validator(mode="after")
    def _names_and_texts(self) -> Credentials:
        for what in ("secret_headers", "secret_query"):
            texts_of(getattr(self, what), what)
        return self

    @model_validator(mode="after")
    def _one_authorization(self) -> Credentials:
        if self.token and self.username:
            raise ValueError("give either a token or a username and password: both go into the Authorization header")
        if self.password and not self.username:
            raise ValueError("a password needs a username")
        return self


class TestConnection(typed.Params):
    """What to ask for."""

    url: str = Field(
        "",
        description="Address, or path below base_url, of something that needs the credentials; by default base_url.",
    )


class Request(typed.Params):
    """One request, or all pages of a list."""

    url: Url = Field(description="Address, or path below the integration's base_url.")
    method: Method = Field("GET", description="The HTTP method.", json_schema_extra=_in("Main"))
    query: Query = Field({}, description="Query parameters; a list repeats its name.", json_schema_extra=_in("Main"))
    headers: Headers = Field({}, description="Headers.", json_schema_extra=_in("Main"))
    body: Any = Field(None, description="What to send.", json_schema_extra=_in("Main", "json"))
    body_type: Literal["auto", "json", "form", "multipart", "text"] = Field(
        "auto",
        description="How to send it; auto: text as it is, files as multipart, everything else as JSON.",
        json_schema_extra=_in("Body"),
    )
    files: Files = Field(
        {},
        description="Files to send as multipart: field and path or bytes; a list repeats its field.",
        json_schema_extra=_in("Body", "json"),
    )
    file_path: Annotated[str | None, typed.BlankIsNone] = Field(
        None, description="A file to send as the body itself.", json_schema_extra=_in("Body", "file")
    )
    response: Literal["auto", "json", "text", "bytes"] = Field(
        "auto", description="How to read the answer; auto goes by its content type.", json_schema_extra=_in("Answer")
    )
    expected: Statuses = Field(
        [],
        description="Statuses that count as success, such as 200, 404; by default all below 400.",
        json_schema_extra=_in("Answer", "json"),
    )
    fail_on_error: bool = Field(
        True,
        description="Off: any answer is a success, and data.status tells its status.",
        json_schema_extra=_in("Answer"),
    )
    session: Annotated[Name | None, typed.BlankIsNone] = Field(
        None,
        description="A name: nodes of one run that give the same one, and use the same integration, share cookies.",
        json_schema_extra=_in("Time and session"),
    )
    timeout: float = Field(
        30,
        gt=0,
        le=3600,
        description="Seconds for the whole request, further tries included.",
        json_schema_extra=_in("Time and session"),
    )
    max_wait: float = Field(
        60,
        ge=0,
        le=3600,
        description="Seconds to wait besides when the service asks for it.",
        json_schema_extra=_in("Time and session"),
    )
    retries: int = Field(
        3, ge=0, le=20, description="Further tries after a passing fault.", json_schema_extra=_in("Time and session")
    )
    max_bytes: int = Field(
        10_000_000, ge=1, description="The largest answer that is read, in bytes.", json_schema_extra=_in("Answer")
    )
    paginate: Literal["none", "link", "cursor"] = Field(
        "none",
        description="Fetch all pages: by the Link header, or by a cursor in the answer.",
        json_schema_extra=_in("Pages"),
    )
    items_path: str = Field(
        "",
        description="Where the items are in a page, such as data.items; empty: the page itself.",
        json_schema_extra=_in("Pages"),
    )
    cursor_path: str = Field(
        "",
        description="Where the next cursor (or next address) is, such as meta.next_cursor.",
        json_schema_extra=_in("Pages"),
    )
    cursor_param: str = Field(
        "cursor", min_length=1, description="The query parameter that takes the cursor.", json_schema_extra=_in("Pages")
    )
    max_pages: int = Field(100, ge=1, description="The most pages to fetch.", json_schema_extra=_in("Pages"))
    limit: int | None = Field(None, ge=1, description="The most items to return.", json_schema_extra=_in("Pages"))

    @model_validator(mode="after")
    def _fits_together(self) -> Request:
        if self.paginate == "cursor" and not self.cursor_path:
            raise ValueError("paginate: cursor needs cursor_path")
        if self.file_path and (self.body is not None or self.files):
            raise ValueError("file_path is the whole body: it goes with neither body nor files")
        if self.files and self.body_type not in ("auto", "multipart"):
            raise ValueError("files are sent as multipart: leave body_type at auto")
        as_fields = self.body_type in ("form", "multipart") or bool(self.files)
        if as_fields and self.body is not None and not isinstance(self.body, dict):
            raise ValueError("body must be an object of fields for a form")
        return self
