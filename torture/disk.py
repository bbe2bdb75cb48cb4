"""A full disk and I/O errors at every write of a save, and eight writers at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from flowbook.errors import StoreError
from flowbook.models import Workflow
from flowbook.store import Store

WRITERS, SAVES = 8, 1_000
NAMES = 25
"""Workflows that a writer saves in turn: each save writes the whole store, which would grow by one each time."""
FAULTS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
_CALLS = ("write", "fsync", "replace", "open")
_SAVER = Path(__file__).parents[1] / "tests" / "busy_saver.py"


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Fail each call that a save makes, then let writers compete."""
    yield _faults(folder / "faults")
    writers = WRITERS if scale >= 0.1 else 3  # each imports all of Flowbook first
    yield _writers(folder / "writers", writers, max(int(SAVES * scale), 5))


def _faults(folder: Path) -> str:
    folder.mkdir()
    store = Store(folder / "flowbook.json")
    store.save_workflow(Workflow(name="before"))
    failed = 0
    for name in _CALLS:
        for fault in FAULTS:
            for nth in range(1, 12):
                failed += _failing(store, name, fault, nth)
    left = [path.name for path in folder.iterdir() if path.name not in ("flowbook.json", "flowbook.json.bak")]
    assert all("lock" in name for name in left), f"left behind: {left}"
    return f"{failed} saves ended by ENOSPC, EIO, EDQUOT or EROFS in open, write, fsync or rename: each store whole"


def _failing(store: Store, name: str, fault: int, nth: int) -> int:
    """Save while the nth call fails; the store holds the old or the new, and the next save works."""
    assert store.path is not None
    fresh, calls = Store(store.path), [0]
    original: Callable[..., Any] = getattr(os, name)

    def call(*args: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == nth:
            raise OSError(fault, os.strerror(fault))
        return original(*args, **options)

    failed = 0
    with mock.patch.object(os, name, call):
        try:
            fresh.save_workflow(Workflow(name="new"))
        except (StoreError, OSError):
            failed = 1
    again = Store(store.path)
    names = again.workflow_names()
    assert names in (["before"], ["before", "new"]), names
    again.save_workflow(Workflow(name="new"))
    again.delete_workflow("new")
    return failed


def _writers(folder: Path, writers: int, saves: int) -> str:
    folder.mkdir()
    path = folder / "flowbook.json"
    names = min(NAMES, saves)
    saver = [sys.executable, str(_SAVER), str(path)]
    commands = [[*saver, f"w{i}", str(saves), str(names)] for i in range(writers)]
    processes = [subprocess.Popen(command, cwd=_SAVER.parents[1]) for command in commands]
    assert all(process.wait() == 0 for process in processes), "a writer failed"
    store = Store(path)
    assert store.meta("counter") == writers * saves, store.meta("counter")
    for i in range(writers):
        for name in range(names):
            last = max(range(name, saves, names))  # what was saved under that name last, as often as it was
            kept, revision = store.workflow(f"w{i}-{name}"), store.workflow_revision(f"w{i}-{name}")
            assert kept.description == str(last), (kept.name, kept.description)
            assert revision == len(range(name, saves, names)), (kept.name, revision)
    return f"{writers} writers × {saves:,} saves, each with a second write: none lost, each the last of its writer"
