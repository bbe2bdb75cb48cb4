"""A workspace in PostgreSQL: eight writers at once, and writers whose connections are broken again and again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from flowbook.postgres import Address
from flowbook.store.postgres import PostgresStore
from tests.databases import do, url_of

WRITERS, SAVES = 8, 1_000
FEW = 2
"""Writers where the numbers are small."""
_SAVER = Path(__file__).parents[1] / "tests" / "busy_saver.py"
_BREAK = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    " AND datname = current_database() AND application_name = 'flowbook'"
)


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Let writers compete, at first in peace."""
    saves = max(int(SAVES * scale), 5)
    writers = WRITERS if scale >= 0.02 else FEW
    yield _writers("peace", writers, saves)
    yield _broken(writers, max(saves // 4, 5), random.Random(seed))


def _start(schema: str, writers: int, saves: int, *options: str) -> list[subprocess.Popen[bytes]]:
    url = url_of(schema)
    commands = [[sys.executable, str(_SAVER), url, f"w{i}", str(saves), *options] for i in range(writers)]
    return [subprocess.Popen(command, cwd=_SAVER.parents[1]) for command in commands]


def _writers(schema: str, writers: int, saves: int) -> str:
    assert all(process.wait() == 0 for process in _start(schema, writers, saves)), "a writer failed"
    _check(schema, writers * saves)
    return f"{writers} writers × {saves:,} saves: {writers * saves:,} of {writers * saves:,} are there"


def _broken(writers: int, saves: int, chance: random.Random) -> str:
    """Break every connection at any moment; who is told that a save failed saves again, and each counts once."""
    address, breaks = Address(url_of("broken")), 0
    processes = _start("broken", writers, saves, "again")
    while any(process.poll() is None for process in processes):
        time.sleep(chance.uniform(0.05, 0.4))
        do(address, _BREAK)
        breaks += 1
    assert all(process.wait() == 0 for process in processes), "a writer failed"
    _check("broken", writers * saves)
    return (
        f"{breaks} times all connections broken: {writers * saves:,} of {writers * saves:,} saves are there, each once"
    )


def _check(schema: str, saves: int) -> None:
    store = PostgresStore(Address(url_of(schema)))
    assert len(store.workflow_names()) == saves, len(store.workflow_names())
    assert store.meta("counter") == saves, store.meta("counter")
    assert {one.revision for one in store.workflows()} == {1}, "a save that was reported lost was not"
    store.close()
