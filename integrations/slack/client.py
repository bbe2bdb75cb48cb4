"""Talks to Slack: one method of the Web API, its pages, a webhook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flowbook import Secret, TaskFailed, http
from flowbook.counting import counted

from .answers import accepted, checked, code_of, explain
from .models import Credentials

PAGE = 200
"""Items a page; Slack advises no more (https://docs.slack.dev/apis/web-api/pagination)."""

_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{7,}\Z")
_USER_ID = re.compile(r"[UW][A-Z0-9]{7,}\Z")


class Slack:
    """The Web API with a bot token; a context manager. TaskFailed when the integration has no token."""

    def __init__(self, credentials: Credentials, what_for: str) -> None:
        if not credentials.bot_token:
            raise TaskFailed(
                f"A bot token is required {what_for}.",
                hint="Add bot_token (xoxb-...) to this Slack integration; a webhook can only send messages.",
                permanent=True,
            )
        token = credentials.bot_token.reveal().strip()
        # Slack reads the Authorization header; its OpenAPI description names a header "token" for the same.
        headers = {"Authorization": f"Bearer {token}", "token": token, "Accept": "application/json"}
        self._session = http.Session(
            _web_api(credentials.base_url), service="Slack", headers=headers, secrets=[token], explain=explain
        )

    def __enter__(self) -> Slack:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def get(self, method: str, **arguments: Any) -> tuple[dict[str, Any], http.Response]:
        """A method that reads: arguments in the query. The answer, and its response for the headers."""
        response = self._session.get(method, params=_plain(arguments))
        return checked(response, method), response

    def post(self, method: str, **arguments: Any) -> dict[str, Any]:
        """A method that changes something: arguments form-encoded, lists and objects in them as JSON."""
        return checked(self._session.post(method, data=_plain(arguments), expect=(200,)), method)

    def items(
        self, method: str, key: str, wanted: int | None, *, unlike_by: str = "", **arguments: Any
    ) -> tuple[list[Any], bool]:
        """The first ``wanted`` items (None: all) of a method that answers by pages, from ``answer[key]``.

        And whether there are more of them. Of those with the same ``unlike_by`` on several pages, the first is taken.
        """
        size = PAGE if wanted is None else min(PAGE, wanted)
        found: list[Any] = []
        had: set[Any] = set()
        for page, more in self._pages(method, key, limit=size, **arguments):
            found += [one for one in page if not unlike_by or one.get(unlike_by) not in had]
            had |= {one.get(unlike_by) for one in page} if unlike_by else set()
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], more or len(found) > wanted
        return found, False

    def _each(self, method: str, key: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        for page, _ in self._pages(method, key, **arguments):
            yield from page

    def _pages(self, method: str, key: str, **arguments: Any) -> Iterator[tuple[list[dict[str, Any]], bool]]:
        """The items of each page, and whether another follows; a page that was had already ends it."""
        had: set[str] = set()
        cursor: str | None = None
        while True:
            answer, _ = self.get(method, **{**arguments, "cursor": cursor})
            cursor = _next_cursor(answer)
            more = cursor is not None and cursor not in had
            yield answer.get(key) or [], more
            if not more:
                return
            had.add(str(cursor))

    def channel_id(self, channel: str) -> str:
        """The ID of a channel given by ``#name``, name or ID, for the methods that take IDs only.

        A person (``@name``, an e-mail address, or an ID) is the conversation with them. TaskFailed when the bot sees no
        such channel.
        """
        if _CHANNEL_ID.match(channel):
            return channel
        if is_person(channel):
            return self.conversation_with(channel)
        found = self.channel_named(channel)
        if found is not None:
            return str(found["id"])
        raise TaskFailed(
            f"Slack: there is no channel {channel!r} that the bot can see.",
            {"error": "channel_not_found"},
            hint="Check the name; for a private channel, invite the bot first. list_channels shows what it can see.",
            permanent=True,
        )

    def channel_named(self, name: str) -> dict[str, Any] | None:
        """The channel of that name, public or private, as far as the bot sees it; else None."""
        wanted = name.removeprefix("#").lower()
        for types in ("public_channel", "private_channel"):
            try:
                for one in self._each("conversations.list", "channels", types=types, limit=PAGE):
                    if str(one.get("name", "")).lower() == wanted:
                        return one
            except http.ServiceError as error:
                # Without groups:read a bot can still see the public ones.
                if types == "public_channel" or code_of(error) != "missing_scope":
                    raise
        return None

    def conversation_with(self, person: str) -> str:
        """The ID of the direct messages with a person, given as for :meth:`user_id`; they are opened if need be.

        https://docs.slack.dev/reference/methods/conversations.open
        """
        return str(self.post("conversations.open", users=self.user_id(person))["channel"]["id"])

    def user_id(self, person: str) -> str:
        """The ID of a person given as ``@name``, ID or e-mail address; TaskFailed when there is no such one."""
        if _USER_ID.match(person):
            return person
        name = person.removeprefix("@")
        found = self.user_at(name) if "@" in name else self.user_named(name)
        return str(found["id"])

    def user_at(self, email: str) -> dict[str, Any]:
        """The person with that e-mail address; TaskFailed when Slack names one with another."""
        user: dict[str, Any] = self.get("users.lookupByEmail", email=email)[0]["user"]
        found = (user.get("profile") or {}).get("email")
        if found and str(found).casefold() != email.strip().casefold():
            data = {"error": "users_not_found", "found": user.get("id")}
            raise TaskFailed(f"Slack: nobody has the address {email}; what was found is {found}.", data, permanent=True)
        return user

    def user_named(self, name: str) -> dict[str, Any]:
        """The one active person with that user name, display name or full name; TaskFailed for none or several."""
        wanted = name.removeprefix("@").strip().casefold()
        users = self._each("users.list", "members", limit=PAGE)
        # By id, since pages of a list that changes meanwhile may overlap.
        named = {user.get("id"): user for user in users if not user.get("deleted") and wanted in _names(user)}
        found = list(named.values())
        if len(found) == 1:
            return found[0]
        if not found:
            raise TaskFailed(
                f"Slack: there is no user {name!r}.",
                {"error": "user_not_found"},
                hint="Check the name.",
                permanent=True,
            )
        known = ", ".join(f"{user.get('name')} ({user.get('id')})" for user in found[:10])
        raise TaskFailed(
            f"Slack: {counted(len(found), 'user')} are called {name!r}: {known}.",
            {"error": "several_users", "users": [user.get("id") for user in found]},
            hint="Use the e-mail address or the ID.",
            permanent=True,
        )


def is_person(channel: str) -> bool:
    """Whether what is given as a channel is a person: ``@name``, an e-mail address or the ID of a user.

    No name of a channel holds an ``@``: https://docs.slack.dev/reference/methods/conversations.create (Naming).
    """
    return "@" in channel or _USER_ID.match(channel) is not None


def post_to_webhook(webhook: Secret, payload: dict[str, Any]) -> None:
    """Post ``payload`` as JSON to an incoming webhook; ServiceError unless Slack says that it is well.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: a success is 200 with the bare word
    ``ok`` (which calls itself text/html), a refusal another status with a bare word; webhooks of workflows answer JSON.
    """
    with http.Session(
        webhook.reveal().strip(), service="Slack's webhook", secrets=[webhook], explain=explain
    ) as session:
        accepted(session.post(json=payload))


def upload(address: str, stream: Any, size: int, base_url: str) -> None:
    """Send a file's bytes to the address that files.getUploadURLExternal gave; nothing else goes there.

    ServiceError for an address that is not clear, or less safe than that of the API.
    """
    headers = {"Content-Type": "application/octet-stream"}
    # A minute, and a second more for every 250 kB, so that a slow line can finish a large file.
    timeout = 60 + size / 250_000
    with http.Session(
        _encrypted_if(base_url, address), service="Slack's upload", secrets=[address], timeout=timeout
    ) as session:
        session.post(data=stream, headers=headers, retry=True, expect=(200,))


def _encrypted_if(base_url: str, address: str) -> str:
    reason = "it is not encrypted" if base_url.lower().startswith("https:") else ""
    try:
        clear = http.checked_address(address)
        if not reason or clear.lower().startswith("https:"):
            return clear
    except ValueError as error:
        reason = str(error)
    raise http.ServiceError(f"Slack named an address for the upload that cannot be used: {reason}.", "bad_answer")


def _web_api(base_url: str) -> str:
    """``base_url``; Slack's own hosts get the path of the Web API if it was left out."""
    bare = urlsplit(base_url.strip()).path in ("", "/")
    return f"{base_url.strip().rstrip('/')}/api" if bare and _is_slacks(base_url) else base_url


def _is_slacks(base_url: str) -> bool:
    host = f".{urlsplit(base_url.strip()).hostname or ''}"
    return host.endswith((".slack.com", ".slack-gov.com"))


def _plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments as text: what is None is left out, true and false are lowercase, lists and objects are JSON."""
    return {
        name: json.dumps(value) if isinstance(value, (bool, list, dict)) else str(value)
        for name, value in arguments.items()
        if value is not None
    }


def _next_cursor(answer: dict[str, Any]) -> str | None:
    metadata = answer.get("response_metadata") or {}
    return str(metadata.get("next_cursor") or "") or None


def _names(user: dict[str, Any]) -> set[str]:
    profile = user.get("profile") or {}
    names = (user.get("name"), user.get("real_name"), profile.get("display_name"), profile.get("real_name"))
    return {str(name).strip().casefold() for name in names if name}
