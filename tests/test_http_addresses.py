"""Where credentials go: to the server whose address was checked, whatever an answer says, and to no other.

Two real servers listen: A, which the credentials are for, and B, which would like to have them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowbook import http
from flowbook.http import address
from flowbook.testing import Answer, FakeService, fake_service
from integrations import http as http_tasks

KEY = "key-verysecret-4711"
BASIC = base64.b64encode(f"me:{KEY}".encode()).decode()

CREDENTIALS: dict[str, dict[str, str]] = {
    "bearer": {"token": KEY},
    "basic": {"username": "me", "password": KEY},
    "token header": {"api_key": f"Token {KEY}", "api_key_name": "Authorization"},
    "key in a header": {"api_key": KEY},
    "key in the query": {"api_key": KEY, "api_key_in": "query", "api_key_name": "key"},
}

# {a} and {b} are host:port of the two servers. RFC 3986 allows none of these, or leaves open what they mean.
ODD = [
    "http://{b}\\@{a}/x",
    "http://{b}\\\\@{a}/x",
    "http:\\\\{b}/x",
    "http:/\\{b}/x",
    "/\\{b}/x",
    "\\\\{b}/x",
    "http://{b};@{a}/x",
    "http://{b}\t@{a}/x",
    "http://{b}%09@{a}/x",
    "http://{b}%5C@{a}/x",
    "http://{b}%2F@{a}/x",
    "http://{b}%23@{a}/x",
    "http://{b}@{a}@{b}/x",
    "http://{a}@{b}/x",
    "http://{a}:80@{b}/x",
    "http://[{a}]@{b}/x",
    "http://[{b}]/x",
    "http://{a},{b}/x",
    "http://{a} {b}/x",
    "http://{a}%00.{b}/x",
    "http://{a}\x7f@{b}/x",
    "//{a}\\@{b}/x",
    "//{b}\\@{a}/x",
    "///{b}/x",
    "////{b}/x",
    "http:///{b}/x",
    "http:{b}/x",
    "HTTP:{b}",
    "ht\ttp://{b}/x",
    "\x0bhttp://{b}/x",
    "http://\uff11\uff12\uff17.0.0.1:{port_b}/x",
    "http://127\u30020\u30020\u30021:{port_b}/x",
    "http://{b}\uff0f@{a}/x",
    "http://{b}\u2100@{a}/x",
    "http://{b}\uff20{a}/x",
    "http://127.0.0.1:{port_a}:{port_b}/x",
    "http://127.0.0.1:{port_a}\u00ad@{b}/x",
    "ftp://{b}/x",
    "file:///etc/passwd",
    "gopher://{b}/x",
    "http+unix://{b}/x",
    "http://{b}/\ud800",
]
# Clear addresses of B, however much they look like A's.
ELSEWHERE = [
    "http://{b}/x", "//{b}/x", "HTTP://{b}/x", "http://{b}#@{a}/x", "http://{b}?@{a}/x", "http://{b}/@{a}/x",
    "http://{b}/http://{a}/x", "http://{b}?key={a}",
]  # fmt: skip


class Pair:
    """The two servers; ``told`` is what A says about where to go next."""

    def __init__(self, a: FakeService, b: FakeService) -> None:
        self.a = a
        self.b = b

    def filled(self, pattern: str) -> str:
        hosts = {"a": self.a.url[7:], "b": self.b.url[7:]}
        ports = {"port_a": self.a.url.rpartition(":")[2], "port_b": self.b.url.rpartition(":")[2]}
        for name, value in {**hosts, **ports}.items():
            pattern = pattern.replace(f"{{{name}}}", value)
        return pattern

    def stolen(self) -> list[str]:
        """What B saw of the credentials, in any form."""
        seen = [f"{one.path} {one.query_lists} {dict(one.headers)} {one.body!r}" for one in self.b.requests]
        return [text for text in seen if KEY in text or BASIC in text]

    def clear(self) -> None:
        self.a.requests.clear()
        self.b.requests.clear()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """A answers as the test says, B with an empty list to everybody."""
    with fake_service() as a, fake_service() as b:
        b.on("*", "{rest:path}", json=[])
        yield Pair(a, b)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for."""
    monkeypatch.setattr("flowbook.http.waiting.pause", lambda seconds: True)


