"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import Self

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

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["subject", "body"]})

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
    headers: dict[str, str] = Field(default_factory=dict, description="Header fields of your own, e.g. X-Ticket")
    custom_args: dict[str, str] = Field(
        default_factory=dict, description="Values that come back with each event of the message"
    )
    unsubscribe_group: int | None = Field(
        None, description="Id of the unsubscribe group that the message belongs to, as list_unsubscribe_groups gives it"
    )
    groups_to_display: list[int] = Field(
        default_factory=list, max_length=25, description="Groups that the page of preferences shows, up to 25"
    )
    ip_pool_name: Annotated[Annotated[str, Field(min_length=2, max_length=64)] | None, typed.BlankIsNone] = Field(
        None, description="Pool of IP addresses to send from"
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


Page = Annotated[int, Field(ge=1, description="Most entries to list")]
All = Annotated[bool, Field(description="List all of them, whatever the limit")]
Emails = Annotated[list[str], typed.Parted, Field(min_length=1, json_schema_extra=_EMAIL)]
Kind = Literal["bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes", "group"]
_KIND = Field(description='Which list: "unsubscribes" is from all mail, "group" that of an unsubscribe group')
_GROUP = Field("", description="The unsubscribe group's id or name")


class ListContactLists(typed.Params):
    """Which lists of contacts."""

    limit: Page = 100
    all: All = False


class CreateContactList(typed.Params):
    """A list to make."""

    name: str = Field(min_length=1, max_length=100, description="Name of the list")


class AddContacts(typed.Params):
    """Contacts to add; one whose address is there already is changed."""

    contacts: Any = Field(
        description="Objects with email, and first_name, city, …; custom_fields by name or id; or a DataFrame",
        json_schema_extra=_JSON,
    )
    lists: Annotated[list[str], typed.Parted] = Field(
        default_factory=list, description="Lists that they shall be on, by id or name"
    )


class SearchContacts(typed.Params):
    """Whom to look for: by addresses, or by a query."""

    emails: Annotated[list[str], typed.Parted] = Field(
        default_factory=list, max_length=100, description="Whole addresses", json_schema_extra=_EMAIL
    )
    query: str = Field(
        "", description="In SendGrid's query language (SGQL)", examples=["email LIKE 'ann%' AND city = 'Berlin'"]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.emails) == bool(self.query.strip()):
            raise ValueError("give either 'emails' or a 'query'")
        return self


class ListUnsubscribeGroups(typed.Params):
    """Nothing: all groups are listed."""


class _OfAList(typed.Params):
    kind: Kind = _KIND
    group: str = _GROUP

    @model_validator(mode="after")
    def _which_group(self) -> Self:
        if (self.kind == "group") != bool(self.group.strip()):
            raise ValueError("kind: group and the name or id in 'group' belong together")
        return self


class ListSuppressions(_OfAList):
    """Which addresses that get no mail."""

    since: datetime | date | None = Field(None, description="Only those since then; not for a group")
    until: datetime | date | None = Field(None, description="Only those until then; not for a group")
    limit: Page = 500
    all: All = False


class AddSuppressions(typed.Params):
    """Addresses that shall get no mail any more: none at all, or none of a group."""

    emails: Emails = Field(description="Addresses")
    group: str = Field("", description="The unsubscribe group's id or name; none: no mail at all")


class RemoveSuppressions(_OfAList):
    """Addresses that shall get mail again."""

    emails: Emails = Field(description="Addresses")
