"""The Notion tasks, against a local server that answers as Notion does.

https://developers.notion.com/reference: intro (pagination), status-codes, page, page-property-values, block,
query-a-data-source and get-self, whose example answers these are made of; what a database is since the version
2025-09-03, https://developers.notion.com/docs/upgrade-guide-2025-09-03.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.testing import Answer, FakeService, Request
from integrations import notion
from integrations.notion.markdown import blocks_of, markdown_of
from integrations.notion.models import id_of
from integrations.notion.properties import native, plain
from tests.integrations.examples import examples
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "ntn_4711secretsecretsecretsecret"
PAGE = "59833787-2cf9-4fdf-8782-e53db20768a5"
DATABASE = "248104cd-477e-80fd-b757-e945d38000bd"
SOURCE = "1a44be12-0953-4631-b498-9e5817518db8"
USER = {"object": "user", "id": "d40e767c-d7af-4b18-a86d-55c61f1e39a4", "type": "person", "name": "Avocado Lovelace",
        "person": {"email": "avo@example.org"}}  # fmt: skip


def rich(text: str) -> list[dict[str, Any]]:
    """A rich text object as Notion gives it."""
    marks = {
        "bold": False,
        "italic": False,
        "strikethrough": False,
        "underline": False,
        "code": False,
        "color": "default",
    }
    return [
        {
            "type": "text",
            "text": {"content": text, "link": None},
            "annotations": marks,
            "plain_text": text,
            "href": None,
        }
    ]


def page(title: str = "Tuscan kale", **properties: Any) -> dict[str, Any]:
    named = {"Name": {"id": "title", "type": "title", "title": rich(title)}, **properties}
    return {
        "object": "page", "id": PAGE, "created_time": "2022-03-01T19:05:00.000Z", "archived": False, "in_trash": False,
        "parent": {"type": "data_source_id", "data_source_id": SOURCE, "database_id": DATABASE},
        "properties": named, "url": "https://www.notion.so/Tuscan-kale-598337872cf94fdf8782e53db20768a5",
    }  # fmt: skip


TYPES = {
    "Name": "title",
    "Status": "status",
    "Tags": "multi_select",
    "Total": "number",
    "Due": "date",
    "Sum": "formula",
}
DATA_SOURCE = {
    "object": "data_source", "id": SOURCE, "title": rich("Orders"),
    "parent": {"type": "database_id", "database_id": DATABASE},
    "properties": {name: {"id": "x", "name": name, "type": kind, kind: {}} for name, kind in TYPES.items()},
}  # fmt: skip


def listed(results: list[Any], cursor: str | None = None) -> Answer:
    return Answer(json={"object": "list", "results": results, "next_cursor": cursor, "has_more": cursor is not None})


def refused(status: int, code: str, message: str, **headers: str) -> Answer:
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": "be9d1b5f"}
    return Answer(status, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def account(service: FakeService, pauses: list[float]) -> dict[str, str]:
    return {"token": TOKEN, "base_url": service.url}


@pytest.fixture
def orders(service: FakeService) -> FakeService:
    """A database with one data source, which can be found."""
    sources = [{"id": SOURCE, "name": "Orders"}]
    service.on("GET", f"/v1/databases/{DATABASE}", json={"object": "database", "id": DATABASE, "data_sources": sources})
    service.on("GET", f"/v1/data_sources/{SOURCE}", json=DATA_SOURCE)
    other = {**DATA_SOURCE, "id": "2" * 32, "title": rich("Orders 2024")}
    service.on("POST", "/v1/search", listed([other, DATA_SOURCE]))
    return service


failed = failing_without(TOKEN)


def test_the_connection_is_tried_by_asking_who_it_is(service: FakeService, account: dict[str, str]) -> None:
    bot = {"object": "user", "id": "9188c6a5", "name": "Flows", "type": "bot", "bot": {"workspace_name": "Acme"}}
    service.on("GET", "/v1/users/me", json=bot)
    result = notion.test_connection(account, {})
    assert succeeded(result) == bot
    assert result["message"].endswith("as Flows in Acme.")
    headers = service.requests[0].headers
    assert (headers["Authorization"], headers["Notion-Version"]) == (f"Bearer {TOKEN}", "2025-09-03")


@pytest.mark.parametrize(
    ("given", "id"),
    [
        (PAGE, PAGE),
        (PAGE.replace("-", ""), PAGE),
        ("https://www.notion.so/acme/Tuscan-kale-598337872cf94fdf8782e53db20768a5?pvs=4", PAGE),
        ("https://notion.so/acme/248104cd477e80fdb757e945d38000bd?v=148104cd477e80bb928f000ce197ddf2", DATABASE),
        (f"https://www.notion.so/x-{'a' * 32}#598337872cf94fdf8782e53db20768a5", PAGE),
        ("Orders", None),
        ("https://www.notion.so/acme", None),
    ],
)
def test_what_a_person_copies_is_read_as_an_id(given: str, id: str | None) -> None:
    assert id_of(given) == id


@pytest.mark.parametrize(
    ("answer", "kind", "permanent", "words"),
    [
        (refused(401, "unauthorized", "API token is invalid."), "unauthorized", True, "secret"),
        (refused(403, "restricted_resource", "Insufficient permissions."), "forbidden", True, "capability"),
        (refused(404, "object_not_found", "Could not find page."), "not_found", True, "Connections"),
        (refused(400, "validation_error", "Total is expected to be number."), "invalid", True, "Total is expected"),
        (refused(409, "conflict_error", "Conflict occurred while saving."), "conflict", False, "try again"),
        (refused(503, "service_unavailable", "Notion is unavailable."), "server_error", False, "unavailable"),
        (Answer(502, body="<html><title>Bad gateway</title></html>", headers={"Content-Type": "text/html"}),
         "server_error", False, "Bad gateway"),
        (Answer(200, json={"status": "maintenance"}), "bad_answer", False, "not what it should be"),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_words(
    service: FakeService, account: dict[str, str], answer: Answer, kind: str, permanent: bool, words: str
) -> None:
    service.on("POST", "/v1/pages", answer)
    result = failed(notion.create_page(account, {"parent": PAGE, "title": "x"}))
    assert (result["data"]["kind"], result.get("permanent", False)) == (kind, permanent)
    assert words in result["message"]
    assert len(service.requests) == 1


def test_a_rate_limit_is_waited_for(service: FakeService, account: dict[str, str], pauses: list[float]) -> None:
    limit = refused(429, "rate_limited", "You have been rate limited.", Retry_After="3")
    service.on("POST", "/v1/pages", [limit, Answer(json=page())])
    succeeded(notion.create_page(account, {"parent": PAGE, "title": "x"}))
    assert pauses == [3.0]


def test_a_page_below_another_gets_a_title_and_content(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", "/v1/pages", json=page())
    data = succeeded(notion.create_page(account, {"parent": PAGE, "title": "Kale", "markdown": "Hi", "icon": "🥬"}))
    assert (data["id"], data["title"]) == (PAGE, "Tuscan kale")
    assert service.requests[0].json == {
        "parent": {"type": "page_id", "page_id": PAGE},
        "properties": {"title": {"title": [{"type": "text", "text": {"content": "Kale"}}]}},
        "icon": {"type": "emoji", "emoji": "🥬"},
        "children": [
            {
                "object": "block",
                "type": "paragraph",
                "paragraph": {"rich_text": [{"type": "text", "text": {"content": "Hi"}}]},
            }
        ],
    }


@pytest.mark.parametrize("database", ["Orders", DATABASE, f"https://notion.so/acme/{DATABASE.replace('-', '')}?v=1"])
def test_a_row_gets_its_values_by_the_types_of_its_database(
    orders: FakeService, account: dict[str, str], database: str
) -> None:
    orders.on("POST", "/v1/pages", json=page())
    values = {"Status": "Open", "Tags": ["rush"], "Total": 99.5, "Due": "2025-01-31"}
    succeeded(notion.create_page(account, {"database": database, "title": "4711", "properties": values}))
    sent = orders.requests[-1].json
    assert sent["parent"] == {"type": "data_source_id", "data_source_id": SOURCE}
    assert sent["properties"] == {
        "Name": {"title": [{"type": "text", "text": {"content": "4711"}}]},
        "Status": {"status": {"name": "Open"}},
        "Tags": {"multi_select": [{"name": "rush"}]},
        "Total": {"number": 99.5},
        "Due": {"date": {"start": "2025-01-31"}},
    }


def test_a_title_has_to_be_exact_and_a_source_named_where_there_are_several(
    orders: FakeService, account: dict[str, str]
) -> None:
    assert "no database called 'Order'" in failed(notion.get_database(account, {"database": "Order"}))["message"]
    two = [{"id": SOURCE, "name": "Orders"}, {"id": "b" * 32, "name": "Old"}]
    orders.on("GET", f"/v1/databases/{DATABASE}", json={"object": "database", "id": DATABASE, "data_sources": two})
    unclear = failed(notion.get_database(account, {"database": DATABASE}))
    assert "Give data_source: 'Orders', 'Old'" in unclear["message"]
    assert (
        succeeded(notion.get_database(account, {"database": DATABASE, "data_source": "Orders"}))["properties"] == TYPES
    )
    missing = refused(404, "object_not_found", "Could not find database.")
    orders.on("GET", f"/v1/databases/{SOURCE}", missing)
    assert succeeded(notion.get_database(account, {"database": SOURCE}))["title"] == "Orders"


@pytest.mark.parametrize(("name", "words"), [("Nope", "no property 'Nope'"), ("Sum", "cannot be set")])
def test_what_cannot_be_set_is_named_before_anything_is_sent(
    orders: FakeService, account: dict[str, str], name: str, words: str
) -> None:
    result = failed(notion.create_page(account, {"database": "Orders", "properties": {name: 1}}))
    assert words in result["message"]
    assert result["permanent"]
    assert [request.path for request in orders.requests] == ["/v1/search"]


def test_rows_come_page_by_page_as_plain_values(orders: FakeService, account: dict[str, str]) -> None:
    """next_cursor goes back as start_cursor, in the body."""
    row = page(Status={"id": "s", "type": "status", "status": {"id": "1", "name": "Open", "color": "red"}})
    path = f"/v1/data_sources/{SOURCE}/query"
    orders.on("POST", path, [listed([row] * 100, "abc"), Answer(502, body="bad"), listed([row] * 5)])
    asked = {"database": "Orders", "filter": {"property": "Status", "status": {"equals": "Open"}}, "all": True}
    rows = succeeded(notion.query_database(account, asked))
    assert len(rows) == 105
    assert rows[0] == {"id": PAGE, "url": row["url"], "Name": "Tuscan kale", "Status": "Open"}
    first, _, last = (request.json for request in orders.requests if request.path == path)
    assert first == {"filter": asked["filter"], "page_size": 100}
    assert last == {**first, "start_cursor": "abc"}
    orders.on("POST", path, listed([row] * 7, "abc"))
    some = notion.query_database(account, {"database": "Orders", "limit": 7, "as": "pages"})
    assert (len(succeeded(some)), succeeded(some)[0]["object"]) == (7, "page")
    assert "and there are more" in some["message"]


def test_a_dry_run_reads_rows_and_shows_what_it_would_write(
    orders: FakeService, account: dict[str, str], tmp_path: Path
) -> None:
    """A query is a POST, and changes nothing."""
    orders.on("POST", f"/v1/data_sources/{SOURCE}/query", listed([page()]))
    with Workspace(tmp_path) as ws:
        ws.create_type("notion")
        ws.create_integration("My Notion", "notion", account)
        flow = Workflow(name="orders")
        flow.add("rows", "notion.query_database", integration="My Notion", params={"database": "Orders"})
        new = {"database": "Orders", "title": "${{ nodes.rows.data[0].Name }}"}
        flow.add("new", "notion.create_page", integration="My Notion", params=new)
        flow.connect("rows", "new")
        run = ws.run(flow, dry_run=True)
    assert run["rows"].data[0]["Name"] == "Tuscan kale"
    (intent,) = run["new"].intents
    assert (intent.action, intent.detail["json"]["properties"]["Name"]["title"][0]["text"]["content"]) == (
        "POST /v1/pages",
        "Tuscan kale",
    )
    assert "/v1/pages" not in [request.path for request in orders.requests]


def test_a_page_is_changed_by_the_types_that_it_has(service: FakeService, account: dict[str, str]) -> None:
    there = page(
        Done={"id": "d", "type": "checkbox", "checkbox": False}, Site={"id": "u", "type": "url", "url": "https://a.b"}
    )
    service.on("GET", f"/v1/pages/{PAGE}", json=there)
    service.on("PATCH", f"/v1/pages/{PAGE}", [Answer(502, body="bad"), Answer(json=there)])
    succeeded(notion.update_page(account, {"page": PAGE, "title": "New", "properties": {"Done": True, "Site": None}}))
    assert service.requests[-1].json == {
        "properties": {
            "Done": {"checkbox": True},
            "Site": {"url": None},
            "Name": {"title": [{"type": "text", "text": {"content": "New"}}]},
        }
    }
    assert succeeded(notion.trash_page(account, {"page": PAGE})) == {"id": PAGE, "in_trash": True}
    assert succeeded(notion.get_page(account, {"page": PAGE}))["properties"]["Site"] == "https://a.b"


def test_what_is_more_than_a_request_holds_is_added_in_several(service: FakeService, account: dict[str, str]) -> None:
    """A hundred blocks at once, each behind the last; what failed says how many there are."""
    path = f"/v1/blocks/{PAGE}/children"

    def made(request: Request) -> Answer:
        return listed([{"object": "block", "id": f"b{n}"} for n in range(len(request.json["children"]))])

    service.on("PATCH", path, [made, made, Answer(502, body="bad")])
    text = "\n\n".join(f"line {n}" for n in range(250))
    result = failed(notion.append_content(account, {"page": PAGE, "markdown": text, "after": DATABASE}))
    assert (result["data"]["blocks_made"], result["data"]["blocks_given"]) == (200, 250)
    assert "200 of 250 blocks were made before." in result["message"]
    assert (result["permanent"], result["data"]["may_have_taken_effect"]) == (True, True)  # nobody makes them twice
    assert result["data"]["may_have_taken_effect"] is True
    assert [len(request.json["children"]) for request in service.requests] == [100, 100, 50]
    assert [request.json["after"] for request in service.requests] == [DATABASE, "b99", "b99"]


MARKDOWN = """# Title