def header_value(text: str) -> str:
    """``text`` as a server writes it into a header: UTF-8, which http.server wants spelled as Latin-1."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def redirected(pair: Pair, credentials: dict[str, str], target: str) -> Any:
    """A GET that A answers with a redirect."""
    pair.a.on("GET", "/start", Answer(302, headers={"Location": header_value(target)}))
    return http_tasks.request(credentials, {"url": "start", "retries": 0})


def linked(pair: Pair, credentials: dict[str, str], target: str) -> Any:
    """A list whose Link header names the next page."""
    pair.a.on("GET", "/start", json=[], headers={"Link": f'<{header_value(target)}>; rel="next"'})
    return http_tasks.request(credentials, {"url": "start", "retries": 0, "paginate": "link"})


def pointed(pair: Pair, credentials: dict[str, str], target: str) -> Any:
    """A list whose body names the next page."""
    pair.a.on("GET", "/start", json={"next": target, "items": []})
    params = {"paginate": "cursor", "cursor_path": "next", "items_path": "items", "max_pages": 2}
    return http_tasks.request(credentials, {"url": "start", "retries": 0, **params})


def named(pair: Pair, credentials: dict[str, str], target: str) -> Any:
    """An address that a workflow took from somewhere, called with the credentials for A."""
    return http_tasks.request(credentials, {"url": target, "retries": 0})


WAYS: dict[str, Callable[[Pair, dict[str, str], str], Any]] = {
    "redirect": redirected, "link": linked, "cursor": pointed, "url": named,
}  # fmt: skip


EVERYTHING = [
    pytest.param(kind, way, id=f"{kind}, {way}") for kind in CREDENTIALS for way in WAYS
]  # fmt: skip


@pytest.mark.parametrize(("kind", "way"), EVERYTHING)
def test_an_odd_address_is_refused_and_takes_no_credential_along(pair: Pair, kind: str, way: str) -> None:
    """A backslash, a control character, a user name, a host in other characters, another scheme: B hears nothing."""
    for pattern in ODD:
        pair.clear()
        result = WAYS[way](pair, {"base_url": pair.a.url, **CREDENTIALS[kind]}, pair.filled(pattern))
        assert not pair.stolen(), pattern
        assert KEY not in str(result)
        if way in ("redirect", "link"):
            assert not pair.b.requests, pattern
            assert result["success"] is False, pattern
            assert "cannot be used" in result["message"], pattern


@pytest.mark.parametrize(("kind", "way"), EVERYTHING)
def test_a_clear_address_of_another_server_gets_no_credential(pair: Pair, kind: str, way: str) -> None:
    """A redirect is followed without them, a next page there is refused, and a node's own address is called."""
    for pattern in ELSEWHERE:
        pair.clear()
        result = WAYS[way](pair, {"base_url": pair.a.url, **CREDENTIALS[kind]}, pair.filled(pattern))
        assert not pair.stolen(), pattern
        assert result["success"] is (way == "redirect" or (way == "url" and not pattern.startswith("//"))), pattern


@pytest.mark.parametrize(("kind", "way"), [one for one in EVERYTHING if one.values[1] != "url"])
def test_an_address_of_the_same_server_gets_the_credential(pair: Pair, kind: str, way: str) -> None:
    """However it is written: relative, absolute, with letters that are quoted on the way."""
    seen: list[Any] = []

    def remember(request: Any) -> Answer:
        seen.append(f"{request.query_lists} {dict(request.headers)}")
        return Answer(json={"items": []} if way == "cursor" else [])

    pair.a.on("GET", "/n/{rest:path}", remember)
    for target in ("/n/x", "/n/x?a=1", "http://{a}/n/x", "//{a}/n/x", "/n/gr\u00f6\u00dfe", "/n/a:b@c", "/n/%5C@{b}"):
        result = WAYS[way](pair, {"base_url": pair.a.url, **CREDENTIALS[kind]}, pair.filled(target))
        assert result["success"] is True, (target, result)
        assert KEY in seen[-1] or BASIC in seen[-1], target


