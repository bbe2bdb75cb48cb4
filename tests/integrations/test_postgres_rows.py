"""Rows of a PostgreSQL table by conditions that are data, against a real server."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import postgres
from tests.integrations.examples import examples
from tests.integrations.postgres_server import PostgresServer

Credentials = dict[str, Any]
ROWS = [
    {"id": 1, "name": "apple", "price": 3, "tags": ["red", "round"], "extra": {"a": 1}},
    {"id": 2, "name": "Banana", "price": 5, "tags": ["long"], "extra": None},
    {"id": 3, "name": "cherry", "price": None, "tags": [], "extra": [1, 2]},
    {"id": 4, "name": "50%", "price": 5, "tags": None, "extra": {}},
]


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer) -> Credentials:
    """Credentials of the database "shop"."""
    return postgres_server.credentials()


@pytest.fixture
def goods(shop: Credentials) -> str:
    """A table with four rows."""
    name = f"Goods {uuid.uuid4().hex[:8]}"
    made = f'CREATE TABLE "{name}" (id int, name text, price int, tags text[], extra jsonb, "odd % ""name" int)'
    assert postgres.execute_query(shop, {"query": made})["success"]
    assert postgres.insert_rows(shop, {"table": name, "rows": ROWS})["success"]
    return name


def data(result: Any) -> Any:
    assert result["success"], result["message"]
    return result["data"]


def ids(shop: Credentials, goods: str, where: Any = None, **params: Any) -> list[int]:
    """The ids of the rows that are found."""
    wanted = {"table": goods, "columns": ["id"], "where": where or {}, "order": ["id"], **params}
    return [row["id"] for row in data(postgres.select_rows(shop, wanted))]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"price": 5}, [2, 4]),
        ({"price": 5, "name": "50%"}, [4]),
        ({"price": None}, [3]),
        ({"price": {"!=": None}}, [1, 2, 4]),
        ({"price": {"is_null": False}}, [1, 2, 4]),
        ({"price": {"is null": True}}, [3]),
        ({"price": {">": 3}}, [2, 4]),
        ({"price": {">=": 3, "<": 5}}, [1]),
        ({"id": [1, 3]}, [1, 3]),
        ({"id": {"not in": [1, 3]}}, [2, 4]),
        ({"id": []}, []),
        ({"id": {"between": [2, 3]}}, [2, 3]),
        ({"name": {"like": "%an%"}}, [2]),
        ({"name": {"ilike": "b%"}}, [2]),
        ({"name": {"NOT_LIKE": "%e%"}}, [2, 4]),
        ({"tags": {"=": ["long"]}}, [2]),
        ({"extra": {"=": {"a": 1}}}, [1]),
        ({"name": "x'; DROP TABLE shop; --"}, []),
        ([{"id": 1}, {"price": 5, "name": {"like": "B%"}}], [1, 2]),
    ],
)
def test_rows_are_found_by_what_must_fit(shop: Credentials, goods: str, where: Any, found: list[int]) -> None:
    assert ids(shop, goods, where) == found


def test_rows_come_in_order_with_limit_offset_and_columns(shop: Credentials, goods: str) -> None:
    assert ids(shop, goods, order=["-price", "id desc"]) == [3, 4, 2, 1]
    assert ids(shop, goods, order="price asc, id", limit=2, offset=1) == [2, 4]
    cut = postgres.select_rows(shop, {"table": goods, "limit": 3, "order": ["id"]})
    assert "3 rows, cut at the limit of 3" in cut["message"]
    assert [set(row) for row in cut["data"]] == [{*ROWS[0], 'odd % "name'}] * 3
    assert len(data(postgres.select_rows(shop, {"table": goods, "limit": 1, "all": True}))) == 4
    frame = data(postgres.select_rows(shop, {"table": f"public.{goods}", "where": {"price": 5}, "as": "dataframe"}))
    assert isinstance(frame, pd.DataFrame)
    assert sorted(frame["id"]) == [2, 4]


def test_rows_are_changed_where_it_is_said(shop: Credentials, goods: str) -> None:
    values = {"price": 9, "name": None, "tags": ["a", "b"], "extra": {"n": [1]}, 'odd % "name': 7}
    where = {"id": {"<": 3}}
    changed = postgres.update_rows(
        shop, {"table": goods, "values": values, "where": where, "returning": ["id", 'odd % "name']}
    )
    assert data(changed)["updated"] == 2
    assert sorted(row["id"] for row in changed["data"]["rows"]) == [1, 2]
    assert data(postgres.select_rows(shop, {"table": goods, "where": {"id": 1}}))[0] == {"id": 1, **values}
    assert ids(shop, goods, {"price": 9}) == [1, 2]
    none = postgres.update_rows(shop, {"table": goods, "values": {"price": 1}, "where": {"id": 99}})
    assert (data(none)["updated"], none["data"]["rows"]) == (0, [])
    assert data(postgres.update_rows(shop, {"table": goods, "values": {"price": 0}, "all": True}))["updated"] == 4


def test_rows_are_deleted_where_it_is_said(shop: Credentials, goods: str) -> None:
    gone = postgres.delete_rows(shop, {"table": goods, "where": [{"id": 1}, {"price": None}], "returning": ["name"]})
    assert sorted(row["name"] for row in data(gone)["rows"]) == ["apple", "cherry"]
    assert (gone["data"]["deleted"], "2 rows of public." in gone["message"]) == (2, True)
    assert ids(shop, goods) == [2, 4]
    assert data(postgres.delete_rows(shop, {"table": goods, "all": True}))["deleted"] == 2


@pytest.mark.parametrize(
    ("task", "params", "says"),
    [
        ("delete_rows", {}, "give a where that says which rows, or all: true"),
        ("delete_rows", {"where": {}}, "give a where that says which rows, or all: true"),
        ("delete_rows", {"where": {"id": 1}, "all": True}, "give a where that says which rows, or all: true"),
        ("delete_rows", {"where": []}, "neither be empty nor hold an empty one"),
        ("delete_rows", {"where": [{"id": 1}, {}]}, "neither be empty nor hold an empty one"),
        ("update_rows", {"values": {"price": 1}}, "give a where that says which rows, or all: true"),
        ("update_rows", {"values": {}, "all": True}, "values"),
        ("update_rows", {"values": {"colour": 1}, "all": True}, "has no column 'colour'"),
        ("delete_rows", {"where": {"Id": 1}}, "has no column 'Id'. Its columns are: id, name, price"),
        ("delete_rows", {"where": {"id": {"~": 1}}}, "'~' is no operator. There are: =, !=,"),
        ("delete_rows", {"where": {"extra": {"a": 1}}}, 'give {"=": object}'),
        ("delete_rows", {"where": {"extra": {}}}, "it names no operator"),
        ("delete_rows", {"where": {"id": {">": None}}}, "nothing to compare with"),
        ("delete_rows", {"where": {"id": {"not in": [1, None]}}}, "has a null in its list"),
        ("delete_rows", {"where": {"id": {"in": 5}}}, "'in' wants a list"),
        ("delete_rows", {"where": {"id": {"between": [1]}}}, "wants a list of two values"),
        ("select_rows", {"order": ["id; DROP TABLE x"]}, "has no column 'id; DROP TABLE x'"),
        ("select_rows", {"columns": ["1"]}, "has no column '1'"),
        ("select_rows", {"where": {"id": "many"}}, "invalid input syntax for type integer"),
    ],
)
def test_what_is_not_clear_is_refused_for_good_and_changes_nothing(
    shop: Credentials, goods: str, task: str, params: dict[str, Any], says: str
) -> None:
    result = getattr(postgres, task)(shop, {"table": goods, **params})
    assert says in result["message"]
    assert not result["success"]
    assert ids(shop, goods, {"price": 5}) == [2, 4]
    assert ids(shop, goods) == [1, 2, 3, 4]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
def test_any_name_and_any_text_come_back_as_they_are(shop: Credentials, name: str, text: str) -> None:
    """Names are quoted and values parameters, whatever stands in them."""
    table = f"any_{uuid.uuid4().hex[:8]}"
    identifier = '"' + name.replace('"', '""').replace("%", "%%") + '"'
    making = {"query": f"CREATE TABLE {table} ({identifier} text)", "parameters": []}
    if "%" not in name:
        making = {"query": f"CREATE TABLE {table} ({identifier} text)"}
    assert postgres.execute_query(shop, making)["success"]
    assert postgres.insert_rows(shop, {"table": table, "rows": [{name: "old"}]})["success"]
    place = {"table": table, "where": {name: {"!=": text + "x"}}}
    assert data(postgres.update_rows(shop, {**place, "values": {name: text}}))["updated"] == 1
    assert data(postgres.select_rows(shop, {"table": table, "where": {name: [text]}, "order": [name]})) == [
        {name: text}
    ]
    assert data(postgres.delete_rows(shop, {"table": table, "where": {name: text}}))["deleted"] == 1


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(postgres.__file__).parent)) == set(postgres.__all__)
