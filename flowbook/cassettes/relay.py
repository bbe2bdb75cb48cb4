"""The relay that libpq talks to: one that keeps what a server says, and one that says it again."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
from typing import Any

from flowbook.cassettes import wire
from flowbook.cassettes.places import keeping
from flowbook.cassettes.tape import Tape

_LOOPBACK = "127.0.0.1"


class _Relay:
    """Listens on a port of this machine until its one connection is over."""

    def __init__(self) -> None:
        self._listening = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, name="flowbook-cassette", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), name="flowbook-cassette", daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, EOFError):
            code, packet = wire.startup(connection)
            while code in (wire.SSL_REQUEST, wire.GSS_REQUEST):
                connection.sendall(b"N")
                code, packet = wire.startup(connection)
            if code == wire.CANCEL_REQUEST:
                self._cancel(packet)
                return
            try:
                self._speak(connection, packet)
            finally:
                self.close()

    def _cancel(self, packet: bytes) -> None:
        raise NotImplementedError

    def _speak(self, connection: socket.socket, packet: bytes) -> None:
        raise NotImplementedError


class Recorder(_Relay):
    """Hands on what is said, and keeps it: ``answer`` grows by ``hello`` and ``talk``."""

    def __init__(self, settings: dict[str, str], answer: dict[str, Any]) -> None:
        self._settings = settings
        self._hello: list[dict[str, Any]] = []
        self._talk_kept: list[dict[str, Any]] = []
        answer.update(hello=self._hello, talk=self._talk_kept)
        self._ready = False
        self._copied: list[bytes] = []
        self._lock = threading.Lock()
        super().__init__()

    def _cancel(self, packet: bytes) -> None:
        with connected(self._settings) as server:
            server.sendall(packet)
            server.recv(1)

    def _speak(self, connection: socket.socket, packet: bytes) -> None:
        with connected(self._settings) as server:
            server.sendall(packet)
            back = threading.Thread(target=self._hand_back, args=(server, connection), daemon=True)
            back.start()
            asked = wire.Messages()
            while content := connection.recv(65_536):
                for message in asked.take(content):
                    self._asked(message)
                server.sendall(content)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join(5)

    def _hand_back(self, server: socket.socket, connection: socket.socket) -> None:
        said = wire.Messages()
        with contextlib.suppress(OSError):
            while content := server.recv(65_536):
                messages = [self._said(message) for message in said.take(content)]
                connection.sendall(b"".join(map(wire.packed, messages)))
        with self._lock:
            self._talk_kept.append({"closed": True})
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def _asked(self, message: wire.Message) -> None:
        with self._lock:
            if not self._ready or message[0] == b"X":
                return  # one signs in; or it is over
            if message[0] == b"d":
                self._copied.append(message[1])
                return
            if self._copied:  # in how many pieces is of no account
                self._talk_kept.append({"sent": wire.written((b"d", b"".join(self._copied)))})
                self._copied.clear()
            self._talk_kept.append({"sent": wire.written(message)})

    def _said(self, message: wire.Message) -> wire.Message:
        """Keep what the server says; it, as it is handed on."""
        with self._lock:
            if self._ready:
                self._talk_kept.append({"got": wire.written(message)})
            elif message[0] in (b"S", b"K"):
                self._hello.append(wire.written(message))
            elif message[0] == b"Z":
                self._ready = True
            elif message[0] == b"R":
                # It binds to the TLS connection, which is between the relay and the server: libpq does not see one.
                return b"R", message[1].replace(b"SCRAM-SHA-256-PLUS\0", b"")
        return message


class Player(_Relay):
    """Says what is kept, as long as it is asked the same."""

    def __init__(self, tape: Tape, node: str, answer: dict[str, Any]) -> None:
        self._tape, self._node = tape, node
        self._hello: list[dict[str, Any]] = answer["hello"]
        self._lines: list[dict[str, Any]] = answer["talk"]
        self._at = 0
        super().__init__()

    def _cancel(self, packet: bytes) -> None:
        """There is nothing that goes on."""

    def _speak(self, connection: socket.socket, packet: bytes) -> None:
        welcome = [(b"R", struct.pack("!I", 0)), *map(wire.read, self._hello), (b"Z", b"I")]
        connection.sendall(b"".join(map(wire.packed, welcome)))
        asked, copied = wire.Messages(), b""
        while content := connection.recv(65_536):
            for message in asked.take(content):
                if message[0] == b"X":
                    return
                if message[0] == b"d":
                    copied += message[1]
                    continue
                if copied:
                    self._answer(connection, (b"d", copied))
                    copied = b""
                self._answer(connection, message)

    def _answer(self, connection: socket.socket, message: wire.Message) -> None:
        asked = wire.written(message)
        if self._at >= len(self._lines) or not self._tape.same(self._lines[self._at].get("sent"), asked):
            text = str(asked.get("is", "")).rstrip("\0")
            missing = self._tape.missing(self._node, "postgres", {"statement": text})
            connection.sendall(wire.error(str(missing.message)))
            return
        self._at += 1
        said = b""
        while self._at < len(self._lines) and "got" in self._lines[self._at]:
            said += wire.packed(wire.read(self._lines[self._at]["got"]))
            self._at += 1
        connection.sendall(said)
        if self._at < len(self._lines) and self._lines[self._at].get("closed"):
            connection.shutdown(socket.SHUT_RDWR)


def connected(settings: dict[str, str]) -> socket.socket:
    """A connection to the server that libpq was told of, encrypted as it was told to. Raises OSError."""
    hosts = settings.get("hostaddr") or settings.get("host") or os.environ.get("PGHOST", "localhost")
    ports = settings.get("port", "5432").split(",")
    failure: OSError = OSError("there is no host")
    for number, host in enumerate(hosts.split(",")):
        port = int(ports[min(number, len(ports) - 1)] or 5432)
        try:
            if host.startswith(("/", "@")):
                plain = socket.socket(socket.AF_UNIX)
                name = f"{host}/.s.PGSQL.{port}"
                with keeping():
                    plain.connect("\0" + name[1:] if host.startswith("@") else name)
                return plain
            with keeping():
                return _encrypted(socket.create_connection((host, port), 30), host, settings)
        except OSError as error:
            failure = error
    raise failure


def _encrypted(plain: socket.socket, host: str, settings: dict[str, str]) -> socket.socket:
    plain.settimeout(None)
    mode = settings.get("sslmode", "prefer")
    if mode in ("disable", "allow"):
        return plain
    plain.sendall(struct.pack("!II", 8, wire.SSL_REQUEST))
    if wire.exactly(plain, 1) != b"S":
        return plain  # libpq has connected there just before, so this is what was asked for
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode in ("verify-ca", "verify-full") else ssl.CERT_NONE
    root = settings.get("sslrootcert", "")
    if context.verify_mode is ssl.CERT_REQUIRED:
        if root in ("", "system"):
            context.load_default_certs()
        else:
            context.load_verify_locations(root)
    if settings.get("sslcert"):
        context.load_cert_chain(settings["sslcert"], settings.get("sslkey"))
    return context.wrap_socket(plain, server_hostname=host)
