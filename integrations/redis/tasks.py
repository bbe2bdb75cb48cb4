"""Trying the credentials, messages, and any command."""

from __future__ import annotations

import time
from typing import Any

from flowbook import Result, current, task

from .connection import session
from .models import Command, Credentials, Publish, TestConnection, WaitForMessage
from .values import got, name, sent

_SLICE = 0.5  # seconds between two looks whether the run was cancelled
_SAID = ("redis_version", "valkey_version", "redis_mode", "role", "connected_clients", "used_memory_human")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: connect, sign in and ask the server what it is.

    A failure's data has a "kind": unauthorized, forbidden, not_found (the database), unreachable, wrong_address,
    timeout, tls. Data: {"version", "mode", "role", "database", "keys", "tls"}; what the user may not ask for is null.
    """
    with session(credentials) as line:
        line.ask("PING")
        about = _about(line)
        keys = _allowed(line, "DBSIZE")
    data = {
        "version": about.get("redis_version"),
        "mode": about.get("redis_mode"),
        "role": about.get("role"),
        "database": credentials.database,
        "keys": keys,
        "tls": credentials.tls != "disable",
    }
    version = f" {data['version']}" if data["version"] else ""
    return Result.ok(f"Connected to Redis{version}, database {credentials.database}.", data)


def _about(line: Any) -> dict[str, str]:
    said = _allowed(line, "INFO") or b""
    pairs = (one.partition(":") for one in name(said).splitlines() if ":" in one)
    return {key: value for key, _, value in pairs if key in _SAID}


def _allowed(line: Any, *words: str) -> Any:
    """The answer to what a user need not be allowed to ask."""
    from redis.exceptions import NoPermissionError

    try:
        return line.ask(*words)
    except NoPermissionError:
        return None


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"received": 1})
def publish(credentials: Credentials, params: Publish) -> Result:
    """Send a message to those who listen to a channel now. Data: {"received"}: how many did."""
    with session(credentials) as line:
        received = line.change("PUBLISH", params.channel, sent(params.message))
    return Result.ok(f"{received:,} got it.", {"received": received})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def wait_for_message(credentials: Credentials, params: WaitForMessage) -> Result:
    """Listen to channels until messages come. Data: a list of {"channel", "message"}, empty when the time is over.

    What was sent before is not heard: for that there are lists (pop) and streams.
    """
    liked = [one for one in params.channels if any(letter in one for letter in "*?[")]
    exact = [one for one in params.channels if one not in liked]
    until = time.monotonic() + params.wait
    with session(credentials, cut=False) as line:
        heard = line.listen(exact, liked)
        while len(heard) < params.count and not current().cancelled:
            left = max(0.0, until - time.monotonic())
            message = line.message(min(left, _SLICE))
            if message is not None:
                heard.append(message)
            elif not left:  # when the time is over, what came before is still read
                break
    found = [{"channel": name(one[-2]), "message": got(one[-1], params.as_)} for one in heard[: params.count]]
    return Result.ok(f"{len(found):,} message{'' if len(found) == 1 else 's'}.", found)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def command(credentials: Credentials, params: Command) -> Result:
    """Send any command. Data: the answer: a text, a number, null, or a list of these.

    Facts: https://redis.io/docs/latest/commands/
    """
    words = [sent(one) for one in params.arguments]
    with session(credentials) as line:
        answer = got(line.run(*words), params.as_)
    return Result.ok("Done.", answer)
