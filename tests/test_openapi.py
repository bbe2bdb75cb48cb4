"""An API's description as an integration folder: what its tasks send, what stays a person's own, and hostile ones."""

from __future__ import annotations

import ast
import contextlib
import json
import keyword
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.authoring.openapi import (
    operations_in,
    renewal_from_description,
    update_from_description,
    write_from_description,
)
from flowbook.authoring.openapi.document import parse_description
from flowbook.authoring.openapi.names import class_name, docstring, identifier, literal, one_line
from flowbook.authoring.openapi.operations import entries, operation_of
from flowbook.authoring.openapi.security import security_of
from flowbook.authoring.openapi.source import own_sources, sources
from flowbook.catalog import Catalog, Folder
from flowbook.cli.main import cli
from flowbook.errors import AlreadyExists, FileFormatError, FlowbookError, InputError, NotFound
from flowbook.tasks.shared import Shared
from flowbook.testing import Answer, FakeService, check_contract, fake_service, run_task
from interop.openapi import EXAMPLES

SECRET = "verysecret-4711"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a folder of each description."""
    root = tmp_path_factory.mktemp("apis")
    for path in EXAMPLES.iterdir():
        write_from_description(root / "integrations", path.stem, str(path))
    return root


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as service:
        for path in ("/", "/{rest:path}"):
            service.on("*", path, json={"ok": True})
        yield service


def folder(root: Path, name: str) -> Folder:
    return Catalog(root, environ={}).folder(name)


def sent(root: Path, task: str, service: FakeService, params: dict[str, Any], **credentials: str) -> Any:
    name, _, function = task.partition(".")
    result = run_task((root / "integrations" / name, function), {"base_url": service.url, **credentials}, params)
    assert result.success, result.message
    return service.requests[-1]


# -- what is made ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.iterdir()))
def test_a_folder_keeps_the_contract(root: Path, name: str) -> None:
    assert [str(problem) for problem in check_contract(folder(root, name)) if problem.kind != "note"] == []


def test_credentials_are_those_of_the_security_schemes(root: Path) -> None:
    assert [(one.name, one.type, one.default) for one in folder(root, "shop").credentials] == [
        ("base_url", "url", "https://eu.shop.example.com/v1"), ("key", "password", None), ("token", "password", None),
        ("token_url", "url", "https://login.example.com/token"), ("client_id", "string", None),
        ("client_secret", "password", None), ("refresh_token", "password", None), ("scopes", "string", None),
        ("oauth2", "password", None),
    ]  # fmt: skip
    assert [one.name for one in folder(root, "people").credentials] == ["base_url", "q", "username", "password"]
    first = folder(root, "notes").credentials[0]
    assert (first.name, first.required) == ("base_url", True)


def test_tasks_have_typed_params_and_effects(root: Path) -> None:
    tasks = folder(root, "shop").tasks
    assert {name: spec.effects for name, spec in tasks.items()} == {
        "class_": "idempotent", "create_order": "write", "list_orders": "read", "note": "write",
        "put_orders_order_id_lines_line_no": "idempotent", "test_connection": "read", "upload": "write",
    }  # fmt: skip
    listing = {one.name: one for one in tasks["list_orders"].parameters}
    assert listing["page"].description == "Page (default: 1)."
    assert listing["all_pages"].type == "boolean"
    kind = {one.name: one for one in tasks["create_order"].parameters}
    assert "id" not in kind
    assert (kind["kind"].choices, kind["customer"].required) == (("gift", "sale"), True)
    assert tasks["upload"].capabilities.read_params == ("file",)


# -- what is sent ------------------------------------------------------------------------------------------------------


def test_parameters_go_where_the_description_says(root: Path, service: FakeService) -> None:
    params = {
        "state": ["open", 'no"quote'], "ids": [1, 2], "range": {"from": 5}, "where": {"a": 1}, "X-Tenant": "north",
        "page": 2,
    }  # fmt: skip
    request = sent(root, "shop.list_orders", service, params, key=SECRET)
    assert request.query_lists == {
        "state": ["open", 'no"quote'], "ids": ["1,2"], "range[from]": ["5"], "where": ['{"a": 1}'], "page": ["2"],
    }  # fmt: skip
    assert (request.headers["X-Tenant"], request.headers["X-Shop-Key"]) == ("north", SECRET)


def test_params_of_one_name_at_several_places_are_each_given_by_a_name_of_its_own(
    tmp_path: Path, service: FakeService
) -> None:
    """As Amazon's descriptions have MaxResults twice, a text in the query and a number in the body."""
    parameters = [
        {"name": "MaxResults", "in": "query", "schema": {"type": "string"}},
        {"name": "max_results", "in": "query", "schema": {"type": "string"}},
        {"name": "body", "in": "header", "schema": {"type": "string"}},
    ]
    properties = {"MaxResults": {"type": "integer"}, "max-results": {"type": "integer"}}
    schema = {"type": "object", "properties": properties}
    body = {"content": {"application/json": {"schema": schema}}}
    whole = {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}}}
    source = tmp_path / "api.json"
    source.write_text(
        json.dumps(
            document(
                paths={
                    "/a": {"post": {"operationId": "a", "parameters": parameters, "requestBody": body}},
                    "/b": {"post": {"operationId": "b", "parameters": parameters, "requestBody": whole}},
                }
            )
        )
    )
    write_from_description(tmp_path / "integrations", "mine", str(source))
    names = {one.name for one in folder(tmp_path, "mine").tasks["a"].parameters}
    assert names == {"MaxResults", "max_results", "body", "max_results_3", "max-results"}
    for name, place in (
        ("MaxResults", ("query", "MaxResults")),
        ("max_results", ("query", "max_results")),
        ("max_results_3", ("body", "MaxResults")),
        ("max-results", ("body", "max-results")),
    ):
        service.requests.clear()
        request = sent(tmp_path, "mine.a", service, {name: "7"})
        found = [("query", *pair) for pair in request.query.items()]
        found += [("body", *pair) for pair in (json.loads(request.body or b"{}")).items()]
        assert found == [(*place, "7" if place[0] == "query" else 7)], name
    request = sent(tmp_path, "mine.b", service, {"body": "top", "body_2": [1, 2]})
    assert (request.headers["body"], json.loads(request.body)) == ("top", [1, 2])


