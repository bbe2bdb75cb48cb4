"""The HTTP tasks, against a real local server."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from flowbook.methods import METHODS
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request
from integrations import http
from tests.integrations.outcomes import succeeded
from tests.ports import refusing_port

KEY = "key-verysecret-4711"


@pytest.fixture(autouse=True)
def quick(pauses: list[float]) -> list[float]:
    """No test waits."""
    return pauses


def typed(body: bytes, content_type: str) -> Answer:
    """An answer whose body calls itself something."""
    return Answer(body=body, headers={"Content-Type": content_type})


EURO = typed('{"a": "10 €"}'.encode("iso-8859-15"), "application/json;charset=ISO-8859-15")


def failed(result: dict[str, Any]) -> str:
    assert result["success"] is False
    assert KEY not in json.dumps(result)
    return str(result["message"])


# --- requests and answers ---------------------------------------------------------------------------------------------


def test_a_request_needs_no_integration(service: FakeService) -> None:
    """An address is enough; data has status, headers and body."""
    service.on("GET", "/items", json=[1, 2], headers={"X-Total": "2", "Set-Cookie": f"session={KEY}"})
    result = http.request({}, {"url": f"{service.url}/items?a=1", "query": {"b": [1, 2], "c": True, "d": None}})
    data = succeeded(result)
    assert (data["status"], data["body"], data["headers"]["x-total"]) == (200, [1, 2], "2")
    assert "set-cookie" not in data["headers"]
    assert result["message"] == "GET answered 200."
    (call,) = service.requests
    assert (call.path, call.query_lists) == ("/items", {"a": ["1"], "b": ["1", "2"], "c": ["true"]})


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_sent_with_its_headers(service: FakeService, method: str) -> None:
    """Header values may be numbers."""
    service.on(method, "/x", json=None)
    succeeded(http.request({}, {"url": f"{service.url}/x", "method": method, "headers": {"X-A": "b", "X-N": 5}}))
    (call,) = service.requests
    assert (call.method, call.headers["X-A"], call.headers["X-N"]) == (method, "b", "5")


@pytest.mark.parametrize(
    ("params", "content_type", "body"),
    [
        ({"body": {"a": [1, None]}}, "application/json", b'{"a": [1, null]}'),
        ({"body": "plain größe"}, "text/plain; charset=utf-8", "plain größe".encode()),
        ({"body": "text", "body_type": "json"}, "application/json", b'"text"'),
        ({"body": b"\x00\x01"}, "application/octet-stream", b"\x00\x01"),
        ({"body": {"a": "x y", "b": True}, "body_type": "form"}, "application/x-www-form-urlencoded", b"a=x+y&b=true"),
        ({"body": "<a/>", "headers": {"content-type": "application/xml"}}, "application/xml", b"<a/>"),
        ({"body": False}, "application/json", b"false"),
    ],
)
def test_a_body_is_sent_as_what_it_is(
    service: FakeService, params: dict[str, Any], content_type: str, body: bytes
) -> None:
    """JSON, form fields, text or bytes; a given content type stays."""
    service.on("POST", "/x", json={})
    succeeded(http.request({}, {"url": f"{service.url}/x", "method": "POST", **params}))
    (call,) = service.requests
    assert call.headers["Content-Type"] == content_type
    assert call.body == body


def test_several_files_are_sent_under_one_name(service: FakeService, tmp_path: Path) -> None:
    """As a form does whose field takes several; in their order."""
    service.on("POST", "/form", json={})
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    params = {"url": f"{service.url}/form", "method": "POST", "files": {"all": ["a.txt", "b.txt"], "one": "a.txt"}}
    with running_as(Context("run", root=tmp_path)):
        succeeded(http.request({}, params))
    (call,) = service.requests
    assert re.findall(rb'name="(\w+)"; filename="([^"]+)"', call.body) == [
        (b"all", b"a.txt"), (b"all", b"b.txt"), (b"one", b"a.txt"),
    ]  # fmt: skip


def test_files_are_sent_as_multipart_beside_fields(service: FakeService, tmp_path: Path) -> None:
    """With their names and types; bytes of an earlier node are a file too."""
    (tmp_path / "data.csv").write_text("a,b\n")
    service.on("POST", "/x", json={})
    params = {"url": f"{service.url}/x", "method": "POST", "body": {"kind": "report"}}
    with running_as(Context("run", root=tmp_path)):
        succeeded(http.request({}, {**params, "files": {"table": "data.csv", "raw": b"\x00\xff"}}))
    (call,) = service.requests
    assert call.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="kind"\r\n\r\nreport' in call.body
    assert b'name="table"; filename="data.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n' in call.body
    assert b"\x00\xff" in call.body
    service.requests.clear()
    succeeded(http.request({}, {**params, "body_type": "multipart"}))
    assert b'name="kind"\r\n\r\nreport' in service.requests[0].body


def test_a_file_may_be_the_body_itself(service: FakeService, tmp_path: Path) -> None:
    """Streamed from the disk, sent whole again when the first try fails."""
    (tmp_path / "a.json").write_text('{"a": 1}')
    service.on("PUT", "/x", [Answer(503, json=None), Answer(json={})])
    succeeded(http.request({}, {"url": f"{service.url}/x", "method": "PUT", "file_path": str(tmp_path / "a.json")}))
    assert [call.body for call in service.requests] == [b'{"a": 1}'] * 2
    assert service.requests[0].headers["Content-Type"] == "application/json"
    assert "no file" in failed(http.request({}, {"url": service.url, "file_path": str(tmp_path / "b")}))


@pytest.mark.parametrize(
    ("reply", "wanted", "body"),
    [
        (Answer(json={"a": 1}), "auto", {"a": 1}),
        (Answer(body="<a/>", headers={"Content-Type": "application/xml"}), "auto", "<a/>"),
        (Answer(body=b"\x89PNG", headers={"Content-Type": "image/png"}), "auto", b"\x89PNG"),
        (Answer(204), "auto", None),
        (Answer(body="[1]", headers={"Content-Type": "text/plain"}), "json", [1]),
        (Answer(json=[1]), "text", "[1]"),
        (Answer(json=[1]), "bytes", b"[1]"),
        (EURO, "auto", {"a": "10 €"}),
        (EURO, "json", {"a": "10 €"}),
        (EURO, "text", '{"a": "10 €"}'),
        (EURO, "bytes", b'{"a": "10 \xa4"}'),
        (typed('{"a": "ä"}'.encode("utf-16"), "application/json"), "auto", {"a": "ä"}),
        (typed("\ufeff[1]".encode(), "application/json; charset=utf-8"), "auto", [1]),
        (typed('"ä"'.encode(), "application/json; charset=nonsense"), "auto", "ä"),
        (typed(b"{", "application/json"), "text", "{"),
        (typed(b"{", "application/json"), "bytes", b"{"),
    ],
)
def test_an_answer_is_read_by_its_type_or_as_wanted(
    service: FakeService, reply: Answer, wanted: str, body: Any
) -> None:
    """JSON, text or bytes."""
    service.on("GET", "/x", reply)
    assert succeeded(http.request({}, {"url": f"{service.url}/x", "response": wanted}))["body"] == body


def test_which_statuses_are_a_success_is_the_nodes_choice(service: FakeService) -> None:
    """Below 400 by default; ``expected`` narrows or widens it; ``fail_on_error: false`` takes anything."""
    url = f"{service.url}/x"
    service.on("GET", "/x", Answer(404, json={"message": "gone away"}))
    result = http.request({}, {"url": url})
    assert "404 Not Found: gone away" in failed(result)
    assert (result["data"]["kind"], result["data"]["status"]) == ("not_found", 404)
    assert succeeded(http.request({}, {"url": url, "expected": [200, 404]}))["status"] == 404
    assert succeeded(http.request({}, {"url": url, "fail_on_error": False}))["body"] == {"message": "gone away"}
    service.on("GET", "/x", Answer(202, json={}))
    result = http.request({}, {"url": url, "expected": "200, 201"})
    assert "answered 202 where 200, 201 was expected" in failed(result)


def test_an_address_of_another_kind_is_no_path_below_base_url(service: FakeService) -> None:
    """It is said to be none, and nothing is sent."""
    assert "'ftp://x.example/a'" in failed(http.request({"base_url": service.url}, {"url": "ftp://x.example/a"}))
    assert not service.requests


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "url"),
        ({"url": "items"}, "not a whole address"),
        ({"url": "ftp://x.example"}, "not a whole address"),
        ({"url": "https://x.example", "method": "FETCH"}, "method"),
        ({"url": "https://x.example", "files": {"a": "b"}, "file_path": "c"}, "file_path"),
        ({"url": "https://x.example", "body": [1], "body_type": "form"}, "object of fields"),
        ({"url": "https://x.example", "paginate": "cursor"}, "cursor_path"),
        ({"url": "https://x.example", "headers": {"A B": "c"}}, "headers"),
        ({"url": "https://x.example", "surprise": 1}, "surprise"),
    ],
)
def test_params_that_do_not_fit_are_named(params: dict[str, Any], words: str) -> None:
    """Before anything is sent."""
    assert words in failed(http.request({}, params))


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Answer(401, json=None), "unauthorized"),
        (Answer(403, json=None), "forbidden"),
        (Answer(409, json=None), "conflict"),
        (Answer(422, json={"detail": [{"msg": "x", "message": "too short"}]}), "invalid"),
        (Answer(429, json=None), "rate_limited"),
        (Answer(500, json=None), "server_error"),
        (Answer(body="<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(body="{", headers={"Content-Length": "99"}), "bad_answer"),
        (Answer(body="x" * 10_000_001), "bad_answer"),
    ],
)
def test_every_fault_is_a_clear_result_without_the_key(service: FakeService, reply: Answer, kind: str) -> None:
    """With the key in the query, where exceptions of other libraries would show it."""
    service.on("GET", "/x", reply)
    credentials = {"base_url": service.url, "api_key": KEY, "api_key_in": "query", "api_key_name": "key"}
    result = http.request(credentials, {"url": "x", "response": "json"})
    assert failed(result)
    assert result["data"]["kind"] == kind
    assert service.requests[0].query == {"key": KEY}


def test_a_service_that_is_not_there_is_a_clear_result() -> None:
    """Refused."""
    with refusing_port() as port:
        credentials = {"base_url": f"http://127.0.0.1:{port}", "api_key": KEY, "api_key_in": "query"}
        result = http.request(credentials, {"url": "x"})
    assert "refused the connection" in failed(result)


def test_a_rate_limit_is_waited_for_and_a_server_error_tried_again(service: FakeService, quick: list[float]) -> None:
    """429 with Retry-After, 500, then success."""
    service.on(
        "GET", "/x", [Answer(429, json=None, headers={"Retry-After": "3"}), Answer(500, json=None), Answer(json="done")]
    )
    assert succeeded(http.request({}, {"url": f"{service.url}/x"}))["body"] == "done"
    assert quick == [3.0, 0.5]


# --- credentials ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("credentials", "header", "value"),
    [
        ({"token": KEY}, "Authorization", f"Bearer {KEY}"),
        (
            {"username": "me", "password": KEY},
            "Authorization",
            "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode(),
        ),
        ({"username": KEY}, "Authorization", "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()),
        ({"api_key": KEY}, "X-API-Key", KEY),
        ({"api_key": KEY, "api_key_name": "X-Other"}, "X-Other", KEY),
    ],
)
def test_credentials_go_into_their_header(
    service: FakeService, credentials: dict[str, str], header: str, value: str
) -> None:
    """Bearer, basic and API key; empty fields of the form count as not given."""
    service.on("GET", "/v1/me", json={})
    empty = {"token": "", "username": "", "password": "", "api_key": ""}
    succeeded(http.request({**empty, **credentials, "base_url": f"{service.url}/v1"}, {"url": "me"}))
    (call,) = service.requests
    assert call.headers[header] == value


def test_credentials_are_sent_to_the_host_of_base_url_only(service: FakeService) -> None:
    """An address of another host gets the request, but no credentials, and the result says so."""
    service.on("GET", "/x", json={})
    elsewhere = service.url.replace("127.0.0.1", "localhost")
    for credentials in ({"token": KEY}, {"api_key": KEY, "api_key_in": "query"}, {"username": "a", "password": KEY}):
        result = http.request({"base_url": service.url, **credentials}, {"url": f"{elsewhere}/x"})
        succeeded(result)
        assert "without the credentials" in result["message"]
        call = service.requests.pop()
        assert KEY not in json.dumps([dict(call.headers), call.query])
        assert "Authorization" not in call.headers
    succeeded(http.request({"base_url": service.url, "token": KEY}, {"url": f"{service.url}/x"}))
    assert service.requests.pop().headers["Authorization"] == f"Bearer {KEY}"


def test_without_a_base_url_credentials_go_where_the_node_says(service: FakeService) -> None:
    """The integration's owner left that open."""
    service.on("GET", "/x", json={})
    succeeded(http.request({"token": KEY}, {"url": f"{service.url}/x"}))
    assert service.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_credentials_that_exclude_each_other_are_refused() -> None:
    """Token and password both want the same header."""
    message = failed(http.request({"token": KEY, "username": "a"}, {"url": "https://x.example"}))
    assert "either a token or a username" in message
    assert "needs a username" in failed(http.request({"password": KEY}, {"url": "https://x.example"}))


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_by_link_header_become_one_list(service: FakeService) -> None:
    """An API key in the query goes along to every page."""
    first = Answer(json={"rows": [1, 2]}, headers={"Link": '</items?page=2>; rel="next"'})
    service.on("GET", "/items", [first, Answer(json={"rows": [3]})])
    credentials = {"base_url": service.url, "api_key": KEY, "api_key_in": "query", "api_key_name": "key"}
    result = http.request(credentials, {"url": "items", "paginate": "link", "items_path": "rows", "query": {"f": 1}})
    data = succeeded(result)
    assert (data["body"], data["pages"], data["more"]) == ([1, 2, 3], 2, False)
    assert [call.query for call in service.requests] == [{"f": "1", "key": KEY}, {"page": "2", "key": KEY}]
    assert result["message"] == "3 items from 2 pages."


