"""The credentials and params of the Discord tasks."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator
from typing_extensions import Self

from flowbook import Secret, typed

_HOOK = re.compile(r"(https?://[^/?#]+/(?:[^?#]*/)?webhooks/[0-9]+/[A-Za-z0-9_-]+)/?(?:\?[^#]*)?")
_FIRST = 1_420_070_400_000
"""Milliseconds since 1970 at which Discord's IDs begin: https://docs.discord.com/developers/reference#snowflakes."""
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _embeds(value: Any) -> Any:
    """Embeds as a list, also out of one and of JSON text."""
    value = typed.from_json(value)
    return [value] if isinstance(value, dict) else value


def _place_in_time(value: Any) -> Any:
    """An ID, also out of a date: the ID that a message of that moment would have at least."""
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str) or not value.strip() or value.strip().isdecimal():
        return typed.Params.blank_is_none(value)
    try:
        when = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"{value!r} is neither an ID nor a date like 2025-01-31T08:00") from None
    moment = (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()
    return str(max(0, int(moment * 1000) - _FIRST) << 22)


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Id = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{15,20}$"),
    Field(examples=["1234567890123456789"]),
]
OptionalId = Annotated[Id | None, typed.BlankIsNone]
Moment = Annotated[Annotated[str, StringConstraints(pattern=r"^[0-9]+$")] | None, BeforeValidator(_place_in_time)]
Embeds = Annotated[list[dict[str, Any]] | None, BeforeValidator(_embeds)]
Mentions = Literal["none", "people", "everyone"]
Way = Literal["auto", "webhook", "bot"]

CHANNEL = "Channel or thread: its ID, or a name such as #general."
SERVER = "Server: its ID or name; the integration's, or the only one that the bot is in, when empty."
MESSAGE = "The message's ID, as send_message gives it (data.id)."
PERSON = "Who: their ID, or @name as they are called in the server."
ROLE = "Role: its ID or name."
EMBEDS = "Up to 10 embeds, as JSON: title, description, url, color, fields, footer, image."
_ALLOWED = {"none": [], "people": ["users", "roles"], "everyone": ["users", "roles", "everyone"]}


class Credentials(typed.Credentials):
    """A webhook is enough to write to its channel; everything else needs a bot."""

    webhook_url: Secret | None = Field(
        None, description="Webhook (https://discord.com/api/webhooks/...), to write to its channel."
    )
    bot_token: Secret | None = Field(None, description="Token of a bot, for everything: channels, people, reactions.")
    server: str | None = Field(None, description="The server (ID or name) that names of channels are looked up in.")
    base_url: str = Field(
        "https://discord.com/api/v10",
        description="Address of the API, if it is reached in another way.",
        json_schema_extra={"flowbook_type": "url"},
    )

    @field_validator("webhook_url")
    @classmethod
    def _a_webhook(cls, address: Secret | None) -> Secret | None:
        found = _HOOK.fullmatch(address.reveal().strip()) if address else None
        if address and not found:
            raise ValueError("must look like https://discord.com/api/webhooks/ID/TOKEN, with nothing behind it")
        return Secret(found.group(1)) if found else None


class TestConnection(typed.Params):
    """Nothing: what the integration has is tried, and nothing is sent."""


class _Content(typed.Params):
    """What a message says."""

    content: OptionalText = Field(
        None, description="The message, in Discord's Markdown; 2000 characters at most.", json_schema_extra=_TEXT
    )
    embeds: Embeds = Field(None, max_length=10, description=EMBEDS, json_schema_extra=_JSON)
    mentions: Mentions = Field(
        "people", description="Whom the mentions in it call: nobody, people and roles, or @everyone and @here too."
    )

    def payload(self) -> dict[str, Any]:
        """These, by Discord's names."""
        allowed = {"parse": _ALLOWED[self.mentions]}
        given = {"content": self.content, "embeds": self.embeds}
        return {**{name: value for name, value in given.items() if value is not None}, "allowed_mentions": allowed}


