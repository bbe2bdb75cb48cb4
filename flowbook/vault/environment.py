"""Credentials from the environment, for unattended runs: ``FLOWBOOK_CREDENTIALS__<INTEGRATION_SLUG>``.

The value is a JSON object of them and, under ``integration_type``, the type that they are of.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from flowbook import environment
from flowbook.errors import MissingCredentials
from flowbook.json_text import TooDeep, parse_json
from flowbook.records import NamedTuple
from flowbook.slips import nearest

PREFIX = environment.CREDENTIALS
_MEANT = re.compile(r"FLOWBOOK_*CREDENTIALS?_*(.+)", re.IGNORECASE)
"""As such a variable is called, and as it is misspelt."""
TYPE = "integration_type"
"""The key of the JSON object that says of which integration type the credentials are; it is none of them."""


class Given(NamedTuple):
    """What the environment gives for an integration: the ``variable``, the ``type`` it names ("": none), the values."""

    variable: str
    type: str
    values: dict[str, Any]


def integration_slug(name: str) -> str:
    """An integration's name as part of an environment variable: ``My Slack Workspace`` → ``MY_SLACK_WORKSPACE``.

    Accents are dropped, and letters that have no ASCII form are written as their code point (``U4E2D``); so are all
    characters of a name without letters and digits.
    """
    plain = "".join(
        f" U{ord(letter):04X} " if ord(letter) > 127 and letter.isalnum() else letter
        for letter in unicodedata.normalize("NFKD", name)
        if not unicodedata.combining(letter)
    )
    slug = re.sub(r"[^A-Z0-9]+", "_", plain.upper()).strip("_")
    return slug or "_".join(f"U{ord(letter):04X}" for letter in name)


def variable_of(name: str) -> str:
    """The environment variable that gives the credentials of the integration ``name``."""
    return PREFIX + integration_slug(name)


def variables_given(name: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The variables that are set and mean the integration ``name``: also one that spells it with its own letters.

    ``FLOWBOOK_CREDENTIALS__BÜRO`` means *Büro* as ``FLOWBOOK_CREDENTIALS__BURO`` does.
    """
    slug = integration_slug(name)
    given = environment.take() if environ is None else environ
    return sorted(each for each in given if each.startswith(PREFIX) and integration_slug(each[len(PREFIX) :]) == slug)


def nearest_variable(name: str) -> str:
    """A variable that is set and looks as if it were meant for the integration ``name``; empty without one."""
    given = environment.take()
    ends = {meant[1].upper(): each for each in given if (meant := _MEANT.fullmatch(each))}
    found = ends.get(nearest(integration_slug(name), ends), "")  # what all begin with would make any two near
    return found if found not in variables_given(name, given) else ""


def credentials_from_environment(name: str, environ: Mapping[str, str] | None = None) -> Given | None:
    """The credentials that the environment gives for the integration ``name``, None when it gives none.

    Raises MissingCredentials, which never shows the value, when the variable is not a JSON object.
    """
    found = variables_given(name, environ)
    if not found:
        return None
    if len(found) > 1:
        raise MissingCredentials(
            f"{' and '.join(found)} both give the credentials of {name!r}.", f"Keep {variable_of(name)} alone."
        )
    return given_by(found[0], (environment.take() if environ is None else environ)[found[0]], name)


def given_by(variable: str, text: str, name: str = "") -> Given:
    """What a variable that holds ``text`` gives. Raises MissingCredentials, which never shows it, if it is unusable."""
    value, problem = _parse(text)
    type_name = value.pop(TYPE, "")
    if not problem and not isinstance(type_name, str):
        problem = f"its {TYPE!r} is not a text"
    if problem:
        # Raised here, outside of any except block: a JSONDecodeError carries the whole text.
        whose = f" (the credentials of {name!r})" if name else ""
        raise MissingCredentials(
            f"{variable}{whose} is not usable: {problem}.",
            'Set it to a JSON object of the credentials by their names, for example {"token": "…"}.',
        )
    return Given(variable, type_name, value)


def how_to_set(name: str) -> str:
    """How to give an integration's credentials by the environment, for the end of a hint."""
    near = nearest_variable(name)
    mistaken = f" ({near} is set: is that it?)" if near else ""
    return f"set {variable_of(name)} to a JSON object{mistaken}"


def _parse(text: str) -> tuple[dict[str, Any], str]:
    """(the object, "") or ({}, what is wrong)."""
    if not text.strip():
        return {}, "it is empty"
    twice: list[str] = []
    strange: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in items]
        twice.extend(key for key in keys if keys.count(key) > 1)
        return dict(items)

    try:
        value = parse_json(text, object_pairs_hook=pairs, parse_constant=strange.append)
    except json.JSONDecodeError as error:
        return {}, f"it is not JSON (line {error.lineno}, column {error.colno})"
    except TooDeep:
        return {}, "it is nested too deeply"
    if not isinstance(value, dict):
        return {}, "it is JSON, but not an object"
    if twice or strange:
        return {}, "a key is there twice" if twice else "it holds NaN or Infinity, which are not JSON"
    return value, ""