def test_pages_by_cursor_become_one_list(service: FakeService) -> None:
    """The cursor is a text, a number, or the next page's address."""

    def page(call: Request) -> Answer:
        number = int(call.query.get("after", "0"))
        following = [1, 2, None][number] if call.query["way"] == "number" else [f"/items?way=url&after={number + 1}"]
        cursor = following[0] if isinstance(following, list) and number < 2 else following
        return Answer(json={"items": [number], "meta": {"next": None if isinstance(cursor, list) else cursor}})

    service.on("GET", "/items", page)
    for way in ("number", "url"):
        params = {"paginate": "cursor", "cursor_path": "meta.next", "cursor_param": "after", "items_path": "items"}
        result = http.request({}, {"url": f"{service.url}/items", "query": {"way": way}, **params})
        assert succeeded(result)["body"] == [0, 1, 2]


def test_pages_stop_at_the_limit_and_say_that_there_are_more(service: FakeService) -> None:
    """limit cuts within a page; max_pages stops fetching."""

    def page(call: Request) -> Answer:
        following = int(call.query.get("page", 0)) + 1
        return Answer(json=[0, 1, 2], headers={"Link": f'</items?page={following}>; rel="next"'})

    service.on("GET", "/items", page)
    params = {"url": f"{service.url}/items", "paginate": "link"}
    result = http.request({}, {**params, "limit": 4})
    assert succeeded(result)["body"] == [0, 1, 2, 0]
    assert "raise limit" in result["message"]
    assert len(service.requests) == 2
    result = http.request({}, {**params, "max_pages": 3})
    assert (succeeded(result)["pages"], result["data"]["more"]) == (3, True)
    assert "raise max_pages" in result["message"]


