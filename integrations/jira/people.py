"""Finding the person meant by an e-mail address, a name or an account id.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/ (find users assignable to
issues), and the same resource of Data Center, where ``username`` is matched with names and addresses alike.
"""

from __future__ import annotations

import re
from typing import Any

from flowbook import TaskFailed, current

from .client import PAGE, Jira

AUTOMATIC = "-1"
# Old ids are 24 hexadecimal digits, but those in Atlassian's documentation have other letters too.
_ACCOUNT_ID = re.compile(r"(?=.*\d)[0-9a-z]{24}|\d+:[0-9a-f-]{36}|(qm|ug):[\w:-]{20,}")
_MOST = 50


def id_of(jira: Jira, who: str, where: dict[str, str]) -> str:
    """The account id (Cloud) or user name (Data Center) of ``who``.

    ``where`` says for what: ``{"issueKey": ...}`` or ``{"project": ...}``; only people who can be assigned there are
    found. TaskFailed when nobody has exactly that address, name or id (the search finds who has more than that, too),
    or when several have.
    """
    if who.casefold() in ("automatic", AUTOMATIC):
        return AUTOMATIC
    if jira.cloud and _ACCOUNT_ID.fullmatch(who):
        return who
    query = {**where, "query" if jira.cloud else "username": who, "maxResults": _MOST}
    found = jira.get(f"{jira.api}/user/assignable/search", params=query).objects()
    people = [one for one in found if one.get("active", True)]
    place = next(iter(where.values()))
    exact = [one for one in people if who.casefold() in _names(one)]
    if not exact:
        raise _nobody(who, place, people, jira.cloud)
    if len(exact) > 1:
        shown = ", ".join(_shown(one) for one in exact[:10])
        raise TaskFailed(f"{who!r} may be several people: {shown}.", hint="Give the e-mail address or the id.")
    return str(exact[0]["accountId" if jira.cloud else "name"])


def people_like(jira: Jira, text: str, limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Up to ``limit`` people whose name or address begins so, and whether there are more."""
    found: list[dict[str, Any]] = []
    while len(found) <= limit:
        size = min(PAGE, limit + 1 - len(found))
        query = {"query" if jira.cloud else "username": text, "startAt": len(found), "maxResults": size}
        page = jira.get(f"{jira.api}/user/search", params=query).objects()
        found += page
        if len(page) < size:
            break
        current().progress(len(found), limit)
    return found[:limit], len(found) > limit


def _nobody(who: str, place: str, people: list[dict[str, Any]], cloud: bool) -> TaskFailed:
    """The failure to find exactly ``who``, with those whom the search found instead."""
    words, hint = f"Nobody called {who!r} can be assigned in {place}", "Check the spelling."
    if not people:
        return TaskFailed(f"{words}.", hint=f"{hint[:-1]}, and that this person may be assigned there.", permanent=True)
    shown = ", ".join(_shown(one) for one in people[:10])
    if cloud and "@" in who and any(not one.get("emailAddress") for one in people):
        hint = "Jira shows not everybody's address: if it is one of these, give the id."
    return TaskFailed(f"{words}; Jira found {shown}.", hint=hint, permanent=True)


def _names(person: dict[str, Any]) -> set[str]:
    names = ("accountId", "name", "key", "emailAddress", "displayName")
    return {str(person[name]).casefold() for name in names if person.get(name)}


def _shown(person: dict[str, Any]) -> str:
    """Name, address and id, as far as there are any."""
    known = [person.get("emailAddress"), person.get("accountId") or person.get("name")]
    return f"{person.get('displayName')} ({', '.join(str(one) for one in known if one)})"
