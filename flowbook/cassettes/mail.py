"""SMTP, at the lines that smtplib sends and receives."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from flowbook.cassettes import failures
from flowbook.cassettes.content import bytes_of, told
from flowbook.cassettes.places import here, is_kept, keeping, tape_here
from flowbook.cassettes.tape import NotOnCassette, Tape

# What is another one in each message: when it was made, its id, and the lines between its parts.
_MADE_ANEW = re.compile(rb"^((?:Date|Message-ID): )[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(rb'boundary="?([^"\r\n;]+)"?', re.IGNORECASE)
_SIZE = re.compile(rb"size=\d+", re.IGNORECASE)
_ATTRIBUTE = "_flowbook_talk"


class _Talk:
    """One connection: what was said on it, in order; in a replay, where in it one is."""

    def __init__(self, tape: Tape, address: str) -> None:
        self.tape, self.node = tape, here()
        self.lines: list[dict[str, Any]] = []
        self.at = 0
        self.signing_in = False
        self.refused_at: int | None = None
        if tape.replaying:
            self.lines = tape.answer(self.node, "smtp", {"connect": address})
        else:
            tape.keep(self.node, "smtp", {"connect": address}, self.lines)

    def sent(self, given: Any) -> None:
        """Keep what is sent, or find it."""
        content = given.encode("utf-8", "replace") if isinstance(given, str) else bytes(given)
        begins = not self.signing_in and content[:13].upper() == b"AUTH XOAUTH2 "
        line = self._told(content)
        if not self.tape.replaying:
            if begins:
                self._forget_refused()
            self.lines.append({"sent": line})
            return
        expected = self.lines[self.at] if self.at < len(self.lines) else {}
        if not self.tape.same(expected.get("sent"), line):
            raise self.tape.missing(self.node, "smtp", {"sent": line})
        self.at += 1

    def _forget_refused(self) -> None:
        """Keep no refusal of a token in whose place another one is tried: a replay has the one it is given."""
        if self.refused_at is not None and self.lines[-1].get("code") == 535:
            del self.lines[self.refused_at :]
        self.refused_at = len(self.lines)

    def _told(self, content: bytes) -> Any:
        verb = content[:5].upper()
        if verb in (b"EHLO ", b"HELO "):
            return f"{verb.decode()}*"  # what this machine is called
        if self.signing_in or verb == b"AUTH ":
            self.signing_in = True
            return "AUTH ***"
        if verb == b"MAIL ":
            content = _SIZE.sub(b"size=*", content)  # that of what is another one in each message
        for boundary in set(_BOUNDARY.findall(content)):
            content = content.replace(boundary, b"boundary")
        return told(_MADE_ANEW.sub(rb"\1*", content))

    def received(self, reply: tuple[int, bytes]) -> tuple[int, bytes]:
        """Keep a reply. What a server asks while one signs in is left out: it may hold what answers to it reveal."""
        if reply[0] != 334:
            self.signing_in = False
        self.lines.append({"code": reply[0], "said": "" if reply[0] == 334 else told(reply[1])})
        return reply

    def reply(self) -> tuple[int, bytes]:
        """The next reply, or the failure that came in its place."""
        line = self.lines[self.at] if self.at < len(self.lines) else {}
        if "failed" in line:
            self.at += 1
            raise _error(line["failed"])
        if "code" not in line:
            raise self.tape.missing(self.node, "smtp", {"waits": "for a reply that never came"})
        self.at += 1
        if line["code"] != 334:
            self.signing_in = False
        return line["code"], bytes_of(line["said"])

    def failed(self, error: BaseException) -> None:
        """Keep how the connection failed."""
        self.lines.append({"failed": {
            "error": type(error).__name__, "message": str(error), "cause": failures.told(error)
        }})  # fmt: skip


def changes(module: Any) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    """What is changed in ``smtplib``."""
    yield module.SMTP, "_get_socket", _get_socket
    yield module.SMTP_SSL, "_get_socket", _get_socket
    yield module.SMTP, "send", _send
    yield module.SMTP, "getreply", _getreply
    yield module.SMTP, "starttls", _starttls


def _get_socket(original: Any) -> Any:
    def opened(self: Any, host: str, port: int, timeout: Any) -> Any:
        tape = tape_here()
        if tape is None or is_kept():  # SMTP_SSL asks SMTP
            return original(self, host, port, timeout)
        talk = _Talk(tape, f"{host}:{port}")
        setattr(self, _ATTRIBUTE, talk)
        if not tape.replaying:
            with keeping():
                return _noting(talk, lambda: original(self, host, port, timeout))
        if talk.lines and "failed" in talk.lines[0]:
            raise _error(talk.lines[0]["failed"])
        return _NoSocket()

    return opened


def _send(original: Any) -> Any:
    def send(self: Any, given: Any) -> Any:
        talk: _Talk | None = getattr(self, _ATTRIBUTE, None)
        if talk is None:
            return original(self, given)
        talk.sent(given)
        return None if talk.tape.replaying else _noting(talk, lambda: original(self, given))

    return send


def _getreply(original: Any) -> Any:
    def getreply(self: Any) -> Any:
        talk: _Talk | None = getattr(self, _ATTRIBUTE, None)
        if talk is None:
            return original(self)
        if talk.tape.replaying:
            reply = talk.reply()
            if reply[0] == -1:
                self.close()
            return reply
        return talk.received(_noting(talk, lambda: original(self)))

    return getreply


def _starttls(original: Any) -> Any:
    """In a replay there is nothing to encrypt: the rest of what smtplib does then."""

    def starttls(self: Any, **options: Any) -> Any:
        talk: _Talk | None = getattr(self, _ATTRIBUTE, None)
        if talk is None:
            return original(self, **options)
        if not talk.tape.replaying:
            return _noting(talk, lambda: original(self, **options), twice=False)
        import smtplib

        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("STARTTLS extension not supported by server.")
        code, said = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, said)
        if talk.at < len(talk.lines) and "failed" in talk.lines[talk.at]:
            raise _error(talk.lines[talk.at]["failed"])
        self.ehlo_resp = self.helo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        return code, said

    return starttls


def _noting(talk: _Talk, act: Callable[[], Any], *, twice: bool = True) -> Any:
    """Do it, and keep how it failed, once."""
    try:
        return act()
    except OSError as error:  # SMTPException is one
        import smtplib

        known = talk.lines and "failed" in talk.lines[-1]
        if not known and (twice or not isinstance(error, smtplib.SMTPException)):
            talk.failed(error)
        raise


def _error(failed: Any) -> Exception:
    import smtplib

    if failed["error"] == "SMTPServerDisconnected":
        return smtplib.SMTPServerDisconnected(failed["message"])
    return failures.made(failed["cause"] or {"error": "OSError", "message": failed["message"]})


class _NoSocket:
    """What stands where a connection would be."""

    def makefile(self, *arguments: Any) -> _NoSocket:
        return self

    def close(self) -> None:
        """There is nothing to close."""

    def sendall(self, *arguments: Any) -> None:
        raise NotOnCassette("smtplib sent something past the cassette. Nothing was sent.")
