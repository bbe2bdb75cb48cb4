"""What people call a workflow. Its file has an id and a description: a title is the description's beginning.

"Daily weather" is kept as the description of ``daily-weather``. When more is said of it, that follows: "Daily weather:
mailed at seven".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from flowbook.models import Workflow, kebab

_LINK = ": "


def title_and_about(name: str, description: str) -> tuple[str, str]:
    """The title, and what else its description says. Without a title that is the id, and the whole description.

    A beginning is the title when the id follows from it: ``daily-weather-2`` does from "Daily weather" too.
    """
    first, _, rest = description.partition(_LINK)
    id = kebab(first)
    if first and "\n" not in first and re.fullmatch(rf"{re.escape(id)}(-\d+)?", name):
        return first, rest
    return name, description


def described(title: str, name: str, about: str) -> str:
    """The description of a workflow that is called ``title``, with its id ``name``, and of which ``about`` is said."""
    if title == name or not title:
        return about
    return f"{title}{_LINK}{about}" if about else title


def titles(workflows: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """What to call each of these workflows, of which the id and the description are given: its title, by its id.

    Of those that have the same title all are told apart by their ids.
    """
    found = {name: title_and_about(name, description)[0] for name, description in workflows}
    often = Counter(found.values())
    return {name: title if often[title] == 1 else f"{title} ({name})" for name, title in found.items()}


def title_of_copy(name: str, description: str) -> str:
    """What a copy of a workflow is called at first, as its own title or id is."""
    title, _ = title_and_about(name, description)
    return f"{name}-copy" if title == name else f"{title} (copy)"


def called(workflow: Workflow, name: str, title: str) -> Workflow:
    """A copy of a workflow with an id and a title of its own."""
    _, about = title_and_about(workflow.name, workflow.description)
    copy = workflow.copy_as(name)
    copy.describe(described(title, name, about))
    return copy