def test_an_api_whose_operations_say_where_they_are_is_where_its_credentials_say(
    tmp_path: Path, service: FakeService
) -> None:
    """As Twilio's descriptions have it: no server for the whole, the same one at each path, and another at a few."""
    main = [{"url": "https://{region}.example.com", "variables": {"region": {"default": "api"}}}]
    paths = {
        "/a": {"servers": main, "get": {"operationId": "a"}},
        "/b": {"get": {"operationId": "b", "servers": main}},
        "/c": {"servers": [{"url": "https://files.example.com/"}], "get": {"operationId": "c"}},
    }
    found = {key: value for key, value in document(paths=paths).items() if key != "servers"}
    source = tmp_path / "api.json"
    source.write_text(json.dumps(found))
    write_from_description(tmp_path / "integrations", "mine", str(source))
    made = folder(tmp_path, "mine")
    assert [one.default for one in made.credentials if one.name == "base_url"] == ["https://api.example.com"]
    assert [sent(tmp_path, f"mine.{task}", service, {}).path for task in "ab"] == ["/a", "/b"]
    text = (tmp_path / "integrations/mine/api/tasks.py").read_text()
    assert text.count("server=") == text.count('server="https://files.example.com"') == 1


def test_what_stands_beside_a_reference_counts(tmp_path: Path) -> None:
    """As Google's descriptions have it: the type is shared, and one of its places is for answers alone."""
    properties = {
        "size": {"$ref": "#/components/schemas/Size", "description": "How large it becomes."},
        "was": {"$ref": "#/components/schemas/Size", "description": "Output only.", "readOnly": True},
    }
    body = {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}}
    sizes = {"schemas": {"Size": {"type": "integer", "description": "A size."}}}
    source = tmp_path / "api.json"
    source.write_text(
        json.dumps(document(paths={"/a": {"post": {"operationId": "a", "requestBody": body}}}, components=sizes))
    )
    write_from_description(tmp_path / "integrations", "mine", str(source))
    found = folder(tmp_path, "mine").tasks["a"].parameters
    assert [(one.name, one.description) for one in found] == [("size", "How large it becomes.")]


def test_a_content_type_is_asked_for_where_no_body_gives_it(tmp_path: Path, service: FakeService) -> None:
    """As VTEX's descriptions have it, for requests that only read."""
    asked = [{"name": "Content-Type", "in": "header", "required": True, "schema": {"type": "string"}}]
    body = {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}}}
    paths = {
        "/a": {
            "get": {"operationId": "a", "parameters": asked},
            "post": {"operationId": "b", "parameters": asked, "requestBody": body},
        }
    }
    source = tmp_path / "api.json"
    source.write_text(json.dumps(document(paths=paths)))
    write_from_description(tmp_path / "integrations", "mine", str(source))
    request = sent(tmp_path, "mine.a", service, {"Content-Type": "application/json"})
    assert request.headers["content-type"] == "application/json"
    assert [one.name for one in folder(tmp_path, "mine").tasks["b"].parameters] == ["body"]


