"""MySQL and MariaDB, against a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract
from integrations import mysql
from tests.integrations.mysql_server import PASSWORD, MysqlServer
from tests.integrations.silent import silent_server

TABLE = (
    "CREATE TABLE goods (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, price DECIMAL(20,3),"
    " made DATETIME(3), day DATE, pic BLOB, note JSON, flag BIT(3))"
)


@pytest.fixture
def goods(mysql_server: MysqlServer) -> Callable[..., Any]:
    """What calls a task on a database with the table goods (tea, cup, pot); it must succeed."""

    def done(task: Callable[..., Any], **params: Any) -> Any:
        result = task(mysql_server.credentials(), params)
        assert result["success"], result["message"]
        return result["data"]

    done(mysql.execute_query, query="DROP TABLE IF EXISTS goods")
    done(mysql.execute_query, query=TABLE)
    done(
        mysql.insert_rows,
        table="goods",
        rows=[{"name": n, "price": p} for n, p in (("tea", 2.5), ("cup", None), ("pot", 20))],
    )
    return done


def names(done: Callable[..., Any]) -> list[str]:
    return [row["name"] for row in done(mysql.select_rows, table="goods", columns=["name"], order="id")]


def refused(server: MysqlServer, task: Callable[..., Any], **params: Any) -> Any:
    result = task(server.credentials(), params)
    assert not result["success"]
    return result


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(mysql.__file__).parent) == []


@pytest.mark.parametrize(
    ("tls", "over"),
    [("disable", False), ("prefer", True), ("require", True), ("verify-ca", True), ("verify-full", True)],
)
def test_the_connection_test_says_what_it_is_connected_to(mysql_server: MysqlServer, tls: str, over: bool) -> None:
    given = {"tls": tls} | ({"tls_ca": str(mysql_server.folder / "server.crt")} if tls.startswith("verify") else {})
    result = mysql.test_connection(mysql_server.credentials(**given))
    assert result["success"], result["message"]
    assert (result["data"]["database"], bool(result["data"]["tls"])) == ("shop", over)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"password": "not-the-password"}, "unauthorized"),
        ({"username": "nobody"}, "unauthorized"),
        ({"database": "closed"}, "forbidden"),
        ({"username": "sealed", "password": "only-over-tls", "tls": "disable"}, "unauthorized"),
        ({"port": 1}, "unreachable"),
        ({"host": "no such host"}, "wrong_address"),
        ({"tls": "verify-full"}, "tls"),
        ({"tls": "verify-ca", "tls_ca": "not-there.pem"}, "tls"),
        ({"host": "/not/there"}, "unreachable"),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    mysql_server: MysqlServer, changed: dict[str, Any], kind: str
) -> None:
    result = mysql.test_connection(mysql_server.credentials(**changed))
    assert result["data"]["kind"] == kind, result["message"]
    assert PASSWORD not in str(result)
    assert "not-the-password" not in str(result)


def test_the_unix_socket_is_reached_by_its_path(mysql_server: MysqlServer) -> None:
    assert mysql.test_connection(mysql_server.credentials(host=str(mysql_server.folder / "socket")))["success"]


def test_a_server_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with silent_server() as port:
        given = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secret", "connect_timeout": 1}
        assert mysql.test_connection(given)["data"]["kind"] == "timeout"


def test_what_is_no_mysql_is_said_to_be_none() -> None:
    with silent_server(b"SSH-2.0-OpenSSH_9.2\r\n" * 30) as port:
        given = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secret", "connect_timeout": 2}
        assert mysql.test_connection(given)["data"]["kind"] in ("wrong_address", "unreachable", "timeout")


def packet(number: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "little") + bytes([number]) + content


@pytest.mark.parametrize("way", [b"mysql_clear_password", b"dialog"])
def test_a_server_that_asks_for_the_password_in_clear_does_not_get_it(way: bytes) -> None:
    # Handshake V10 and AuthSwitchRequest, as in MariaDB's "Connection" page of the client/server protocol.
    hello = b"\x0a10.11.0\0" + bytes(4) + b"a" * 8 + b"\0\xff\xf7\x2d\x02\0\xff\x81\x15" + bytes(10) + b"b" * 12
    asked = packet(0, hello + b"\0mysql_native_password\0") + packet(2, b"\xfe" + way + b"\0\x05Password: ")
    with silent_server(asked) as port:
        given = {"host": "127.0.0.1", "port": port, "username": "u", "password": "secret", "connect_timeout": 5}
        result = mysql.test_connection({**given, "tls": "disable"})
    assert not result["success"]
    assert "asks for the password in clear; it was not sent" in result["message"]


def test_values_come_back_as_they_went_in(goods: Callable[..., Any]) -> None:
    row = {
        "name": "ü ' \\ %s `", "price": "12345678901234567.125", "made": "2026-01-31T09:30:00.250", "day": "0099-12-31",
        "pic": b"\0\xff'\\", "note": {"a": [1, "ü"]}, "flag": 5,
    }  # fmt: skip
    made = goods(mysql.insert_rows, table="goods", rows=[row])
    assert (made["written"], made["first_id"]) == (1, 4)
    (back,) = goods(mysql.select_rows, table="goods", where={"id": 4})
    assert {**back, "note": None} == {"id": 4, **row, "note": None}
    assert back["note"] == '{"a": [1, "ü"]}'  # MariaDB's JSON is text


def test_a_dataframe_goes_in_and_comes_out(goods: Callable[..., Any]) -> None:
    frame = pd.DataFrame(
        {"name": ["a", "b"], "price": [1.5, float("nan")], "made": pd.to_datetime(["2026-01-01", None])}
    )
    goods(mysql.insert_rows, table="goods", rows=frame)
    back = goods(mysql.select_rows, table="goods", where={"name": ["a", "b"]}, order="name", **{"as": "dataframe"})
    assert list(map(str, back.dtypes[["id", "price", "made"]])) == ["int64", "float64", str(frame["made"].dtype)]
    assert back["price"].tolist()[0] == 1.5


def test_parameters_are_filled_in_where_they_stand_and_nowhere_else(goods: Callable[..., Any]) -> None:
    query = "SELECT '%s', %s AS a, '100%%' AS b, 7 %% 4 AS c, id FROM goods WHERE name IN (%s) -- %s\nORDER BY id"
    rows = goods(mysql.execute_query, query=query, parameters=["x' OR 1=1", ["tea", "pot"]])
    assert [(row["a"], row["b"], row["c"], row["id"]) for row in rows] == [
        ("x' OR 1=1", "100%%", 3, 1), ("x' OR 1=1", "100%%", 3, 3),
    ]  # fmt: skip
    named = goods(mysql.execute_query, query="SELECT %(a)s AS a, %(a)s AS b", parameters={"a": None})
    assert named == [{"a": None, "b": None}]


@pytest.mark.parametrize(
    ("clause", "names", "left"),
    [
        ("name IN %s", ["tea"], 1), ("name NOT IN %s", ["tea"], 2), ("name NOT IN (%s)", [], 3), ("name IN %s", [], 0),
    ],
)  # fmt: skip
def test_a_list_after_in_is_its_items_also_when_there_are_none(
    goods: Callable[..., Any], clause: str, names: list[str], left: int
) -> None:
    rows = goods(mysql.execute_query, query=f"SELECT id FROM goods WHERE {clause} AND id <= %s", parameters=[names, 3])
    assert len(rows) == left


@pytest.mark.parametrize("value", [2.5, "2.5", Decimal("0.1"), float("inf")])
def test_no_fraction_is_rounded_into_whole_numbers(
    mysql_server: MysqlServer, goods: Callable[..., Any], value: Any
) -> None:
    rows = [{"id": 8.0, "name": "a"}, {"id": value, "name": "b"}]
    said = refused(mysql_server, mysql.insert_rows, table="goods", rows=rows)
    assert "Row 2, column 'id'" in said["message"]
    update = {"table": "goods", "values": {"id": value}, "where": {"id": 1}}
    assert "Column 'id'" in refused(mysql_server, mysql.update_rows, **update)["message"]
    goods(mysql.insert_rows, table="goods", rows=rows[:1])
    assert goods(mysql.select_rows, table="goods", columns=["id"], where={"name": ["a", "b"]}) == [{"id": 8}]


@pytest.mark.parametrize("parameters", [[], [1, 2], {"a": 1}])
def test_parameters_that_do_not_fit_are_refused(mysql_server: MysqlServer, parameters: Any) -> None:
    said = refused(mysql_server, mysql.execute_query, query="SELECT %s", parameters=parameters)
    assert "do not fit" in said["message"]


def test_rows_are_chosen_changed_and_deleted_by_conditions(goods: Callable[..., Any]) -> None:
    assert goods(mysql.update_rows, table="goods", values={"price": 3}, where={"price": None})["updated"] == 1
    assert goods(mysql.update_rows, table="goods", values={"price": 3}, where={"name": "cup"})["updated"] == 1
    assert goods(mysql.delete_rows, table="shop.goods", where={"name": {"like": "p%"}})["deleted"] == 1
    assert names(goods) == ["tea", "cup"]
    two = goods(
        mysql.select_rows, table="goods", where=[{"name": "tea"}, {"price": {">": 2.9}}], order="-price", offset=1
    )
    assert [row["name"] for row in two] == ["tea"]


def test_a_limit_cuts_and_says_so(mysql_server: MysqlServer, goods: Callable[..., Any]) -> None:
    for query in ("SELECT * FROM goods", "SELECT * FROM goods LIMIT 99"):
        result = mysql.execute_query(mysql_server.credentials(), {"query": query, "limit": 2})
        assert len(result["data"]) == 2
        assert "there are more" in result["message"]


def test_what_is_there_already_is_an_error_or_left_or_replaced(mysql_server: MysqlServer, goods: Any) -> None:
    rows = [{"name": "tea", "price": 9}, {"name": "jug", "price": 1}]
    assert "Duplicate" in refused(mysql_server, mysql.insert_rows, table="goods", rows=rows)["message"]
    assert names(goods) == ["tea", "cup", "pot"]
    left = goods(mysql.insert_rows, table="goods", rows=rows, on_conflict="nothing")
    assert (left["written"], left["unchanged"]) == (1, 1)
    goods(mysql.insert_rows, table="goods", rows=rows, on_conflict="update")
    assert goods(mysql.select_rows, table="goods", where={"name": "tea"})[0]["price"] == 9


def test_no_value_is_cut_to_fit(mysql_server: MysqlServer, goods: Callable[..., Any]) -> None:
    said = refused(mysql_server, mysql.insert_rows, table="goods", rows=[{"name": "x" * 21}], on_conflict="nothing")
    assert "Data too long" in said["message"]
    assert said["permanent"]


def test_statements_take_effect_together_or_not_at_all(mysql_server: MysqlServer, goods: Callable[..., Any]) -> None:
    steps = ["DELETE FROM goods", {"query": "INSERT INTO goods (name) VALUES (%s)", "parameters": [None]}]
    assert "statement 2" in refused(mysql_server, mysql.call, statements=steps)["message"]
    assert names(goods) == ["tea", "cup", "pot"]
    assert "end the transaction" in refused(mysql_server, mysql.call, statements=["CREATE TABLE t (a INT)"])["message"]
    many = "UPDATE goods SET price = %(price)s WHERE name = %(name)s"
    ran = goods(mysql.execute_many, query=many, rows=[{"name": "tea", "price": 1}, {"name": "cup", "price": 2}])
    assert ran == {"runs": 2, "row_count": 2}
    done = goods(mysql.call, statements=["SELECT COUNT(*) AS n FROM goods", "DELETE FROM goods"])
    assert done == [[{"n": 3}], {"row_count": 3, "last_id": None}]


def test_read_only_refuses_changes(mysql_server: MysqlServer, goods: Callable[..., Any]) -> None:
    said = refused(mysql_server, mysql.execute_query, query="DELETE FROM goods", read_only=True)
    assert "read_only" in said["message"]


def test_a_table_goes_out_to_csv_and_comes_in_again(
    mysql_server: MysqlServer, goods: Callable[..., Any], tmp_path: Path
) -> None:
    with running_as(Context(root=tmp_path)):
        out = goods(mysql.copy_to_csv, table="goods", file_path="out/goods.csv")
        assert out["rows"] == 3
        goods(mysql.delete_rows, table="goods", all=True)
        back = goods(mysql.copy_from_csv, table="goods", file_path="out/goods.csv")
        assert back["written"] == 3
        (tmp_path / "bad.csv").write_text("name,price\na\n")
        assert "Row 2" in refused(mysql_server, mysql.copy_from_csv, table="goods", file_path="bad.csv")["message"]
        goods(mysql.copy_to_csv, query="SELECT '=1+1' AS a, name FROM goods", file_path="safe.csv", safe=True)
        assert (tmp_path / "safe.csv").read_text().splitlines()[1].startswith("'=1+1")
    assert names(goods) == ["tea", "cup", "pot"]


def test_tables_are_listed_and_described(mysql_server: MysqlServer, goods: Callable[..., Any]) -> None:
    assert "goods" in [one["name"] for one in goods(mysql.list_tables)]
    described = goods(mysql.describe_table, table="goods")
    assert (described["primary_key"], described["unique"]) == (["id"], [["name"]])
    assert described["columns"][1] == {
        "name": "name", "type": "varchar(20)", "nullable": False, "default": None, "extra": None, "comment": None,
    }  # fmt: skip
    assert refused(mysql_server, mysql.describe_table, table="none")["data"]["kind"] == "not_found"


def asleep(server: MysqlServer) -> list[Any]:
    running = mysql.execute_query(server.credentials(), {"query": "SHOW PROCESSLIST"})["data"]
    return [one for one in running if "SLEEP" in str(one["Info"]).upper()]


def test_a_timeout_ends_the_statement_in_the_server(mysql_server: MysqlServer) -> None:
    result = mysql.execute_query(
        mysql_server.credentials(), {"query": "SELECT SLEEP(60) FROM (SELECT 1) one", "timeout": 0.5}
    )
    assert result["data"].get("kind") == "timeout", result
    assert asleep(mysql_server) == []


def test_cancelling_the_run_ends_the_statement_in_the_server(mysql_server: MysqlServer) -> None:
    stop = Stop()
    results: list[Any] = []

    def work() -> None:
        with running_as(Context("run", stop=stop)):
            results.append(mysql.execute_query(mysql_server.credentials(), {"query": "SELECT SLEEP(60)"}))

    thread = threading.Thread(target=work)
    thread.start()
    while not asleep(mysql_server):
        time.sleep(0.02)
    stop.set()
    thread.join(60)
    assert results[0]["data"]["kind"] == "cancelled"
    assert asleep(mysql_server) == []
