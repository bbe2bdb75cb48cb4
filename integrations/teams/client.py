"""Talks to Microsoft Graph, and to the webhook of a workflow.

Facts: https://learn.microsoft.com/graph/errors, /graph/paging and /graph/throttling; for webhooks
https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook.
"""

from __future__ import annotations

import json
from typing import Any

from flowbook import TaskFailed, current, http

from .models import Credentials

PAGE = 50
LARGEST_CARD = 28_000
"""Bytes that a message may have: https://learn.microsoft.com/microsoftteams/limits-specifications-teams."""
_PERMISSION = "Give the app that permission (scope), and sign in again; an administrator may have to allow it."
HINTS = {
    "InvalidAuthenticationToken": "Sign in again: press Sign in in the Integrations tab.",
    "Forbidden": _PERMISSION,
    "Authorization_RequestDenied": _PERMISSION,
    "NotFound": "Check the IDs, and that the person who signed in is in that team or chat.",
    "itemNotFound": "Check the IDs, and that the person who signed in is in that team or chat.",
    "WorkflowNotFound": "The workflow was deleted: make a new one, and put its address into this integration.",
    "WorkflowTriggerIsNotEnabled": "The workflow is switched off: turn it on in Power Automate.",
    "DirectApiAuthorizationRequired": "Copy the whole address of the webhook, with its sig, into this integration.",
    "TriggerInputSchemaMismatch": "The workflow takes other input: use one made of a template for Teams webhooks.",
}


class Graph:
    """Microsoft Graph as the person who signed in; a context manager. TaskFailed when nobody did."""

    def __init__(self, credentials: Credentials, what_for: str) -> None:
        if not credentials.oauth2 or not credentials.oauth2.reveal():
            raise TaskFailed(
                f"Signing in is required {what_for}.",
                hint="Put the client_id of your app into this Teams integration, and press Sign in; a webhook can only "
                "post cards.",
                permanent=True,
            )
        token = credentials.oauth2.reveal()
        self._session = http.Session(
            credentials.base_url,
            service="Microsoft Graph",
            headers={"Authorization": f"Bearer {token}"},
            secrets=[token],
            explain=explain,
        )

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def member(self, user: str) -> dict[str, Any]:
        """Somebody, by ID or address, as one who owns what they are put into."""
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "roles": ["owner"],
            "user@odata.bind": f"{self._session.base_url.rstrip('/')}/users('{http.segment(user)}')",
        }

    def one(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The one thing that an answer tells of, which has an ID."""
        response = self._session.request(method, path, **options)
        answer = response.json
        if not isinstance(answer, dict) or "id" not in answer:
            raise http.unlike("Microsoft Graph", "https://graph.microsoft.com/v1.0", response)
        return answer

    def done(self, path: str, body: dict[str, Any]) -> None:
        """A POST that is answered by nothing (204), and may be repeated."""
        self._session.post(path, json=body, expect=(204,), retry=True)

    def several(
        self, path: str, wanted: int | None, query: dict[str, Any] | None = None
    ) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` entries (None: all) of a list, and whether there are more.

        https://learn.microsoft.com/graph/paging: the next page's address is @odata.nextLink.
        """
        found: list[dict[str, Any]] = []
        pages = self._session.pages(path, params=query, next=lambda page: page.object.get("@odata.nextLink"))
        for page in pages:
            found += page.objects("value")
            current().progress(len(found), wanted)
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], len(found) > wanted or bool(page.object.get("@odata.nextLink"))
        return found, False

    def team_id(self, team: str) -> str:
        """The ID of a team, given by that or its name exactly."""
        return self._named("team", team, "me/joinedTeams", _is_guid(team))

    def channel_id(self, team: str, channel: str) -> str:
        """The ID of a channel of a team (by its ID), given by that or its name exactly."""
        return self._named("channel", channel, f"teams/{http.segment(team)}/channels", channel.startswith("19:"))

    def _named(self, kind: str, name: str, path: str, is_id: bool) -> str:
        if is_id:
            return name
        every, _ = self.several(path, None)
        found = [one for one in every if one.get("displayName") == name]
        if len(found) == 1:
            return str(found[0]["id"])
        what = f"there are {len(found)} {kind}s" if found else f"there is no {kind}"
        raise TaskFailed(
            f"Teams: {what} called {name!r} that you are in.",
            {"kind": "not_found", "ids": [one.get("id") for one in found]},
            hint=f"Check the name, or give the ID; list_{kind}s shows them.",
            permanent=True,
        )


def post_to_webhook(credentials: Credentials, card: dict[str, Any]) -> None:
    """Hand a card to the workflow behind a webhook; ServiceError unless it was taken (202)."""
    if not credentials.webhook_url:
        raise TaskFailed(
            "Missing webhook_url.",
            hint="Make a workflow in Teams (channel, •••, Workflows: when a webhook request is received).",
            permanent=True,
        )
    message = {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}
    check_size(message)
    address = credentials.webhook_url.reveal().strip()
    with http.Session(address, service="The Teams webhook", secrets=[address], explain=explain) as session:
        answer = session.post(json=message, expect=(200, 202))
    # The connectors of former times answer 200: with "1" when it was posted, else with what went wrong.
    if answer.status == 200 and answer.text.strip() != "1":
        words = " ".join(answer.text.split())[:300] or "nothing"
        fault = http.BadAnswer(f'The Teams webhook answered {words!r} where "1" was due.', response=answer)
        fault.warn()
        raise fault


CARD = "application/vnd.microsoft.card.adaptive"


def check_size(message: dict[str, Any]) -> None:
    """TaskFailed for a message that Teams would drop without a word."""
    size = len(json.dumps(message, ensure_ascii=False).encode())
    if size > LARGEST_CARD:
        hint = "Shorten it, or link to the rest."
        raise TaskFailed(f"The message has {size:,} bytes; Teams takes 28,000.", hint=hint, permanent=True)


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """What {"error": {"code", "message"}} says, and what to do about it."""
    error = response.json["error"]
    code, message = str(error["code"]), str(error.get("message") or "").strip()
    words = f"{message.rstrip('. ')} ({code})" if message else code
    return (words, HINTS[code]) if code in HINTS else words


def _is_guid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4
