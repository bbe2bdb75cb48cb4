"""The Google Sheets tasks, against a local server that answers as Google's API does.

https://developers.google.com/workspace/sheets/api/reference/rest: spreadsheets (get, create, batchUpdate) and
spreadsheets.values (get, update, append, clear, batchClear); errors as https://cloud.google.com/apis/design/errors
says; limits as https://developers.google.com/workspace/sheets/api/limits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks.oauth2 import oauth2_of
from flowbook.testing import Answer, FakeService
from integrations import google_sheets
from integrations.google_sheets.models import Credentials
from tests.integrations.examples import examples
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "ya29.a0AfH6SMBx-secretsecretsecret"
ID = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
BOOK = f"/v4/spreadsheets/{ID}"
AT = {"spreadsheet": ID, "sheet": "O'Neil"}
PLACE = "'O''Neil'"


def sheet(title: str, number: int = 0, rows: int = 1000, columns: int = 26) -> dict[str, Any]:
    grid = {"rowCount": rows, "columnCount": columns}
    kind = {"sheetType": "GRID", "index": number}
    return {"properties": {"sheetId": number, "title": title, **kind, "gridProperties": grid}}


def about(*sheets: dict[str, Any]) -> dict[str, Any]:
    url = f"https://docs.google.com/spreadsheets/d/{ID}/edit"
    return {"spreadsheetId": ID, "properties": {"title": "Shop"}, "sheets": list(sheets), "spreadsheetUrl": url}


def refused(status: int, code: str, message: str, **more: Any) -> Answer:
    return Answer(status, json={"error": {"code": status, "message": message, "status": code, **more}})


@pytest.fixture
def account(service: FakeService, pauses: list[float]) -> dict[str, str]:
    service.json_type = "application/json; charset=UTF-8"
    service.on("GET", BOOK, json=about(sheet("Orders"), sheet("O'Neil", 7)))
    return {"oauth2": TOKEN, "base_url": service.url}


failed = failing_without(TOKEN)


def held(service: FakeService, place: str, values: list[list[Any]] | None) -> None:
    """What a range holds; the field is left out when it is empty."""
    answer: dict[str, Any] = {"range": place, "majorDimension": "ROWS"}
    service.on("GET", f"{BOOK}/values/{place}", json=answer if values is None else {**answer, "values": values})


def test_the_sign_in_is_tried_by_what_is_not_there(service: FakeService, account: dict[str, str]) -> None:
    missing = refused(404, "NOT_FOUND", "Requested entity was not found.")
    service.on("GET", "/v4/spreadsheets/flowbook-asks-for-what-is-not-there", missing)
    assert succeeded(google_sheets.test_connection(account, {}))["status"] == "connected"
    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert succeeded(google_sheets.test_connection(account, {"spreadsheet": ID}))["title"] == "Shop"
    elsewhere = Answer(404, body="<html><title>Not found</title></html>", headers={"Content-Type": "text/html"})
    service.on("GET", "/v4/spreadsheets/flowbook-asks-for-what-is-not-there", elsewhere)
    failed(google_sheets.test_connection(account, {}))


def test_a_sheet_is_read_by_the_names_of_its_first_row(service: FakeService, account: dict[str, str]) -> None:
    """What is empty at the end of a row is not in the answer."""
    held(service, PLACE, [["Name", "Total", "Name", ""], ["a", 1.5, "", True], ["b"]])
    assert succeeded(google_sheets.read_rows(account, AT)) == [
        {"Name": "a", "Total": 1.5, "Name_2": None, "column_4": True},
        {"Name": "b", "Total": None, "Name_2": None, "column_4": None},
    ]
    asked = service.requests[-1].query
    assert asked == {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
    held(service, "'Orders'", None)
    assert succeeded(google_sheets.read_rows(account, {"spreadsheet": ID})) == []


def test_cells_are_read_as_they_are(service: FakeService, account: dict[str, str]) -> None:
    held(service, f"{PLACE}!B2:C3", [["=A1"], [1, 2]])
    rows = succeeded(google_sheets.read_values(account, {**AT, "cells": "B2:C3", "formulas": True}))
    assert rows == [["=A1", None], [1, 2]]
    assert service.requests[-1].query["valueRenderOption"] == "FORMULA"


@pytest.mark.parametrize(
    "given",
    [ID, f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0", f"https://docs.google.com/spreadsheets/u/1/d/{ID}"],
)
def test_a_spreadsheet_is_named_by_id_or_link(service: FakeService, account: dict[str, str], given: str) -> None:
    data = succeeded(google_sheets.get_spreadsheet(account, {"spreadsheet": given}))
    assert (data["title"], data["sheets"][1]) == ("Shop", {"id": 7, "title": "O'Neil", "rows": 1000, "columns": 26})


@pytest.mark.parametrize("given", ["", "https://example.com/x", "a/../b", "short"])
def test_what_is_no_spreadsheet_is_refused(service: FakeService, account: dict[str, str], given: str) -> None:
    assert "spreadsheet" in failed(google_sheets.get_spreadsheet(account, {"spreadsheet": given}))["message"]
    assert service.requests == []


def appended(service: FakeService) -> None:
    updates = {"spreadsheetId": ID, "updatedRange": f"{PLACE}!A5:B6", "updatedRows": 2}
    service.on("POST", f"{BOOK}/values/{PLACE}:append", json={"spreadsheetId": ID, "updates": updates})
    service.on("PUT", f"{BOOK}/values/{PLACE}!A1", json={"spreadsheetId": ID, "updatedRange": f"{PLACE}!A1:C1"})


def test_rows_go_below_the_names_of_the_first_row(service: FakeService, account: dict[str, str]) -> None:
    """A formula in a text does not run, unless it is asked for."""
    held(service, f"{PLACE}!1:1", [["Name", "", "Total"]])
    appended(service)
    rows = [{"Total": 2, "Name": "=1+1"}, {"Name": None}]
    data = succeeded(google_sheets.append_rows(account, {**AT, "rows": rows}))
    assert data == {"range": f"{PLACE}!A5:B6", "rows": 2}
    call = service.requests[-1]
    assert call.query == {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
    assert call.json == {"values": [["=1+1", None, 2], ["", None, ""]]}
    unknown = failed(google_sheets.append_rows(account, {**AT, "rows": {"Nam": 1}}))
    assert "There are: Name, Total" in unknown["message"]
    assert unknown["permanent"]
    succeeded(google_sheets.append_rows(account, {**AT, "rows": {"Due": "1.1."}, "add_columns": True, "parse": True}))
    names, last = service.requests[-2:]
    assert (names.method, names.json) == ("PUT", {"values": [["Name", "", "Total", "Due"]]})
    assert last.query["valueInputOption"] == "USER_ENTERED"


def test_rows_are_known_by_a_column_and_only_their_cells_change(service: FakeService, account: dict[str, str]) -> None:
    """https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/batchUpdate."""
    held(service, PLACE, [["Id", "", "Total"], [1, "x", 5], ["2"], [1, "again"]])
    service.on(
        "POST", f"{BOOK}/values:batchUpdate", json={"spreadsheetId": ID, "totalUpdatedCells": 2, "responses": []}
    )
    rows = [{"Id": "1", "Total": "=1+1"}, {"Id": 2.0, "Total": None}]
    data = succeeded(google_sheets.update_rows(account, {**AT, "rows": rows, "match_on": "Id"}))
    assert data == {"updated": 2, "added": 0}
    assert service.requests[-1].json == {
        "valueInputOption": "RAW",
        "data": [{"range": f"{PLACE}!C2", "values": [["=1+1"]]}, {"range": f"{PLACE}!C3", "values": [[""]]}],
    }
    place = {**AT, "rows": [{"row_number": 4, "Total": 1}], "match_on": "row_number"}
    assert succeeded(google_sheets.update_rows(account, place))["updated"] == 1
    assert service.requests[-1].json["data"][0]["range"] == f"{PLACE}!C4"


def test_a_row_that_is_not_there_is_an_error_or_is_added(service: FakeService, account: dict[str, str]) -> None:
    held(service, PLACE, [["Id", "Total"], [1, 5]])
    held(service, f"{PLACE}!1:1", [["Id", "Total"]])
    appended(service)
    asked = {**AT, "rows": [{"Id": 9, "Total": 1}], "match_on": "Id"}
    assert "add_missing" in failed(google_sheets.update_rows(account, asked))["message"]
    assert {one.method for one in service.requests} == {"GET"}
    assert succeeded(google_sheets.update_rows(account, {**asked, "add_missing": True})) == {"updated": 0, "added": 1}
    assert service.requests[-1].json == {"values": [[9, 1]]}
    for wrong in ({"match_on": "Nope"}, {"rows": [[1]]}, {"rows": [{"Id": 1, "New": 2}]}):
        failed(google_sheets.update_rows(account, {**asked, **wrong}))


def test_an_empty_sheet_gets_the_names_first(service: FakeService, account: dict[str, str]) -> None:
    held(service, f"{PLACE}!1:1", None)
    appended(service)
    succeeded(google_sheets.append_rows(account, {**AT, "rows": [{"a": 1}, {"b": {"c": 2}}]}))
    assert [request.json for request in service.requests if request.method != "GET"] == [
        {"values": [["a", "b"]]},
        {"values": [[1, ""], ["", '{"c": 2}']]},
    ]


@pytest.mark.parametrize(
    "answer", [Answer(503, body="busy"), Answer(drop=True), Answer(json={"status": "maintenance"}), Answer(json=[])]
)
def test_rows_are_added_once(service: FakeService, account: dict[str, str], answer: Answer) -> None:
    service.on("POST", f"{BOOK}/values/{PLACE}:append", answer)
    failed(google_sheets.append_rows(account, {**AT, "rows": [[1, 2]]}))
    assert len(service.requests) == 1


def test_new_rows_are_there_before_the_old_ones_go(service: FakeService, account: dict[str, str]) -> None:
    service.on("PUT", f"{BOOK}/values/{PLACE}!A1", json={"spreadsheetId": ID, "updatedRange": f"{PLACE}!A1:B3"})
    service.on("POST", f"{BOOK}/values:batchClear", json={"spreadsheetId": ID, "clearedRanges": []})
    succeeded(google_sheets.write_rows(account, {**AT, "rows": [{"a": 1}, {"b": None}]}))
    put, clear = service.requests[-2:]
    assert put.json == {"values": [["a", "b"], [1, ""], ["", ""]]}
    assert clear.json == {"ranges": [f"{PLACE}!A4:Z", f"{PLACE}!C1:Z3"]}


def test_a_sheet_that_is_too_small_is_made_larger(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", BOOK, json=about(sheet("O'Neil", 7, rows=2, columns=1)))
    service.on("POST", f"{BOOK}:batchUpdate", json={"spreadsheetId": ID, "replies": [{}, {}]})
    service.on("PUT", f"{BOOK}/values/{PLACE}!A1", json={"spreadsheetId": ID, "updatedRange": "x"})
    succeeded(google_sheets.write_rows(account, {**AT, "rows": [[1, 2]] * 3}))
    assert service.requests[1].json["requests"] == [
        {"appendDimension": {"sheetId": 7, "dimension": "ROWS", "length": 1}},
        {"appendDimension": {"sheetId": 7, "dimension": "COLUMNS", "length": 1}},
    ]


@pytest.mark.parametrize(("values", "sent"), [(5, [[5]]), ([1, 2], [[1, 2]]), ([[1], [2]], [[1], [2]])])
def test_values_are_one_cell_a_row_or_rows(
    service: FakeService, account: dict[str, str], values: Any, sent: list[list[Any]]
) -> None:
    answer = [Answer(503, body="busy"), Answer(json={"spreadsheetId": ID, "updatedRange": "x"})]
    service.on("PUT", f"{BOOK}/values/{PLACE}!B2", answer)
    succeeded(google_sheets.write_values(account, {**AT, "cells": "B2", "values": values}))
    assert [request.json for request in service.requests] == [{"values": sent}] * 2


def test_sheets_are_made_deleted_and_emptied(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", "/v4/spreadsheets", json=about(sheet("A")))
    service.on("POST", f"{BOOK}:batchUpdate", json={"spreadsheetId": ID, "replies": [{"addSheet": sheet("B", 9)}]})
    service.on("POST", f"{BOOK}/values/{PLACE}!A2:F:clear", json={"spreadsheetId": ID, "clearedRange": "x"})
    assert succeeded(google_sheets.create_spreadsheet(account, {"title": "Shop", "sheets": "A"}))["id"] == ID
    assert succeeded(google_sheets.add_sheet(account, {"spreadsheet": ID, "title": "B"}))["id"] == 9
    assert succeeded(google_sheets.delete_sheet(account, AT))["id"] == 7
    assert service.requests[-1].json == {"requests": [{"deleteSheet": {"sheetId": 7}}]}
    wrong = failed(google_sheets.delete_sheet(account, {**AT, "sheet": "o'neil"}))
    assert "There are: 'Orders'" in wrong["message"]
    assert succeeded(google_sheets.clear(account, {**AT, "cells": "A2:F"})) == {"range": "x"}


DISABLED = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), "unauthorized", "Sign in"),
        (
            refused(403, "PERMISSION_DENIED", "The caller does not have permission"),
            "forbidden",
            "Share the spreadsheet",
        ),
        (refused(403, "PERMISSION_DENIED", "API has not been used", details=DISABLED), "forbidden", "Switch on"),
        (refused(404, "NOT_FOUND", "Requested entity was not found."), "not_found", "ID or link"),
        (refused(400, "INVALID_ARGUMENT", "Unable to parse range: x"), "invalid", "Unable to parse range"),
    ],
)
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, account: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("GET", BOOK, answer)
    result = failed(google_sheets.get_spreadsheet(account, {"spreadsheet": ID}))
    assert (result["data"]["kind"], result["permanent"]) == (kind, True)
    assert words in result["message"]


def test_a_quota_of_the_minute_is_waited_for(
    service: FakeService, account: dict[str, str], pauses: list[float]
) -> None:
    """Google names no time."""
    quota = refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Write requests'")
    updates = {"spreadsheetId": ID, "updates": {"updatedRange": "x"}}
    service.on("POST", f"{BOOK}/values/{PLACE}:append", [quota, Answer(json=updates)])
    succeeded(google_sheets.append_rows(account, {**AT, "rows": [[1]]}))
    assert pauses == [20.0]


def test_without_a_sign_in_it_says_what_to_do() -> None:
    assert "press Sign in" in failed(google_sheets.test_connection({}, {}))["message"]


def test_google_is_asked_for_tokens_that_last_and_for_no_more_than_spreadsheets() -> None:
    """https://developers.google.com/identity/protocols/oauth2/native-app, and .../oauth2/service-account."""
    found = oauth2_of(Credentials)
    assert found is not None
    assert found.said.scopes == ("https://www.googleapis.com/auth/spreadsheets",)
    assert found.said.extra == {"access_type": "offline", "prompt": "consent"}
    assert (found.said.service_account, found.said.subject) == ("service_account", "subject")
    assert set(found.said.hosts) <= set(google_sheets.HOSTS)


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(google_sheets.__file__).parent)) == set(google_sheets.__all__)
