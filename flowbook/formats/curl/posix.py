"""A curl command cut into its words as POSIX shells do: ``'…'``, ``"…"``, ``$'…'``, continued lines, here-documents."""

from __future__ import annotations

import re

from flowbook.errors import FileFormatError
from flowbook.formats.curl import sensitive
from flowbook.formats.curl.expansions import LENGTH, default_of, expanded
from flowbook.formats.curl.words import (
    MARK,
    MAX_DOCUMENTS,
    Variables,
    Words,
    is_curl,
    unclosed,
    variable,
)

_NAME = re.compile(
    r"\$(?:\{(?P<length>#?)(?P<braced>[A-Za-z_]\w*|[0-9@*]+)(?P<operation>[^{}]*)\}|(?P<plain>[A-Za-z_]\w*|[0-9@*#?]))"
)
_ANSI = re.compile(r"\\(?:([abefnrtv\\'\"?])|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3}))")
_ANSI_LETTERS = dict(zip("abefnrtv", "\a\b\x1b\f\n\r\t\v", strict=True))
_HERE = re.compile(r"<<(-?)[ \t]*(['\"]?)([A-Za-z_]\w*)\2")
_ENDS = re.compile(r"[0-9]?>&[0-9-]|<<<|(?:[0-9]|&)?(?:>>|[<>])|[|;&()]+")
CONTINUED = re.compile(r"\\[ \t]*\r?\n")
_ASSIGNS = re.compile(r"([A-Za-z_]\w*)(\+?)=(?!\()")
_PLAIN = re.compile(r"[^\s0-9'\"\\$`|;&()<>]+")  # no digit: one before > is a file's number
_FOLLOWING = re.compile(r"([|;&()]*)\s*([^\s'\"=|;&()]*)")  # no more of it: an option may hold a secret
_BLANKS = re.compile(r"[ \t\r\n]+")
_IN_QUOTES = re.compile(r'[^"\\$`]+')
_DECLARES = frozenset(["export", "local", "readonly", "declare", "typeset"])


