"""An issue's fields as Jira wants to have them: texts in its format, names in objects, custom fields by their id.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ (create issue, edit issue).
"""

from __future__ import annotations

import re
from typing import Any

from flowbook import TaskFailed

from . import adf, wiki
from .client import Jira
from .models import Details
from .people import id_of

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_TEXT_AREA = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"


def rich(jira: Jira, text: str | dict[str, Any], format: str) -> str | dict[str, Any]:
    """A text for a description or comment: a document on Cloud, wiki markup on Data Center.

    ``format`` "text" means that nothing in it is Markdown. A document is taken as it is, and becomes wiki markup on
    Data Center.
    """
    if isinstance(text, dict):
        if text.get("type") != "doc" or not isinstance(text.get("content"), list):
            raise TaskFailed(
                "A document must have the type 'doc' and a list 'content'.", hint="Or give a text.", permanent=True
            )
        return text if jira.cloud else wiki.to_wiki(text)
    if jira.cloud:
        return adf.from_text(text) if format == "text" else adf.from_markdown(text)
    return text if format == "text" else wiki.to_wiki(adf.from_markdown(text))


def details(jira: Jira, params: Details, where: dict[str, str]) -> dict[str, Any]:
    """The fields that a new and a changed issue have in common; only those that were given."""
    fields: dict[str, Any] = {}
    if params.description is not None:
        fields["description"] = rich(jira, params.description, params.format)
    if params.priority is not None:
        fields["priority"] = {"name": params.priority}
    if params.assignee is not None:
        fields["assignee"] = {"id" if jira.cloud else "name": id_of(jira, params.assignee, where)}
    if params.labels is not None:
        fields["labels"] = params.labels
    if params.components is not None:
        fields["components"] = [{"name": name} for name in params.components]
    if params.due_date is not None:
        fields["duedate"] = params.due_date
    if params.parent is not None:
        fields["parent"] = {"key": params.parent}
    return fields | others(jira, params.fields, params.format)


def others(jira: Jira, given: dict[str, Any], format: str) -> dict[str, Any]:
    """Fields given by id or name, by id; on Cloud the texts of those that want a document become one."""
    by_name = [name for name in given if not _ID.fullmatch(name)]
    maybe_rich = jira.cloud and any(
        isinstance(value, str) for name, value in given.items() if name.startswith("custom")
    )
    known = _known(jira) if by_name or maybe_rich else []
    fields: dict[str, Any] = {}
    for name, value in given.items():
        field = (
            _field(known, name) if name in by_name else next((one for one in known if one["id"] == name), {"id": name})
        )
        wants_document = field["id"] in ("description", "environment") or _custom(field) == _TEXT_AREA
        fields[field["id"]] = rich(jira, value, format) if wants_document and isinstance(value, str) else value
    return fields


def _custom(field: dict[str, Any]) -> str:
    return str((field.get("schema") or {}).get("custom", ""))


def _known(jira: Jira) -> list[dict[str, Any]]:
    return [field for field in jira.get(f"{jira.api}/field").objects() if field.get("id")]


def _field(known: list[dict[str, Any]], name: str) -> dict[str, Any]:
    matching = [field for field in known if str(field.get("name", "")).casefold() == name.casefold()]
    if len(matching) == 1:
        return matching[0]
    if matching:
        ids = ", ".join(str(field["id"]) for field in matching)
        raise TaskFailed(
            f"Several fields are called {name!r}: {ids}.", hint="Give the field by its id.", permanent=True
        )
    names = sorted(str(field["name"]) for field in known if str(field["id"]).startswith("customfield_"))
    shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    raise TaskFailed(f"There is no field {name!r}.", hint=f"Custom fields here: {shown or 'none'}.", permanent=True)
