"""The HTTP session that integrations share, against real local servers."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import http
from flowbook.errors import InputError, SignInNeeded, TaskFailed
from flowbook.http import waiting
from flowbook.tasks import Context, Secret, running_as
from tests.ports import refusing_port

KEY = "sk-very-secret-4711"


class Server(ThreadingHTTPServer):
    """Answers with what ``answers`` holds, one after the other (the last one again and again), and remembers."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Any] = [{"json": {"ok": True}}]
        self.seen: list[Any] = []
        self.hold = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        answers = self.server.answers
        spec = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(spec):
            spec(self)
            return
        content = spec.get("body", b"")
        headers = {"Content-Type": "text/plain", **spec.get("headers", {})}
        if "json" in spec:
            content, headers["Content-Type"] = json.dumps(spec["json"]).encode(), "application/json"
        self.send_response(spec.get("status", 200))
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_MKCOL = do_PROPFIND = do_QUERY = answer

    def log_message(self, *args: Any) -> None:
        """Keep the output quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield one
    one.hold.set()
    one.shutdown()
    one.server_close()


@pytest.fixture
def api(server: Server, pauses: list[float]) -> Iterator[http.Session]:
    with http.Session(
        server.url, service="Example", headers={"Authorization": f"Bearer {KEY}"}, secrets=[KEY]
    ) as session:
        yield session


def fault(call: Callable[[], Any]) -> http.ServiceError:
    """The fault that a call ends with, after checking that no secret is in any view of it."""
    with pytest.raises(http.ServiceError) as caught:
        call()
    error = caught.value
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error) + error.hint + json.dumps(error.data)
    assert KEY not in shown
    assert error.__context__ is None
    assert error.message
    return error


# --- what a call is made of -------------------------------------------------------------------------------------------


def test_a_call_sends_method_path_query_headers_and_json(api: http.Session, server: Server) -> None:
    """Everything given to a call reaches the service, with the session's headers."""
    answer = api.post("v1/items", params={"a": 1, "b": "x y"}, json={"n": 2}, headers={"X-Extra": "e"})
    method, path, headers, body = server.seen[0]
    assert (method, path, json.loads(body)) == ("POST", "/v1/items?a=1&b=x+y", {"n": 2})
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Extra"] == "e"
    assert headers["User-Agent"].startswith("flowbook/")
    assert (answer.status, answer.json) == (200, {"ok": True})


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_each_method_has_its_shortcut(api: http.Session, server: Server, method: str) -> None:
    """``session.put(path)`` is ``session.request("PUT", path)``."""
    getattr(api, method)("x")
    assert server.seen[0][:2] == (method.upper(), "/x")


def test_a_base_with_a_path_keeps_it_and_an_empty_path_is_the_base_itself(server: Server) -> None:
    """Paths are joined below the base, whatever slashes there are."""
    with http.Session(server.url + "/api/", service="Example") as session:
        for path in ("users", "/users", ""):
            session.get(path)
    assert [path for _, path, _, _ in server.seen] == ["/api/users", "/api/users", "/api/"]


def test_basic_auth_is_sent_as_utf_8(server: Server) -> None:
    """User and password of ``auth``, and those in the address, become a Basic header."""
    expected = "Basic asO8cmdlbjpwdw=="
    with http.Session(server.url, service="Example", auth=("jürgen", "pw")) as session:
        session.get()
    with http.Session(server.url.replace("//", "//j%C3%BCrgen:pw@"), service="Example") as session:
        session.get()
        assert "pw@" not in session.base_url
    assert [headers["Authorization"] for _, _, headers, _ in server.seen] == [expected, expected]


