"""What people ask the run history for: a status, and times as they write them."""

from __future__ import annotations

import math
import re
import time
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

from flowbook.errors import InputError
from flowbook.events import RUN_STATUSES
from flowbook.models.periods import seconds_in
from flowbook.slips import suggest

Moment = str | float | date
"""A time: "7d" (that long ago), "2026-01-31", "2026-01-31T08:00", a date or datetime, or seconds since the epoch.

What names no time zone is meant in that of this machine.
"""

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?")
_REMEDY = 'Write a date ("2026-01-31"), a time ("2026-01-31T08:00", also with a zone), or how long ago ("7d", "12h").'


VERSION_NAME = 100  # characters


class Filters(TypedDict):
    """What :meth:`WorkspaceJournal.runs <flowbook.journal.WorkspaceJournal.runs>` is asked for."""

    workflow: str | None
    status: str | None
    since: float | None
    until: float | None
    limit: int | None


def filters(
    workflow: str | None, status: str | None, since: Moment | None, until: Moment | None, limit: int | None
) -> Filters:
    """What was asked for, understood; InputError for what cannot be."""
    if status is not None and status not in RUN_STATUSES:
        hint = suggest(str(status), RUN_STATUSES, "status") or f"Use one of: {', '.join(RUN_STATUSES)}."
        raise InputError(f"{status!r} is no status of a run.", hint)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InputError(f"limit: {limit!r} is no number of runs.", "Give a whole number from 1, or None for all.")
    first = None if since is None else seconds_of(since, "since")
    last = None if until is None else seconds_of(until, "until", end=True)
    if first is not None and last is not None and last < first:
        raise InputError(f"since {since} is later than until {until}: no run can be between.", "Change one of them.")
    return {"workflow": workflow, "status": status, "since": first, "until": last, "limit": limit}


def seconds_of(given: Any, what: str, *, end: bool = False) -> float:
    """A moment in seconds since the epoch; of a whole day its beginning, or with ``end`` its end. Else InputError."""
    try:
        if isinstance(given, date):
            return _of_date(given, end)
        if isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(given):
            return float(given)
        if isinstance(given, str) and (ago := seconds_in(given)) is not None:
            return time.time() - ago
        if isinstance(given, str) and _WRITTEN.fullmatch(given.strip()):
            return _of_date(_read(given.strip()), end)
    except (ValueError, OverflowError, OSError):
        pass
    raise InputError(f"{what}: {given!r} is no time.", _REMEDY)


def _read(text: str) -> date:
    if len(text) == 10:
        return date.fromisoformat(text)
    head, dot, rest = text.replace("Z", "+00:00").partition(".")
    if dot:  # before Python 3.11 only three or six digits are read
        digits = re.match(r"\d+", rest)
        assert digits is not None
        rest = digits[0].ljust(6, "0") + rest[digits.end() :]
    return datetime.fromisoformat(head + dot + rest)


def _of_date(given: date, end: bool) -> float:
    if isinstance(given, datetime):
        return given.timestamp()
    day = given + timedelta(days=1) if end else given
    midnight = datetime(day.year, day.month, day.day).timestamp()  # noqa: DTZ001 - a day of this machine's clock
    return math.nextafter(midnight, 0.0) if end else midnight


def version_name(given: str) -> str:
    """The name of a version as it is kept: on one line. InputError for one that is too long."""
    name = " ".join(given.split())
    if len(name) > VERSION_NAME:
        raise InputError(f"a version's name has at most {VERSION_NAME} characters, and this has {len(name)}.")
    return name
