"""SendGrid: contacts and their lists, and addresses that get no mail.

The answers are those of SendGrid's OpenAPI description and of https://www.twilio.com/docs/sendgrid/api-reference
(contacts, lists, custom fields, bounces, blocks, suppressions, unsubscribe groups).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowbook.testing import Answer, FakeService, check_contract
from integrations import sendgrid
from tests.integrations.examples import examples

ANN = {"id": "2b7f1a1b-4e4b-4d8a-a1d6-9d7d3e6c3f7a", "email": "ann@example.org", "first_name": "Ann"}
LISTS = [{"id": "ca7a1b63-ffa6-4d4f-a3d5-0d2c6a3a0f10", "name": "Newsletter", "contact_count": 3}]
GROUPS = [
    {"id": 100, "name": "Unsubscribe Group 1", "description": "x", "is_default": True, "unsubscribes": 2},
    {"id": 101, "name": "News", "description": "y", "is_default": False, "unsubscribes": 0},
]
BOUNCE = {"created": 1250337600, "email": "example@example.com", "reason": "550 5.1.1 No account", "status": "5.1.1"}


@pytest.fixture
def credentials(service: FakeService) -> dict[str, Any]:
    """A key for a server in SendGrid's place that knows lists, custom fields and groups."""
    service.on("GET", "/v3/marketing/lists", json={"result": LISTS, "_metadata": {"count": 1, "self": "x"}})
    fields = [{"id": "e1_T", "name": "Team", "field_type": "Text"}]
    service.on("GET", "/v3/marketing/field_definitions", json={"custom_fields": fields, "reserved_fields": []})
    service.on("GET", "/v3/asm/groups", json=GROUPS)
    return {"api_key": "SG.a-key", "base_url": service.url}


def asked(service: FakeService, method: str) -> list[tuple[str, Any]]:
    return [(one.path, one.json) for one in service.requests if one.method == method]


