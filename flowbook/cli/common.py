"""What several commands share: the workspace they work on, JSON and tables on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

import click

from flowbook.errors import InputError
from flowbook.workspace import Workspace

UTC = timezone.utc


def workspace(*, make: bool = True) -> Workspace:
    """The workspace that ``-C`` chose, or the nearest; with ``make`` false nothing is created on disk."""
    directory: Path | None = click.get_current_context().find_root().obj
    return Workspace(directory, make=make)


def workflow_or_file(name: str) -> str | Path:
    """What a name on the command line stands for: a file that is there, or would be by its ending, else a workflow."""
    return Path(name) if Path(name).is_file() or name.endswith((".yaml", ".yml")) else name


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""The ``--json`` option that every listing has."""


def print_json(value: Any) -> None:
    """Print one JSON document; what standard output has no form for, such as half of a character, is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    click.echo(text)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows in aligned columns; ``empty`` when there are none."""
    lines = [[_cell(value) for value in row] for row in rows]
    if not lines:
        click.echo(empty)
        return
    widths = [max(len(line[i]) for line in [list(heads), *lines]) for i in range(len(heads))]
    click.echo(click.style(_line(heads, widths), bold=True))
    for line in lines:
        click.echo(_line(line, widths))


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip().partition("\n")[0]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def moment(at: float | str | None) -> str:
    """A time (seconds since the epoch, or ISO 8601 text), in local time."""
    if at is None:
        return ""
    when = datetime.fromisoformat(at.replace("Z", "+00:00")) if isinstance(at, str) else datetime.fromtimestamp(at, UTC)
    return when.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def read_json_object(source: str, what: str) -> dict[str, Any]:
    """The JSON object of a file, or of standard input for "-". Errors never repeat the content."""
    if source == "-":
        text, name = _read(sys.stdin.buffer, what, "standard input"), "standard input"
    else:
        try:
            with Path(source).open("rb") as file:
                text, name = _read(file, what, source), source
        except OSError as error:
            raise InputError(
                f"{what}: {source!r} cannot be read: {error.strerror or error}.", "Check the path."
            ) from None
    try:
        value = json.loads(text)
    except RecursionError:
        raise InputError(f"{what}: {name} is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{what}: {name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(value, dict):
        raise InputError(f"{what}: {name} must hold a JSON object.", 'For example {"token": "…"}.')
    return value


def _read(file: BinaryIO, what: str, name: str) -> str:
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what}: {name} is not UTF-8 text (at byte {error.start}).", "Save it as UTF-8.") from None
