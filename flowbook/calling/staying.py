"""Data that stays where it was made: large results of a cluster's workers."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

from flowbook.results import Omitted, Stored

STAYS_BYTES = 1_000_000
"""Data of at least so many bytes stays with the worker that made it."""
FETCHED_BYTES = 50_000_000
"""Up to how many bytes it comes here for the history and for what is shown: as much as the history keeps of a table."""


class Staying(Stored):
    """Data on a cluster, fetched each time that it is asked for; ``future`` holds it there, ``place`` is that in it."""

    __slots__ = ("__weakref__", "_fetched", "about", "cluster", "future", "place", "size")

    def __init__(self, cluster: Any, future: Any, place: int, size: int, about: str) -> None:
        self.cluster = cluster
        self.future = future
        self.place = place
        self.size = size
        self.about = about
        self._fetched: tuple[Any] | None = None

    @property
    def stays(self) -> bool:  # type: ignore[override]
        """Whether it is still there alone."""
        return self._fetched is None

    def load(self) -> Any:
        """The data. Raises FlowbookError when it is there no more."""
        return self._fetched[0] if self._fetched is not None else self.cluster.fetch(self)

    def bring_here(self) -> None:
        """Fetch it for good, as the cluster ends."""
        if self._fetched is None:
            self._fetched = (self.load(),)
            self.future = None

    @property
    def omitted(self) -> Omitted | None:
        """Why it is not kept in the history: it is too large to be fetched for that."""
        if self.size <= FETCHED_BYTES or self._fetched is not None:
            return None
        return {"why": f"not kept: it stayed on the cluster, {self.size:,} bytes", "preview": self.about}

    def __repr__(self) -> str:
        return f"<on the cluster: {self.about}>"


class Stays:
    """Says, in the place of data, that it stays: ``size`` bytes, at ``place`` of what its task gave the cluster."""

    def __init__(self, place: int, size: int, about: str) -> None:
        self.place = place
        self.size = size
        self.about = about


class _Sender(pickle.Pickler):
    """Pickles what goes to a cluster; of data that stays there, only which it is."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.needs: list[Staying] = []

    def persistent_id(self, thing: Any) -> int | None:
        if not isinstance(thing, Staying) or thing.future is None:
            return None
        self.needs.append(thing)
        return len(self.needs) - 1


def packed_for(value: Any) -> tuple[bytes, list[Staying]]:
    """A value as it is sent to a cluster, and the data there that it refers to. Raises whatever an object raises."""
    file = io.BytesIO()
    sender = _Sender(file)
    sender.dump(value)
    return file.getvalue(), sender.needs


class _Receiver(pickle.Unpickler):
    def __init__(self, content: bytes, data: Sequence[Any]) -> None:
        super().__init__(io.BytesIO(content))
        self._data = data

    def persistent_load(self, place: Any) -> Any:
        return self._data[place]


def unpacked(content: bytes, data: Sequence[Any]) -> Any:
    """What was packed, with the data that it refers to in its places."""
    return _Receiver(content, data).load()
