"""A session that is opened, and stays so, in the loop in the background."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from flowbook.errors import TaskFailed
from flowbook.mcp.line import Line
from flowbook.tasks import current

LOOK_AGAIN = 0.1


class Opened:
    """What holds a client of the library open, from the start of its server to the end."""

    def __init__(self, portal: Any, client: Any, line: Line) -> None:
        import anyio

        self._portal = portal
        self._line = line
        self._ready: Future[Any] = Future()
        self._end = portal.call(anyio.Event)
        self._task = portal.start_task_soon(self._hold, client)

    async def _hold(self, client: Any) -> None:
        async with client as opened:
            self._ready.set_result(opened)
            await self._end.wait()

    def client(self) -> Any:
        """The client, once the server has answered; TaskFailed when the run is cancelled, or no message came.

        Raises whatever the library does of a server that is none.
        """
        while not wait([self._ready, self._task], LOOK_AGAIN, FIRST_COMPLETED).done:
            if current().cancelled or self._line.broken:
                self._task.cancel()
                if current().cancelled:
                    raise TaskFailed("The call was cancelled.")
                raise TaskFailed(f"The server cannot be reached: {self._line.broken}.", hint="Check its command.")
        if self._ready.done():
            return self._ready.result()
        self._task.result()
        raise TaskFailed("The server ended.")

    def close(self) -> None:
        """Let the server go, and wait until it is gone."""
        self._portal.call(self._end.set)
        self._task.result()
