"""A curl command cut into its words, as the shell it was written for cuts it: a POSIX one, ``cmd`` or PowerShell."""

from __future__ import annotations

import re

from flowbook.errors import FileFormatError
from flowbook.formats.curl.posix import CONTINUED, Posix
from flowbook.formats.curl.powershell import PowerShell
from flowbook.formats.curl.windows import Cmd
from flowbook.formats.curl.words import MARK, MAX_CHARACTERS, MAX_VARIABLES, PROMPT, Words, too_long

_PROMPT = re.compile(rf"\A{PROMPT}")
_SETS = re.compile(r"(?:^|[&(])[ \t]*@?set[ \t]+(?:/[pa][ \t]+)?\"?[A-Za-z_]\w*=", re.IGNORECASE | re.MULTILINE)
_ON_A_DRIVE = re.compile(r"\"?[A-Za-z]:\\")
_HALF = re.compile("[\ud800-\udfff]")


def cut(text: str) -> Words:
    """The words of the first curl command in ``text``. Raises FileFormatError when its quotes do not match."""
    if len(text) > MAX_CHARACTERS:
        raise too_long()
    if MARK in text or "\0" in text:
        raise FileFormatError("the command holds a control character that no shell hands on.", "Copy it once more.")
    found = _words(text)
    for word in (*found.words, found.stdin or ""):
        if _HALF.search(word):  # also as a shell makes it of \\ud800
            raise FileFormatError(
                "the command holds half a character, which no request can carry.", "Copy it once more."
            )
    if sum(word.count(MARK) for word in (*found.words, found.stdin or "")) > 2 * MAX_VARIABLES:
        raise FileFormatError(f"the command names more than {MAX_VARIABLES:,} variables.", "Put the data into a file.")
    return found


def _words(text: str) -> Words:
    text = _PROMPT.sub("", text.strip().lstrip("\ufeff"))
    before = re.split("curl", text, maxsplit=1, flags=re.IGNORECASE)[0]
    if (re.search(r"\^[ \t]*\r?\n|\^\"", text) and not CONTINUED.search(text)) or _SETS.search(before):
        return Cmd(text).read()
    if re.search(r"`[ \t]*\r?\n", text) or "$env:" in text:
        return PowerShell(text).read()
    if _ON_A_DRIVE.match(text):  # to a shell of Unix, its backslashes would say something
        return Cmd(text).read()
    return Posix(text).read()