def test_credentials_of_a_netrc_file_never_replace_the_sessions_own(
    server: Server, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ``.netrc`` entry for the host is not used."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with http.Session(server.url, service="Example", headers={"Authorization": "Bearer mine"}) as session:
        session.get()
    with http.Session(server.url, service="Example") as session:
        session.get()
    assert server.seen[0][2]["Authorization"] == "Bearer mine"
    assert "Authorization" not in server.seen[1][2]


def test_an_absolute_address_of_another_origin_gets_no_credentials(api: http.Session, server: Server) -> None:
    """Credentials go to the session's own origin only."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    api.get(f"{elsewhere}/upload")
    api.get(f"{server.url}/own")
    assert "Authorization" not in server.seen[0][2]
    assert "Authorization" in server.seen[1][2]


@given(st.text(min_size=1, max_size=30))
def test_a_quoted_segment_stays_one_segment(text: str) -> None:
    """Whatever a name holds, it can neither leave its place in the path nor add a query."""
    try:
        quoted = http.segment(text)
    except InputError:
        assert text in (".", "..") or any("\ud800" <= character <= "\udfff" for character in text)
    else:
        assert not set(quoted) & set("/?#&\\ \n")


# --- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_gives_status_headers_text_bytes_and_links(api: http.Session, server: Server) -> None:
    """Headers ignore case; links are absolute."""
    link = '</items?page=2>; rel="next"'
    server.answers = [{"body": "größe".encode(), "headers": {"Link": link, "X-One": "1"}}]
    answer = api.get("items")
    assert (answer.headers["x-one"], answer.text, answer.content) == ("1", "größe", "größe".encode())
    assert answer.links == {"next": f"{server.url}/items?page=2"}
    assert KEY not in repr(answer)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("</a;v=1,2?x=3;y=4>; rel=next", {"next": "/a;v=1,2?x=3;y=4"}),
        ('</a>; rel="next last"; title="b, c; rel=prev", </d>;REL=First', {"next": "/a", "last": "/a", "first": "/d"}),
        ('</a>; title="say \\"rel=next\\"" , </b>; rel="next", </c>; rel="next"', {"next": "/b"}),
        ('</a>; title="; rel=prev" ; rel = next', {"next": "/a"}),
        ("</a>; rel", {}),
        ("<>; rel=next", {}),
        ("nonsense", {}),
    ],
)
def test_links_are_read_as_their_standard_says(
    api: http.Session, server: Server, header: str, found: dict[str, str]
) -> None:
    """RFC 8288: semicolons and commas may be in an address or in quotes, and a link may have several relations."""
    server.answers = [{"json": [], "headers": {"Link": header}}]
    assert api.get().links == {rel: server.url + path for rel, path in found.items()}


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b"caf\xe9", "text/plain; charset=iso-8859-1", "café"),
        (b"caf\xe9", "text/plain", "café"),
        (b"\xef\xbb\xbfhi", "text/plain", "hi"),
        (b"hi", "text/plain; charset=nonsense", "hi"),
    ],
)
def test_text_is_read_by_its_charset(api: http.Session, server: Server, content: bytes, kind: str, text: str) -> None:
    """A named charset counts, else UTF-8, else Latin-1; an unknown one does no harm."""
    server.answers = [{"body": content, "headers": {"Content-Type": kind}}]
    assert api.get().text == text


def test_a_compressed_answer_is_unpacked(api: http.Session, server: Server) -> None:
    """Content is what was sent before compression."""
    server.answers = [{"body": gzip.compress(b"x" * 5000), "headers": {"Content-Encoding": "gzip"}}]
    assert api.get().content == b"x" * 5000


def test_html_instead_of_json_is_said_so(api: http.Session, server: Server) -> None:
    """A sign-in page where JSON was expected: the message names its title."""
    page = b"<html><head><title>Please sign in</title></head></html>"
    server.answers = [{"body": page, "headers": {"Content-Type": "text/html"}}]
    answer = api.get()
    error = fault(lambda: answer.json)
    assert error.kind == "bad_answer"
    assert isinstance(error, http.BadAnswer)
    assert "HTML page titled 'Please sign in'" in error.message


def test_damaged_json_is_tried_again_and_then_said_so(api: http.Session, server: Server, pauses: list[float]) -> None:
    """An answer that calls itself JSON must be JSON."""
    damaged = {"body": b'{"a": ', "headers": {"Content-Type": "application/json"}}
    server.answers = [damaged, {"json": 5}]
    assert api.get().json == 5
    server.answers = [damaged]
    assert fault(lambda: api.post()).kind == "bad_answer"
    assert api.get(parse=False).text == '{"a": '
    assert pauses == [0.5]


def test_an_answer_over_the_limit_is_not_read(server: Server, pauses: list[float]) -> None:
    """10 MB where 1 MB is allowed: refused by its announced length, or as soon as it grows too large."""
    big = b"x" * 10_000_000

    def unannounced(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
        handler.close_connection = True
        handler.wfile.write(big)

    for answer in ({"body": big}, unannounced, {"body": gzip.compress(big), "headers": {"Content-Encoding": "gzip"}}):
        server.answers = [answer]
        with http.Session(server.url, service="Example", max_bytes=1_000_000) as session:
            error = fault(session.get)
        assert (error.kind, pauses) == ("bad_answer", [])
        assert "larger than 1 MB" in error.message


def test_an_answer_that_ends_early_is_tried_again(api: http.Session, server: Server, pauses: list[float]) -> None:
    """A body shorter than announced is no answer; a GET is repeated, a POST is not."""

    def truncated(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nabc")
        handler.close_connection = True

    server.answers = [truncated, {"json": "whole"}]
    assert api.get().json == "whole"
    server.answers = [truncated]
    error = fault(api.post)
    assert (error.kind, error.message) == (
        "bad_answer",
        f"Example: the answer of {server.url[7:]} was cut off or damaged on its way. "
        "It may have taken effect all the same.",
    )


def test_a_good_answer_may_go_into_a_file_which_holds_that_of_the_last_try_alone(
    api: http.Session, server: Server, tmp_path: Path
) -> None:
    """Redirects included; a refusal stays in memory, for its words."""

    def truncated(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nfirst try")
        handler.close_connection = True

    pieces: list[bytes] = []
    with (tmp_path / "file").open("x+b") as file:
        server.answers = [truncated, {"status": 302, "headers": {"Location": "/there"}}, {"body": b"whole"}]
        answer = api.get(into=file, seen=pieces.append)
        assert (answer.status, answer.content, file.tell(), pieces[-1]) == (200, b"", 5, b"whole")
        server.answers = [{"status": 404, "json": {"message": "No such file"}}]
        assert "No such file" in fault(lambda: api.get(into=file)).message
    assert (tmp_path / "file").read_bytes() == b"whole"


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid"), (401, "unauthorized"), (403, "forbidden"), (404, "not_found"), (409, "conflict"),
        (410, "not_found"), (412, "conflict"), (413, "invalid"), (422, "invalid"), (501, "server_error"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_at_once_with_the_services_words(
    api: http.Session, server: Server, pauses: list[float], status: int, kind: str
) -> None:
    """Kind, status, the words of the answer and a hint; no further try."""
    server.answers = [{"status": status, "json": {"message": f"because of {KEY}", "errors": [{"message": "one more"}]}}]
    error = fault(lambda: api.get("x", params={"key": KEY}))
    assert (error.kind, error.status, len(server.seen)) == (kind, status, 1)
    assert "because of ***: one more" in error.message
    assert error.hint
    assert error.data["answer"]["message"] == "because of ***"
    assert isinstance(error, TaskFailed)
    assert pauses == []


def test_an_accepted_status_is_an_answer(api: http.Session, server: Server) -> None:
    """``accept`` names statuses of 400 and above that the caller deals with."""
    server.answers = [{"status": 404, "json": None}]
    assert api.get(accept=[404]).status == 404


def test_the_integration_may_explain_an_error_in_its_own_words(server: Server) -> None:
    """``explain`` reads the vendor's error format."""
    server.answers = [{"status": 400, "json": {"err": {"why": "too blue"}}}]
    with http.Session(server.url, service="Example", explain=lambda r: r.json["err"]["why"]) as session:
        assert fault(session.get).message == "Example said 400 Bad Request: too blue."


def test_an_explanation_that_expects_json_survives_html(server: Server) -> None:
    """A proxy's HTML page does not break the explanation of an error."""
    page = {"status": 403, "body": b"<title>Blocked</title>", "headers": {"Content-Type": "text/html"}}
    server.answers = [page]
    with http.Session(server.url, service="Example", explain=lambda r: r.json["why"]) as session:
        assert "Blocked" in fault(session.get).message


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_rate_limit_is_waited_for_as_told_also_for_post(
    api: http.Session, server: Server, pauses: list[float]
) -> None:
    """Retry-After in seconds, for any method."""
    server.answers = [{"status": 429, "headers": {"Retry-After": "7"}}, {"json": "done"}]
    assert api.post(json={"a": 1}).json == "done"
    assert pauses == [7.0]
    assert [body for *_, body in server.seen] == [b'{"a": 1}'] * 2


def test_a_rate_limit_may_name_a_date(api: http.Session, server: Server, pauses: list[float]) -> None:
    """Retry-After as an HTTP date."""
    when = dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=30)
    server.answers = [{"status": 429, "headers": {"Retry-After": format_datetime(when, usegmt=True)}}, {"json": 1}]
    api.get()
    assert 20 < pauses[0] <= 30


