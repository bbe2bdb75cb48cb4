"""The words of a curl command, whichever shell it was written for.

A variable has the value that a command before curl gives it. Where none does, or its name is that of a secret, it
stands in a word as its name between two :data:`MARK`, a character that no command holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flowbook.errors import FileFormatError

MARK = "\x7f"
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


def identifier(name: str) -> str:
    """The name of the input that stands for a variable, or for a secret of that name."""
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")
    return plain if plain[:1].isalpha() else f"arg_{plain or 'all'}"


def is_curl(word: str) -> bool:
    """Whether a word calls curl."""
    return re.fullmatch(r"(?:.*[/\\])?curl(?:\.exe)?", word, re.IGNORECASE) is not None


def too_long() -> FileFormatError:
    """What is said of a command that is too long, or becomes it."""
    return FileFormatError(f"the command is longer than {MAX_CHARACTERS:,} characters.", "Put the data into a file.")


def unclosed(quote: str) -> FileFormatError:
    """What is said of a quotation mark, or a bracket, that nothing closes."""
    return FileFormatError(f"a quotation mark {quote} of the command is not closed.", "Copy all of the command.")
