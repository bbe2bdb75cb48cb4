"""Dry runs against real servers: what reads is done, what writes is shown whole and changes nothing."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from integrations import postgres, s3
from tests.integrations.postgres_server import PostgresServer
from tests.integrations.s3_server import S3Server


@pytest.fixture
def ws(tmp_path: Path):
    with Workspace(tmp_path) as ws:
        yield ws


def test_postgresql_executes_what_reads_and_shows_what_writes(ws, postgres_server: PostgresServer) -> None:
    credentials = postgres_server.credentials()
    table = f"dry_{uuid.uuid4().hex[:8]}"
    postgres.execute_query(credentials, {"query": f"CREATE TABLE {table} (id int, name text)"})
    postgres.execute_query(credentials, {"query": f"INSERT INTO {table} VALUES (1, 'a')"})
    ws.create_type("postgres")
    ws.create_integration("Shop", "postgres", credentials)
    flow = Workflow(name="shop")
    nodes = {
        "rows": ("execute_query", {"query": f"SELECT * FROM {table}"}),
        "sneaky": ("execute_query", {"query": f"WITH gone AS (DELETE FROM {table} RETURNING id) SELECT * FROM gone"}),
        "change": ("execute_query", {"query": f"UPDATE {table} SET name = %(n)s", "parameters": {"n": "b"}}),
        "insert": ("insert_rows", {"table": table, "rows": [{"id": 2, "name": "c"}]}),
        "many": ("execute_many", {"query": f"INSERT INTO {table} VALUES (%s, %s)", "rows": [[3, "d"]]}),
    }
    where = {"where": {"id": 1}}
    nodes |= {
        "some": ("select_rows", {"table": table, **where}),
        "set": ("update_rows", {"table": table, "values": {"name": "b"}, **where}),
        "forget": ("delete_rows", {"table": table, "all": True}),
    }
    for id, (task, params) in nodes.items():
        flow.add(id, f"postgres.{task}", integration="Shop", params=params)
    run = ws.run(flow, dry_run=True)
    assert run["rows"].data == [{"id": 1, "name": "a"}]
    assert run["change"].intents[0].action == f"UPDATE {table}"
    assert "'b'" in run["change"].intents[0].detail["sql"]
    assert run["insert"].intents[0].action == f'COPY "public"."{table}"'
    assert run["sneaky"].intents[0].action == f"DELETE FROM {table}"
    assert run["many"].intents, run["many"].message
    assert run["some"].data == [{"id": 1, "name": "a"}]
    assert run["set"].intents[0].detail["sql"] == f"""UPDATE "public"."{table}" SET "name" = 'b' WHERE "id" = 1"""
    assert run["forget"].intents[0].action == f'DELETE FROM "public"."{table}"'
    left = postgres.execute_query(credentials, {"query": f"SELECT * FROM {table}"})
    assert left["data"] == [{"id": 1, "name": "a"}]


def test_s3_reads_and_shows_what_it_would_upload(ws, s3_server: S3Server) -> None:
    credentials = s3_server.credentials()
    bucket = f"dry-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(credentials, {"bucket": bucket})
    ws.create_type("s3")
    ws.create_integration("Store", "s3", credentials)
    (ws.root / "a.txt").write_text("x")
    flow = Workflow(name="store")
    flow.add("list", "s3.list_objects", integration="Store", params={"bucket": bucket})
    flow.add(
        "up", "s3.upload_file", integration="Store", params={"bucket": bucket, "key": "a.txt", "file_path": "a.txt"}
    )
    (ws.root / "folder").mkdir()
    (ws.root / "folder" / "b.txt").write_text("x")
    place = {"bucket": bucket, "prefix": "p/", "folder_path": "folder"}
    flow.add("all", "s3.upload_folder", integration="Store", params=place)
    flow.add("down", "s3.download_folder", integration="Store", params=place)
    flow.add("gone", "s3.delete_bucket", integration="Store", params={"bucket": bucket})
    run = ws.run(flow, dry_run=True)
    assert run["list"].success
    assert run["all"].intents[0].action == f"PUT /{bucket}/p/b.txt", run["all"].message
    assert (run["down"].intents[0].kind, run["down"].intents[0].target) == ("file", "folder")
    assert run["gone"].intents[0].action == f"DELETE /{bucket}", run["gone"].message
    assert run["up"].intents[0].action == f"PUT /{bucket}/a.txt", run["up"].message
    assert s3.list_objects(credentials, {"bucket": bucket})["data"] == []
