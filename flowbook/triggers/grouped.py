"""Work that several threads ask for at the same moment, done by one of them at once: one commit is waited for, not each
one's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Done = TypeVar("Done")


class Grouped(Generic[Asked, Done]):
    """Does by ``work`` what is asked for, in the order in which it is: all that came while the last was being done.

    ``work`` takes what is asked for and gives what comes of each; when it fails, each is done alone, so that what is
    wrong with one does not hurt the others.
    """

    def __init__(self, work: Callable[[list[Asked]], list[Done]]) -> None:
        self._work = work
        self._waiting: list[tuple[Asked, Future[Done]]] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, asked: Asked) -> Done:
        """Have something done; returns, or raises, once it is."""
        return self.all([asked])[0].result()

    def all(self, asked: Sequence[Asked]) -> list[Future[Done]]:
        """Have several things done; what came of each, once all are over."""
        mine: list[tuple[Asked, Future[Done]]] = [(one, Future()) for one in asked]
        with self._lock:
            self._waiting += mine
        with self._turn:
            if not all(done.done() for _, done in mine):  # else somebody has done them along with his own
                with self._lock:
                    group, self._waiting = self._waiting, []
                self._do(group)
        return [done for _, done in mine]

    def _do(self, group: list[tuple[Asked, Future[Done]]]) -> None:
        try:
            results = self._work([asked for asked, _ in group])
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            if len(group) == 1:
                group[0][1].set_exception(error)
                return
            for one in group:
                self._do([one])
            return
        for (_, done), result in zip(group, results, strict=True):
            done.set_result(result)
