"""What went wrong with a call, in words: by the server's code, else by what became of the connection.

https://www.mongodb.com/docs/manual/reference/error-codes/ lists the codes.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any

from flowbook import TaskFailed

from .addresses import place_of, wrong_string
from .models import Credentials

_UNAUTHORIZED = {11, 18, 334, 8000}
# By the server's code: what may be otherwise at the next try (elections, locks, conflicts, limits of time).
_MAY_PASS = {
    6, 7, 24, 46, 50, 63, 64, 89, 91, 94, 112, 133, 134, 150, 189, 202, 234, 251, 262, 290, 384, 462, 9001, 10107,
    11000, 11600, 11602, 13388, 13435, 13436,
}  # fmt: skip
_HINTS = {
    13: "Ask for a role that may do it.",
    11000: "There is a document with the same value already; update_one with upsert changes it.",
    48: "There is a collection of that name already.",
    85: "There is an index like it with other options: drop that first, or give another name.",
    86: "There is an index of that name already: give another name.",
    121: "The collection has rules (validator) that the document does not keep.",
    50: "Raise 'timeout', make an index for it, or ask for less.",
    292: "Make an index for the sort, or sort fewer documents.",
}


def not_usable(credentials: Credentials, error: Exception) -> TaskFailed:
    """PyMongo refused the settings, or found nothing in DNS: its words may hold what was given, so they are ours."""
    srv = credentials.srv or "+srv" in (credentials.connection_string.reveal() if credentials.connection_string else "")
    data = {"kind": "wrong_address"}
    if "dns" in type(error.__context__).__module__ or (srv and "DNS" in str(error)):
        return TaskFailed(f"DNS knows no servers of {place_of(credentials)}.", data, "Check the name, and srv.")
    if srv and any(isinstance(one, OSError) for one in (error.__cause__, error.__context__)):
        return TaskFailed(f"DNS could not be asked for {place_of(credentials)}.", data, "Check the network.")
    if credentials.connection_string is not None:
        return wrong_string("The connection string cannot be used as it is")
    # PyMongo's ConfigurationError names the option, such as tlsCAFile
    tls = isinstance(error.__context__, (ssl.SSLError, OSError)) or "tls" in str(error).lower()
    if tls:
        hint = "Check tls_ca and tls_cert: both are files in PEM form, tls_cert with its key."
        return TaskFailed("TLS cannot be set up as asked for.", {"kind": "tls"}, hint, permanent=True)
    hint = "Check host, srv, replica_set and auth_source: they do not go together, or have letters that names have not."
    return TaskFailed("The server cannot be asked with these credentials.", data, hint, permanent=True)


def half_done(error: Exception | None) -> bool:
    """Whether the servers said that what they were asked may have been done."""
    from pymongo.errors import BulkWriteError, WriteConcernError

    if isinstance(error, BulkWriteError):
        return bool(error.details.get("writeConcernErrors"))
    return isinstance(error, WriteConcernError)


def failure_of(
    credentials: Credentials, place: str, error: Exception | None, cancelled: bool, seconds: float
) -> TaskFailed:
    """The failure in words: the server's own, where it said something."""
    from pymongo.errors import OperationFailure

    if cancelled:
        return TaskFailed(f"Cancelled: the connection to {place} was ended.", {"kind": "cancelled"})
    refusal = next((one for one in _causes(error) if isinstance(one, OperationFailure)), None)
    if refusal is not None and not getattr(refusal, "timeout", False):
        return _refusal(credentials, place, refusal)
    kind, words, hint = _kind_of(error, seconds)
    return TaskFailed(f"{words} ({place}).", {"kind": kind}, hint, permanent=kind == "tls")


def _refusal(credentials: Credentials, place: str, error: Any) -> TaskFailed:
    """What the server itself said."""
    details = error.details or {}
    code = (details.get("writeErrors") or [{}])[0].get("code", error.code)  # of many writes, that of the first refused
    said = _words_of(details) or str(error).partition(", full error")[0]
    secret = credentials.password.reveal() if credentials.password else ""
    said = said.replace(secret, "***") if len(secret) >= 3 else said
    data: dict[str, Any] = {"code": code}
    if code in _UNAUTHORIZED:
        hint = "Check both, and auth_source: the database that knows the user."
        data = {"kind": "unauthorized"}
        what = f"The server refused the username or the password ({place}): {said}."
        return TaskFailed(what, data, hint, permanent=True)
    if code == 13 and credentials.username is None and credentials.connection_string is None:
        data = {"kind": "unauthorized"}
        what = f"The server asks to sign in ({place}): {said}."
        return TaskFailed(what, data, "Give username and password.", permanent=True)
    if code == 13:
        data = {"kind": "forbidden"}
    if "nInserted" in details:
        data |= {"inserted": details["nInserted"], "refused": [one["index"] for one in details["writeErrors"]]}
        said += f" ({details['nInserted']} inserted all the same)"
    return TaskFailed(f"MongoDB refused it: {said}.", data, _HINTS.get(code, ""), permanent=code not in _MAY_PASS)


def _words_of(details: Mapping[str, Any]) -> str:
    failed = details.get("writeErrors") or [details]
    return " ".join(str(failed[0].get("errmsg", "")).split()).rstrip(".")


# PyMongo keeps only the words of what went wrong with a connection: those of OpenSSL and of the resolver.
_NO_TLS = re.compile(r"\[SSL(?!: UNEXPECTED_EOF)")
_NO_NAME = re.compile(r"\[Errno -\d+\]|nodename nor servname|getaddrinfo failed|label (empty|too long)|encoding with")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _kind_of(error: Exception | None, seconds: float) -> tuple[str, str, str]:
    from pymongo.errors import NetworkTimeout, ProtocolError, ServerSelectionTimeoutError

    causes = _causes(error)
    said = str(error)
    if _NO_TLS.search(said):
        hint = "verify-ca and verify-full need the authority's certificate (tls_ca); verify-full the exact name too."
        return "tls", "No TLS connection as asked for could be made", hint
    if _NO_NAME.search(said) or any(isinstance(one, UnicodeError) for one in causes):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if any(isinstance(one, ProtocolError) for one in causes):
        hint = "Check the port; MongoDB's own is 27017."
        return "wrong_address", "Something answers there, but not as MongoDB does", hint
    late = isinstance(error, ServerSelectionTimeoutError)
    if late and ("replica set" in said.partition(", Timeout:")[0] or "primary" in said.partition(", Timeout:")[0]):
        hint = "Check replica_set: its name, and that one of its members is the primary."
        return "unreachable", "None of the servers is the one of the replica set that is asked", hint
    if (
        late
        or getattr(error, "timeout", False)
        or any(isinstance(one, (TimeoutError, NetworkTimeout)) for one in causes)
    ):
        hint = "Raise 'timeout', make an index for it, or ask for less; and check host and port, and the firewall."
        return "timeout", f"The server did not answer in {seconds:g} seconds", hint
    return "unreachable", "The server cannot be reached, or ended the connection", "Check host, port and tls."
