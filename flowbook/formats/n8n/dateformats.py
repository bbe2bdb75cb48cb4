"""Luxon's formats of dates (``yyyy-LL-dd``) as those of ``format_date`` (``%Y-%m-%d``)."""

from __future__ import annotations

from flowbook.formats.n8n.javascript import Untranslatable

_TOKENS = {
    "yyyy": "%Y", "yy": "%y", "y": "%Y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "LLLL": "%B", "LLL": "%b",
    "LL": "%m", "L": "%-m", "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M",
    "m": "%-M", "ss": "%S", "s": "%-S", "cccc": "%A", "EEEE": "%A", "ccc": "%a", "EEE": "%a", "c": "%u", "E": "%u",
    "a": "%p", "ZZZ": "%z", "ooo": "%j", "o": "%-j", "WW": "%V", "W": "%-V",
}  # fmt: skip


def directives(luxon: str) -> str:
    """The same format in directives. Raises Untranslatable for what has none."""
    found, place = "", 0
    while place < len(luxon):
        letter = luxon[place]
        if letter == "'":
            end = luxon.find("'", place + 1)
            end = len(luxon) if end < 0 else end
            found += luxon[place + 1 : end].replace("%", "%%")
            place = end + 1
            continue
        if not (letter.isascii() and letter.isalpha()):
            found += "%%" if letter == "%" else letter
            place += 1
            continue
        token = letter
        while luxon[place + len(token) : place + len(token) + 1] == letter:
            token += letter
        if token not in _TOKENS:
            raise Untranslatable(f"the date format {token!r}")
        found += _TOKENS[token]
        place += len(token)
    return found
