"""SendGrid: what it is sent, checked against what it documents, and what becomes of its answers."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, fake_service
from integrations import sendgrid
from tests.ports import refusing_port

KEY = "SG.a-key-of-the-tests.0123456789"

_ADDRESS = {
    "type": "object",
    "required": ["email"],
    "properties": {"email": {"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"}, "name": {"type": "string"}},
    "additionalProperties": False,
}
_ADDRESSES = {"type": "array", "items": _ADDRESS, "minItems": 1, "maxItems": 1000}
# What the documentation of POST /v3/mail/send allows, as far as these tasks use it; stricter where empty means wrong.
MAIL_SEND = {
    "type": "object",
    "required": ["personalizations", "from"],
    "additionalProperties": False,
    "properties": {
        "personalizations": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["to"],
                "additionalProperties": False,
                "properties": {
                    "to": _ADDRESSES,
                    "cc": _ADDRESSES,
                    "bcc": _ADDRESSES,
                    "dynamic_template_data": {"type": "object", "minProperties": 1},
                    "custom_args": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        },
        "from": _ADDRESS,
        "reply_to": _ADDRESS,
        "reply_to_list": {**_ADDRESSES, "uniqueItems": True},
        "subject": {"type": "string", "minLength": 1},
        "content": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "value"],
                "properties": {
                    "type": {"enum": ["text/plain", "text/html"]},
                    "value": {"type": "string", "minLength": 1},
                },
            },
        },
        "attachments": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["content", "filename"],
                "additionalProperties": False,
                "properties": {
                    "content": {"type": "string", "minLength": 1},
                    "type": {"type": "string", "minLength": 1},
                    "filename": {"type": "string"},
                    "disposition": {"enum": ["inline", "attachment"]},
                    "content_id": {"type": "string"},
                },
            },
        },
        "template_id": {"type": "string", "minLength": 1},
        "categories": {
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "uniqueItems": True,
            "items": {"type": "string", "maxLength": 255},
        },
        "send_at": {"type": "integer"},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "asm": {
            "type": "object",
            "required": ["group_id"],
            "properties": {
                "group_id": {"type": "integer"},
                "groups_to_display": {"type": "array", "items": {"type": "integer"}, "maxItems": 25},
            },
            "additionalProperties": False,
        },
        "ip_pool_name": {"type": "string", "minLength": 2, "maxLength": 64},
        "mail_settings": {
            "type": "object",
            "properties": {"sandbox_mode": {"type": "object", "properties": {"enable": {"type": "boolean"}}}},
        },
    },
}


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A server in SendGrid's place that accepts mail."""
    with fake_service() as fake:
        fake.on("POST", "/v3/mail/send", Answer(202, headers={"X-Message-Id": "abc123"}))
        yield fake


@pytest.fixture
def credentials(service: FakeService) -> dict[str, Any]:
    """A key, and the sender."""
    return {"api_key": KEY, "base_url": service.url, "from_email": "office@example.org"}


def sent(service: FakeService, credentials: dict[str, Any], **params: Any) -> dict[str, Any]:
    """The body that was sent for these params; the basic ones are filled in."""
    basic = {"to": "ann@example.org", "subject": "Hello", "body": "Good morning"}
    result = sendgrid.send_email(credentials, {**basic, **params})
    assert result["success"], result["message"]
    request = service.requests[-1]
    assert (request.method, request.path) == ("POST", "/v3/mail/send")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Content-Type"] == "application/json"
    jsonschema.validate(request.json, MAIL_SEND)
    return dict(request.json)


