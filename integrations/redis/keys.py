"""Keys and the values they hold."""

from __future__ import annotations

from typing import Any

from flowbook import Result, current, task
from flowbook.counting import counted

from .connection import Line, session
from .models import Credentials, DeleteKeys, Expire, GetValue, Increment, ListKeys, SetValue
from .values import got, name, sent


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_value(credentials: Credentials, params: GetValue) -> Result:
    """Read what keys hold. Data: the value, null where there is none; for a list of keys {key: value}."""
    several = isinstance(params.key, list)
    keys = params.key if isinstance(params.key, list) else [params.key]
    with session(credentials) as line:
        values = [got(line.ask("GET", key), params.as_) for key in keys]
    there = sum(value is not None for value in values)
    if several:
        return Result.ok(f"{there} of {counted(len(keys), 'key')} are there.", dict(zip(keys, values, strict=True)))
    return Result.ok("The key is there." if there else "There is no such key.", values[0])


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False, example={"set": True})
def set_value(credentials: Credentials, params: SetValue) -> Result:
    """Have a key hold a value, for ever or for a time. Data: {"set"}: false where ``when`` did not fit.

    With when: missing, only one of many that try at the same time has "set" true.
    """
    options: list[Any] = [] if params.ttl is None else ["PX", _milliseconds(params.ttl)]
    options += {"always": [], "missing": ["NX"], "present": ["XX"]}[params.when]
    with session(credentials) as line:
        done = line.change("SET", params.key, sent(params.value), *options) is not None
    return Result.ok("Set." if done else f"Not set: the key is {_OTHER[params.when]}.", {"set": done})


_OTHER = {"missing": "there already", "present": "not there", "always": "not free"}


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_keys(credentials: Credentials, params: DeleteKeys) -> Result:
    """Delete keys, whatever they hold. Data: {"deleted"}: how many were there."""
    with session(credentials) as line:
        gone = line.change("DEL", *params.keys)
    return Result.ok(f"{gone:,} of {len(params.keys):,} deleted.", {"deleted": gone})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example=1)
def increment(credentials: Credentials, params: Increment) -> Result:
    """Add to a counter; several at the same time lose nothing. Data: the number that it holds then."""
    whole = isinstance(params.by, int)
    adds: tuple[Any, ...] = ("INCRBY" if whole else "INCRBYFLOAT", params.key, sent(params.by))
    commands = [adds]
    if params.ttl is not None:
        # Both at once, so that no counter stays for ever: where there is one, its own time stays.
        commands = [("SET", params.key, "0", "PX", _milliseconds(params.ttl), "NX"), adds]
    with session(credentials) as line:
        answer = line.change_together(commands)[-1]
    number = int(answer) if whole else float(answer)
    return Result.ok(f"It is {number} now.", number)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def expire(credentials: Credentials, params: Expire) -> Result:
    """Say when a key is gone, or that it stays. Data: {"changed"}: false where there is no such key."""
    with session(credentials) as line:
        if params.ttl is not None:
            done = line.change("PEXPIRE", params.key, _milliseconds(params.ttl))
        else:
            done = line.ask("EXISTS", params.key) and (line.change("PERSIST", params.key) or 1)
    return Result.ok("Changed." if done else "There is no such key.", {"changed": bool(done)})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_keys(credentials: Credentials, params: ListKeys) -> Result:
    """List the names of keys, sorted; the server is not held up by it (SCAN). Data: a list of names."""
    options = ["TYPE", params.type] if params.type else []
    found: set[str] = set()
    most = params.limit
    with session(credentials) as line:
        position: Any = b"0"
        while True:
            position, some = line.ask("SCAN", position, "MATCH", params.match, "COUNT", 1000, *options)
            found.update(map(name, some))
            current().progress(len(found), None, "keys")
            if position == b"0" or current().cancelled or (most is not None and len(found) > most):
                break
    cut = most is not None and len(found) > most
    more = f", cut at the limit of {most:,}: there are more" if cut else ""
    keys = sorted(found)[:most]
    return Result.ok(f"{len(keys):,} key{'' if len(keys) == 1 else 's'}{more}.", keys)


def lasting(line: Line, commands: list[tuple[Any, ...]], key: str, ttl: float | None) -> list[Any]:
    """Commands and the time that the key is to live from then on, in one; the answers of the commands."""
    if ttl is not None:
        return line.change_together([*commands, ("PEXPIRE", key, _milliseconds(ttl))])[: len(commands)]
    return line.change_together(commands)


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
