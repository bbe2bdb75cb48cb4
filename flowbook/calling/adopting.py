"""The processes that tasks start: each is told to end when the call that started it is given up.

While runs go on (:mod:`flowbook.calling.patches`), ``subprocess``, ``multiprocessing`` and ``os`` tell the context of
the call that starts a process of it.
"""

from __future__ import annotations

import os
import signal
from types import ModuleType
from typing import Any

from flowbook.calling.replacing import Undo, replaced, together
from flowbook.tasks.children import Child
from flowbook.tasks.context import current


def adopt_of_subprocess(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on; ``module`` is ``subprocess``."""
    return replaced(module.Popen, "__init__", _told_after)


def adopt_of_multiprocessing(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on; ``module`` is ``multiprocessing.process``."""
    return replaced(module.BaseProcess, "start", _told_after)


def adopt_of_os(module: ModuleType) -> Undo:
    """Tell the calls of what is started from now on by ``fork``, ``posix_spawn`` and what Python makes of them (the
    family of ``spawn``, ``pty``); ``module`` is ``os``."""
    names = [name for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp") if hasattr(module, name)]
    return together(*(replaced(module, name, _told_of) for name in names))


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


def _told_of(original: Any) -> Any:
    """A function of ``os`` that starts a process, and tells the call."""

    def starting(*args: Any, **options: Any) -> Any:
        answer = original(*args, **options)
        pid = answer if isinstance(answer, int) else answer[0]
        if pid:
            current().adopt(Started(pid), hold=True)
        elif current().run_id:
            _end_as_usual()
        return answer

    return starting


def _end_as_usual() -> None:
    """In what was forked off: end when it is told to, as the run does not that it is a copy of."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name)
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)


def _told_after(original: Any) -> Any:
    """A method that starts the process which its object is, and tells the call."""

    def starting(self: Child, *args: Any, **options: Any) -> Any:
        answer = original(self, *args, **options)
        current().adopt(self)
        return answer

    return starting
