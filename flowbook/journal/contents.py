"""How a node's data is kept: JSON, Parquet for a DataFrame, or a note that says why it was not kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from itertools import islice
from math import isfinite
from typing import Any

from flowbook.counting import counted
from flowbook.errors import StoreDamaged
from flowbook.installing import how_to_install
from flowbook.journal.protocol import damaged
from flowbook.json_text import TooDeep, is_deep, parse_json
from flowbook.results import Omitted, Stored

DATA_LIMIT = 2_000_000
PARQUET_LIMIT = 50_000_000
PREVIEW = 2_000

Kept = tuple[str, bytes | str | None]


class Content(Stored):
    """A node's data as the file holds it, of the run ``run``; loaded each time that it is asked for."""

    __slots__ = ("_content", "_run", "kind")

    def __init__(self, kind: str, content: bytes | str | None, run: str = "") -> None:
        self.kind = kind
        self._content = content
        self._run = run

    def load(self) -> Any:
        """The data again; None for what was not kept. Raises StoreDamaged when it cannot be read any more."""
        try:
            return self._load()
        except ImportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever bytes may do to the reader of a format
            raise damaged(self._run, error) from None

    def _load(self) -> Any:
        form = self.kind.partition("-")[0]
        if form == "json":
            return parse_json(self._content or "null")
        if form == "parquet":
            import pandas as pd

            return pd.read_parquet(io.BytesIO(self._content))  # type: ignore[arg-type]
        if form == "exact":
            from flowbook.journal.exact import decode

            return decode(parse_json(self._content or "null"))
        return None

    @property
    def omitted(self) -> Omitted | None:
        """Why the data was not kept, and its preview; None when it was."""
        if self.kind != "omitted":
            return None
        try:
            note = parse_json(self._content or "")
            return {"why": str(note["why"]), "preview": str(note["preview"])}
        except (ValueError, TypeError, LookupError) as error:
            raise damaged(self._run, error) from None

    @property
    def lost(self) -> str:
        """Why what is kept is not what the node gave; empty when it is."""
        omitted = self.omitted
        if omitted is not None:
            return omitted["why"]
        return "kept without the secrets in it" if self.kind.endswith("-redacted") else ""


def json_of(value: Any, *, default: Callable[[Any], Any] | None = None) -> str:
    """``value`` as compact JSON that a file can hold: a lone surrogate in it is escaped."""
    if default is None:
        text = int.__repr__(value) if type(value) is int else _encoded(value)  # as the encoder does, for less
    else:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=default)
    return text


_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode  # made once: it is often


