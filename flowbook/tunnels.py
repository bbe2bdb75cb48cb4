"""SSH tunnels: a connection to a server that only another machine reaches, for as long as one call.

::

    class Credentials(tunnels.Tunnel, Server): ...        # adds ssh_host and what signs in to it

    with tunnels.through(credentials) as tunnel:
        line = tunnel.line(host, port)                      # a socket, for libraries that take one
        here = tunnel.listening(host, port)                 # a port of 127.0.0.1, for those that do not

Nothing is tunnelled where ``ssh_host`` is empty: ``tunnel`` is None. The machine's own key is checked as the ``ssh``
folder does (:mod:`flowbook.ssh`), and all ends with the block. Facts: RFC 4254, 7.2 (direct-tcpip).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pydantic import Field, model_validator
from typing_extensions import Self

from flowbook import ssh, typed
from flowbook.errors import TaskFailed
from flowbook.tasks import Secret, current

__all__ = ["Open", "Tunnel", "through"]

_BYTES = 65536
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_FILE: dict[str, Any] = {"flowbook_type": "file"}


class Tunnel(typed.Credentials):
    """The machine that a server is reached by, and who signs in to it; none when ``ssh_host`` is empty."""

    ssh_host: str | None = Field(
        None, description="Machine that the server is reached by (SSH tunnel); empty: the server is reached directly"
    )
    ssh_port: int = Field(22, ge=1, le=65535, description="Port of that machine")
    ssh_username: str | None = Field(None, description="Who signs in to that machine")
    ssh_password: Secret | None = Field(None, description="Their password, unless a key is used")
    ssh_private_key: Secret | None = Field(
        None, description="A private key in place of a password: the whole text", json_schema_extra=_TEXT
    )
    ssh_key_file: str | None = Field(None, description="Or the file with the private key", json_schema_extra=_FILE)
    ssh_key_passphrase: Secret | None = Field(None, description="The passphrase of the private key, if it has one")
    ssh_host_key: str | None = Field(
        None,
        description="That machine's own key, or its SHA256:… fingerprint; else ssh_known_hosts says which is right",
        json_schema_extra=_TEXT,
    )
    ssh_known_hosts: str = Field(
        "~/.ssh/known_hosts", description="File with the keys of known machines", json_schema_extra=_FILE
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.ssh_host and not self.ssh_username:
            raise ValueError("ssh_host is given, so give ssh_username too")
        return self


@contextmanager
def through(credentials: Tunnel, seconds: float = 15) -> Iterator[Open | None]:
    """The open tunnel of these credentials, or None. TaskFailed, as :func:`flowbook.ssh.signed_in`."""
    if not credentials.ssh_host:
        yield None
        return
    signing = ssh.signed_in(_machine(credentials, seconds), cut=False)
    tunnel = Open(signing.__enter__().get_transport(), credentials.ssh_host, seconds)
    try:
        yield tunnel
    finally:
        tunnel.close()
        signing.__exit__(None, None, None)  # not told of the block's own errors, which are none of SSH


def _machine(credentials: Tunnel, seconds: float) -> ssh.Machine:
    given = {
        name.removeprefix("ssh_"): getattr(credentials, name)
        for name in Tunnel.model_fields
        if getattr(credentials, name) is not None
    }
    return ssh.Machine(**given, timeout=seconds)


class Open:
    """A tunnel that is open; lines may be asked for from any thread."""

    def __init__(self, transport: Any, machine: str, seconds: float) -> None:
        self._transport = transport
        self._machine = machine
        self._seconds = seconds
        self._held: list[Any] = []
        self._lock = threading.Lock()

    def line(self, host: str, port: int) -> socket.socket:
        """A socket whose other end is that port, as the machine reaches it; TaskFailed when it does not."""
        channel = self._channel(host, port)
        ours, theirs = socket.socketpair()
        self._pump(theirs, channel)
        return ours

    def listening(self, host: str, port: int) -> int:
        """A port of 127.0.0.1 that leads there, while the tunnel is open; it is tried once before."""
        self._channel(host, port).close()
        server = socket.create_server(("127.0.0.1", 0))
        self._hold(server)
        threading.Thread(target=self._accept, args=[server, host, port], name="flowbook-tunnel", daemon=True).start()
        return int(server.getsockname()[1])

    def close(self) -> None:
        """End all lines, and let nobody in any more."""
        with self._lock:
            held, self._held = self._held, []
        for one in held:
            if isinstance(one, socket.socket):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it
            with suppress(OSError, EOFError):
                one.close()

    def _hold(self, *several: Any) -> None:
        with self._lock:
            self._held += several

    def _channel(self, host: str, port: int) -> Any:
        library = ssh.paramiko()

        def opened() -> Any:
            return self._transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=self._seconds)

        try:
            doing = f"connecting to {host}:{port} by way of {self._machine}"
            return current().wait_for(opened, doing, lambda late: late.close())
        except (library.SSHException, OSError, EOFError) as error:
            words = getattr(error, "text", "") or "the tunnel broke"
            where, hint = f"{host}:{port}", f"Check host and port as {self._machine} sees them, and that it forwards."
            message = f"{self._machine} does not reach {where}: {' '.join(str(words).split())}."
            raise TaskFailed(message, {"kind": "unreachable"}, hint) from None

    def _accept(self, server: socket.socket, host: str, port: int) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return  # the tunnel is closed
            try:
                self._pump(line, self._channel(host, port))
            except TaskFailed:
                line.close()  # what connects to it says what that means

    def _pump(self, line: socket.socket, channel: Any) -> None:
        self._hold(line, channel)
        for name, target in (("up", _up), ("down", _down)):
            thread = threading.Thread(target=target, args=[line, channel], name=f"flowbook-tunnel-{name}", daemon=True)
            thread.start()


def _up(line: socket.socket, channel: Any) -> None:
    with suppress(OSError, EOFError):
        while data := line.recv(_BYTES):
            channel.sendall(data)
        channel.shutdown_write()


def _down(line: socket.socket, channel: Any) -> None:
    with suppress(OSError, EOFError):
        while data := channel.recv(_BYTES):
            line.sendall(data)
        line.shutdown(socket.SHUT_WR)
