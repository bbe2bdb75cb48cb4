"""Contacts and their lists (Marketing Campaigns).

Facts: https://www.twilio.com/docs/sendgrid/api-reference/contacts and …/api-reference/lists. SendGrid takes contacts on
and works them in later, within minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flowbook import Result, TaskFailed, current, http, tables, task
from flowbook.counting import counted, cut_at

from .client import list_in, open_session, paged
from .models import AddContacts, CreateContactList, Credentials, ListContactLists, SearchContacts

PAGE = 1000
MOST_CONTACTS = 30_000
MOST_BYTES = 5_500_000
"""Contacts, and bytes of them, in one request: SendGrid's limit is 6 MB."""
FIELDS = frozenset(
    ["address_line_1", "address_line_2", "alternate_emails", "city", "country", "custom_fields", "email", "first_name",
     "last_name", "postal_code", "state_province_region", "phone_number", "whatsapp", "line", "facebook",
     "unique_name"]
)  # fmt: skip


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_contact_lists(credentials: Credentials, params: ListContactLists) -> Result:
    """List the lists of contacts.

    Data: a list of {"id", "name", "contact_count"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/lists/get-all-lists
    """
    limit = None if params.all else params.limit
    with open_session(credentials) as session:
        found, more = paged(session, "/v3/marketing/lists", {}, limit, PAGE)
    return Result.ok(f"{counted(len(found), 'list')}{cut_at(limit, more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "ca1a1a1a-1111-4111-8111-111111111111", "name": "Customers", "contact_count": 0},
)
def create_contact_list(credentials: Credentials, params: CreateContactList) -> Result:
    """Make a list of contacts; SendGrid refuses a name that there is already.

    Data: {"id", "name", "contact_count"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/lists/create-list
    """
    with open_session(credentials) as session:
        made = session.post("/v3/marketing/lists", json={"name": params.name}, expect=(200, 201)).json
    if not isinstance(made, dict) or "id" not in made:
        raise TaskFailed("SendGrid answered without the list.", {"kind": "bad_answer"}, "Check base_url.")
    return Result.ok(f"List {params.name} made.", made)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"contacts": 1, "job_ids": ["479ed3e9-65ae-4ed2-9be9-8ec5b4a8b4a1"]},
)
def add_contacts(credentials: Credentials, params: AddContacts) -> Result:
    """Add contacts, or change those whose address is there; put them on lists.

    SendGrid works them in later. Data: {"contacts" (how many), "job_ids"}.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact
    """
    given = _contacts(params.contacts)
    jobs: list[Any] = []
    with open_session(credentials) as session:
        body: dict[str, Any] = {"list_ids": _list_ids(session, params.lists)} if params.lists else {}
        contacts = _with_field_ids(session, given)
        done = 0
        for batch in _batches(contacts):
            if current().cancelled:
                raise TaskFailed("Cancelled.", {"contacts": done, "job_ids": jobs})
            wanted = {**body, "contacts": batch}
            answer = session.put("/v3/marketing/contacts", json=wanted, expect=(202,), timeout=120).json
            if not isinstance(answer, dict) or "job_id" not in answer:
                raise TaskFailed("SendGrid answered without a job.", {"kind": "bad_answer"}, "Check base_url.")
            jobs.append(answer["job_id"])
            done += len(batch)
            current().progress(done, len(contacts), "contacts")
    return Result.ok(f"{counted(len(contacts), 'contact')} taken on.", {"contacts": len(contacts), "job_ids": jobs})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search_contacts(credentials: Credentials, params: SearchContacts) -> Result:
    """Find contacts by their addresses, or by a query; a query hands over the first 50.

    Data: a list of SendGrid's contacts.
    Facts: https://www.twilio.com/docs/sendgrid/api-reference/contacts/search-contacts, …/get-contacts-by-emails
    """
    with open_session(credentials) as session:
        if params.emails:
            wanted = {"emails": [email.strip().lower() for email in params.emails]}
            # 404 says that none of them is there
            answer = session.post("/v3/marketing/contacts/search/emails", json=wanted, accept=(404,), retry=True)
            return _by_email(answer)
        answer = session.post("/v3/marketing/contacts/search", json={"query": params.query}, retry=True)
        found = list_in(answer.json, "result")
        count = int(answer.object.get("contact_count") or len(found))
    more = f" of {count:,}: SendGrid hands over no more of a search" if count > len(found) else ""
    return Result.ok(f"{counted(len(found), 'contact')}{more}.", found)


