"""The credentials and params of the Telegram tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator
from typing_extensions import Self

from flowbook import Secret, typed

_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]{20,}")
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_FILE: dict[str, Any] = {"flowbook_type": "file"}


def _rows(value: Any) -> Any:
    """Buttons as rows of them: one row out of a plain list."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        return [value]
    return typed.Params.blank_is_none(value)


Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Chat = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^(-?[0-9]+|@[A-Za-z][A-Za-z0-9_]{2,})$")]
MessageId = Annotated[int, Field(ge=1)]
OptionalId = Annotated[MessageId | None, typed.BlankIsNone]
Buttons = Annotated[list[list[dict[str, Any]]] | None, BeforeValidator(_rows)]
Format = Literal["plain", "html", "markdown"]
Kind = Literal["document", "photo", "video", "audio", "voice", "animation"]

CHAT = "Chat: its number (a group's is negative), or @name of a public group or channel."
MESSAGE = "The message_id, as send_message gives it in its data."
FORMAT = "How the text is marked up: plain, html, or markdown (Telegram's MarkdownV2)."
BUTTONS = (
    'Buttons below it: a list of rows, each a list of {"text", "url"} or {"text", "callback_data"}; one row may be '
    "given without the outer list."
)
_PARSE_MODES = {"plain": None, "html": "HTML", "markdown": "MarkdownV2"}


class Credentials(typed.Credentials):
    """A bot."""

    bot_token: Secret = Field(
        description="The bot's token, as @BotFather gives it (123456789:AAF...).",
        examples=["123456789:AAF-made-up-for-tests-0123456789"],
    )
    base_url: str = Field(
        "https://api.telegram.org",
        description="Address of the Bot API, if you run a server of it yourself.",
        json_schema_extra={"flowbook_type": "url"},
    )

    @field_validator("bot_token")
    @classmethod
    def _a_token(cls, token: Secret) -> Secret:
        text = token.reveal().strip()
        if not _TOKEN.fullmatch(text):  # it becomes a part of addresses
            raise ValueError("must be the token that @BotFather gives: a number, a colon, and 35 letters")
        return Secret(text)


class Nothing(typed.Params):
    """No params."""


class OneChat(typed.Params):
    """A chat."""

    chat: Chat = Field(description=CHAT)


class OneMessage(OneChat):
    """A message of a chat."""

    message_id: MessageId = Field(description=MESSAGE)


class _Sent(typed.Params):
    """How a message is sent."""

    chat: Chat = Field(description=CHAT)
    thread_id: OptionalId = Field(None, description="The topic of a forum (message_thread_id).")
    silent: bool = Field(False, description="Without a sound.")
    protect: bool = Field(False, description="It can be neither forwarded nor saved.")

    def sent(self) -> dict[str, Any]:
        """These, by Telegram's names."""
        return {
            "chat_id": self.chat,
            "message_thread_id": self.thread_id,
            "disable_notification": self.silent or None,
            "protect_content": self.protect or None,
        }


class _New(_Sent):
    """A new message."""

    reply_to: OptionalId = Field(None, description=f"Reply to this message of the chat. {MESSAGE}")
    buttons: Buttons = Field(None, description=BUTTONS, json_schema_extra=_JSON)
    reply_markup: dict[str, Any] | None = Field(
        None, description="Any other keyboard, as Telegram's reply_markup.", json_schema_extra=_JSON
    )

    @model_validator(mode="after")
    def _one_keyboard(self) -> Self:
        if self.buttons and self.reply_markup:
            raise ValueError("give either buttons or reply_markup")
        return self

    def sent(self) -> dict[str, Any]:
        """These, by Telegram's names."""
        keyboard = {"inline_keyboard": self.buttons} if self.buttons else self.reply_markup
        reply = {"message_id": self.reply_to} if self.reply_to else None
        return {**super().sent(), "reply_parameters": reply, "reply_markup": keyboard}


def parse_mode(format: Format) -> str | None:
    """Telegram's name for how a text is marked up."""
    return _PARSE_MODES[format]


class SendMessage(_New):
    """A message."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["text", "chat", "format"]})

    text: Text = Field(description="The message, 4096 characters at most.", json_schema_extra=_TEXT)
    format: Format = Field("plain", description=FORMAT)
    link_preview: bool = Field(True, description="Show what the first link leads to.")


class _Source(typed.Params):
    """Where a file comes from."""

    file_path: OptionalName = Field(
        None, description="The file; a relative path starts at the workspace's folder.", json_schema_extra=_FILE
    )
    content: Any = Field(
        None,
        description="What to send in place of a file: text, bytes, a DataFrame (as CSV) or anything JSON holds.",
        json_schema_extra=_TEXT,
    )
    file_name: OptionalName = Field(None, description="The name that it gets; content needs one.")
    url: OptionalName = Field(
        None, description="A web address that Telegram gets it from.", json_schema_extra={"flowbook_type": "url"}
    )
    file_id: OptionalName = Field(None, description="A file that Telegram has already, by the file_id of a message.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        content = self.content is not None and not (isinstance(self.content, (str, bytes)) and not self.content)
        if sum([self.file_path is not None, content, self.url is not None, self.file_id is not None]) != 1:
            raise ValueError("give exactly one of file_path, content, url and file_id; content must not be empty")
        if content and not self.file_name:
            raise ValueError("content needs file_name, the name that the file gets")
        return self


class SendFile(_New, _Source):
    """A file and its caption."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["file_path", "chat", "kind", "caption"]})

    kind: Kind = Field("document", description="What it is shown as; a document is sent as it is.")
    caption: OptionalText = Field(
        None, description="A text below it, 1024 characters at most.", json_schema_extra=_TEXT
    )
    format: Format = Field("plain", description=FORMAT)