def test_lists_are_listed_and_made(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("POST", "/v3/marketing/lists", Answer(201, json={**LISTS[0], "name": "New"}))
    assert sendgrid.list_contact_lists(credentials, {})["data"] == LISTS
    assert service.requests[0].query == {"page_size": "101"}
    assert sendgrid.create_contact_list(credentials, {"name": "New"})["data"]["name"] == "New"
    assert asked(service, "POST") == [("/v3/marketing/lists", {"name": "New"})]


def test_contacts_are_added_with_lists_and_fields_by_name(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("PUT", "/v3/marketing/contacts", Answer(202, json={"job_id": "job-1"}))
    contact = {"email": "ann@example.org", "first_name": None, "custom_fields": {"team": date(2026, 1, 2)}}
    result = sendgrid.add_contacts(credentials, {"contacts": [contact], "lists": "newsletter"})
    assert result["data"] == {"contacts": 1, "job_ids": ["job-1"]}
    contacts = [{"email": "ann@example.org", "custom_fields": {"e1_T": "2026-01-02"}}]
    assert asked(service, "PUT")[0][1] == {"list_ids": [LISTS[0]["id"]], "contacts": contacts}
    frame = pd.DataFrame({"email": ["a@b.org", "c@d.org"], "city": ["Bonn", None]})
    assert sendgrid.add_contacts(credentials, {"contacts": frame})["success"]
    assert asked(service, "PUT")[1][1] == {"contacts": [{"email": "a@b.org", "city": "Bonn"}, {"email": "c@d.org"}]}


def test_names_that_differ_in_case_alone_are_told_apart(service: FakeService, credentials: dict[str, Any]) -> None:
    """Each by its own name; by a third one nothing is chosen, and what there is gets named."""
    service.on("PUT", "/v3/marketing/contacts", Answer(202, json={"job_id": "j"}))
    lists = [{"id": "l-1", "name": "VIP"}, {"id": "l-2", "name": "vip"}]
    fields = [{"id": "e1_T", "name": "Team"}, {"id": "e2_T", "name": "team"}]
    service.on("GET", "/v3/marketing/lists", json={"result": lists, "_metadata": {"count": 2, "self": "x"}})
    service.on("GET", "/v3/marketing/field_definitions", json={"custom_fields": fields, "reserved_fields": []})
    service.on("GET", "/v3/asm/groups", json=[{"id": 1, "name": "News"}, {"id": 2, "name": "news"}])
    contact = {"email": "a@b.org", "custom_fields": {"Team": "x"}}
    assert sendgrid.add_contacts(credentials, {"contacts": [contact], "lists": ["VIP"]})["success"]
    assert asked(service, "PUT")[0][1] == {
        "list_ids": ["l-1"], "contacts": [{"email": "a@b.org", "custom_fields": {"e1_T": "x"}}]
    }  # fmt: skip
    for given, said in (
        ({"contacts": [contact], "lists": ["Vip"]}, "'Vip' may be several lists. There are: VIP (l-1), vip (l-2)."),
        ({"contacts": [{**contact, "custom_fields": {"TEAM": 1}}]}, "'TEAM' may be several custom fields."),
    ):
        result = sendgrid.add_contacts(credentials, given)
        assert (said in result["message"], result["permanent"]) == (True, True), result["message"]
    assert len(asked(service, "PUT")) == 1
    service.on("POST", "/v3/asm/groups/1/suppressions", Answer(201, json={"recipient_emails": ["a@b.org"]}))
    assert sendgrid.add_suppressions(credentials, {"emails": ["a@b.org"], "group": "News"})["success"]


def test_many_contacts_go_in_several_requests(
    service: FakeService, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import integrations.sendgrid.contacts as contacts

    monkeypatch.setattr(contacts, "MOST_CONTACTS", 2)
    monkeypatch.setattr(contacts, "MOST_BYTES", 100)
    service.on("PUT", "/v3/marketing/contacts", Answer(202, json={"job_id": "j"}))
    rows = [{"email": f"{number}@b.org"} for number in range(3)] + [{"email": "x" * 100 + "@b.org"}]
    assert sendgrid.add_contacts(credentials, {"contacts": rows})["data"]["contacts"] == 4
    assert [len(body["contacts"]) for _, body in asked(service, "PUT")] == [2, 1, 1]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"contacts": []}, "no contacts to add"),
        ({"contacts": "ann@example.org"}, "contacts is a str"),
        ({"contacts": [{"email": "ann"}]}, "contacts[0] has no email address"),
        ({"contacts": [{"email": "a@b.org", "Team": "x"}]}, "contacts[0] has a field 'Team'"),
        ({"contacts": [{"email": "a@b.org", "custom_fields": {"Shoe": 1}}]}, "There are: Team."),
        ({"contacts": [{"email": "a@b.org"}], "lists": ["Gone"]}, "There is no list 'Gone'. There are: Newsletter."),
    ],
)
def test_contacts_that_are_not_clear_are_not_sent(
    service: FakeService, credentials: dict[str, Any], params: dict[str, Any], says: str
) -> None:
    result = sendgrid.add_contacts(credentials, params)
    assert (says in result["message"], result["permanent"]) == (True, True), result["message"]
    assert asked(service, "PUT") == []


def test_contacts_are_found_by_addresses_or_a_query(service: FakeService, credentials: dict[str, Any]) -> None:
    found = {"result": {"ann@example.org": {"contact": ANN}, "no@example.org": {"error": "contact not found"}}}
    none = Answer(404, json={"result": {"no@example.org": {"error": "contact not found"}}})
    service.on("POST", "/v3/marketing/contacts/search/emails", [Answer(json=found), none])
    service.on("POST", "/v3/marketing/contacts/search", json={"result": [ANN], "contact_count": 70, "_metadata": {}})
    by_address = sendgrid.search_contacts(credentials, {"emails": "Ann@example.org, no@example.org"})
    assert by_address["data"] == [ANN]
    assert sendgrid.search_contacts(credentials, {"emails": ["no@example.org"]})["data"] == []
    searched = sendgrid.search_contacts(credentials, {"query": "city = 'Bonn'"})
    assert (searched["data"], "1 contact of 70" in searched["message"]) == ([ANN], True)
    assert asked(service, "POST")[0][1] == {"emails": ["ann@example.org", "no@example.org"]}
    assert asked(service, "POST")[-1][1] == {"query": "city = 'Bonn'"}
    assert "either" in sendgrid.search_contacts(credentials, {})["message"]


