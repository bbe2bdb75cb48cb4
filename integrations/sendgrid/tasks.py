"""SendGrid's tasks. Facts: https://www.twilio.com/docs/sendgrid/api-reference."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import counted, cut_at

from .client import list_in, open_session, paged
from .message import build
from .models import Credentials, GetStats, ListTemplates, SendEmail, TestConnection

PAGE = 200
SCOPE = "mail.send"


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the API key, and see whether it may send mail.

    Data: {"scopes", "can_send"}; without the scope mail.send the node fails.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions
    """
    with open_session(credentials) as session:
        answer = session.get("/v3/scopes").json
    scopes = answer.get("scopes") if isinstance(answer, dict) else None
    if not isinstance(scopes, list):
        raise TaskFailed("The answer is not SendGrid's.", {"kind": "bad_answer"}, "Check base_url.")
    if SCOPE not in scopes:
        raise TaskFailed(
            "SendGrid accepts the key, but it may not send mail: the scope mail.send is missing.",
            {"kind": "forbidden", "scopes": scopes, "can_send": False},
            "Give the key 'Mail Send' access in SendGrid's settings.",
            permanent=True,
        )
    return Result.ok("SendGrid accepts the key, and it may send mail.", {"scopes": scopes, "can_send": True})


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"message_id": "14c5d75ce93", "from": "ada@example.com", "to": 1, "sandbox": False},
)
def send_email(credentials: Credentials, params: SendEmail) -> Result:
    """Send an e-mail, as text, HTML or from a template, with attachments.

    SendGrid accepts the message and delivers it later. Without from_email it comes from the account's first verified
    sender. Data: {"message_id", "from" (the address), "to" (how many recipients), "sandbox"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
    """
    with open_session(credentials) as session:
        message = build(credentials, params, lambda: _verified_sender(session))
        due = (200, 202) if params.sandbox else (202,)
        answer = session.post("/v3/mail/send", json=message, parse=False, expect=due)
    count = sum(len(one.get(name, [])) for one in message["personalizations"] for name in ("to", "cc", "bcc"))
    sender = message["from"]["email"]
    message_id = answer.headers.get("X-Message-Id")
    data = {"message_id": message_id, "from": sender, "to": count, "sandbox": params.sandbox}
    if params.sandbox:
        return Result.ok("SendGrid finds the message valid; sandbox: nothing was sent.", data)
    when = " to be sent later" if "send_at" in message else ""
    return Result.ok(f"Message accepted{when}, from {sender} for {counted(count, 'recipient')}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_templates(credentials: Credentials, params: ListTemplates) -> Result:
    """List the mail templates, page after page.

    Data: a list of {"id", "name", "generation", "updated_at", "versions"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/transactional-templates/retrieve-paged-transactional-templates
    """
    limit = None if params.all else params.limit
    with open_session(credentials) as session:
        found, more = paged(session, "/v3/templates", {"generations": params.generations}, limit, PAGE)
    return Result.ok(f"{counted(len(found), 'template')}{cut_at(limit, more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_stats(credentials: Credentials, params: GetStats) -> Result:
    """Get how many messages were sent, delivered, opened, bounced, … for each day, week or month.

    Data: a list of {"date", "stats": [{"metrics": {...}}]}, with categories also "name" and "type".
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/stats/retrieve-global-email-statistics
    """
    query = {"start_date": params.start_date.isoformat()}
    if params.end_date:
        if params.end_date < params.start_date:
            raise TaskFailed("end_date is before start_date.", permanent=True)
        query["end_date"] = params.end_date.isoformat()
    query["aggregated_by"] = params.aggregated_by
    with open_session(credentials) as session:
        if params.categories:
            found = _of_categories(session, query, list(dict.fromkeys(params.categories)))
        else:
            found = list_in(session.get("/v3/stats", params=query).json)
    return Result.ok(f"Statistics of {len(found):,} {params.aggregated_by}{'' if len(found) == 1 else 's'}.", found)


def _verified_sender(session: http.Session) -> dict[str, str] | None:
    """The first verified sender of the account; None when there is none, or the key may not see them.

    Facts: https://www.twilio.com/docs/sendgrid/api-reference/sender-verification/get-all-verified-senders
    """
    answer = session.get("/v3/verified_senders", params={"limit": 100}, accept=(403, 404))
    if answer.status != 200:
        return None
    verified = (one for one in list_in(answer.json, "results") if one.get("verified") and one.get("from_email"))
    first = next(verified, None)
    return first and {"email": first["from_email"], "name": first.get("from_name") or ""}


def _of_categories(session: http.Session, query: dict[str, str], names: list[str]) -> list[dict[str, Any]]:
    """The statistics of each category, by date; a request names one, as SendGrid's OpenAPI description has it."""
    days: dict[str, dict[str, Any]] = {}
    for name in names:
        for entry in list_in(session.get("/v3/categories/stats", params={**query, "categories": name}).json):
            day = days.setdefault(entry["date"], {**entry, "stats": []})
            day["stats"] += entry.get("stats") or []
    return [days[date] for date in sorted(days)]
