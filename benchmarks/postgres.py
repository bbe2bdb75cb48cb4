"""A workspace in PostgreSQL beside one in files: a save among 1,000 workflows, and microseconds a node of a run.

The server is one of our own, on this machine, that brings each commit to the disk.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import quote

from tinydb import TinyDB, where

from benchmarks.measuring import medians, print_rows
from benchmarks.shapes import SHAPES, chain
from flowbook import Workspace
from flowbook.store import Store
from flowbook.store.postgres import PostgresStore
from flowbook.workspace.backends import keep_in, reached
from tests.integrations.postgres_server import PASSWORD, running_postgres

WORKFLOWS = 1_000
NODES = 1_000


def main() -> None:
    """Print both tables."""
    with running_postgres(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        os.environ["PGPASSWORD"] = PASSWORD
        url = f"postgresql://flowbook:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/shop"
        _saves(url, Path(folder))
        _runs(url, Path(folder))


def _saves(url: str, folder: Path) -> None:
    flow = chain(10)
    stores = {"postgres": PostgresStore(reached(url)), "file": Store(folder / "flowbook.json")}
    for store in stores.values():
        with store.transaction():
            for number in range(WORKFLOWS):
                store.save_workflow(flow.copy_as(f"flow-{number}"))
    one = flow.copy_as("flow-500")
    plain = TinyDB(folder / "plain.json")
    plain.insert_multiple({"name": f"flow-{n}", "document": flow.to_document()} for n in range(WORKFLOWS))

    def tinydb_alone() -> None:
        with TinyDB(folder / "plain.json") as database:
            database.update({"document": one.to_document()}, where("name") == "flow-500")

    sides = {name: lambda store=store: store.save_workflow(one) for name, store in stores.items()}
    taken = medians(15, tinydb=tinydb_alone, **sides)
    for store in stores.values():
        store.close()
    rows = [
        [what, f"{taken[name] * 1000:.1f}", f"{taken[name] / taken['file']:.2f}"]
        for name, what in (
            ("postgres", "PostgreSQL: a row, committed to the disk"),
            ("file", "Flowbook's TinyDB file, committed to the disk"),
            ("tinydb", "TinyDB's own storage: not safe"),
        )
    ]
    print_rows(f"saving one of {WORKFLOWS:,} workflows of ten nodes; median", ["what", "ms", "to the file"], rows)


def _runs(url: str, folder: Path) -> None:
    places = {name: folder / name for name in ("files", "postgres")}
    for place in places.values():
        place.mkdir()
        Workspace(place).close()
    keep_in(places["postgres"] / ".flowbook", reached(url))
    opened = {name: Workspace(place) for name, place in places.items()}
    rows = []
    for shape, make in SHAPES.items():
        flow = make(NODES)
        for ws in opened.values():
            ws.run(flow)
        taken = medians(7, **{name: lambda ws=ws, flow=flow: ws.run(flow) for name, ws in opened.items()})
        each = {name: seconds / len(flow.nodes) * 1e6 for name, seconds in taken.items()}
        ratio = each["postgres"] / each["files"]
        rows.append([shape, f"{each['files']:.0f}", f"{each['postgres']:.0f}", f"{ratio:.2f}"])
    for ws in opened.values():
        ws.close()
    heads = ["shape", "history in SQLite", "history in PostgreSQL", "ratio"]
    print_rows(f"a later run of {NODES:,} nodes, its history on: µs a node, median", heads, rows)


if __name__ == "__main__":
    main()