def test_suppressions_are_listed_over_all_pages(
    service: FakeService, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import integrations.sendgrid.suppressions as suppressions

    monkeypatch.setattr(suppressions, "PAGE", 2)
    blocks = [{**BOUNCE, "email": f"{number}@b.org"} for number in range(5)]

    def page(request: Any) -> Answer:
        start = int(request.query["offset"])
        return Answer(json=blocks[start : start + int(request.query["limit"])])

    service.on("GET", "/v3/suppression/blocks", page)
    whole = sendgrid.list_suppressions(credentials, {"kind": "blocks", "all": True, "since": "2026-01-01"})
    assert whole["data"] == blocks
    assert service.requests[0].query == {"start_time": "1767225600", "limit": "2", "offset": "0"}
    cut = sendgrid.list_suppressions(credentials, {"kind": "blocks", "limit": 3})
    assert (len(cut["data"]), "cut at the limit of 3" in cut["message"]) == (3, True)


@pytest.mark.parametrize("count", [1, 500, 700])
def test_a_list_that_knows_no_pages_is_had_once(service: FakeService, credentials: dict[str, Any], count: int) -> None:
    """SendGrid's description gives bounces neither limit nor offset."""
    bounces = [{**BOUNCE, "email": f"{number}@b.org"} for number in range(count)]
    service.on("GET", "/v3/suppression/bounces", json=bounces)
    assert sendgrid.list_suppressions(credentials, {"kind": "bounces", "all": True})["data"] == bounces


def test_those_of_a_group_are_listed_by_its_name(service: FakeService, credentials: dict[str, Any]) -> None:
    service.on("GET", "/v3/asm/groups/101/suppressions", json=["a@b.org", "c@d.org"])
    result = sendgrid.list_suppressions(credentials, {"kind": "group", "group": "news", "limit": 1})
    assert (result["data"], "cut" in result["message"]) == ([{"email": "a@b.org"}], True)
    assert sendgrid.list_unsubscribe_groups(credentials, {})["data"] == GROUPS


@pytest.mark.parametrize(
    ("group", "path"),
    [("", "/v3/asm/suppressions/global"), ("101", "/v3/asm/groups/101/suppressions")],
)
def test_addresses_get_no_mail_any_more(
    service: FakeService, credentials: dict[str, Any], group: str, path: str
) -> None:
    body = {"recipient_emails": ["a@b.org", "c@d.org"]}
    service.on("POST", path, Answer(201, json=body))
    given = {"emails": ["a@b.org", "c@d.org", "a@b.org"], "group": group}
    assert sendgrid.add_suppressions(credentials, given)["success"]
    assert asked(service, "POST") == [(path, body)]


def test_addresses_get_mail_again(service: FakeService, credentials: dict[str, Any]) -> None:
    """All of a list are never taken away at once."""
    service.on("DELETE", "/v3/{rest:path}", [Answer(204), Answer(204), Answer(404, json={"errors": []})])
    emails = {"emails": ["a+b@b.org"]}
    for given in ({"kind": "spam_reports"}, {"kind": "unsubscribes"}, {"kind": "group", "group": "News"}):
        assert sendgrid.remove_suppressions(credentials, {**emails, **given})["success"]
    assert asked(service, "DELETE") == [
        ("/v3/suppression/spam_reports", {"delete_all": False, "emails": ["a+b@b.org"]}),
        ("/v3/asm/suppressions/global/a+b@b.org", None),
        ("/v3/asm/groups/101/suppressions/a+b@b.org", None),
    ]


@pytest.mark.parametrize(
    ("task", "params", "says"),
    [
        ("remove_suppressions", {"kind": "bounces", "emails": []}, "emails"),
        ("remove_suppressions", {"kind": "bounces", "emails": ["x"]}, "no address"),
        ("remove_suppressions", {"kind": "group", "emails": ["a@b.org"]}, "belong together"),
        ("remove_suppressions", {"kind": "blocks", "group": "News", "emails": ["a@b.org"]}, "belong together"),
        ("add_suppressions", {"emails": ["a@b.org"], "group": "Gone"}, "Unsubscribe Group 1 (100), News (101)"),
        ("list_suppressions", {"kind": "group", "group": "News", "since": "2026-01-01"}, "not for a group"),
    ],
)
def test_a_mistake_changes_nothing(
    service: FakeService, credentials: dict[str, Any], task: str, params: dict[str, Any], says: str
) -> None:
    result = getattr(sendgrid, task)(credentials, params)
    assert says in result["message"]
    assert {one.method for one in service.requests} <= {"GET"}


def test_the_folder_keeps_the_contract_and_shows_each_task() -> None:
    folder = Path(sendgrid.__file__).parent
    assert check_contract(folder) == []
    assert set(examples(folder)) == set(sendgrid.__all__)