def made_of(tmp_path: Path, operation: dict[str, Any], **more: Any) -> Folder:
    """The folder of a description that has one operation, POST /things, called it."""
    paths = {"/things": {"post": {"operationId": "it", **operation}}}
    text = json.dumps({"openapi": "3.0.3", "info": {"title": "X", "version": "1"}, "paths": paths, **more})
    (tmp_path / "x.json").write_text(text)
    write_from_description(tmp_path / "integrations", "x", str(tmp_path / "x.json"))
    return folder(tmp_path, "x")


@pytest.mark.parametrize(("name", "field"), [("Authorization", "authorization"), ("Cookie", "cookie")])
def test_a_header_that_people_are_known_by_is_a_credential_where_no_scheme_says_so(
    name: str, field: str, tmp_path: Path, service: FakeService
) -> None:
    """As Zuora's description has it: the header was taken for the schemes' own, and there was no way to sign in."""
    header = {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
    made = made_of(tmp_path, {"parameters": [{"$ref": "#/components/parameters/h"}]},
                   components={"parameters": {"h": header}})  # fmt: skip
    assert [(one.name, one.type) for one in made.credentials[1:]] == [(field, "password")]
    assert made.tasks["it"].parameters == ()
    assert sent(tmp_path, "x.it", service, {}, **{field: f"k {SECRET}"}).headers[name] == f"k {SECRET}"


def test_all_cookies_are_sent_those_of_credentials_too(tmp_path: Path, service: FakeService) -> None:
    """The last one took the place of those before."""
    schemes = {one: {"type": "apiKey", "in": "cookie", "name": one} for one in ("sid", "csrf")}
    cookie = {"name": "theme", "in": "cookie", "schema": {"type": "string"}}
    made_of(tmp_path, {"parameters": [cookie]}, components={"securitySchemes": schemes})
    request = sent(tmp_path, "x.it", service, {"theme": "dark"}, sid=SECRET, csrf="c")
    assert sorted(request.headers["Cookie"].split("; ")) == ["csrf=c", f"sid={SECRET}", "theme=dark"]


@pytest.mark.parametrize("scheme", [
    {"type": "http", "scheme": "bearer"}, {"type": "apiKey", "in": "header", "name": "authorization"},
    {"type": "apiKey", "in": "header", "name": "Authorization"},
])  # fmt: skip
def test_a_header_that_a_scheme_sends_is_asked_for_once(scheme: dict[str, Any], tmp_path: Path) -> None:
    header = {"name": "Authorization", "in": "header", "schema": {"type": "string"}}
    made = made_of(tmp_path, {"parameters": [header]}, components={"securitySchemes": {"key": scheme}})
    assert len([one for one in made.credentials if one.secret]) == 1
    assert made.tasks["it"].parameters == ()


def test_the_form_of_an_answer_is_a_param_where_there_is_a_choice(tmp_path: Path, service: FakeService) -> None:
    """It could not be chosen: Accept was never one of the params."""
    accept = {"name": "Accept", "in": "header", "schema": {"type": "string", "enum": ["text/vtt", "application/x-srt"]}}
    made = made_of(tmp_path, {"parameters": [accept]})
    assert made.tasks["it"].parameters[0].choices == ("text/vtt", "application/x-srt")
    assert sent(tmp_path, "x.it", service, {"Accept": "text/vtt"}).headers["Accept"] == "text/vtt"


@pytest.mark.parametrize(("described", "said"), [
    ("application/xml; charset=utf-8", "application/xml; charset=utf-8"),
    ("application/json;version=2018-12-31", "application/json;version=2018-12-31"),
    ("application/json; odata=minimalmetadata", "application/json; odata=minimalmetadata"),
    ("Application/JSON ; charset=UTF-8", "application/json; charset=UTF-8"),
    ("text/plain; utf-8", "text/plain"), ("text/csv;x=\r\nX-Evil: 1", "text/csv"),
    ("application/json;", "application/json"),
])  # fmt: skip
def test_a_body_s_media_type_is_sent_with_all_that_it_says(
    described: str, said: str, tmp_path: Path, service: FakeService
) -> None:
    """The version of a body stood after a semicolon, and was left out."""
    plain = {"schema": {"type": "object"} if "json" in described.lower() else {"type": "string"}}
    made_of(tmp_path, {"requestBody": {"required": True, "content": {described: plain}}})
    body = {"a": 1} if "json" in described.lower() else "text"
    request = sent(tmp_path, "x.it", service, {"body": body})
    assert request.headers["Content-Type"] == said
    assert (json.loads(request.body) if isinstance(body, dict) else request.body.decode()) == body


def test_the_fields_of_a_body_keep_its_media_type(tmp_path: Path, service: FakeService) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    made_of(tmp_path, {"requestBody": {"content": {"application/json; v=2": {"schema": schema}}}})
    request = sent(tmp_path, "x.it", service, {"a": 1})
    assert (request.headers["Content-Type"], request.body) == ("application/json; v=2", b'{"a": 1}')


def test_bodies_go_as_the_description_says(root: Path, service: FakeService, tmp_path: Path) -> None:
    order = sent(root, "shop.create_order", service, {"customer": "Ada", "from": "2025-01-02"})
    assert order.json == {"customer": "Ada", "from": "2025-01-02"}
    line = sent(root, "shop.put_orders_order_id_lines_line_no", service,
                {"orderId": "a/b", "line-no": 3, "count": 2, "gift": True})  # fmt: skip
    assert (line.path, line.form) == ("/orders/a/b/lines/3", {"count": "2", "gift": "true"})
    assert sent(root, "shop.note", service, {"body": "größe"}).body == "größe".encode()
    gone = sent(root, "shop.class_", service, {"orderId": "1", "line-no": 2, "force": True})
    assert (gone.method, gone.headers["Cookie"], gone.body) == ("DELETE", "force=true", b"")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    picture = sent(root, "shop.upload", service, {"file": str(tmp_path / "a.png"), "title": "A"})
    assert b'name="title"\r\n\r\nA\r\n' in picture.body
    assert b'name="file"; filename="a.png"\r\n\r\n\x89PNG' in picture.body.replace(b"Content-Type: image/png\r\n", b"")


def test_a_body_of_parts_without_names_is_sent(tmp_path: Path, service: FakeService) -> None:
    """It was asked for, and then not sent: as it is where the API takes it so, else an object's values as the parts."""
    shape = {"schema": {"type": "object", "format": "file"}}
    contents = [("picture", {"application/octet-stream": shape, "multipart/form-data": shape}),
                ("parts", {"multipart/form-data": {"schema": {"type": "string", "format": "binary"}}})]  # fmt: skip
    paths = {f"/{name}": {"post": {"operationId": name, "requestBody": {"content": content, "required": True}}}
             for name, content in contents}  # fmt: skip
    file = tmp_path / "api.json"
    file.write_text(json.dumps(document(paths=paths)))
    write_from_description(tmp_path / "integrations", "some", str(file))
    picture = sent(tmp_path, "some.picture", service, {"body": b"\x89PNG"})
    assert (picture.body, picture.headers["content-type"]) == (b"\x89PNG", "application/octet-stream")
    parts = sent(tmp_path, "some.parts", service, {"body": {"title": "A", "tags": ["x", "y"]}})
    assert parts.headers["content-type"].startswith("multipart/form-data")
    assert [parts.body.count(one) for one in (b'name="title"', b'name="tags"', b"\r\nA\r\n")] == [1, 2, 1]


def test_swagger_2_is_read_as_well(root: Path, service: FakeService) -> None:
    listing = sent(root, "people.people_list", service, {"size": 5, "roles": ["a", "b"]}, q=SECRET)
    assert listing.query == {"size": "5", "roles": "a|b", "api_key": SECRET}
    added = sent(root, "people.people_add", service, {"name": "Ada", "age": 36}, username="u", password="p")
    assert (added.json, added.headers["Authorization"]) == ({"name": "Ada", "age": 36}, "Basic dTpw")
    assert sent(root, "people.login", service, {"user": "ada"}).form == {"user": "ada"}


def test_all_pages_are_asked_for_where_they_are_recognised(root: Path, service: FakeService) -> None:
    """By a number, by a cursor in the answer, by the Link header."""

    def everything(task: str, **credentials: str) -> Any:
        place = (root / "integrations" / task.partition(".")[0], task.partition(".")[2])
        return run_task(place, {"base_url": service.url, **credentials}, {"all_pages": True}).data

    service.on(
        "GET", "/orders", lambda r: Answer(json={"orders": {"1": [1, 2], "2": [3]}.get(r.query.get("page", "1"), [])})
    )
    assert everything("shop.list_orders") == [1, 2, 3]
    second = {"people": [3], "meta": {"next_cursor": ""}}
    service.on("GET", "/people", lambda r: Answer(
        json=second if "cursor" in r.query else {"people": [1, 2], "meta": {"next_cursor": "c"}}))  # fmt: skip
    assert everything("people.people_list", q=SECRET) == [1, 2, 3]
    service.on("GET", "/notes", lambda r: Answer(
        json=[1], headers={} if "p" in r.query else {"Link": f'<{service.url}/notes?p=2>; rel="next"'}))  # fmt: skip
    assert everything("notes.notes_list") == [1, 1]


def test_oauth_gets_an_access_token_by_itself(root: Path, service: FakeService) -> None:
    service.on("POST", "/token", json={"access_token": SECRET, "token_type": "bearer"})
    request = sent(root, "shop.note", service, {"body": "x"}, token_url=f"{service.url}/token", client_id="me",
                   client_secret="client-s3cret", scopes="read")  # fmt: skip
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert service.requests[0].form == {
        "grant_type": "client_credentials", "client_id": "me", "client_secret": "client-s3cret", "scope": "read",
    }  # fmt: skip


def test_an_access_token_that_ended_while_a_run_waited_is_renewed(root: Path, service: FakeService) -> None:
    """By the refresh token of the last answer; a call that is refused for its token did nothing, and is made again."""
    good = {"token-1"}
    given: list[dict[str, str]] = []

    def token(asked: Any) -> Answer:
        given.append(asked.form)
        good.add(f"token-{len(given)}")
        return Answer(json={"access_token": f"token-{len(given)}", "refresh_token": f"next-{len(given)}"})

    def note(asked: Any) -> Answer:
        known = asked.headers["Authorization"].removeprefix("Bearer ") in good
        return Answer(json={"ok": True}) if known else Answer(401, json={"message": "expired"})

    service.on("POST", "/token", token)
    service.on("POST", "/notes", note)
    credentials = {"base_url": service.url, "token_url": f"{service.url}/token", "client_id": "me"}
    kept = {"run_id": "run", "shared": Shared(), "owner": ("shop", "Shop")}

    def noted() -> Any:
        return run_task((root / "integrations" / "shop", "note"), credentials, {"body": "x"}, **kept)

    assert [noted().success, noted().success, len(given)] == [True, True, 1]
    good.clear()  # its time is over
    assert noted().success
    assert [one.get("refresh_token") for one in given] == [None, "next-1"]
    service.on("POST", "/notes", Answer(401, json={"message": "you may not"}))
    refused = noted()
    assert (refused.data["status"], refused.permanent, len(given)) == (401, True, 3)  # once more, and no more


@pytest.mark.parametrize(("lifetime", "times"), [(3600, 1), ("3600", 1), (None, 1), ("soon", 1), (0.02, 2)])
def test_an_access_token_is_used_until_shortly_before_its_end(
    root: Path, service: FakeService, lifetime: Any, times: int
) -> None:
    service.on("POST", "/token", Answer(json={"access_token": SECRET, "expires_in": lifetime}))
    credentials = {"base_url": service.url, "token_url": f"{service.url}/token", "client_id": "me"}
    kept = {"run_id": "run", "shared": Shared(), "owner": ("shop", "Shop")}
    for _ in range(2):
        assert run_task((root / "integrations" / "shop", "note"), credentials, {"body": "x"}, **kept).success
        time.sleep(0.02)
    assert [one.path for one in service.requests].count("/token") == times


def test_an_operation_of_any_method_becomes_a_task(tmp_path: Path, service: FakeService) -> None:
    """TRACE is of OpenAPI 3.0, QUERY and ``additionalOperations`` are of 3.2; what is no method is no operation."""
    named = {
        name: {"operationId": name, "responses": {}} for name in ("get_it", "trace_it", "query_it", "list_it", "no")
    }
    item = {
        "get": named["get_it"], "trace": named["trace_it"], "query": named["query_it"],
        "additionalOperations": {"LIST": named["list_it"], "not a method": named["no"]},
    }  # fmt: skip
    document = {"openapi": "3.2.0", "info": {"title": "Any", "version": "1"}, "paths": {"/a": item}}
    path = tmp_path / "any.json"
    path.write_text(json.dumps(document))
    assert write_from_description(tmp_path / "integrations", "any", str(path)).tasks == (
        "get_it", "trace_it", "query_it", "list_it",
    )  # fmt: skip
    tasks = folder(tmp_path, "any").tasks
    assert [tasks[name].effects for name in ("trace_it", "query_it", "list_it")] == ["read", "read", "write"]
    for name in ("trace_it", "query_it", "list_it"):
        assert run_task(tasks[name].function, {"base_url": service.url}, {}).success
    assert [one.method for one in service.requests] == ["TRACE", "QUERY", "LIST"]


def test_what_no_request_can_be_made_of_is_left_out_by_name_and_takes_no_name(tmp_path: Path) -> None:
    """An additional operation whose method is none, one that is there twice, and a path without a slash: not a word."""
    one = {"operationId": "same", "responses": {}}
    paths = {
        "b": {"get": one},
        "/a": {
            "get": one, "put": ["no"],
            "additionalOperations": {"not a method": one, "GET": one, "COPY": 3, "POST": {}},
        },
        "x-own": {"get": one},
    }  # fmt: skip
    path = tmp_path / "any.json"
    path.write_text(json.dumps({"openapi": "3.2.0", "info": {"title": "Any", "version": "1"}, "paths": paths}))
    made = write_from_description(tmp_path / "integrations", "any", str(path))
    assert made.tasks == ("same", "post_a")
    assert sorted(told.removesuffix(".") for told in made.left_out) == [
        "COPY /a: it is no object",
        "GET /a: it is described a second time, as get of its path",
        "GET b: its path does not begin with a slash",
        "NOT A METHOD /a: its method is none that HTTP allows",
        "PUT /a: it is no object",
    ]


def test_a_refused_request_is_a_failure_without_the_secret(root: Path, service: FakeService) -> None:
    service.on("POST", "/notes", status=401, json={"message": f"bad key {SECRET}"})
    result = run_task((root / "integrations" / "shop", "note"), {"base_url": service.url, "key": SECRET}, {"body": "x"})
    assert not result.success
    assert SECRET not in json.dumps([result.message, result.data])


# -- making and renewing -----------------------------------------------------------------------------------------------


def test_an_update_renews_what_was_made_and_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "api.json"
    source.write_text((EXAMPLES / "people.json").read_text())
    write_from_description(tmp_path, "mine", str(source), tags=["people"])
    own = tmp_path / "mine" / "tasks.py"
    own.write_text(own.read_text() + "\n\n# mine\n")
    document = json.loads(source.read_text())
    document["paths"]["/people/new"] = {"get": {"operationId": "people.new", "tags": ["people"], "responses": {}}}
    source.write_text(json.dumps(document))
    made = update_from_description(tmp_path, "mine")
    assert made.tasks == ("people_list", "people_add", "people_new")
    assert all("api" in path.parts for path in made.files)
    assert own.read_text().endswith("# mine\n")


def test_an_edit_of_a_generated_file_is_not_lost(tmp_path: Path) -> None:
    write_from_description(tmp_path, "mine", str(EXAMPLES / "notes.yaml"))
    edited = tmp_path / "mine" / "api" / "tasks.py"
    edited.write_text(edited.read_text() + "# precious\n")
    with pytest.raises(InputError, match="was edited"):
        update_from_description(tmp_path, "mine")
    assert edited.read_text().endswith("# precious\n")


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(AlreadyExists):
        write_from_description(tmp_path, "mine", str(EXAMPLES / "notes.yaml"))
    with pytest.raises(NotFound):
        update_from_description(tmp_path, "mine")


def test_of_many_operations_some_are_chosen_by_tag(tmp_path: Path) -> None:
    paths = {f"/a{n}": {"get": {"operationId": f"get{n}", "tags": ["odd" if n % 2 else "even"]}} for n in range(50)}
    source = tmp_path / "big.json"
    source.write_text(json.dumps({"openapi": "3.0.0", "info": {"title": "Big"}, "paths": paths}))
    with pytest.raises(InputError, match=r"50 operations.*--tag: even \(25\), odd \(25\)"):
        write_from_description(tmp_path, "big", str(source))
    assert not (tmp_path / "big").exists()
    assert len(write_from_description(tmp_path, "odd", str(source), tags=["odd"]).tasks) == 25
    assert len(write_from_description(tmp_path, "some", str(source), patterns=["get1*", "GET /a2"]).tasks) == 12
    with pytest.raises(InputError, match="no operation is of that choice"):
        write_from_description(tmp_path, "none", str(source), tags=["prime"])


def test_the_operations_can_be_listed_for_a_picker() -> None:
    first = operations_in(str(EXAMPLES / "shop.yaml"))[0]
    assert (first.name, first.method, first.path, first.tags) == ("list_orders", "GET", "/orders", ("orders",))


def test_the_command_line_makes_and_renews(tmp_path: Path) -> None:
    def run(*args: str) -> Any:
        return CliRunner().invoke(cli, ["-C", str(tmp_path), "new", "integration", "shop", *args])

    done = run("--openapi", str(EXAMPLES / "shop.yaml"), "--tag", "orders")
    assert done.exit_code == 0, done.output
    assert "integrations/shop/api/tasks.py" in done.output
    assert run("--update").exit_code == 0
    assert run("--plain", "--update").exit_code == 2


# -- descriptions that are broken, or hostile --------------------------------------------------------------------------


def document(**fields: Any) -> dict[str, Any]:
    return {"openapi": "3.0.0", "info": {"title": "T"}, "paths": {"/a": {"get": {"operationId": "a"}}}, **fields}


def with_body(schema: Any, **fields: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": schema}}}
    return document(paths={"/a": {"post": {"operationId": "a", "requestBody": body}}}, **fields)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no description"),
        ("[1, 2]", "no description"),
        ("<html>", "no description"),
        ('{"openapi": "3.0.0"', r"api:1:20: is not JSON"),
        ("openapi: 3.0.0\n  a: [", r"api:\d+:\d+: is not YAML"),
        ('{"openapi": "4.0"}', "version"),
        ("swagger: 1.2", "version"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("a: " + "[" * 5000, "nest|is not YAML"),  # by the age of its library
        ("openapi: 3.0.0\npaths: !!python/object/apply:os.system [touch /tmp/x]", "not YAML"),
        (json.dumps(with_body({"$ref": "other.yaml#/A"})), "another document"),
        (json.dumps(with_body({"$ref": "http://x.org/a.json"})), "another document"),
        (json.dumps(with_body({"$ref": "file:///etc/passwd"})), "another document"),
        (json.dumps(with_body({"$ref": "#/nowhere"})), "leads to nothing"),
        (json.dumps(with_body({"$ref": "#/x"}, x={"$ref": "#/x"})), "leads to itself"),
        (json.dumps(document(paths={})), "describes no operation"),
        (json.dumps(document(paths=[1])), "describes no operation"),
        (json.dumps({**document(paths={}), "webhooks": {"sold": {"post": {}}}}), "describes no operation"),
    ],
)
def test_what_is_no_description_is_a_clear_error(tmp_path: Path, text: str, says: str) -> None:
    source = tmp_path / "api"
    source.write_text(text)
    with pytest.raises(FlowbookError, match=says):
        write_from_description(tmp_path, "mine", str(source))
    assert not (tmp_path / "mine").exists()


def test_an_operation_that_is_described_wrongly_is_left_out_and_told_of(tmp_path: Path) -> None:
    bad = {"get": {"operationId": "bad", "parameters": [{"$ref": "other.yaml#/p"}]}}
    source = tmp_path / "api.json"
    source.write_text(json.dumps(document(paths={"/a": {"get": {"operationId": "a"}}, "/b": bad})))
    made = write_from_description(tmp_path, "mine", str(source))
    assert made.tasks == ("a",)
    assert made.left_out[0].startswith("GET /b: it refers to another document")


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"$ref": "#/x"}, {"$ref": "#/x"}, {"$ref": "#/x"}]},
        {"oneOf": [{"$ref": "#/x"}] * 20},
        {"type": "array", "items": {"$ref": "#/x"}},
        {"type": "object", "properties": {"a": {"$ref": "#/x"}}},
    ],
)
def test_schemas_that_hold_themselves_end(schema: dict[str, Any]) -> None:
    """With an operation made, or an error that says so; in bounded time."""
    description = parse_description(json.dumps(with_body({"$ref": "#/x"}, x=schema)).encode(), "api")
    with contextlib.suppress(FileFormatError):
        operation_of(description, entries(description)[0])


