"""Redis, against a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from redis import Connection

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract
from integrations import redis
from integrations.redis.connection import Line
from tests.integrations.examples import examples
from tests.integrations.redis_server import PASSWORD, RedisServer
from tests.integrations.silent import silent_server

Done = Callable[..., Any]


@pytest.fixture
def done(redis_server: RedisServer) -> Done:
    """What calls a task on a server without keys; it must succeed."""

    def call(task: Callable[..., Any], **params: Any) -> Any:
        result = task(redis_server.credentials(), params)
        assert result["success"], result["message"]
        return result["data"]

    call(redis.command, arguments=["FLUSHALL"])
    return call


def refused(server: RedisServer, task: Callable[..., Any], **params: Any) -> Any:
    result = task(server.credentials(), params)
    assert not result["success"]
    return result


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(redis.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(redis.__file__).parent)) == sorted(redis.__all__)


@pytest.mark.parametrize("tls", ["disable", "require", "verify-ca", "verify-full"])
def test_the_connection_test_says_what_it_is_connected_to(redis_server: RedisServer, tls: str) -> None:
    given = {} if tls == "disable" else {"tls": tls, "port": redis_server.tls_port}
    given |= {"tls_ca": str(redis_server.folder / "server.crt")} if tls.startswith("verify") else {}
    result = redis.test_connection(redis_server.credentials(**given, database=1))
    assert result["success"], result["message"]
    assert (result["data"]["database"], result["data"]["tls"]) == (1, tls != "disable")
    assert result["data"]["version"].startswith("7.")


def test_a_user_who_may_ask_little_is_connected_all_the_same(redis_server: RedisServer) -> None:
    reader = redis_server.credentials(username="reader", password="reader-password")
    assert redis.test_connection(reader)["data"]["version"] is None
    assert redis.get_value(reader, {"key": "open:a"})["success"]
    for task, params in ((redis.get_value, {"key": "shut:a"}), (redis.set_value, {"key": "open:a", "value": 1})):
        result = task(reader, params)
        assert (result["data"]["kind"], result["permanent"]) == ("forbidden", True)


@pytest.mark.parametrize(
    ("changed", "kind", "permanent"),
    [
        ({"password": "not-the-password"}, "unauthorized", True),
        ({"password": ""}, "unauthorized", True),
        ({"username": "nobody"}, "unauthorized", True),
        ({"database": 7}, "not_found", True),
        ({"port": 1}, "unreachable", False),
        ({"host": "no such host"}, "wrong_address", False),
        ({"host": "nowhere.invalid"}, "wrong_address", False),
        ({"tls": "verify-full"}, "tls", True),
        ({"tls": "require", "tls_ca": "not-there.pem"}, "tls", True),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    redis_server: RedisServer, changed: dict[str, Any], kind: str, permanent: bool
) -> None:
    port = {"port": redis_server.tls_port} if "tls" in changed else {}
    result = redis.test_connection(redis_server.credentials(**{**port, **changed}))
    assert (result["data"]["kind"], result.get("permanent", False)) == (kind, permanent), result["message"]
    assert PASSWORD not in str(result)
    assert "not-the-password" not in str(result)


@pytest.mark.parametrize(("greeting", "kind"), [(b"", "timeout"), (b"SSH-2.0-OpenSSH_9.2\r\n" * 9, "wrong_address")])
def test_what_is_no_redis_is_given_up(greeting: bytes, kind: str) -> None:
    with silent_server(greeting) as port:
        given = {"host": "127.0.0.1", "port": port, "password": "secret", "timeout": 0.5}
        assert redis.test_connection(given)["data"]["kind"] == kind


@pytest.mark.parametrize(
    ("value", "text", "back"),
    [
        ("ü\n", "ü\n", None),
        (b"\xff\0", b"\xff\0", None),
        (7, "7", 7),
        (2.5, "2.5", 2.5),
        (True, "true", True),
        (None, "null", None),
        ({"a": [1, "ü", None]}, '{"a": [1, "ü", null]}', {"a": [1, "ü", None]}),
        (pd.DataFrame({"a": [1]}), '[{"a": 1}]', [{"a": 1}]),
        ("", "", None),
    ],
)
def test_values_come_back_as_they_went_in(done: Done, value: Any, text: Any, back: Any) -> None:
    assert done(redis.set_value, key="a", value=value) == {"set": True}
    assert done(redis.get_value, key="a") == text
    if back is not None:
        assert done(redis.get_value, key="a", **{"as": "json"}) == back


def test_a_value_is_set_once_where_it_is_missing_and_gone_in_time(redis_server: RedisServer, done: Done) -> None:
    lock = {"key": "lock", "value": "me", "ttl": 60, "when": "missing"}
    assert [done(redis.set_value, **lock)["set"] for _ in range(2)] == [True, False]
    assert 0 < done(redis.command, arguments=["PTTL", "lock"]) <= 60_000
    assert done(redis.expire, key="lock", ttl=None) == {"changed": True}
    assert done(redis.command, arguments=["PTTL", "lock"]) == -1
    assert done(redis.expire, key="gone", ttl=5) == {"changed": False}
    assert done(redis.set_value, key="gone", value=1, when="present") == {"set": False}
    assert done(redis.get_value, key=["lock", "gone"]) == {"lock": "me", "gone": None}
    assert done(redis.delete_keys, keys=["lock", "gone"]) == {"deleted": 1}
    assert refused(redis_server, redis.set_value, key="a", value=object())["permanent"]


def test_a_counter_lives_as_long_as_it_was_told_at_first(done: Done) -> None:
    assert [done(redis.increment, key="n", by=by, ttl=60) for by in (1, 41, -2)] == [1, 42, 40]
    assert done(redis.increment, key="n", by=0.5) == 40.5
    assert 0 < done(redis.command, arguments=["PTTL", "n"]) <= 60_000


def test_keys_are_listed_by_what_they_are_like(redis_server: RedisServer, done: Done) -> None:
    done(redis.command, arguments=["MSET", *(part for n in range(2500) for part in (f"k:{n:04}", n))])
    done(redis.push, key="l", values="x")
    assert done(redis.list_keys, match="k:00*")[:2] == ["k:0000", "k:0001"]
    assert done(redis.list_keys, type="list") == ["l"]
    cut = redis.list_keys(redis_server.credentials(), {"limit": 10})
    assert (len(cut["data"]), "there are more" in cut["message"]) == (10, True)


def test_a_list_is_a_queue(done: Done) -> None:
    assert done(redis.push, key="q", values=[{"id": 1}, "two", 3]) == {"length": 3}
    assert done(redis.list_items, key="q", start=-2) == ["two", "3"]
    assert done(redis.list_items, key="q", start=-3, limit=1) == ['{"id": 1}']
    assert done(redis.pop, key="q", **{"as": "json"}) == {"id": 1}
    assert done(redis.pop, key="q", count=5, end="last") == ["3", "two"]
    assert done(redis.pop, key="q") is None
    assert done(redis.pop, key="q", count=2) == []
    assert done(redis.push, key="q", values=list(range(5)), max_length=2) == {"length": 2}
    assert done(redis.list_items, key="q") == ["3", "4"]
    done(redis.push, key="q", values=[9], end="first", max_length=2)
    assert done(redis.list_items, key="q") == ["9", "3"]


def in_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    return thread, results


def clients(done: Done, doing: str) -> bool:
    return f"cmd={doing}" in done(redis.command, arguments=["CLIENT", "LIST"])


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_a_queue_and_a_stream_are_waited_for(redis_server: RedisServer, done: Done) -> None:
    given = redis_server.credentials()
    thread, results = in_background(lambda: redis.pop(given, {"key": "q", "wait": 30}))
    until(lambda: clients(done, "blpop"))
    done(redis.push, key="q", values="job")
    thread.join(60)
    assert results[0]["data"] == "job"
    thread, results = in_background(lambda: redis.read_stream(given, {"stream": "s", "wait": 30}))
    until(lambda: clients(done, "xread"))
    done(redis.add_to_stream, stream="s", fields={"a": 1})
    thread.join(60)
    assert results[0]["data"][0]["fields"] == {"a": "1"}
    assert done(redis.pop, key="q", wait=0.01) is None


def test_messages_are_heard_by_name_and_by_what_names_are_like(redis_server: RedisServer, done: Done) -> None:
    listen = {"channels": ["news", "alerts.*"], "wait": 30, "count": 2, "as": "json"}
    thread, results = in_background(lambda: redis.wait_for_message(redis_server.credentials(), listen))
    until(lambda: clients(done, "psubscribe"))
    assert done(redis.publish, channel="news", message={"n": 1}) == {"received": 1}
    done(redis.publish, channel="other", message=0)
    done(redis.publish, channel="alerts.x", message=2)
    thread.join(60)
    assert results[0]["data"] == [{"channel": "news", "message": {"n": 1}}, {"channel": "alerts.x", "message": 2}]
    assert done(redis.wait_for_message, channels="news", wait=0.01) == []


def test_a_message_that_comes_while_further_channels_are_listened_to_is_heard(
    redis_server: RedisServer, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends it before its answer to the question that is just asked."""
    publish, listening = done, []

    def sent(connection: Any, *words: Any, **more: Any) -> Any:
        if words[0] == "PSUBSCRIBE" and not listening:
            listening.append(True)
            until(lambda: publish(redis.publish, channel="news", message="early") == {"received": 1})
        return send(connection, *words, **more)

    send = Connection.send_command
    monkeypatch.setattr(Connection, "send_command", sent)
    heard = done(redis.wait_for_message, channels=["a.*", "news"], wait=2)
    assert heard == [{"channel": "news", "message": "early"}]


