"""Opening the store and saving one workflow among 1,000 of ten nodes, beside TinyDB's own storage and a bare write.

Then what people do with a workspace that holds many: save one, list them, check them all, each beside a workspace with
one workflow in it, and at twice the number.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tinydb import TinyDB, where

from benchmarks.measuring import medians, print_rows
from benchmarks.shapes import chain
from flowbook.models import Workflow
from flowbook.store import Store
from flowbook.workspace import Workspace

WORKFLOWS = 1_000
MANY = (1, 1_000, 2_000)


def main() -> None:
    """Print the tables."""
    among_others()
    many_workflows()


def many_workflows() -> None:
    """Print what saving, listing and checking take among so many workflows."""
    rows = []
    for count in MANY:
        with tempfile.TemporaryDirectory() as folder:
            ws = Workspace(folder)
            with ws.transaction():
                for number in range(count):
                    ws.store.save_workflow(_ordinary(f"flow-{number}"))
            one = _ordinary("flow-0")
            taken = medians(
                5,
                save=lambda ws=ws, one=one: ws.save(one),
                list=lambda folder=folder: _command(folder, "workflows", "list"),
                check=lambda folder=folder: _command(folder, "check"),
            )
            ws.close()
        rows.append([f"{count:,}", *(f"{taken[what] * 1000:.0f}" for what in ("save", "list", "check"))])
    heads = ["workflows", "save", "flowbook workflows list", "flowbook check"]
    print_rows("one workspace with many workflows of ten nodes; ms, median, commands as whole processes", heads, rows)


def _ordinary(name: str) -> Workflow:
    flow = Workflow(name=name)
    flow.add("n0", "http.request", params={"url": "https://example.com"})
    for i in range(1, 10):
        before = f"${{{{ nodes.n{i - 1}.data }}}}"
        if i == 5:
            flow.add("n5", "core.python", params={"code": "result = nodes.n4.data"})
        else:
            flow.add(f"n{i}", "http.request", params={"url": f"https://example.com/{before}"})
        flow.connect(f"n{i - 1}", f"n{i}")
    return flow


def _command(folder: str, *words: str) -> None:
    command = [sys.executable, "-m", "flowbook", "-C", folder, *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def among_others() -> None:
    """Print what opening the store and saving one workflow takes."""
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
