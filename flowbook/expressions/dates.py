"""The date functions of the language. Dates and times are ISO 8601 text, which sorts and compares as they do."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import Meter
from flowbook.expressions.values import describe, is_number

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(Z|[+-]\d\d:?\d\d)?)?\Z", re.ASCII
)
_DIRECTIVE = re.compile(r"%(-?)(.?)", re.DOTALL)
_DIRECTIVES = frozenset("YmdHMSybBaAjIpzfuV%")
_PADDED = frozenset("mdHMSyjIV")
_BEFORE_TIME = ("T", " ")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
_NO_PLACE = re.compile(r"(localtime|posixrules|Factory)\Z|(posix|right)/")  # files beside the zones: each machine's own
_SECOND = dt.timedelta(seconds=1)


def time_zone(name: Any, meter: Meter) -> dt.tzinfo | None:
    """The zone of that IANA name; None for None. Raises ExpressionError when there is none."""
    if name is None:
        return None
    meter.spend(400)  # its file may have to be read
    try:
        if isinstance(name, str) and len(name) <= 100 and not _NO_PLACE.match(name):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    raise ExpressionError("there is no such time zone.", hint='Use an IANA name such as "Europe/Berlin".')


def now(meter: Meter, zone: Any = None) -> str:
    """The time now with its offset, to the second."""
    meter.spend(200)
    here = time_zone(zone, meter)
    moment = dt.datetime.now(here) if here else dt.datetime.now(dt.timezone.utc).astimezone()
    return moment.isoformat(timespec="seconds")


def today(meter: Meter, zone: Any = None) -> str:
    """Today's date."""
    return now(meter, zone)[:10]


def date(
    meter: Meter,
    value: Any,
    days: Any = 0,
    hours: Any = 0,
    minutes: Any = 0,
    zone: Any = None,
    *,
    seconds: Any = 0,
    months: Any = 0,
    years: Any = 0,
) -> str:
    """A date or time as ISO text, moved; in a zone, days are those of its calendar and hours are hours that pass."""
    meter.spend(60)
    moment, whole_day = parsed(value)
    there = time_zone(zone, meter)
    for amount in (days, hours, minutes, seconds, months, years):
        if not is_number(amount):
            raise ExpressionError(f"date() moves by numbers, not by {describe(amount)}.")
    stays_a_day = whole_day and not hours and not minutes and not seconds
    try:
        moment = in_zone(moment, there) if there and not stays_a_day else moment
        moment = _by_months(moment, months + 12 * years)
        passing = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if there is None or stays_a_day:
            moment += dt.timedelta(days=days) + passing
        else:
            moment = _moved(in_zone(moment, there), floor(days), passing, days % 1)
    except (OverflowError, ValueError):
        raise ExpressionError("date() moves out of the years 1 to 9999.") from None
    return moment.date().isoformat() if stays_a_day else moment.isoformat()


def _by_months(moment: dt.datetime, months: Any) -> dt.datetime:
    """The moment so many months on, by the calendar: the same day, or the last one of a month that is too short."""
    if not months:
        return moment
    if months % 1:
        raise ExpressionError("date() moves by whole months and years.")
    if abs(months) > 120_000:
        raise OverflowError
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    moved = moment.replace(year=year, month=month + 1, day=1)
    moved = moved.replace(day=min(moment.day, calendar.monthrange(year, month + 1)[1]))
    return moved if moment.tzinfo is None else in_zone(moved.replace(tzinfo=None), moment.tzinfo)


def in_zone(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The moment as the zone's clocks show it; one without an offset is what they show already.

    A time that they skip becomes the one that they show in its place.
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone).astimezone(dt.timezone.utc)
    return moment.astimezone(zone)


def _moved(moment: dt.datetime, days: int, passing: dt.timedelta, part_of_a_day: float) -> dt.datetime:
    zone = moment.tzinfo
    assert zone is not None
    # Days first, by the calendar: the clock shows the same time then, where it has it.
    there = in_zone((moment + dt.timedelta(days=days)).replace(tzinfo=None), zone) if days else moment
    return (there.astimezone(dt.timezone.utc) + passing + dt.timedelta(days=part_of_a_day)).astimezone(zone)


def timestamp(meter: Meter, value: Any, zone: Any = None) -> Any:
    """Seconds since 1970: whole ones as a whole number."""
    meter.spend(60)
    moment, _ = parsed(value)
    there = time_zone(zone, meter)
    if moment.tzinfo is None and there is None:
        raise ExpressionError(
            "timestamp() was given a time without an offset, which is another moment in each zone.",
            hint='Say which: timestamp(…, zone="Europe/Berlin").',
        )
    try:
        since = (in_zone(moment, there) if there else moment) - _EPOCH
    except (OverflowError, ValueError):
        raise ExpressionError("timestamp() needs a moment in the years 1 to 9999.") from None
    return since // _SECOND if not since % _SECOND else since / _SECOND


def differ_in_offset(left: str, right: str, meter: Meter) -> bool:
    """Whether two texts are moments whose order as text is not their order in time."""
    if not (left[10:11] in _BEFORE_TIME and right[10:11] in _BEFORE_TIME) or len(left) > 100 or len(right) > 100:
        return False
    meter.spend(40)  # as much as 10 microseconds
    one, other = _ISO.match(left), _ISO.match(right)
    if not (one and other and one[8] and other[8]) or one[8] == other[8]:
        return False
    return _offset(one[8]) != _offset(other[8])


def format_date(meter: Meter, value: Any, format: Any, zone: Any = None) -> str:
    """A date or time, as the clocks of a zone show it, written as ``format`` says."""
    if not isinstance(format, str) or len(format) > 200:
        raise ExpressionError("format_date() needs a format of at most 200 characters.")
    meter.spend(60 + 10 * len(format))
    moment, whole_day = parsed(value)
    there = time_zone(zone, meter)
    try:
        moment = in_zone(moment, there) if there and not whole_day else moment
    except (OverflowError, ValueError):
        raise ExpressionError("format_date() needs a moment in the years 1 to 9999.") from None

    def write(found: re.Match[str]) -> str:
        # strftime itself takes widths on some systems (%999999d), so each directive goes to it alone
        bare, letter = found.groups()
        if letter not in (_PADDED if bare else _DIRECTIVES):
            raise ExpressionError(f"format_date() does not know '{found[0]}'.", hint="Write %% for a percent sign.")
        text = f"{moment.year:04d}" if letter == "Y" else moment.strftime(f"%{letter}")
        return text.lstrip("0") or "0" if bare else text

    return _DIRECTIVE.sub(write, format)


def parsed(value: Any) -> tuple[dt.datetime, bool]:
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
