"""Runs as people give them: by their id, the beginning of it or "last", or as the run that something gave."""

from __future__ import annotations

from typing import Any, Protocol

from flowbook.errors import InputError


class WithId(Protocol):
    """A run, of now or of the history, or what is told of one."""

    @property
    def id(self) -> str:
        """The run's id."""


GivenRun = str | WithId


def id_of(run: GivenRun) -> str:
    """The id, or its beginning, of a run that is given. Raises InputError for what is none."""
    id: Any = run if isinstance(run, str) else getattr(run, "id", None)
    if not isinstance(id, str):
        hint = 'Give its id, the beginning of it, or "last"; or a run of ws.run, ws.runs or ws.last.'
        raise InputError(f"a {type(run).__name__} names no run.", hint)
    return id
