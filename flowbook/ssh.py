"""Signing in to a machine by SSH, whose own key is known, and what went wrong with it in words.

    with ssh.signed_in(credentials) as client:  # of paramiko
        ...

Facts: RFC 4251 to 4254, and sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT". A machine that shows a key that nobody vouches for
gets neither password nor signature.
"""

from __future__ import annotations

import base64
import hashlib
import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pydantic import Field

from flowbook import typed
from flowbook.errors import TaskFailed
from flowbook.installing import how_to_install
from flowbook.tasks import Secret, current

__all__ = ["Machine", "fingerprint", "paramiko", "place_of", "signed_in"]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}


class Machine(typed.Credentials):
    """A machine, how it is known for sure, and who signs in to it."""

    host: str = Field(min_length=1, description="Name or address of the machine")
    username: str = Field(min_length=1, description="Who signs in")
    password: Secret | None = Field(None, description="The user's password, unless a key is used")
    private_key: Secret | None = Field(
        None, description="A private key in place of a password: the whole text, -----BEGIN … END-----",
        json_schema_extra=_TEXT,
    )  # fmt: skip
    key_file: str | None = Field(None, description="Or the file with the private key", json_schema_extra=_FILE)
    key_passphrase: Secret | None = Field(None, description="The passphrase of the private key, if it has one")
    host_key: str | None = Field(
        None,
        description="The machine's own key, as ssh-ed25519 AAAA…, a line of known_hosts, or its SHA256:… fingerprint; "
        "several in lines. Without it, known_hosts says which key is right",
        json_schema_extra=_TEXT,
    )
    known_hosts: str = Field(
        "~/.ssh/known_hosts", description="File with the keys of known machines", json_schema_extra=_FILE
    )
    port: int = Field(22, ge=1, le=65535, description="Port of the machine")
    timeout: float = Field(15, gt=0, le=600, description="Seconds in which one must be signed in")


def paramiko() -> Any:
    """The library; TaskFailed says how to get it."""
    try:
        import paramiko as library
    except ImportError:
        raise TaskFailed("paramiko is not installed.", hint=how_to_install("paramiko"), permanent=True) from None
    return library


def place_of(credentials: Machine) -> str:
    """Who and where, as shown in messages."""
    port = "" if credentials.port == 22 else f":{credentials.port}"
    return f"{credentials.username}@{credentials.host}{port}"


@contextmanager
def signed_in(credentials: Machine, *, cut: bool = True) -> Iterator[Any]:
    """A client that is signed in, closed at the end. TaskFailed says which kind of failure it was.

    Kinds: unauthorized, unknown_host, host_changed, wrong_address, unreachable, timeout, invalid. Cancelling the run
    closes the connection; with ``cut`` off only until it is signed in, and then the task looks after that.
    """
    library = paramiko()
    key = _private_key(credentials)
    client = library.SSHClient()
    _trust(client, credentials)
    current().check_host(credentials.host, credentials.port)
    line: socket.socket | None = None
    try:
        line = current().wait_for(
            lambda: socket.create_connection((credentials.host, credentials.port), credentials.timeout),
            f"connecting to {place_of(credentials)}",
            socket.socket.close,
        )
        with current().on_cancel(lambda: _shut(line)):
            _connect(client, credentials, line, key)
            if cut:
                yield client
        if not cut:
            yield client
    except (library.SSHException, OSError, EOFError, UnicodeError) as error:
        raise _failure(credentials, _ended(client, error)) from None
    finally:
        client.close()
        if line is not None:
            line.close()


def _connect(client: Any, credentials: Machine, line: socket.socket, key: Any) -> None:
    given = bool(key or credentials.password)
    client.connect(
        credentials.host, credentials.port, credentials.username, sock=line, pkey=key,
        password=_revealed(credentials.password), timeout=credentials.timeout, banner_timeout=credentials.timeout,
        auth_timeout=credentials.timeout, channel_timeout=credentials.timeout,
        allow_agent=not given, look_for_keys=not given,
    )  # fmt: skip
    client.get_transport().set_keepalive(30)


def _ended(client: Any, error: Exception) -> Exception:
    """``error``, or that the line was at an end, which paramiko calls a refusal while one signs in."""
    line = client.get_transport()
    refused = isinstance(error, paramiko().AuthenticationException)
    return EOFError() if refused and line is not None and not line.is_active() else error


def _revealed(secret: Secret | None) -> str | None:
    return secret.reveal() if secret else None


def _shut(line: socket.socket | None) -> None:
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _private_key(credentials: Machine) -> Any:
    """The key to sign in with, or None. TaskFailed, without a word of the key, when it cannot be used."""
    library = paramiko()
    text = _key_text(credentials)
    if text is None:
        return None
    text = text.replace("\\n", "\n") if "\n" not in text.strip() else text
    words = "The private key cannot be read: it is none, or of a kind that is not known."
    for kind in (library.Ed25519Key, library.ECDSAKey, library.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text.strip() + "\n"), _revealed(credentials.key_passphrase))
        except library.PasswordRequiredException:
            words = "The private key has a passphrase."
        except (library.SSHException, ValueError, IndexError, TypeError):
            if credentials.key_passphrase and "ENCRYPTED" in text:
                words = "The private key cannot be read, or has another passphrase."
    hint = "Give the whole text in OpenSSH's or PEM form, and key_passphrase if it has one."
    raise TaskFailed(words, {"kind": "invalid"}, hint, permanent=True)


