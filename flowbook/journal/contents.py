"""How a node's data is kept: JSON, Parquet for a DataFrame, or a note that says why it was not kept."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from flowbook.results import Omitted, Stored

DATA_LIMIT = 2_000_000
PARQUET_LIMIT = 50_000_000
PREVIEW = 2_000

Kept = tuple[str, bytes | str | None]


class Content(Stored):
    """A node's data as the file holds it; loaded each time that it is asked for."""

    __slots__ = ("_content", "kind")

    def __init__(self, kind: str, content: bytes | str | None) -> None:
        self.kind = kind
        self._content = content

    def load(self) -> Any:
        """The data again; None for what was not kept."""
        form = self.kind.partition("-")[0]
        if form == "json":
            return json.loads(self._content or "null")
        if form == "parquet":
            import pandas as pd

            return pd.read_parquet(io.BytesIO(self._content))  # type: ignore[arg-type]
        return None

    @property
    def omitted(self) -> Omitted | None:
        """Why the data was not kept, and its preview; None when it was."""
        if self.kind != "omitted":
            return None
        note: Omitted = json.loads(self._content or "")
        return note

    @property
    def lost(self) -> str:
        """Why what is kept is not what the node gave; empty when it is."""
        omitted = self.omitted
        if omitted is not None:
            return omitted["why"]
        return "kept without the secrets in it" if self.kind.endswith("-redacted") else ""


def json_of(value: Any, *, default: Callable[[Any], Any] | None = None) -> str:
    """``value`` as compact JSON that a file can hold: a lone surrogate in it is escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=default)
    return text


def keep(data: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    """(kind, content) of a result: "none", "json", "parquet", or "omitted" with a JSON note {why, preview}.

    ``redact_json`` takes the secrets out of plain data, or is None when there are none; "json-redacted" and
    "parquet-redacted" say that there was one in it.
    """
    if data is None:
        return "none", None
    if _is_frame(data):
        return _keep_frame(data, redact_json, redact)
    try:
        text = json_of(data)
    except (TypeError, ValueError, RecursionError) as error:
        why = "it refers to itself or is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return _omitted(f"not kept: JSON cannot hold it ({why})", data, redact)
    if len(text) > DATA_LIMIT:
        return _omitted(f"not kept: {len(text):,} characters of JSON, over the limit of {DATA_LIMIT:,}", data, redact)
    kind = "json"
    if redact_json is not None:
        plain = json.loads(text)
        clean = redact_json(plain)
        if clean is not plain:
            kind, text = "json-redacted", json_of(clean)
    if _changed_by_json(data):
        return _omitted("not kept: it has keys that are not text, which JSON would change", data, redact)
    return kind, text


def _is_frame(data: Any) -> bool:
    kind = type(data)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"


def _keep_frame(frame: Any, redact_json: Callable[[Any], Any] | None, redact: Callable[[str], str]) -> Kept:
    kind = "parquet"
    if redact_json is not None:
        hidden = False

        def clean(cell: Any) -> Any:
            nonlocal hidden
            shown = redact(cell) if isinstance(cell, str) else cell
            hidden = hidden or shown is not cell
            return shown

        texts = frame.select_dtypes(include=["object", "string"]).columns
        if len(texts):
            frame = frame.copy()
            for column in texts:
                frame[column] = frame[column].map(clean)
        kind = "parquet-redacted" if hidden else kind
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer)
    except ImportError:
        return _omitted(
            "not kept: install pyarrow to keep tables (pip install 'jupyter-flowbook[data]')", frame, redact
        )
    except Exception as error:  # noqa: BLE001 - pyarrow raises many kinds; each means that this table cannot be kept
        return _omitted(f"not kept: Parquet cannot hold it ({error})", frame, redact)
    content = buffer.getvalue()
    if len(content) > PARQUET_LIMIT:
        return _omitted(f"not kept: {len(content):,} bytes, over the limit of {PARQUET_LIMIT:,}", frame, redact)
    return kind, content


def _omitted(why: str, data: Any, redact: Callable[[str], str]) -> Kept:
    note = {"why": redact(why), "preview": redact(repr_of(data))[:PREVIEW]}
    return "omitted", json_of(note)


def repr_of(value: Any) -> str:
    """``repr(value)``, or a word about it when that fails."""
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"


def _changed_by_json(data: Any) -> bool:
    """Whether some dict has keys that JSON would turn into text."""
    waiting = [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if any(not isinstance(key, str) for key in item):
                return True
            waiting.extend(value for value in item.values() if isinstance(value, (dict, list, tuple)))
        elif isinstance(item, (list, tuple)):
            waiting.extend(value for value in item if isinstance(value, (dict, list, tuple)))
    return False
