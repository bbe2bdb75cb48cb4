"""More of dates and times: read from the forms that services write them in, in parts, and cut to a day or a month."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.dates import in_zone, parsed, time_zone
from flowbook.expressions.limits import Meter
from flowbook.expressions.lookup import Missing
from flowbook.expressions.registry import define, need
from flowbook.expressions.values import is_number

_LONGEST = 100
_FORMS = (
    "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "%a %b %d %Y", "%Y%m%d",
    "%Y-%m", "%B %Y", "%b %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_SHORT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(.*)\Z", re.ASCII | re.DOTALL)
_UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")


@define(
    "parse_date(value, format=None, zone=None)",
    "A date or time as ISO text, of text in one of many forms, or of milliseconds since 1970; with a format, of text "
    "written so; default() catches what is none.",
    'parse_date("Sat, 28 Feb 2026 12:00:00 GMT")',
    '"2026-02-28T12:00:00+00:00"',
)
def _parse_date(meter: Meter, value: Any, format: Any = None, zone: Any = None) -> str:
    meter.spend(3_000)  # so many forms are tried
    there = time_zone(zone, meter)
    moment = None
    if is_number(value):
        moment = _of_milliseconds(value)
    else:
        need(isinstance(value, str), "parse_date", "text or milliseconds", value)
        text = value.strip() if len(value) <= _LONGEST else ""
        moment = _written(text, format) if format is not None else _read(text)
    if moment is None:
        raise Missing("empty", f"parse_date() was given what is no date: {str(value)[:40]!r}.")
    try:
        return (in_zone(moment, there) if there else moment).isoformat()
    except (OverflowError, ValueError):
        raise ExpressionError("parse_date() needs a moment in the years 1 to 9999.") from None


def _of_milliseconds(value: Any) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(value / 1000, dt.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _written(text: str, format: Any) -> dt.datetime | None:
    if not isinstance(format, str) or len(format) > _LONGEST:
        raise ExpressionError(f"parse_date() needs a format of at most {_LONGEST} characters.")
    try:
        return dt.datetime.strptime(text, format)  # noqa: DTZ007 - a zone is given beside it
    except (ValueError, OverflowError, re.error):
        return None


def _read(text: str) -> dt.datetime | None:
    short = _SHORT.match(text)
    if short:
        text = f"{short[1]}-{short[2]:0>2}-{short[3]:0>2}{short[4]}"
    try:
        return parsed(text)[0]
    except ExpressionError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        pass
    plain = " ".join(text.replace(" at ", " ").split())
    tries = (f"{form}{clock}" for form in _FORMS for clock in _CLOCKS)
    return next((found for one in tries if (found := _written(plain, one))), None)


def _moment(name: str, meter: Meter, value: Any, zone: Any) -> tuple[dt.datetime, bool]:
    meter.spend(100)
    moment, whole_day = parsed(value)
    there = time_zone(zone, meter)
    try:
        return (in_zone(moment, there) if there and not whole_day else moment), whole_day
    except (OverflowError, ValueError):
        raise ExpressionError(f"{name}() needs a moment in the years 1 to 9999.") from None


_PARTS: dict[str, Callable[[dt.datetime], int]] = {
    "year": lambda m: m.year,
    "quarter": lambda m: (m.month + 2) // 3,
    "month": lambda m: m.month,
    "week": lambda m: m.isocalendar()[1],
    "weekday": lambda m: m.isoweekday(),
    "day": lambda m: m.day,
    "day_of_year": lambda m: m.timetuple().tm_yday,
    "days_in_month": lambda m: calendar.monthrange(m.year, m.month)[1],
    "hour": lambda m: m.hour,
    "minute": lambda m: m.minute,
    "second": lambda m: m.second,
    "millisecond": lambda m: m.microsecond // 1000,
}


@define(
    "date_part(value, part, zone=None)",
    "A part of a date or time as a number: year, quarter, month, week, weekday (Monday is 1), day, day_of_year, "
    "days_in_month, hour, minute, second or millisecond.",
    'date_part("2026-02-28", "weekday")',
    "6",
)
def _date_part(meter: Meter, value: Any, part: Any, zone: Any = None) -> int:
    moment, _ = _moment("date_part", meter, value, zone)
    if not isinstance(part, str) or part not in _PARTS:
        raise ExpressionError("date_part() has no such part.", hint=f"There are: {', '.join(_PARTS)}.")
    return _PARTS[part](moment)


@define(
    "start_of(value, unit, zone=None)",
    "The beginning of the year, quarter, month, week (Monday), day, hour, minute or second that a moment lies in.",
    'start_of("2026-02-28T12:30:00Z", "month")',
    '"2026-02-01T00:00:00+00:00"',
)
def _start_of(meter: Meter, value: Any, unit: Any, zone: Any = None) -> str:
    moment, whole_day = _moment("start_of", meter, value, zone)
    start = _cut("start_of", moment, unit)
    return start.date().isoformat() if whole_day else start.isoformat()


@define(
    "end_of(value, unit, zone=None)",
    "The last millisecond of the year, quarter, month, week, day, … that a moment lies in.",
    'end_of("2026-02-28T12:30:00Z", "day")',
    '"2026-02-28T23:59:59.999000+00:00"',
)
def _end_of(meter: Meter, value: Any, unit: Any, zone: Any = None) -> str:
    moment, whole_day = _moment("end_of", meter, value, zone)
    start = _cut("end_of", moment, unit)
    try:
        end = _next(start, unit) - dt.timedelta(milliseconds=1)
    except (OverflowError, ValueError):
        raise ExpressionError("end_of() needs a moment before the end of the year 9998.") from None
    if start.tzinfo is not None and zone is not None:
        end = in_zone(end.replace(tzinfo=None), start.tzinfo)
    return end.date().isoformat() if whole_day else end.isoformat()


def _cut(name: str, moment: dt.datetime, unit: Any) -> dt.datetime:
    if not isinstance(unit, str) or unit not in _UNITS:
        raise ExpressionError(f"{name}() has no such unit.", hint=f"There are: {', '.join(_UNITS)}.")
    if unit in ("hour", "minute", "second"):
        minute = 0 if unit == "hour" else moment.minute
        return moment.replace(minute=minute, second=moment.second if unit == "second" else 0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        try:
            return day - dt.timedelta(days=day.weekday())
        except OverflowError:
            raise ExpressionError(f"{name}() needs a moment in the years 1 to 9999.") from None
    month = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1}.get(unit, day.month)
    return day if unit == "day" else day.replace(month=month, day=1)


def _next(start: dt.datetime, unit: str) -> dt.datetime:
    """The beginning of what comes after what begins at ``start``."""
    months = {"year": 12, "quarter": 3, "month": 1}.get(unit)
    if months is None:
        return start + dt.timedelta(**{f"{unit}s": 1})
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1)