NASTY = st.text(max_size=20) | st.sampled_from([
    "x'); __import__('os').system('touch /tmp/owned') #", '"""', "'''", "\\", '\\"""\nimport os\n"""', "{x}",
    "${{ a }}", "__class__", "import os", "None", "class", "match", "a\nb", "a\r\nimport os", "\u2028import os", "\x00",
    "ｏｓ", "𝟏", "self", "lambda: 0", "model_config", "@NAME@", "%s", "Credentials", "send", "str", "\ud800", "../",
    "", " ", "a" * 300, "1",
])  # fmt: skip


@given(NASTY)
def test_every_name_that_reaches_source_is_a_name(text: str) -> None:
    taken: set[str] = set()
    for name in (identifier(text, taken), identifier(text, taken), class_name(identifier(text, set()), set())):
        assert name.isascii()
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not name.startswith("_")


@given(NASTY)
def test_every_text_that_reaches_source_stays_that_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert ast.literal_eval(literal({text: [text, (text,), 1, True, None, 1.5]})) == {
        text: [text, (text,), 1, True, None, 1.5]
    }
    line = one_line(text)
    assert ast.literal_eval(docstring(line)) == line
    assert "\n" not in literal(text)


SCHEMAS = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "object", "array", "boolean"]), "description": NASTY},
    optional={
        "enum": st.lists(NASTY | st.integers(), max_size=3),
        "default": NASTY,
        "format": NASTY,
        "minimum": st.integers() | NASTY,
    },
)