def keep(data: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    """(kind, content) of a result: "none", "json", "parquet", "exact", or "omitted" with a JSON note {why, preview}.

    What is kept comes back exactly as it was. ``redact_json`` takes the secrets out of plain data, or is None when
    there are none; "json-redacted" and "parquet-redacted" say that there was one in it. Never raises for what the data
    is like: that its node ended is recorded in any case.
    """
    try:
        return _kept(data, redact_json, redact)
    except Exception as error:  # noqa: BLE001 - whatever an object does when it is looked at
        return leave_out({"why": f"not kept: {unseen(data, error)}", "preview": ""}, redact)


def unseen(value: Any, error: Exception) -> str:
    """What is said of a value that raised ``error`` when it was looked at; neither is asked for its own words."""
    return f"a {type(value).__name__} raised {type(error).__name__} when it was looked at"


def _kept(data: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    if data is None:
        return "none", None
    if redact_json is None and is_short(data):
        return "json", json_of(data)
    if _is_frame(data):
        return _keep_frame(data, redact_json, redact)
    plain = _is_plain(data)
    limit = DATA_LIMIT if plain else PARQUET_LIMIT
    if _is_over(limit, data):
        return _omitted(f"not kept: it is over the limit of {limit:,} characters", data, redact, redact_json)
    if not plain:
        return _keep_exact(data, redact_json, redact)
    try:
        text = json_of(data)
        read = parse_json(text) if redact_json is not None or is_deep(text) else None
    except (RecursionError, TooDeep):
        return _omitted("not kept: it refers to itself or is nested too deeply", data, redact, redact_json)
    except ValueError:
        return _keep_exact(data, redact_json, redact)  # NaN or an infinity, or it refers to itself
    if len(text) > DATA_LIMIT:
        return _omitted(
            f"not kept: {counted(len(text), 'character')} of JSON, over the limit of {DATA_LIMIT:,}",
            data,
            redact,
            redact_json,
        )
    kind = "json"
    if redact_json is not None:
        clean = redact_json(read)
        if clean is not read:
            kind, text = "json-redacted", json_of(clean)
    return kind, text


def is_short(value: Any) -> bool:
    """Whether a value is one short text, number or truth value, which JSON gives back as it was."""
    kind = type(value)
    if kind is str:
        return len(value) <= _SHORT
    if kind is int:
        return bool(-_DIGITS < value < _DIGITS)
    return isfinite(value) if kind is float else kind is bool


_SHORT = 100
_DIGITS = 10**15


def _keep_exact(data: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    """As JSON that says the types; what does not come back the same is not kept."""
    from flowbook.journal.exact import Encoder, decode, same

    try:
        text = json_of(Encoder(redact_json)(data))
        if len(text) > PARQUET_LIMIT:
            return _omitted(
                f"not kept: {counted(len(text), 'character')}, over the limit of {PARQUET_LIMIT:,}",
                data,
                redact,
                redact_json,
            )
        try:
            as_it_is = same(data, decode(parse_json(text)))
        except (TypeError, ValueError, LookupError):  # of what pandas writes and cannot read
            as_it_is = False
        if as_it_is:
            return "exact", text
        why = "it would not come back as it is"
    except (RecursionError, TooDeep):
        why = "it refers to itself or is nested too deeply"
    except Exception as error:  # noqa: BLE001 - whatever a type does that is not what it seems
        why = str(error)
    return _omitted(f"not kept: {why}", data, redact, redact_json)


def _is_frame(data: Any) -> bool:
    kind = type(data)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def _keep_frame(frame: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    kind = "parquet"
    if redact_json is not None:
        from flowbook.journal.frames import cleaned

        shown = cleaned(frame, redact_json)
        kind, frame = ("parquet" if shown is frame else "parquet-redacted"), shown
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer)
    except ImportError:
        return _omitted(
            f"not kept, since pyarrow, which keeps tables, is not installed. {how_to_install('pyarrow')}",
            frame,
            redact,
            redact_json,
        )
    except Exception as error:  # noqa: BLE001 - pyarrow raises many kinds; each means that this table cannot be kept
        exact = _keep_exact(frame, redact_json, redact)
        if exact[0] == "exact":
            return exact
        return _omitted(f"not kept: Parquet cannot hold it ({error})", frame, redact, redact_json)
    content = buffer.getvalue()
    if len(content) > PARQUET_LIMIT:
        return _omitted(
            f"not kept: {counted(len(content), 'byte')}, over the limit of {PARQUET_LIMIT:,}",
            frame,
            redact,
            redact_json,
        )
    if kind == "parquet" and not _comes_back(frame, content):
        return _keep_exact(frame, redact_json, redact)
    return kind, content


def _comes_back(frame: Any, content: bytes) -> bool:
    """Whether Parquet gives a table back as it was: cells that are objects of several kinds are changed by it."""
    from flowbook.journal.exact import same

    try:
        return same(frame, Content("parquet", content).load())
    except StoreDamaged:  # pandas writes labels of kinds, such as categories, that it cannot read again
        return False


def leave_out(omitted: Omitted, redact: Callable[[str], str] | None) -> Kept:
    """(kind, content) of data that was not even looked at: it is too large to be fetched for that."""
    clean = redact or str
    return "omitted", json_of({"why": clean(omitted["why"]), "preview": clean(omitted["preview"])})


def _omitted(why: str, data: Any, redact: Callable[[str], str], redact_json: Callable[[Any], Any] | None) -> Kept:
    from flowbook.journal.glance import glance

    preview = glance(data) if redact_json is None else glance(data, redact_json)
    note = {"why": redact(why), "preview": redact(preview)[:PREVIEW]}
    return "omitted", json_of(note)


_EXACT = frozenset({str, int, float, bool, type(None)})


def _is_plain(data: Any) -> bool:
    """Whether data is made of just what JSON brings back as it was."""
    waiting = [data]
    seen = 0
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is dict:
            if any(type(key) is not str for key in item):
                return False
            waiting.extend(item.values())
        elif kind is list:
            waiting.extend(item)
        elif kind not in _EXACT:
            return False
        seen += 1
        if seen > DATA_LIMIT:
            return True  # too long, or it refers to itself: the encoder says so
    return True


def _is_over(limit: int, data: Any) -> bool:
    """Whether the first texts, bytes, arrays and containers in it are longer than what is kept.

    It is not encoded to find out: that takes several times the memory; the same part may be in it a thousand times.
    """
    waiting, size = [data], 0
    for _ in range(_LOOKED_AT):
        if not waiting or size > limit:
            break
        item = waiting.pop()
        kind = type(item)
        if kind is dict:
            size += 5 * len(item)  # "":0, of an object and 0, of a list are the least
            waiting.extend(islice(item.values(), _LOOKED_AT))
        elif kind in _ROWS:
            size += 2 * len(item)
            waiting.extend(islice(item, _LOOKED_AT))
        elif kind is str:
            size += len(item)
        elif kind in _BYTES:
            size += len(item) * 4 // 3  # in base64
        else:
            weight = getattr(item, "nbytes", 0) if hasattr(item, "dtype") else 0
            size += weight * 4 // 3 if isinstance(weight, int) else 0
    return size > limit


_LOOKED_AT = 5_000
_ROWS = (list, tuple, set, frozenset)
_BYTES = (bytes, bytearray)
