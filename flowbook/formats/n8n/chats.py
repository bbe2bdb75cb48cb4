"""Telegram and Discord: which of our tasks a message of n8n's is, and what it carries."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.called import Call
from flowbook.formats.n8n.files import made_by, source_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import at, note_others
from flowbook.formats.n8n.source import Step

_RESULT = "{'ok': true, 'result': one}"
_CHAT = {"chat": "chatId"}
_MESSAGE = {"chat": "chatId", "message_id": "messageId"}
_SENT = {
    "thread_id": "additionalFields.message_thread_id",
    "reply_to": "additionalFields.reply_to_message_id",
    "silent": "additionalFields.disable_notification",
    "protect": "additionalFields.protect_content",
}
_FILES = {
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendAnimation": "animation",
}
_CHANNEL = {"channel": "channelId"}
CALLS: dict[tuple[str, str, str], Call] = {
    ("telegram", "message", "sendMessage"): Call("telegram.send_message", _CHAT | {"text": "text"}, {}, _RESULT, _SENT),
    **{
        ("telegram", "message", operation): Call(
            "telegram.send_file", _CHAT, {"kind": kind}, _RESULT, _SENT | {"caption": "additionalFields.caption"}
        )
        for operation, kind in _FILES.items()
    },
    ("telegram", "message", "sendLocation"): Call(
        "telegram.send_location", _CHAT | {"latitude": "latitude", "longitude": "longitude"}, {}, _RESULT, _SENT
    ),
    ("telegram", "message", "editMessageText"): Call("telegram.edit_message", _MESSAGE | {"text": "text"}),
    ("telegram", "message", "deleteMessage"): Call("telegram.delete_message", _MESSAGE),
    ("telegram", "message", "pinChatMessage"): Call("telegram.pin_message", _MESSAGE),
    ("telegram", "message", "unpinChatMessage"): Call("telegram.unpin_message", _MESSAGE),
    ("telegram", "chat", "get"): Call("telegram.get_chat", _CHAT, {}, _RESULT),
    ("telegram", "chat", "administrators"): Call("telegram.list_administrators", _CHAT, {}, "list"),
    ("telegram", "chat", "member"): Call("telegram.get_member", _CHAT | {"user_id": "userId"}, {}, _RESULT),
    ("telegram", "callback", "answerQuery"): Call(
        "telegram.answer_callback",
        {"callback_query_id": "queryId"},
        {},
        "one",
        {"text": "additionalFields.text", "alert": "additionalFields.show_alert", "url": "additionalFields.url"},
    ),
    ("telegram", "file", "get"): Call(
        "telegram.download_file",
        {"file_id": "fileId"},
        {"file_path": "downloads/", "overwrite": True},
        "{'path': one.file_path, 'result': one}",
    ),
    ("discord", "message", "send"): Call(
        "discord.send_message", {"content": "content"}, {"via": "bot"}, "one", _CHANNEL
    ),
    ("discord", "", "sendLegacy"): Call(
        "discord.send_message",
        {"content": "content"},
        {"via": "webhook"},
        "one",
        {"username": "options.username", "avatar_url": "options.avatar_url"},
    ),
    ("discord", "", ""): Call(
        "discord.send_message",
        {"content": "text"},
        {"via": "webhook"},
        "one",
        {"username": "options.username", "avatar_url": "options.avatarUrl"},
    ),
    ("discord", "message", "getAll"): Call("discord.list_messages", _CHANNEL, {}, "list"),
    ("discord", "message", "get"): Call("discord.get_message", _CHANNEL | {"message_id": "messageId"}),
    ("discord", "message", "deleteMessage"): Call(
        "discord.delete_message", {"message_id": "messageId"}, {}, "one", _CHANNEL
    ),
    ("discord", "message", "react"): Call(
        "discord.add_reaction", _CHANNEL | {"message_id": "messageId", "emoji": "emoji"}
    ),
    ("discord", "channel", "create"): Call(
        "discord.create_channel", {"name": "name"}, {}, "one", {"topic": "options.topic"}
    ),
    ("discord", "channel", "getAll"): Call("discord.list_channels", {}, {}, "list"),
    ("discord", "member", "getAll"): Call("discord.list_members", {}, {}, "list"),
    ("discord", "member", "roleAdd"): Call("discord.add_role", {"user": "userId", "role": "role"}),
    ("discord", "member", "roleRemove"): Call("discord.remove_role", {"user": "userId", "role": "role"}),
}
_FORMATS = {"HTML": "html", "Markdown": "markdown", "MarkdownV2": "markdown"}
_KNOWN = (
    "message_thread_id",
    "reply_to_message_id",
    "disable_notification",
    "protect_content",
    "caption",
    "parse_mode",
    "appendAttribution",
    "text",
    "show_alert",
    "url",
    "username",
    "avatar_url",
    "avatarUrl",
    "topic",
    "fileName",
    "disable_web_page_preview",
    "simplify",
)


def more_of(flow: Flow, step: Step, params: dict[str, Any], task: str) -> dict[str, Any]:
    """What such a call gets besides; what it cannot get is noted."""
    made: dict[str, Any] = {}
    if step.kind == "telegram":
        mode = at(params, "additionalFields.parse_mode")
        if task in ("telegram.send_message", "telegram.send_file", "telegram.edit_message") and mode in _FORMATS:
            made["format"] = _FORMATS[mode]
        if at(params, "additionalFields.disable_web_page_preview") is True and task == "telegram.send_message":
            made["link_preview"] = False
        if params.get("replyMarkup") not in (None, "none"):
            flow.report.note(step.name, "the reply markup", "not carried over: give buttons or reply_markup")
        if task == "telegram.send_file":
            made |= _file(flow, step, params)
    elif task == "discord.send_message":
        if params.get("sendTo") == "user":
            flow.report.note(step.name, "a message to a person", "use discord.send_direct_message for it")
        for key in ("embeds", "files"):
            if params.get(key):
                flow.report.note(step.name, key, "not carried over: set them by hand")
    for key in ("additionalFields", "options"):
        note_others(flow, step, params, key, _KNOWN)
    return made


def _file(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """The file of a message: an address, an id of Telegram's, or a file of the workspace."""
    if params.get("binaryData"):
        path = made_by(flow, step, source_of(flow, step))
        if path is None:
            flow.report.note(step.name, "binary data", "not carried over: give the file's path, or its content")
        return {} if path is None else {"file_path": path}
    given = at(params, "file")
    if not isinstance(given, str):
        flow.report.note(step.name, "the file", "the file of n8n does not say it: it has to be given")
        return {}
    is_id = not given.startswith(("=", "http"))
    return {"file_id" if is_id else "url": flow.value(given, step.name)}
