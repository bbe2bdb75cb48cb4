"""Whose tape it is: that of the call that goes on here, named by its workflow, node and item; what is kept on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from flowbook.tasks.context import Context, current

if TYPE_CHECKING:
    from flowbook.cassettes.tape import Tape

_tape: ContextVar[Tape | None] = ContextVar("flowbook_tape", default=None)

_kept: ContextVar[bool] = ContextVar("flowbook_kept", default=False)


def enter(tape: Tape | None) -> None:
    """Have the calls of this context kept on the tape, or answered by it."""
    _tape.set(tape)


def tape_here() -> Tape | None:
    """The tape of this context; None where nothing is kept or played."""
    return _tape.get()


def place_of(context: Context) -> str:
    """The place of a call, as a cassette names it: ``sales.fetch``, of an item of a list ``sales.fetch[3]``."""
    item = "" if context.index is None else f"[{context.index}]"
    return f"{context.workflow}.{context.node_id}{item}"


def here() -> str:
    """The place of the call that goes on here."""
    return place_of(current())


def take_back(kind: str, status: int) -> None:
    """Keep the answer that the call got last no more: it is asked for anew, with another token, which none of it shows.

    Only of that kind and status; what is played back has none to take back.
    """
    tape = tape_here()
    if tape is not None and not tape.replaying:
        tape.take_back(here(), kind, status)


@contextmanager
def keeping() -> Iterator[None]:
    """What connects inside of the ``with`` block is what a seam keeps."""
    token = _kept.set(True)
    try:
        yield
    finally:
        _kept.reset(token)


def is_kept() -> bool:
    """Whether what goes on here is what a seam keeps."""
    return _kept.get()
