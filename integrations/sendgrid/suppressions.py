"""Addresses that get no mail: bounces, blocks, invalid ones, spam reports, unsubscribes, and unsubscribe groups.

Facts: https://www.twilio.com/docs/sendgrid/api-reference (bounces, blocks, invalid e-mails, spam reports, suppressions,
unsubscribe groups).
"""

from __future__ import annotations

from datetime import date, datetime, time, timezone
from typing import Any

from flowbook import Result, TaskFailed, current, http, task
from flowbook.counting import counted, cut_at

from .client import list_in, open_session
from .message import addresses
from .models import AddSuppressions, Credentials, ListSuppressions, ListUnsubscribeGroups, RemoveSuppressions

PAGE = 500
BATCH = 1000
"""Addresses in one request."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_unsubscribe_groups(credentials: Credentials, params: ListUnsubscribeGroups) -> Result:
    """List the unsubscribe groups.

    Data: a list of {"id", "name", "description", "is_default", "unsubscribes"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/suppressions-unsubscribe-groups
    """
    with open_session(credentials) as session:
        found = list_in(session.get("/v3/asm/groups").json)
    return Result.ok(f"{counted(len(found), 'unsubscribe group')}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_suppressions(credentials: Credentials, params: ListSuppressions) -> Result:
    """List addresses that get no mail, of one kind.

    Data: a list of {"email", "created" (unix time), "reason", …} as SendGrid has it; of a group {"email"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api and its neighbours
    """
    limit = None if params.all else params.limit
    query = {
        name: _seconds(moment)
        for name, moment in (("start_time", params.since), ("end_time", params.until))
        if moment is not None
    }
    if query and params.kind == "group":
        raise TaskFailed("since and until are not for a group: SendGrid tells no times of it.", permanent=True)
    with open_session(credentials) as session:
        if params.kind == "group":
            path = f"/v3/asm/groups/{_group_id(session, params.group)}/suppressions"
            emails = list_in(session.get(path).json, of=str)
            found = [{"email": email} for email in emails]
        else:
            found = _by_position(session, f"/v3/suppression/{params.kind}", query, limit)
    more = limit is not None and len(found) > limit
    found = found[:limit]
    return Result.ok(f"{counted(len(found), 'address')}{cut_at(limit, more)}.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_suppressions(credentials: Credentials, params: AddSuppressions) -> Result:
    """Have addresses get no mail any more: none at all, or none of an unsubscribe group.

    Data: {"emails", "group" (its id, or null)}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/suppressions-global-suppressions, …-suppressions
    """
    emails = _checked(params.emails)
    with open_session(credentials) as session:
        group = _group_id(session, params.group) if params.group.strip() else None
        path = "/v3/asm/suppressions/global" if group is None else f"/v3/asm/groups/{group}/suppressions"
        for start in range(0, len(emails), BATCH):
            part = {"recipient_emails": emails[start : start + BATCH]}
            list_in(session.post(path, json=part, expect=(201,)).json, "recipient_emails", of=str)
            current().progress(min(start + BATCH, len(emails)), len(emails), "addresses")
    where = "any more" if group is None else f"of group {params.group} any more"
    return Result.ok(f"{counted(len(emails), 'address')} will get no mail {where}.", {"emails": emails, "group": group})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_suppressions(credentials: Credentials, params: RemoveSuppressions) -> Result:
    """Have addresses get mail again, by taking them from one list. One that is not on it is fine.

    Data: {"emails", "kind", "group" (its id, or null)}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/delete-bounces and its neighbours
    """
    emails = _checked(params.emails)
    group = None
    with open_session(credentials) as session:
        if params.kind in ("group", "unsubscribes"):
            group = _group_id(session, params.group) if params.kind == "group" else None
            path = "/v3/asm/suppressions/global" if group is None else f"/v3/asm/groups/{group}/suppressions"
            for done, email in enumerate(emails, 1):
                session.delete(f"{path}/{http.segment(email)}", expect=(204,), accept=(404,))
                current().progress(done, len(emails), "addresses")
        else:
            for start in range(0, len(emails), BATCH):
                part = {"delete_all": False, "emails": emails[start : start + BATCH]}
                session.delete(f"/v3/suppression/{params.kind}", json=part, expect=(204,))
    data = {"emails": emails, "kind": params.kind, "group": group}
    return Result.ok(f"{counted(len(emails), 'address')} taken from {params.group or params.kind}.", data)


def _by_position(session: http.Session, path: str, query: dict[str, int], limit: int | None) -> list[dict[str, Any]]:
    """What is paged by limit and offset: one more than ``limit`` where there are more.

    A list that knows neither comes whole: its page is then of another size.
    """
    found: list[dict[str, Any]] = []
    before: list[Any] = []
    while limit is None or len(found) <= limit:
        size = PAGE if limit is None else min(PAGE, limit + 1 - len(found))
        page = list_in(session.get(path, params={**query, "limit": size, "offset": len(found)}).json)
        if page == before:
            break
        found, before = found + page, page
        current().progress(len(found), limit)
        if len(page) != size:
            break
    return found


def _group_id(session: http.Session, group: str) -> int:
    """The id of the group that is meant by its id or name."""
    known = list_in(session.get("/v3/asm/groups").json)
    wanted = group.strip()
    found = [one for one in known if wanted in (str(one.get("id")), str(one.get("name")))]
    found = found or [one for one in known if str(one.get("name")).casefold() == wanted.casefold()]
    if len(found) != 1:
        names = ", ".join(f"{one.get('name')} ({one.get('id')})" for one in found or known) or "none"
        what = f"{group!r} may be several unsubscribe groups." if found else f"There is no unsubscribe group {group!r}."
        raise TaskFailed(what, hint=f"There are: {names}.", permanent=True)
    return int(found[0]["id"])


def _checked(emails: list[str]) -> list[str]:
    return list(dict.fromkeys(one["email"] for one in addresses(emails, "emails")))


def _seconds(moment: date) -> int:
    """Unix time of a moment, or of a day's beginning; without a zone it is UTC."""
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
    return int((at if at.tzinfo else at.replace(tzinfo=timezone.utc)).timestamp())
