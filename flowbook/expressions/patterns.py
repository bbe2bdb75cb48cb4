"""The functions of the language that search text by a pattern: RE2, whose time is bounded by text times pattern.

RE2 is an optional library (the extra ``patterns``), loaded by the first pattern. What a pattern may cost is paid before
each search: the characters of the text times the instructions that the pattern became.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import MAX_ITEMS, Meter
from flowbook.expressions.lookup import Missing
from flowbook.expressions.registry import define, need_text, need_whole
from flowbook.installing import how_to_install

MAX_PATTERN = 1_000
"""Characters of a pattern."""
_MAX_MEMORY = 1 << 20
_REFERENCE = re.compile(r"\$(?:(\d{1,2})|\{(\w{1,40})\}|<(\w{1,40})>|(\$|&))", re.ASCII)


@functools.lru_cache(maxsize=128)
def _compiled(pattern: str) -> Any:
    try:
        import re2
    except ImportError:
        raise ExpressionError(
            "it searches by a pattern, which needs RE2, and that is not installed.",
            hint=f"{how_to_install('re2')}.",
        ) from None
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as problem:
        said = problem.args[0] if problem.args else ""
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ExpressionError(
            f"a pattern cannot be read: {why[:200]}.",
            hint="Patterns are those of RE2: without look-around and without references back.",
        ) from None


def _search(name: str, meter: Meter, text: Any, pattern: Any) -> Any:
    """The compiled pattern, once it and a search in ``text`` are paid for."""
    need_text(name, text, pattern)
    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(f"{name}() takes a pattern of at most {MAX_PATTERN:,} characters.")
    meter.spend(40 + 4 * len(pattern))
    found = _compiled(pattern)
    size = found.programsize
    meter.spend(2 * size)
    meter.text(len(text), ascii_only=text.isascii())  # RE2 reads UTF-8, and gives places in it
    meter.spend(len(text) * size >> 5)
    return found


def _matches_in(compiled: Any, text: str, meter: Meter) -> Iterator[Any]:
    """Each match; one search is paid for, and of many together the time is looked at after each."""
    for count, match in enumerate(compiled.finditer(text)):
        if count >= MAX_ITEMS:
            meter.items(count + 1)
        meter.spend(8)
        meter.look_at_time()
        yield match


def _part(match: Any, group: int | str, meter: Meter) -> str:
    text = match.group(group) or ""
    meter.text(len(text), ascii_only=text.isascii())
    return str(text)


def _group(name: str, compiled: Any, group: Any) -> int | str:
    if isinstance(group, str) and group in compiled.groupindex:
        return group
    need_whole(name, group)
    if not 0 <= group <= compiled.groups:
        raise ExpressionError(
            f"{name}() was asked for a group that the pattern does not have: it has {compiled.groups}."
        )
    return int(group)


@define(
    "matches(text, pattern)",
    "Whether a pattern (RE2) is found somewhere in text.",
    'matches("order 66", r"\\d+")',
    "true",
)
def _matches(meter: Meter, text: Any, pattern: Any) -> bool:
    return _search("matches", meter, text, pattern).search(text) is not None


@define(
    "match(text, pattern, group=0)",
    "The first part of text that a pattern finds, or a group of it; default() catches that there is none.",
    'match("order 66", r"order (\\d+)", 1)',
    '"66"',
)
def _match(meter: Meter, text: Any, pattern: Any, group: Any = 0) -> str:
    compiled = _search("match", meter, text, pattern)
    group = _group("match", compiled, group)
    found = compiled.search(text)
    if found is None:
        raise Missing("empty", "match() found nothing.")
    return _part(found, group, meter)


@define(
    "match_all(text, pattern, group=0)",
    "All parts of text that a pattern finds, or a group of each.",
    'match_all("a1 b22", r"\\d+")',
    '["1", "22"]',
)
def _match_all(meter: Meter, text: Any, pattern: Any, group: Any = 0) -> list[str]:
    compiled = _search("match_all", meter, text, pattern)
    group = _group("match_all", compiled, group)
    return [_part(match, group, meter) for match in _matches_in(compiled, text, meter)]


@define(
    "match_groups(text, pattern)",
    "What the first match of a pattern is: the whole, then each group; default() catches that there is none.",
    'match_groups("a=1", r"(\\w)=(\\d)")',
    '["a=1", "a", "1"]',
)
def _match_groups(meter: Meter, text: Any, pattern: Any) -> list[str]:
    compiled = _search("match_groups", meter, text, pattern)
    found = compiled.search(text)
    if found is None:
        raise Missing("empty", "match_groups() found nothing.")
    return [_part(found, group, meter) for group in range(compiled.groups + 1)]


@define(
    "match_split(text, pattern)",
    "Text in parts, at each place that a pattern finds.",
    'match_split("a1b22c", r"\\d+")',
    '["a", "b", "c"]',
)
def _match_split(meter: Meter, text: Any, pattern: Any) -> list[str]:
    compiled = _search("match_split", meter, text, pattern)
    parts, start = [], 0
    for match in _matches_in(compiled, text, meter):
        if match.end() == match.start() and (match.start() in (0, len(text)) or match.start() == start):
            continue
        parts.append(text[start : match.start()])
        meter.text(len(parts[-1]), ascii_only=parts[-1].isascii())
        start = match.end()
    parts.append(text[start:])
    meter.text(len(parts[-1]), ascii_only=parts[-1].isascii())
    return parts


@define(
    "match_replace(text, pattern, new, count=0)",
    "Text with what a pattern finds replaced; $1 or ${name} is a group, $$ a dollar sign; count=1 for the first only.",
    'match_replace("a1 b2", r"(\\w)(\\d)", "$2$1")',
    '"1a 2b"',
)
def _match_replace(meter: Meter, text: Any, pattern: Any, new: Any, count: Any = 0) -> str:
    need_text("match_replace", new)
    need_whole("match_replace", count)
    compiled = _search("match_replace", meter, text, pattern)
    pieces = _pieces(new, compiled, meter)
    parts, start = [], 0
    for place, match in enumerate(_matches_in(compiled, text, meter)):
        if count and place >= count:
            break
        parts.append(text[start : match.start()])
        parts.extend(one if isinstance(one, str) else _part(match, one[0], meter) for one in pieces)
        meter.text(len(new) + match.start() - start, ascii_only=text.isascii() and new.isascii())
        meter.spend(2 * len(pieces))
        start = match.end()
    parts.append(text[start:])
    meter.text(sum(map(len, parts)), ascii_only=text.isascii() and new.isascii())
    return "".join(parts)


def _pieces(new: str, compiled: Any, meter: Meter) -> list[str | tuple[int | str]]:
    """The texts and the groups, each in a tuple, that a replacement is made of."""
    meter.spend(1 + (len(new) >> 4))
    found: list[str | tuple[int | str]] = []
    start = 0
    for reference in _REFERENCE.finditer(new):
        number, name, other, sign = reference.groups()
        named = str(number or name or other or 0)
        group = int(named) if named.isdecimal() else named
        if group not in compiled.groupindex and not (isinstance(group, int) and group <= compiled.groups):
            continue  # not a group of the pattern: the text itself
        found.append(new[start : reference.start()])
        found.append("$" if sign == "$" else (0,) if sign == "&" else (group,))
        start = reference.end()
    return [*found, new[start:]]
