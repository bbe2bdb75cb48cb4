"""What n8n's functions and methods are in our language: by name, a form for each number of arguments.

``{0}`` is the value that a method is called on, ``{1}`` … its arguments; of a function ``{0}`` is its first argument.
``{*}`` are all arguments.
"""

from __future__ import annotations

from flowbook.counting import counted
from flowbook.formats.n8n.javascript import Untranslatable

METHODS: dict[str, tuple[str, ...]] = {
    "toLowerCase": ("lower({0})",), "toLocaleLowerCase": ("lower({0})",), "toUpperCase": ("upper({0})",),
    "toLocaleUpperCase": ("upper({0})",), "trim": ("strip({0})",),
    "split": ("split({0}, {1})", "split({0}, {1})[:{2}]"),
    "join": ("join({0}, ',')", "join({0}, {1})"), "replaceAll": ("replace({0}, {1}, {2})",),
    "startsWith": ("startswith({0}, {1})",), "endsWith": ("endswith({0}, {1})",), "toString": ("str({0})",),
    "keys": ("keys({0})",), "values": ("values({0})",), "toFixed": ("fixed({0})", "fixed({0}, {1})"),
    "reverse": ("reversed({0})",), "toReversed": ("reversed({0})",),
    "flat": ("flatten({0})",), "first": ("first({0})",), "last": ("last({0})",), "unique": ("unique({0})",),
    "removeDuplicates": ("unique({0})",), "toJsonString": ("json({0}, compact=true)",),
    "parseJson": ("parse_json({0})",),
    "urlEncode": ("url_quote({0})",), "urlDecode": ("url_unquote({0})",), "base64Encode": ("base64({0})",),
    "base64Decode": ("base64({0}, decode=true)",), "toNumber": ("number({0})",), "toFloat": ("float({0})",),
    "toInt": ("int(number({0}))",), "toBoolean": ("bool({0})",), "round": ("int(({0} + 0.5) // 1)",
    "number(fixed({0}, {1}))"),
    "isEven": ("({0} % 2 == 0)",), "isOdd": ("({0} % 2 != 0)",), "floor": ("int({0} // 1)",),
    "ceil": ("int(-(-({0}) // 1))",), "abs": ("abs({0})",), "sum": ("sum({0})",),
    "max": ("max({0})",), "min": ("min({0})",), "average": ("number(sum({0}) / len({0}))",), "isEmpty": ("empty({0})",),
    "isNotEmpty": ("(not empty({0}))",), "ifEmpty": ("({1} if empty({0}) else {0})",), "hasField": ("({1} in {0})",),
    "hasOwnProperty": ("({1} in {0})",), "pluck": ("[one[{1}] for one in {0}]",), "charAt": ("{0}[{1}]",),
    "at": ("{0}[{1}]",), "get": ("{0}[{1}]",), "repeat": ("({0} * {1})",),
    "padStart": ("pad({0}, {1})", "pad({0}, {1}, {2})"),
    "padEnd": ("pad({0}, {1}, at_end=true)", "pad({0}, {1}, {2}, at_end=true)"), "indexOf": ("find({0}, {1})",),
    "compact": ("[one for one in {0} if not empty(one)]",), "merge": ("merge({0}, {1})",), "quote": ("json({0})",),
    "chunk": ("[{0}[at:at + {1}] for at in range(0, len({0}), {1})]",),
    "isNumeric": ("(default(number({0}), null) != null)",),
    "toISO": ("{0}",), "toISOString": ("(format_date({0}, '%Y-%m-%dT%H:%M:%S.%f', 'UTC')[:23] + 'Z')",),
    "toJSDate": ("{0}",), "toUTC": ("date({0}, zone='UTC')",),
    "toISODate": ("format_date({0}, '%Y-%m-%d')",), "toSQLDate": ("format_date({0}, '%Y-%m-%d')",),
    "toISOTime": ("format_date({0}, '%H:%M:%S')",), "toDateTime": ("parse_date({0})",), "toDate": ("parse_date({0})",),
    "toMillis": ("int(timestamp({0}, zone={zone}) * 1000)",), "valueOf": ("int(timestamp({0}, zone={zone}) * 1000)",),
    "getTime": ("int(timestamp({0}, zone={zone}) * 1000)",), "toSeconds": ("timestamp({0}, zone={zone})",),
    "toUnixInteger": ("int(timestamp({0}, zone={zone}))",), "setZone": ("date({0}, zone={1})",), "toLocal": ("{0}",),
    "startOf": ("start_of({0}, {1})",), "endOf": ("end_of({0}, {1})",),
    "beginningOf": ("start_of({0}, 'week')", "start_of({0}, {1})"),
    "endOfMonth": ("end_of({0}, 'month')",), "extract": ("date_part({0}, {1})",),
    "isWeekend": ("(date_part({0}, 'weekday') > 5)",), "getFullYear": ("date_part({0}, 'year')",),
    "getMonth": ("(date_part({0}, 'month') - 1)",), "getDate": ("date_part({0}, 'day')",),
    "getHours": ("date_part({0}, 'hour')",), "getMinutes": ("date_part({0}, 'minute')",),
    "getSeconds": ("date_part({0}, 'second')",), "getDay": ("(date_part({0}, 'weekday') % 7)",),
    "isBetween": ("({1} < {0} and {0} < {2})",), "removeTags": ("match_replace({0}, '<[^>]*>', '')",),
    "isEmail": ("matches({0}, r'^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$')",), "isUrl": ("matches({0}, r'^https?://[^\\s/]+')",),
    "extractEmail": ("match({0}, r'[\\w.+-]+@[\\w-]+(?:\\.[\\w-]+)+')",),
    "extractUrl": ("match({0}, r'https?://[^\\s\"<>]+')",),
    "extractDomain": ("match({0}, r'(?:https?://|@)?([\\w-]+(?:\\.[\\w-]+)+)', 1)",),
    "toSnakeCase": ("lower(match_replace(strip({0}), r'[^A-Za-z0-9]+', '_'))",), "smart": ("{0}",),
    "keepFields": ("merge({{k: {0}[k] for k in [{1}] if k in {0}}})",),
}  # fmt: skip

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "JSON.stringify": ("json({0}, compact=true)", "json({0}, {2})"), "JSON.parse": ("parse_json({0})",),
    "Object.keys": ("keys({0})",), "Object.values": ("values({0})",),
    "Object.entries": ("[[key, {0}[key]] for key in keys({0})]",), "Object.assign": ("merge({*})",),
    "Object.fromEntries": ("{{pair[0]: pair[1] for pair in {0}}}",), "Array.isArray": ("(type({0}) == 'list')",),
    "Array.from": ("{0}",), "Math.round": ("int(({0} + 0.5) // 1)",), "Math.floor": ("int({0} // 1)",),
    "Math.ceil": ("int(-(-({0}) // 1))",), "Math.trunc": ("int({0})",), "Math.abs": ("abs({0})",),
    "Math.max": ("max({*})",), "Math.min": ("min({*})",), "Math.pow": ("({0} ** {1})",),
    "Date.now": ("int(timestamp(now()) * 1000)",), "Number": ("number({0})",), "parseInt": ("{int}",),
    "parseFloat": ("{float}",), "Number.parseInt": ("{int}",), "Number.parseFloat": ("{float}",),
    "String": ("str({0})",), "Boolean": ("bool({0})",), "isNaN": ("(default(number({0}), null) == null)",),
    "Number.isInteger": ("(type({0}) == 'number' and {0} % 1 == 0)",),
    "encodeURIComponent": ("url_quote({0}, \"!'()*\")",),
    "encodeURI": ("url_quote({0}, \"/:?&=#,;+@$!*'()\")",), "escape": ("url_quote({0}, '@*_+-./')",),
    "decodeURIComponent": ("url_unquote({0})",), "decodeURI": ("url_unquote({0})",), "btoa": ("base64({0})",),
    "atob": ("base64({0}, decode=true)",), "DateTime.now": ("now({zone})",), "DateTime.local": ("now({zone})",),
    "DateTime.utc": ("now('UTC')",), "DateTime.fromISO": ("parse_date({0})",),
    "DateTime.fromMillis": ("date({0} / 1000)",), "DateTime.fromSeconds": ("date({0})",),
    "DateTime.fromJSDate": ("parse_date({0})",), "DateTime.fromSQL": ("parse_date({0})",),
    "DateTime.fromHTTP": ("parse_date({0})",), "DateTime.fromRFC2822": ("parse_date({0})",),
    "new Date": ("now({zone})", "parse_date({0})"), "new Set": ("[]", "unique({0})"),
    "$if": ("({1} if {0} else {2})",), "$ifEmpty": ("({1} if empty({0}) else {0})",), "$max": ("max({*})",),
    "$min": ("min({*})",), "$not": ("(not {0})",),
}  # fmt: skip