def _key_text(credentials: Machine) -> str | None:
    if credentials.private_key or not credentials.key_file:
        return _revealed(credentials.private_key)
    try:
        return current().credential_file(credentials.key_file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        words = getattr(error, "strerror", None) or "it is no text"
        raise TaskFailed(
            f"key_file {credentials.key_file} cannot be read: {words}.", {"kind": "invalid"}, permanent=True
        ) from None


class _Refused(Exception):
    """The machine's key is not one that is known; nothing was sent to it."""

    def __init__(self, key: Any) -> None:
        super().__init__()
        self.key = key


class _OnlyKnown:
    """Accepts keys whose fingerprint is given, and no other."""

    def __init__(self, fingerprints: list[str]) -> None:
        self._fingerprints = fingerprints

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Asked by paramiko where no whole key is known."""
        if fingerprint(key) not in self._fingerprints:
            raise paramiko().SSHException(_Refused(key))


def fingerprint(key: Any) -> str:
    """As ``ssh-keygen -lf`` shows it: SHA256:…"""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def _trust(client: Any, credentials: Machine) -> None:
    """Tell the client which keys are the machine's."""
    prints: list[str] = []
    if credentials.host_key:
        name = credentials.host if credentials.port == 22 else f"[{credentials.host}]:{credentials.port}"
        for written in credentials.host_key.splitlines():
            if written.strip() and not written.strip().startswith("#"):
                prints += _known(client, name, written.split())
    else:
        path = current().credential_file(credentials.known_hosts)
        with suppress(FileNotFoundError):
            client.load_host_keys(str(path))
    client.set_missing_host_key_policy(_OnlyKnown(prints))


def _known(client: Any, name: str, words: list[str]) -> list[str]:
    """A line of host_key: its fingerprint, or nothing where the whole key was told to the client."""
    if len(words) == 1 and words[0].startswith("SHA256:"):
        return [words[0].rstrip("=")]
    library = paramiko()
    at = next((number for number, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), None)
    try:
        if at is not None and not words[0].startswith("@"):
            content = base64.b64decode(words[at + 1], validate=True)
            key = library.PKey.from_type_string(words[at], content)
            client.get_host_keys().add(name, key.get_name(), key)
            return []
    except (IndexError, ValueError, library.SSHException, TypeError):
        pass
    hint = "Give ssh-ed25519 AAAA…, or SHA256:…, as `ssh-keyscan HOST` and `ssh-keygen -lf FILE` show them."
    raise TaskFailed("host_key is not understood.", {"kind": "invalid"}, hint, permanent=True)


_PASSING = ("unreachable", "timeout", "cancelled", "wrong_address")


def _failure(credentials: Machine, error: Exception) -> TaskFailed:
    place = place_of(credentials)
    if current().cancelled:
        return TaskFailed(f"Cancelled: the connection to {place} was closed.", {"kind": "cancelled"})
    refused = error.args[0] if error.args and isinstance(error.args[0], _Refused) else None
    if refused is not None:
        return _unknown(credentials, refused.key)
    kind, words, hint = _kind_of(credentials, error)
    return TaskFailed(f"{words} ({place}).", {"kind": kind}, hint, permanent=kind not in _PASSING)


def _unknown(credentials: Machine, key: Any) -> TaskFailed:
    shown = f"{key.get_name()} {fingerprint(key)}"
    if credentials.host_key:
        return _changed(credentials, shown)
    words = f"The machine's key is not known ({place_of(credentials)}): it shows {shown}. Nothing was sent to it."
    hint = "Compare it with what the machine's administrator says, and put it into host_key."
    return TaskFailed(words, {"kind": "unknown_host", "host_key": fingerprint(key)}, hint, permanent=True)


def _changed(credentials: Machine, shown: str) -> TaskFailed:
    words = (
        f"The machine shows another key than the known one ({place_of(credentials)}): {shown}. Nothing was sent to it."
    )
    hint = "Somebody may be listening in, or the machine was set up anew: ask before you change host_key."
    return TaskFailed(words, {"kind": "host_changed"}, hint, permanent=True)


def _kind_of(credentials: Machine, error: Exception) -> tuple[str, str, str]:
    library = paramiko()
    if isinstance(error, library.BadHostKeyException):
        failure = _changed(credentials, f"{error.key.get_name()} {fingerprint(error.key)}")
        return (
            "host_changed",
            f"The machine shows another key than the known one: {fingerprint(error.key)}",
            failure.hint,
        )
    if isinstance(error, library.BadAuthenticationType):
        if credentials.password and "keyboard-interactive" in error.allowed_types:  # where paramiko gave it, too
            hint = "Check both; a machine that asks for more than a password, as for a code, takes a key only."
            return "unauthorized", "The machine refused the user or the password", hint
        ways = ", ".join(map(str, error.allowed_types))
        return "unauthorized", "The machine does not let one sign in this way", f"It takes: {ways}."
    if isinstance(error, library.AuthenticationException):
        return (
            "unauthorized",
            "The machine refused the user, the password or the key",
            "Check them, and authorized_keys.",
        )
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "wrong_address", "The host's name is not known", "Check the host for a typing mistake."
    if isinstance(error, TimeoutError):
        return "timeout", "The machine did not answer in time", "Check host and port, and the firewall."
    if isinstance(error, (OSError, EOFError)):
        return "unreachable", "The machine cannot be reached, or ended the connection", "Check host and port."
    if not credentials.password and not credentials.private_key and not credentials.key_file:
        return "unauthorized", "There is nothing to sign in with", "Give a password or a private key."
    return "unreachable", "No SSH connection could be made, or it broke", "Check the port: SSH's own is 22."
