"""Data to bytes and back, as storages of objects hold them: text, JSON, CSV, Parquet. Bytes in JSON and CSV are base64.

body, content_type = stored.encode(params.data, params.format, params.key, params.encoding)
data = stored.decode(body, stored.format_of(params.as_, params.key, content_type), "utf-8", "rows", params.key)
"""

from __future__ import annotations

import base64
import csv
import functools
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from flowbook import tables
from flowbook.errors import TaskFailed
from flowbook.installing import how_to_install
from flowbook.json_text import TooDeep, parse_json

__all__ = ["decode", "encode", "format_of"]

BYTES = (bytes, bytearray, memoryview)
LARGEST_CELL = 2**31 - 1
CONTENT_TYPES = {
    "text": "text/plain",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "bytes": "application/octet-stream",
}
_BY_ENDING = {
    "json": "json", "csv": "csv", "parquet": "parquet", "txt": "text", "md": "text", "html": "text", "xml": "text",
    "yaml": "text", "yml": "text", "log": "text", "sql": "text",
}  # fmt: skip


def format_of(wanted: str, key: str, content_type: str) -> str:
    """How to read an object: as wanted, else by the key's ending, else by its content type."""
    if wanted != "auto":
        return wanted
    ending = key.rpartition("/")[2].rpartition(".")[2].lower()
    if ending in _BY_ENDING:
        return _BY_ENDING[ending]
    kind = content_type.partition(";")[0].strip().lower()
    known = {name: form for form, name in CONTENT_TYPES.items()}
    if kind.endswith("+json"):
        return "json"
    return known.get(kind, "text" if kind.startswith("text/") else "bytes")


def encode(data: Any, wanted: str, key: str, encoding: str, *, safe: bool = False) -> tuple[bytes, str]:
    """The bytes to store, and their content type; TaskFailed when the data does not fit the format."""
    form = _form_for(data, key) if wanted == "auto" else wanted
    writers: dict[str, Callable[..., str | bytes]] = {
        "text": _to_text,
        "json": _to_json,
        "csv": functools.partial(_to_csv, safe=safe),
        "parquet": _to_parquet,
    }
    if isinstance(data, BYTES):
        return bytes(data), CONTENT_TYPES[form]  # bytes are taken to be in that format already
    if form == "bytes":
        raise TaskFailed(
            f"format: bytes needs bytes, not a {type(data).__name__}.", hint="Choose another format.", permanent=True
        )
    try:
        made = writers[form](data)
        body = made if isinstance(made, bytes) else _characters(made).encode(encoding)
    except (UnicodeEncodeError, LookupError) as error:
        raise TaskFailed(
            f"The data cannot be written as {encoding}: {error}.", hint="Use utf-8.", permanent=True
        ) from None
    text_like = form in ("text", "csv")
    return body, CONTENT_TYPES[form] + (f"; charset={encoding}" if text_like else "")


