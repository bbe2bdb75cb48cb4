"""Messages of a bot. Facts: https://core.telegram.org/bots/api, the method of the same name."""

from __future__ import annotations

from typing import Any

from flowbook import Result, http, task

from .client import Telegram, says
from .models import (
    CopyMessage,
    Credentials,
    EditMessage,
    ForwardMessage,
    OneMessage,
    PinMessage,
    SendLocation,
    SendMessage,
    SendPoll,
    SetReaction,
    UnpinMessage,
    parse_mode,
)

# What a dry run goes on with in the place of what the service would answer.
_SENT = {
    "message_id": 42,
    "chat": {"id": -1001234567890, "type": "supergroup", "title": "Team"},
    "date": 1700000000,
    "text": "Hello",
}


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_SENT,
)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a text to a person, a group or a channel. Data: Telegram's message (message_id, chat, date, text).

    https://core.telegram.org/bots/api#sendmessage
    """
    with Telegram(credentials) as bot:
        message = bot.post(
            "sendMessage",
            **params.sent(),
            text=params.text,
            parse_mode=parse_mode(params.format),
            link_preview_options=None if params.link_preview else {"is_disabled": True},
        )
    return Result.ok(f"Message sent to {params.chat}.", message)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "message_id": 42,
        "chat": {"id": -1001234567890, "type": "supergroup", "title": "Team"},
        "date": 1700000000,
        "location": {"latitude": 52.52, "longitude": 13.405},
    },
)
def send_location(credentials: Credentials, params: SendLocation) -> Result:
    """Send a place on the map. Data: Telegram's message. https://core.telegram.org/bots/api#sendlocation"""
    with Telegram(credentials) as bot:
        message = bot.post("sendLocation", **params.sent(), latitude=params.latitude, longitude=params.longitude)
    return Result.ok(f"Place sent to {params.chat}.", message)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "message_id": 42,
        "chat": {"id": -1001234567890, "type": "supergroup", "title": "Team"},
        "date": 1700000000,
        "poll": {
            "id": "5237845216723",
            "question": "Lunch?",
            "options": [{"text": "Yes", "voter_count": 0}, {"text": "No", "voter_count": 0}],
            "is_closed": False,
        },
    },
)
def send_poll(credentials: Credentials, params: SendPoll) -> Result:
    """Ask a question with answers to choose from. Data: Telegram's message, with its poll.

    https://core.telegram.org/bots/api#sendpoll
    """
    with Telegram(credentials) as bot:
        message = bot.post(
            "sendPoll",
            **params.sent(),
            question=params.question,
            options=[{"text": option} for option in params.options],
            is_anonymous=params.anonymous,
            allows_multiple_answers=params.multiple,
        )
    return Result.ok(f"Question sent to {params.chat}.", message)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def edit_message(credentials: Credentials, params: EditMessage) -> Result:
    """Replace the text, the caption or the buttons of a message of the bot; that it is so already is fine.

    Data: {"chat", "message_id", "changed"}. https://core.telegram.org/bots/api#updating-messages
    """
    keyboard = {"inline_keyboard": params.buttons} if params.buttons is not None else None
    place: dict[str, Any] = {"chat_id": params.chat, "message_id": params.message_id, "reply_markup": keyboard}
    with Telegram(credentials) as bot:
        try:
            if params.text is not None:
                preview = None if params.link_preview else {"is_disabled": True}
                text: dict[str, Any] = {"text": params.text, "link_preview_options": preview}
                bot.post("editMessageText", again=True, **place, **text, parse_mode=parse_mode(params.format))
            elif params.caption is not None:
                text = {"caption": params.caption, "parse_mode": parse_mode(params.format)}
                bot.post("editMessageCaption", again=True, **place, **text)
            else:
                bot.post("editMessageReplyMarkup", again=True, **place)
            changed = True
        except http.ServiceError as error:
            if not says(error, "message is not modified"):
                raise
            changed = False
    data = {"chat": params.chat, "message_id": params.message_id, "changed": changed}
    return Result.ok("Message changed." if changed else "The message is like that already.", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_message(credentials: Credentials, params: OneMessage) -> Result:
    """Delete a message; that there is none (any more) is fine.

    Data: {"chat", "message_id", "deleted": whether there was one}. https://core.telegram.org/bots/api#deletemessage
    """
    data = {"chat": params.chat, "message_id": params.message_id}
    with Telegram(credentials) as bot:
        try:
            bot.post("deleteMessage", again=True, chat_id=params.chat, message_id=params.message_id)
        except http.ServiceError as error:
            if not says(error, "message to delete not found"):
                raise
            return Result.ok("There is no such message.", {**data, "deleted": False})
    return Result.ok("Message deleted.", {**data, "deleted": True})


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_SENT,
)
def forward_message(credentials: Credentials, params: ForwardMessage) -> Result:
    """Forward a message to another chat. Data: Telegram's message there.

    https://core.telegram.org/bots/api#forwardmessage
    """
    with Telegram(credentials) as bot:
        message = bot.post(
            "forwardMessage", **params.sent(), from_chat_id=params.from_chat, message_id=params.message_id
        )
    return Result.ok(f"Message forwarded to {params.chat}.", message)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"message_id": 43})
def copy_message(credentials: Credentials, params: CopyMessage) -> Result:
    """Send a copy of a message to another chat, without a word on where it comes from. Data: {"message_id"}.

    https://core.telegram.org/bots/api#copymessage
    """
    with Telegram(credentials) as bot:
        copy = bot.post(
            "copyMessage",
            **params.sent(),
            from_chat_id=params.from_chat,
            message_id=params.message_id,
            caption=params.caption,
            parse_mode=parse_mode(params.format) if params.caption else None,
        )
    return Result.ok(f"Copy sent to {params.chat}.", copy)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def pin_message(credentials: Credentials, params: PinMessage) -> Result:
    """Pin a message; the bot must be an administrator who may. https://core.telegram.org/bots/api#pinchatmessage"""
    with Telegram(credentials) as bot:
        bot.post(
            "pinChatMessage",
            again=True,
            chat_id=params.chat,
            message_id=params.message_id,
            disable_notification=params.silent,
        )
    return Result.ok("Message pinned.", {"chat": params.chat, "message_id": params.message_id})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def unpin_message(credentials: Credentials, params: UnpinMessage) -> Result:
    """Unpin a message, the one that was pinned last, or all. https://core.telegram.org/bots/api#unpinchatmessage"""
    with Telegram(credentials) as bot:
        if params.all:
            bot.post("unpinAllChatMessages", again=True, chat_id=params.chat)
        else:
            # Without a number each call takes another one off.
            known = params.message_id is not None
            bot.post("unpinChatMessage", again=known, chat_id=params.chat, message_id=params.message_id)
    return Result.ok("All unpinned." if params.all else "Message unpinned.", {"chat": params.chat})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_reaction(credentials: Credentials, params: SetReaction) -> Result:
    """React to a message with an emoji in place of the one before, or take it away.

    https://core.telegram.org/bots/api#setmessagereaction
    """
    reaction = [{"type": "emoji", "emoji": params.emoji}] if params.emoji else []
    with Telegram(credentials) as bot:
        bot.post("setMessageReaction", again=True, chat_id=params.chat, message_id=params.message_id, reaction=reaction)
    data = {"chat": params.chat, "message_id": params.message_id, "emoji": params.emoji}
    return Result.ok(f"Reacted with {params.emoji}." if params.emoji else "Reaction taken away.", data)
