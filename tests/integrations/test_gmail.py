"""The Gmail tasks, against a local server that answers as Google's API does.

https://developers.google.com/workspace/gmail/api/reference/rest/v1 and its API description (gmail.v1.json in
google-api-python-client 2.202.0); uploads as https://developers.google.com/workspace/gmail/api/guides/uploads; errors
as https://developers.google.com/workspace/gmail/api/guides/handle-errors.
"""

from __future__ import annotations

import base64
import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks.oauth2 import oauth2_of
from flowbook.testing import Answer, FakeService, Request
from integrations import gmail
from integrations.gmail.models import Credentials
from tests.integrations.examples import examples
from tests.integrations.google import EXPIRED, NOT_ON, OVER, TOKEN, refused
from tests.integrations.outcomes import failing_without, succeeded

ME = "/gmail/v1/users/me"
SEND = "/upload/gmail/v1/users/me/messages/send"
MAIL = (
    b"From: =?utf-8?q?=C3=84nn?= <ann@example.com>\r\nTo: me@example.com, Bob <bob@example.com>\r\n"
    b"Cc: cy@example.com\r\nSubject: Invoice\r\nDate: Fri, 02 Jan 2026 09:00:00 +0100\r\n"
    b"Message-ID: <2@example.com>\r\nReferences: <1@example.com>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n"
    b'--b\r\nContent-Type: application/pdf; name="../a.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
    b'Content-Disposition: attachment; filename="../a.pdf"\r\n\r\nJVBERg==\r\n--b--\r\n'
)
LABELS = [
    {
        "id": "INBOX",
        "name": "INBOX",
        "type": "system",
        "messageListVisibility": "hide",
        "labelListVisibility": "labelHide",
    },
    {"id": "UNREAD", "name": "UNREAD", "type": "system"},
    {"id": "Label_7", "name": "Invoices/Paid", "type": "user"},
]
UNKNOWN = refused(404, "notFound", "Requested entity was not found.", name="NOT_FOUND")


def message(id: str, form: str | None = "metadata", **more: Any) -> dict[str, Any]:
    """A message as messages.get gives it; header fields come decoded, raw is base64 for addresses."""
    head = message_from_bytes(MAIL, policy=policy.default)
    fields = [{"name": name, "value": str(value)} for name, value in head.items() if name != "Content-Type"]
    found = {
        "id": id,
        "threadId": "18c1",
        "labelIds": ["UNREAD", "INBOX"],
        "snippet": "Hello",
        "sizeEstimate": len(MAIL),
        "historyId": "9",
        "internalDate": "1767340800000",
    }
    raw = base64.urlsafe_b64encode(MAIL).decode()
    return {**found, **({"raw": raw} if form == "raw" else {"payload": {"mimeType": "x", "headers": fields}}), **more}


@pytest.fixture
def account(service: FakeService, pauses: list[float]) -> dict[str, str]:
    service.json_type = "application/json; charset=UTF-8"
    service.on(
        "GET",
        f"{ME}/profile",
        json={"emailAddress": "me@example.com", "messagesTotal": 3, "threadsTotal": 2, "historyId": "9"},
    )
    service.on("GET", f"{ME}/labels", json={"labels": LABELS})
    service.on(
        "GET", f"{ME}/messages/{{id}}", lambda asked: Answer(json=message(asked.match["id"], asked.query["format"]))
    )
    for path in ("messages/send", "drafts"):
        service.on("POST", f"/upload{ME}/{path}", taken)
    return {"oauth2": TOKEN, "base_url": service.url}


def parts(asked: Request) -> tuple[dict[str, Any], EmailMessage]:
    """The metadata and the message of a multipart upload."""
    whole = f"Content-Type: {asked.headers['Content-Type']}\r\n\r\n".encode() + asked.body
    about, sent = message_from_bytes(whole, policy=policy.default).iter_parts()
    assert (about.get_content_type(), sent.get_content_type()) == ("application/json", "message/rfc822")
    return json.loads(about.get_content()), sent.get_content()


def taken(asked: Request) -> Answer:
    """What an upload of a message, or of a draft, is answered."""
    assert asked.query["uploadType"] == "multipart"
    about, _ = parts(asked)
    thread = about.get("threadId") or about.get("message", {}).get("threadId") or "new"
    made = {"id": "m1", "threadId": thread, "labelIds": ["SENT"]}
    return Answer(json={"id": "r1", "message": made} if asked.path.endswith("drafts") else made)


