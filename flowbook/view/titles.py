"""What people call a workflow. Its file has an id and a description: a title is the description's beginning.

"Daily weather" is kept as the description of ``daily-weather``. When more is said of it, that follows: "Daily weather:
mailed at seven".
"""

from __future__ import annotations

import re

from flowbook.models import kebab

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
