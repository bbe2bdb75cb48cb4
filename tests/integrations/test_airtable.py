"""The Airtable tasks, against a local server that answers as Airtable does.

https://airtable.com/developers/web/api: list-records, get-record, create-records, update-multiple-records,
delete-multiple-records, list-bases, get-base-schema, list-comments, upload-attachment, errors and rate-limits, whose
example answers these are made of.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request
from integrations import airtable
from tests.integrations.examples import examples
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "patAbCdEf0123456.0123456789abcdef0123456789abcdef"
BASE, TABLE, RECORD = "appLkNDICXNqxSDhG", "tbltp8DGLhqbUmjK1", "rec560UJdUtocSouk"
AT = {"base": BASE, "table": "Orders"}
PATH = f"/v0/{BASE}/Orders"


def record(number: int = 0, **fields: Any) -> dict[str, Any]:
    created = "2022-09-12T21:03:48.000Z"
    return {"id": f"rec{number:014d}", "createdTime": created, "fields": fields or {"Name": f"Order {number}"}}


def refused(status: int, code: str, message: str = "") -> Answer:
    """https://airtable.com/developers/web/api/errors: an object, or just a code."""
    return Answer(status, json={"error": {"type": code, "message": message} if message else code})


LIMIT = Answer(
    429,
    json={"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]},
)


@pytest.fixture
def account(service: FakeService, waits: list[float], pauses: list[float]) -> dict[str, str]:
    return {"token": TOKEN, "base_url": service.url, "content_url": f"{service.url}/content"}


failed = failing_without(TOKEN)


def test_the_connection_is_tried_by_asking_whose_token_it_is(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", "/v0/meta/whoami", json={"id": "usr12345", "email": "ada@example.com", "scopes": []})
    assert succeeded(airtable.test_connection(account, {}))["id"] == "usr12345"
    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def pages(count: int) -> Any:
    """List records: a hundred a page, the next by its offset."""

    def answer(request: Request) -> Answer:
        start = int(request.json.get("offset", "0").rpartition("/")[2])
        end = min(count, start + request.json["pageSize"])
        more = {"offset": f"itrABC/{end}"} if end < count else {}
        return Answer(json={"records": [record(number) for number in range(start, end)], **more})

    return answer


def test_records_come_page_by_page_as_rows(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", f"{PATH}/listRecords", pages(250))
    asked = {"formula": "{Status} = 'Open'", "sort": "-Due, Name", "fields": "Name, Due", "view": "Grid view"}
    rows = succeeded(airtable.list_records(account, {**AT, **asked, "all": True}))
    assert [row["Name"] for row in rows] == [f"Order {number}" for number in range(250)]
    assert rows[0] == {"id": "rec00000000000000", "created_time": "2022-09-12T21:03:48.000Z", "Name": "Order 0"}
    assert service.requests[0].json == {
        "view": "Grid view",
        "filterByFormula": "{Status} = 'Open'",
        "fields": ["Name", "Due"],
        "sort": [{"field": "Due", "direction": "desc"}, {"field": "Name", "direction": "asc"}],
        "pageSize": 100,
    }
    some = airtable.list_records(account, {**AT, "limit": 120, "as": "records"})
    assert (len(succeeded(some)), succeeded(some)[0]["fields"]) == (120, {"Name": "Order 0"})
    assert "and there are more" in some["message"]


def test_a_base_is_named_exactly_by_id_or_by_link(service: FakeService, account: dict[str, str]) -> None:
    bases = [{"id": "appAAAAAAAAAAAAAA", "name": "Shop 2"}, {"id": BASE, "name": "Shop", "permissionLevel": "create"}]
    first, second = Answer(json={"bases": bases[:1], "offset": "itr1"}), Answer(json={"bases": bases[1:]})
    service.on("GET", "/v0/meta/bases", lambda request: second if request.query.get("offset") else first)
    service.on("GET", f"{PATH}/{RECORD}", json=record(1))
    service.on("GET", f"/v0/{BASE}/{TABLE}/{RECORD}", json=record(2))
    one = {"table": "Orders", "record": RECORD}
    assert succeeded(airtable.get_record(account, {**one, "base": "Shop"}))["Name"] == "Order 1"
    assert "no base called 'shop'" in failed(airtable.get_record(account, {**one, "base": "shop"}))["message"]
    link = f"https://airtable.com/{BASE}/{TABLE}/viwABC?blocks=hide"
    assert succeeded(airtable.get_record(account, {"base": link, "table": link, "record": RECORD}))["Name"] == "Order 2"
    assert succeeded(airtable.list_bases(account, {})) == bases


def test_one_record_is_found_by_what_a_field_holds(service: FakeService, account: dict[str, str]) -> None:
    """A quote or a brace in a value or a name ends nothing."""
    two = [record(1, Name="O'Neil"), record(2, Name="o'neil")]
    service.on("POST", f"{PATH}/listRecords", json={"records": two})
    found = succeeded(airtable.find_record(account, {**AT, "field": "Name", "value": "O'Neil"}))
    assert found["id"] == "rec00000000000001"
    assert service.requests[0].json["filterByFormula"] == "{Name} = 'O\\'Neil'"
    several = failed(airtable.find_record(account, {**AT, "field": "a}b", "value": 5}))
    assert "there are 2 records" in several["message"]
    assert service.requests[1].json["filterByFormula"] == "{a\\}b} = 5"
    alike = {**record(1), "fields": {"Name": "ANN@EXAMPLE.COM"}}
    service.on("POST", f"{PATH}/listRecords", json={"records": [alike]})
    other = failed(airtable.find_record(account, {**AT, "field": "Name", "value": "ann@example.com"}))
    assert "no record whose Name is 'ann@example.com'; what was found is 'ANN@EXAMPLE.COM'." in other["message"]
    service.on("POST", f"{PATH}/listRecords", json={"records": []})
    assert "there is no record" in failed(airtable.find_record(account, {**AT, "field": "N", "value": "x"}))["message"]


def written(request: Request) -> Answer:
    """What comes of records that are written."""
    sent = request.json["records"]
    return Answer(json={"records": [{**record(n), **one} for n, one in enumerate(sent)]})


def test_records_are_made_ten_a_request(service: FakeService, account: dict[str, str], waits: list[float]) -> None:
    """Five requests a second are allowed: the task keeps below that."""
    service.on("POST", PATH, written)
    rows = [{"Name": f"Order {number}"} for number in range(25)]
    made = succeeded(airtable.create_records(account, {**AT, "records": rows, "typecast": True}))
    assert [row["Name"] for row in made] == [row["Name"] for row in rows]
    assert [len(request.json["records"]) for request in service.requests] == [10, 10, 5]
    assert service.requests[0].json["records"][0] == {"fields": {"Name": "Order 0"}}
    assert service.requests[0].json["typecast"] is True
    assert waits == [0.21, 0.21]


def test_what_failed_tells_how_much_was_done(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", PATH, [written, refused(422, "UNKNOWN_FIELD_NAME", 'Unknown field name: "Nam"')])
    result = failed(airtable.create_records(account, {**AT, "records": [{"Nam": 1}] * 15}))
    assert "10 of 15 records were made before." in result["message"]
    assert result["data"]["may_have_taken_effect"] is True  # nobody makes them twice
    assert (result["data"]["done"], result["data"]["given"], result["permanent"]) == (10, 15, True)
    assert 'Unknown field name: "Nam" (UNKNOWN_FIELD_NAME)' in result["message"]


@pytest.mark.parametrize("records", [[], "x", [1], None])
def test_what_is_no_record_is_refused(service: FakeService, account: dict[str, str], records: Any) -> None:
    assert "not understood" in failed(airtable.create_records(account, {**AT, "records": records}))["message"]
    assert service.requests == []


def test_a_table_of_pandas_is_written_as_its_rows(service: FakeService, account: dict[str, str]) -> None:
    pandas = pytest.importorskip("pandas")
    service.on("POST", PATH, written)
    frame = pandas.DataFrame({"Name": ["a", None], "Total": [1.5, 2]})
    succeeded(airtable.create_records(account, {**AT, "records": frame}))
    assert [one["fields"] for one in service.requests[0].json["records"]] == [
        {"Name": "a", "Total": 1.5},
        {"Name": None, "Total": 2.0},
    ]


def test_rows_that_were_read_can_be_written_back(service: FakeService, account: dict[str, str]) -> None:
    service.on("PATCH", PATH, [Answer(503, body="busy"), written])
    service.on("PUT", PATH, written)
    row = {"id": RECORD, "created_time": "2022-09-12T21:03:48.000Z", "Name": "a"}
    assert succeeded(airtable.update_records(account, {**AT, "records": row}))[0]["id"] == RECORD
    raw = {"id": RECORD, "fields": {"Name": "a"}}
    succeeded(airtable.update_records(account, {**AT, "records": [raw], "replace": True}))
    assert [request.method for request in service.requests] == ["PATCH", "PATCH", "PUT"]
    assert all(request.json["records"] == [raw] for request in service.requests)
    assert "no id" in failed(airtable.update_records(account, {**AT, "records": {"Name": "a"}}))["message"]


def test_records_are_changed_where_they_are_there_and_else_made(service: FakeService, account: dict[str, str]) -> None:
    answer = {
        "records": [record(1), record(2)],
        "createdRecords": [record(1)["id"]],
        "updatedRecords": [record(2)["id"]],
    }
    service.on("PATCH", PATH, json=answer)
    params = {**AT, "records": [{"Name": "a"}, {"Name": "b"}], "match_on": "Name"}
    data = succeeded(airtable.upsert_records(account, params))
    assert (data["created"], data["updated"], len(data["rows"])) == ([record(1)["id"]], [record(2)["id"]], 2)
    assert service.requests[0].json["performUpsert"] == {"fieldsToMergeOn": ["Name"]}


def test_records_are_deleted_by_their_ids(service: FakeService, account: dict[str, str]) -> None:
    def gone(request: Request) -> Answer:
        return Answer(json={"records": [{"id": id, "deleted": True} for id in request.query_lists["records[]"]]})

    service.on("DELETE", PATH, gone)
    ids = [record(number)["id"] for number in range(12)]
    assert succeeded(airtable.delete_records(account, {**AT, "records": ids})) == {"deleted": ids}
    assert len(service.requests) == 2
    service.on("DELETE", PATH, Answer(502, body="bad"))
    failed(airtable.delete_records(account, {**AT, "records": RECORD}))
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(401, "AUTHENTICATION_REQUIRED", "Authentication required"), "unauthorized", "create/tokens"),
        (refused(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "Invalid permissions"), "forbidden", "has access"),
        (refused(404, "NOT_FOUND"), "not_found", "record's ID"),
        (refused(422, "INVALID_VALUE_FOR_COLUMN", 'Field "Total" cannot accept the value'), "invalid", "typecast"),
        (refused(413, "REQUEST_TOO_LARGE"), "invalid", "REQUEST_TOO_LARGE"),
    ],
)
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, account: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("POST", PATH, answer)
    result = failed(airtable.create_records(account, {**AT, "records": {"Name": "a"}}))
    assert (result["data"]["kind"], result["permanent"]) == (kind, True)
    assert words in result["message"]


def test_after_a_limit_half_a_minute_is_waited(
    service: FakeService, account: dict[str, str], pauses: list[float]
) -> None:
    """Airtable names no time in its answer."""
    service.on("POST", PATH, [LIMIT, written])
    succeeded(airtable.create_records(account, {**AT, "records": {"Name": "a"}}))
    assert pauses == [30.0]


def test_the_limit_of_a_month_does_not_pass(service: FakeService, account: dict[str, str]) -> None:
    used = {"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "The API billing plan limit has been exceeded."}
    service.on("POST", PATH, Answer(429, json={"errors": [used]}))
    result = failed(airtable.create_records(account, {**AT, "records": {"Name": "a"}}))
    assert (result["data"]["kind"], result["permanent"]) == ("rate_limited", True)
    assert "used up" in result["message"]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, body="bad"),
        Answer(drop=True),
        Answer(json={"status": "maintenance"}),
        Answer(json=[]),
        Answer(body="<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
    ],
)
def test_what_is_no_answer_of_airtable_is_no_success(
    service: FakeService, account: dict[str, str], answer: Answer
) -> None:
    service.on("POST", "/v0/{rest:path}", answer)
    one = {**AT, "record": RECORD}
    failed(airtable.create_records(account, {**AT, "records": {"Name": "a"}}))
    failed(airtable.add_comment(account, {**one, "text": "x"}))
    failed(airtable.create_table(account, {"base": BASE, "name": "T", "fields": [{"name": "a", "type": "date"}]}))
    assert len(service.requests) == 3


