"""Talks to Discord: as a bot, or by a webhook, whose address is its secret.

Facts: https://docs.discord.com/developers/reference.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from flowbook import TaskFailed, __version__, current, http
from flowbook.counting import counted

from .answers import explain, seconds_to_wait, sorted_out
from .models import Credentials

PAGE = 100
_ID = re.compile(r"[0-9]{15,20}")
_AGENT = f"DiscordBot (https://pypi.org/project/jupyter-flowbook, {__version__})"
SLOWEST = 250_000
"""Bytes a second that an upload is given time for, beside its first minute."""


class _Calls:
    """What both ways of calling Discord share; a context manager."""

    def __init__(self, address: str, secrets: list[str], headers: dict[str, str]) -> None:
        self._session = http.Session(
            address,
            service="Discord",
            headers={"User-Agent": _AGENT, **headers},
            secrets=secrets,
            explain=explain,
            limit=seconds_to_wait,
        )

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def call(self, method: str, path: str, **options: Any) -> http.Response:
        """One request; ServiceError of the kind that Discord's code tells of."""
        try:
            return self._session.request(method, path, **options)
        except http.ServiceError as error:
            raise sorted_out(error) from None

    def one(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The one thing that an answer tells of, which has an ID."""
        response = self.call(method, path, **options)
        answer = response.json
        if not isinstance(answer, dict) or "id" not in answer:
            raise http.unlike("Discord", "https://discord.com/api/v10", response)
        return answer

    def done(self, method: str, path: str, **options: Any) -> None:
        """A request that is answered by nothing: 204."""
        self.call(method, path, expect=(204,), **options)

    def send(self, path: str, payload: dict[str, Any], files: list[Any], **options: Any) -> dict[str, Any]:
        """Post a message, with files as https://docs.discord.com/developers/reference#uploading-files says."""
        options["expect"] = (200,)
        if not files:
            return self.one("POST", path, json=payload, **options)
        import json

        described = [{"id": number, "filename": file.filename} for number, file in enumerate(files)]
        parts = {
            f"files[{number}]": (file.filename, file.content, file.content_type) for number, file in enumerate(files)
        }
        form = {"payload_json": json.dumps({**payload, "attachments": described})}
        seconds = 60 + sum(len(file.content) for file in files) / SLOWEST
        return self.one("POST", path, data=form, files=parts, timeout=seconds, **options)


class Bot(_Calls):
    """The API as a bot. TaskFailed when the integration has no token."""

    def __init__(self, credentials: Credentials, what_for: str) -> None:
        if not credentials.bot_token:
            raise TaskFailed(
                f"A bot token is required {what_for}.",
                hint="Add bot_token to this Discord integration; a webhook can only write to its own channel.",
                permanent=True,
            )
        token = credentials.bot_token.reveal().strip().removeprefix("Bot ")
        self._server = credentials.server
        super().__init__(credentials.base_url, [token], {"Authorization": f"Bot {token}"})

    def __enter__(self) -> Bot:
        return self

    def many(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """The list that an answer is."""
        response = self.call("GET", path, params={name: value for name, value in query.items() if value is not None})
        return response.objects()

    def post(self, channel: str, payload: dict[str, Any], files: list[Any]) -> dict[str, Any]:
        """Post a message; within a run it may be repeated, since Discord knows it again by its nonce."""
        key = current().idempotency_key
        nonce = hashlib.sha256(f"{key} {channel}".encode()).hexdigest()[:24] if key else ""
        once = {"nonce": nonce, "enforce_nonce": True} if key else {}
        return self.send(f"channels/{channel}/messages", {**payload, **once}, files, retry=bool(key))

    def channel_id(self, channel: str, server: str | None) -> str:
        """The ID of a channel or thread, given by that or by ``#name``; TaskFailed when it is not clear which."""
        if _ID.fullmatch(channel):
            return channel
        name = channel.removeprefix("#")
        channels = self.many(f"guilds/{self.server_id(server)}/channels")
        return _the_one("channel", name, [one for one in channels if one.get("name") == name])

    def server_id(self, server: str | None) -> str:
        """The ID of a server, given by that or its name; without either the only one that the bot is in."""
        wanted = server or self._server
        if wanted and _ID.fullmatch(wanted):
            return wanted
        servers = self.servers()
        if wanted:
            return _the_one("server", wanted, [one for one in servers if one.get("name") == wanted])
        if len(servers) == 1:
            return str(servers[0]["id"])
        raise TaskFailed(
            f"Discord: the bot is in {counted(len(servers), 'server')}: it is not clear which one is meant.",
            hint="Give server, here or in the integration.",
            permanent=True,
        )

    def servers(self) -> list[dict[str, Any]]:
        """All servers that the bot is in. https://docs.discord.com/developers/resources/user#get-current-user-guilds"""
        return self.all_after("users/@me/guilds", 200, None, lambda one: str(one["id"]))[0]

    def all_after(self, path: str, size: int, wanted: int | None, id_of: Any) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` entries (None: all) of a list that is paged by the ID ``after`` which it goes on."""
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            size = size if wanted is None else min(size, max(1, wanted - len(found)))
            page = self.many(path, limit=size, after=after)
            found += page
            current().progress(len(found), wanted)
            if len(page) < size:
                return found, False
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], True
            if (following := id_of(page[-1])) == after:
                return found, False
            after = following

    def role_id(self, server: str, role: str) -> str:
        """The ID of a role of a server, given by that or its name."""
        if _ID.fullmatch(role):
            return role
        name = role.removeprefix("@")
        return _the_one("role", name, [one for one in self.many(f"guilds/{server}/roles") if one.get("name") == name])

    def user_id(self, user: str, server: str | None) -> str:
        """The ID of a person, given by that or ``@name``."""
        return user if _ID.fullmatch(user) else str(self.member(self.server_id(server), user)["user"]["id"])

    def member(self, server: str, name: str) -> dict[str, Any]:
        """The one member of a server with that ID, user name, display name or nickname."""
        if _ID.fullmatch(name):
            return self.call("GET", f"guilds/{server}/members/{name}").object
        wanted = name.removeprefix("@")
        # The search is by how names begin; what it finds beside the name itself is not who was meant.
        begins = self.many(f"guilds/{server}/members/search", query=wanted, limit=1000)
        exact = [one for one in begins if wanted.casefold() in _names(one)]
        for_sure = [one for one in exact if (one.get("user") or {}).get("username") == wanted]
        found = for_sure or exact
        _the_one("member", name, [one.get("user") or {} for one in found])
        return found[0]


class Webhook(_Calls):
    """A webhook: messages to its own channel."""

    def __init__(self, credentials: Credentials) -> None:
        if not credentials.webhook_url:
            raise TaskFailed(
                "Missing webhook_url and bot_token.", hint="Give one of them, or both, in the integration.",
                permanent=True,
            )  # fmt: skip
        address = credentials.webhook_url.reveal()
        super().__init__(address, [address, address.rpartition("/")[2]], {})

    def __enter__(self) -> Webhook:
        return self

    def about(self) -> dict[str, Any]:
        """What Discord tells of the webhook, without what gives access."""
        told = self.one("GET", "")
        return {name: told.get(name) for name in ("id", "name", "channel_id", "guild_id", "type")}


def _the_one(kind: str, name: str, found: list[dict[str, Any]]) -> str:
    if len(found) == 1:
        return str(found[0]["id"])
    if not found:
        raise TaskFailed(
            f"Discord: there is no {kind} {name!r} that the bot can see.",
            {"kind": "not_found"},
            hint="Check the name, or give the ID.",
            permanent=True,
        )
    ids = [str(one.get("id")) for one in found]
    raise TaskFailed(
        f"Discord: {len(found)} {kind}s are called {name!r}: {', '.join(ids[:10])}.",
        {"ids": ids},
        hint="Give the ID of the one that is meant.",
        permanent=True,
    )


def _names(member: dict[str, Any]) -> set[str]:
    user = member.get("user") or {}
    names = (user.get("username"), user.get("global_name"), member.get("nick"))
    return {str(name).casefold() for name in names if name}
