"""Credentials from the environment, for unattended runs: ``FLOWBOOK_CREDENTIALS__<INTEGRATION_SLUG>``."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.errors import MissingCredentials, nearest
from flowbook.models import Integration

PREFIX = "FLOWBOOK_CREDENTIALS__"


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
    given = os.environ if environ is None else environ
    return sorted(each for each in given if each.startswith(PREFIX) and integration_slug(each[len(PREFIX) :]) == slug)


def nearest_variable(name: str, environ: Mapping[str, str] | None = None) -> str:
    """A variable that is set and looks as if it were meant for the integration ``name``; empty without one."""
    given = os.environ if environ is None else environ
    found = nearest(variable_of(name), [each for each in given if each.startswith(PREFIX)])
    return found if found not in variables_given(name, given) else ""


def credentials_from_environment(name: str, environ: Mapping[str, str] | None = None) -> dict[str, Any] | None:
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
    variable = found[0]
    value, problem = _parse((os.environ if environ is None else environ)[variable])
    if problem:
        # Raised here, outside of any except block: a JSONDecodeError carries the whole text.
        raise MissingCredentials(
            f"{variable} (the credentials of {name!r}) is not usable: {problem}.",
            'Set it to a JSON object, for example {"token": "…"}.',
        )
    return value


def how_to_set(name: str, environ: Mapping[str, str] | None = None) -> str:
    """How to give an integration's credentials by the environment, for the end of a hint."""
    near = nearest_variable(name, environ)
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
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=strange.append)
    except json.JSONDecodeError as error:
        return {}, f"it is not JSON (line {error.lineno}, column {error.colno})"
    except RecursionError:
        return {}, "it is nested too deeply"
    if not isinstance(value, dict):
        return {}, "it is JSON, but not an object"
    if twice or strange:
        return {}, "a key is there twice" if twice else "it holds NaN or Infinity, which are not JSON"
    return value, ""


def credentials_for(
    name: str,
    integration: Integration | None,
    opened: Callable[[Integration], dict[str, Any]],
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The credentials of the integration ``name`` in clear: the one function that decides where they come from.

    The environment wins over ``integration`` (the store's, None when it has none of that name), which ``opened`` then
    need not open. Raises MissingCredentials when neither has any, and what ``opened`` does.
    """
    given = credentials_from_environment(name, environ)
    if given is not None:
        return given
    if integration is None:
        raise MissingCredentials(
            f"there are no credentials for the integration {name!r}.",
            f"Create it in the Integrations tab, or {how_to_set(name, environ)}.",
        )
    return opened(integration)