def test_tables_fields_and_comments(service: FakeService, account: dict[str, str]) -> None:
    tables = [{"id": TABLE, "name": "Orders", "primaryFieldId": "fld1", "fields": [], "views": []}]
    service.on("GET", f"/v0/meta/bases/{BASE}/tables", json={"tables": tables})
    service.on("POST", f"/v0/meta/bases/{BASE}/tables", json=tables[0])
    service.on("POST", f"/v0/meta/bases/{BASE}/tables/{TABLE}/fields", json={"id": "fld2", "name": "Cost"})
    assert succeeded(airtable.list_tables(account, {"base": BASE})) == tables
    fields = [{"name": "Name", "type": "singleLineText"}]
    assert succeeded(airtable.create_table(account, {"base": BASE, "name": "T", "fields": fields}))["id"] == TABLE
    cost = {"name": "Cost", "type": "number", "options": {"precision": 2}}
    assert succeeded(airtable.create_field(account, {**AT, **cost}))["id"] == "fld2"
    assert service.requests[-1].json == cost
    comment = {"id": "com1", "text": "hi", "author": {"id": "usr1"}, "createdTime": "2021-03-01T09:00:00.000Z"}
    path = f"{PATH}/{RECORD}/comments"
    service.on("GET", path, [Answer(json={"comments": [comment], "offset": "o"}), Answer(json={"comments": [comment]})])
    service.on("POST", path, json=comment)
    one = {**AT, "record": RECORD}
    assert len(succeeded(airtable.list_comments(account, {**one, "all": True}))) == 2
    assert succeeded(airtable.add_comment(account, {**one, "text": "hi"})) == comment


