"""A curl command cut into its words on Windows: ``cmd`` takes ``^``, as browsers copy it, the program its quotes."""

from __future__ import annotations

import re

from flowbook.formats.curl.words import unclosed, variable


def without_carets(text: str) -> str:
    """A command as ``cmd`` hands it on: ``^`` takes its meaning from the next character, or joins the next line."""
    taken: list[str] = []
    quoted = False
    place = 0
    while place < len(text):
        character = text[place]
        if character == "^" and not quoted:
            ending = re.compile(r"[ \t]*\r?\n").match(text, place + 1)
            blank = ending and re.compile(r"\r?\n").match(text, ending.end())  # an empty line is a line's end
            if ending is None:
                taken.append(text[place + 1 : place + 2])
            elif blank:
                taken.append("\n")
            place = blank.end() if blank else ending.end() if ending else place + 2
            continue
        quoted ^= character == '"'
        variable_name = re.compile(r"%([A-Z_][A-Z0-9_]{2,})%").match(text, place)
        taken.append(variable(variable_name[1]) if variable_name else character)
        place = variable_name.end() if variable_name else place + 1
    return "".join(taken)


def windows_words(line: str) -> list[str]:
    """A command line as programs on Windows cut it: ``\\"`` and a doubled quote are one, quotes hold words together."""
    words: list[str] = []
    word: str | None = None
    quoted = False
    for found in re.compile(r'(\\*)"|\\+|[^\\"]', re.DOTALL).finditer(line):
        piece = found[0]
        if found[1] is not None:
            word = (word or "") + "\\" * (len(found[1]) // 2)
            if len(found[1]) % 2:
                word += '"'
            elif quoted and line.startswith('"', found.end()):
                word += '"'  # the second quote ends nothing: it is looked at next, and opens again what this one closed
                quoted = False
            else:
                quoted = not quoted
        elif piece.isspace() and not quoted:
            if word is not None:
                words.append(word)
            word = None
        else:
            word = (word or "") + piece
    if quoted:
        raise unclosed('"')
    return words if word is None else [*words, word]
