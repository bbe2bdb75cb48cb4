"""What belongs to another library, replaced for a time: how, and how it is put back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Undo = Callable[[], None]


def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Undo:
    """Put what ``make`` makes of a function or method in its place; undone unless somebody has replaced that again."""
    original = getattr(owner, name)
    replacement = functools.wraps(original)(make(original))
    setattr(owner, name, replacement)

    def undo() -> None:
        if getattr(owner, name) is replacement:
            setattr(owner, name, original)

    return undo


def together(*undos: Undo) -> Undo:
    """One for several, the last one first."""

    def undo() -> None:
        for one in reversed(undos):
            one()

    return undo