failed = failing_without(TOKEN)


def test_it_says_whose_mailbox_it_is(service: FakeService, account: dict[str, str]) -> None:
    data = succeeded(gmail.test_connection(account, {}))
    assert data == {"email": "me@example.com", "messages": 3, "threads": 2}
    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_messages_are_found_page_by_page_and_described(service: FakeService, account: dict[str, str]) -> None:
    ids = [[{"id": f"{page}{n}", "threadId": "t"} for n in range(2)] for page in "ab"]
    service.on(
        "GET",
        f"{ME}/messages",
        [
            Answer(json={"messages": ids[0], "nextPageToken": "0987", "resultSizeEstimate": 4}),
            Answer(json={"messages": ids[1], "resultSizeEstimate": 4}),
        ],
    )
    asked = {
        "query": "has:attachment",
        "unread": True,
        "from": "ann (x) OR",
        "since": "2026-01-31",
        "labels": "inbox",
        "limit": 3,
    }
    found = succeeded(gmail.search_messages(account, asked))
    assert [one["id"] for one in found] == ["a0", "a1", "b0"]
    listed = [one for one in service.requests if one.path == f"{ME}/messages"]
    assert listed[0].query["q"] == "(has:attachment) is:unread from:(ann x OR) after:2026/01/31"
    assert (listed[0].query["labelIds"], listed[1].query["pageToken"]) == ("INBOX", "0987")
    first = found[0]
    assert (first["subject"], first["from"], first["unread"]) == (
        "Invoice",
        {"name": "Änn", "email": "ann@example.com"},
        True,
    )
    assert (first["received"], first["date"]) == ("2026-01-02T08:00:00+00:00", "2026-01-02T09:00:00+01:00")


def test_no_messages_are_an_empty_list(service: FakeService, account: dict[str, str]) -> None:
    """The list is left out of the answer."""
    service.on("GET", f"{ME}/messages", json={"resultSizeEstimate": 0})
    assert succeeded(gmail.search_messages(account, {})) == []
    service.on("GET", f"{ME}/messages", json={"status": "maintenance"})
    failed(gmail.search_messages(account, {}))


