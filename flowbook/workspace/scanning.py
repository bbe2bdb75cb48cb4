"""Looks for this workspace's secret values in files: in all forms that output is searched for, too."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from flowbook.errors import InputError, NotFound
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple
from flowbook.redaction import Redactor

_LEFT_OUT = frozenset({".git", ".hg", ".svn", ".jj", ".flowbook", "node_modules", "__pycache__", ".venv"})
_PIECE = 8_000_000  # characters of a file that are looked at together


class Finding(NamedTuple):
    """A secret that stands in a file: where, and whose it is. Never the value."""

    file: str
    place: str
    """"line 7", or in a notebook "cell 3, output 1" (counted from 1)."""
    integration: str


def scan(paths: Iterable[Path], secrets: Mapping[str, Iterable[str]]) -> list[Finding]:
    """Where the ``secrets`` (by integration) stand in files, and in those of folders.

    Raises NotFound for a path that is not there, InputError for a file that cannot be read.
    """
    redactors = {name: Redactor(values) for name, values in secrets.items()}
    return [found for path in paths for file in _files(Path(path)) for found in _in_file(file, redactors)]


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
            yield from (Path(folder, name) for name in sorted(names) if Path(folder, name).is_file())
    elif path.is_file():
        yield path
    else:
        raise NotFound("file", str(path))


def _in_file(path: Path, redactors: Mapping[str, Redactor]) -> Iterator[Finding]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    for text in _texts(content):
        for name, redactor in redactors.items():
            found = _places(text, redactor)
            if found:
                cells = _cells(path, text, redactor)
                for place in cells or dict.fromkeys(f"line {line}" for line in found):
                    yield Finding(str(path), place, name)


def _texts(content: bytes) -> Iterator[str]:
    """The file as text; when it is one in UTF-16, as that too."""
    yield content.decode("utf-8", "surrogateescape")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield content.decode("utf-16", "replace")


def _places(text: str, redactor: Redactor) -> list[int]:
    """The lines in which secrets begin, counted from 1."""
    lines: list[int] = []
    line, counted = 1, 0
    for start in range(0, max(len(text), 1), _PIECE):
        for at, _ in redactor.places(text[start : start + _PIECE + redactor.longest]):
            line, counted = line + text.count("\n", counted, start + at), start + at
            lines.append(line)
    return lines


def _cells(path: Path, text: str, redactor: Redactor) -> list[str]:
    """The cells of a notebook that hold secrets, and in which output; none when it is no notebook."""
    if path.suffix != ".ipynb":
        return []
    try:
        cells = parse_json(text)["cells"]
        found = [place for number, cell in enumerate(cells, 1) for place in _in_cell(number, cell, redactor)]
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return found


def _in_cell(number: int, cell: Mapping[str, Any], redactor: Redactor) -> Iterator[str]:
    outputs = cell.get("outputs") or []
    parts: dict[str, Any] = {f"cell {number}, output {place}": one for place, one in enumerate(outputs, 1)}
    rest = {name: value for name, value in cell.items() if name != "outputs"}
    for place, part in {f"cell {number}": rest, **parts}.items():
        if redactor.places(_joined(part)):
            yield place


def _joined(part: Any) -> str:
    """All texts of a part of a notebook, those that are kept as lists of lines joined."""
    if isinstance(part, str):
        return part
    if isinstance(part, list):
        joiner = "" if all(isinstance(one, str) for one in part) else "\n"
        return joiner.join(map(_joined, part))
    if isinstance(part, Mapping):
        return "\n".join(f"{name}\n{_joined(value)}" for name, value in part.items())
    return str(part)
