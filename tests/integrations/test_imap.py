"""Mailboxes, against a real Dovecot."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import imapclient
import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract
from integrations import imap
from tests.integrations.examples import examples
from tests.integrations.imap_server import PASSWORD, TOKEN, ImapServer
from tests.integrations.silent import silent_server

Done = Callable[..., Any]


@pytest.fixture
def done(imap_server: ImapServer, tmp_path: Path) -> Iterator[Done]:
    """What calls a task on an empty mailbox; it must succeed."""

    def call(task: Callable[..., Any], **params: Any) -> Any:
        result = task(imap_server.credentials(), params)
        assert result["success"], result["message"]
        return result["data"]

    with running_as(Context(root=tmp_path)):
        for folder in ("INBOX", "Archive", "Drafts"):
            found = imap.search_messages(imap_server.credentials(), {"folder": folder})
            if found["success"] and found["data"]["messages"]:
                uids = [one["uid"] for one in found["data"]["messages"]]
                call(imap.delete_messages, folder=folder, uids=uids)
        yield call


def refused(server: ImapServer, task: Callable[..., Any], **params: Any) -> Any:
    result = task(server.credentials(), params)
    assert not result["success"]
    return result


def mail(subject: str, sender: str = "Grüße <bob@example.org>", **attachments: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "Ada <ada@example.org>, c@d.org", subject
    message["Date"], message["Message-ID"] = "Sat, 31 Jan 2026 09:30:00 +0100", f"<{len(subject)}@example.org>"
    message.set_content(f"Text of {subject}\n")
    message.add_alternative(f"<p>HTML of {subject}</p>", subtype="html")
    for name, content in attachments.items():
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name.replace("_", "."))
    return message.as_bytes()


def put(done: Done, *contents: bytes, folder: str = "INBOX", seen: bool = False) -> list[int]:
    return [done(imap.append_message, folder=folder, raw=one, draft=False, seen=seen)["uid"] for one in contents]


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(imap.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(imap.__file__).parent)) == sorted(imap.__all__)


@pytest.mark.parametrize(("new", "asked"), [(TOKEN, 1), ("ya29.refused-too", 2), ("", 1)])
def test_a_token_that_is_refused_is_renewed_once(imap_server: ImapServer, new: str, asked: int) -> None:
    given: list[tuple[str, bool]] = []

    def renew(refused: str, /, *, again: bool = False) -> str:
        given.append((refused, again))
        return "" if again else new

    credentials = imap_server.credentials(username="ann@example.org", password=None, oauth2="ya29.ended")
    with running_as(Context(renew=renew)):
        result = imap.test_connection(credentials)
    assert given == [("ya29.ended", False), (new, True)][:asked]
    assert result["success"] is (new == TOKEN)
    if not result["success"]:
        assert result["data"]["kind"] == "unauthorized"
        assert "refused the token" in result["message"]
        assert "ya29" not in result["message"]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_the_connection_test_says_what_is_in_the_inbox(imap_server: ImapServer, done: Done, security: str) -> None:
    put(done, mail("a"))
    port = imap_server.tls_port if security == "tls" else imap_server.port
    result = imap.test_connection(imap_server.credentials(security=security, port=port), {})
    assert result["data"] == {"security": security, "messages": 1, "unseen": 1, "idle": True}, result["message"]


@pytest.mark.parametrize(
    ("changed", "kind", "permanent"),
    [
        ({"password": "not-the-password"}, "unauthorized", True),
        ({"password": "not-the-pässword"}, "unauthorized", True),
        ({"password": ""}, "unauthorized", True),
        ({"username": "nobody"}, "unauthorized", True),
        ({"port": 1}, "unreachable", False),
        ({"host": "no such host"}, "wrong_address", False),
        ({"ca_file": ""}, "tls", True),
        ({"ca_file": "not-there.pem"}, "tls", True),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    imap_server: ImapServer, changed: dict[str, Any], kind: str, permanent: bool
) -> None:
    result = imap.test_connection(imap_server.credentials(**changed), {})
    assert (result["data"]["kind"], result.get("permanent", False)) == (kind, permanent), result["message"]
    assert PASSWORD not in str(result)
    assert "not-the-p" not in str(result)


@pytest.mark.parametrize(("greeting", "kind"), [(b"", "timeout"), (b"HTTP/1.1 400 Bad\r\n\r\n", "unreachable")])
def test_what_is_no_mail_server_is_given_up(greeting: bytes, kind: str) -> None:
    with silent_server(greeting) as port:
        given = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secret", "security": "none"}
        assert imap.test_connection({**given, "timeout": 0.5}, {})["data"]["kind"] == kind


def test_messages_are_found_by_what_they_are_like(done: Done) -> None:
    first, second, third = put(done, mail("Invoice 7"), mail("Größe", "eve@example.org"), mail("Other"))
    done(imap.mark_messages, uids=[third], seen=True, flagged=True)

    def found(**params: Any) -> list[int]:
        return [one["uid"] for one in done(imap.search_messages, **params)["messages"]]

    assert found() == [third, second, first]
    assert found(unseen=True, order="oldest") == [first, second]
    assert found(unseen=False) == found(flagged=True) == [third]
    assert found(subject="invoice") == [first]
    assert found(subject="größe") == [second]
    assert found(**{"from": "eve@"}) == [second]
    assert found(text="HTML of Other", to="ada") == [third]
    assert found(since="2030-01-01") == []
    assert found(before="2030-01-01", limit=1) == [third]


def test_each_message_is_found_once_by_what_was_known_last(done: Done) -> None:
    uids = put(done, mail("1"), mail("2"), mail("3"))
    some = done(imap.search_messages, order="oldest", limit=2)
    assert ([one["uid"] for one in some["messages"]], some["last_uid"]) == (uids[:2], uids[1])
    known = {"after_uid": some["last_uid"], "uidvalidity": some["uidvalidity"]}
    rest = done(imap.search_messages, **known)
    assert [one["uid"] for one in rest["messages"]] == uids[2:]
    none = done(imap.search_messages, after_uid=rest["last_uid"])
    assert (none["messages"], none["last_uid"]) == ([], rest["last_uid"])
    anew = done(imap.search_messages, **{**known, "uidvalidity": 1})
    assert len(anew["messages"]) == 3


def test_a_message_is_read_whole_and_stays_unread(done: Done) -> None:
    (uid,) = put(done, mail("Hällo", a_pdf=b"%PDF", b_pdf=b"\0\1"))
    (one,) = done(imap.search_messages, bodies=True)["messages"]
    assert (one["text"], one["html"].strip()) == ("Text of Hällo\n", "<p>HTML of Hällo</p>")
    read = done(imap.get_message, uid=uid, content=True, raw=True)
    assert read["from"] == {"name": "Grüße", "email": "bob@example.org"}
    assert [person["email"] for person in read["to"]] == ["ada@example.org", "c@d.org"]
    assert (read["subject"], read["date"]) == ("Hällo", "2026-01-31T09:30:00+01:00")
    assert [(part["filename"], part["content"]) for part in read["attachments"]] == [
        ("a.pdf", b"%PDF"), ("b.pdf", b"\0\1"),
    ]  # fmt: skip
    assert b"Message-ID" in read["raw"]
    assert read["seen"] is False
    assert done(imap.get_message, uid=uid, mark_seen=True)["seen"]
    assert done(imap.search_messages, unseen=True)["messages"] == []


@pytest.mark.parametrize(
    ("raw", "text", "subject"),
    [
        (b"Subject: x\r\nContent-Type: text/plain; charset=no-such\r\n\r\nHi \xfc", "Hi ü", "x"),
        (b"Subject: =?utf-8?q?=FF?= \xfc\r\nFrom: <<>>@,;\r\nDate: never\r\n\r\n", "", None),
        (b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\nx", None, ""),
        (b"Content-Type: text/html\r\nContent-Disposition: attachment; filename*=x'y\r\n\r\n<p>", None, ""),
        (b"no header at all\r\n", None, ""),
    ],
)
def test_a_damaged_message_is_read_as_well_as_it_can_be(done: Done, raw: bytes, text: Any, subject: Any) -> None:
    (uid,) = put(done, raw)
    read = done(imap.get_message, uid=uid)
    assert subject is None or read["subject"] == subject
    assert text is None or read["text"] == text
    str(read).encode()


def test_attachments_are_saved_under_harmless_names(imap_server: ImapServer, done: Done, tmp_path: Path) -> None:
    message = EmailMessage()
    names = ["../../up.pdf", ".hidden.pdf", "same.pdf", "same.pdf", "c:\\x\\y.txt", "a\tb?.pdf"]
    for name in names:
        message.add_attachment(name.encode(), maintype="application", subtype="pdf", filename=name)
    (uid,) = put(done, message.as_bytes())
    saved = done(imap.save_attachments, uid=uid, folder_path="in", pattern="*.PDF")
    assert [one["path"] for one in saved] == [
        "in/up.pdf", "in/hidden.pdf", "in/same.pdf", "in/same (2).pdf", "in/a b_.pdf",
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == sorted(Path(one["path"]).name for one in saved)
    again = done(imap.save_attachments, uid=uid, folder_path="in", pattern="up*")
    assert again[0]["path"] == "in/up (2).pdf"
    done(imap.save_attachments, uid=uid, folder_path="in", pattern="up*", overwrite=True)
    assert len(list((tmp_path / "in").iterdir())) == 6
    assert "outside" in refused(imap_server, imap.save_attachments, uid=uid, folder_path="../in")["message"]


def test_messages_are_marked_moved_copied_and_deleted(imap_server: ImapServer, done: Done) -> None:
    assert done(imap.create_folder, name="Archive")["created"] in (True, False)
    assert done(imap.create_folder, name="Archive") == {"created": False}
    one, two, three = put(done, mail("1"), mail("2"), mail("3"))
    assert done(imap.mark_messages, uids=one, add="todo", answered=True) == {"changed": 1}
    assert set(done(imap.get_message, uid=one)["flags"]) >= {"todo", "\\Answered"}
    done(imap.mark_messages, uids=[one], remove="todo", seen=True)
    assert "todo" not in done(imap.get_message, uid=one)["flags"]
    assert done(imap.move_messages, uids=[one, 99999], to_folder="Archive") == {"moved": 1}
    assert done(imap.move_messages, uids=[one], to_folder="Archive") == {"moved": 0}
    assert done(imap.copy_messages, uids=two, to_folder="Archive") == {"copied": 1}
    with imapclient.IMAPClient("127.0.0.1", imap_server.port, ssl=False) as client:
        client.plain_login("ada", PASSWORD)
        client.select_folder("INBOX")
        client.add_flags([three], ["\\Deleted"])
    assert done(imap.delete_messages, uids=[two]) == {"deleted": 1}
    assert [one["uid"] for one in done(imap.search_messages)["messages"]] == [three], "what others marked stays"
    folders = {one["name"]: one for one in done(imap.list_folders)}
    assert (folders["Archive"]["messages"], folders["Drafts"]["purpose"]) == (2, "drafts")
    missing = refused(imap_server, imap.move_messages, uids=[three], to_folder="Nowhere")
    assert (missing["data"]["kind"], missing["permanent"]) == ("not_found", True)
    assert refused(imap_server, imap.search_messages, folder="Nowhere")["data"]["kind"] == "not_found"
    assert refused(imap_server, imap.get_message, uid=99999)["data"]["kind"] == "not_found"


def test_a_draft_is_made_of_its_parts(imap_server: ImapServer, done: Done, tmp_path: Path) -> None:
    (tmp_path / "offer.txt").write_text("10")
    made = done(
        imap.append_message, to=["Ünal <u@x.org>"], subject="Ü", body="T", html="<b>T</b>", attachments=["offer.txt"]
    )
    read = done(imap.get_message, uid=made["uid"], folder="Drafts", content=True)
    assert (read["from"]["email"], read["to"][0], read["subject"]) == (
        "ada@example.org", {"name": "Ünal", "email": "u@x.org"}, "Ü",
    )  # fmt: skip
    assert (read["text"].strip(), read["html"].strip()) == ("T", "<b>T</b>")
    assert (read["attachments"][0]["content"], "\\Draft" in read["flags"]) == (b"10", True)
    assert refused(imap_server, imap.append_message, subject="a\nBcc: x@y.org")["permanent"]


def test_a_message_inside_of_a_draft_stays_a_message(done: Done) -> None:
    """It may not be base64 (RFC 2046, 5.2.1), or mail programs show gibberish."""
    inner = {"filename": "a.eml", "content": "Subject: Inner\r\n\r\nHello\r\n"}
    made = done(imap.append_message, subject="Outer", body="x", attachments=[inner])
    read = done(imap.get_message, uid=made["uid"], folder="Drafts", raw=True)
    assert b"Subject: Inner" in read["raw"]
    assert read["attachments"][0]["content_type"] == "message/rfc822"


@pytest.mark.parametrize("param", ["folder", "subject", "from", "text"])
def test_no_param_can_begin_a_command_of_its_own(imap_server: ImapServer, param: str) -> None:
    result = refused(imap_server, imap.search_messages, **{param: 'x"\r\na1 DELETE Archive'})
    assert param in result["message"]


def test_a_message_is_waited_for_and_cancelling_ends_the_wait(imap_server: ImapServer, done: Done) -> None:
    stop, results = Stop(), []

    def work(wait: float) -> None:
        with running_as(Context("run", stop=stop)):
            results.append(imap.search_messages(imap_server.credentials(), {"wait": wait, "after_uid": known}))

    known = done(imap.search_messages, folder="INBOX")["last_uid"]
    thread = threading.Thread(target=work, args=[60])
    thread.start()
    (uid,) = put(done, mail("New"))
    thread.join(60)
    assert [one["uid"] for one in results[0]["data"]["messages"]] == [uid]
    known, started = uid, time.monotonic()
    thread = threading.Thread(target=work, args=[600])
    thread.start()
    time.sleep(0.3)
    stop.set()
    thread.join(60)
    assert results[1]["data"]["kind"] == "cancelled"
    assert time.monotonic() - started < 100, "it did not wait to the end"


def test_what_arrives_between_the_look_and_the_wait_is_found_soon(
    imap_server: ImapServer, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dovecot tells of it in one breath with the wait's beginning."""
    known, put_there = done(imap.search_messages)["last_uid"], []
    begin = imapclient.IMAPClient.idle

    def idle(client: imapclient.IMAPClient) -> None:
        if not put_there:
            put_there.extend(put(done, mail("Just now")))
        begin(client)

    monkeypatch.setattr(imapclient.IMAPClient, "idle", idle)
    started = time.monotonic()
    found = done(imap.search_messages, wait=3600, after_uid=known)
    assert [one["uid"] for one in found["messages"]] == put_there
    assert time.monotonic() - started < 25, "Dovecot itself looks each 30 seconds"


