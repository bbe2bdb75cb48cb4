"""``flowbook new integration NAME --mcp``: a folder made of a server's tools, and renewed when they change."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from flowbook.authoring.mcp.source import own_sources, sources, typed_tools
from flowbook.authoring.renewing import Made, check_new, record_of, write_folder
from flowbook.errors import FileFormatError, InputError
from flowbook.models import check_type_name

RECORD = "tools/made-of.json"


def write_from_server(
    parent: Path,
    name: str,
    source: str,
    *,
    variables: Collection[str] = (),
    patterns: Collection[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Made:
    """Write the integration folder ``parent/name`` of the tools of a server: a command that starts one, or its address.

    ``variables`` of the environment are given to the command; for an address it is the one that holds the token.
    ``patterns`` choose tools by name. Raises InvalidName, AlreadyExists when there is such a folder, InputError for a
    variable that is not set or when no tool is chosen, and TaskFailed when the server cannot be reached; nothing is
    written then.
    """
    folder = Path(parent) / check_type_name(name)
    check_new(folder)
    return _write(folder, source, variables, patterns, environ, own=True)


def update_from_server(
    parent: Path,
    name: str,
    source: str = "",
    *,
    variables: Collection[str] = (),
    patterns: Collection[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Made:
    """Renew the generated files of a folder, and no others; what is not given is as it was.

    Raises NotFound when it was not made of a server's tools, InputError when a generated file was edited since, and
    what :func:`write_from_server` raises.
    """
    folder = Path(parent) / check_type_name(name)
    record = record_of(folder, RECORD, "server's tools")
    return _write(
        folder,
        source or str(record["source"]),
        variables or [str(one) for one in record.get("variables", ())],
        patterns or [str(one) for one in record.get("tools", ())],
        environ,
        own=False,
    )


def _write(
    folder: Path,
    source: str,
    variables: Collection[str],
    patterns: Collection[str],
    environ: Mapping[str, str] | None,
    *,
    own: bool,
) -> Made:
    tools = _asked(source, variables, os.environ if environ is None else environ)
    names = ", ".join(tool.name for tool in tools[:60])
    if patterns:
        tools = [tool for tool in tools if any(fnmatch.fnmatchcase(tool.name, pattern) for pattern in patterns)]
    if not tools:
        raise InputError("no tool is of that choice.", f"There are: {names}." if names else "The server has none.")
    made, left_out = typed_tools(tools)
    if not made:
        raise FileFormatError(f"no tool can be made into a task: {left_out[0]}", "Call them by mcp.call_tool.")
    facts: dict[str, Any] = {"source": source, "variables": list(variables), "tools": list(patterns)}
    texts = sources(source, list(variables), made)
    files = write_folder(folder, RECORD, facts, texts, own_sources(folder.name, source, made) if own else {})
    return Made(files, tuple(one.task for one in made), tuple(left_out))


def _asked(source: str, variables: Collection[str], environ: Mapping[str, str]) -> list[Any]:
    """The tools that a server says it has."""
    from flowbook import mcp

    missing = [one for one in variables if one not in environ]
    if missing:
        raise InputError(f"the variable {missing[0]} is not set in your environment.", f"Set it: export {missing[0]}=…")
    given = {one: environ[one] for one in variables}
    if "://" in source.split(" ", 1)[0]:
        server = mcp.Server(url=source, token=next(iter(given.values()), ""))
    else:
        server = mcp.Server(source, tuple(sorted(given.items())))
    try:
        return mcp.tools(server)
    finally:
        mcp.SESSIONS.drop(server)
