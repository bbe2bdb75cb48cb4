"""What the tools of a server are, and calling them. Facts: https://modelcontextprotocol.io/specification/2025-06-18/server/tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.errors import TaskFailed
from flowbook.mcp.credentials import Credentials
from flowbook.mcp.server import Server
from flowbook.mcp.sessions import SESSIONS
from flowbook.records import NamedTuple
from flowbook.tasks import Result, current
from flowbook.typed import Params

_PATIENCE = 60.0  # seconds, for what is no call of a tool
_LONGEST = 3600.0
MOST_TOOLS = 2_000
MOST_BYTES = 16 * 1024**2
"""Of the names, descriptions and schemas of all tools of a server, as JSON."""
_MOST_PAGES = 100


class Tool(NamedTuple):
    """A tool: ``schema`` is the JSON Schema of its arguments, ``hints`` what the server says of its effects."""

    name: str
    description: str
    schema: dict[str, Any]
    hints: dict[str, Any] = {}  # noqa: RUF012 - never changed
    only_later: bool = False
    """Whether a call gives no answer, but a task of the server's that is to be asked for its end."""

    @property
    def effects(self) -> str:
        """What repeating a call would do, as far as the server says: read, idempotent, else write."""
        if self.hints.get("readOnlyHint") is True:
            return "read"
        return "idempotent" if self.hints.get("idempotentHint") is True else "write"


def tools(credentials: Credentials | Server) -> list[Tool]:
    """The tools of a server. Raises TaskFailed when it cannot be reached, or says that it has too many."""

    async def ask(client: Any) -> list[Tool]:
        found: list[Tool] = []
        cursor, size = None, 0
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            found += [_tool(one) for one in page.tools]
            size += sum(len(one.model_dump_json()) for one in page.tools)
            if len(found) > MOST_TOOLS or size > MOST_BYTES:
                break
            cursor = page.next_cursor
            if not cursor:
                return found
        raise TaskFailed(
            f"The server's list of tools has no end: it is more than {MOST_TOOLS:,} tools, {_MOST_PAGES} pages, or "
            f"{MOST_BYTES >> 20} MiB.",
            permanent=True,
        )

    listed: list[Tool] = SESSIONS.use(_server(credentials), ask, _PATIENCE, again=True)
    return listed


def _tool(one: Any) -> Tool:
    hints = one.annotations.model_dump(by_alias=True, exclude_none=True) if one.annotations else {}
    only_later = one.execution is not None and one.execution.task_support == "required"
    return Tool(one.name, one.description or "", one.input_schema, hints, only_later)


def call(
    credentials: Credentials | Server,
    tool: str,
    arguments: Mapping[str, Any] | Params,
    timeout: float = _LONGEST,
    *,
    repeatable: bool = False,
) -> Result:
    """Call a tool. ``arguments`` may be a task's params: what was not given is not sent. ``repeatable`` says that it
    may be called twice, as one that reads; else a failure says when it may have taken effect.

    Data: what the tool gives as data, else its text, else {"texts", "content"} when it gives several things or others.
    Raises TaskFailed when the tool says it failed, the server fails, or it takes longer than ``timeout`` (seconds).
    """
    given = _given(arguments) if isinstance(arguments, Params) else dict(arguments)
    here = current()

    async def tell(done: float, total: float | None, message: str | None) -> None:
        here.progress(done, total, message or "")

    async def act(client: Any) -> Any:
        return await client.call_tool(tool, given, read_timeout_seconds=timeout, progress_callback=tell)

    answer = SESSIONS.use(_server(credentials), act, timeout + 1, again=repeatable)
    texts = [one.text for one in answer.content if one.type == "text"]
    others = [
        one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in answer.content if one.type != "text"
    ]
    if answer.is_error:
        raise TaskFailed(f"{tool} failed: {' '.join(texts)[:1000] or 'it does not say why'}")
    data: Any = answer.structured_content
    if data is None:
        data = texts[0] if len(texts) == 1 and not others else {"texts": texts, "content": others}
    return Result.ok(f"{tool} answered", data)


def probe(credentials: Credentials | Server) -> Result:
    """Start or reach a server, and ask which tools it has. Data: {"tools": their names}."""
    names = [one.name for one in tools(credentials)]
    return Result.ok(f"Connected: the server has {counted(len(names), 'tool')}.", {"tools": names})


def _server(credentials: Credentials | Server) -> Server:
    return credentials if isinstance(credentials, Server) else credentials.server()


def _given(params: Params) -> dict[str, Any]:
    """The params by the tool's own names, without those that were not given, or given as nothing."""
    needed = {one.alias or name for name, one in type(params).model_fields.items() if one.is_required()}
    found = params.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return {name: value for name, value in found.items() if value is not None or name in needed}
