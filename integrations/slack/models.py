"""The credentials and params of the Slack tasks."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, typed

WEB_API = "https://slack.com/api"


def _time_stamp(value: Any) -> Any:
    """A message's ``ts``; one that came as a number (unquoted in YAML) gets its six decimals back."""
    return f"{value:.6f}" if isinstance(value, float) else typed.Params.blank_is_none(value)


def _point_in_time(value: Any) -> Any:
    """Unix seconds as text, out of a number, a ``ts``, or an ISO date (UTC when it names no zone)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.6f}"
    if not isinstance(value, str) or not value.strip():
        return typed.Params.blank_is_none(value)
    text = value.strip()
    if text.replace(".", "", 1).isdecimal():
        return text
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"{text!r} is neither a timestamp nor a date like 2025-01-31T08:00") from None
    return f"{(when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp():.6f}"


def _blocks(value: Any) -> Any:
    """Blocks as Slack wants them, also out of JSON text and of the Block Kit Builder's ``{"blocks": []}``."""
    value = typed.from_json(value)
    return value["blocks"] if isinstance(value, dict) and set(value) == {"blocks"} else value


def _channels(value: Any) -> Any:
    """A list of channels, also out of text with commas."""
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, (list, tuple)):
        return [item.strip() if isinstance(item, str) else item for item in value if item != ""]
    return [] if value is None else value


def _bare(value: Any) -> Any:
    """A channel's name without its #."""
    return value.strip().removeprefix("#") if isinstance(value, str) else value


def _says_something(params: Any) -> Any:
    if params.text is None and not params.blocks:
        raise ValueError("give text, blocks, or both")
    return params


def _is_empty(value: Any) -> bool:
    return isinstance(value, (str, bytes, bytearray)) and not value


Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
TimeStamp = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$"), BeforeValidator(_time_stamp)]
OptionalTimeStamp = Annotated[TimeStamp | None, BeforeValidator(_time_stamp)]
PointInTime = Annotated[str | None, BeforeValidator(_point_in_time)]
Blocks = Annotated[list[dict[str, Any]] | None, BeforeValidator(_blocks)]
Channels = Annotated[list[Name], BeforeValidator(_channels)]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Way = Literal["auto", "webhook", "bot_token"]

CHANNEL = "Channel: a name such as #general, an ID such as C0123456789, or a person: @name, an ID, an e-mail address."
THREAD = "Reply in the thread of the message with this ts."
BLOCKS = "Block Kit blocks, as JSON; the text is then what notifications show, and may be left out."
TS = "The message's ts, as send_message gives it (data.ts)."
PERSON = "@name, a user's ID such as U0123456789, or an e-mail address."
WAY = "How to send: auto takes the bot token when there is one and a channel is given, else the webhook."


class Credentials(typed.Credentials):
    """A webhook is enough for messages to its own channel; everything else needs a bot token."""

    webhook_url: Secret | None = Field(
        None, description="Incoming webhook (https://hooks.slack.com/services/...), for messages to its channel."
    )
    bot_token: Secret | None = Field(
        None, description="Bot token (xoxb-...), for everything: any channel, files, channels, people."
    )
    base_url: str = Field(
        WEB_API,
        description="Address of the Web API, if it is not Slack's own, such as https://slack-gov.com/api.",
        json_schema_extra={"flowbook_type": "url"},
    )


class TestConnection(typed.Params):
    """What to try besides the bot token."""

    post_test_message: bool = Field(False, description="Try the webhook too, by posting a test message.")