class SendAlbum(_Sent):
    """Several files in one message."""

    files: list[Any] = Field(
        min_length=2,
        max_length=10,
        description='2 to 10: each a path, or {"file_path"}, {"filename", "content"}, {"url"} or {"file_id"}. Beside '
        'it "caption" and "kind".',
        json_schema_extra=_JSON,
    )
    kind: Literal["photo", "video", "document", "audio"] = Field(
        "photo", description="What those are that do not say; documents and audio are not mixed with others."
    )
    format: Format = Field("plain", description="How the captions are marked up.")
    reply_to: OptionalId = Field(None, description=f"Reply to this message of the chat. {MESSAGE}")


class SendLocation(_New):
    """A place."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["chat", "latitude", "longitude"]})

    latitude: float = Field(ge=-90, le=90, description="Degrees north.")
    longitude: float = Field(ge=-180, le=180, description="Degrees east.")


class SendPoll(_New):
    """A question with answers to choose from."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["question", "options", "chat"]})

    question: Text = Field(max_length=300, description="The question, 300 characters at most.")
    options: Annotated[list[Text], typed.Parted] = Field(
        min_length=2, max_length=10, description="2 to 10 answers: a list, or a text with commas."
    )
    anonymous: bool = Field(True, description="Do not show who chose what.")
    multiple: bool = Field(False, description="More than one answer may be chosen.")


class EditMessage(OneMessage):
    """A message of the bot, and what is new about it."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["chat", "message_id", "text", "caption"]})

    text: OptionalText = Field(None, description="The new text.", json_schema_extra=_TEXT)
    caption: OptionalText = Field(
        None, description="The new caption, of a message with a file.", json_schema_extra=_TEXT
    )
    format: Format = Field("plain", description=FORMAT)
    buttons: Buttons = Field(
        None, description=f"{BUTTONS} Without any, those that are there go.", json_schema_extra=_JSON
    )
    link_preview: bool = Field(True, description="Show what the first link of a text leads to.")

    @model_validator(mode="after")
    def _something_new(self) -> Self:
        if self.text is not None and self.caption is not None:
            raise ValueError("give text, or caption for a message with a file, not both")
        if self.text is None and self.caption is None and self.buttons is None:
            raise ValueError("give text, caption or buttons (an empty list takes them away)")
        return self


class ForwardMessage(_Sent):
    """A message, and where it shall go."""

    from_chat: Chat = Field(description=f"Where it is. {CHAT}")
    message_id: MessageId = Field(description=MESSAGE)


class CopyMessage(ForwardMessage):
    """A message, and where a copy of it shall go."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["from_chat", "message_id", "chat"]})

    caption: OptionalText = Field(
        None, description="Another caption, of a message with a file.", json_schema_extra=_TEXT
    )
    format: Format = Field("plain", description="How that is marked up.")


class PinMessage(OneMessage):
    """A message to pin."""

    silent: bool = Field(True, description="Tell nobody.")


class UnpinMessage(OneChat):
    """A message to unpin."""

    message_id: OptionalId = Field(None, description="Which; the one that was pinned last when empty.")
    all: bool = Field(False, description="All that are pinned in the chat.")


class SetReaction(OneMessage):
    """A message and an emoji."""

    emoji: OptionalName = Field(None, description="One of those that Telegram has for it, as 👍; empty takes it away.")


class GetUpdates(typed.Params):
    """Which updates."""

    after: int | None = Field(
        None,
        description="Only those after this update_id. Telegram then forgets it and all before it.",
    )
    limit: int = Field(100, ge=1, le=100, description="How many at most; there are 100 in one answer.")
    wait: int = Field(0, ge=0, le=50, description="Seconds to wait for one when there is none.")
    kinds: Annotated[list[Name] | None, typed.Parted] = Field(
        None, description="Kinds, such as message, callback_query; as the last time when empty."
    )


class AnswerCallback(typed.Params):
    """Who pressed a button, and what to tell them."""

    callback_query_id: Name = Field(description="The id in the update's callback_query.")
    text: OptionalText = Field(None, max_length=200, description="What is shown, 200 characters at most.")
    alert: bool = Field(False, description="In a window that has to be closed.")
    url: OptionalName = Field(
        None, description="An address to open, of a game.", json_schema_extra={"flowbook_type": "url"}
    )


class GetMember(OneChat):
    """Who, and in which chat."""

    user_id: int = Field(description="The number of the person, as in an update's message.from.id.")


class DownloadFile(typed.Params):
    """A file, and where to put it."""

    file_id: Name = Field(description="The file_id, as in an update's message.document.")
    file_path: Name = Field(
        "./",
        description="Where to put it; in a folder (with a / at its end) it gets the name that Telegram gives it.",
        json_schema_extra=_FILE,
    )
    overwrite: bool = Field(False, description="Replace a file that is there.")


class SetWebhook(typed.Params):
    """Where updates shall be sent."""

    url: Name = Field(
        description="An https address, such as a hook of flowbook serve.", json_schema_extra={"flowbook_type": "url"}
    )
    secret_token: OptionalName = Field(
        None,
        description="What Telegram is to send in the header X-Telegram-Bot-Api-Secret-Token.",
        json_schema_extra={"flowbook_type": "password"},
    )
    kinds: Annotated[list[Name] | None, typed.Parted] = Field(
        None, description="Kinds, such as message, callback_query; as the last time when empty."
    )
    drop_pending: bool = Field(False, description="Forget the updates that have not been read yet.")


class DeleteWebhook(typed.Params):
    """Whether updates that wait shall go."""

    drop_pending: bool = Field(False, description="Forget the updates that have not been read yet.")
