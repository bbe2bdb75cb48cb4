"""The inputs that a node needs: in place of what a command takes from the shell, and of secrets in its data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flowbook.formats.curl.words import MARK, identifier
from flowbook.models import Parameter

_MARKED = re.compile(f"{MARK}([^{MARK}]*){MARK}")


class Inputs:
    """Gathers them while a node is made; ``secrets`` are the values of those that are passwords.

    ``known`` are the values of variables whose names are those of secrets, ``defaults`` what others have where nobody
    gives them something else.
    """

    def __init__(self, known: Mapping[str, str], defaults: Mapping[str, str]) -> None:
        self._defaults = defaults
        self.parameters: dict[str, Parameter] = {}
        self.secrets: dict[str, str] = {}
        self._known = known

    def resolved(self, text: str) -> str:
        """A text that is a secret, with the values of the variables in it that are known."""
        return _MARKED.sub(lambda name: self._known.get(name[1], name[0]), text)

    def secret(self, name: str, value: str) -> str:
        """What stands for a secret in a text; one that is a variable of the shell becomes a password, too."""
        value = self.resolved(value)
        variable = _MARKED.fullmatch(value)
        id = identifier(variable[1] if variable else name)
        if variable is None:
            taken, number = id, 2
            while self.secrets.get(id, value) != value or (id in self.parameters and id not in self.secrets):
                id, number = f"{taken}_{number}", number + 1
            self.secrets[id] = value
        self.parameters[id] = Parameter(name=id, type="password", required=True)
        return f"{MARK}{id}{MARK}"

    def finished(self, value: Any) -> Any:
        """A value of the node's params: what stands for a variable is an expression, and nothing else is one."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.finished(inner) for name, inner in value.items()}
        return [self.finished(inner) for inner in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        pieces: list[str] = []
        place = 0
        for found in _MARKED.finditer(text):
            literal = text[place : found.start()].replace("${{", "$${{")
            if literal.endswith("$"):  # two of them before a brace would be a literal one
                literal = literal[:-1] + '${{ "$" }}'
            id = identifier(found[1])
            if found[1] in self._known:
                self.secrets.setdefault(id, self._known[found[1]])
                self.parameters[id] = Parameter(name=id, type="password", required=True)
            default = self._defaults.get(found[1])
            self.parameters.setdefault(id, Parameter(name=id, required=default is None, default=default))
            pieces += [literal, f"${{{{ inputs.{id} }}}}"]
            place = found.end()
        return "".join([*pieces, text[place:].replace("${{", "$${{")])


def is_variable(text: str) -> bool:
    """Whether a text holds what only the shell knows."""
    return MARK in text
