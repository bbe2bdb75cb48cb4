"""A curl command cut into its words on Windows: ``cmd`` takes ``^`` and ``%NAME%``, the program its quotes.

What a line sets with ``set``, the lines after it have: ``cmd`` fills in a line before it runs any of it.
"""

from __future__ import annotations

import re

from flowbook.formats.curl import sensitive
from flowbook.formats.curl.words import Variables, Words, is_curl, unclosed, variable

_VARIABLE = re.compile(r"%([A-Za-z_]\w*)(?::([^%\r\n]*))?%")
_USUAL = re.compile(r"[A-Z_][A-Z0-9_]{2,}")  # what is no text with percent signs, such as %C3%A4
_ENDS = re.compile(r"&&?|\|\|?")
_REDIRECTED = re.compile(r"([0-9]?>>?|<)(?:&[0-9]|[ \t]*(\"[^\"\r\n]*\"|[^\s&|<>\"]+))")
_SETS = re.compile(r"\s*@?set\s+(\"?)([A-Za-z_]\w*)=(.*)", re.IGNORECASE | re.DOTALL)
_ASKS = re.compile(r"\s*@?set\s+/[pa]\s+\"?([A-Za-z_]\w*)", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"\s*(?:@?(?:echo\s+off|setlocal.*|rem\b.*)|::.*)?\s*", re.IGNORECASE | re.DOTALL)
_PIECES = re.compile(r'(\\*)"|\\+|\s+|[^\\"\s]+')
_PLAIN = re.compile(r"[^\r\n^&|<>0-9%\"]+")
_LINE_END = re.compile(r"\r?\n")
_GOES_ON = re.compile(r"[ \t]*[-\"^]")  # an option: what made the line go on was lost on the way
_CONTINUED = re.compile(r"[ \t]*\r?\n")


class Cmd:
    """Reads a text as ``cmd`` does, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Words()
        self._set: dict[str, str | None] = {}  # what lines before this one gave variables, by their names in capitals
        self._sets: dict[str, str | None] = {}  # what this one does; None where a person is asked for it
        self._variables = Variables(self.found, str.upper)

    def read(self) -> Words:
        """The words of the first command that calls curl. Raises FileFormatError for what nothing closes."""
        called = False
        while self.at < len(self.text):
            command, end = self._command()
            words = [] if called else windows_words(command)
            if called and command.strip():
                self.found.rest.append(command.split()[0])
            elif any(is_curl(word.removeprefix("@")) for word in words[:1]) or (words and end == ""):
                self.found.words, called = [words[0].removeprefix("@"), *words[1:]], True
            elif not self._assigned(command) and not _SAYS_NOTHING.fullmatch(command):
                self.found.rest.append(words[0] if words else command.strip())
            if end == "\n":
                self._set |= self._sets
                self._sets.clear()
        return self.found

    def _command(self) -> tuple[str, str]:
        """The next command without its carets, and what ends it: an operator, a line's end, or ""."""
        taken: list[str] = []
        quoted = False
        while self.at < len(self.text):
            character = self.text[self.at]
            line_end = None if quoted else _LINE_END.match(self.text, self.at)
            if line_end is not None and not _GOES_ON.match(self.text, line_end.end()):
                self.at = line_end.end()
                return "".join(taken), "\n"
            if character == "^" and not quoted:
                self._caret(taken)
            elif not quoted and (operator := _ENDS.match(self.text, self.at)):
                self.at = operator.end()
                return "".join(taken), operator[0]
            elif not quoted and (redirected := _REDIRECTED.match(self.text, self.at)):
                self._redirected(redirected)
            elif name := _VARIABLE.match(self.text, self.at):
                text = self._value(name)
                taken.append(character if text is None else text)
                self.at = self.at + 1 if text is None else name.end()
            else:
                quoted ^= character == '"'
                plain = _PLAIN.match(self.text, self.at)
                taken.append(plain[0] if plain else character)
                self.at = plain.end() if plain else self.at + 1
        return "".join(taken), ""

    def _caret(self, taken: list[str]) -> None:
        """It takes its meaning from the next character, or joins the next line."""
        ending = _CONTINUED.match(self.text, self.at + 1)
        blank = ending and _LINE_END.match(self.text, ending.end())  # an empty line is a line's end
        if ending is None:
            taken.append(self.text[self.at + 1 : self.at + 2])
            self.at += 2
        else:
            if blank:
                taken.append("\n")
            self.at = blank.end() if blank else ending.end()

    def _redirected(self, found: re.Match[str]) -> None:
        self.at = found.end()
        file = (found[2] or "").strip('"')
        if found[1] == "<":
            self.found.stdin_file = file
        elif file:
            self.found.rest.append(f"{found[1]} {file}")

    def _assigned(self, command: str) -> bool:
        """Whether a command sets a variable, which lines after this one have."""
        found = _SETS.fullmatch(command)
        if found is None:
            if asks := _ASKS.match(command):
                self._sets[asks[1].upper()] = None
            return False
        value = found[3]
        if found[1] and '"' in value:
            value = value[: value.rindex('"')]
        self._sets[found[2].upper()] = value.rstrip("\r\n")
        return True

    def _value(self, found: re.Match[str]) -> str | None:
        """What a variable holds, or what stands for it; None where it is no variable, but a text."""
        name, operation = found[1].upper(), found[2]
        known = self._set.get(name)
        if known is None and not (_USUAL.fullmatch(found[1]) or name in self._sets or name in self._set):
            return None
        text = known if known is None or operation is None else _changed(known, operation)
        if text is None or sensitive.named(name):
            place = self._variables.name_of(found[1], f"{operation}")
            if text is not None:
                self.found.values[place] = text.replace('"', "")
            elif operation is not None:
                self._variables.not_known(f"%{found[1][:40]}:…%", place)
            return variable(place)
        return self._variables.filled(text)


def _changed(value: str, operation: str) -> str | None:
    """What ``%NAME:~start,length%`` and ``%NAME:old=new%`` make of a value; None for another way, or a star."""
    part = re.fullmatch(r"~(-?[0-9]{1,7})(?:,(-?[0-9]{1,7}))?", operation)
    if part is not None:
        start = int(part[1]) if int(part[1]) >= 0 else max(0, len(value) + int(part[1]))
        taken = value[start:]
        return taken if part[2] is None else taken[: int(part[2])]
    old, equals, new = operation.partition("=")
    if not old or not equals or old.startswith(("*", "~")):
        return None
    return re.sub(re.escape(old), lambda _: new, value, flags=re.IGNORECASE)


def windows_words(line: str) -> list[str]:
    """A command line as programs on Windows cut it: ``\\"`` and a doubled quote are one, quotes hold words together."""
    words: list[str] = []
    pieces: list[str] | None = None
    quoted = False
    for found in _PIECES.finditer(line):
        piece = found[0]
        if piece.isspace() and not quoted:
            if pieces is not None:
                words.append("".join(pieces))
            pieces = None
            continue
        pieces = [] if pieces is None else pieces
        if found[1] is None:
            pieces.append(piece)
            continue
        pieces.append("\\" * (len(found[1]) // 2))
        if len(found[1]) % 2:
            pieces.append('"')
        elif quoted and line.startswith('"', found.end()):
            pieces.append('"')  # the second ends nothing: it is looked at next, and opens what this one closed
            quoted = False
        else:
            quoted = not quoted
    if quoted:
        raise unclosed('"')
    return words if pieces is None else [*words, "".join(pieces)]