@settings(max_examples=60)
@given(
    title=NASTY, id=NASTY, name=NASTY, path=NASTY, schema=SCHEMAS, media=NASTY, key=NASTY, url=NASTY, tag=NASTY,
    place=st.sampled_from(["query", "header", "cookie", "path"]),
)  # fmt: skip
def test_no_code_of_a_description_reaches_the_source(
    title: str,
    id: str,
    name: str,
    path: str,
    schema: dict[str, Any],
    media: str,
    key: str,
    url: str,
    tag: str,
    place: str,
) -> None:
    """Whatever its names and texts are: the files hold what they hold for a harmless one, with other constants."""
    operation = {
        "operationId": id, "summary": title, "description": name, "tags": [tag], "servers": [{"url": "https://" + url}],
        "parameters": [{"name": name, "in": place, "schema": schema, "required": True}],
        "requestBody": {"content": {media: {"schema": {"type": "object", "properties": {name: schema, id: schema}}}}},
    }  # fmt: skip
    written = {
        "openapi": "3.0.0", "info": {"title": title}, "servers": [{"url": url}, {"url": "https://x.org/" + url}],
        "paths": {"/" + path: {"post": operation, "get": {**operation, "operationId": name}}},
        "components": {"securitySchemes": {
            key: {"type": "apiKey", "in": "header", "name": name, "description": title},
            "o": {"type": "oauth2", "flows": {
                "clientCredentials": {"tokenUrl": url, "scopes": {name: title}},
                "authorizationCode": {"tokenUrl": url, "authorizationUrl": "https://x.org/" + url, "scopes": {}}}}}},
    }  # fmt: skip
    raw = json.dumps(written).encode()
    description = parse_description(raw, "api")
    security = security_of(description)
    made = [operation_of(description, one) for one in entries(description)]
    texts = {**sources(title, security, made), **own_sources("mine", title, made, security)}
    for file, text in texts.items():
        if file.endswith(".py") and file != "api/request.py":
            check_shape(ast.parse(text))