def test_a_wrong_items_path_names_what_there_is(service: FakeService) -> None:
    """The keys of the answer help."""
    service.on("GET", "/items", json={"data": {"rows": []}})
    params = {"url": f"{service.url}/items", "paginate": "link", "items_path": "data.items"}
    assert "There is: rows." in failed(http.request({}, params))


# --- test_connection --------------------------------------------------------------------------------------------------


def test_the_connection_test_tries_the_credentials(service: FakeService) -> None:
    """A GET of base_url, or of a path below it."""
    service.on("GET", "/api/", json={})
    service.on("GET", "/api/me", Answer(401, json={}))
    credentials = {"base_url": f"{service.url}/api/", "token": KEY}
    result = http.test_connection(credentials)
    assert succeeded(result) == {"status": 200}
    assert "Connected" in result["message"]
    result = http.test_connection(credentials, {"url": "me"})
    assert "401" in failed(result)
    assert result["data"]["kind"] == "unauthorized"


def test_a_base_without_a_page_of_its_own_is_not_called_a_wrong_credential(service: FakeService) -> None:
    """404 at the base itself says nothing about the credentials; at a path that was named it is a failure."""
    credentials = {"base_url": service.url, "token": KEY}
    assert "not known" in http.test_connection(credentials, {})["message"]
    assert "404" in failed(http.test_connection(credentials, {"url": "me"}))


def test_a_web_page_is_not_called_a_right_credential(service: FakeService) -> None:
    """It may be the sign-in page that everybody gets."""
    service.on("GET", "/", typed(b"<title>Sign in</title>", "text/html"))
    message = http.test_connection({"base_url": f"{service.url}/", "token": KEY}, {})["message"]
    assert "an HTML page titled 'Sign in'" in message
    assert "not known" in message


def test_without_an_address_there_is_nothing_to_test() -> None:
    """It says what to give."""
    assert "base_url" in failed(http.test_connection({"token": KEY}, {}))
