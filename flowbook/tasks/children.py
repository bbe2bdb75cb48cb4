"""The processes that tasks start: each is told to end when the call that started it is given up.

While runs go on (:mod:`flowbook.calling.patches`), ``subprocess``, ``multiprocessing`` and ``os`` tell the context of
the call that starts a process of it. What a process of a process does is looked up where the system shows it, in
``/proc``.
"""

from __future__ import annotations

import functools
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import ModuleType
from typing import Any

from flowbook.tasks.context import current
from flowbook.tasks.stop import Child

Undo = Callable[[], None]


def adopt_of_subprocess(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on; ``module`` is ``subprocess``."""
    return _told_after(module.Popen, "__init__")


def adopt_of_multiprocessing(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on; ``module`` is ``multiprocessing.process``."""
    return _told_after(module.BaseProcess, "start")


def adopt_of_os(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on by ``fork``, ``posix_spawn`` and what Python makes of them (the
    family of ``spawn``, ``pty``); ``module`` is ``os``."""
    undone = [_told_of(module, name) for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp")]

    def undo() -> None:
        for one in reversed(undone):
            one()

    return undo


class Started:
    """A process that is known by its number only, as the system starts it."""

    def __init__(self, pid: int) -> None:
        self.pid: int | None = pid

    def terminate(self) -> None:
        """Tell it to end, unless it has been waited for: its number may be another's by now."""
        if self.pid is None:
            return
        try:
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            self.pid = None
        except AttributeError:
            pass  # a system that cannot be asked
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)


def _told_of(module: ModuleType, name: str) -> Undo:
    """Have a function of ``os`` that starts a process tell the call."""
    original = getattr(module, name, None)
    if original is None:
        return lambda: None

    @functools.wraps(original)
    def starting(*args: Any, **options: Any) -> Any:
        answer = original(*args, **options)
        pid = answer if isinstance(answer, int) else answer[0]
        if pid:
            current().adopt(Started(pid), hold=True)
        elif current().run_id:
            _end_as_usual()
        return answer

    def undo() -> None:
        if getattr(module, name) is starting:
            setattr(module, name, original)

    setattr(module, name, starting)
    return undo


def _end_as_usual() -> None:
    """In what was forked off: end when it is told to, as the run does not that it is a copy of."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name)
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _told_after(owner: Any, name: str) -> Undo:
    original = getattr(owner, name)

    @functools.wraps(original)
    def starting(self: Child, *args: Any, **options: Any) -> Any:
        answer = original(self, *args, **options)
        current().adopt(self)
        return answer

    def undo() -> None:
        if getattr(owner, name) is starting:
            setattr(owner, name, original)

    setattr(owner, name, starting)
    return undo


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