class Posix:
    """Reads a command as ``sh`` and ``bash`` do, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = Words()
        self.pieces: list[str] | None = None  # of the word that is being read
        self.redirected = ""
        self._outputs: dict[str, str] = {}
        self._set: dict[str, str] = {}  # what commands before this one gave variables
        self._sets: dict[str, str] = {}  # what this one does
        self._setting = ""
        self._variables = Variables(self.found)
        self._documents = 0

    def read(self) -> Words:
        """The words of the first command that calls curl. Raises FileFormatError for what nothing closes."""
        while self.at < len(self.text):
            self._next()
        self._end_word()
        self.found.environment = list(self._sets)
        return self.found

    def _next(self) -> None:
        character = self.text[self.at]
        if (name := self._assignment()) is not None:
            self._end_word()
            self._setting, self.pieces, self.at = name[1], [], name.end()
            if name[2]:
                known = self._sets.get(name[1], self._set.get(name[1]))
                self.pieces.append(variable(name[1]) if known is None else known)
        elif character in " \t\r\n":
            self._space()
        elif self.pieces is None and character == "#":
            self.at = self._line_end()
        elif character == "'":
            self._add(self._until("'", self.at + 1))
        elif character == '"' or self.text.startswith('$"', self.at):
            self.at += character == "$"
            self._double()
        elif self.text.startswith("$'", self.at):
            self._ansi()
        elif character == "\\":
            self._escaped()
        elif character in "$`":
            self._expansion()
        elif operator := _ENDS.match(self.text, self.at):
            self._operator(operator)
        else:
            plain = _PLAIN.match(self.text, self.at)
            self._add(plain[0] if plain else character, plain.end() - self.at if plain else 1)

    def _add(self, text: str, width: int = 0) -> None:
        if self.pieces is None:
            self.pieces = []
        self.pieces.append(text)
        self.at += width

    def _assignment(self) -> re.Match[str] | None:
        """A name and ``=`` where a variable may be set: at a command's begin, or behind ``export`` and the like."""
        name = None if self.pieces is not None or self.redirected else _ASSIGNS.match(self.text, self.at)
        return name if name is not None and self._declares() else None

    def _declares(self) -> bool:
        words = self.found.words
        return not words or (words[0] in _DECLARES and len(words) < 4 and all(word[:1] == "-" for word in words[1:]))

    def _assigned(self) -> bool:
        """Whether the words so far were a command that only sets variables, for those after it; they are set then."""
        words = self.found.words
        if len(words) == 3 and words[1] == "=" and (name := re.fullmatch(f"{MARK}(\\w+){MARK}", words[0])):
            self._sets[name[1]] = words[2]  # as PowerShell does
            self._variables.forget(name[1])
        elif not self._sets or not self._declares():
            return False
        self._set |= self._sets
        return True

    def _forget(self, words: list[str]) -> None:
        """What is not read as the setting of variables may give those that it names others: ``read A``, ``unset A``."""
        for word in words:
            self._set.pop(re.split(r"[=+\[]", word, maxsplit=1)[0], None)

    def _end_word(self) -> None:
        if self.pieces is None:
            return
        word, self.pieces = "".join(self.pieces), None
        if self._setting:
            self._sets[self._setting] = word
            self._setting = ""
        elif not self.redirected:
            self.found.words.append(word)
        else:
            if self.redirected == "<<<":
                self.found.stdin = word + "\n"
            elif self.redirected in ("<", "0<"):
                self.found.stdin, self.found.stdin_file = None, word
            else:
                self.found.rest.append(f"{self.redirected} {word}")
            self.redirected = ""

    def _space(self) -> None:
        self._end_word()
        blanks = _BLANKS.match(self.text, self.at)
        assert blanks is not None
        self.at = blanks.end()
        begun = self.found.words or self._sets
        if "\n" in blanks[0] and begun and self.text[self.at : self.at + 1] not in ("", "-", "#", "'", '"'):
            self._leave(self.at)

    def _leave(self, start: int) -> None:
        """What begins at ``start`` is another command: the words so far are not, when curl is not among them."""
        if any(is_curl(word) for word in self.found.words):
            told = _FOLLOWING.match(self.text, start)
            self.found.rest.append(" ".join(told.groups()).strip() if told else "")
            self.at = len(self.text)
        elif self.text[start : self.at] == "|" and self.found.words and self._gives():
            self.found.words.clear()
        else:
            if not self._assigned():
                self.found.rest.extend(self.found.words[:1])
                self._forget(self.found.words)
            self.found.words.clear()
            self.found.stdin, self.found.stdin_file = None, ""
        if not self.found.words:
            self._sets.clear()

    def _gives(self) -> bool:
        """Whether the words so far are a command whose output is known without running it: that is curl's input."""
        name, *words = self.found.words
        if name == "cat":
            if words in ([], ["-"]):
                return self.found.stdin is not None or bool(self.found.stdin_file)
            if len(words) > 1 or words[0].startswith("-"):
                return False
            self.found.stdin, self.found.stdin_file = None, words[0]
            return True
        text = _echoed(words) if name == "echo" else _printed(words) if name == "printf" else None
        if text is None:
            return False
        self.found.stdin, self.found.stdin_file = text, ""
        return True

    def _operator(self, operator: re.Match[str]) -> None:
        here = _HERE.match(self.text, self.at)
        if here is not None:
            self._here(here)
        elif operator[0][0].isdigit() and self.pieces is not None:
            self._add(operator[0][0], 1)  # the digit ends a word: it is none of a file's number
        else:
            self._end_word()
            start, self.at = self.at, operator.end()
            if operator[0][-1] in "<>":
                self.redirected = operator[0]
            elif ">&" not in operator[0]:
                self._leave(start)

    def _here(self, here: re.Match[str]) -> None:
        """A here-document: its lines are the standard input, the rest of its own line goes on."""
        self._documents += 1
        if self._documents > MAX_DOCUMENTS:
            raise FileFormatError(f"the command has more than {MAX_DOCUMENTS} here-documents.", "Copy one command.")
        self._end_word()
        line_end = self._line_end()
        lines = self.text[line_end + 1 :].split("\n")
        ends = [place for place, line in enumerate(lines) if (line.lstrip("\t") if here[1] else line) == here[3]]
        if not ends:
            raise FileFormatError(f"the here-document is not closed: there is no line {here[3]}.", "Copy all of it.")
        taken = [line.lstrip("\t") if here[1] else line for line in lines[: ends[0]]]
        content = "".join(line + "\n" for line in taken)
        following = self.text[here.end() : line_end] + "\n" + "\n".join(lines[ends[0] + 1 :])
        self.found.stdin = content if here[2] else self._as_quoted(content)
        self.text, self.at = following, 0

    def _as_quoted(self, content: str) -> str:
        """A text as it is between double quotes, which are characters like any other here."""
        self.text, self.at, self.pieces = content, 0, []
        while self.at < len(self.text):
            self._in_quotes()
        text, self.pieces = "".join(self.pieces), None
        return text

    def _until(self, quote: str, start: int) -> str:
        end = self.text.find(quote, start)
        if end < 0:
            raise unclosed(quote)
        self.at = end + 1
        return self.text[start:end]

    def _double(self) -> None:
        self.at += 1
        self._add("")
        while self.at < len(self.text) and self.text[self.at] != '"':
            self._in_quotes('"')
        if self.at >= len(self.text):
            raise unclosed('"')
        self.at += 1

    def _in_quotes(self, quote: str = "") -> None:
        character = self.text[self.at]
        following = self.text[self.at + 1 : self.at + 2]
        if character == "\\" and following and following in f"$`\\\n{quote}":
            self._add("" if following == "\n" else following, 2)
        elif character in "$`":
            self._expansion(quoted=True)
        else:
            self._run(character)

    def _run(self, character: str) -> None:
        """Inside of double quotes: all up to what means something there, or the one character."""
        end = _IN_QUOTES.match(self.text, self.at)
        self._add(end[0] if end else character, end.end() - self.at if end else 1)

    def _ansi(self) -> None:
        end = re.compile(r"(?:[^'\\]|\\.)*", re.DOTALL).match(self.text, self.at + 2)
        assert end is not None
        if self.text[end.end() : end.end() + 1] != "'":
            raise unclosed("'")
        self._add(_ANSI.sub(_ansi_character, end[0]))
        self.at = end.end() + 1

    def _escaped(self) -> None:
        continued = CONTINUED.match(self.text, self.at)
        if continued is None:
            self._add(self.text[self.at + 1 : self.at + 2], 2)
        elif continued[0][1:].strip(" \t") == continued[0][1:]:
            self.at = continued.end()  # the line goes on, and the word may
        else:
            self._end_word()
            self.at = continued.end()

    def _expansion(self, *, quoted: bool = False) -> None:
        """A variable, or what a command in the place of it gives."""
        if self.text.startswith("$((", self.at) or self.text[self.at : self.at + 2] == "$(":
            end = _closing(self.text, self.at + 1)
            self._output(self.text[self.at : end], self.text[self.at + 2 : end - 1])
            self.at = end
        elif self.text[self.at] == "`":
            command = self._until("`", self.at + 1)
            self._output(command, command)
        elif name := _NAME.match(self.text, self.at):
            operation = LENGTH + name["operation"] if name["length"] else name["operation"]
            self._fill(self._value(name["braced"] or name["plain"], operation or ""), quoted)
            self.at = name.end()
        elif self.text.startswith("${", self.at):
            end = _closing(self.text, self.at + 1, "{}")
            self._output(self.text[self.at : end], "", "${…}")
            self.at = end
        else:
            self._add("$", 1)

    def _value(self, id: str, operation: str = "") -> str:
        """What a variable holds, or the shell makes of it, else what stands for that: also for a secret, kept apart."""
        known = self._set.get(id)
        if known is not None and MARK in known and not operation:
            return known
        if known is None:
            text, form = default_of(operation), operation
        else:
            text = None if MARK in known else expanded(known, operation)
            form = f"{operation} of {known}"
        if text is None:
            name = self._variables.name_of(id, form)
            if operation:
                self._variables.not_known(f"${{{id[:40]}…}}", name)
            return variable(name)
        if known is None or sensitive.named(id):
            name = self._variables.name_of(id, "" if known is None else f"= {text}")
            kept = self.found.values if sensitive.named(id) else self.found.defaults
            kept[name] = text
            text = variable(name)
        if operation.startswith(("=", ":=")):
            self._set[id] = text
        return self._variables.filled(text)

    def _fill(self, text: str, quoted: bool) -> None:
        """Add what a variable holds: outside of quotes a blank in it ends a word."""
        pieces = [text] if quoted or self._setting else text.split()
        for place, piece in enumerate(pieces):
            if place:
                self._end_word()
            self._add(piece)

    def _output(self, whole: str, command: str, told: str = "a command within it") -> None:
        """What a command gives in the place of it: each has an input of its own, and the same one the same."""
        if whole not in self._outputs:
            number = len(self._outputs) + 1
            self._outputs[whole] = "output" if number == 1 else f"output_{number}"
            first = re.match(r"\s*([A-Za-z][\w.-]{0,30})(?![\w.=-])", command)
            self._variables.not_known(f"$({first[1]} …)" if first else told, self._outputs[whole])
        self._add(variable(self._outputs[whole]))

    def _line_end(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end


def _ansi_character(found: re.Match[str]) -> str:
    if found[1]:
        return _ANSI_LETTERS.get(found[1], found[1])
    number = int(found[5], 8) & 0xFF if found[5] else int(found[2] or found[3] or found[4], 16)
    return chr(number) if number < 0x110000 and number != 0 else ""


def _echoed(words: list[str]) -> str | None:
    """What ``echo`` of bash gives; None for options that it is not known by."""
    end, escapes = "\n", False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        for letter in words[0][1:]:
            end = "" if letter == "n" else end
            escapes = letter == "e" if letter in "eE" else escapes
        words = words[1:]
    text = " ".join(words)
    return None if escapes and "\\" in text else text + end


def _printed(words: list[str]) -> str | None:
    """What ``printf`` gives for a plain text, or by a format that is ``%s`` with a line end or none."""
    if len(words) == 2 and words[0] in ("%s", "%s\\n"):
        return words[1] + ("\n" if words[0] != "%s" else "")
    plain = len(words) == 1 and "%" not in words[0] and not words[0].startswith("-")
    return _ANSI.sub(_ansi_character, words[0]) if plain else None


def _closing(text: str, start: int, pair: str = "()") -> int:
    """Behind the bracket that closes what opens at ``start``."""
    depth = 0
    for found in re.compile(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|[(){}]", re.DOTALL).finditer(text, start):
        depth += {pair[0]: 1, pair[1]: -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    raise unclosed(pair[0])