Some **bold**, *italic*, ~~gone~~ and `code` in [a link](https://example.com).

- one
  - inner
- two

1. first

- [x] done
- [ ] open

> said

```python
print(1)
```

---

| a | b |
| --- | --- |
| 1 | 2 |"""


def as_given(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks as Notion gives those back that it was sent."""
    found = []
    for block in blocks:
        content = dict(block[block["type"]])
        children = as_given(content.pop("children", []))
        for piece in [*content.get("rich_text", []), *(one for cell in content.get("cells", []) for one in cell)]:
            piece["plain_text"] = piece["text"]["content"]
            piece["href"] = (piece["text"].get("link") or {}).get("url")
        found.append({"type": block["type"], block["type"]: content, "children": children})
    return found


def test_markdown_comes_back_as_it_went_up() -> None:
    blocks = blocks_of(MARKDOWN)
    kinds = [block["type"] for block in blocks]
    assert kinds == [
        "heading_1", "paragraph", "bulleted_list_item", "bulleted_list_item", "numbered_list_item", "to_do", "to_do",
        "quote", "code", "divider", "table",
    ]  # fmt: skip
    back = markdown_of(as_given(blocks))
    assert back.replace("- two\n1. first\n- [x]", "- two\n\n1. first\n\n- [x]") == MARKDOWN


def test_no_piece_of_text_is_longer_than_notion_takes() -> None:
    (block,) = blocks_of("x" * 4500)
    assert [len(piece["text"]["content"]) for piece in block["paragraph"]["rich_text"]] == [2000, 2000, 500]


def test_no_request_holds_more_levels_than_notion_takes() -> None:
    (block, *rest) = blocks_of("- a\n  - b\n    - c\n      - d")
    inner = block["bulleted_list_item"]["children"]
    assert [len(one["bulleted_list_item"].get("children", [])) for one in inner] == [0, 0, 0]
    assert rest == []


def test_content_is_read_with_what_is_in_it(service: FakeService, account: dict[str, str]) -> None:
    toggle = {
        "object": "block",
        "id": "b" * 32,
        "type": "toggle",
        "has_children": True,
        "toggle": {"rich_text": rich("More")},
    }
    below = {
        "object": "block",
        "id": "c" * 32,
        "type": "child_page",
        "has_children": True,
        "child_page": {"title": "Sub"},
    }
    picture = {"object": "block", "id": "d" * 32, "type": "image", "has_children": False,
               "image": {"type": "external", "external": {"url": "https://a.b/c.png"}}}  # fmt: skip
    inner = {
        "object": "block",
        "id": "e" * 32,
        "type": "paragraph",
        "has_children": False,
        "paragraph": {"rich_text": rich("in")},
    }
    service.on("GET", f"/v1/blocks/{PAGE}/children", [listed([toggle], "n"), listed([below, picture])])
    service.on("GET", f"/v1/blocks/{'b' * 32}/children", listed([inner]))
    text = succeeded(notion.get_content(account, {"page": PAGE}))
    assert text == "- More\n  in\n\n[Sub]\n\n![image](https://a.b/c.png)"


def test_a_block_keeps_its_kind_when_it_is_changed(service: FakeService, account: dict[str, str]) -> None:
    todo = {"object": "block", "id": PAGE, "type": "to_do", "to_do": {"rich_text": rich("a"), "checked": False}}
    service.on("GET", f"/v1/blocks/{PAGE}", json=todo)
    service.on("PATCH", f"/v1/blocks/{PAGE}", json=todo)
    service.on("DELETE", f"/v1/blocks/{PAGE}", json={**todo, "in_trash": True})
    succeeded(notion.update_block(account, {"block": PAGE, "text": "b", "checked": True}))
    assert service.requests[-1].json == {
        "to_do": {"checked": True, "rich_text": [{"type": "text", "text": {"content": "b"}}]}
    }
    assert succeeded(notion.delete_block(account, {"block": PAGE})) == {"block": PAGE}


def test_search_databases_people_and_comments(orders: FakeService, account: dict[str, str]) -> None:
    assert succeeded(notion.search(account, {"query": "Orders", "kind": "database"}))[1]["title"] == "Orders"
    assert orders.requests[0].json["filter"] == {"property": "object", "value": "data_source"}
    orders.on(
        "GET", "/v1/users", listed([USER, {"object": "user", "id": "x", "name": "Bot", "type": "bot", "bot": {}}])
    )
    assert succeeded(notion.find_user(account, {"email": "AVO@example.org"})) == USER
    assert "no user 'Avocado'" in failed(notion.find_user(account, {"name": "Avocado"}))["message"]
    assert len(succeeded(notion.list_users(account, {}))) == 2
    comment = {"object": "comment", "id": "c", "discussion_id": "d", "rich_text": rich("hi")}
    orders.on("GET", "/v1/comments", listed([comment]))
    orders.on("POST", "/v1/comments", json=comment)
    assert succeeded(notion.list_comments(account, {"page": PAGE})) == [comment]
    assert succeeded(notion.add_comment(account, {"page": PAGE, "text": "**hi**"})) == comment
    bold = {"type": "text", "text": {"content": "hi"}, "annotations": {"bold": True}}
    assert orders.requests[-1].json == {"parent": {"page_id": PAGE}, "rich_text": [bold]}


def test_a_database_is_made_of_types_by_name(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", "/v1/databases", json={"object": "database", "id": DATABASE, "data_sources": []})
    properties = {"Name": "title", "Level": ["low"], "X": {"number": {"format": "euro"}}}
    succeeded(notion.create_database(account, {"parent": PAGE, "title": "T", "properties": properties}))
    assert service.requests[0].json["initial_data_source"]["properties"] == {
        "Name": {"type": "title", "title": {}},
        "Level": {"type": "select", "select": {"options": [{"name": "low"}]}},
        "X": {"number": {"format": "euro"}},
    }


@pytest.mark.parametrize(
    ("property", "value"),
    [
        ({"type": "rich_text", "rich_text": rich("a") + rich("b")}, "ab"),
        ({"type": "select", "select": None}, None),
        ({"type": "multi_select", "multi_select": [{"name": "a"}, {"name": "b"}]}, ["a", "b"]),
        ({"type": "date", "date": {"start": "2025-01-31", "end": None, "time_zone": None}}, "2025-01-31"),
        (
            {"type": "date", "date": {"start": "2025-01-31", "end": "2025-02-01"}},
            {"start": "2025-01-31", "end": "2025-02-01"},
        ),
        ({"type": "people", "people": [USER]}, ["Avocado Lovelace"]),
        ({"type": "files", "files": [{"name": "a", "type": "file", "file": {"url": "https://a.b"}}]}, ["https://a.b"]),
        ({"type": "relation", "relation": [{"id": PAGE}], "has_more": False}, [PAGE]),
        ({"type": "formula", "formula": {"type": "number", "number": 3}}, 3),
        ({"type": "rollup", "rollup": {"type": "array", "array": [{"type": "number", "number": 1}]}}, [1]),
        ({"type": "rollup", "rollup": {"type": "date", "date": None, "function": "latest_date"}}, None),
        ({"type": "unique_id", "unique_id": {"prefix": "RL", "number": 7}}, "RL-7"),
        ({"type": "created_by", "created_by": {"object": "user", "id": "x"}}, "x"),
        ({"type": "checkbox", "checkbox": True}, True),
        ({"type": "button", "button": {}}, {}),
    ],
)
def test_a_property_is_read_as_a_plain_value(property: dict[str, Any], value: Any) -> None:
    assert plain(property) == value


@pytest.mark.parametrize(
    ("kind", "value", "sent"),
    [
        ("select", "", None),
        ("people", USER["id"], [{"object": "user", "id": USER["id"]}]),
        ("relation", [PAGE], [{"id": PAGE}]),
        (
            "files",
            "https://a.b/c.png",
            [{"name": "c.png", "type": "external", "external": {"url": "https://a.b/c.png"}}],
        ),
        ("date", {"start": "2025-01-31", "end": "2025-02-01"}, {"start": "2025-01-31", "end": "2025-02-01"}),
        ("rich_text", 5, [{"type": "text", "text": {"content": "5"}}]),
        ("email", "", None),
    ],
)
def test_a_plain_value_is_written_as_notion_wants_it(kind: str, value: Any, sent: Any) -> None:
    assert native({"X": value}, {"X": kind}) == {"X": {kind: sent}}
    assert native({"X": {kind: sent}}, {"X": kind}) == {"X": {kind: sent}}


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(notion.__file__).parent)) == set(notion.__all__)