def test_a_message_is_read_with_what_it_carries(
    service: FakeService, account: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = succeeded(gmail.get_message(account, {"message": "a0", "content": True, "raw": True}))
    assert (data["text"], data["html"], data["raw"]) == ("Hello", None, MAIL)
    assert data["attachments"][0]["content"] == b"%PDF"
    for wanted in ("../a.pdf", "1"):
        one = succeeded(gmail.get_attachment(account, {"message": "a0", "attachment": wanted}))
        assert (one["content"], one["content_type"]) == (b"%PDF", "application/pdf")
    assert "There are" in failed(gmail.get_attachment(account, {"message": "a0", "attachment": "b.pdf"}))["message"]
    saved = succeeded(gmail.save_attachments(account, {"message": "a0", "folder_path": "in"}))
    assert (saved[0]["path"], (tmp_path / "in" / "a.pdf").read_bytes()) == ("in/a.pdf", b"%PDF")


def test_a_conversation_is_read(service: FakeService, account: dict[str, str]) -> None:
    service.on(
        "GET", f"{ME}/threads/18c1", json={"id": "18c1", "historyId": "9", "messages": [message("a"), message("b")]}
    )
    data = succeeded(gmail.get_thread(account, {"thread": "18c1"}))
    assert [one["id"] for one in data["messages"]] == ["a", "b"]
    assert service.requests[0].query_lists["metadataHeaders"][0] == "From"


def test_a_message_is_sent_as_it_was_written(service: FakeService, account: dict[str, str]) -> None:
    given = {
        "to": "Ünal <u@example.com>; b@example.com",
        "bcc": "c@example.com",
        "subject": "Grüße",
        "body": "text",
        "html": "<b>x</b>",
        "attachments": [{"filename": "a.csv", "content": "1\n"}],
        "headers": {"X-Priority": "1"},
    }
    assert succeeded(gmail.send_message(account, given)) == {"id": "m1", "thread": "new", "labels": ["SENT"]}
    about, sent = parts(service.requests[-1])
    assert about == {}
    assert (sent["To"], sent["Bcc"], sent["Subject"], sent["From"], sent["X-Priority"]) == (
        "Ünal <u@example.com>, b@example.com",
        "c@example.com",
        "Grüße",
        None,
        "1",
    )
    assert sent.get_body(("plain",)).get_content().strip() == "text"
    assert sent.get_body(("html",)).get_content().strip() == "<b>x</b>"
    assert next(sent.iter_attachments()).get_filename() == "a.csv"


@pytest.mark.parametrize(
    "params",
    [
        {"to": ""},
        {"to": "nobody"},
        {"subject": "a\nBcc: x@y.org"},
        {"body": ""},
        {"from_name": "X"},
        {"headers": {"Bcc": "x@y.org"}},
        {"from_email": "a@b.org, c@d.org"},
        {"to": ["a@b.org\r\nCc: x@y.org"]},
    ],
)
def test_what_cannot_be_sent_is_not_sent(service: FakeService, account: dict[str, str], params: dict[str, Any]) -> None:
    given = {"to": "a@b.org", "subject": "s", "body": "b", **params}
    assert failed(gmail.send_message(account, given))["permanent"]
    assert service.requests == []


@pytest.mark.parametrize(
    ("to_all", "head", "to", "cc"),
    [
        (False, {}, "Änn <ann@example.com>", None),
        (True, {}, "Änn <ann@example.com>", "Bob <bob@example.com>, cy@example.com"),
        (True, {"Reply-To": "list@example.com"}, "list@example.com", "Bob <bob@example.com>, cy@example.com"),
        (True, {"From": "Me@example.com", "To": "bob@example.com"}, "bob@example.com", "cy@example.com"),
    ],
)
def test_an_answer_is_in_its_conversation(
    service: FakeService, account: dict[str, str], to_all: bool, head: dict[str, str], to: str, cc: str | None
) -> None:
    """Gmail puts it there by threadId, References, In-Reply-To and Subject together; others by the header fields."""
    there = message("a0")
    fields = [one for one in there["payload"]["headers"] if one["name"] not in head]
    there["payload"]["headers"] = fields + [{"name": name, "value": value} for name, value in head.items()]
    service.on("GET", f"{ME}/messages/a0", json=there)
    succeeded(gmail.reply_to_message(account, {"message": "a0", "body": "Thanks", "to_all": to_all}))
    about, sent = parts(service.requests[-1])
    assert about == {"threadId": "18c1"}
    assert (sent["To"], sent["Cc"], sent["Subject"]) == (to, cc, "Re: Invoice")
    assert (sent["In-Reply-To"], sent["References"]) == ("<2@example.com>", "<1@example.com> <2@example.com>")


@pytest.mark.parametrize("answer", [Answer(503, body="busy"), Answer(drop=True), Answer(json=[])])
def test_a_message_is_sent_once(service: FakeService, account: dict[str, str], answer: Answer) -> None:
    service.on("POST", SEND, answer)
    failed(gmail.send_message(account, {"to": "a@b.org", "subject": "s", "body": "b"}))
    assert len(service.requests) == 1


def test_drafts_are_written_listed_sent_and_deleted(service: FakeService, account: dict[str, str]) -> None:
    assert succeeded(gmail.create_draft(account, {"subject": "Later"})) == {
        "id": "r1",
        "message": "m1",
        "thread": "new",
    }
    answer = succeeded(gmail.create_draft(account, {"subject": "", "reply_in": "a0", "to": "ann@example.com"}))
    about, sent = parts(service.requests[-1])
    assert (about, answer["thread"]) == ({"message": {"threadId": "18c1"}}, "18c1")
    assert (sent["Subject"], sent["In-Reply-To"]) == ("Re: Invoice", "<2@example.com>")
    service.on("GET", f"{ME}/drafts", json={"drafts": [{"id": "r1", "message": {"id": "m1"}}], "resultSizeEstimate": 1})
    service.on("GET", f"{ME}/drafts/r1", json={"id": "r1", "message": message("m1", "raw")})
    (draft,) = succeeded(gmail.list_drafts(account, {}))
    assert (draft["id"], draft["subject"], draft["text"]) == ("r1", "Invoice", "Hello")
    service.on("POST", f"{ME}/drafts/send", lambda asked: Answer(json={"id": asked.json["id"], "threadId": "t"}))
    assert succeeded(gmail.send_draft(account, {"draft": "r1"}))["id"] == "r1"
    service.on("DELETE", f"{ME}/drafts/r1", Answer(204))
    assert succeeded(gmail.delete_draft(account, {"draft": "r1"})) == {"id": "r1"}


def test_labels_are_made_once_and_deleted(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", f"{ME}/labels", lambda asked: Answer(json={"id": "Label_8", **asked.json}))
    service.on("DELETE", f"{ME}/labels/Label_7", Answer(204))
    assert succeeded(gmail.create_label(account, {"name": "invoices/paid"}))["id"] == "Label_7"
    assert succeeded(gmail.create_label(account, {"name": "New", "shown": "unread"}))["id"] == "Label_8"
    assert service.requests[-1].json["labelListVisibility"] == "labelShowIfUnread"
    assert [one["system"] for one in succeeded(gmail.list_labels(account, {}))] == [True, True, False]
    assert succeeded(gmail.delete_label(account, {"label": "Invoices/Paid"})) == {"id": "Label_7"}


def test_labels_are_named_and_messages_changed_together(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", f"{ME}/messages/batchModify", Answer(204))
    service.on("POST", f"{ME}/messages/{{id}}/modify", lambda asked: Answer(json=message(asked.match["id"])))
    many = [f"{n:x}" for n in range(1001)]
    succeeded(gmail.change_labels(account, {"messages": many, "add": "invoices/paid", "remove": ["Inbox"]}))
    first, second = service.requests[-2:]
    assert (first.json["addLabelIds"], first.json["removeLabelIds"]) == (["Label_7"], ["INBOX"])
    assert (len(first.json["ids"]), second.json["ids"]) == (1000, many[1000:])
    succeeded(gmail.mark_read(account, {"messages": "a0"}))
    assert service.requests[-1].json == {"addLabelIds": [], "removeLabelIds": ["UNREAD"]}
    known = failed(gmail.change_labels(account, {"messages": "a0", "add": "Nope"}))
    assert "INBOX, Invoices/Paid, UNREAD" in known["message"]
    failed(gmail.change_labels(account, {"messages": "a0", "add": "inbox", "remove": "INBOX"}))


def test_a_message_goes_to_the_trash_and_comes_back(service: FakeService, account: dict[str, str]) -> None:
    for how in ("trash", "untrash"):
        service.on("POST", f"{ME}/messages/a0/{how}", json={"id": "a0", "threadId": "t", "labelIds": ["TRASH"]})
    assert succeeded(gmail.trash_message(account, {"message": "a0"}))["labels"] == ["TRASH"]
    succeeded(gmail.untrash_message(account, {"message": "a0"}))


PRECONDITION = refused(400, "failedPrecondition", "Precondition check failed.", name="FAILED_PRECONDITION")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (EXPIRED, "unauthorized", "Sign in again"),
        (NOT_ON, "forbidden", "Switch on the Gmail API"),
        (refused(403, "forbidden", "Delegation denied for x", name="PERMISSION_DENIED"), "forbidden", "subject"),
        (PRECONDITION, "invalid", "whom it acts for"),
        (UNKNOWN, "not_found", "Check the ID"),
    ],
)
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, account: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("GET", f"{ME}/messages/a0", answer)
    result = failed(gmail.get_message(account, {"message": "a0"}))
    assert (result["data"]["kind"], result["permanent"]) == (kind, True)
    assert words in result["message"]


def test_a_quota_of_the_minute_is_waited_for(
    service: FakeService, account: dict[str, str], pauses: list[float]
) -> None:
    service.on("POST", SEND, [OVER, Answer(json={"id": "m1", "threadId": "t"})])
    succeeded(gmail.send_message(account, {"to": "a@b.org", "subject": "s", "body": "b"}))
    assert pauses == [20.0]


def test_without_a_sign_in_it_says_what_to_do() -> None:
    assert "press Sign in" in failed(gmail.test_connection({}, {}))["message"]


def test_no_more_is_asked_for_than_reading_sending_and_labelling() -> None:
    found = oauth2_of(Credentials)
    assert found is not None
    assert found.said.scopes == ("https://www.googleapis.com/auth/gmail.modify",)
    assert set(found.said.hosts) <= set(gmail.HOSTS)


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(gmail.__file__).parent)) == set(gmail.__all__)
