"""Mailboxes where not everything may be done, full ones, odd names and large messages, against a real Dovecot."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imapclient
import pytest

from flowbook.tasks import Context, running_as
from integrations import imap
from tests.integrations.imap_server import PASSWORD, ImapServer
from tests.integrations.silent import silent_server

Ask = Callable[..., dict[str, Any]]
MAIL = b"Subject: a\r\n\r\nText\r\n"
RIGHTS = {
    "Own": "lrwstipekxa",
    "Look": "l",
    "Read": "lr",
    "Write": "lrw",
    "Put": "lrwsi",
    "Mark": "lrwsti",
    "Closed": "",
}


@pytest.fixture(scope="module")
def folders(imap_server: ImapServer) -> None:
    """Folders of gus, with two messages each, in which he may do what RIGHTS says (RFC 4314)."""
    for folder, rights in RIGHTS.items():
        assert imap.create_folder(gus(imap_server), {"name": folder})["success"]
        for _ in "ab":
            given = {"folder": folder, "raw": MAIL, "draft": False, "seen": False}
            assert imap.append_message(gus(imap_server), given)["success"]
        imap_server.allow("gus", folder, rights)


def gus(server: ImapServer, **changed: Any) -> dict[str, Any]:
    return server.credentials(username="gus@example.org", **changed)


@pytest.fixture
def ask(imap_server: ImapServer, tmp_path: Path) -> Iterator[Ask]:
    """What calls a task for gus, or another user."""

    def call(task: Callable[..., Any], *, user: str = "gus", **params: Any) -> dict[str, Any]:
        result: dict[str, Any] = task(imap_server.credentials(username=f"{user}@example.org"), params)
        return result

    with running_as(Context(root=tmp_path)):
        yield call


@contextmanager
def ending_server(greeting: bytes, *, after: bytes) -> Iterator[int]:
    """The port of a server that answers what begins with ``after``, and ends the line at the next command."""

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(greeting)
            tag, _, command = self.rfile.readline().partition(b" ")
            assert command.startswith(after)
            self.wfile.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")
            self.rfile.readline()

    with socketserver.TCPServer(("127.0.0.1", 0), Line) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


READING: dict[Any, dict[str, Any]] = {
    imap.search_messages: {},
    imap.get_message: {"uid": 1},
    imap.save_attachments: {"uid": 1, "folder_path": "in"},
    imap.copy_messages: {"uids": [1], "to_folder": "Own"},
}
CHANGING: dict[Any, dict[str, Any]] = {
    imap.mark_messages: {"uids": [1], "seen": True, "add": ["todo"]},
    imap.delete_messages: {"uids": [1]},
    imap.move_messages: {"uids": [1], "to_folder": "Own"},
    imap.append_message: {"raw": MAIL},
}
CASES = [
    *(("Look", task, params) for task, params in (READING | CHANGING).items()),
    *(("Read", task, params) for task, params in CHANGING.items()),
    ("Read", imap.get_message, {"uid": 1, "mark_seen": True}),
    ("Write", imap.get_message, {"uid": 1, "mark_seen": True}),
    ("Write", imap.mark_messages, {"uids": [1], "seen": True}),
    ("Write", imap.mark_messages, {"uids": [1, 2], "flagged": True, "seen": True}),
    ("Write", imap.delete_messages, {"uids": [1, 2]}),
    ("Mark", imap.delete_messages, {"uids": [1]}),
    ("Mark", imap.move_messages, {"uids": [1], "to_folder": "Own"}),
    ("Own", imap.copy_messages, {"uids": [1], "to_folder": "Read"}),
    ("Own", imap.move_messages, {"uids": [1], "to_folder": "Read"}),
]


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize(("folder", "task", "params"), CASES)
def test_what_the_user_may_not_do_is_said_and_not_claimed_to_be_done(
    ask: Ask, folder: str, task: Any, params: dict[str, Any]
) -> None:
    """Also where the server says OK and does nothing, as RFC 4314 has it for marks."""
    result = ask(task, folder=folder, **params)
    assert not result["success"]
    assert (result["data"], result["permanent"]) == ({"kind": "forbidden"}, True), result["message"]
    assert (params.get("to_folder") or folder) in result["message"] or folder in result["message"]
    assert "Ask whoever runs the server" in result["message"]
    left = ask(imap.search_messages, folder=folder if folder not in ("Look", "Closed") else "Own")["data"]["messages"]
    assert len(left) >= 2
    assert all("\\Deleted" not in one["flags"] for one in left), "nothing is done by half"


@pytest.mark.usefixtures("folders")
def test_what_the_user_may_do_is_done(ask: Ask) -> None:
    assert ask(imap.mark_messages, folder="Write", uids=[1], flagged=True)["data"] == {"changed": 1}
    assert ask(imap.copy_messages, folder="Read", uids=[1], to_folder="Put")["data"] == {"copied": 1}
    assert ask(imap.get_message, folder="Put", uid=1, mark_seen=True)["data"]["seen"]
    assert ask(imap.get_message, folder="Read", uid=1)["success"]


@pytest.mark.usefixtures("folders")
def test_a_folder_that_may_not_be_read_is_listed_among_the_others_without_counts(ask: Ask) -> None:
    result = ask(imap.list_folders)
    found = {one["name"]: one["messages"] for one in result["data"]}
    assert (found["Look"], found["Read"]) == (None, 2)
    assert "Closed" not in found
    assert ask(imap.search_messages, folder="Closed")["data"]["kind"] == "not_found"
    assert ask(imap.create_folder, name="Closed")["data"] == {"created": False}
    assert ask(imap.create_folder, name="Read/Sub")["data"]["kind"] == "forbidden"


@pytest.mark.usefixtures("folders")
def test_a_message_that_cannot_be_moved_by_a_server_without_move_is_not_said_to_be(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    has = imapclient.IMAPClient.has_capability
    monkeypatch.setattr(imapclient.IMAPClient, "has_capability", lambda self, name: name != "MOVE" and has(self, name))
    result = ask(imap.move_messages, folder="Mark", uids=[1], to_folder="Own")
    assert result["data"]["kind"] == "forbidden"
    assert "delete messages in Mark" in result["message"]
    assert ask(imap.move_messages, folder="Own", uids=[2], to_folder="Own")["success"]


def test_a_full_mailbox_is_told_and_nothing_of_the_message_is_there(ask: Ask) -> None:
    large = {"raw": MAIL + b"x" * 12_000, "folder": "INBOX"}
    assert ask(imap.append_message, user="fred", **large)["success"]
    for result in (
        ask(imap.append_message, user="fred", **large),
        ask(imap.copy_messages, user="fred", uids=[1], to_folder="Drafts"),
    ):
        assert (result["data"], result["permanent"]) == ({"kind": "full"}, True), result["message"]
        assert "The mailbox is full" in result["message"]
    assert len(ask(imap.search_messages, user="fred")["data"]["messages"]) == 1
    assert ask(imap.delete_messages, user="fred", uids=[1])["data"] == {"deleted": 1}


@pytest.mark.parametrize(
    "name",
    [
        "Entwürfe & mehr",
        "日本語",
        "a&b",
        "&AOQ-",
        "🎉 party",
        " space ",
        'Gr"u\\n',
        "0042",
        "NIL",
        "{5}",
        "(a)",
        "In/Ünter",
    ],
)
def test_a_folder_of_any_name_is_made_filled_read_and_listed(ask: Ask, name: str) -> None:
    assert ask(imap.create_folder, user="eve", name=name)["data"] == {"created": True}
    assert ask(imap.create_folder, user="eve", name=name)["data"] == {"created": False}
    assert ask(imap.append_message, user="eve", folder=name, raw=MAIL)["data"]["uid"] == 1
    assert len(ask(imap.search_messages, user="eve", folder=name)["data"]["messages"]) == 1
    assert name in [one["name"] for one in ask(imap.list_folders, user="eve")["data"]]


@pytest.mark.parametrize(
    ("name", "made", "kind"),
    [
        ("*", True, None),
        ("a%b", True, None),
        ("End/", True, None),
        ("a//b", False, "invalid"),
        ("a.b", False, "invalid"),
    ],
)
def test_a_name_that_is_a_pattern_too_names_one_folder_only(ask: Ask, name: str, made: bool, kind: str | None) -> None:
    assert ask(imap.append_message, user="max", folder=name, raw=MAIL)["data"]["kind"] == kind or "not_found"
    assert ask(imap.search_messages, user="max", folder=name)["data"]["kind"] == "not_found"
    result = ask(imap.create_folder, user="max", name=name)
    assert result["data"] == ({"created": True} if made else {"kind": kind}), result["message"]
    if made:
        assert ask(imap.create_folder, user="max", name=name)["data"] == {"created": False}


@pytest.mark.parametrize("mark", ["a b", "(", "ü", "x]", 'q"', "\\a b", ""])
def test_a_mark_that_is_no_word_is_refused_before_it_is_sent(ask: Ask, mark: str) -> None:
    result = ask(imap.mark_messages, uids=[1], add=[mark])
    assert "without spaces" in result["message"]
    assert "add" in result["message"]


def test_a_message_of_many_megabytes_goes_there_and_back(ask: Ask) -> None:
    head = b"Subject: big\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n"
    raw = head + b"0123456789abcdef" * 64 * 1024 * 4
    (uid,) = [ask(imap.append_message, folder="INBOX", raw=raw)["data"]["uid"]]
    assert "more than 1,000" in ask(imap.get_message, uid=uid, max_bytes=1000)["message"]
    assert ask(imap.get_message, uid=uid, raw=True)["data"]["raw"] == raw
    ask(imap.delete_messages, uids=[uid])


def test_a_password_is_not_sent_where_the_server_takes_none_without_encryption(imap_server: ImapServer) -> None:
    open_line = {"host": "127.0.0.2", "port": imap_server.port, "security": "none"}
    before = (imap_server.folder / "log").read_text()
    result = imap.test_connection(imap_server.credentials(**open_line), {})
    assert (result["data"]["kind"], result["permanent"]) == ("tls", True), result["message"]
    assert "Choose tls or starttls" in result["message"]
    assert "tried to use disallowed plaintext auth" not in (imap_server.folder / "log").read_text()[len(before) :]


def test_too_many_connections_are_a_reason_to_try_again_later(imap_server: ImapServer) -> None:
    held = []
    try:
        for _ in range(10):
            client = imapclient.IMAPClient("127.0.0.1", imap_server.port, ssl=False)
            held.append(client)
            client.plain_login("max", PASSWORD)
        result = imap.test_connection(imap_server.credentials(username="max"), {})
    finally:
        for client in held:
            client.shutdown()
    assert (result["data"]["kind"], result.get("permanent", False)) == ("rate_limited", False), result["message"]


@pytest.mark.parametrize("username", ["ada@example.org", "ädä@example.org"])
def test_a_line_that_ends_while_one_signs_in_is_no_refusal(username: str) -> None:
    """IMAPClient calls it one; the server may be restarting."""
    with ending_server(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n", after=b"CAPABILITY") as port:
        given = {"host": "127.0.0.1", "port": port, "username": username, "password": "secret", "security": "none"}
        result = imap.test_connection({**given, "timeout": 5}, {})
    assert (result["data"]["kind"], result.get("permanent", False)) == ("unreachable", False), result["message"]
    assert "ended the connection" in result["message"]


def test_a_host_that_answers_what_is_no_text_is_no_mail_server() -> None:
    with silent_server(b"\xff\xfe\r\n") as port:
        given = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secret", "security": "none"}
        result = imap.test_connection({**given, "timeout": 0.5}, {})
    assert result["data"]["kind"] in ("wrong_address", "unreachable")
