"""SMTP, against a real mail server on this machine."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st

from flowbook import TaskFailed
from flowbook.mail import as_bytes
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from integrations import smtp
from integrations.smtp import server
from integrations.smtp.message import build
from integrations.smtp.models import Credentials, SendEmail
from integrations.smtp.server import place_of
from tests.integrations.postgres_server import make_certificate
from tests.integrations.silent import silent_server
from tests.ports import free_port, refusing_port

PASSWORD = "password-of-the-tests"
WIDE = ("bärbel", "pässwört-€")


class Mailbox:
    """What the server received; it refuses recipients called "nobody" and the sender "spammer"."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []
        self.refusal: str | None = None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("spammer"):
            return "553 not from you"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        if address.startswith("full"):
            return "452 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusal is not None:
            return self.refusal
        self.envelopes.append(envelope)
        return "250 Message accepted"

    def last(self) -> EmailMessage:
        found = message_from_bytes(self.envelopes[-1].content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for localhost, with its key in one file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(b"".join(make_certificate("localhost", "127.0.0.1")))
    return path


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = (data.login, data.password) in (
        (b"ann@example.org", PASSWORD.encode()),
        (WIDE[0].encode(), WIDE[1].encode()),
    )
    return AuthResult(success=known, handled=known)  # what is not handled is answered by 535


@contextmanager
def mail_server(
    security: str, certificate: Path, box: Mailbox | None = None, **more: Any
) -> Iterator[tuple[Mailbox, dict[str, Any]]]:
    """A running mail server, and the credentials for it."""
    box = box or Mailbox()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    options: dict[str, Any] = {"authenticator": _authenticate, "auth_require_tls": False, "decode_data": False, **more}
    if security == "starttls":
        options["tls_context"] = tls
    server = Controller(
        box, hostname="127.0.0.1", port=free_port(), ssl_context=tls if security == "tls" else None,
        server_hostname="mail.test", enable_SMTPUTF8=True, **options,
    )  # fmt: skip
    server.start()
    credentials = {"host": "localhost", "port": server.port, "security": security, "ca_file": str(certificate)}
    try:
        yield box, {**credentials, "username": "ann@example.org", "password": PASSWORD, "timeout": 10}
    finally:
        server.stop()


@pytest.fixture(scope="module")
def plain(certificate: Path) -> Iterator[tuple[Mailbox, dict[str, Any]]]:
    """A server without encryption, for the tests that are about messages."""
    with mail_server("none", certificate) as running:
        yield running


MESSAGE = {"to": "bob@example.org", "subject": "Hello", "body": "Good morning"}
ME = {"from_email": "ann@example.org"}


def test_a_run_that_is_cancelled_waits_for_no_answer() -> None:
    stop = Stop()
    threading.Timer(0.5, stop.set).start()
    with silent_server(b"220 mail.test ESMTP\r\n") as port, running_as(Context("run", stop=stop)):
        started = time.monotonic()
        result = smtp.send_email({"host": "127.0.0.1", "port": port, "security": "none", "timeout": 600}, MESSAGE | ME)
    assert time.monotonic() - started < 300
    assert result["data"]["kind"] == "cancelled"
    assert "Cancelled" in result["message"]


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_run_that_is_cancelled_while_it_signs_in_sends_nothing(
    security: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, sign_in = Stop(), server._sign_in

    def cancelled(*given: Any) -> None:
        sign_in(*given)
        stop.set()

    monkeypatch.setattr(server, "_sign_in", cancelled)
    with mail_server(security, certificate) as (box, credentials), running_as(Context("run", stop=stop)):
        result = smtp.send_email(credentials, MESSAGE)
    assert (result["success"], result["data"]["kind"]) == (False, "cancelled")
    assert box.envelopes == []
    assert PASSWORD not in str(result)


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_message_is_sent_over_each_kind_of_connection(security: str, certificate: Path) -> None:
    with mail_server(security, certificate) as (box, credentials):
        tried = smtp.test_connection(credentials)
        assert tried["success"], tried["message"]
        assert tried["data"]["security"] == security
        assert ("unencrypted" in tried["message"]) == (security == "none")
        result = smtp.send_email(credentials, MESSAGE)
    assert result["success"], result["message"]
    assert result["data"]["accepted"] == ["bob@example.org"]
    assert box.last()["Subject"] == "Hello"
    assert box.last()["From"] == "ann@example.org"
    assert box.last()["Message-ID"] == result["data"]["message_id"]
    assert box.last().get_content().strip() == "Good morning"


def test_a_name_and_password_may_have_any_letters(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    """They go as UTF-8 (RFC 4616); a wrong password is said to be one, and shown in no form."""
    _, credentials = plain
    wide = {**credentials, "username": WIDE[0], "password": WIDE[1]}
    tried = smtp.test_connection(wide)
    assert tried["success"], tried["message"]
    wrong = smtp.test_connection({**wide, "password": "ünrichtig"})
    assert wrong["data"]["kind"] == "unauthorized"
    assert "ünrichtig" not in str(wrong)


def test_every_option_reaches_its_place(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    box, credentials = plain
    result = smtp.send_email(
        credentials,
        {
            "to": ["Bob Bär <bob@example.org>", "carl@example.org"],
            "cc": "dora@example.org, Eve <eve@example.org>",
            "bcc": "secret@example.org",
            "reply_to": "back@example.org",
            "from_email": "me@bücher.example",
            "from_name": "Mé, myself",
            "subject": "Grüße: " + "lang " * 39 + "lang",
            "body": "Good mörning\n.\nbye",
            "html": "<p>Good mörning</p>",
            "headers": {"X-Priority": "1"},
        },
    )
    assert result["success"], result["message"]
    message, envelope = box.last(), box.envelopes[-1]
    assert envelope.rcpt_tos == [f"{name}@example.org" for name in ("bob", "carl", "dora", "eve", "secret")]
    assert envelope.mail_from == "me@xn--bcher-kva.example"
    assert b"secret@example.org" not in envelope.content
    assert message["To"].addresses[0].display_name == "Bob Bär"
    assert message["From"].addresses[0].display_name == "Mé, myself"
    assert message["Subject"] == "Grüße: " + "lang " * 39 + "lang"
    assert (message["Reply-To"], message["X-Priority"]) == ("back@example.org", "1")
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["Good mörning", ".", "bye"]
    assert html.get_content().strip() == "<p>Good mörning</p>"


def test_attachments_come_from_files_and_from_earlier_nodes(
    plain: tuple[Mailbox, dict[str, Any]], tmp_path: Path
) -> None:
    box, credentials = plain
    (tmp_path / "a.pdf").write_bytes(b"%PDF\r\n\x00")
    given = [
        "a.pdf",
        {"filename": "grüße.txt", "content": "grüße"},
        {"filename": "f.csv", "content": pd.DataFrame({"n": [1]})},
        {"filename": "j.json", "content": {"a": 1}},
        {"filename": "i.png", "base64": base64.b64encode(b"\x89PNG").decode(), "content_id": "logo"},
    ]
    with running_as(Context("run", root=tmp_path)):
        result = smtp.send_email(credentials, {**MESSAGE, "html": '<img src="cid:logo">', "attachments": given})
    assert result["success"], result["message"]
    parts = {part.get_filename(): part for part in box.last().walk() if part.get_filename()}
    assert parts["a.pdf"].get_payload(decode=True) == b"%PDF\r\n\x00"
    assert parts["a.pdf"].get_content_type() == "application/pdf"
    assert parts["grüße.txt"].get_payload(decode=True) == "grüße".encode()
    assert parts["f.csv"].get_payload(decode=True) == b"n\n1\n"
    assert parts["j.json"].get_payload(decode=True) == b'{"a": 1}'
    assert parts["i.png"]["Content-ID"] == "<logo>"


LETTER = (
    b"From: x@example.org\r\nSubject: " + b"on and " * 20 + b"on\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nFrom here on\r\n%s\r\n"
)


@pytest.mark.parametrize(("words", "encoding"), [(b"plain", "7bit"), ("grün".encode(), "8bit")])
def test_a_message_is_attached_as_one_byte_by_byte(
    plain: tuple[Mailbox, dict[str, Any]], tmp_path: Path, words: bytes, encoding: str
) -> None:
    """RFC 2046, 5.2.1: a message/rfc822 is 7bit, 8bit or binary, never base64."""
    box, credentials = plain
    (tmp_path / "letter.eml").write_bytes(LETTER % words)
    with running_as(Context("run", root=tmp_path)):
        result = smtp.send_email(credentials, {**MESSAGE, "attachments": ["letter.eml"]})
    assert result["success"], result["message"]
    assert LETTER % words in box.envelopes[-1].content
    assert ("BODY=8BITMIME" in box.envelopes[-1].mail_options) == (encoding == "8bit")
    part = next(part for part in box.last().walk() if part.get_content_type() == "message/rfc822")
    assert part["Content-Transfer-Encoding"] == encoding
    assert part.get_filename() == "letter.eml"
    assert part.get_payload(0).get_content().splitlines() == ["From here on", words.decode()]


def test_a_server_of_seven_bits_gets_the_attached_message_in_seven_bits() -> None:
    message, _, _ = build(
        Credentials(host="x", from_email="a@b.org"),
        SendEmail(**MESSAGE, attachments=[{"filename": "l.eml", "content": LETTER % "grün".encode()}]),
    )
    sent = as_bytes(message, eight_bits=False)
    assert sent.isascii()
    part = next(part for part in message_from_bytes(sent, policy=policy.default).walk() if part.get_filename())
    assert part["Content-Transfer-Encoding"] == "7bit"
    assert part.get_payload(0).get_content().splitlines() == ["From here on", "grün"]


@pytest.mark.parametrize(
    "content",
    [
        b"\x00\x01\xff junk",
        b"no field at all\r\n",
        b"",
        b"A: b\r\n\r\n" + b"x" * 999,
        b"A: b\r\n\r\n\x00",
        b"From a Mon\nA: b\n",
    ],
)
@pytest.mark.parametrize("eight_bits", [True, False])
def test_what_no_message_can_hold_is_attached_as_a_file(content: bytes, eight_bits: bool) -> None:
    """RFC 5322, 2.1.1 and 2.2, and RFC 2045, 2.7: fields, lines of up to 998 bytes, no NUL."""
    given = [{"filename": "l.eml", "content": content}]
    message, _, _ = build(Credentials(host="x", from_email="a@b.org"), SendEmail(**MESSAGE, attachments=given))
    sent = as_bytes(message, eight_bits=eight_bits)
    part = next(part for part in message_from_bytes(sent, policy=policy.default).walk() if part.get_filename())
    assert (part.get_content_type(), part["Content-Transfer-Encoding"]) == ("application/octet-stream", "base64")
    assert part.get_payload(decode=True) == content
    assert max(map(len, sent.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("kind", ["message/delivery-status", "multipart/mixed", "message/partial"])
def test_what_may_not_be_encoded_travels_as_plain_bytes(kind: str) -> None:
    given = [{"filename": "x", "content": b"\xff", "content_type": kind}]
    message, _, _ = build(Credentials(host="x", from_email="a@b.org"), SendEmail(**MESSAGE, attachments=given))
    part = next(part for part in message.walk() if part.get_filename())
    assert (part.get_content_type(), part.get_payload(decode=True)) == ("application/octet-stream", b"\xff")


def test_lines_that_begin_with_from_arrive_so(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    box, credentials = plain
    text = "From me to you\n.\nFrom: x\n>From y"
    given = [{"filename": "a.txt", "content": text}]
    assert smtp.send_email(credentials, {**MESSAGE, "body": text, "attachments": given})["success"]
    body = box.last().get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == text.splitlines()
    attached = next(part for part in box.last().walk() if part.get_filename())
    assert attached.get_payload(decode=True) == text.encode()


@pytest.mark.parametrize("advertised", [True, False])
def test_a_message_that_is_too_large_is_said_to_be_so(certificate: Path, advertised: bool) -> None:
    """552, to MAIL when the server says its limit beforehand, else to DATA."""
    with mail_server("none", certificate, data_size_limit=2_000 if advertised else 33_554_432) as (box, credentials):
        box.refusal = None if advertised else "552 5.3.4 too big"
        result = smtp.send_email(credentials, {**MESSAGE, "body": "x" * 5_000})
    assert result["data"]["kind"] == "invalid"
    assert "too large for the server" in result["message"]
    assert "552" in result["message"]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("a@b.org;c@d.org", ["a@b.org", "c@d.org"]),
        ("a@b.org; c@d.org;", ["a@b.org", "c@d.org"]),
        (["a@b.org;c@d.org", "e@f.org"], ["a@b.org", "c@d.org", "e@f.org"]),
        ('"x;y" <a@b.org>; Ann <c@d.org>, e@f.org', ["a@b.org", "c@d.org", "e@f.org"]),
        ("Team: a@b.org, c@d.org;", ["a@b.org", "c@d.org"]),
    ],
)
def test_semicolons_part_recipients_too(to: Any, expected: list[str]) -> None:
    _, _, recipients = build(Credentials(host="x", from_email="a@b.org"), SendEmail(**{**MESSAGE, "to": to}))
    assert recipients == expected


@pytest.mark.parametrize("to", ["a;b", "a;b@c.org", "a@b.org;x"])
def test_what_is_no_address_among_them_is_named(to: str) -> None:
    with pytest.raises(TaskFailed, match=r"no address: '[ax]'"):
        build(Credentials(host="x", from_email="a@b.org"), SendEmail(**{**MESSAGE, "to": to}))


def test_lone_surrogates_are_sent_as_escapes(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    box, credentials = plain
    given = [{"filename": "a.json", "content": {"a": "\ud800", "raw": b"\xff"}}]
    result = smtp.send_email(credentials, {**MESSAGE, "body": "a\ud800", "attachments": given})
    assert result["success"], result["message"]
    body = box.last().get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "a\\ud800"
    attached = next(part for part in box.last().walk() if part.get_filename())
    assert attached.get_payload(decode=True) == b'{"a": "\\ud800", "raw": "/w=="}'


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"to": ""}, "nobody"),
        ({"to": "no address"}, "to holds"),
        ({"to": "a@b.org\r\nBcc: x@y.org"}, "line break"),
        ({"to": ["a@b.org", "x@y.org\nz"]}, "line break"),
        ({"subject": "Hi\nBcc: x@y.org"}, "line break"),
        ({"from_name": "Me\r\nX: y"}, "line break"),
        ({"reply_to": "a@b.org\rX: y"}, "line break"),
        ({"headers": {"X-A": "b\r\nBcc: x@y.org"}}, "line break"),
        ({"headers": {"X-A\r\nBcc": "x@y.org"}}, "headers may not"),
        ({"headers": {"bcc": "x@y.org"}}, "headers may not"),
        ({"attachments": [{"filename": "a\r\nX: y", "content": "b"}]}, "line break"),
        ({"attachments": ["/no/such/file"]}, "no file"),
        ({"attachments": [{"filename": "x"}]}, "no content"),
        ({"body": ""}, "no body"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_message_that_cannot_be_sent_is_refused_before_it_is_sent(
    plain: tuple[Mailbox, dict[str, Any]], params: dict[str, Any], words: str
) -> None:
    box, credentials = plain
    before = len(box.envelopes)
    result = smtp.send_email(credentials, {**MESSAGE, **params})
    assert not result["success"]
    assert words in result["message"]
    assert len(box.envelopes) == before


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_text_ever_becomes_a_header_of_its_own(subject: str, name: str) -> None:
    params = SendEmail.model_construct(**{
        **{field: info.get_default(call_default_factory=True) for field, info in SendEmail.model_fields.items()},
        **MESSAGE, "subject": subject, "from_name": name, "from_email": "a@b.org",
    })  # fmt: skip
    try:
        message, _, _ = build(Credentials(host="h"), params)
        raw = message.as_bytes()
    except (TaskFailed, UnicodeError):
        return
    parsed = message_from_bytes(raw, policy=policy.default)
    known = {"Subject", "From", "To", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert set(parsed.keys()) == known


def test_a_sender_is_needed(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    _, credentials = plain
    result = smtp.send_email({**credentials, "username": "", "password": ""}, MESSAGE)
    assert "from_email" in result["message"]
    named = {**credentials, "username": "", "password": "", "from_email": "x@y.org", "from_name": "X"}
    assert smtp.send_email(named, MESSAGE)["success"]


def test_refused_recipients_are_named_and_the_others_still_get_it(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    box, credentials = plain
    result = smtp.send_email(credentials, {**MESSAGE, "to": "bob@example.org, nobody@example.org"})
    assert not result["success"]
    assert result["data"]["accepted"] == ["bob@example.org"]
    assert result["data"]["refused"] == {"nobody@example.org": "550 no such mailbox"}
    assert box.envelopes[-1].rcpt_tos == ["bob@example.org"]
    assert result["data"]["may_have_taken_effect"] is True
    assert result["permanent"] is True  # another try would send it to Bob again
    none = smtp.send_email(credentials, {**MESSAGE, "to": "nobody@example.org"})
    assert "Nothing was sent" in none["message"]
    assert none["permanent"] is True
    later = smtp.send_email(credentials, {**MESSAGE, "to": "full@example.org, nobody@example.org"})
    assert later["data"]["refused"]["full@example.org"] == "452 try again later"
    assert later.get("permanent", False) is False


def test_a_refused_sender_is_told_in_the_servers_words(plain: tuple[Mailbox, dict[str, Any]]) -> None:
    _, credentials = plain
    result = smtp.send_email(credentials, {**MESSAGE, "from_email": "spammer@example.org"})
    assert result["data"]["kind"] == "forbidden"
    assert "553 not from you" in result["message"]


# --- failures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("security", "changed", "kind"),
    [
        ("none", {"password": "not-the-right-one"}, "unauthorized"),
        ("none", {"password": ""}, "unauthorized"),
        ("none", {"security": "starttls"}, "tls"),
        ("none", {"security": "tls"}, "tls"),
        ("starttls", {"ca_file": ""}, "tls"),
        ("tls", {"ca_file": ""}, "tls"),
        ("tls", {"ca_file": "/no/such/file.pem"}, "tls"),
        ("none", {"port": None}, "unreachable"),
        ("none", {"host": "no-such-host.invalid"}, "wrong_address"),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    security: str, changed: dict[str, Any], kind: str, certificate: Path
) -> None:
    with mail_server(security, certificate) as (_, credentials), refusing_port() as port:
        changed = {name: port if name == "port" else value for name, value in changed.items()}
        for task, params in ((smtp.test_connection, {}), (smtp.send_email, MESSAGE)):
            result = task({**credentials, **changed}, params)
            assert not result["success"]
            assert result["data"]["kind"] == kind, result["message"]
            assert PASSWORD not in str(result)
            assert "not-the-right-one" not in str(result)


@pytest.mark.parametrize(
    ("talk", "kind"),
    [
        (lambda line: b"", "timeout"),
        (lambda line: None, "unreachable"),
        (lambda line: b"421 too busy now\r\n", "rate_limited"),
        (lambda line: b"HTTP/1.1 400 Bad Request\r\n\r\n", "wrong_address"),
        (lambda line: b"220 hi\r\n" if line is None else b"250-hi\r\n250 AUTH PLAIN\r\n" if b"ehlo" in line else
         b"535 bad: " + line.split()[-1] + b"\r\n" if b"AUTH" in line else b"221 bye\r\n", "unauthorized"),
    ],
)  # fmt: skip
def test_a_server_that_behaves_badly_is_told_apart(talk: Callable[[bytes | None], bytes | None], kind: str) -> None:
    with _talker(talk) as port:
        result = smtp.test_connection(
            {
                "host": "127.0.0.1",
                "port": port,
                "security": "none",
                "username": "u",
                "password": PASSWORD,
                "timeout": 0.5,
            }
        )
    assert not result["success"]
    assert result["data"]["kind"] == kind, result["message"]
    assert PASSWORD not in str(result)
    assert base64.b64encode(f"\0u\0{PASSWORD}".encode()).decode() not in str(result)


@contextmanager
def _talker(talk: Callable[[bytes | None], bytes | None]) -> Iterator[int]:
    """A server that answers each line, and the greeting (None), with what ``talk`` gives; None hangs up."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(5)
                _converse(connection, talk)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listener.getsockname()[1])
        stop.set()
        thread.join()


def _converse(connection: socket.socket, talk: Callable[[bytes | None], bytes | None]) -> None:
    line: bytes | None = None
    while True:
        answer = talk(line)
        if answer is None:
            return
        try:
            connection.sendall(answer)
            line = connection.recv(4096)
        except OSError:
            return
        if not line:
            return


def test_the_default_port_follows_from_the_security() -> None:
    assert [place_of(Credentials(host="h", port="", security=s)) for s in ("none", "starttls", "tls")] == [
        "h:25", "h:587", "h:465",
    ]  # fmt: skip