def test_a_rate_limit_without_a_time_is_tried_again_after_growing_pauses(
    api: http.Session, server: Server, pauses: list[float]
) -> None:
    """429 and nothing else: three more tries, then the fault."""
    server.answers = [{"status": 429, "body": b"slow down"}]
    error = fault(api.post)
    assert (error.kind, pauses, len(server.seen)) == ("rate_limited", [0.5, 1.0, 2.0], 4)
    assert "slow down" in error.message


def test_a_wait_longer_than_allowed_ends_the_call_at_once(
    api: http.Session, server: Server, pauses: list[float]
) -> None:
    """An hour is not waited for; the hint says how long the service asks for."""
    server.answers = [{"status": 429, "headers": {"Retry-After": "3600"}}]
    error = fault(api.get)
    assert (error.kind, pauses, len(server.seen)) == ("rate_limited", [], 1)
    assert "3600 s" in error.hint


def test_all_waits_together_stay_within_the_budget(server: Server, pauses: list[float]) -> None:
    """``max_wait`` bounds their sum."""
    server.answers = [{"status": 429, "headers": {"Retry-After": "25"}}]
    with http.Session(server.url, service="Example", retries=10, max_wait=60) as session:
        fault(session.get)
    assert pauses == [25.0, 25.0]


@pytest.mark.parametrize(
    ("status", "body", "waits", "kind"),
    [
        (429, b'{"retry_after": 1.5}', [1.5], ""),
        (403, b'{"retry_after": 2}', [2.0], ""),
        (503, b'{"retry_after": 3}', [3.0], ""),
        (429, b'{"retry_after": 600}', [], "rate_limited"),
        (400, b'{"retry_after": null}', [], "invalid"),
        (403, b'{"other": 1}', [], "forbidden"),
        (403, b"<html>", [], "forbidden"),
        (403, b"[]", [], "forbidden"),
    ],
)
def test_a_limit_told_in_the_body_is_waited_for_where_the_service_is_known_to_do_so(
    server: Server, pauses: list[float], status: int, body: bytes, waits: list[float], kind: str
) -> None:
    """``limit``: what it does not understand is no limit."""
    server.answers = [{"status": status, "body": body}, {"json": "done"}]
    with http.Session(server.url, service="Example", limit=lambda response: response.json["retry_after"]) as session:
        if kind:
            assert fault(session.post).kind == kind
        else:
            assert session.post(json={}).json == "done"
    assert pauses == waits


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (403, {"Retry-After": "3"}, [3.0]),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4"}, [4.0]),
        (429, {"X-RateLimit-Reset": "5"}, [5.0]),
        (429, {"X-RateLimit-Reset": "2021-05-10T11:00Z"}, [0.0]),
        (429, {"X-RateLimit-Reset": "2021-05-10T11:00"}, [0.5]),
        (503, {"Retry-After": "6"}, [6.0]),
        (429, {"Retry-After": "soon"}, [0.5]),
        (429, {"Retry-After": "-5"}, [0.5]),
    ],
)
def test_limits_told_in_other_ways_are_waited_for_too(
    api: http.Session, server: Server, pauses: list[float], status: int, headers: dict[str, str], waits: list[float]
) -> None:
    """GitHub's, SendGrid's and Jira's headers, and an overloaded service that names a time; nonsense is ignored."""
    server.answers = [{"status": status, "headers": headers}, {"json": "done"}]
    assert api.post().json == "done"
    assert pauses == waits


