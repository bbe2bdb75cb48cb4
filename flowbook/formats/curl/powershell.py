"""A curl command cut into its words as PowerShell does: a backtick escapes, and ends a line that goes on."""

from __future__ import annotations

import re

from flowbook.formats.curl.posix import Posix
from flowbook.formats.curl.words import Words, unclosed, variable


class PowerShell(Posix):
    """Reads a command as PowerShell does: a backtick escapes, a doubled quote is one."""

    def read(self) -> Words:
        """As that of :class:`~flowbook.formats.curl.posix.Posix`."""
        found = super().read()
        found.words = [word.replace('\\"', '"') for word in found.words]  # as a program reads it once more
        return found

    def _next(self) -> None:
        character = self.text[self.at]
        if character == "'":
            self._quoted()
        elif character == "\\":
            self._add(character, 1)
        else:
            super()._next()

    def _quoted(self) -> None:
        self._add(self._until("'", self.at + 1))
        while self.text.startswith("'", self.at):
            self._add("'" + self._until("'", self.at + 1))

    def _double(self) -> None:
        self.at += 1
        self._add("")
        while self.at < len(self.text) and (self.text[self.at] != '"' or self.text.startswith('""', self.at)):
            if self.text.startswith('""', self.at) or self.text.startswith('\\"', self.at):
                self._add('"', 2)
            elif self.text[self.at] in "$`":
                self._expansion(quoted=True)
            else:
                self._run(self.text[self.at])
        if self.at >= len(self.text):
            raise unclosed('"')
        self.at += 1

    def _expansion(self, *, quoted: bool = False) -> None:
        if self.text[self.at] == "`":
            following = self.text[self.at + 1 : self.at + 2]
            if self.pieces is None and following.isspace():
                self.at += 1
            else:
                self._add({"n": "\n", "t": "\t", "r": "\r", "0": ""}.get(following, following), 2)
        elif name := re.compile(r"\$(?:env:|\{env:)?([A-Za-z_]\w*)(\})?").match(self.text, self.at):
            beginning = self.pieces is None and not self.found.words  # there it is what is set
            self._add(variable(name[1]) if beginning else self._value(name[1]))
            self.at = name.end()
        else:
            super()._expansion(quoted=quoted)
