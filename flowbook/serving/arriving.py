"""Requests to hooks as they arrive: those of the same moment are taken in together, by one thread and one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from flowbook.serving.accepting import Taken
from flowbook.serving.asking import Request


class Arrivals:
    """Has requests taken in by ``take_in``, in a thread of ``pool``: all that came while the last were being taken in.

    It gives for each what became of it, or the exception that is raised where it was asked for. Used by one loop.
    """

    def __init__(
        self, take_in: Callable[[Sequence[Request]], list[Taken | Exception]], pool: ThreadPoolExecutor
    ) -> None:
        self._take_in = take_in
        self._pool = pool
        self._waiting: list[tuple[Request, asyncio.Future[Taken]]] = []
        self._works: asyncio.Task[None] | None = None

    async def taken(self, request: Request) -> Taken:
        """What became of a request: what was accepted is on the disk. Raises Refused and StoreError."""
        taken: asyncio.Future[Taken] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, taken))
        if self._works is None:
            self._works = asyncio.ensure_future(self._work())
        return await taken

    @property
    def busy(self) -> bool:
        """Whether requests wait to be taken in."""
        return self._works is not None

    async def _work(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            for (_, taken), became in zip(group, await self._became([request for request, _ in group]), strict=True):
                if taken.done():  # nobody waits for it any more
                    continue
                if isinstance(became, Exception):
                    taken.set_exception(became)
                else:
                    taken.set_result(became)
        self._works = None

    async def _became(self, requests: Sequence[Request]) -> Sequence[Taken | Exception]:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._take_in, requests)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            return [error] * len(requests)