@given(st.text(max_size=40))
def test_no_retry_after_header_breaks_anything(text: str) -> None:
    """Whatever the header holds, it is a number of seconds or nothing."""
    asked = waiting.asked_wait(429, {"Retry-After": text})
    assert asked is None or asked >= 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "QUERY"])
def test_a_server_error_is_tried_again_when_the_method_may_be_repeated(
    api: http.Session, server: Server, pauses: list[float], method: str
) -> None:
    """500, then success."""
    server.answers = [{"status": 500}, {"status": 502}, {"status": 200}]
    assert api.request(method).status == 200
    assert pauses == [0.5, 1.0]


def test_a_server_error_of_a_post_is_not_tried_again_unless_asked(
    api: http.Session, server: Server, pauses: list[float]
) -> None:
    """Repeating a POST might do the thing twice."""
    server.answers = [{"status": 500, "body": b"oops"}]
    assert fault(api.post).kind == "server_error"
    assert len(server.seen) == 1
    server.answers = [{"status": 500}, {"json": "done"}]
    assert api.post(retry=True).json == "done"
    server.answers = [{"status": 500}]
    fault(lambda: api.get(retry=False))
    assert pauses == [0.5]


def test_an_open_file_is_sent_whole_at_each_try(api: http.Session, server: Server) -> None:
    """It is read from where it stood."""
    stream = io.BytesIO(b"head|content")
    stream.seek(5)
    server.answers = [{"status": 429}, {"json": 1}]
    api.post(data=stream)
    assert [body for *_, body in server.seen] == [b"content", b"content"]


def test_a_body_that_can_be_read_only_once_is_not_sent_again(api: http.Session, server: Server) -> None:
    """A generator is gone after the first try."""
    server.answers = [{"status": 503}]
    assert fault(lambda: api.put(data=iter([b"a", b"b"]))).kind == "server_error"
    assert len(server.seen) == 1


def test_a_cancelled_run_ends_the_wait(server: Server) -> None:
    """A node that waits for a rate limit stops when its run is cancelled."""
    stop = threading.Event()
    stop.set()
    server.answers = [{"status": 429, "headers": {"Retry-After": "50"}}]
    with running_as(Context(stop=stop)), http.Session(server.url, service="Example") as session:
        assert fault(session.get).kind in ("rate_limited", "timeout")
    assert len(server.seen) <= 1