def test_to_subject_and_body_are_all_that_is_needed(service: FakeService, credentials: dict[str, Any]) -> None:
    result = sendgrid.send_email(credentials, {"to": "ann@example.org", "subject": "Hello", "body": "Good morning"})
    assert result["data"] == {"message_id": "abc123", "from": "office@example.org", "to": 1, "sandbox": False}
    assert service.requests[-1].json == {
        "personalizations": [{"to": [{"email": "ann@example.org"}]}],
        "from": {"email": "office@example.org"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Good morning"}],
    }


def test_every_option_reaches_its_place(service: FakeService, credentials: dict[str, Any]) -> None:
    at = int(time.time()) + 3600
    body = sent(
        service,
        credentials,
        to="Ann <ann@example.org>, bob@example.org, ANN@example.org",
        cc=["carl@example.org", "bob@example.org"],
        bcc="dora@example.org",
        html="<p>Good morning</p>",
        from_email="me@example.org",
        from_name="Me",
        reply_to="back@example.org",
        categories=["a", "b", "a"],
        send_at=at,
    )
    assert body["personalizations"] == [
        {
            "to": [{"email": "ann@example.org", "name": "Ann"}, {"email": "bob@example.org"}],
            "cc": [{"email": "carl@example.org"}],
            "bcc": [{"email": "dora@example.org"}],
        }
    ]
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["from"] == {"email": "me@example.org", "name": "Me"}
    assert body["reply_to"] == {"email": "back@example.org"}
    assert (body["categories"], body["send_at"]) == (["a", "b"], at)


def test_recipients_may_each_get_a_message_of_their_own(service: FakeService, credentials: dict[str, Any]) -> None:
    body = sent(
        service, credentials, to=["a@example.org", "b@example.org"], separate=True, reply_to=["x@y.org", "z@y.org"]
    )
    assert [one["to"] for one in body["personalizations"]] == [
        [{"email": "a@example.org"}],
        [{"email": "b@example.org"}],
    ]
    assert len(body["reply_to_list"]) == 2


def test_a_template_brings_subject_and_body(service: FakeService, credentials: dict[str, Any]) -> None:
    data = {"name": "Ann", "items": [{"n": 1}]}
    body = sent(service, credentials, subject="", body="", template_id="d-1", dynamic_template_data=data)
    assert body["template_id"] == "d-1"
    assert body["personalizations"][0]["dynamic_template_data"] == data
    assert "content" not in body


def test_attachments_come_from_files_and_from_earlier_nodes(
    service: FakeService, credentials: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    frame = pd.DataFrame({"n": [1, 2]})
    given = [
        "a.pdf",
        {"file_path": str(tmp_path / "a.pdf"), "filename": "b.pdf"},
        {"filename": "t.txt", "content": "grüße"},
        {"filename": "f.csv", "content": frame},
        {"filename": "j.json", "content": [{"a": 1}]},
        {"filename": "i.png", "base64": base64.b64encode(b"\x89PNG").decode(), "content_id": "logo"},
    ]
    with running_as(Context("run", root=tmp_path)):
        body = sent(service, credentials, attachments=given)
    got = {entry["filename"]: (base64.b64decode(entry["content"]), entry["type"]) for entry in body["attachments"]}
    assert got["a.pdf"] == got["b.pdf"] == (b"%PDF", "application/pdf")
    assert got["t.txt"] == ("grüße".encode(), "text/plain")
    assert got["f.csv"] == (b"n\n1\n2\n", "text/csv")
    assert got["j.json"] == (b'[{"a": 1}]', "application/json")
    assert body["attachments"][-1]["disposition"] == "inline"


def test_the_sandbox_only_lets_the_message_be_checked(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("POST", "/v3/mail/send", Answer(200))
    assert sent(service, credentials, sandbox=True)["mail_settings"] == {"sandbox_mode": {"enable": True}}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"to": ""}, "nobody"),
        ({"to": "no address"}, "to holds"),
        ({"cc": "x@y.org\nBcc: z@y.org"}, "cc holds"),
        ({"subject": ""}, "no subject"),
        ({"body": ""}, "no body"),
        ({"body": "a", "text": "b"}, "the same"),
        ({"attachments": ["/no/such/file"]}, "no file"),
        ({"attachments": [{"filename": "x", "content": ""}]}, "empty"),
        ({"attachments": [{"filename": "x", "base64": "%%%"}]}, "damaged"),
        ({"attachments": [{"content": "x"}]}, "no filename"),
        ({"attachments": [7]}, "not understood"),
        ({"send_at": "2126-01-01T00:00:00Z"}, "72 hours"),
        ({"send_at": "2026-01-01T00:00:00"}, "time zone"),
        ({"send_at": "tomorrow"}, "no moment"),
        ({"dynamic_template_data": {"a": 1}}, "template_id"),
        ({"categories": list("abcdefghijk")}, "categories"),
        ({"categories": ["x" * 256]}, "categories"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused_before_it_is_sent(
    service: FakeService, credentials: dict[str, Any], params: dict[str, Any], words: str
) -> None:
    result = sendgrid.send_email(credentials, {"to": "a@b.org", "subject": "s", "body": "b", **params})
    assert not result["success"]
    assert words in result["message"]
    assert service.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (
            Answer(401, json={"errors": [{"message": "authorization required", "field": None}]}),
            "unauthorized",
            "authorization",
        ),
        (Answer(403, json={"errors": [{"message": "access forbidden"}]}), "forbidden", "access forbidden"),
        (Answer(404, json={"errors": [{"message": "not found"}]}), "not_found", "not found"),
        (Answer(400, json={"errors": [{"message": "bad", "field": "from.email"}]}), "invalid", "bad (from.email)"),
        (Answer(413, json={"errors": [{"message": "too large"}]}), "invalid", "too large"),
        (Answer(500, body=f"<html>{KEY}</html>", headers={"Content-Type": "text/html"}), "server_error", "500"),
        (Answer(429, headers={"Retry-After": "3600"}), "rate_limited", "429"),
        (Answer(drop=True), "unreachable", "SendGrid"),
    ],
)
def test_sendgrids_refusals_are_told_in_its_words(
    service: FakeService, credentials: dict[str, Any], answer: Answer, kind: str, words: str
) -> None:
    service.on("POST", "/v3/mail/send", answer)
    result = sendgrid.send_email(credentials, {"to": "a@b.org", "subject": "s", "body": "b"})
    assert not result["success"]
    assert result["data"]["kind"] == kind
    assert words in result["message"]
    assert KEY not in str(result)
    assert len(service.requests) == 1  # sending is not repeated by itself


