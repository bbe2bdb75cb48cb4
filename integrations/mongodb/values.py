"""Values as they travel: MongoDB Extended JSON (v2) for what JSON has no kind for; Python's own kinds on the way in.

Facts: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/

Out, as ``extended`` (relaxed Extended JSON): numbers, texts, true, false, null as they are; for the rest ``{"$oid"}``,
``{"$date"}``, ``{"$numberDecimal"}``, ``{"$binary"}`` and the others; ``canonical`` names the kind of each number too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flowbook import TaskFailed, tables
from flowbook.json_text import parse_json

# What Extended JSON calls each kind, where an object of this one key stands for a value.
_KINDS = {
    "$oid", "$date", "$numberInt", "$numberLong", "$numberDouble", "$numberDecimal", "$binary", "$uuid", "$timestamp",
    "$regularExpression", "$minKey", "$maxKey", "$code",
}  # fmt: skip
_BYTES = (bytearray, memoryview)


def given(value: Any, where: str) -> Any:
    """A value of a param as BSON has it. TaskFailed says where one is that has no kind there."""
    try:
        return _given(value, where)
    except RecursionError:
        raise TaskFailed(f"{where} is nested too deeply.", hint="MongoDB takes 100 levels.", permanent=True) from None


def _given(value: Any, where: str) -> Any:
    if isinstance(value, Mapping) and not _is_bson(value):
        return _object(value, where)
    if isinstance(value, (list, tuple)):
        return [_given(one, f"{where}[{place}]") for place, one in enumerate(value)]
    return _scalar(value, where)


def _is_bson(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "bson"


def _object(value: Mapping[Any, Any], where: str) -> Any:
    made = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            raise _refused(f"{where} has the key {key!r}, which is no text", "Turn it into text.")
        made[tables.well_formed(key)] = _given(inner, f"{where}.{key}")
    if (len(made) == 1 and next(iter(made)) in _KINDS) or set(made) == {"$code", "$scope"}:
        return _extended(made, where)
    return made


def _extended(value: dict[str, Any], where: str) -> Any:
    import bson
    from bson import json_util

    options = json_util.CANONICAL_JSON_OPTIONS.with_options(datetime_conversion=bson.DatetimeConversion.DATETIME_AUTO)
    kind = next(iter(value))
    try:
        return json_util.object_hook(value, options)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, bson.errors.BSONError):
        hint = "See MongoDB Extended JSON (v2) for how it is written."
        raise _refused(f"{where} is no value that {kind} can have", hint) from None


def _scalar(value: Any, where: str) -> Any:
    if _is_bson(value):
        return value
    if isinstance(value, datetime):
        return None if value != value else _moment(value)  # NaT is not even itself
    if type(value).__name__ == "datetime64":
        return _given(value.astype("datetime64[us]").item(), where)
    value = tables.scalar(value)
    if isinstance(value, str):
        return tables.well_formed(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise _refused(f"{where} is a whole number beyond 64 bits", 'Give {"$numberDecimal": "…"} or a text.')
    if value is None or isinstance(value, (bool, int, float, bytes)):
        return value
    if isinstance(value, _BYTES):
        return bytes(value)
    if isinstance(value, Decimal):
        return _decimal(value, where)
    if isinstance(value, UUID):
        from bson.binary import Binary

        return Binary.from_uuid(value)
    hint = "Give a datetime, or a text." if hasattr(value, "isoformat") else "Give what JSON or Extended JSON holds."
    raise _refused(f"{where} is a {type(value).__name__}, which MongoDB has no kind for", hint)


def _moment(value: datetime) -> datetime:
    return value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value


def _decimal(value: Decimal, where: str) -> Any:
    from bson.decimal128 import Decimal128

    try:
        return Decimal128(value)
    except ArithmeticError:
        raise _refused(f"{where} has more than the 34 digits that a Decimal128 keeps", "Give it as a text.") from None


def _refused(what: str, hint: str) -> TaskFailed:
    return TaskFailed(f"{what}.", hint=hint, permanent=True)


def got(value: Any, as_: str) -> Any:
    """What the server answered, in the form that is wanted: extended, canonical or plain."""
    if as_ == "plain":
        return _plain(value)
    from bson import json_util

    options = json_util.RELAXED_JSON_OPTIONS if as_ == "extended" else json_util.CANONICAL_JSON_OPTIONS
    return parse_json(json_util.dumps(value, json_options=options))


def _plain(value: Any) -> Any:
    from bson import Decimal128, ObjectId
    from bson.binary import Binary

    if isinstance(value, dict) and not _is_bson(value):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal128):
        return _number(value.to_decimal())
    if isinstance(value, Binary) and value.subtype == 4:
        return str(value.as_uuid())
    if value is None or isinstance(value, bool) or type(value) in (str, bytes):
        return value
    if isinstance(value, int):
        return int(value)
    return value if isinstance(value, float) and math.isfinite(value) else got(value, "extended")


def _number(exact: Decimal) -> int | float | str:
    """A decimal number as the plainest JSON value that loses no digit."""
    if not exact.is_finite():
        return str(exact)
    near = float(exact)
    return near if math.isfinite(near) and str(Decimal(repr(near))) == str(exact) else str(exact)
