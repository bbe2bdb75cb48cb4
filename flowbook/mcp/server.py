"""A server, and how it is spoken with: over the standard streams of a process, or over HTTP."""

from __future__ import annotations

import functools
import shlex
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flowbook import http
from flowbook.errors import TaskFailed
from flowbook.mcp.bounds import ENCODING, bound, reading
from flowbook.mcp.complaints import Complaints
from flowbook.mcp.line import Line
from flowbook.tasks import current

_SETTLE = 0.05  # seconds, in which the loop hears that the pipes of a process that has ended are closed


@dataclass(frozen=True)
class Server:
    """A ``command`` that starts a server, with its ``environment``; or the ``url`` of one, with its ``token``."""

    command: str = ""
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    url: str = ""
    token: str = field(default="", repr=False)

    def check(self) -> None:
        """TaskFailed for an address that the integration may not be used with, or a command that is none."""
        if self.url:
            parts = urlsplit(self._address())
            current().check_host((parts.hostname or "").lower(), parts.port or {"http": 80}.get(parts.scheme, 443))
            return
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise TaskFailed(
                f"The command cannot be read: {error}.", hint="Check its quotes.", permanent=True
            ) from None
        if not words:
            raise TaskFailed("There is no command and no address of a server.", permanent=True)

    def said(self, line: Line) -> str:
        """What its process said at last, as words that follow others; "" when it said nothing, or there is none."""
        given = [value for _, value in self.environment]
        words = line.complaints.last_line(given) if line.complaints is not None else ""
        return f"; it said: {words}" if words else ""

    def _address(self) -> str:
        reason = ""
        try:
            return http.checked_address(self.url)
        except ValueError as error:
            reason = str(error)
        hint = "Give it as https://host/path."
        raise TaskFailed(f"The server's address cannot be used: {reason}.", hint=hint, permanent=True)

    def transport(self, line: Line) -> AbstractAsyncContextManager[Any]:
        """What the library's client speaks by; ``line`` is told of it."""
        if self.url:
            return self._over_http(line)
        from mcp import StdioServerParameters

        words = shlex.split(self.command)
        return _over_stdio(
            StdioServerParameters(command=words[0], args=words[1:], env=dict(self.environment), encoding=ENCODING), line
        )

    @asynccontextmanager
    async def _over_http(self, line: Line) -> AsyncIterator[Any]:
        from mcp.client.streamable_http import (  # type: ignore[attr-defined]
            create_mcp_http_client,
            streamable_http_client,
        )

        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with (
            create_mcp_http_client(headers=headers) as client,
            streamable_http_client(self._address(), http_client=client) as (reads, writes),
        ):
            client.event_hooks["response"] += [functools.partial(bound, line=line), line.note]
            yield line.hears(reads), writes


@asynccontextmanager
async def _over_stdio(server: Any, line: Line) -> AsyncIterator[Any]:
    import anyio
    from mcp.client.stdio import stdio_client

    reading.set(line)
    line.complaints = complaints = Complaints()
    with complaints.file:
        async with stdio_client(server, errlog=complaints.file) as (reads, writes):
            complaints.file.close()
            yield line.hears(reads), writes
        await anyio.sleep(_SETTLE)
