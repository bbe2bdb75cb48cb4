"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from flowbook import Secret, mail, typed

_EMAIL: dict[str, Any] = {"flowbook_type": "email"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}


class Credentials(typed.Credentials):
    """A mail server, and who signs in to it."""

    host: str = Field(min_length=1, description="Name or address of the mail server")
    port: int | None = Field(
        None, ge=1, le=65535, description="Its port; when empty 587 with starttls, 465 with tls, 25 with none"
    )
    username: str | None = Field(None, description="Who signs in; empty for a server that asks nobody")
    password: Secret | None = Field(None, description="The password, or an app password")
    client_id: str | None = Field(
        None, description="Client ID of your app, for a provider that one signs in to with OAuth2"
    )
    client_secret: Secret | None = Field(None, description="Its client secret, if it has one")
    authorize_url: str | None = Field(
        None, description="The provider's page that asks for consent", json_schema_extra={"flowbook_type": "url"}
    )
    token_url: str | None = Field(None, description="Its token endpoint", json_schema_extra={"flowbook_type": "url"})
    scope: str | None = Field(None, description="What to ask for, as the provider names sending mail")
    oauth2: mail.AccessToken = Field(None, description="Access token: got by signing in, in place of a password")
    security: Literal["none", "starttls", "tls"] = Field(
        "starttls", description="starttls: encrypted from the second step on; tls: from the start; none: not at all"
    )
    from_email: str | None = Field(
        None, description="Sender unless a node says otherwise; the username when that is an address",
        json_schema_extra=_EMAIL,
    )  # fmt: skip
    from_name: str | None = Field(None, description="Name shown as the sender's")
    ca_file: str | None = Field(
        None, description="File with a certificate authority of your own", json_schema_extra={"flowbook_type": "file"}
    )
    timeout: float = Field(30, gt=0, le=600, description="Seconds to wait for each of the server's answers")


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


Recipients = str | list[str]


class SendEmail(typed.Params):
    """A message. Recipients are "a@b.org" or "Ann <a@b.org>": one, several with commas or semicolons
    between, or a list."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["body"]})

    to: Recipients = Field(description="Who gets it", json_schema_extra=_EMAIL)
    subject: str = Field(description="Subject")
    body: str = Field("", description="The message as plain text", json_schema_extra=_TEXT)
    html: str = Field("", description="The message as HTML, beside or in place of plain text", json_schema_extra=_TEXT)
    cc: Recipients = Field("", description="Who gets a copy", json_schema_extra=_EMAIL)
    bcc: Recipients = Field("", description="Who gets a copy unseen", json_schema_extra=_EMAIL)
    from_email: str = Field("", description="Sender; the credentials' when empty", json_schema_extra=_EMAIL)
    from_name: str = Field("", description="Name shown as the sender's")
    reply_to: Recipients = Field("", description="Where answers go", json_schema_extra=_EMAIL)
    attachments: list[Any] = Field(
        default_factory=list,
        description='Files: a path, {"file_path", "filename"}, or {"filename", "content"} with text, bytes, a DataFrame'
        ' (as CSV) or anything JSON holds; {"base64"} for encoded bytes',
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Further header fields, e.g. X-Priority")
