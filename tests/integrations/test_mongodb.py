"""MongoDB, against a server of its protocol (SecantusDB)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from bson import Code, DatetimeMS, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp
from bson.binary import Binary

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract
from integrations import mongodb
from integrations.mongodb.values import given, got
from tests.integrations.examples import examples
from tests.integrations.mongo_server import LEFT_BEHIND, PASSWORD, MongoServer
from tests.integrations.silent import silent_server

Done = Callable[..., Any]
ID = "6b0c69925bd4d80e1a1d4190"

pytestmark = LEFT_BEHIND


@pytest.fixture
def done(mongo_server: MongoServer) -> Done:
    """What calls a task on an empty database; it must succeed."""
    with mongo_server.client() as client:
        client.drop_database("shop")

    def call(task: Callable[..., Any], **params: Any) -> Any:
        result = task(mongo_server.credentials(), {"collection": "c", **params})
        assert result["success"], result["message"]
        return result["data"]

    return call


def refused(server: MongoServer, task: Callable[..., Any], **params: Any) -> Any:
    result = task(server.credentials(), {"collection": "c", **params})
    assert not result["success"]
    return result


def text_of(server: MongoServer, **changed: str) -> dict[str, Any]:
    said = {"user": f"flowbook:{PASSWORD}@", "host": f"127.0.0.1:{server.port}", "rest": "/shop?authSource=admin"}
    said |= changed
    address = f"mongodb://{said['user']}{said['host']}{said['rest']}"
    return {"host": f"127.0.0.1:{server.port}", "connection_string": address, "timeout": 5}


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(mongodb.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(mongodb.__file__).parent)) == sorted(mongodb.__all__)


@pytest.mark.parametrize("tls", ["disable", "require", "verify-ca", "verify-full"])
def test_the_connection_test_says_what_it_is_connected_to(mongo_server: MongoServer, tls: str) -> None:
    given = mongo_server.credentials()
    if tls != "disable":
        given |= {"tls": tls, "port": mongo_server.tls_port, "username": None, "password": None}
    if tls.startswith("verify"):
        given["tls_ca"] = str(mongo_server.folder / "server.crt")
    result = mongodb.test_connection(given)
    assert result["success"], result["message"]
    assert result["data"]["version"]


def test_a_connection_string_says_all(mongo_server: MongoServer, done: Done) -> None:
    done(mongodb.insert_one, document={})
    assert mongodb.list_collections(text_of(mongo_server), {})["data"] == ["c"]
    given = {**text_of(mongo_server), "database": "other"}
    assert mongodb.list_collections(given, {})["data"] == []


@pytest.mark.parametrize(
    ("changed", "kind", "permanent"),
    [
        ({"password": "not-the-password"}, "unauthorized", True),
        ({"password": None, "username": None}, "unauthorized", True),
        ({"auth_source": "elsewhere"}, "unauthorized", True),
        ({"port": 1}, "unreachable", False),
        ({"host": "no such host"}, "wrong_address", False),
        ({"host": "nowhere.invalid"}, "wrong_address", False),
        ({"host": "cluster0.nowhere.invalid", "srv": True}, "wrong_address", False),
        ({"host": "a:b:c/d"}, "wrong_address", True),
        ({"replica_set": "unknown", "timeout": 0.5}, "unreachable", False),
        ({"tls": "verify-full", "tls_ca": ""}, "tls", True),
        ({"tls": "require", "tls_ca": "not-there.pem"}, "tls", True),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    mongo_server: MongoServer, changed: dict[str, Any], kind: str, permanent: bool
) -> None:
    port = {"port": mongo_server.tls_port} if "tls" in changed else {}
    result = mongodb.test_connection(mongo_server.credentials(**{**port, **changed}))
    assert not result["success"]
    assert (result["data"]["kind"], result.get("permanent", False)) == (kind, permanent), result["message"]
    assert PASSWORD not in str(result)
    assert "not-the-password" not in str(result)


@pytest.mark.parametrize(
    "changed",
    [
        {"user": "flowbook:not-the-password@"},
        {"user": "flowbook:pa/ss@wo%rd-secret@"},
        {"host": "127.0.0.1:1"},
        {"host": "127.0.0.1:word-secret"},
        {"rest": "/shop?authSource=admin&tlsCAFile=/etc/passwd"},
        {"rest": "/?authMechanism=MONGODB-OIDC"},
        {"rest": "/?authMechanism=PLAIN"},
        {"rest": "/?nonsense=word-secret&tls=true&ssl=false"},
    ],
)
def test_what_is_wrong_with_a_connection_string_is_said_without_it(
    mongo_server: MongoServer, changed: dict[str, str]
) -> None:
    result = mongodb.test_connection(text_of(mongo_server, **changed))
    assert not result["success"]
    assert result["data"]["kind"] in {"wrong_address", "unauthorized", "unreachable"}
    for secret in (PASSWORD, "not-the-password", "rd-secret", "/etc/passwd"):
        assert secret not in str(result)


def test_a_user_may_do_what_the_roles_say(mongo_server: MongoServer) -> None:
    reader = mongo_server.credentials(username="reader", password="reader-password")
    assert mongodb.find(reader, {"collection": "c", "database": "open"})["success"]
    result = mongodb.insert_one(reader, {"collection": "c", "database": "open", "document": {}})
    assert (result["data"]["kind"], result["permanent"]) == ("forbidden", True)


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-OpenSSH_9.2\r\n" * 9])
def test_what_is_no_mongodb_is_given_up(greeting: bytes) -> None:
    with silent_server(greeting) as port:
        result = mongodb.test_connection({"host": "127.0.0.1", "port": port, "timeout": 0.5})
    assert result["data"]["kind"] in ({"timeout"} if not greeting else {"wrong_address", "unreachable"})


def test_only_servers_that_are_allowed_are_asked(tmp_path: Path, mongo_server: MongoServer) -> None:
    with Workspace(tmp_path) as ws:
        ws.create_type("mongodb")
        for name, given in (("Host", mongo_server.credentials()), ("String", text_of(mongo_server))):
            ws.create_integration(name, "mongodb", given, hosts=["elsewhere.example.com"])
            flow = Workflow(name="own")
            flow.add("a", "mongodb.list_databases", integration=name, on_error="continue")
            assert ws.run(flow)["a"].data["kind"] == "host_not_allowed"


def test_members_that_a_replica_set_names_itself_have_to_be_allowed_too(
    tmp_path: Path, mongo_server: MongoServer
) -> None:
    port = mongo_server.tls_port
    given = {"host": f"localhost:{port}", "replica_set": "secantus", "tls": "require", "database": "shop"}
    with Workspace(tmp_path) as ws:
        ws.create_type("mongodb")
        ws.create_integration("Some", "mongodb", given)
        ws.create_integration("All", "mongodb", given, hosts=[f"localhost:{port}", f"127.0.0.1:{port}"])
        flow = Workflow(name="set")
        for name in ("Some", "All"):
            flow.add(name.lower(), "mongodb.test_connection", integration=name, on_error="continue")
        run = ws.run(flow)
    assert run["some"].data["kind"] == "host_not_allowed", run["some"].message
    assert run["all"].data["replica_set"] == "secantus", run["all"].message


KINDS = {
    "oid": ObjectId(ID), "date": datetime(2026, 1, 31, 9, 30, tzinfo=timezone.utc),
    "old": datetime(1815, 12, 10, tzinfo=timezone.utc),
    "decimal": Decimal128("1.10"), "binary": Binary(b"\xff", 5), "bytes": b"\0\1", "regex": Regex("a", "i"),
    "timestamp": Timestamp(1, 2), "max": MaxKey(), "code": Code("f()"), "long": Int64(2**40), "double": 1.0,
    "uuid": Binary.from_uuid(UUID(int=7)), "infinite": float("inf"), "none": None, "true": True, "text": "ü\0",
    "list": [1, {"a": ObjectId(ID)}],
}  # fmt: skip


def bson(server: MongoServer) -> list[dict[str, Any]]:
    with server.client() as client:
        return list(client.shop.c.find({}, {"_id": 0}))


@pytest.mark.parametrize("form", ["extended", "canonical"])
def test_every_kind_comes_and_goes_without_loss(mongo_server: MongoServer, done: Done, form: str) -> None:
    done(mongodb.insert_one, document={"_id": 1, **KINDS})
    read = done(mongodb.find_one, **{"as": form})
    assert read["oid"] == {"$oid": ID}
    assert read["old"] == {"$date": {"$numberLong": "-4861728000000"}}
    assert read["long"] == (2**40 if form == "extended" else {"$numberLong": str(2**40)})
    done(mongodb.replace_one, filter={"_id": 1}, document=read)
    assert done(mongodb.find_one, **{"as": form}) == read
    there = bson(mongo_server)[0]
    assert there == KINDS
    assert {name: type(value) for name, value in there.items()} == {name: type(value) for name, value in KINDS.items()}


def test_a_date_that_python_has_none_for_stays_one() -> None:
    """SecantusDB has none either."""
    far = DatetimeMS(-(2**60))
    for form in ("extended", "canonical", "plain"):
        assert given(got({"at": far}, form), "document") == {"at": far}


def test_a_long_that_is_small_stays_one_in_the_canonical_form(mongo_server: MongoServer, done: Done) -> None:
    done(mongodb.insert_one, document={"_id": 1, "n": Int64(5)})
    read = done(mongodb.find_one, **{"as": "canonical"})
    assert read == {"_id": {"$numberInt": "1"}, "n": {"$numberLong": "5"}}
    done(mongodb.replace_one, filter={"_id": 1}, document=read)
    assert isinstance(bson(mongo_server)[0]["n"], Int64)


def test_the_plain_form_is_for_people(done: Done) -> None:
    done(mongodb.insert_one, document={"_id": ObjectId(ID), **KINDS})
    plain = done(mongodb.find_one, **{"as": "plain"})
    assert (plain["_id"], plain["date"], plain["decimal"]) == (ID, "2026-01-31T09:30:00Z", "1.10")
    assert (plain["uuid"], plain["bytes"], plain["list"]) == (str(UUID(int=7)), b"\0\1", [1, {"a": ID}])
    assert plain["code"] == {"$code": "f()"}


def test_values_of_python_become_their_kinds(mongo_server: MongoServer, done: Done) -> None:
    rows = pd.DataFrame({"n": [1], "when": [pd.Timestamp("2026-01-31 09:30")], "gone": [None]})
    done(mongodb.insert_many, documents=rows)
    done(mongodb.insert_one, document={"d": Decimal("1.10"), "u": UUID(int=7), "b": bytearray(b"x"), "t": (1, 2)})
    first, second = bson(mongo_server)
    assert first == {"n": 1, "when": datetime(2026, 1, 31, 9, 30, tzinfo=timezone.utc), "gone": None}
    assert second == {"d": Decimal128("1.10"), "u": Binary.from_uuid(UUID(int=7)), "b": b"x", "t": [1, 2]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"a": {"b": [object()]}}, "document.a.b[0] is a object"),
        ({"a": date(2026, 1, 31)}, "document.a is a date"),
        ({"a": 2**63}, "beyond 64 bits"),
        ({"a": {1: 2}}, "the key 1"),
        ({"a": {"$oid": "short"}}, "document.a is no value that $oid can have"),
        ({"a": {"$date": "yesterday"}}, "$date"),
        ({"a": {"$binary": 7}}, "$binary"),
        ({"a": Decimal("1." + "1" * 40)}, "34 digits"),
        ({"a\0": 1}, "null character"),
        ({"$set": {"a": 1}}, "document.$set"),
    ],
)
def test_what_has_no_kind_is_refused_and_said(mongo_server: MongoServer, document: dict[str, Any], words: str) -> None:
    task, more = (mongodb.insert_one, {}) if "$set" not in document else (mongodb.replace_one, {"filter": {}})
    result = refused(mongo_server, task, document=document, **more)
    assert words in result["message"]
    assert result["permanent"]


def test_documents_are_found_counted_and_summed_up(mongo_server: MongoServer, done: Done) -> None:
    done(mongodb.insert_many, documents=[{"_id": n, "n": n % 3, "city": {"name": "Oslo"}} for n in range(300)])
    first = {"filter": {"n": {"$lt": 2}}, "sort": {"n": -1, "_id": 1}, "projection": ["n"], "limit": 2, "skip": 1}
    assert done(mongodb.find, **first) == [{"_id": 4, "n": 1}, {"_id": 7, "n": 1}]
    cut = mongodb.find(mongo_server.credentials(), {"collection": "c", "limit": 299})
    assert (len(cut["data"]), "there are more" in cut["message"]) == (299, True)
    assert len(done(mongodb.find, all=True)) == 300
    assert done(mongodb.find_one, filter={"_id": 3}, projection={"city.name": 1, "_id": 0}) == {
        "city": {"name": "Oslo"}
    }
    assert done(mongodb.find_one, sort={"_id": -1}, skip=1)["_id"] == 298
    assert done(mongodb.find_one, filter={"_id": -1}) is None
    assert (done(mongodb.count), done(mongodb.count, filter={"n": 0})) == (300, 100)
    assert sorted(done(mongodb.distinct, field="n", filter={"_id": {"$lt": 2}})) == [0, 1]
    group = [{"$group": {"_id": "$n", "sum": {"$sum": "$_id"}}}, {"$sort": {"_id": 1}}, {"$limit": 1}]
    assert done(mongodb.aggregate, pipeline=group) == [{"_id": 0, "sum": 14850}]
    assert len(done(mongodb.aggregate, pipeline=[], limit=7)) == 7


@pytest.mark.parametrize("stage", [{"$out": "d"}, {"$merge": {"into": "d"}}])
def test_a_pipeline_that_writes_is_refused(mongo_server: MongoServer, done: Done, stage: dict[str, Any]) -> None:
    result = refused(mongo_server, mongodb.aggregate, pipeline=[{"$match": {}}, stage])
    assert result["permanent"]
    assert "insert_many" in result["message"]


def test_documents_are_changed_and_deleted(mongo_server: MongoServer, done: Done) -> None:
    id = done(mongodb.insert_one, document={"n": 1})["inserted_id"]
    assert set(id) == {"$oid"}
    assert done(mongodb.insert_many, documents=[{"_id": 2}, {"_id": 3}]) == {"inserted": 2, "inserted_ids": [2, 3]}
    assert done(mongodb.insert_many, documents=[]) == {"inserted": 0, "inserted_ids": []}
    one = {"filter": {"_id": id}, "update": {"$inc": {"n": 1}}}
    assert done(mongodb.update_one, **one) == {"matched": 1, "changed": 1, "upserted_id": None}
    every = {"filter": {}, "all": True, "update": [{"$set": {"m": {"$add": ["$n", 1]}}}]}
    assert done(mongodb.update_many, **every)["matched"] == 3
    new = {"filter": {"_id": 9}, "update": {"$set": {"n": 7}}, "upsert": True}
    assert done(mongodb.update_one, **new) == {"matched": 0, "changed": 0, "upserted_id": 9}
    assert done(mongodb.replace_one, filter={"_id": 9}, document={"x": 1})["changed"] == 1
    assert done(mongodb.find_one, filter={"_id": 9}) == {"_id": 9, "x": 1}
    taken = {"filter": {"_id": {"$in": [2, 3]}}, "update": {"$set": {"by": "me"}}, "sort": {"_id": -1}}
    assert done(mongodb.find_one_and_update, **taken, projection=["by"]) == {"_id": 3, "by": "me"}
    assert "by" in done(mongodb.find_one_and_update, **taken, get="before")
    assert done(mongodb.find_one_and_update, filter={"_id": 77}, update={"$set": {"a": 1}}) is None
    assert done(mongodb.delete_one, filter={"_id": 9}) == {"deleted": 1}
    assert done(mongodb.delete_many, filter={"_id": {"$in": [2, 3]}}) == {"deleted": 2}
    assert done(mongodb.delete_many, filter={}, all=True) == {"deleted": 1}
    text = mongodb.find(mongo_server.credentials(), {"collection": "c", "filter": {"_id": id["$oid"]}})
    assert "$oid" in text["message"]


@pytest.mark.parametrize(
    ("task", "params", "words"),
    [
        (mongodb.delete_many, {"filter": {}}, "every document"),
        (mongodb.update_many, {"filter": {}, "update": {"$set": {"a": 1}}}, "every document"),
        (mongodb.update_one, {"filter": {}, "update": {"a": 1}}, "update.a is no operator"),
        (mongodb.insert_many, {"documents": [{"a": 1}, 2]}, "Row 2"),
        (mongodb.find, {"filter": {"$nonsense": 1}}, "$nonsense"),
    ],
)
def test_a_mistake_is_said_before_anything_is_changed(
    mongo_server: MongoServer, done: Done, task: Any, params: dict[str, Any], words: str
) -> None:
    done(mongodb.insert_one, document={"a": 0})
    result = refused(mongo_server, task, **params)
    assert words in result["message"]
    assert result["permanent"]
    assert bson(mongo_server) == [{"a": 0}]


def test_a_task_without_a_database_says_so(mongo_server: MongoServer) -> None:
    given = mongo_server.credentials(database=None)
    result = mongodb.count(given, {"collection": "c"})
    assert (result["success"], "No database" in result["message"]) == (False, True)
    assert mongodb.count(given, {"collection": "c", "database": "shop"})["success"]


def test_indexes_and_collections(mongo_server: MongoServer, done: Done) -> None:
    index = {"keys": {"email": 1}, "unique": True, "where": {"email": {"$exists": True}}}
    assert [done(mongodb.create_index, **index) for _ in range(2)] == [{"name": "email_1"}] * 2
    done(mongodb.create_index, keys={"at": 1}, expire_after=3600, name="ttl")
    done(mongodb.insert_one, document={"email": "a@b.org"})
    twice = refused(mongo_server, mongodb.insert_one, document={"email": "a@b.org"})
    assert (twice["data"]["code"], "upsert" in twice["message"]) == (11000, True)
    assert "permanent" not in twice
    several = [{"email": "c@d.org"}, {"email": "a@b.org"}, {"email": "e@f.org"}]
    some = refused(mongo_server, mongodb.insert_many, documents=several, ordered=False)
    assert (some["data"]["inserted"], some["data"]["refused"], some["data"]["code"]) == (2, [1], 11000)
    assert "shop" in mongodb.list_databases(mongo_server.credentials(), {})["data"]
    assert mongodb.list_collections(mongo_server.credentials(), {})["data"] == ["c"]
    assert [done(mongodb.drop_collection)["dropped"] for _ in range(2)] == [True, False]


def failing(server: MongoServer, times: int, **data: Any) -> Any:
    with server.client() as client:
        mode = {"times": times} if times else "off"
        return client.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)


@pytest.mark.parametrize(
    ("data", "permanent", "warned"),
    [
        ({"errorCode": 112}, False, False),  # WriteConflict
        ({"errorCode": 10107}, False, False),  # NotWritablePrimary
        ({"errorCode": 121}, True, False),  # DocumentValidationFailure
        ({"closeConnection": True}, False, True),
        ({"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}}, False, True),
    ],
)
def test_a_failure_says_whether_it_will_pass_and_whether_it_was_done(
    mongo_server: MongoServer, done: Done, data: dict[str, Any], permanent: bool, warned: bool
) -> None:
    failing(mongo_server, 1, failCommands=["insert"], **data)
    try:
        result = refused(mongo_server, mongodb.insert_one, document={})
    finally:
        failing(mongo_server, 0)
    assert result.get("permanent", False) is permanent, result["message"]
    assert result["data"].get("may_have_taken_effect", False) is warned, result["message"]


def test_what_takes_too_long_is_given_up(mongo_server: MongoServer, done: Done) -> None:
    failing(mongo_server, 1, failCommands=["find"], blockConnection=True, blockTimeMS=30_000)
    result = refused(mongo_server, mongodb.find, timeout=0.3)
    assert (result["data"]["kind"], result.get("permanent", False)) == ("timeout", False)


def test_cancelling_ends_what_waits(mongo_server: MongoServer, done: Done) -> None:
    failing(mongo_server, 1, failCommands=["update"], blockConnection=True, blockTimeMS=60_000)
    stop, results = Stop(), []
    params = {"collection": "nowhere", "filter": {}, "update": {"$set": {"a": 1}}}

    def work() -> None:
        with running_as(Context("run", stop=stop)):
            results.append(mongodb.update_one(mongo_server.credentials(), params))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)
    stop.set()
    thread.join(60)
    assert not thread.is_alive(), "it waits for the server, which answers after a minute"
    assert (results[0]["success"], results[0]["data"]["may_have_taken_effect"]) == (False, True)
    assert "Cancelled" in results[0]["message"]


def test_a_dry_run_reads_and_changes_nothing(tmp_path: Path, mongo_server: MongoServer, done: Done) -> None:
    done(mongodb.insert_one, document={"_id": 1})
    one = {"collection": "c", "filter": {"_id": 1}}
    writes: dict[str, tuple[str, dict[str, Any]]] = {
        "insert_one": ("insert into shop.c", {"collection": "c", "document": {"at": {"$oid": ID}}}),
        "insert_many": ("insert into shop.c", {"collection": "c", "documents": [{}]}),
        "update_one": ("update one of shop.c", {**one, "update": {"$set": {"a": 1}}}),
        "update_many": ("update shop.c", {**one, "update": {"$set": {"a": 1}}}),
        "replace_one": ("replace one of shop.c", {**one, "document": {}}),
        "delete_one": ("delete one of shop.c", one),
        "delete_many": ("delete from shop.c", one),
        "find_one_and_update": ("update one of shop.c", {**one, "update": {"$set": {"a": 1}}}),
        "create_index": ("create an index of shop.c", {"collection": "c", "keys": {"a": 1}}),
        "drop_collection": ("drop shop.c", {"collection": "c"}),
    }
    with Workspace(tmp_path) as ws:
        ws.create_type("mongodb")
        ws.create_integration("Shop", "mongodb", mongo_server.credentials())
        flow = Workflow(name="dry")
        flow.add("read", "mongodb.find", integration="Shop", params={"collection": "c"})
        for name, (_, params) in writes.items():
            flow.add(name, f"mongodb.{name}", integration="Shop", params=params)
        run = ws.run(flow, dry_run=True)
    assert run["read"].data == [{"_id": 1}]
    assert {name: run[name].intents[0].action for name in writes} == {name: said for name, (said, _) in writes.items()}
    assert run["insert_one"].intents[0].detail == {"document": {"at": {"$oid": ID}}}
    assert bson(mongo_server) == [{}]
