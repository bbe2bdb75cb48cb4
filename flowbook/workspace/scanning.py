"""Looks for this workspace's secret values in files: in all forms that output is searched for, too.

Unlike output, files are wrapped: base64 in mails and keys, long lines in notebooks, texts in JSON. So a secret is also
found where the lines that it is broken into stand one below the other.
"""

from __future__ import annotations

import codecs
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from flowbook.errors import InputError, NotFound
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple
from flowbook.redaction import Redactor
from flowbook.triggers.hooks import MADE, digest

_LEFT_OUT = frozenset({".git", ".hg", ".svn", ".jj", ".flowbook", "node_modules", "__pycache__", ".venv"})
_PIECE = 8_000_000  # characters of a file that are looked at together
_BROKEN = 12  # characters that what is broken into lines needs to be known: fewer come about by chance
_MADE_HERE = re.compile(rf"(?<![\w-])[\w-]{{{MADE}}}(?![\w-])", re.ASCII)
_NO_UTF8 = re.compile("[\udc80-\udcff]")
_END = r"(?:\r\n?|\n|\\r\\n|\\n)[ \t]*"
_BREAKS = (re.compile(rf"[ \t]*{_END}"), re.compile(rf"(?:\\|(?<!=)=){_END}"))
"""Where a line ends and the next begins, also as JSON writes it; and with what a soft end has before it."""


class Finding(NamedTuple):
    """A secret that stands in a file: where, and whose it is. Never the value."""

    file: str
    place: str
    """"line 7", or in a notebook "cell 3, output 1" (counted from 1)."""
    integration: str
    """Its name, that of a variable, or "hook NAME"."""


class _Sought(Protocol):
    """What finds one's secrets in a text: a :class:`Redactor`, or what knows them by their digests alone."""

    @property
    def longest(self) -> int: ...

    def places(self, text: str, /) -> Iterable[tuple[int, int]]: ...

    def without_short(self, least: int, /) -> _Sought: ...


class _ByDigest:
    """Finds the one secret of a digest among all that is as long as Flowbook makes them."""

    longest = MADE

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        return (word.span() for word in _MADE_HERE.finditer(text) if digest(word[0]) == self._digest)

    def without_short(self, least: int) -> _ByDigest:
        return self


def scan(paths: Iterable[Path], secrets: Mapping[str, Iterable[str]], digests: Mapping[str, str]) -> list[Finding]:
    """Where ``secrets`` (by integration) stand in files, and in those of folders; some are known by ``digests`` alone.

    Raises NotFound for a path that is not there, InputError for a file that cannot be read.
    """
    wanted: dict[str, _Sought] = {name: Redactor(values) for name, values in secrets.items()}
    wanted |= {name: _ByDigest(known) for name, known in digests.items()}
    return [found for path in paths for file in _files(Path(path)) for found in _in_file(file, wanted)]


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
            yield from (Path(folder, name) for name in sorted(names) if Path(folder, name).is_file())
    elif path.is_file():
        yield path
    else:
        raise NotFound("file", str(path))


def _in_file(path: Path, redactors: Mapping[str, _Sought]) -> Iterator[Finding]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    overlap = 2 * max((redactor.longest for redactor in redactors.values()), default=0)
    told: set[Finding] = set()  # two ways to read a file show the same
    for text in _texts(content):
        whole = _Searched(text, overlap)
        cells = {place: _Searched(part, overlap) for place, part in _cells(path, text).items()}
        for name, redactor in redactors.items():
            found = [place for place, part in cells.items() if part.places(redactor)]
            for place in found or (f"line {line}" for line in whole.lines(redactor)):
                finding = Finding(str(path), place, name)
                if finding not in told:
                    told.add(finding)
                    yield finding


def _texts(content: bytes) -> Iterator[str]:
    """The file as text, in each encoding that it may be in.

    One with zeros in it may be in UTF-16 or UTF-32, whole or here and there as in the files of programs; one that is no
    UTF-8 in that of Windows, in which spreadsheets write CSV.
    """
    text = content.decode("utf-8", "surrogateescape")
    yield text
    if content[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        yield content.decode("utf-32", "replace")
    elif content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield content.decode("utf-16", "replace")
    elif b"\0" in content:
        yield text.replace("\0", "")
    elif _NO_UTF8.search(text):
        yield content.decode("cp1252", "replace")


class _Searched:
    """A text in which secrets are looked for: as it is, and with its lines joined; piece by piece when it is long."""

    def __init__(self, text: str, overlap: int) -> None:
        self._text = text
        self._pieces = [(at, text[at : at + _PIECE + overlap]) for at in range(0, max(len(text), 1), _PIECE)]
        made = [(at, _Joined.of(piece, ends)) for at, piece in self._pieces for ends in _BREAKS]
        self._joined = [(at, joined) for at, joined in made if joined is not None]

    def places(self, redactor: _Sought) -> list[int]:
        """Where secrets begin, in order."""
        found = {at + start for at, piece in self._pieces for start, _ in redactor.places(piece)}
        long = redactor.without_short(_BROKEN)
        return sorted(found.union(at + start for at, joined in self._joined for start in joined.broken(long)))

    def lines(self, redactor: _Sought) -> list[int]:
        """The lines in which secrets begin, counted from 1."""
        lines: list[int] = []
        line, counted = 1, 0
        for at in self.places(redactor):
            line, counted = line + self._text.count("\n", counted, at), at
            lines.append(line)
        return lines


class _Joined(NamedTuple):
    """The lines of a text without what ends them: ``begins`` of each in ``text``, and what was ``left_out`` before."""

    text: str
    begins: list[int]
    left_out: list[int]

    @classmethod
    def of(cls, text: str, ends: re.Pattern[str]) -> _Joined | None:
        """The text with those ends left out; None when it has none."""
        parts, begins, left_out, end = [], [0], [0], 0
        for found in ends.finditer(text):
            parts.append(text[end : found.start()])
            begins.append(begins[-1] + len(parts[-1]))
            left_out.append(left_out[-1] + found.end() - found.start())
            end = found.end()
        return cls("".join([*parts, text[end:]]), begins, left_out) if parts else None

    def broken(self, redactor: _Sought) -> Iterator[int]:
        """Where in the text as it was secrets begin that do not end in the same line."""
        for start, stop in redactor.places(self.text):
            line = bisect_right(self.begins, start) - 1
            if line != bisect_right(self.begins, stop - 1) - 1:
                yield start + self.left_out[line]


def _cells(path: Path, text: str) -> dict[str, str]:
    """The text of each cell of a notebook, and of each of its outputs, by its place; none when it is no notebook."""
    if path.suffix != ".ipynb":
        return {}
    try:
        cells = parse_json(text)["cells"]
        return {place: part for number, cell in enumerate(cells, 1) for place, part in _in_cell(number, cell)}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _in_cell(number: int, cell: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"cell {number}", _joined({name: value for name, value in cell.items() if name != "outputs"})
    for place, one in enumerate(cell.get("outputs") or [], 1):
        yield f"cell {number}, output {place}", _joined(one)


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
