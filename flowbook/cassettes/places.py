"""Whose tape it is: that of the call that goes on here, named by its workflow, node and item."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from flowbook.tasks.context import Context, current

if TYPE_CHECKING:
    from flowbook.cassettes.tape import Tape

_tape: ContextVar[Tape | None] = ContextVar("flowbook_tape", default=None)


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