def test_a_rate_limit_is_waited_for(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("POST", "/v3/mail/send", [Answer(429, headers={"Retry-After": "0"}), Answer(202)])
    assert sent(service, credentials)["subject"] == "Hello"
    assert len(service.requests) == 2


def test_another_answer_than_accepted_is_no_success(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("POST", "/v3/mail/send", Answer(200, body="<html>Welcome</html>"))
    assert not sendgrid.send_email(credentials, {"to": "a@b.org", "subject": "s", "body": "b"})["success"]


# --- test_connection ---------------------------------------------------------------------------------------------


def test_a_connection_works_when_the_key_may_send(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("GET", "/v3/scopes", json={"scopes": ["mail.send", "stats.read"]})
    assert sendgrid.test_connection({**credentials, "base_url": service.url + "/v3/"})["data"]["can_send"]
    service.on("GET", "/v3/scopes", json={"scopes": ["stats.read"]})
    result = sendgrid.test_connection(credentials, {})
    assert not result["success"]
    assert "mail.send" in result["message"]
    assert result["data"]["kind"] == "forbidden"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(401, json={"errors": [{"message": "authorization required"}]}), "unauthorized"),
        (Answer(200, body="<html>Hi</html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(200, json={"hello": 1}), "bad_answer"),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    service: FakeService, credentials: dict[str, Any], answer: Answer, kind: str
) -> None:
    service.on("GET", "/v3/scopes", answer)
    assert sendgrid.test_connection(credentials)["data"]["kind"] == kind


@pytest.mark.parametrize(
    ("url", "kind"), [("http://127.0.0.1:{}", "unreachable"), ("http://no-such.invalid", "wrong_address")]
)
def test_a_server_that_cannot_be_had_is_told_apart(
    credentials: dict[str, Any], url: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with refusing_port() as port:
        result = sendgrid.test_connection({**credentials, "base_url": url.format(port)})
    assert result["data"]["kind"] == kind
    assert KEY not in str(result)


def test_without_a_sender_the_first_verified_one_of_the_account_is_taken(
    service: FakeService, credentials: dict[str, Any]
) -> None:
    """So an api_key alone will do, with to, subject and body; who it was is said."""
    senders = [
        {"id": 1, "from_email": "new@example.org", "from_name": "New", "verified": False},
        {"id": 2, "from_email": "orders@example.org", "from_name": "Orders", "verified": True},
        {"id": 3, "from_email": "support@example.org", "verified": True},
    ]
    service.on("GET", "/v3/verified_senders", json={"results": senders})
    alone = {"api_key": KEY, "base_url": service.url, "from_email": ""}
    result = sendgrid.send_email(alone, {"to": "ann@example.org", "subject": "Hello", "body": "Good morning"})
    assert service.requests[-1].json["from"] == {"email": "orders@example.org", "name": "Orders"}
    assert result["data"]["from"] == "orders@example.org"
    assert "from orders@example.org" in result["message"]
    assert sent(service, alone, from_name="Ann's shop")["from"]["name"] == "Ann's shop"
    assert sent(service, {**alone, "from_name": "Shop"})["from"]["name"] == "Shop"
    assert sent(service, alone, from_email="me@example.org")["from"] == {"email": "me@example.org"}
    assert [request.path for request in service.requests].count("/v3/verified_senders") == 3


@pytest.mark.parametrize(
    "answer",
    [Answer(403, json={"errors": [{"message": "access forbidden"}]}), Answer(404), Answer(json={"results": []})],
)
def test_an_account_that_tells_of_no_verified_sender_needs_one_given(
    service: FakeService, credentials: dict[str, Any], answer: Answer
) -> None:
    service.on("GET", "/v3/verified_senders", answer)
    result = sendgrid.send_email({**credentials, "from_email": ""}, {"to": "a@b.org", "subject": "s", "body": "b"})
    assert "who the mail comes from" in result["message"]
    assert "from_email" in result["message"]
    assert [request.method for request in service.requests] == ["GET"]


def test_headers_arguments_groups_and_pools_go_along(service: FakeService, credentials: dict[str, Any]) -> None:
    extra = {"headers": {"X-Ticket": "7"}, "custom_args": {"run": "r1"}, "ip_pool_name": "bulk"}
    body = sent(service, credentials, **extra, unsubscribe_group=5, groups_to_display=[5, 6])
    assert body["headers"] == {"X-Ticket": "7"}
    assert body["personalizations"][0]["custom_args"] == {"run": "r1"}
    assert body["asm"] == {"group_id": 5, "groups_to_display": [5, 6]}
    assert body["ip_pool_name"] == "bulk"


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"headers": {"Subject": "x"}}, "headers may not hold Subject"),
        ({"headers": {"X-A": "b\r\nBcc: c@d.org"}}, "no header field: 'X-A'"),
        ({"headers": {"X A": "b"}}, "no header field: 'X A'"),
        ({"custom_args": {"a": "x" * 10_000}}, "longer than 10,000 bytes"),
        ({"groups_to_display": [1]}, "without unsubscribe_group"),
        ({"ip_pool_name": "x"}, "ip_pool_name"),
    ],
)
def test_what_sendgrid_would_refuse_is_told_before(
    service: FakeService, credentials: dict[str, Any], params: dict[str, Any], says: str
) -> None:
    result = sendgrid.send_email(credentials, {"to": "a@b.org", "subject": "s", "body": "b", **params})
    assert says in result["message"]
    assert service.requests == []