def test_a_cancelled_run_ends_a_call_that_hangs(server: Server) -> None:
    """Nobody waits for the rest of the timeout."""
    stop = threading.Event()

    def hang(handler: Handler) -> None:
        stop.set()
        server.hold.wait(60)

    server.answers = [hang]
    with running_as(Context(stop=stop)), http.Session(server.url, service="Example", timeout=60) as session:
        assert "cancelled" in fault(session.get).message
    assert not server.hold.is_set()


# --- no answer --------------------------------------------------------------------------------------------------------


def test_a_refused_connection_is_unreachable(pauses: list[float]) -> None:
    """Nothing listens there: the host is named, the query never."""
    with refusing_port() as port, http.Session(f"http://127.0.0.1:{port}", service="Example", secrets=[KEY]) as session:
        error = fault(lambda: session.get("x", params={"api_key": KEY}))
    assert (error.kind, error.status, pauses) == ("unreachable", None, [0.5, 1.0, 2.0])
    assert f"127.0.0.1:{port} refused" in error.message


def test_no_text_of_requests_is_passed_on_even_without_a_declared_secret() -> None:
    """requests puts the whole address, query included, into its exceptions; none of it comes through."""
    with http.Session("http://127.0.0.1:1", service="Example", retries=0) as session:
        fault(lambda: session.get(f"hooks/{KEY}", params={"api_key": KEY}))


def test_a_host_that_does_not_exist_is_a_wrong_address(pauses: list[float]) -> None:
    """DNS failure."""
    with http.Session("http://no-such-host.invalid", service="Example") as session:
        error = fault(lambda: session.get(params={"k": KEY}))
    assert error.kind == "wrong_address"
    assert "no-such-host.invalid" in error.message


@pytest.mark.parametrize(
    "address", ["", "example.com", "ftp://example.com", "https://", "http://exa mple.com", "http://h:99999/"]
)
def test_what_is_no_web_address_is_refused_at_once(address: str) -> None:
    """The fault says what is wrong with it."""
    assert fault(lambda: http.Session(address, service="Example")).kind == "wrong_address"


def test_a_service_that_does_not_answer_is_a_timeout(server: Server, pauses: list[float]) -> None:
    """The call ends when its time is over, whatever the service does."""
    server.answers = [lambda handler: server.hold.wait(60)]
    with http.Session(server.url, service="Example", timeout=0.3) as session:
        error = fault(lambda: session.get(params={"k": KEY}))
    assert error.kind == "timeout"
    assert not server.hold.is_set()


def test_a_service_that_sends_a_byte_now_and_then_does_not_outlast_the_timeout(server: Server) -> None:
    """Each byte restarts a socket's timeout, not the call's."""

    def trickle(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not server.hold.wait(0.02):
            handler.wfile.write(b".")
            handler.wfile.flush()

    server.answers = [trickle]
    with http.Session(server.url, service="Example", timeout=0.3) as session:
        assert fault(session.get).kind == "timeout"
    assert not server.hold.is_set()


def test_a_connection_closed_without_an_answer_is_unreachable(
    api: http.Session, server: Server, pauses: list[float]
) -> None:
    """The service hangs up."""

    def hang_up(handler: Handler) -> None:
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_RDWR)

    server.answers = [hang_up]
    assert fault(api.post).kind == "unreachable"
    assert len(server.seen) == 1


PAGE = {"body": b"<html><title>Sign in</title></html>", "headers": {"Content-Type": "text/html"}}


def too_slow(handler: Handler) -> None:
    """Never answer."""
    handler.server.hold.wait(60)


def cut_off(handler: Handler) -> None:
    """Announce more than comes."""
    handler.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
    handler.close_connection = True


def hung_up(handler: Handler) -> None:
    """Take the request, and close."""
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


MAYBE_DONE: list[Any] = [
    too_slow, cut_off, hung_up, {"status": 500}, {"status": 502}, {"status": 504}, {**PAGE, "status": 201},
    {"status": 303, "headers": {"Location": "/done"}}, {"status": 201, "headers": {"Content-Type": "application/json"},
    "body": b"{"},
]  # fmt: skip


@pytest.mark.parametrize("answer", MAYBE_DONE)
def test_what_may_have_been_done_all_the_same_is_said_so(server: Server, pauses: list[float], answer: Any) -> None:
    """A POST that was sent and not properly answered: it is not sent again, and a warning says to look first."""
    server.answers = [answer]
    with http.Session(server.url, service="Example", timeout=0.6) as session:
        error = fault(lambda: session.post(json={}, expect=(201,)))
        assert "may have taken effect" in error.message
        assert "Look whether it did" in error.hint
        assert error.data["may_have_taken_effect"] is True
        assert len(server.seen) == 1
        error = fault(lambda: session.post(json={}, expect=(201,), retry=True))
        assert "may have taken effect" not in error.message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429])
