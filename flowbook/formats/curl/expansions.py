"""What a shell makes of a variable: ``${NAME%x}``, ``${NAME:-default}``, ``${#NAME}`` and the like, where it is known.

As bash has it (Reference Manual, 3.5.3, Shell Parameter Expansion), with a default, an end or begin taken away, a piece
put in another's place, a part, capitals or small letters, and the length; what else there is is not known.
"""

from __future__ import annotations

import re
from fnmatch import translate

LENGTH = "(length)"  # what ``${#NAME}`` is among the operations, which all stand behind the name
LONGEST = 300  # characters of a value that patterns are tried on: each of its beginnings or ends is looked at
_PLAIN = re.compile(r"[^$`'\"\\{}]*")
_WAYS = re.compile(r":?[-=+?]|##?|%%?|//?|\^\^?|,,?|:")


def default_of(operation: str) -> str | None:
    """The plain text that ``:-`` or ``:=`` give a variable that is not set; None where there is none."""
    found = re.match(r":?[-=]", operation)
    text = operation[found.end() :] if found else None
    return text if text is not None and _PLAIN.fullmatch(text) else None


def expanded(value: str, operation: str) -> str | None:
    """What ``operation``, all that follows the name between the braces, makes of a value; None: not known."""
    if not operation:
        return value
    if operation == LENGTH:
        return str(len(value))
    found = _WAYS.match(operation)
    if found is None:
        return None
    way, rest = found[0], operation[found.end() :]
    if not _PLAIN.fullmatch(rest):
        return None
    if way[-1] in "-=+?":
        there = bool(value) or len(way) == 1
        if way[-1] == "+":
            return rest if there else ""
        return value if there else rest if way[-1] in "-=" else None
    if way == ":":
        return _part(value, rest)
    if way[0] in "^,":
        return None if rest else _written(value, way)
    return None if len(value) > LONGEST else _matched(value, way, rest)


def _part(value: str, rest: str) -> str | None:
    found = re.fullmatch(r"[ ]*([0-9]{1,7}|(?<=[ ])-[0-9]{1,7})(?::[ ]*([0-9]{1,7}))?", rest)
    if found is None:
        return None
    start = int(found[1])
    if start < 0:
        start += len(value)
    if start < 0:
        return ""
    return value[start:] if found[2] is None else value[start : start + int(found[2])]


def _written(value: str, way: str) -> str:
    changed = value if len(way) == 2 else value[:1]
    return (changed.upper() if way[0] == "^" else changed.lower()) + value[len(changed) :]


def _matched(value: str, way: str, rest: str) -> str | None:
    """With what a pattern of the shell matches taken out, or another text in its place."""
    if way[0] in "#%":
        pattern = re.compile(translate(rest.replace("[^", "[!")))
        places = range(len(value) + 1)
        if (way == "##") or (way == "%"):  # the longest begin, the shortest end
            places = range(len(value), -1, -1)
        for place in places:
            piece = value[:place] if way[0] == "#" else value[place:]
            if pattern.match(piece):
                return value[place:] if way[0] == "#" else value[:place]
        return value
    searched, _, put = rest.partition("/")
    if not searched or searched[0] in "#%" or re.search(r"[*?\[\]&]", searched + put):
        return None  # only plain texts: patterns match as much as they can there
    return value.replace(searched, put, -1 if way == "//" else 1)