class SendMessage(typed.Params):
    """A message."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["text", "channel"]})

    text: OptionalText = Field(
        None, description="The message, in Slack's mrkdwn.", json_schema_extra={"flowbook_type": "text"}
    )
    channel: OptionalName = Field(None, description=f"{CHANNEL} A webhook may keep to its own channel.")
    thread_ts: OptionalTimeStamp = Field(None, description=THREAD)
    blocks: Blocks = Field(None, description=BLOCKS, json_schema_extra={"flowbook_type": "json"})
    reply_broadcast: bool = Field(
        False, description="Show a reply in the channel too; needs thread_ts and a bot token."
    )
    unfurl_links: bool | None = Field(
        None, description="Whether links show what they lead to; Slack decides when empty."
    )
    unfurl_media: bool | None = Field(
        None, description="Whether links to pictures, films and sound show them; Slack decides when empty."
    )
    via: Way = Field("auto", description=WAY)
    _says_something = model_validator(mode="after")(_says_something)

    @model_validator(mode="after")
    def _broadcasts_a_reply(self) -> Self:
        if self.reply_broadcast and not self.thread_ts:
            raise ValueError("reply_broadcast needs thread_ts: only a reply can be shown in the channel too")
        return self


class SendEphemeral(typed.Params):
    """A message that one person sees."""

    text: OptionalText = Field(
        None, description="The message, in Slack's mrkdwn.", json_schema_extra={"flowbook_type": "text"}
    )
    channel: Name = Field(description=CHANNEL)
    user: Name = Field(description=f"Who sees it, and is in that channel: {PERSON}")
    thread_ts: OptionalTimeStamp = Field(None, description=THREAD)
    blocks: Blocks = Field(None, description=BLOCKS, json_schema_extra={"flowbook_type": "json"})
    _says_something = model_validator(mode="after")(_says_something)


class SendNotification(typed.Params):
    """A message with a title and a coloured bar."""

    title: str = Field("Notification", description="The title.")
    message: Text = Field(description="The text below the title.", json_schema_extra={"flowbook_type": "text"})
    color: Literal["good", "warning", "danger"] = Field("good", description="The colour of the bar beside it.")
    channel: OptionalName = Field(None, description=f"{CHANNEL} A webhook may keep to its own channel.")
    thread_ts: OptionalTimeStamp = Field(None, description=THREAD)
    via: Way = Field("auto", description=WAY)


class UploadFile(typed.Params):
    """One file or several, and where to share them."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["file_path", "channels", "initial_comment"]})

    file_path: OptionalName = Field(
        None,
        description="The file; a relative path starts at the workspace's folder.",
        json_schema_extra={"flowbook_type": "file"},
    )
    content: Any = Field(
        None,
        description="What to upload in place of a file: text, bytes, a DataFrame (as CSV) or anything JSON holds.",
        json_schema_extra={"flowbook_type": "text"},
    )
    file_name: OptionalName = Field(None, description="The name it gets; content needs one.")
    files: list[Any] = Field(
        default_factory=list,
        description='Several in one message: each a path, {"file_path"}, or {"filename", "content"} with text, bytes, a'
        ' DataFrame (as CSV) or anything JSON holds; {"base64"} for encoded bytes. Beside it "title", "alt_text".',
    )
    channels: Channels = Field(
        "",
        validate_default=True,
        description="Where to share it: names or IDs, separated by commas; without any it stays private.",
        json_schema_extra={"flowbook_type": "string"},
    )
    title: OptionalName = Field(None, description="The title that is shown; by default the file's name.")
    alt_text: OptionalName = Field(None, description="What a picture shows, for those who do not see it.")
    initial_comment: OptionalName = Field(
        None, description="A message that introduces the file.", json_schema_extra={"flowbook_type": "text"}
    )
    thread_ts: OptionalTimeStamp = Field(None, description=f"{THREAD} Only with one channel.")

    @model_validator(mode="after")
    def _one_channel_for_a_thread(self) -> Self:
        if self.thread_ts and len(self.channels) != 1:
            raise ValueError("thread_ts needs exactly one channel")
        return self

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.file_path is not None, self.content is not None and not _is_empty(self.content), bool(self.files)]
        if sum(given) != 1:
            raise ValueError("give exactly one of file_path, content and files; and content must not be empty")
        if given[1] and not self.file_name:
            raise ValueError("content needs file_name, the name that the file gets")
        if given[2] and (self.title or self.alt_text or self.file_name):
            raise ValueError("files have their own filename, title and alt_text: put them beside each")
        return self


class OneMessage(typed.Params):
    """A message of a channel."""

    channel: Name = Field(description=CHANNEL)
    ts: TimeStamp = Field(description=TS, examples=["1700000000.000100"])


class UpdateMessage(OneMessage):
    """A message of this bot, and its new content."""

    text: OptionalText = Field(None, description="The new text.", json_schema_extra={"flowbook_type": "text"})
    blocks: Blocks = Field(
        None,
        description=f"{BLOCKS} An empty list takes those away that are there.",
        json_schema_extra={"flowbook_type": "json"},
    )
    _says_something = model_validator(mode="after")(_says_something)


class Reaction(OneMessage):
    """A message and an emoji."""

    emoji: Name = Field(description="The emoji's name, such as thumbsup (with or without colons).")


class _OfKind(typed.Params):
    """Kinds of channels."""

    types: Name = Field(
        "public_channel",
        description="Kinds, separated by commas: public_channel, private_channel, mpim, im.",
    )
    include_archived: bool = Field(False, description="Archived ones too.")


class ListChannels(typed.Listed, _OfKind):
    """Which channels."""


class FindUser(typed.Params):
    """An e-mail address or a name."""

    email: OptionalName = Field(
        None, description="The person's e-mail address.", json_schema_extra={"flowbook_type": "email"}
    )
    name: OptionalName = Field(None, description="User name, display name or full name, instead of an address.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.email is None) == (self.name is None):
            raise ValueError("give either email or name")
        return self


class _InTime(typed.Params):
    """Messages of a time."""

    oldest: PointInTime = Field(None, description="Only messages after this time: a ts, or a date like 2025-01-31.")
    latest: PointInTime = Field(None, description="Only messages before this time.")
    inclusive: bool = Field(False, description="Messages of exactly these times too.")


class _Messages(typed.Listed, _InTime):
    """Which messages, by their time."""


class ChannelHistory(_Messages):
    """Which messages of a channel."""

    channel: Name = Field(description=CHANNEL)


class ThreadReplies(_Messages):
    """Which messages of a thread."""

    channel: Name = Field(description=CHANNEL)
    ts: TimeStamp = Field(description="The ts of the thread's first message.", examples=["1700000000.000100"])


class CreateChannel(typed.Params):
    """A new channel."""

    name: Annotated[Name, BeforeValidator(_bare)] = Field(
        max_length=80, description="Its name: lowercase letters, digits, hyphens and underscores, 80 at most."
    )
    private: bool = Field(False, description="Only for those who are invited.")
    reuse: bool = Field(False, description="Take the channel of that name when there is one already.")


class InviteToChannel(typed.Params):
    """Who shall be in a channel."""

    channel: Name = Field(description=CHANNEL)
    users: Channels = Field(
        min_length=1,
        description=f"The people, separated by commas or as a list: {PERSON}",
        json_schema_extra={"flowbook_type": "string"},
    )


class OneChannel(typed.Params):
    """A channel."""

    channel: Name = Field(description=CHANNEL)


class SetTopic(OneChannel):
    """A channel and its topic."""

    topic: str = Field(max_length=250, description="The new topic, 250 characters at most; empty takes it away.")


class ListMembers(typed.Listed, OneChannel):
    """Whose members."""