PIECES = st.sampled_from(
    ["\\", "/", "//", "@", ":", "?", "#", "%", "%5C", "%2F", "%40", "%00", ";", ",", "&", "=", ".", "..", "[", "]",
     "[::1]", " ", "\t", "\n", "\r\n", "\x00", "\x0b", "\x1f", "\x7f", "\x85", "\xa0", "\u2028", "\u3002", "\uff0f",
     "\uff20", "\uff1a", "\uff1f", "\u2100", "\u00ad", "\u200b", "\u00df", "\u0130", "http:", "https:", "HTTP://",
     "http://", "ftp://",
     "{a}", "{b}", "127.0.0.1", ":{port_a}", ":{port_b}", "user", "user:pass@", "x", "0x7f.1", "localhost", "xn--"]
)  # fmt: skip


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """Pieces of addresses in any order, or a good address with some of them put into it."""
    pieces = draw(st.lists(PIECES, min_size=1, max_size=5))
    if draw(st.booleans()):
        return "".join(pieces)
    start = draw(
        st.sampled_from(["http://{b}@{a}/x", "http://{a}/x", "http://{b}/x", "//{b}@{a}/x", "http://{a}@{b}/x"])
    )
    for piece in pieces[:3]:
        at = draw(st.integers(0, len(start)))
        # Never inside of a placeholder: that would only be a piece of another name.
        start = start[:at] + piece + start[at:] if start.count("{", 0, at) == start.count("}", 0, at) else start + piece
    return start


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(target=mangled(), way=st.sampled_from(list(WAYS)), kind=st.sampled_from(list(CREDENTIALS)))
@example(target="http://{b}\\@{a}/x", way="redirect", kind="bearer")
def test_no_address_at_all_takes_a_credential_elsewhere(pair: Pair, target: str, way: str, kind: str) -> None:
    """Whatever comes out of mangling addresses: B never gets the credential for A."""
    pair.clear()
    if "\r" in target or "\n" in target:
        way = "cursor" if way in ("redirect", "link") else way  # no header holds a line break
    result = WAYS[way](pair, {"base_url": pair.a.url, **CREDENTIALS[kind]}, pair.filled(target))
    assert not pair.stolen()
    assert KEY not in str(result)


@given(st.one_of(mangled(), st.text(st.characters(exclude_categories=[]), max_size=30).map("http://".__add__)))
def test_every_reader_of_a_checked_address_finds_the_same_server(text: str) -> None:
    """Python's parser, urllib3's, and the request that requests makes of it: one scheme, one host, one port."""
    import requests

    for name, value in {"a": "127.0.0.1:81", "b": "127.0.0.2:82", "port_a": "81", "port_b": "82"}.items():
        text = text.replace(f"{{{name}}}", value)
    try:
        sane = address.checked(text, user=True)
    except ValueError:
        return
    try:
        prepared = str(requests.Request("GET", sane).prepare().url)
    except (requests.RequestException, UnicodeError):
        return
    assert address.leads_to(prepared) == address.leads_to(sane) == address.origin(sane)
    assert address.resolved("http://127.0.0.1:81/a/b", address.without_user(sane)) == address.without_user(sane)


