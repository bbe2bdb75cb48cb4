"""Talks to Telegram's Bot API, whose token is a part of each address.

Facts: https://core.telegram.org/bots/api#making-requests, and the source of the server,
https://github.com/tdlib/telegram-bot-api.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flowbook import http

from .models import Credentials

LARGEST_FILE = 2_000_000_000
"""Bytes: what a Bot API server of one's own hands over; Telegram's own stops at 20 MB."""
SLOWEST = 250_000
"""Bytes a second that a transfer is given time for, beside its first minute."""


class Known(NamedTuple):
    """What a description of Telegram's means: the kind of fault, and what to do."""

    kind: http.Kind
    hint: str


_START = "Somebody has to write to the bot first (/start), or add it to the group or channel."
_ID = "Use the message_id that send_message gave in its data, and the same chat."

# Telegram tells its refusals apart by nothing but these words, which are those of its server's source (Client.cpp).
KNOWN = {
    "chat not found": Known("not_found", f"Check the chat: its number, or @name for a public one. {_START}"),
    "user not found": Known("not_found", "Check the number of the person, and that they are in the chat."),
    "message to edit not found": Known("not_found", _ID),
    "message to forward not found": Known("not_found", _ID),
    "message to copy not found": Known("not_found", _ID),
    "message to pin not found": Known("not_found", _ID),
    "message to be replied not found": Known("not_found", _ID),
    "message can't be edited": Known("invalid", "A bot can change its own messages only."),
    "message can't be deleted": Known(
        "forbidden", "A bot can delete messages of the last 48 hours, and others' only as an administrator."
    ),
    "message text is empty": Known("invalid", "Give a text."),
    "message is too long": Known("invalid", "Shorten it to 4096 characters, or send it by send_file as content."),
    "message caption is too long": Known("invalid", "Shorten it to 1024 characters."),
    "can't parse entities": Known(
        "invalid", "Mend the text's markup: with html escape & < >, with markdown each of _*[]()~`>#+-=|{}.!"
    ),
    "not enough rights": Known("forbidden", "Make the bot an administrator of the chat, with that right."),
    "wrong file identifier": Known("invalid", "Use a file_id that this bot was given; they are not shared by bots."),
    "file is too big": Known("invalid", "Telegram's own server hands over 20 MB at most."),
    "group chat was upgraded": Known("not_found", "Use the number of the new group."),
    "bot was blocked by the user": Known("forbidden", "They have to unblock the bot."),
    "bot was kicked": Known("forbidden", "Add the bot to the chat again."),
    "bot is not a member": Known("forbidden", "Add the bot to the chat."),
    "bot can't initiate conversation": Known("forbidden", _START),
    "user is deactivated": Known("forbidden", "That account was deleted."),
    "can't use getUpdates method while webhook is active": Known(
        "conflict", "Use delete_webhook first, or let the webhook bring the updates."
    ),
    "terminated by other getUpdates request": Known("conflict", "Let only one program read this bot's updates."),
    "query is too old": Known("invalid", "Answer sooner, within a few seconds."),
}
_TOKEN = "Check bot_token: @BotFather shows it (/mybots, API Token)."  # noqa: S105 - what to do


class Telegram:
    """The Bot API as one bot; a context manager."""

    def __init__(self, credentials: Credentials) -> None:
        self._server = credentials.base_url.strip().rstrip("/")
        self._token = credentials.bot_token.reveal()
        # Who sees the part behind the colon needs only the bot's public number to use it.
        self._secrets = [self._token, self._token.partition(":")[2]]
        self._session = self._opened(f"{self._server}/bot{self._token}")

    def _opened(self, address: str, **options: Any) -> http.Session:
        return http.Session(
            address, service="Telegram", secrets=self._secrets, explain=explain, limit=seconds_to_wait, **options
        )

    def __enter__(self) -> Telegram:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def get(self, method: str, **arguments: Any) -> Any:
        """The result of a method that reads."""
        return self._call("GET", method, params=_given(arguments))

    def post(self, method: str, *, again: bool = False, seconds: float | None = None, **arguments: Any) -> Any:
        """The result of a method that changes something; ``again`` is for one that may be repeated.

        ``seconds`` is how long an answer may take.
        """
        return self._call("POST", method, json=_given(arguments), expect=(200,), timeout=seconds, retry=again)

    def upload(self, method: str, form: dict[str, str], files: dict[str, tuple[str, bytes, str]]) -> Any:
        """The result of a method that takes files, as multipart/form-data."""
        seconds = 60 + sum(len(content) for _, content, _ in files.values()) / SLOWEST
        return self._call("POST", method, data=form, files=files, expect=(200,), timeout=seconds)

    def fetch(self, path: str, size: int, target: Any) -> None:
        """Write a file that getFile has told the path of into an open one."""
        quoted = "/".join(http.segment(part) for part in path.split("/"))
        with self._opened(f"{self._server}/file/bot{self._token}", max_bytes=LARGEST_FILE) as session:
            session.get(quoted, into=target, parse=False, timeout=60 + size / SLOWEST)

    def _call(self, verb: str, method: str, **options: Any) -> Any:
        try:
            response = self._session.request(verb, method, **options)
        except http.ServiceError as error:
            raise sorted_out(error) from None
        answer = response.json
        if isinstance(answer, dict) and answer.get("ok") is True and "result" in answer:
            return answer["result"]
        raise http.ServiceError(
            "Telegram: the answer is not one of the Bot API (it has no 'ok' and 'result').",
            "bad_answer",
            status=response.status,
            response=response,
            hint="Check base_url: it is https://api.telegram.org unless you run a Bot API server.",
        )


def says(error: http.ServiceError, words: str) -> bool:
    """Whether that is Telegram's description of why it refused."""
    return words in _description(error.response)


def sorted_out(error: http.ServiceError) -> http.ServiceError:
    """``error`` of the kind that Telegram's description tells of; many statuses of it are just 400."""
    described = _description(error.response)
    for words, known in KNOWN.items():
        if words in described:
            error.kind = error.data["kind"] = known.kind
    if isinstance(moved := _parameters(error.response).get("migrate_to_chat_id"), int):
        error.data["migrate_to_chat_id"] = moved
        error.hint = f"It is a supergroup now: use the chat {moved}."
    return error


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """What an error answer says, without the name of its status, and what to do."""
    described = _description(response)
    words = described.partition(": ")[2] or described
    hint = next((known.hint for text, known in KNOWN.items() if text in described), "")
    if not hint and response.status in (401, 404):
        hint = _TOKEN
    return (words, hint) if hint else words or None


def seconds_to_wait(response: http.Response) -> float | None:
    """ResponseParameters.retry_after: https://core.telegram.org/bots/api#responseparameters."""
    seconds = _parameters(response).get("retry_after")
    return float(seconds) if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else None


def _description(response: http.Response | None) -> str:
    return str(response.object_or_empty.get("description") or "") if response is not None else ""


def _parameters(response: http.Response | None) -> dict[str, Any]:
    found = response.object_or_empty.get("parameters") if response is not None else None
    return found if isinstance(found, dict) else {}


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}
