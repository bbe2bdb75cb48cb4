"""What Discord says when it refuses: codes, the fields that are wrong, and how long to wait.

https://docs.discord.com/developers/topics/opcodes-and-status-codes#json, and
https://docs.discord.com/developers/reference#error-messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from flowbook import http


class Known(NamedTuple):
    """What kind of fault a code is, and what to do."""

    kind: http.Kind
    hint: str


_ID = "Check its ID (Developer Mode, Copy ID) or name, and that the bot sees it."
_MESSAGE = "Use the ID that send_message gave in its data, and the same channel."
_PERMISSION = "Give the bot's role that permission, in the server or in the channel."
_TOKEN = "Put the token of the bot (Developer Portal, Bot, Reset Token) into this integration."  # noqa: S105
_WEBHOOK = "Make a new webhook (channel settings, Integrations), and put its address into this integration."

UNKNOWN_MESSAGE = 10008

KNOWN = {
    10003: Known("not_found", _ID),
    10004: Known("not_found", _ID),
    10007: Known("not_found", "That person is not in the server."),
    UNKNOWN_MESSAGE: Known("not_found", _MESSAGE),
    10011: Known("not_found", _ID),
    10013: Known("not_found", _ID),
    10014: Known("not_found", "Give a standard emoji, or name:id of one of the server's."),
    10015: Known("not_found", _WEBHOOK),
    30003: Known("conflict", "Unpin another message first."),
    30010: Known("conflict", "A message takes 20 different reactions."),
    40005: Known("invalid", "Send a smaller file: a server without boosts takes 10 MB."),
    40062: Known("rate_limited", "Give the node a retry with a longer wait."),
    50001: Known("forbidden", f"The bot does not see that channel or server. {_PERMISSION}"),
    50005: Known("forbidden", "Only messages of the bot, or of the webhook, can be changed."),
    50006: Known("invalid", "Give content, embeds or a file."),
    50007: Known("forbidden", "That person takes no messages from the bot, or shares no server with it."),
    50008: Known("invalid", "Choose a text channel or thread."),
    50013: Known("forbidden", _PERMISSION),
    50014: Known("unauthorized", _TOKEN),
    50024: Known("invalid", "Choose a channel of another kind."),
    50027: Known("unauthorized", _WEBHOOK),
    50083: Known("conflict", "The thread is archived: write to it first."),
    160004: Known("conflict", "That message has a thread already: write to the channel of the message's ID."),
}


def code_of(error: http.ServiceError) -> int:
    """Discord's code for why it refused; 0 when it named none."""
    return _code(error.response.object_or_empty if error.response is not None else {})


def sorted_out(error: http.ServiceError) -> http.ServiceError:
    """``error`` of the kind that Discord's code tells of; for some of them its status says less."""
    known = KNOWN.get(code_of(error))
    if known is not None and error.kind != "rate_limited":
        error.kind = error.data["kind"] = known.kind
        error.permanent = known.kind not in ("conflict", "rate_limited")
    return error


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """What an error answer says, with the fields that are wrong, and what to do."""
    answer = response.object_or_empty
    message = str(answer.get("message") or "").rstrip(". ")
    details = "; ".join(_details(answer.get("errors"), ""))
    words = ": ".join(filter(None, [message, details]))
    if not words:
        return None
    if known := KNOWN.get(_code(answer)):
        return words, known.hint
    if response.status == 401:
        return words, _TOKEN
    return words


def seconds_to_wait(response: http.Response) -> float | None:
    """https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit: ``retry_after``, in seconds."""
    seconds = response.object_or_empty.get("retry_after")
    return float(seconds) if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) else None


def _details(errors: Any, place: str) -> Iterator[str]:
    """``embeds.0.title: ...`` of each nested ``{"_errors": [{"code", "message"}]}``."""
    if not isinstance(errors, dict):
        return
    for name, inner in errors.items():
        if name == "_errors" and isinstance(inner, list):
            words = "; ".join(str(one.get("message")) for one in inner if isinstance(one, dict))
            yield f"{place}: {words}" if place else words
        else:
            yield from _details(inner, f"{place}.{name}" if place else str(name))


def _code(answer: dict[str, Any]) -> int:
    code = answer.get("code")
    return code if isinstance(code, int) else 0