def test_what_was_refused_was_not_done(server: Server, pauses: list[float], status: int) -> None:
    """There is nothing to look for."""
    server.answers = [{"status": status}]
    with http.Session(server.url, service="Example") as session:
        assert "taken effect" not in fault(session.post).message


def test_what_never_arrived_was_not_done() -> None:
    """Nobody took the connection."""
    with refusing_port() as port, http.Session(f"http://127.0.0.1:{port}", service="Example", retries=0) as session:
        assert "taken effect" not in fault(session.post).message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({**PAGE, "status": 200}, "answered 200 OK with an HTML page titled 'Sign in' where 204 was due"),
        ({"json": {"id": 1}}, "answered 200 OK with JSON where 204 was due"),
        ({"status": 204}, ""),
        ({"status": 304}, "answered 304 Not Modified with nothing where 204 was due"),
    ],
)
def test_only_what_the_service_documents_counts_as_done(
    api: http.Session, server: Server, answer: Any, words: str
) -> None:
    """A proxy's friendly page is no success of the service."""
    server.answers = [answer]
    if words:
        assert words in fault(lambda: api.put(expect=(204,))).message
    else:
        assert api.put(expect=(204,)).status == 204


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_that_leads_nowhere_is_no_success(api: http.Session, server: Server, status: int) -> None:
    """Unless it is what is asked for."""
    server.answers = [{"status": status}]
    assert "where a result was due" in fault(api.get).message
    assert api.get(accept=(status,)).status == status


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (403, True), (404, True), (410, True), (422, True), (408, False), (409, False),
     (412, False), (423, False), (425, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_a_fault_says_whether_another_try_would_help(
    server: Server, pauses: list[float], status: int, permanent: bool
) -> None:
    """Wrong credentials stay wrong; a service that is busy does not stay so."""
    server.answers = [{"status": status}]
    with http.Session(server.url, service="Example", retries=0) as session:
        assert fault(session.get).permanent is permanent


def test_bare_words_that_call_themselves_html_are_words(api: http.Session, server: Server) -> None:
    """Slack's webhooks and Jira answer so; a page has tags."""
    server.answers = [{"status": 403, "body": b"action_prohibited", "headers": {"Content-Type": "text/html"}}]
    assert "403 Forbidden: action_prohibited" in fault(api.get).message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the key and the self-signed certificate of 127.0.0.1."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.timezone.utc)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(1))
    signed = builder.add_extension(alternative, False).sign(key, hashes.SHA256())
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return str(path)


def test_a_certificate_that_is_not_trusted_is_a_tls_fault(
    server: Server, certificate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says why, and the CA bundle of the environment mends it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with http.Session(server.url.replace("http:", "https:"), service="Example") as session:
        error = fault(lambda: session.get(params={"k": KEY}))
        assert error.kind == "tls"
        assert "self-signed certificate" in error.message
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
        assert session.get().json == {"ok": True}


def test_https_to_a_server_that_speaks_http_is_a_tls_fault(server: Server) -> None:
    """The message asks whether http was meant."""
    with http.Session(server.url.replace("http:", "https:"), service="Example") as session:
        assert fault(session.get).kind == "tls"


@pytest.mark.parametrize("value", [f"{KEY}\n", f"{KEY}\r\nX-Other: 1", f"{KEY}…"])
def test_a_credential_that_cannot_be_a_header_is_said_so_without_showing_it(server: Server, value: str) -> None:
    """A line break or a typographic character from copying."""
    with http.Session(server.url, service="Example", headers={"Authorization": f"Bearer {value}"}) as session:
        error = fault(session.get)
    assert error.kind == "invalid"
    assert server.seen == []


# --- tokens that end early --------------------------------------------------------------------------------------------

# https://www.rfc-editor.org/rfc/rfc6750#section-3.1
ENDED = {
    "status": 401,
    "json": {"error": "invalid_token"},
    "headers": {"WWW-Authenticate": 'Bearer realm="x", error="invalid_token", error_description="The token expired"'},
}


class Renewals:
    """Gives new tokens, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, refused: str, /, *, again: bool = False) -> str:
        self.asked.append((refused, again))
        return "" if again else f"{refused}-new"


@pytest.mark.parametrize("own", [True, False])
def test_a_request_that_is_refused_is_sent_once_more_with_a_new_token(server: Server, own: bool) -> None:
    renew = Renewals()
    server.answers = [ENDED, {"json": {"ok": True}}]
    header = {"authorization": "Bearer one"}
    with running_as(Context(renew=renew)), http.Session(server.url, service="X", headers=header if own else {}) as api:
        sent = {"json": {"a": 1}, "headers": {} if own else header}
        assert api.post("items", **sent).json == {"ok": True}
        api.get("items", headers=sent["headers"])
    first, second, third = server.seen
    assert (first[:2], first[3]) == (second[:2], second[3]) == (("POST", "/items"), b'{"a": 1}')
    given = [{name.lower(): value for name, value in one[2].items()}["authorization"] for one in (first, second, third)]
    assert given == ["Bearer one", "Bearer one-new", "Bearer one-new" if own else "Bearer one"]
    assert renew.asked == [("one", False)]


def test_a_second_refusal_is_told_as_wrong_credentials(server: Server) -> None:
    renew = Renewals()
    server.answers = [ENDED]
    header = {"Authorization": "Bearer one"}
    api = http.Session(server.url, service="X", headers=header)
    with running_as(Context(renew=renew)), api, pytest.raises(http.ServiceError) as failed:
        api.get("items")
    assert (failed.value.kind, failed.value.permanent, len(server.seen)) == ("unauthorized", True, 2)
    assert renew.asked == [("one", False), ("one-new", True)]
    assert "one-new" not in str(failed.value)


def test_no_new_token_is_got_for_another_host_nor_for_what_cannot_be_sent_again(server: Server) -> None:
    renew, other = Renewals(), Server()
    threading.Thread(target=other.serve_forever, daemon=True).start()
    server.answers = other.answers = [ENDED]
    header = {"Authorization": "Bearer one"}
    with running_as(Context(renew=renew)), http.Session(server.url, service="X", headers=header) as api:
        for path, options in ((other.url, {}), ("items", {"data": (part for part in [b"a"])})):
            with pytest.raises(http.ServiceError):
                api.post(path, **options)
    other.shutdown()
    other.server_close()
    assert renew.asked == []


def test_a_service_that_gives_no_new_token_is_what_is_told(server: Server) -> None:
    def renew(refused: str, /, *, again: bool = False) -> str:
        raise SignInNeeded("the integration 'X' is not signed in: it was revoked.", "Press Sign in.")

    server.answers = [ENDED]
    header = {"Authorization": "Bearer one"}
    api = http.Session(server.url, service="X", headers=header)
    with running_as(Context(renew=renew)), api, pytest.raises(TaskFailed, match="it was revoked") as failed:
        api.post("items", json={})
    assert (failed.value.permanent, failed.value.hint, len(server.seen)) == (True, "Press Sign in.", 1)


# --- redirects --------------------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_keeps_the_credentials(api: http.Session, server: Server) -> None:
    """A renamed path is followed."""
    server.answers = [{"status": 301, "headers": {"Location": "/new?x=1"}}, {"json": "there"}]
    assert api.get("old").json == "there"
    assert server.seen[1][1] == "/new?x=1"
    assert "Authorization" in server.seen[1][2]


def test_a_redirect_to_another_host_drops_every_credential(server: Server) -> None:
    """Authorization, and any other header with a secret in it."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.answers = [{"status": 302, "headers": {"Location": f"{elsewhere}/x"}}, {"json": "there"}]
    headers = {"Authorization": "Bearer abcdefgh"}
    with http.Session(server.url, service="Example", headers=headers, secrets=[Secret(KEY)]) as session:
        assert session.get(headers={"X-Api-Key": KEY, "X-Plain": "stays"}).json == "there"
    assert not {"Authorization", "X-Api-Key"} & set(server.seen[1][2])
    assert server.seen[1][2]["X-Plain"] == "stays"


@pytest.mark.parametrize("status", [301, 302])
def test_a_redirected_post_is_an_error_that_names_the_address(api: http.Session, server: Server, status: int) -> None:
    """Turned into a GET it would seem to succeed and do nothing."""
    server.answers = [{"status": status, "headers": {"Location": f"https://elsewhere.example/{KEY}"}}]
    error = fault(lambda: api.post(json={}))
    assert (error.kind, len(server.seen)) == ("wrong_address", 1)
    assert "https://elsewhere.example" in error.message


@pytest.mark.parametrize(
    ("status", "location", "says"),
    [
        (303, "/made", "What became of it is told there"),
        (303, "/items", "check base_url"),
        (302, "/items#there", "check base_url"),
        (301, "/items", "check base_url"),
        (301, "/elsewhere", "Use that address"),
    ],
)
def test_what_to_do_about_a_redirected_change_is_right_for_where_it_leads(
    api: http.Session, server: Server, status: int, location: str, says: str
) -> None:
    """To the address that was asked there is no other to use, and a 303 leads to what became of it."""
    server.answers = [{"status": status, "headers": {"Location": location}}]
    error = fault(lambda: api.post("items", json={}))
    assert says in error.hint
    assert ("Use that address" in error.hint) == (says == "Use that address")


def test_a_post_may_follow_redirects_as_browsers_do(server: Server) -> None:
    """303 always leads to a GET, 302 when the session allows it; 307 keeps method and body on the same host."""
    with http.Session(server.url, service="Example", browser_redirects=True) as session:
        for status in (303, 302, 307):
            server.answers = [{"status": status, "headers": {"Location": "/next"}}, {"json": 1}]
            session.post(json={"a": 1})
    assert [seen[0] for seen in server.seen] == ["POST", "GET", "POST", "GET", "POST", "POST"]
    assert server.seen[5][3] == b'{"a": 1}'


@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "MKCOL", "PROPFIND"])
def test_what_is_no_post_stays_what_it_is_where_it_is_redirected(server: Server, method: str, status: int) -> None:
    """As a GET it would seem to succeed with nothing done (fetch.spec.whatwg.org: HTTP-redirect fetch)."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    with http.Session(server.url, service="Example", browser_redirects=True) as session:
        server.answers = [{"status": status, "headers": {"Location": "/next"}}, {"json": 1}]
        session.request(method, data=b"a")
        assert [(seen[0], seen[3]) for seen in server.seen] == [(method, b"a"), (method, b"a")]
        server.answers = [{"status": status, "headers": {"Location": f"{elsewhere}/x"}}]
        assert fault(lambda: session.request(method, data=b"a")).kind == "wrong_address"


def test_a_body_is_never_redirected_to_another_host(api: http.Session, server: Server) -> None:
    """What a POST carries was meant for the service that it was sent to."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.answers = [{"status": 307, "headers": {"Location": f"{elsewhere}/x"}}]
    assert fault(lambda: api.post(json={})).kind == "wrong_address"