def _by_email(answer: http.Response) -> Result:
    result = answer.json.get("result", {} if answer.status == 404 else None) if isinstance(answer.json, dict) else None
    if not isinstance(result, dict):
        raise TaskFailed("SendGrid answered without contacts.", {"kind": "bad_answer"}, "Check base_url.")
    found = [one["contact"] for one in result.values() if isinstance(one, dict) and one.get("contact")]
    return Result.ok(f"{counted(len(found), 'contact')}.", found)


def _contacts(given: Any) -> list[dict[str, Any]]:
    """The contacts as objects; TaskFailed for one without an address, or with a field that SendGrid does not have."""
    rows = [given] if isinstance(given, Mapping) else given
    if hasattr(rows, "itertuples"):
        rows = list(tables.rows(rows))
    if not isinstance(rows, (list, tuple)):
        raise TaskFailed(f"contacts is a {type(rows).__name__}.", hint="Give a list of objects.", permanent=True)
    found = []
    for position, row in enumerate(rows):
        if not isinstance(row, Mapping) or "@" not in str(row.get("email") or ""):
            raise TaskFailed(f"contacts[{position}] has no email address.", permanent=True)
        unknown = [name for name in row if name not in FIELDS]
        if unknown:
            hint = f"Put fields of your own into custom_fields; SendGrid's are {', '.join(sorted(FIELDS))}."
            raise TaskFailed(f"contacts[{position}] has a field {unknown[0]!r}.", hint=hint, permanent=True)
        found.append({name: _plain(value) for name, value in row.items() if value is not None})
    if not found:
        raise TaskFailed("There are no contacts to add.", permanent=True)
    return found


def _plain(value: Any) -> Any:
    """A value as JSON has it: a date as its text, as SendGrid takes dates."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    value = tables.scalar(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _with_field_ids(session: http.Session, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The contacts with their custom fields by id. https://www.twilio.com/docs/sendgrid/api-reference/custom-fields"""
    if not any(one.get("custom_fields") for one in contacts):
        return contacts
    answer = session.get("/v3/marketing/field_definitions").json
    known = list_in(answer, "custom_fields") if isinstance(answer, dict) and "custom_fields" in answer else []

    def by_id(given: Mapping[str, Any]) -> dict[str, Any]:
        return {_id_of(str(name), known, "custom field"): value for name, value in given.items()}

    return [
        {**one, "custom_fields": by_id(one["custom_fields"])} if one.get("custom_fields") else one for one in contacts
    ]


def _list_ids(session: http.Session, lists: list[str]) -> list[str]:
    known, _ = paged(session, "/v3/marketing/lists", {}, None, PAGE)
    return list(dict.fromkeys(_id_of(name, known, "list") for name in lists))


def _id_of(name: str, known: list[dict[str, Any]], what: str) -> str:
    """The id of what has that name or id; in another case only where that is just one."""
    found = [one for one in known if name in (str(one.get("id")), str(one.get("name")))]
    found = found or [one for one in known if str(one.get("name")).casefold() == name.casefold()]
    if len(found) == 1:
        return str(found[0]["id"])
    if found:
        shown = ", ".join(f"{one.get('name')} ({one.get('id')})" for one in found[:20])
        hint = f"There are: {shown}. Give the id."
        raise TaskFailed(f"{name!r} may be several {what}s.", hint=hint, permanent=True)
    names = ", ".join(sorted(str(one.get("name")) for one in known)[:20]) or "none"
    raise TaskFailed(f"There is no {what} {name!r}.", hint=f"There are: {names}.", permanent=True)


def _batches(contacts: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many contacts at a time as one request may hold."""
    batch: list[dict[str, Any]] = []
    size = 0
    for one in contacts:
        length = len(json.dumps(one)) + 2
        if batch and (len(batch) == MOST_CONTACTS or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    yield batch