@pytest.mark.parametrize("way", ["redirect", "link", "cursor"])
def test_the_sender_looks_again_at_where_a_request_goes(pair: Pair, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the check to be passed by something that it does not know, the request would still not be sent."""
    from urllib.parse import urljoin

    monkeypatch.setattr(address, "checked", lambda text, user=False: text)
    monkeypatch.setattr(address, "resolved", urljoin)
    pair.clear()
    result = WAYS[way](pair, {"base_url": pair.a.url, "token": KEY}, pair.filled("http://{b}\\@{a}/x"))
    assert "its host is not clear" in result["message"]
    assert not pair.b.requests


# --- what a person writes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("http://a.example\\@b.example", "backslash"),
        ("https://a.example /x", "space"),
        ("https://a.example\n", ""),
        ("https://a.exam\x00ple", "control character"),
        ("https://a@b@c.example", "host is not clear"),
        ("https://a.example:99999", "port"),
        ("https://a.example:0", "port"),
        ("https://a.example:8\u0660", "host is not clear"),
        ("https://a..example", "host is not clear"),
        ("https://a.example%2f.b.example", "host is not clear"),
        ("https://stra\u00dfe.example", "several ways"),
        ("https://\uff41.example", "several ways"),
        ("https://a\u3002example", "several ways"),
        ("https://", "names no host"),
        ("https://me:pw@", "names no host"),
        ("a.example", "does not start with"),
        ("file:///etc/passwd", "does not start with"),
        ("https:a.example", "does not start with"),
    ],
)
def test_a_base_url_that_is_not_clear_is_refused_with_the_reason(given: str, reason: str) -> None:
    """When the session is made: nothing was sent yet. A line break at the end is only what copying left."""
    if not reason:
        assert http.Session(given, service="Example").base_url == given.strip()
        return
    with pytest.raises(http.ServiceError) as caught:
        http.Session(given, service="Example")
    assert reason in caught.value.message
    assert caught.value.kind == "wrong_address"


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("https://me:p%40ss@a.example/v1", "https://a.example/v1"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://my_service:8080", "http://my_service:8080"),
        ("https://b\u00fccher.example/\u00e4", "https://xn--bcher-kva.example/\u00e4"),
        ("https://a.example?q=\u00e4&b=[1]", "https://a.example?q=\u00e4&b=[1]"),
        ("HTTPS://A.example", "https://A.example"),
        ("https://a.example./x", "https://a.example./x"),
    ],
)
def test_a_base_url_that_is_clear_is_taken(given: str, base: str) -> None:
    """With a user name, as IPv6, with an underscore, in other letters than ASCII."""
    assert http.Session(given, service="Example").base_url == base


# --- what else could carry a credential away --------------------------------------------------------------------------


def test_a_redirect_that_carries_the_key_elsewhere_is_refused(pair: Pair) -> None:
    """A server that hands its query on to another one would hand on the key as well."""
    pair.clear()
    credentials = {"base_url": pair.a.url, **CREDENTIALS["key in the query"]}
    result = redirected(pair, credentials, pair.filled(f"http://{{b}}/x?key={KEY}"))
    assert "would take a credential there" in result["message"]
    assert not pair.b.requests


@pytest.mark.parametrize("name", ["X-Api-Key", "Private-Token", "X-Auth", "Cookie", "X-Amz-Signature", "X-Session-Id"])
def test_a_header_that_a_node_gives_does_not_follow_a_redirect_elsewhere_if_it_sounds_secret(
    pair: Pair, name: str
) -> None:
    """Nobody told the session that its value is a credential; its name does."""
    pair.clear()
    pair.a.on("GET", "/start", Answer(302, headers={"Location": f"{pair.b.url}/x"}))
    params = {"url": f"{pair.a.url}/start", "headers": {name: KEY, "X-Plain": "stays"}}
    assert http_tasks.request({}, params)["success"] is True
    assert not pair.stolen()
    assert pair.b.requests[0].headers["X-Plain"] == "stays"


def test_a_cookie_goes_back_to_the_server_that_set_it_only(pair: Pair) -> None:
    """Not to another port of the same host, though browsers do that."""
    pair.clear()
    pair.a.on("GET", "/start", Answer(302, headers={"Location": "/next", "Set-Cookie": f"sid={KEY}; Path=/"}))
    pair.a.on("GET", "/next", Answer(302, headers={"Location": f"{pair.b.url}/x"}))
    assert http_tasks.request({}, {"url": f"{pair.a.url}/start"})["success"] is True
    assert [one.headers.get("Cookie") for one in pair.a.requests] == [None, f"sid={KEY}"]
    assert "Cookie" not in pair.b.requests[0].headers
