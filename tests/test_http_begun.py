"""Requests that nobody waits for any more never begin: no byte of them leaves this machine.

The servers here note what reaches them; the run is cancelled at a moment that the test holds still.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from flowbook import http
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from tests.integrations.postgres_server import make_certificate

NOTHING = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"


class Plain:
    """A server that notes the bytes it gets, and the lines it accepted, and answers each head with ``answer``."""

    def __init__(self, wrap: Callable[[socket.socket], socket.socket] | None = None) -> None:
        self.answer = NOTHING
        self.asked = threading.Event()
        self.got: list[bytes] = []
        self.accepted = 0
        self._wrap = wrap
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._held: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            self._held.append(line)
            self._threads.append(threading.Thread(target=self._serve, args=[line]))
            self._threads[-1].start()

    def _serve(self, line: socket.socket) -> None:
        try:
            with line if self._wrap is None else self._wrap(line) as spoken:
                while data := spoken.recv(65536):
                    self.got.append(data)
                    self.asked.set()
                    spoken.sendall(self.answer)
        except OSError:
            line.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(60)
        self._listening.close()
        for line in self._held:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(60)


@pytest.fixture
def server() -> Iterator[Plain]:
    one = Plain()
    yield one
    one.close()


@pytest.fixture
def secured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(make_certificate("localhost", "127.0.0.1")))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(both))
    one = Plain(lambda line: context.wrap_socket(line, server_side=True))
    yield one
    one.close()


def told(call: Callable[[], Any]) -> http.ServiceError:
    with pytest.raises(http.ServiceError) as caught:
        call()
    return caught.value


def held_name(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None], go_on: threading.Event) -> None:
    """Let the look-up of a name take as long as the test wants; ``meanwhile`` is called in it."""
    look_up = socket.getaddrinfo

    def slow(*given: Any, **more: Any) -> Any:
        meanwhile()
        go_on.wait(60)
        return look_up(*given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)


def ended(name: str = "flowbook-http") -> None:
    """Wait until the threads of calls are over, those that were given up, too."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(60)


def _cancel_when(asked: threading.Event, stop: Stop) -> None:
    asked.wait(60)
    stop.set()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_run_that_was_cancelled_before_asks_nothing(server: Plain, method: str) -> None:
    """Not even a line is opened."""
    stop = Stop()
    stop.set()
    with running_as(Context(stop=stop)), http.Session(f"http://127.0.0.1:{server.port}", service="Example") as session:
        error = told(lambda: session.request(method, "x"))
    assert "nothing was asked" in error.message
    assert "cancelled" in error.message
    assert not error.data.get("may_have_taken_effect")
    assert (server.accepted, server.got) == (0, [])


def test_a_run_that_is_cancelled_while_it_connects_asks_nothing(server: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change neither: and it is not said that it may have been made."""
    stop, go_on = Stop(), threading.Event()
    held_name(monkeypatch, stop.set, go_on)
    with running_as(Context(stop=stop)), http.Session(f"http://127.0.0.1:{server.port}", service="Example") as session:
        error = told(lambda: session.post("x", json={}))
        go_on.set()
        ended()
    assert "nothing was asked" in error.message
    assert not error.data.get("may_have_taken_effect")
    assert server.got == []


def test_a_run_that_is_cancelled_while_encryption_is_agreed_on_asks_nothing(
    secured: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Stop()
    agree = ssl.SSLContext.wrap_socket

    def slow(*given: Any, **more: Any) -> Any:
        line = agree(*given, **more)
        if not more.get("server_side"):
            stop.set()
        return line

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", slow)
    with running_as(Context(stop=stop)), http.Session(f"https://localhost:{secured.port}", service="E") as session:
        error = told(lambda: session.post("x", json={}))
        ended()
    assert "nothing was asked" in error.message
    assert secured.got == []


def test_a_request_whose_time_was_over_while_it_connected_is_not_sent_after_all(
    server: Plain, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    held_name(monkeypatch, lambda: None, go_on)
    with http.Session(f"http://127.0.0.1:{server.port}", service="Example", timeout=0.2, retries=0) as session:
        error = told(lambda: session.post("x", json={}))
        go_on.set()
        ended()
    assert "took longer than 0.2 s" in error.message
    assert not error.data.get("may_have_taken_effect")
    assert server.got == []


def test_where_a_redirect_leads_is_not_asked_after_a_cancel(server: Plain) -> None:
    """Nor the next try of the same request, which a server error would have."""
    for answer in (
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
    ):
        server.got.clear()
        server.answer, stop = answer, Stop()
        server.asked.clear()
        with running_as(Context(stop=stop)), http.Session(f"http://127.0.0.1:{server.port}", service="E") as session:
            watcher = threading.Thread(target=_cancel_when, args=[server.asked, stop])
            watcher.start()
            told(lambda session=session: [session.get("x") for _ in range(1000)])  # type: ignore[misc]
            watcher.join()
            at_the_cancel = len(server.got)
            ended()
        assert len(server.got) == at_the_cancel


def test_a_thread_of_a_tasks_own_asks_nothing_after_a_cancel(server: Plain) -> None:
    """It has no context of its own: the session remembers the run that it was made in."""
    stop, errors = Stop(), []
    with running_as(Context(stop=stop)), http.Session(f"http://127.0.0.1:{server.port}", service="Example") as session:
        stop.set()
        thread = threading.Thread(target=lambda: errors.append(told(session.get)))
        thread.start()
        thread.join()
    assert "cancelled" in errors[0].message
    assert server.got == []


def test_an_upload_ends_when_its_run_is_cancelled(server: Plain) -> None:
    """The rest of a large body is not sent behind the back of a run that ended; that it was begun is said."""
    stop, sent = Stop(), []

    def pieces() -> Iterator[bytes]:
        for number in range(50):
            if number == 3:
                stop.set()
            sent.append(number)
            yield b"x" * 1000

    with running_as(Context(stop=stop)), http.Session(f"http://127.0.0.1:{server.port}", service="E") as session:
        error = told(lambda: session.post("x", data=pieces()))
        ended()
    assert len(sent) <= 5
    assert "stopped waiting" in error.message
    assert error.data["may_have_taken_effect"] is True


def test_a_proxy_is_told_nothing_either(server: Plain, monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("no_proxy", raising=False)
        stop, go_on = Stop(), threading.Event()
        with monkeypatch.context() as patch:
            held_name(patch, stop.set, go_on)
            with running_as(Context(stop=stop)), http.Session(f"{scheme}://shop.example", service="E") as session:
                error = told(session.get)
                go_on.set()
                ended()
        assert "nothing was asked" in error.message
    assert server.got == []