def test_attachments_go_up_and_come_down(service: FakeService, account: dict[str, str], tmp_path: Path) -> None:
    """Up in base64 to a host of their own, down from an address that gives access by itself: the token stays here."""
    service.on("POST", f"/content/v0/{BASE}/{RECORD}/Files/uploadAttachment", json=record(1))
    url = f"{service.url}/v5/secretpath0123456789/a.txt"
    files = [{"id": "att1", "url": url, "filename": "a.txt", "size": 5, "type": "text/plain"}]
    service.on("GET", f"{PATH}/{RECORD}", json=record(1, Files=files))
    service.on("GET", "/v5/secretpath0123456789/a.txt", [Answer(body="hello"), Answer(403, body=f"Expired: {url}")])
    one = {**AT, "record": RECORD, "field": "Files"}
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        succeeded(airtable.upload_attachment(account, {**one, "content": "hello", "file_name": "a.txt"}))
        data = succeeded(airtable.download_attachment(account, {**one, "file_path": "in/"}))
        assert (data["name"], (tmp_path / "in" / "a.txt").read_text()) == ("a.txt", "hello")
        missing = failed(airtable.download_attachment(account, {**one, "name": "b.txt"}))
        assert "that it has: a.txt" in missing["message"]
        expired = failed(airtable.download_attachment(account, {**one, "file_path": "b.txt"}))
        assert "secretpath0123456789" not in json.dumps(expired)
    assert service.requests[0].json == {
        "contentType": "text/plain", "filename": "a.txt", "file": base64.b64encode(b"hello").decode()
    }  # fmt: skip
    down = next(request for request in service.requests if request.path.startswith("/v5"))
    assert "Authorization" not in down.headers
    large = {**one, "content": "x" * 5_000_001, "file_name": "x.txt"}
    assert "5 MB" in failed(airtable.upload_attachment(account, large))["message"]


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(airtable.__file__).parent)) == set(airtable.__all__)
