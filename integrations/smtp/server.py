"""Talking to the mail server, and its refusals in words.

Facts: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 4954 (AUTH), and for XOAUTH2
https://developers.google.com/workspace/gmail/imap/xoauth2-protocol, which Microsoft's servers follow, too.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from typing import Any

from flowbook import TaskFailed, current, mail

from .models import Credentials

PORTS = {"none": 25, "starttls": 587, "tls": 465}


def place_of(credentials: Credentials) -> str:
    """Host and port, as shown in messages."""
    return f"{credentials.host}:{credentials.port or PORTS[credentials.security]}"


@contextmanager
def signed_in(credentials: Credentials) -> Iterator[smtplib.SMTP]:
    """A connection that is encrypted as asked for and signed in; TaskFailed says which kind of failure it was.

    Kinds: unauthorized, forbidden, invalid, unreachable, wrong_address, timeout, tls, rate_limited, server_error,
    cancelled. Cancelling the run shuts the connection.
    """
    trusted = _trusted(credentials)  # a missing file is told of before anything is sent
    connection, signed = None, False
    try:
        place = place_of(credentials)
        current().check_host(credentials.host, credentials.port or PORTS[credentials.security])
        connection = current().wait_for(
            lambda: _connect(credentials, trusted), f"connecting to {place}", smtplib.SMTP.close
        )
        with current().on_cancel(lambda: _shut(connection)):
            _sign_in(connection, credentials)
            signed = True
            yield connection
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        raise _cancelled(credentials, signed) if current().cancelled else _failure(credentials, error) from None
    finally:
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()


def _shut(connection: smtplib.SMTP | None) -> None:
    """From another thread: what waits for an answer ends, and what is sent after that does not arrive."""
    line = getattr(connection, "sock", None)
    if line is not None:
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # that of an SSLSocket would first end its encryption


def _cancelled(credentials: Credentials, signed: bool) -> TaskFailed:
    failure = TaskFailed(f"Cancelled: the connection to {place_of(credentials)} was shut.", {"kind": "cancelled"})
    if signed:
        failure.warn()
    return failure


def deliver(
    connection: smtplib.SMTP, message: EmailMessage, sender: str, recipients: list[str]
) -> dict[str, tuple[int, bytes]]:
    """Send a message; the recipients that were refused, with code and words. Raises smtplib's errors.

    As ``send_message`` of ``smtplib``, but for what that changes in the message, and with BODY=8BITMIME (RFC 6152).
    """
    connection.ehlo_or_helo_if_needed()
    eight_bits = connection.has_extn("8bitmime")
    content = mail.as_bytes(message, eight_bits=eight_bits)
    options = ["BODY=8BITMIME"] if eight_bits and not content.isascii() else []
    if not "".join((sender, *recipients)).isascii():
        if not connection.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("the server does not take such addresses")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
        content = mail.as_bytes(message, eight_bits=True, utf8=True)
    current().about_to(
        "mail", str(connection._host), f"send to {', '.join(recipients)}",  # type: ignore[attr-defined]
        sender=sender, recipients=recipients, subject=str(message["Subject"] or ""), text=_text_of(message),
        size=len(content),
    )  # fmt: skip
    try:
        return connection.sendmail(sender, recipients, content, options)
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients


def _text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content())


def _trusted(credentials: Credentials) -> ssl.SSLContext:
    if credentials.ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=str(current().credential_file(credentials.ca_file)))
    except OSError as error:
        reason = error.strerror or "it holds no certificate"
        message = f"ca_file {credentials.ca_file} cannot be used: {reason}."
        raise TaskFailed(
            message, {"kind": "tls"}, "Give a file with certificates in PEM form.", permanent=True
        ) from None


def _connect(credentials: Credentials, trusted: ssl.SSLContext) -> smtplib.SMTP:
    port = credentials.port or PORTS[credentials.security]
    if credentials.security == "tls":
        return smtplib.SMTP_SSL(credentials.host, port, timeout=credentials.timeout, context=trusted)
    connection = smtplib.SMTP(credentials.host, port, timeout=credentials.timeout)
    if credentials.security == "starttls":
        try:
            connection.starttls(context=trusted)
        except BaseException:
            connection.close()
            raise
        connection.ehlo()
    return connection


def _sign_in(connection: smtplib.SMTP, credentials: Credentials) -> None:
    if credentials.username is None:
        return
    if credentials.oauth2:
        _sign_in_with_token(connection, credentials.username, credentials.oauth2.reveal())
        return
    password = credentials.password
    if password is None:
        raise TaskFailed(
            "There is a username, but no password.", {"kind": "unauthorized"}, "Give it too.", permanent=True
        )
    if f"{credentials.username}{password.reveal()}".isascii():
        connection.login(credentials.username, password.reveal())
    else:
        _sign_in_with_any_letters(connection, credentials.username, password.reveal())


def _sign_in_with_token(connection: smtplib.SMTP, username: str, token: str) -> None:
    """AUTH XOAUTH2; once more with a new token where the service ended the one it got before its time.

    A refusal comes as a challenge with details, which is answered by an empty line. The server may close the connection
    then; https://www.rfc-editor.org/rfc/rfc4954#section-4 lets one try again on it.
    """
    connection.ehlo_or_helo_if_needed()
    if "XOAUTH2" not in connection.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("AUTH XOAUTH2 is not offered by the server")
    try:
        _auth_with(connection, username, token)
    except smtplib.SMTPAuthenticationError:
        new = current().renewed(token)
        if not new:
            raise
        try:
            _auth_with(connection, username, new)
        except smtplib.SMTPAuthenticationError:
            current().renewed(new, again=True)
            raise


def _auth_with(connection: smtplib.SMTP, username: str, token: str) -> None:
    first = _token_login(username, token)
    connection.auth("XOAUTH2", lambda challenge=None: first if challenge is None else "")


def _token_login(username: str, token: str) -> str:
    return f"user={username}\1auth=Bearer {token}\1\1"


def _sign_in_with_any_letters(connection: smtplib.SMTP, username: str, password: str) -> None:
    """AUTH PLAIN in UTF-8 (RFC 4616); smtplib's own login knows ASCII only."""
    connection.ehlo_or_helo_if_needed()
    if "PLAIN" not in connection.esmtp_features.get("auth", "").upper().split():
        raise UnicodeError("the server has no AUTH PLAIN")
    code, said = connection.docmd("AUTH", f"PLAIN {b64encode(_plain_login(username, password)).decode()}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _plain_login(username: str | None, password: str) -> bytes:
    return f"\0{username}\0{password}".encode()


def _failure(credentials: Credentials, error: Exception) -> TaskFailed:
    kind, what, hint = _kind_of(error, credentials)
    said = words_of(error, credentials)
    words = f"{what} ({place_of(credentials)}){': ' + said if said else ''}."
    return TaskFailed(words, {"kind": kind}, hint, permanent=kind in ("unauthorized", "forbidden", "invalid"))


def _kind_of(error: Exception, credentials: Credentials) -> tuple[str, str, str]:
    if isinstance(error, smtplib.SMTPAuthenticationError) and credentials.oauth2:
        hint = "Sign in again as the username, and allow what scope asks for: flowbook integrations sign-in NAME"
        return "unauthorized", "The server refused the token", hint
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "unauthorized", "The server refused the username or the password", "Some providers want an app password."
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _unsupported(error, credentials)
    if isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code not in (552, *_BUSY, *_SIGN_IN):
        return (
            "forbidden",
            "The server does not take mail from this sender",
            "Check from_email, and whether to sign in.",
        )
    if isinstance(error, TimeoutError) or "timed out" in str(error):  # smtplib turns some timeouts into disconnects
        return "timeout", "The server did not answer in time", "Check port and security, and the firewall."
    if isinstance(error, smtplib.SMTPServerDisconnected):
        hint = "Check port and security: tls belongs to 465, starttls to 587."
        return "unreachable", "The server closed the connection", hint
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(error.smtp_code)
    if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        hint = "Check host, port and security: the certificate must be for this host; ca_file adds an authority."
        return "tls", "No TLS connection could be made", hint
    if isinstance(error, socket.gaierror):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if isinstance(error, UnicodeError):
        return "invalid", "Something cannot be sent as it is written", "Use plain letters in username and password."
    return "unreachable", "The server cannot be reached", "Check host and port."


def _unsupported(error: Exception, credentials: Credentials) -> tuple[str, str, str]:
    """What smtplib names in the words of SMTPNotSupportedError: https://docs.python.org/3/library/smtplib.html."""
    if "STARTTLS" in str(error):
        return "tls", "The server does not offer STARTTLS", "Use security tls with its port, often 465."
    if "AUTH" in str(error):
        hint = "Most servers let one sign in only over TLS; or leave the username empty."
        return "unauthorized", "The server lets nobody sign in on this connection", hint
    return "invalid", "The server does not take addresses with such letters", "Use plain letters in addresses."


_BUSY = (421, 450, 451, 452)
_SIGN_IN = (530, 534, 535, 538)
_TOO_LARGE = "Send less, or links in place of attachments; test_connection says how much the server takes (max_bytes)."


def _by_code(code: int) -> tuple[str, str, str]:
    if code in _BUSY:
        return "rate_limited", "The server is busy", "Retry the node later."
    if code in _SIGN_IN:
        return "unauthorized", "The server wants one to sign in", "Give username and password."
    if code == 552:
        return "invalid", "The message is too large for the server", _TOO_LARGE
    if code == 554:
        return "forbidden", "The server refused the message", "Read what it says: content or reputation."
    if 500 <= code < 600:
        return "forbidden", "The server refused it", "Read what it says."
    if code < 0:
        return "wrong_address", "What answers there is no mail server", "Check host, port and security."
    return "server_error", "The server had an error of its own", "Retry the node later."


def words_of(error: Any, credentials: Credentials) -> str:
    """The server's own words on one line, without password and token in any form they were sent in."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    elif isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    elif isinstance(error, ssl.SSLError):
        text = error.reason or ""
    elif isinstance(error, UnicodeError):
        return ""
    else:
        text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return without_password(" ".join(text.split()).rstrip("."), credentials)


def without_password(text: str, credentials: Credentials) -> str:
    """``text`` with password and token blotted out, plain or as AUTH encodes them."""
    forms: list[str] = []
    if credentials.oauth2:
        token = credentials.oauth2.reveal()
        forms += [b64encode(_token_login(credentials.username or "", token).encode()).decode(), token]
    if credentials.password:
        plain = credentials.password.reveal()
        login = _plain_login(credentials.username, plain)
        forms += [b64encode(login).decode(), b64encode(plain.encode()).decode(), plain]
    for form in forms:
        text = text.replace(form, "***")
    return text
