"""Standard output: what it cannot hold, and a reader that went away."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import click


def discard_output() -> None:
    """Send what is still printed nowhere: its reader (``| head``) has gone, which is no failure of a command."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - stays open until the process ends


def discard_what_fails() -> None:
    """Send nowhere what standard output holds and cannot write: it would fail again when the process ends."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        discard_output()


def open_what_is_closed() -> None:
    """Have all three standard streams: in the place of one that is closed (``>&-``) the next file opened would be."""
    for stream in (0, 1, 2):
        try:
            os.fstat(stream)
        except OSError:
            discard(stream)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as above


_document: int | None = None
"""The descriptor that documents go to, while nothing else of this process may get there."""


def set_apart() -> None:
    """From here on give standard output to :func:`print_document` alone, until :func:`documents` ends.

    A folder that is imported, a library in C or ``sys.stdout.buffer`` may print whatever they like: that goes to
    standard error, and leaves a document whole.
    """
    global _document
    if _document is None and _is_standard(sys.stdout):
        sys.stdout.flush()
        _document = os.dup(1)
        os.dup2(2, 1)


@contextmanager
def documents() -> Iterator[None]:
    """Where standard output may be :func:`set_apart`, and lines :func:`begin_with` something; all is as it was when
    the block ends."""
    global _document, _stamp
    try:
        yield
    finally:
        _stamp = None
        if _document is not None:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
            os.dup2(_document, 1)
            os.close(_document)
            _document = None


def print_document(text: str) -> None:
    """Print a whole document and a new line to standard output, past all that else goes there."""
    if _document is None:
        click.echo(text)
        return
    shown = printable(text) if os.isatty(_document) else text
    rest = memoryview(f"{shown}\n".encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    while rest:
        rest = rest[os.write(_document, rest) :]


def _is_standard(stream: Any) -> bool:
    try:
        return int(stream.fileno()) == 1
    except (AttributeError, OSError, ValueError):  # a test's, or a notebook's
        return False


_stamp: Callable[[str], str] | None = None
"""What puts the time before a line, where each line is to begin with it."""


def begin_with(stamp: Callable[[str], str]) -> None:
    """From here on have each line that :func:`complain` prints begin as ``stamp`` says, until :func:`documents` ends.

    What is refused is told when the command that was to do it is over.
    """
    global _stamp
    _stamp = stamp


def complain(text: str) -> None:
    """Print a line, or several, to standard error, as far as there is anything that takes it."""
    with suppress(OSError, ValueError):
        click.echo(text if _stamp is None else "\n".join(map(_stamp, text.splitlines())), err=True)


@contextmanager
def telling_of_what_was_done() -> Iterator[None]:
    """While the outcome of something is printed that has been done: a full disk, or a reader that went away, is no
    other outcome. What could not be printed is a warning, and goes nowhere from then on.
    """
    try:
        yield
        sys.stdout.flush()  # lines before, too, may be waiting there
    except BrokenPipeError:
        discard_output()
    except OSError as error:
        discard_output()
        warn_of_what_is_missing(error)


def warn_of_what_is_missing(error: OSError) -> None:
    """Say that not all of the output was written, and why."""
    complain(f"Warning: standard output took not all of it: {error.strerror or error}.")


_COLOUR = r"\x1b\[(?:0|1|2|3|4|22|23|24|3[0-7]|39|9[0-7])?(?:;(?:0|1|2|3|4|22|23|24|3[0-7]|39|9[0-7]))*m"
_ANY_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_CONTROL = re.compile(
    rf"(?P<colour>{_COLOUR})|\x1b\[[0-9;:]*m|\r\n|\r+"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
)


def printable(text: str) -> str:
    """``text`` as a terminal may have it: it sets no title, clears nothing, moves no cursor and turns no letters round.

    Control characters become escapes such as ``\\u001b``, which JSON reads as the same. Of colours plain ones stay; a
    carriage return, which would overwrite the line, becomes a new line.
    """
    return _CONTROL.sub(_escaped, text)


def one_line(text: str) -> str:
    """``text`` as :func:`printable` has it, and in one line: names of files may hold what would make up another."""
    return printable(text).replace("\n", "\\n")


def _escaped(found: re.Match[str]) -> str:
    text = found[0]
    if found["colour"]:
        return text
    if _ANY_COLOUR.fullmatch(text):
        return ""
    return "\n" if text.startswith("\r") else f"\\u{ord(text):04x}"


class _Terminal:
    """A stream to a terminal that lets nothing through which is not :func:`printable`."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write what may be written."""
        self.raw.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of ``lines``."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def raw_terminal(stream: Any) -> Any:
    """The stream behind, for what draws on the terminal itself and makes each text in it :func:`printable`."""
    return stream.raw if isinstance(stream, _Terminal) else stream


def escape_what_cannot_be_printed() -> None:
    """Have texts that standard output and errors have no form for printed with escapes: half of a character out of some
    service's answer is no reason to fail. To a terminal goes what is :func:`printable`, whatever prints it.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
            if stream.isatty():
                setattr(sys, name, _Terminal(stream))


def discard(stream: int) -> None:
    """Send what goes to a file descriptor nowhere, and let nothing come from it: its terminal was closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, stream)
    os.close(nowhere)