# --- templates and statistics ------------------------------------------------------------------------------------


def test_templates_are_listed_over_all_pages(service: FakeService, credentials: dict[str, Any]) -> None:
    def page(request: Any) -> Answer:
        token = int(request.query.get("page_token", 0))
        following = {"next": f"https://api.sendgrid.com/v3/templates?page_size=2&page_token={token + 1}"}
        names = [{"id": f"d-{token}{n}", "name": "x"} for n in range(2)]
        return Answer(json={"result": names, "_metadata": {"count": 6, **(following if token < 2 else {})}})

    service.on("GET", "/v3/templates", page)
    cut = sendgrid.list_templates(credentials, {"limit": 3})
    assert [entry["id"] for entry in cut["data"]] == ["d-00", "d-01", "d-10"]
    assert "cut at the limit of 3" in cut["message"]
    assert len(sendgrid.list_templates(credentials, {"all": True})["data"]) == 6
    assert service.requests[0].query == {"generations": "dynamic", "page_size": "4"}
    assert all(1 <= int(request.query["page_size"]) <= 200 for request in service.requests)


def test_statistics_are_asked_for_by_days_and_categories(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("GET", "/v3/stats", json=[{"date": "2026-01-01", "stats": [{"metrics": {"delivered": 3}}]}])
    result = sendgrid.get_stats(credentials, {"start_date": "2026-01-01", "end_date": "2026-01-31"})
    assert result["data"][0]["stats"][0]["metrics"]["delivered"] == 3
    expected = {"start_date": "2026-01-01", "end_date": "2026-01-31", "aggregated_by": "day"}
    assert service.requests[-1].query == expected
    assert "start_date" in sendgrid.get_stats(credentials, {"start_date": "soon"})["message"]
    assert not sendgrid.get_stats(credentials, {"start_date": "2026-02-01", "end_date": "2026-01-01"})["success"]


def test_statistics_of_several_categories_come_together_by_day(
    service: FakeService, credentials: dict[str, Any]
) -> None:
    """SendGrid's description takes one category in a request, so each is asked for by itself."""

    def counted(request: Any) -> Answer:
        (name,) = request.query_lists["categories"]
        days = ["2026-01-01", "2026-01-02"] if name == "a" else ["2026-01-02", "2026-01-03"]
        return Answer(json=[{"date": day, "stats": [{"name": name, "type": "category"}]} for day in days])

    service.on("GET", "/v3/categories/stats", counted)
    result = sendgrid.get_stats(credentials, {"start_date": "2026-01-01", "categories": ["a", "b", "a"]})
    assert len(service.requests) == 2
    assert [(day["date"], [one["name"] for one in day["stats"]]) for day in result["data"]] == [
        ("2026-01-01", ["a"]),
        ("2026-01-02", ["a", "b"]),
        ("2026-01-03", ["b"]),
    ]


def test_an_address_for_answers_is_given_once(service: FakeService, credentials: dict[str, Any]) -> None:
    body = sent(service, credentials, reply_to=["x@y.org", "z@y.org", "X@y.org"])
    assert body["reply_to_list"] == [{"email": "x@y.org"}, {"email": "z@y.org"}]
    assert sent(service, credentials, reply_to="x@y.org, x@y.org")["reply_to"] == {"email": "x@y.org"}


def test_templates_end_where_the_next_page_is_one_that_was_had(
    service: FakeService, credentials: dict[str, Any]
) -> None:
    """Servers that answer by an example always name the same next page."""
    again = {"next": "https://api.sendgrid.com/v3/templates?page_token=x"}
    service.on("GET", "/v3/templates", json={"result": [{"id": "d-1"}], "_metadata": again})
    assert sendgrid.list_templates(credentials, {"all": True})["success"]
    assert len(service.requests) == 2
