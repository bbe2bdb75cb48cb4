"""A folder with a task that must not happen twice: each call appends a line to a ledger, which is looked into later."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.folders import add_folder

_TASKS = '''
import os, time

from flowbook import current, task

def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}

@task(effects="write")
def note(credentials, params):
    """Something that must not happen twice; one system call writes the whole line."""
    file = os.open(current().root / "ledger.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{current().run_id} {current().node_id}\\n".encode())
    os.close(file)
    time.sleep(params.get("seconds", 0))
    return {"success": True, "message": ""}
'''


def add_ledger(folder: Path) -> None:
    """Put ``ledger.note`` into the workspace's folder; its param ``seconds`` is how long it goes on after the line."""
    add_folder(folder, "ledger", _TASKS)


def ledger_lines(folder: Path) -> Counter[tuple[str, str]]:
    """How often each node of each run has written: (run id, node id) → lines."""
    path = folder / "ledger.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter((run, node) for run, node in map(str.split, lines))
