"""The names of things: what a type, a node and a workflow may be called."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator

from flowbook.errors import InvalidName

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_NODE_ID = re.compile(r"[a-z][a-z0-9_]*\Z")
_WORKFLOW_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
TASK_NAME = re.compile(r"[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*\Z")
# What a name would break out of the line with that shows it, or show as another one.
_NOT_IN_A_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")

MAX_INTEGRATION_NAME = 200


def check_type_name(name: str) -> str:
    """``name`` if it can name an integration type or folder, else :class:`InvalidName`."""
    if not isinstance(name, str) or not _TYPE_NAME.match(name):
        raise InvalidName(
            f"{name!r} cannot name an integration type.",
            "Use lowercase letters, digits and underscores, starting with a letter.",
        )
    return name


def check_node_id(name: str, what: str = "a node's id") -> str:
    """``name`` if it can be a node's id, else :class:`InvalidName`; ``what`` is what else of that form it is to be."""
    if not isinstance(name, str) or not _NODE_ID.match(name):
        raise InvalidName(
            f"{name!r} cannot be {what}.",
            "Use lowercase letters, digits and underscores, starting with a letter; free text goes into 'label'.",
        )
    return name


def check_workflow_name(name: str) -> str:
    """``name`` if it can name a workflow, else :class:`InvalidName`."""
    if not isinstance(name, str) or not _WORKFLOW_NAME.match(name):
        raise InvalidName(
            f"{name!r} cannot name a workflow.",
            f"Use kebab-case, for example {kebab(str(name))!r}.",
        )
    return name


def check_integration_name(name: str, *, new: bool = True) -> str:
    """``name`` without white space around it if it can name an integration, else :class:`InvalidName`.

    A ``new`` one is a single line; what a workflow of somebody else's calls its integration may be anything.
    """
    given = name.strip() if isinstance(name, str) else ""
    if not 0 < len(given) <= MAX_INTEGRATION_NAME:
        raise InvalidName(
            "an integration needs a name." if not given else "the integration's name is too long.",
            f"Use 1 to {MAX_INTEGRATION_NAME} characters, for example 'My Slack Workspace'.",
        )
    if new and _NOT_IN_A_LINE.search(given):
        raise InvalidName(
            f"{given!r} cannot name an integration: it holds a line break, or what turns text round.",
            "Use characters that can be seen, in one line.",
        )
    return given


def kebab(text: str) -> str:
    """The name that a workflow called by any words gets: "Météo of today" is "meteo-of-today"."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "my-workflow"


def _plain(check: Any) -> Any:
    """A pydantic validator made of one of the checks above."""

    def validate(value: str) -> str:
        try:
            return str(check(value))
        except InvalidName as error:
            raise ValueError(str(error)) from None

    return AfterValidator(validate)


TypeName = Annotated[str, _plain(check_type_name)]
NodeId = Annotated[str, _plain(check_node_id)]