_PIECES = {
    "{int}": "int(match(str({0}), r'^\\s*([+-]?\\d+)', 1))",
    "{float}": "float(match(str({0}), r'^\\s*([+-]?[\\d.]+(?:[eE][+-]?\\d+)?)', 1))",
}

PARTS = {
    "year": "year", "month": "month", "day": "day", "hour": "hour", "minute": "minute", "second": "second",
    "weekday": "weekday", "weekNumber": "week", "quarter": "quarter", "millisecond": "millisecond",
    "daysInMonth": "days_in_month", "ordinal": "day_of_year",
}  # fmt: skip
"""What n8n's dates have as properties, as a part of ``date_part``."""

NAMED = {"monthLong": "%B", "monthShort": "%b", "weekdayLong": "%A", "weekdayShort": "%a"}
"""Those that are words, in a format."""


LENIENT = frozenset(
    {"JSON.stringify", "parseInt", "Number.parseInt", "DateTime.fromISO", "toISO", "toISOString", "toString"}
)
"""Those whose further arguments change nothing, or little, of what they give."""


def applied(name: str, forms: tuple[str, ...], arguments: list[str], zone: str) -> str:
    """A call in our language. Raises Untranslatable when it takes no such number of arguments."""
    if name in ("parseInt", "Number.parseInt") and arguments[1:] not in ([], ["10"]):
        raise Untranslatable(f"{name}() of another base than 10")
    fitting = [form for form in forms if "{*}" in form or _count(form) == len(arguments)]
    if not fitting and name in LENIENT:
        fitting = [form for form in reversed(forms) if _count(form) < len(arguments)]
    if not fitting:
        raise Untranslatable(f"{name}() with {counted(len(arguments), 'argument')}")
    form = _PIECES.get(fitting[0], fitting[0])
    for place in range(len(arguments)):
        form = form.replace(f"{{{place}}}", f"\0{place}\0")
    form = form.replace("{*}", ", ".join(arguments)).replace("{zone}", zone).replace("{{", "{").replace("}}", "}")
    for place, argument in enumerate(arguments):
        form = form.replace(f"\0{place}\0", argument)
    return form


def _count(form: str) -> int:
    form = _PIECES.get(form, form)
    return 1 + max((place for place in range(9) if f"{{{place}}}" in form), default=-1)