def test_redirects_without_end_are_an_error(api: http.Session, server: Server) -> None:
    """A loop stops."""
    server.answers = [{"status": 302, "headers": {"Location": "/again"}}]
    assert "redirected more than" in fault(api.get).message


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_follow_the_link_header(api: http.Session, server: Server) -> None:
    """Until there is no rel="next"."""
    server.answers = [{"json": [1, 2], "headers": {"Link": '</items?page=2>; rel="next"'}}, {"json": [3]}]
    assert [item for page in api.pages("items", params={"size": 2}) for item in page.json] == [1, 2, 3]
    assert [path for _, path, _, _ in server.seen] == ["/items?size=2", "/items?page=2"]


def test_pages_follow_a_cursor(api: http.Session, server: Server) -> None:
    """``next`` may give the query parameters of the next page."""
    server.answers = [{"json": {"next": "abc"}}, {"json": {"next": ""}}]
    pages = api.pages("items", params={"size": 2}, next=lambda r: r.json["next"] and {"cursor": r.json["next"]})
    assert len(list(pages)) == 2
    assert [path for _, path, _, _ in server.seen] == ["/items?size=2", "/items?size=2&cursor=abc"]


def test_a_next_page_on_another_host_is_refused(api: http.Session, server: Server) -> None:
    """Credentials stay where they belong."""
    server.answers = [{"json": [], "headers": {"Link": '<http://elsewhere.example/items?page=2>; rel="next"'}}]
    assert "another host" in fault(lambda: list(api.pages("items"))).message


def test_pages_that_go_round_in_circles_are_refused(api: http.Session, server: Server) -> None:
    """The same page twice ends it."""
    server.answers = [{"json": [], "headers": {"Link": '</items?page=2>; rel="next"'}}]
    assert fault(lambda: list(api.pages("items"))).kind == "bad_answer"
    assert len(server.seen) == 2


# --- silence ----------------------------------------------------------------------------------------------------------


def test_no_address_reaches_a_log(api: http.Session, caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 would log the path and the query of each request."""
    caplog.set_level(logging.DEBUG)
    api.get(f"hooks/{KEY}", params={"k": KEY})
    assert KEY not in caplog.text


def test_a_session_shows_neither_secrets_nor_paths(server: Server) -> None:
    """Its repr is fit for any log."""
    session = http.Session(f"{server.url}/hooks/{KEY}", service="Example", auth=("me", KEY))
    assert KEY not in repr(session)
    assert "Example" in repr(session)


def test_importing_the_module_does_not_load_requests() -> None:
    """It is loaded by the first call."""
    import subprocess
    import sys

    code = "import sys; from flowbook import http; http.Session('https://x.example', service='X'); "
    code += "sys.exit('requests' in sys.modules or 'urllib3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