class _New(_Content):
    """A new message."""

    channel: OptionalName = Field(None, description=f"{CHANNEL} A webhook writes to its own.")
    server: OptionalName = Field(None, description=SERVER)
    thread_id: OptionalId = Field(None, description="With a webhook: the thread of its channel to write to.")
    reply_to: OptionalId = Field(None, description=f"With a bot: reply to this message. {MESSAGE}")
    username: OptionalName = Field(None, max_length=80, description="With a webhook: the name that it writes under.")
    avatar_url: OptionalName = Field(
        None, description="With a webhook: a picture for it.", json_schema_extra={"flowbook_type": "url"}
    )
    silent: bool = Field(False, description="Without a notification.")
    via: Way = Field(
        "auto",
        description="How to send: auto takes the bot when there is one and a channel is given, else the webhook.",
    )

    def payload(self) -> dict[str, Any]:
        """These, by Discord's names."""
        return {**super().payload(), **({"flags": 1 << 12} if self.silent else {})}


def _says_something(params: Any) -> Any:
    if params.content is None and not params.embeds:
        raise ValueError("give content, embeds, or both")
    return params


class SendMessage(_New):
    """A message."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["content", "channel", "embeds"]})
    _says_something = model_validator(mode="after")(_says_something)


class SendFile(_New):
    """Files, and what to say of them."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["files", "channel", "content"]})

    files: list[Any] = Field(
        min_length=1,
        max_length=10,
        description='1 to 10: each a path, {"file_path"}, or {"filename", "content"} with text, bytes, a DataFrame (as '
        'CSV) or anything JSON holds; {"base64"} for encoded bytes.',
        json_schema_extra=_JSON,
    )


class SendDirectMessage(_Content):
    """A message to one person."""

    user: Name = Field(description=PERSON)
    server: OptionalName = Field(None, description=f"Where a name is looked up. {SERVER}")
    _says_something = model_validator(mode="after")(_says_something)


class OneMessage(typed.Params):
    """A message of a channel."""

    channel: Name = Field(description=CHANNEL)
    message_id: Id = Field(description=MESSAGE)
    server: OptionalName = Field(None, description=SERVER)


class _Own(typed.Params):
    """A message of the bot or of the webhook."""

    message_id: Id = Field(description=MESSAGE)
    channel: OptionalName = Field(None, description=f"{CHANNEL} Not needed for a message of the webhook.")
    server: OptionalName = Field(None, description=SERVER)
    thread_id: OptionalId = Field(None, description="With a webhook: the thread that the message is in.")
    via: Way = Field(
        "auto", description="auto takes the bot when there is one and a channel is given, else the webhook."
    )


class EditMessage(_Content, _Own):
    """A message, and what it shall say."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["message_id", "channel", "content"]})
    _says_something = model_validator(mode="after")(_says_something)


class DeleteMessage(_Own):
    """A message."""


class _InTime(typed.Params):
    """A channel, and a time."""

    channel: Name = Field(description=CHANNEL)
    server: OptionalName = Field(None, description=SERVER)
    since: Moment = Field(None, description="Only those after this: an ID, or a date like 2025-01-31.")
    until: Moment = Field(None, description="Only those before this.")


class ListMessages(typed.Listed, _InTime):
    """Which messages of a channel."""


class Reaction(OneMessage):
    """A message and an emoji."""

    emoji: Name = Field(description="A standard emoji, as 👍, or name:id of one of the server's.")


class OneServer(typed.Params):
    """A server."""

    server: OptionalName = Field(None, description=SERVER)


class CreateChannel(OneServer):
    """A new channel."""

    name: Name = Field(max_length=100, description="Its name.")
    kind: Literal["text", "voice", "category", "announcement", "forum"] = Field("text", description="What it is.")
    topic: OptionalText = Field(None, max_length=1024, description="Its topic.", json_schema_extra=_TEXT)
    category: OptionalName = Field(None, description="The category that it is in: its ID or name.")


class CreateThread(OneServer):
    """A new thread."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["channel", "name", "message_id", "content"]})

    channel: Name = Field(description=CHANNEL)
    name: Name = Field(max_length=100, description="Its name.")
    message_id: OptionalId = Field(None, description="The message that it begins at.")
    content: OptionalText = Field(None, description="In a forum: its first message.", json_schema_extra=_TEXT)
    archive_after: Literal[60, 1440, 4320, 10080] = Field(
        1440, description="Minutes without a message after which it is archived: an hour, a day, three, or a week."
    )

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if self.message_id and self.content:
            raise ValueError("give message_id, or content for a thread of a forum, not both")
        return self


class ListMembers(typed.Listed, OneServer):
    """Whose members."""


class FindMember(OneServer):
    """Who."""

    user: Name = Field(description=PERSON)


class RoleOf(FindMember):
    """Who, and which role."""

    role: Name = Field(description=ROLE)