def _characters(text: str) -> str:
    """``text`` with lone surrogates, which no encoding has, written as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _form_for(data: Any, key: str) -> str:
    ending = _BY_ENDING.get(key.rpartition("/")[2].rpartition(".")[2].lower())
    if isinstance(data, BYTES):
        return ending or "bytes"
    if _is_frame(data):
        return ending if ending in ("parquet", "json") else "csv"
    if isinstance(data, str):
        return ending if ending in ("csv", "json") else "text"  # text is stored as it is
    if ending in ("csv", "parquet") and isinstance(data, list):
        return ending
    return "json"


def _is_frame(data: Any) -> bool:
    return hasattr(data, "to_csv") and hasattr(data, "columns")


def _to_text(data: Any) -> str:
    if isinstance(data, str):
        return data
    return _to_json(data)


def _to_json(data: Any) -> str:
    if isinstance(data, str):
        return _checked_json(data)
    if _is_frame(data):
        return str(_in_base64(data).to_json(orient="records", date_format="iso", force_ascii=False))
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, indent=2, default=_base64)
    except RecursionError:
        raise TaskFailed(
            "The data is nested too deeply for JSON.", hint="Choose another format.", permanent=True
        ) from None
    except (TypeError, ValueError) as error:
        raise TaskFailed(
            f"The data cannot be written as JSON: {error}.", hint="Choose another format.", permanent=True
        ) from None


def _checked_json(text: str) -> str:
    """Text for a JSON object: as it is when it is JSON already, else as a JSON string."""
    try:
        parse_json(text)
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
    return text


def _to_csv(data: Any, *, safe: bool) -> str:
    if isinstance(data, str):
        return data
    if _is_frame(data):
        frame = _in_base64(data)
        return str((tables.no_formulas(frame) if safe else frame).to_csv(index=False))
    rows = _objects(data, "csv")
    out = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writerow({name: _shown(name, safe) for name in names})
    writer.writerows({name: _shown(_cell(value), safe) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _shown(cell: Any, safe: bool) -> Any:
    return tables.no_formula(cell) if safe and isinstance(cell, str) else cell


def _cell(value: Any) -> Any:
    if isinstance(value, BYTES):
        return _base64(value)
    return json.dumps(value, ensure_ascii=False, default=_base64) if isinstance(value, (dict, list)) else value


def _base64(value: Any) -> str:
    if isinstance(value, BYTES):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _binary(frame: Any) -> list[Any]:
    """The columns of a DataFrame that hold bytes."""
    return [name for name in frame.columns if any(isinstance(cell, BYTES) for cell in _objects_of(frame[name]))]


def _objects_of(column: Any) -> Any:
    return column if str(column.dtype) == "object" else ()


def _in_base64(frame: Any) -> Any:
    def texts(cell: Any) -> Any:
        return _base64(cell) if isinstance(cell, BYTES) else cell

    return frame.assign(**{name: frame[name].map(texts) for name in _binary(frame)})


def _to_parquet(data: Any) -> bytes:
    pd = _pandas()
    frame = data if _is_frame(data) else pd.DataFrame(_objects(data, "parquet"))
    out = io.BytesIO()
    try:
        frame.to_parquet(out, index=False)
    except (TypeError, ValueError) as error:
        raise TaskFailed(
            f"The data cannot be written as Parquet: {error}.", hint="Choose another format.", permanent=True
        ) from None
    return out.getvalue()


def _objects(data: Any, form: str) -> list[dict[str, Any]]:
    if isinstance(data, (list, tuple)) and all(isinstance(row, Mapping) for row in data):
        return [dict(row) for row in data]
    raise TaskFailed(
        f"format: {form} needs a DataFrame or a list of objects, not a {type(data).__name__}.", permanent=True
    )


def decode(body: bytes, form: str, encoding: str, table_as: str, name: str) -> Any:
    """What the bytes hold; TaskFailed when they are not what they should be."""
    if form == "bytes":
        return body
    if form == "parquet":
        return _from_parquet(body, table_as, name)
    try:
        text = body.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise TaskFailed(f"{name} is not {encoding} text: {error}.", hint="Say its encoding, or read bytes.") from None
    if form == "text":
        return text
    if form == "csv":
        return _from_csv(text, table_as, name)
    try:
        return parse_json(text)
    except TooDeep:
        raise TaskFailed(f"{name} is nested too deeply.", hint="Read it as text to see what it holds.") from None
    except ValueError as error:
        raise TaskFailed(f"{name} is not JSON: {error}.", hint="Read it as text to see what it holds.") from None


def _from_csv(text: str, table_as: str, name: str) -> Any:
    if table_as == "rows":
        csv.field_size_limit(
            LARGEST_CELL
        )  # for the whole process, where it is 131,072 at first; max_bytes is the limit
        try:
            return [dict(row) for row in csv.DictReader(io.StringIO(text, newline=""), restkey="more")]
        except csv.Error as error:
            raise TaskFailed(f"{name} is not CSV: {error}.", hint="Read it as text to see what it holds.") from None
    pd = _pandas()
    try:
        return pd.read_csv(io.StringIO(text))
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except pd.errors.ParserError as error:
        raise TaskFailed(f"{name} is not CSV: {error}.", hint="Read it as text to see what it holds.") from None


def _from_parquet(body: bytes, table_as: str, name: str) -> Any:
    frame_of = _pandas().read_parquet
    try:
        frame = frame_of(io.BytesIO(body))
    except (ValueError, OSError) as error:  # pyarrow's errors are of these two kinds
        raise TaskFailed(f"{name} is not Parquet: {error}.", hint="Check the key, or read it as bytes.") from None
    return _rows(frame) if table_as == "rows" else frame


def _rows(frame: Any) -> list[dict[str, Any]]:
    """A DataFrame's rows as plain JSON, but for bytes, which stay."""
    binary = _binary(frame)
    rows: list[dict[str, Any]] = parse_json(
        frame.assign(**dict.fromkeys(binary)).to_json(orient="records", date_format="iso")
    )
    for name in binary:
        for row, cell in zip(rows, frame[name], strict=True):
            row[name] = cell
    return rows


def _pandas() -> Any:
    try:
        import pandas as pd
        import pyarrow as pa  # noqa: F401 - what pandas reads and writes Parquet with
    except ImportError:
        raise TaskFailed("Tables need pandas and pyarrow.", hint=how_to_install("pandas"), permanent=True) from None
    return pd
