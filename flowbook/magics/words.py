"""What is written after ``%flow``: read into words, with errors that say what it can be."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from flowbook.errors import InputError
from flowbook.slips import suggest
from flowbook.validation import Typed

VERBS = {
    "run": "%flow run NAME key=value …",
    "edit": "%flow edit NAME",
    "runs": "%flow runs [NAME]",
    "list": "%flow list",
    "check": "%flow check NAME",
}
USAGE = "Write one of: " + "; ".join(VERBS.values()) + "; %%flow NAME.NODE above a cell."


def words_of(line: str) -> list[str]:
    """The words of a line; what stands in quotes is one. Raises InputError."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise InputError(f"%flow {line}: {error}.", "Close the quotes.") from None


def verb_of(words: list[str]) -> tuple[str, list[str]]:
    """What is to be done, and with what; a list of the workflows when nothing is said. Raises InputError."""
    verb, *rest = words or ["list"]
    if verb not in VERBS:
        raise InputError(f"%flow has no {verb!r}.", suggest(verb, VERBS, "word") + f" {USAGE}")
    least, most = {"run": (1, 10_000), "runs": (0, 1), "list": (0, 0)}.get(verb, (1, 1))
    if not least <= len(rest) <= most:
        raise InputError(f"%flow {verb} takes {'a name' if least else 'no such words'}.", f"Write {VERBS[verb]}")
    return verb, rest


def inputs_of(words: list[str], names: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of ``key=value`` words. ``$name`` as a value is that variable of the notebook: the live object.

    What is typed is read as the input's type says, as on the command line.
    """
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            hint = 'For example: minimum=5 city="New York"'
            raise InputError(f"%flow run: {word!r} is not of the form key=value.", hint)
        if key in found:
            raise InputError(f"%flow run: {key} is given twice.", "Remove one of the two.")
        found[key] = _variable(value[1:], names) if value.startswith("$") else Typed(value)
    return found


def _variable(name: str, names: Mapping[str, Any]) -> Any:
    if name not in names:
        known = [known for known in names if not known.startswith("_")]
        raise InputError(f"there is no variable {name!r} in this notebook.", suggest(name, known, "variable"))
    return names[name]


def place_of(words: list[str]) -> tuple[str, str]:
    """The workflow and the node that ``%%flow NAME.NODE`` names. Raises InputError."""
    name, dot, node = words[0].partition(".") if len(words) == 1 else ("", "", "")
    if not (name and dot and node):
        raise InputError(
            f"%%flow {' '.join(words)}: it does not say which node.",
            "Write %%flow NAME.NODE, such as %%flow sales.sums",
        )
    return name, node
