"""The date functions of the language. Dates and times are ISO 8601 text, which sorts and compares as they do."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import Meter
from flowbook.expressions.views import describe, is_number

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII
)
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = frozenset("YmdHMSybBaAjIpzf%")


def _zone(name: Any) -> dt.tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(str(name)[:100])
    except (KeyError, ValueError, OSError):
        raise ExpressionError("there is no such time zone.", hint='Use an IANA name such as "Europe/Berlin".') from None


def now(meter: Meter, zone: Any = None) -> str:
    """The time now with its offset, to the second."""
    meter.spend(200)
    here = _zone(zone)
    moment = dt.datetime.now(here) if here else dt.datetime.now(dt.timezone.utc).astimezone()
    return moment.isoformat(timespec="seconds")


def today(meter: Meter, zone: Any = None) -> str:
    """Today's date."""
    return now(meter, zone)[:10]


def date(meter: Meter, value: Any, days: Any = 0, hours: Any = 0, minutes: Any = 0) -> str:
    """A date or time as ISO text, moved."""
    meter.spend(40)
    moment, whole_day = _parsed(value)
    for amount in (days, hours, minutes):
        if not is_number(amount):
            raise ExpressionError(f"date() moves by numbers, not by {describe(amount)}.")
    try:
        moment += dt.timedelta(days=days, hours=hours, minutes=minutes)
    except (OverflowError, ValueError):
        raise ExpressionError("date() moves out of the years 1 to 9999.") from None
    if whole_day and not hours and not minutes:
        return moment.date().isoformat()
    return moment.isoformat()


def format_date(meter: Meter, value: Any, format: Any) -> str:
    """A date or time written as ``format`` says."""
    if not isinstance(format, str) or len(format) > 200:
        raise ExpressionError("format_date() needs a format of at most 200 characters.")
    meter.spend(40 + 10 * len(format))
    moment, _ = _parsed(value)

    def write(found: re.Match[str]) -> str:
        # strftime itself takes widths on some systems (%999999d), so each directive goes to it alone
        if found[1] not in _DIRECTIVES:
            raise ExpressionError(f"format_date() does not know '%{found[1]}'.", hint="Write %% for a percent sign.")
        return f"{moment.year:04d}" if found[1] == "Y" else moment.strftime(found[0])

    return _DIRECTIVE.sub(write, format)


def _parsed(value: Any) -> tuple[dt.datetime, bool]:
    """The moment that ISO text or seconds since 1970 mean, and whether it is a day without a time."""
    try:
        if is_number(value):
            return dt.datetime.fromtimestamp(value, dt.timezone.utc), False
        found = _ISO.match(value.strip()) if isinstance(value, str) and len(value) < 100 else None
        if found:
            year, month, day, hour, minute, second, fraction, zone = found.groups()
            micro = int((fraction or "0").ljust(6, "0")[:6])
            clock = (int(hour or 0), int(minute or 0), int(second or 0), micro)
            return dt.datetime(int(year), int(month), int(day), *clock, tzinfo=_offset(zone)), hour is None
    except (ValueError, OverflowError, OSError):
        pass
    raise ExpressionError(
        f"{describe(value)} was given where a date is needed.",
        hint='Use ISO text ("2026-02-28T09:30") or seconds since 1970.',
    )


def _offset(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return dt.timezone.utc
    offset = dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return dt.timezone(-offset if text[0] == "-" else offset)