def test_what_came_in_time_is_heard_when_the_time_is_over(
    redis_server: RedisServer, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task may be late to look: the machine is busy, or the message before took long to read."""
    read, came = Line.message, []

    def message(line: Line, seconds: float) -> Any:
        if not came:
            came.extend(done(redis.publish, channel="news", message=n)["received"] for n in range(3))
            time.sleep(0.4)
        return read(line, seconds)

    monkeypatch.setattr(Line, "message", message)
    assert [one["message"] for one in done(redis.wait_for_message, channels="news", wait=0.2, count=5)] == list("012")


def test_hashes_sets_and_streams(done: Done) -> None:
    assert done(redis.set_hash, key="h", fields={"a": 1, "b": {"c": 2}}, ttl=60) == {"added": 2}
    assert done(redis.set_hash, key="h", fields={"a": None, "d": "x"}) == {"added": 1}
    assert done(redis.get_hash, key="h") == {"b": '{"c": 2}', "d": "x"}
    assert done(redis.get_hash, key="h", fields="d, a") == {"d": "x", "a": None}
    assert done(redis.command, arguments=["TTL", "h"]) in range(1, 61)
    assert done(redis.add_members, key="s", members=["x", "y", 1]) == {"added": 3}
    assert done(redis.add_members, key="s", members="x") == {"added": 0}
    assert done(redis.remove_members, key="s", members=["y", "z"]) == {"removed": 1}
    assert sorted(done(redis.list_members, key="s")) == ["1", "x"]
    first = done(redis.add_to_stream, stream="t", fields={"n": 1})["id"]
    second = done(redis.add_to_stream, stream="t", fields={"n": 2}, max_length=10)["id"]
    entries = done(redis.read_stream, stream="t", **{"as": "json"})
    assert entries == [{"id": first, "fields": {"n": 1}}, {"id": second, "fields": {"n": 2}}]
    assert done(redis.read_stream, stream="t", after=second) == []


def test_a_refusal_says_why_and_whether_it_will_pass(redis_server: RedisServer, done: Done) -> None:
    done(redis.push, key="l", values=1)
    result = refused(redis_server, redis.get_value, key="l")
    assert (result["data"]["code"], result["permanent"]) == ("WRONGTYPE", True)
    assert "list_items" in result["message"]
    assert "unknown command" in refused(redis_server, redis.command, arguments=["NONSENSE"])["message"]
    both = refused(redis_server, redis.set_hash, key="l", fields={"a": 1, "b": None})
    assert both["data"]["code"] == "WRONGTYPE"
    done(redis.set_value, key="a", value="no json")
    assert refused(redis_server, redis.get_value, key="a", **{"as": "json"})["permanent"]
    done(redis.command, arguments=["CONFIG", "SET", "maxmemory", "1"])
    try:
        full = refused(redis_server, redis.set_value, key="b", value="x")
    finally:
        done(redis.command, arguments=["CONFIG", "SET", "maxmemory", "0"])
    assert (full["data"]["code"], full.get("permanent", False)) == ("OOM", False)


def test_a_run_that_is_cancelled_while_it_connects_takes_nothing(
    redis_server: RedisServer, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was there yet that could have been shut."""
    done(redis.push, key="q", values="job")
    stop, connect = Stop(), Connection.connect

    def slow(connection: Any) -> None:
        sent = connection._connect
        monkeypatch.setattr(connection, "_connect", lambda: (stop.set(), sent())[1])
        connect(connection)

    monkeypatch.setattr(Connection, "connect", slow)
    for task, params in ((redis.pop, {"key": "q"}), (redis.command, {"arguments": ["BLPOP", "nothing", 600]})):
        stop, started = Stop(), time.monotonic()
        with running_as(Context("run", stop=stop)):
            result = task(redis_server.credentials(), params)
        assert (result["success"], (result["data"] or {}).get("kind")) == (False, "cancelled")
        assert time.monotonic() - started < 300
    monkeypatch.setattr(Connection, "connect", connect)
    assert done(redis.list_items, key="q") == ["job"]


@pytest.mark.parametrize(
    ("task", "params", "doing"),
    [
        (redis.command, {"arguments": ["BLPOP", "nothing", 60]}, "blpop"),
        (redis.pop, {"key": "nothing", "wait": 60}, "blpop"),
        (redis.wait_for_message, {"channels": "nothing", "wait": 60}, "subscribe"),
    ],
)
def test_cancelling_ends_the_wait_and_the_connection(
    redis_server: RedisServer, done: Done, task: Any, params: dict[str, Any], doing: str
) -> None:
    stop = Stop()

    def work() -> Any:
        with running_as(Context("run", stop=stop)):
            return task(redis_server.credentials(timeout=60), params)

    thread, results = in_background(work)
    until(lambda: clients(done, doing))
    stop.set()
    thread.join(60)
    assert results, "it came back"
    until(lambda: not clients(done, doing))


def test_a_dry_run_asks_and_changes_nothing(tmp_path: Path, redis_server: RedisServer, done: Done) -> None:
    done(redis.set_value, key="a", value=1)
    with Workspace(tmp_path) as ws:
        ws.create_type("redis")
        ws.create_integration("Cache", "redis", redis_server.credentials())
        flow = Workflow(name="dry")
        for id, (task, params) in {
            "read": ("get_value", {"key": "a"}),
            "set": ("set_value", {"key": "a", "value": 2}),
            "count": ("increment", {"key": "a", "ttl": 5}),
            "any": ("command", {"arguments": ["APPEND", "a", "x"]}),
            "asks": ("command", {"arguments": ["STRLEN", "a"]}),
        }.items():
            flow.add(id, f"redis.{task}", integration="Cache", params=params)
        run = ws.run(flow, dry_run=True)
    assert (run["read"].data, run["asks"].data) == ("1", 1)
    assert run["set"].intents[0].action == "SET a"
    assert run["any"].intents[0].detail["arguments"] == ["APPEND", "a", "x"]
    assert run["count"].intents
    assert done(redis.get_value, key="a") == "1"
