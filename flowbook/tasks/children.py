"""The processes that tasks start, and how they are ended.

What a process of a process does is looked up where the system shows it, in ``/proc``.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol


class Child(Protocol):
    """A process that a task started: one of ``subprocess`` or ``multiprocessing``."""

    @property
    def pid(self) -> int | None:
        """Its number."""

    def terminate(self) -> None:
        """Tell it to end."""


def end(child: Child) -> None:
    """Ask a process, and those that it started, to end (SIGTERM)."""
    below = _below(child.pid) if child.pid else []
    with suppress(OSError, ValueError, AttributeError):  # it has ended already
        child.terminate()
    for pid in below:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)


def kill_all(pid: int, below: Sequence[int] = (), *, gently: bool = False) -> list[int]:
    """Kill a process that leads a group, the group, and those that they started; ``gently``: ask them (SIGTERM).

    Those that they started are returned, so that they can be given ``below`` when the process is gone.
    """
    number = signal.SIGTERM if gently or not hasattr(signal, "SIGKILL") else signal.SIGKILL
    found = [*below, *_below(pid)]
    with suppress(OSError, AttributeError):  # the process may be gone, and its group still there
        os.killpg(pid, number)
    for one in found:
        with suppress(OSError):
            os.kill(one, number)
    return found


def _below(pid: int) -> list[int]:
    """The processes that ``pid`` started, and those that they started; none where the system does not show them."""
    parents = _parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _parents() -> dict[int, int]:
    """The parent of each process. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    parents: dict[int, int] = {}
    with suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", encoding="latin-1") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    return parents
