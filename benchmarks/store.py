"""Opening the store and saving one workflow among 1,000 of ten nodes, beside TinyDB's own storage and a bare write."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tinydb import TinyDB, where

from benchmarks.measuring import medians, print_rows
from benchmarks.shapes import chain
from flowbook.store import Store

WORKFLOWS = 1_000


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flowbook.json"
        flow = chain(10)
        store = Store(path)
        with store.transaction():
            for number in range(WORKFLOWS):
                store.save_workflow(flow.copy_as(f"flow-{number}"))
        one = flow.copy_as("flow-500")
        plain = TinyDB(Path(folder) / "plain.json")
        plain.insert_multiple({"name": f"flow-{n}", "document": flow.to_document()} for n in range(WORKFLOWS))
        text = path.read_text(encoding="utf-8")

        def open_and_save() -> None:
            Store(path).save_workflow(one)

        def tinydb_alone() -> None:
            with TinyDB(Path(folder) / "plain.json") as database:
                database.update({"document": one.to_document()}, where("name") == "flow-500")

        def bare() -> None:
            (Path(folder) / "bare.json").write_text(json.dumps(json.loads(text)), encoding="utf-8")

        taken = medians(15, store=open_and_save, again=lambda: store.save_workflow(one), tinydb=tinydb_alone, bare=bare)
    rows = [
        ["open the store and save one workflow", f"{taken['store'] * 1000:.1f}"],
        ["save one workflow, store open", f"{taken['again'] * 1000:.1f}"],
        ["TinyDB's own storage: open and update one (not safe)", f"{taken['tinydb'] * 1000:.1f}"],
        ["parse and write the same JSON, no lock and no sync", f"{taken['bare'] * 1000:.1f}"],
    ]
    print_rows(f"{WORKFLOWS:,} workflows of ten nodes, {len(text) / 1e6:.1f} MB; ms, median", ["what", "ms"], rows)


if __name__ == "__main__":
    main()
