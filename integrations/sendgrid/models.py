"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from flowbook import Secret, typed

_EMAIL: dict[str, Any] = {"flowbook_type": "email"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


class Credentials(typed.Credentials):
    """An API key, and who mail comes from unless a node says otherwise."""

    api_key: Secret = Field(description="API key (SG.…); it needs the scope mail.send")
    base_url: str = Field(
        "https://api.sendgrid.com",
        description="Address of the API; https://api.eu.sendgrid.com for subusers in the EU",
        json_schema_extra={"flowbook_type": "url"},
    )
    from_email: str | None = Field(
        None,
        description="Verified sender that mail comes from unless a node says otherwise; the account's first when empty",
        json_schema_extra=_EMAIL,
    )
    from_name: str | None = Field(None, description="Name shown as the sender's")


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


Recipients = str | list[str]
Category = Annotated[str, Field(min_length=1, max_length=255)]


class SendEmail(typed.Params):
    """A message. Recipients are "a@b.org" or "Ann <a@b.org>": one, several with commas between, or a list."""

    to: Recipients = Field(description="Who gets it", json_schema_extra=_EMAIL)
    subject: str = Field("", description="Subject; a template may bring its own")
    body: str = Field("", description="The message as plain text", json_schema_extra=_TEXT)
    html: str = Field("", description="The message as HTML, beside or in place of plain text", json_schema_extra=_TEXT)
    text: str = Field("", description="Another name for body", json_schema_extra=_TEXT)
    cc: Recipients = Field("", description="Who gets a copy", json_schema_extra=_EMAIL)
    bcc: Recipients = Field("", description="Who gets a copy unseen", json_schema_extra=_EMAIL)
    from_email: str = Field("", description="Verified sender; the credentials' when empty", json_schema_extra=_EMAIL)
    from_name: str = Field("", description="Name shown as the sender's")
    reply_to: Recipients = Field("", description="Where answers go", json_schema_extra=_EMAIL)
    separate: bool = Field(False, description="Send each recipient a message of their own, unseen by the others")
    attachments: list[Any] = Field(
        default_factory=list,
        description='Files: a path, {"file_path", "filename"}, or {"filename", "content"} with text, bytes, a DataFrame'
        ' (as CSV) or anything JSON holds; {"base64"} for encoded bytes',
    )
    template_id: str = Field("", description="A dynamic template (d-…) in place of a body")
    dynamic_template_data: dict[str, Any] = Field(default_factory=dict, description="What the template is filled with")
    categories: list[Category] = Field(
        default_factory=list, max_length=10, description="Up to ten names for statistics"
    )
    send_at: int | str | None = Field(
        None,
        description="When to send it, within 72 hours: ISO 8601 such as 2026-01-31T09:00:00+01:00, or a unix time",
        json_schema_extra={"flowbook_type": "string"},
    )
    sandbox: bool = Field(False, description="Only let SendGrid check the message; nothing is sent")


class ListTemplates(typed.Params):
    """Which templates to list."""

    generations: Literal["dynamic", "legacy", "legacy,dynamic"] = Field("dynamic", description="Which kinds")
    limit: int = Field(200, ge=1, description="Most templates to list")
    all: bool = Field(False, description="List all of them, whatever the limit")


class GetStats(typed.Params):
    """Which days."""

    start_date: date = Field(description="First day, as 2026-01-31")
    end_date: date | None = Field(None, description="Last day; today when empty")
    aggregated_by: Literal["day", "week", "month"] = Field("day", description="What one entry counts")
    categories: list[Category] = Field(
        default_factory=list, max_length=10, description="Count mail of these categories apart, up to ten"
    )
