"""Text and JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time
from pathlib import PurePath
from typing import Any, NoReturn
from uuid import UUID

from flowbook import Result, TaskFailed, tables, task
from flowbook.counting import counted
from flowbook.json_text import TooDeep, parse_json

from .folder import Folder, decoded, encoded, failing
from .frames import BYTES, base64_of, rows_of
from .models import Credentials, ReadJson, ReadText, WriteJson, WriteText


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_text(credentials: Credentials, params: ReadText) -> Result:
    """Read a text file.

    Data: its text, as it is (line ends too).
    """
    content = Folder(credentials).read(params.path, params.max_bytes)
    text = decoded(content, params.encoding, params.path)
    return Result.ok(f"Read {params.path}: {counted(len(text), 'character')}", text)


@task(
    effects="write",
    network=False,
    reads_files=False,
    writes_files="path",
    runs_code=False,
    example={"path": "notes.txt", "bytes": 120},
)
def write_text(credentials: Credentials, params: WriteText) -> Result:
    """Write a text file, or add to one.

    Data: {"path", "bytes" (written)}. A file is replaced as a whole or not at all; adding is not atomic.
    """
    folder = Folder(credentials)
    content = encoded(params.text, params.encoding, params.path)
    if not params.append:
        return Result.ok(f"Wrote {params.path}: {counted(len(content), 'byte')}", folder.write(params.path, content))
    target = folder.target(params.path)
    with failing(params.path), open(target, "ab") as file:
        file.write(content)
    return Result.ok(
        f"Added {counted(len(content), 'byte')} to {params.path}", {"path": folder.name(target), "bytes": len(content)}
    )


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_json(credentials: Credentials, params: ReadJson) -> Result:
    """Read a JSON file, or one with a JSON value a line.

    Data: the value, or the list of values.
    """
    content = Folder(credentials).read(params.path, params.max_bytes)
    text = decoded(content, params.encoding, params.path)
    if not params.lines:
        return Result.ok(f"Read {params.path}", _parsed(text, params.path, 1))
    lines = text.split("\n")
    values = [_parsed(line, params.path, number) for number, line in enumerate(lines, 1) if line.strip()]
    return Result.ok(f"Read {params.path}: {counted(len(values), 'value')}", values)


def _parsed(text: str, path: str, first_line: int) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise TaskFailed(f"{path} holds {constant}, which is not JSON.", hint="Write null in its place.")

    try:
        return parse_json(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno + first_line - 1}, column {error.colno}"
        raise TaskFailed(f"{path} is not JSON: {error.msg} ({place}).") from None
    except TooDeep:
        raise TaskFailed(f"{path} is nested too deeply.") from None


@task(
    effects="idempotent",
    network=False,
    reads_files=False,
    writes_files="path",
    runs_code=False,
    example={"path": "report.json", "bytes": 120},
)
def write_json(credentials: Credentials, params: WriteJson) -> Result:
    """Write a value as a JSON file.

    Data: {"path", "bytes"}. DataFrames become lists of rows, dates ISO texts, bytes base64.
    """
    data = rows_of(params.data) if tables.is_frame(params.data) else params.data
    if params.lines:
        if not isinstance(data, list):
            raise TaskFailed("JSON Lines need a list: one item a line.", hint="Set lines to false.", permanent=True)
        text = "".join(_json(item, None) + "\n" for item in data)
    else:
        text = _json(data, params.indent or None) + "\n"
    written = Folder(credentials).write(params.path, text.encode())
    return Result.ok(f"Wrote {params.path}: {written['bytes']:,} bytes", written)


def _json(value: Any, indent: int | None) -> str:
    if isinstance(value, BYTES):
        raise TaskFailed(
            "The data cannot be written as JSON: it is bytes, and no more.",
            hint="Write what they hold.",
            permanent=True,
        )
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False, default=_plain)
        # JSON has escapes for lone surrogates, which no file holds as they are: written so, they come back
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
    except ValueError as error:
        nan = "Out of range" in str(error)  # json's words; of a circle: "Circular reference detected"
        what = "NaN and infinity are not JSON" if nan else "it holds itself"
        raise TaskFailed(f"The data cannot be written as JSON: {what}.", permanent=True) from None
    except TypeError as error:
        raise TaskFailed(f"The data cannot be written as JSON: {error}.", permanent=True) from None


def _plain(value: Any) -> Any:
    """What JSON has for ``value``; TypeError when it has nothing."""
    if tables.is_frame(value):
        return rows_of(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (UUID, PurePath)):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, BYTES):
        return base64_of(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    plain = tables.scalar(value)
    if plain is not value:
        return plain
    raise TypeError(f"a {type(value).__name__} has no JSON form")