def test_no_page_of_a_description_is_told_a_secret() -> None:
    """A name in braces would be filled with that credential."""
    flow = {"tokenUrl": "https://x.org/t", "authorizationUrl": "https://x.org/{client_secret}"}
    schemes = {"o": {"type": "oauth2", "flows": {"authorizationCode": flow}}}
    written = {"openapi": "3.0.0", "info": {"title": "T"}, "paths": {}, "components": {"securitySchemes": schemes}}
    assert security_of(parse_description(json.dumps(written).encode(), "api")).authorize == ""
    flow["authorizationUrl"] = "https://x.org/a"
    assert security_of(parse_description(json.dumps(written).encode(), "api")).authorize == "https://x.org/a"


CALLED = {"Field", "Service", "Places", "Pages", "send", "task", "probe"}
STATEMENTS = (
    ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.Expr, ast.Return,
    ast.Assert, ast.With, ast.For,
)  # fmt: skip
ATTRIBUTES = {
    "Params", "Credentials", "OAuth2", "url", "on", "success", "message", "requests", "kind", "resolve", "parent",
    "__all__",
}  # fmt: skip


def check_shape(tree: ast.Module) -> None:
    """Nothing but the statements, calls and imports that the generator writes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            assert isinstance(node, STATEMENTS)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id in CALLED | {"fake_service", "run_task", "check_contract", "str", "Path", "len"}
        if isinstance(node, ast.Import):
            raise AssertionError("an import")
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert node.module in ("__future__", "typing", "pydantic", "flowbook", "flowbook.testing", "pathlib")
        if isinstance(node, ast.Attribute):
            of_models = isinstance(node.value, ast.Name) and node.value.id == "models"
            assert of_models or node.attr in ATTRIBUTES


def test_an_update_says_what_it_changed(tmp_path: Path) -> None:
    source = tmp_path / "api.json"
    number = {"name": "n", "in": "query", "schema": {"type": "integer"}}
    old = {"/a": {"get": {"operationId": "a", "parameters": [number, {"name": "was", "in": "query"}]}},
           "/b": {"get": {"operationId": "b"}}, "/c": {"get": {"operationId": "c"}},
           "/d": {"post": {"operationId": "d"}}}  # fmt: skip
    new = {"/a": {"get": {"operationId": "a", "parameters": [{"name": "n", "in": "query", "required": True,
                                                              "schema": {"type": "string"}}]}},
           "/moved/b": {"get": {"operationId": "b"}}, "/e": {"get": {"operationId": "e"}},
           "/d": {"put": {"operationId": "d"}}}  # fmt: skip
    for paths in (old, new):
        source.write_text(json.dumps({"openapi": "3.0.0", "info": {"title": "T"}, "paths": paths}))
        if paths is old:
            write_from_description(tmp_path, "mine", str(source))
    assert list(renewal_from_description(tmp_path, "mine").changes.lines()) == [
        "New: e",
        "Gone: c",
        "Changed: a: param n: int, from now on str; param was goes",
        "Changed: b: its request is made in another way",
        "Changed: d: its effects: write, from now on idempotent; its request is made in another way",
    ]


def test_what_stays_as_it_is_is_not_read_to_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large API that takes as long as all the rest; each generated file was read for either side."""
    write_from_description(tmp_path, "a", str(next(EXAMPLES.iterdir())))
    monkeypatch.setattr("flowbook.authoring.openapi.changes.parse_statements", lambda *args: pytest.fail("was read"))
    assert not list(renewal_from_description(tmp_path, "a").changes.lines())