def test_what_is_told_before_the_wait_was_agreed_to_is_found(imap_server: ImapServer, done: Done) -> None:
    """As Outlook does: EXISTS, and only then the + that RFC 2177 begins with."""
    known, put_there = done(imap.search_messages)["last_uid"], []

    def told(sent: bytes) -> bytes:
        if sent.endswith(b" IDLE\r\n") and not put_there:
            put_there.extend(put(done, mail("Just now")))
            return b"* 1 EXISTS\r\n"
        return b""

    with relayed(imap_server.port, told) as port:
        there = imap_server.credentials(port=port, security="none")
        result = imap.search_messages(there, {"wait": 3600, "after_uid": known})
    assert result["success"], result["message"]
    assert [one["uid"] for one in result["data"]["messages"]] == put_there


def test_a_server_that_refuses_to_tell_is_asked_again_and_again_by_one_more_connection(
    imap_server: ImapServer, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some do that offer IDLE: the answer is a plain NO (RFC 3501, 7.1.2)."""
    monkeypatch.setattr(imap.messages, "_LOOK", 0.05)
    known, tags, put_there = done(imap.search_messages)["last_uid"], [], []

    def told(sent: bytes) -> bytes:
        tag, _, command = sent.partition(b" ")
        if command == b"IDLE\r\n":
            tags.append(tag)
            return tag + b" NO [LIMIT] Not now.\r\n"
        if command == b"NOOP\r\n" and not put_there:
            put_there.extend(put(done, mail("Later")))
        return b""

    with relayed(imap_server.port, told) as port:
        there = imap_server.credentials(port=port, security="none")
        result = imap.search_messages(there, {"wait": 3600, "after_uid": known})
    assert result["success"], result["message"]
    assert ([one["uid"] for one in result["data"]["messages"]], len(tags)) == (put_there, 1)


@contextmanager
def relayed(port: int, told: Callable[[bytes], bytes]) -> Iterator[int]:
    """The port of what passes lines on to the server at ``port``, and answers first what ``told`` makes of each."""

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=self.answers, args=[server])
                back.start()
                for line in self.rfile:
                    self.wfile.write(told(line))
                    server.sendall(line)
                server.shutdown(socket.SHUT_WR)
                back.join(60)

        def answers(self, server: socket.socket) -> None:
            with suppress(OSError):
                while part := server.recv(65536):
                    self.wfile.write(part)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Line) as relay:
        serving = threading.Thread(target=relay.serve_forever, args=[0.01])
        serving.start()
        yield relay.server_address[1]
        relay.shutdown()
        serving.join(60)


def test_a_dry_run_reads_and_changes_nothing(tmp_path: Path, imap_server: ImapServer, done: Done) -> None:
    (uid,) = put(done, mail("1", a_pdf=b"x"))
    with Workspace(tmp_path) as ws:
        ws.create_type("imap")
        ws.create_integration("Mail", "imap", imap_server.credentials())
        flow = Workflow(name="dry")
        for id, (task, params) in {
            "find": ("search_messages", {}),
            "mark": ("mark_messages", {"uids": [uid], "seen": True}),
            "gone": ("delete_messages", {"uids": [uid]}),
            "save": ("save_attachments", {"uid": uid, "folder_path": "in"}),
            "draft": ("append_message", {"subject": "x"}),
        }.items():
            flow.add(id, f"imap.{task}", integration="Mail", params=params)
        run = ws.run(flow, dry_run=True)
    assert len(run["find"].data["messages"]) == 1
    for id, words in (("mark", "mark 1 in INBOX"), ("gone", "delete 1"), ("save", "write"), ("draft", "put a message")):
        assert words in run[id].intents[0].action, run[id].message
    assert not (tmp_path / "in").exists()
    assert done(imap.get_message, uid=uid)["seen"] is False
