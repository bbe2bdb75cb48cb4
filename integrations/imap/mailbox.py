"""The connection to a mailbox, and what went wrong with it in words.

Facts: RFC 3501 (IMAP4rev1), RFC 5530 (response codes), RFC 2177 (IDLE), RFC 6851 (MOVE), RFC 4315 (UIDPLUS), RFC 4314
(what users may do), RFC 2595 (LOGINDISABLED), and for XOAUTH2 https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flowbook import TaskFailed, current, how_to_install

from .models import Credentials

_NO_MAIL = ("wrong_address", "What answers there is no mail server", "Check host, port and security.")
_SHOWN_BYTES = re.compile(r"""b(['"])(?P<text>.*)\1""", re.DOTALL)
_BUSY = ("UNAVAILABLE", "INUSE", "SERVERBUG")
_ALLOW = "Ask whoever runs the server or owns the folder to allow it."
_ABSENT = ("not_found", "There is no such folder", "The task list_folders shows those there are.")
_DENIED = ("forbidden", "The user may not do that", _ALLOW)
_SAID = {  # RFC 5530
    "NONEXISTENT": _ABSENT,
    "TRYCREATE": _ABSENT,
    "NOPERM": _DENIED,
    "CONTACTADMIN": _DENIED,
    "OVERQUOTA": ("full", "The mailbox is full", "Delete messages, or ask whoever runs the server for more room."),
}


@contextmanager
def mailbox(credentials: Credentials, *folders: str) -> Iterator[Any]:
    """An IMAPClient that is signed in, closed at the end. TaskFailed says which kind of failure it was, and which
    ``folders`` it was about.

    Kinds: unauthorized, forbidden, not_found, unreachable, wrong_address, timeout, tls, rate_limited, full, invalid.
    Cancelling the run shuts the connection.
    """
    place = f"{credentials.host}:{_port(credentials)}"
    client = None
    try:
        client = current().wait_for(
            lambda: _connected(credentials), f"connecting to {place}", lambda late: late.shutdown()
        )
        with current().on_cancel(lambda: _shut(client)):
            _sign_in(client, credentials)
            place = ", ".join([*folders, place])
            yield client
            with suppress(*_failures()):
                client.logout()
    except _failures() as error:
        raise _failure(credentials, place, error, client is None) from None
    finally:
        if client is not None:
            with suppress(*_failures()):
                client.shutdown()


def select(client: Any, folder: str, *, writing: bool = False) -> dict[bytes, Any]:
    """Open a folder, to read it only unless something is to be changed in it; what the server says of it."""
    try:
        return dict(client.select_folder(folder, readonly=not writing or current().rehearsing))
    except library().exceptions.IMAPClientReadOnlyError:  # which the library counts among lines that broke
        raise forbidden(f"change anything in {folder}") from None
    except library().exceptions.IMAPClientError as error:
        if isinstance(error, library().exceptions.IMAPClientAbortError) or exists(client, folder):
            raise
    hint = "The task list_folders shows those there are."
    raise TaskFailed(f"There is no folder {folder!r}.", {"kind": "not_found"}, hint, permanent=True)


def exists(client: Any, folder: str) -> bool:
    """Whether there is a folder of just this name: servers list what is like it, where it has a * or a %."""
    names = {name for _, _, name in client.list_folders(pattern=folder)}
    return folder in names or (folder.upper() == "INBOX" and "INBOX" in {name.upper() for name in names})


def forbidden(what: str) -> TaskFailed:
    """That the user has no right to ``what`` (RFC 4314)."""
    return TaskFailed(f"The user may not {what}.", {"kind": "forbidden"}, _ALLOW, permanent=True)


def about_to(client: Any, action: str, **detail: Any) -> None:
    """To be asked before anything is changed: in a dry run the task ends here."""
    current().about_to("mail", client.host, action, **detail)


def _failures() -> tuple[type[Exception], ...]:
    return (library().exceptions.IMAPClientError, OSError, UnicodeError, EOFError)


def library() -> Any:
    """IMAPClient; TaskFailed says how to get it."""
    try:
        import imapclient
    except ImportError:
        raise TaskFailed("IMAPClient is not installed.", hint=how_to_install("imapclient"), permanent=True) from None
    return imapclient


def _port(credentials: Credentials) -> int:
    return credentials.port or (993 if credentials.security == "tls" else 143)


def _connected(credentials: Credentials) -> Any:
    trusted = _trusted(credentials)
    imapclient = library()
    current().check_host(credentials.host, _port(credentials))
    client = imapclient.IMAPClient(
        credentials.host, _port(credentials), ssl=credentials.security == "tls", ssl_context=trusted,
        timeout=credentials.timeout,
    )  # fmt: skip
    client.normalise_times = False  # times with the zone that the server names
    if credentials.security == "starttls":
        try:
            client.starttls(trusted)
        except BaseException:
            client.shutdown()
            raise
    return client


def _trusted(credentials: Credentials) -> ssl.SSLContext:
    try:
        path = credentials.ca_file and str(current().credential_file(credentials.ca_file))
        return ssl.create_default_context(cafile=path or None)
    except OSError as error:
        words = error.strerror or "it holds no certificate"
        raise TaskFailed(
            f"ca_file {credentials.ca_file} cannot be used: {words}.", {"kind": "tls"},
            "Give a file with certificates in PEM form.", permanent=True,
        ) from None  # fmt: skip


def _sign_in(client: Any, credentials: Credentials) -> None:
    if credentials.oauth2:
        _sign_in_with_token(client, credentials)
        return
    if credentials.password is None:
        raise TaskFailed("There is no password.", {"kind": "unauthorized"}, "Give it, or sign in.", permanent=True)
    if credentials.security == "none" and client.has_capability("LOGINDISABLED"):
        hint = "Choose tls or starttls as security."
        words = f"The server takes no password over a line without encryption ({client.host}). It was not sent."
        raise TaskFailed(words, {"kind": "tls"}, hint, permanent=True)
    password = credentials.password.reveal()
    if f"{credentials.username}{password}".isascii():
        client.login(credentials.username, password)
    else:
        client.plain_login(credentials.username, password)  # LOGIN knows ASCII only


def _sign_in_with_token(client: Any, credentials: Credentials) -> None:
    """AUTHENTICATE XOAUTH2; once more with a new token where the service ended the one it got before its time."""
    assert credentials.oauth2 is not None
    token = credentials.oauth2.reveal()
    try:
        client.oauth2_login(credentials.username, token)
    except library().exceptions.LoginError:
        new = current().renewed(token)
        if not new:
            raise
        try:
            client.oauth2_login(credentials.username, new)
        except library().exceptions.LoginError:
            current().renewed(new, again=True)
            raise


def _shut(client: Any) -> None:
    """From another thread, so that the socket is shut and not closed: what waits for an answer ends."""
    with suppress(OSError, AttributeError):
        socket.socket.shutdown(client.socket(), socket.SHUT_RDWR)  # SSLSocket's would first end its encryption


_SIGN_IN = "flowbook integrations sign-in NAME"
_PERMANENT = ("unauthorized", "forbidden", "not_found", "full", "invalid", "tls")


def _failure(credentials: Credentials, place: str, error: Exception, connecting: bool) -> TaskFailed:
    if current().cancelled:
        return TaskFailed(f"Cancelled: the connection to {place} was shut.", {"kind": "cancelled"})
    error = _behind(error)
    kind, words, hint = _kind_of(credentials, error)
    if connecting and isinstance(error, UnicodeError):
        kind, words, hint = "wrong_address", "The host's name cannot be one", "Check the host."
    elif connecting and kind == "invalid":
        kind, words, hint = _NO_MAIL
    said = _words_of(credentials, error)
    message = f"{words} ({place}){': ' + said if said else ''}."
    return TaskFailed(message, {"kind": kind}, hint, permanent=kind in _PERMANENT)


def _kind_of(credentials: Credentials, error: Exception) -> tuple[str, str, str]:
    exceptions = library().exceptions
    code = code_of(error)
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return _broken(error)
    if code in _BUSY or (code == "LIMIT" and isinstance(error, exceptions.LoginError)):  # of connections, mostly
        hint = "Retry the node later."
        if credentials.oauth2 and isinstance(error, exceptions.LoginError):  # Dovecot's words for a token that ended
            hint = f"Retry the node later; if it is the token, sign in again: {_SIGN_IN}"
        return "rate_limited", "The server cannot do it now", hint
    if isinstance(error, exceptions.LoginError):
        if credentials.oauth2:
            hint = f"Sign in again as the username, and allow what scope asks for: {_SIGN_IN}"
            return "unauthorized", "The server refused the token", hint
        hint = "Some providers want an app password, or IMAP to be switched on."
        return "unauthorized", "The server refused the username or the password", hint
    if code in _SAID:
        return _SAID[code]
    if isinstance(error, TimeoutError):
        return "timeout", "The server did not answer in time", "Check port and security, and the firewall."
    if isinstance(error, ssl.SSLError):
        hint = "Check host, port and security: the certificate must be for this host; ca_file adds an authority."
        return "tls", "No TLS connection could be made", hint
    if isinstance(error, exceptions.CapabilityError):
        hint = "Choose another security." if credentials.security == "starttls" else ""
        return ("tls" if hint else "invalid"), "The server does not offer that", hint
    if isinstance(error, exceptions.ProtocolError):
        return _NO_MAIL
    return _broken(error)


def _behind(error: Exception) -> Exception:
    """``error``, or that the line was at an end, which IMAPClient calls a refused sign-in."""
    abort, behind = library().exceptions.IMAPClientAbortError, error.__context__
    signing_in = isinstance(error, library().exceptions.LoginError)
    return behind if signing_in and isinstance(behind, (abort, OSError)) else error


def _broken(error: Exception) -> tuple[str, str, str]:
    exceptions = library().exceptions
    if isinstance(error, socket.gaierror):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    ended = isinstance(error, (exceptions.IMAPClientAbortError, EOFError))
    if isinstance(error, OSError) or ended:
        return "unreachable", "The server cannot be reached, or ended the connection", "Check host, port and security."
    return "invalid", "The server refused it", "Read what it says."


def code_of(error: Exception) -> str:
    """The response code of RFC 5530 that the server's words begin with, in brackets."""
    _, _, rest = str(error).partition("[")
    code = rest.partition("]")[0]
    return code.partition(" ")[0] if code.isascii() and code.isupper() else ""


def _plain(error: Exception) -> str:
    """The words of an error: without the number of the system's, and text where the library shows bytes."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    shown = _SHOWN_BYTES.fullmatch(str(error))
    return shown["text"] if shown else str(error)


def _words_of(credentials: Credentials, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = error.verify_message
    elif isinstance(error, (TimeoutError, ssl.SSLError, UnicodeError)):
        return ""
    else:
        text = _plain(error)
    for secret in (credentials.password, credentials.oauth2):
        if secret:
            text = text.replace(secret.reveal(), "***")
    return " ".join(text.split()).rstrip(".")[:500]
