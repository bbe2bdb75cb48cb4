"""Lists (as queues), hashes, sets and streams."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flowbook import Result, current, task

from .connection import session
from .keys import lasting
from .models import (
    AddToStream,
    ChangeMembers,
    Credentials,
    GetHash,
    ListItems,
    ListMembers,
    Pop,
    Push,
    ReadStream,
    SetHash,
)
from .values import got, name, paired, sent

_SLICE = 0.5  # seconds: the longest that a wait goes on in the server before it is looked whether the run was cancelled


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"length": 1})
def push(credentials: Credentials, params: Push) -> Result:
    """Put values into a list, as into a queue. Data: {"length"} of the list then."""
    last = params.end == "last"
    commands: list[tuple[Any, ...]] = [("RPUSH" if last else "LPUSH", params.key, *map(sent, params.values))]
    if params.max_length is not None:
        kept = (-params.max_length, -1) if last else (0, params.max_length - 1)
        commands.append(("LTRIM", params.key, *kept))
    with session(credentials) as line:
        length = line.change_together(commands)[0]
    length = length if params.max_length is None else min(length, params.max_length)
    return Result.ok(f"The list has {length:,} value{'' if length == 1 else 's'} now.", {"length": length})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def pop(credentials: Credentials, params: Pop) -> Result:
    """Take a value out of a list, as out of a queue. Data: the value, null where there is none; with count a list.

    What is taken is gone from the list, also when the run fails later.
    """
    side = "L" if params.end == "first" else "R"
    with session(credentials, cut=False) as line:
        first = _waited(params.wait, lambda: line.change(f"{side}POP", params.key), lambda seconds: _second(
            line.change(f"B{side}POP", params.key, seconds)))  # fmt: skip
        taken = [] if first is None else [first]
        if taken and params.count is not None and params.count > 1:
            taken += line.change(f"{side}POP", params.key, params.count - 1) or []
    values = got(taken, params.as_)
    if params.count is not None:
        return Result.ok(f"{len(values):,} taken.", values)
    return Result.ok("Taken." if values else "The list is empty.", values[0] if values else None)


def _second(answer: Any) -> Any:
    return None if answer is None else answer[1]


def _waited(seconds: float, once: Callable[[], Any], waiting: Callable[[float], Any]) -> Any:
    """What ``once`` gives, or ``waiting`` (which waits so many seconds) does in time; None when nothing came."""
    found = once()
    until = time.monotonic() + seconds
    while found in (None, []) and not current().cancelled and (left := until - time.monotonic()) > 0:
        found = waiting(round(min(left, _SLICE) + 0.001, 3))
    return found


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_items(credentials: Credentials, params: ListItems) -> Result:
    """Read the values of a list; they stay in it. Data: a list of values."""
    stop = -1
    if params.limit is not None:
        stop = params.start + params.limit - 1
        stop = -1 if params.start < 0 <= stop else stop
    with session(credentials) as line:
        values = got(line.ask("LRANGE", params.key, params.start, stop), params.as_)
    return Result.ok(f"{len(values):,} value{'' if len(values) == 1 else 's'}.", values)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_hash(credentials: Credentials, params: GetHash) -> Result:
    """Read the fields of a hash. Data: {field: value}, of fields that are named also those that are not there: null."""
    with session(credentials) as line:
        if params.fields:
            answer = line.ask("HMGET", params.key, *params.fields)
            data = dict(zip(params.fields, got(answer, params.as_), strict=True))
        else:
            data = paired(line.ask("HGETALL", params.key), params.as_)
    return Result.ok(f"{len(data):,} field{'' if len(data) == 1 else 's'}.", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_hash(credentials: Credentials, params: SetHash) -> Result:
    """Set fields of a hash, all at once; fields that are not named stay. Data: {"added"}: how many were not there."""
    values = [part for field, value in params.fields.items() if value is not None for part in (field, sent(value))]
    gone = [field for field, value in params.fields.items() if value is None]
    commands: list[tuple[Any, ...]] = [("HSET", params.key, *values)] if values else []
    commands += [("HDEL", params.key, *gone)] if gone else []
    with session(credentials) as line:
        answers = lasting(line, commands, params.key, params.ttl)
    return Result.ok(f"{len(params.fields):,} set.", {"added": answers[0] if values else 0})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_members(credentials: Credentials, params: ListMembers) -> Result:
    """Read the members of a set, in no order. Data: a list of values."""
    with session(credentials) as line:
        values = got(line.ask("SMEMBERS", params.key), params.as_)
    return Result.ok(f"{len(values):,} member{'' if len(values) == 1 else 's'}.", values)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False, example={"added": 1})
def add_members(credentials: Credentials, params: ChangeMembers) -> Result:
    """Add members to a set, as to remember what was seen. Data: {"added"}: how many were not in it."""
    with session(credentials) as line:
        added = line.change("SADD", params.key, *map(sent, params.members))
    return Result.ok(f"{added:,} of {len(params.members):,} were not in it.", {"added": added})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_members(credentials: Credentials, params: ChangeMembers) -> Result:
    """Take members out of a set. Data: {"removed"}: how many were in it."""
    with session(credentials) as line:
        removed = line.change("SREM", params.key, *map(sent, params.members))
    return Result.ok(f"{removed:,} of {len(params.members):,} were in it.", {"removed": removed})


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "1526919030474-55"},
)
def add_to_stream(credentials: Credentials, params: AddToStream) -> Result:
    """Add an entry to a stream. Data: {"id"} of the entry."""
    limit = [] if params.max_length is None else ["MAXLEN", "~", params.max_length]
    fields = [part for field, value in params.fields.items() for part in (field, sent(value))]
    with session(credentials) as line:
        id = name(line.change("XADD", params.stream, *limit, "*", *fields))
    return Result.ok(f"Added as {id}.", {"id": id})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def read_stream(credentials: Credentials, params: ReadStream) -> Result:
    """Read entries of a stream, oldest first; they stay in it. Data: a list of {"id", "fields"}.

    The last id is what to give as ``after`` next time.
    """

    def asked(seconds: float | None = None) -> Any:
        block = [] if seconds is None else ["BLOCK", max(1, round(seconds * 1000))]
        answer = line.ask("XREAD", "COUNT", params.limit, *block, "STREAMS", params.stream, params.after)
        return answer[0][1] if answer else None

    with session(credentials, cut=False) as line:
        entries = _waited(params.wait, asked, asked) or []
    data = [{"id": name(id), "fields": paired(fields, params.as_)} for id, fields in entries]
    return Result.ok(f"{len(data):,} entr{'y' if len(data) == 1 else 'ies'}.", data)
