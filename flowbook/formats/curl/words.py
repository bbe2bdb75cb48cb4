"""The words of a curl command, whichever shell it was written for.

A variable has the value that a command before curl gives it. Where none does, or its name is that of a secret, it
stands in a word as its name between two :data:`MARK`, a character that no command holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from flowbook.errors import FileFormatError

MARK = "\x7f"
PROMPT = r"(?:[$%#>]\s+|(?:PS |[A-Za-z]:\\)(?:(?![cC][uU][rR][lL](?:\.exe)?\s)[^>\"\n])*>\s*)"
"""What a shell asks with, as it is copied along, and no curl by its path; read alike by Python and by browsers."""
MAX_CHARACTERS = 2_000_000
MAX_VARIABLES = 1_000
MAX_DOCUMENTS = 100


@dataclass
class Words:
    """The words of a command; ``rest`` is what the shell does besides it, in words that hold none of its values.

    ``stdin`` is what a here-document, or ``echo``, ``printf`` or ``cat`` before a pipe, gives it, and ``stdin_file``
    the file that it is read from in their place. ``outputs`` says which input stands for what ``$(…)`` gives.
    ``values`` are those of secrets that stand in a word by their name, ``defaults`` what others have by
    ``${NAME:-default}`` where nobody gives them something else, and ``environment`` what ``NAME=value curl …``
    sets for curl alone: the shell fills in the command before.
    """

    words: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    stdin: str | None = None
    stdin_file: str = ""
    outputs: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict, repr=False)
    defaults: dict[str, str] = field(default_factory=dict)
    environment: list[str] = field(default_factory=list)


def variable(name: str) -> str:
    """What stands for a variable in a word."""
    return f"{MARK}{name}{MARK}"


def shown(text: str) -> str:
    """A text for people: each variable in it as ``$NAME``."""
    return re.sub(f"{MARK}([^{MARK}]*){MARK}", r"$\1", text)


def identifier(name: str) -> str:
    """The name of the input that stands for a variable, or for a secret of that name."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    return plain if plain[:1].isalpha() else f"arg_{plain or 'all'}"


class Variables:
    """What variables gave a command while it is read, and the names of the inputs for what they give that is not known.

    ``same`` makes of a name what is the same for all ways to write it.
    """

    def __init__(self, found: Words, same: Callable[[str], str] = str) -> None:
        self._found = found
        self._same = same
        self._forms: dict[str, dict[str, str]] = {}  # each way in which one is asked for is a value of its own
        self._told: set[str] = set()
        self._filled = 0

    def name_of(self, id: str, form: str) -> str:
        """A name for what a variable gives in one way: its own for the first, with a number for others."""
        forms = self._forms.setdefault(self._same(id), {})
        return forms.setdefault(form, f"{id}_{len(forms) + 1}" if forms else id)

    def forget(self, id: str) -> None:
        """That one was asked for: there it was set."""
        self._forms.pop(self._same(id), None)

    def not_known(self, what: str, name: str) -> None:
        """Tell, once, which input stands for what cannot be known."""
        told = f"what {what} gives is not known: it is the input {identifier(name)}, or a secret to fill in"
        if told not in self._told:
            self._told.add(told)
            self._found.outputs.append(told)

    def filled(self, text: str) -> str:
        """``text``, which one gave. Raises FileFormatError when it is too much with all before it."""
        self._filled += len(text)
        if self._filled > MAX_CHARACTERS:
            raise too_long()
        return text


def is_curl(word: str) -> bool:
    """Whether a word calls curl."""
    return re.fullmatch(r"(?:.*[/\\])?curl(?:\.exe)?", word, re.IGNORECASE) is not None


def too_long() -> FileFormatError:
    """What is said of a command that is too long, or becomes it."""
    return FileFormatError(f"the command is longer than {MAX_CHARACTERS:,} characters.", "Put the data into a file.")


def unclosed(quote: str) -> FileFormatError:
    """What is said of a quotation mark, or a bracket, that nothing closes."""
    return FileFormatError(f"a quotation mark {quote} of the command is not closed.", "Copy all of the command.")
