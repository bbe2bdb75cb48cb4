"""Output of what a call starts, and of what writes past ``sys.stdout``, brought to the call.

A thread that a task starts knows nothing of the call, a logging handler that was made before the run still has the
stream that was there then, and a child process writes to the terminal itself. Each would pass the redactor by.
"""

from __future__ import annotations

import codecs
import contextvars
import functools
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from flowbook.calling.replacing import Undo, replaced
from flowbook.calling.routing import Router, Sink, sink
from flowbook.tasks.contract import Ended

_STANDARD: dict[int | None, str] = {1: "stdout", 2: "stderr"}

DRAIN_SECONDS = 1.0
"""How long the end of a process waits for its output: what it left running may keep the stream open for ever."""


def threads_of_call(module: ModuleType) -> Undo:
    """Have threads that a call starts belong to it; ``module`` is ``threading``."""

    def make(original: Any) -> Any:
        def start(self: threading.Thread) -> None:
            if sink.get() is not None:
                context, run = contextvars.copy_context(), self.run
                self.run = lambda: context.run(_run, self, run)  # type: ignore[method-assign]
            original(self)

        return start

    return replaced(module.Thread, "start", make)


def _run(thread: Any, run: Callable[[], object]) -> None:
    """Run a thread, and tell of its failure where that still belongs to the call: ``threading`` does so afterwards."""
    try:
        run()
    except BaseException:  # noqa: BLE001 - it is told
        thread._invoke_excepthook(thread)


def pools_of_call(module: ModuleType) -> Undo:
    """Have what a call gives to a pool belong to it, whoever made its threads; it is ``concurrent.futures.thread``."""

    def make(original: Any) -> Any:
        def submit(self: Any, fn: Any, /, *args: Any, **options: Any) -> Any:
            if sink.get() is not None:
                fn = functools.partial(contextvars.copy_context().run, fn)
            return original(self, fn, *args, **options)

        return submit

    return replaced(module.ThreadPoolExecutor, "submit", make)


def logging_of_call(module: ModuleType) -> Undo:
    """Have handlers that write to the terminal write to the call instead; ``module`` is ``logging``."""

    def make(original: Any) -> Any:
        def emit(self: Any, record: Any) -> None:
            target = sink.get()
            name = None if target is None else _standard(self.stream)
            if target is None or name is None:
                original(self, record)
                return
            try:
                target.write(name, self.format(record) + self.terminator)
            except RecursionError:
                raise
            except Exception:  # noqa: BLE001 - as logging itself does
                self.handleError(record)

        return emit

    return replaced(module.StreamHandler, "emit", make)


def _standard(stream: Any) -> str | None:
    """Which of the process's streams that is, also when it was taken before the routers were in place."""
    for name in ("stdout", "stderr"):
        now = getattr(sys, name)
        if stream is now or stream in (getattr(sys, f"__{name}__"), now.behind if isinstance(now, Router) else now):
            return name
    return _STANDARD.get(_number_of(stream))


def _number_of(stream: Any) -> int | None:
    """The file descriptor that is meant, by its number or by what writes to it."""
    try:
        return stream if isinstance(stream, int) else int(stream.fileno())
    except (AttributeError, OSError, TypeError, ValueError):
        return None


def output_of_processes(module: ModuleType) -> Undo:
    """Have processes that a call starts write to the call, not to the terminal; ``module`` is ``subprocess``."""

    def made(original: Any) -> Any:
        def init(self: Any, *args: Any, **options: Any) -> None:
            target = sink.get()
            if target is None or len(args) > _STREAMS:
                original(self, *args, **options)
            else:
                self._flowbook_readers = _started(target, functools.partial(original, self, *args), options)

        return init

    def waited(original: Any) -> Any:
        def wait(self: Any, timeout: float | None = None) -> Any:
            status = original(self, timeout)
            for reader in getattr(self, "_flowbook_readers", ()):
                reader.join(DRAIN_SECONDS)
            return status

        return wait

    started, ended = replaced(module.Popen, "__init__", made), replaced(module.Popen, "wait", waited)

    def undo() -> None:
        ended()
        started()

    return undo


def _started(target: Sink, start: Callable[..., None], options: dict[str, Any]) -> list[threading.Thread]:
    """Start a process whose output to the terminal comes here instead; the threads that read it.

    What was asked for as None stays so: there is nothing to be read from the process itself.
    """
    readers: list[tuple[str, int]] = []
    ends: list[int] = []
    try:
        for name in ("stdout", "stderr"):
            if options.get(name) is None or _standard(options[name]) is not None:
                reader, options[name] = os.pipe()
                readers.append((name, reader))
                ends.append(options[name])
        start(**options)
    except BaseException:
        for _, reader in readers:
            os.close(reader)
        raise
    finally:
        for end in ends:
            os.close(end)
    return [_read(target, name, reader) for name, reader in readers]


_STREAMS = 4  # Popen(args, bufsize, executable, stdin, stdout …): streams that are given by their place are left alone


def _read(target: Sink, name: str, descriptor: int) -> threading.Thread:
    """Hand what comes by a pipe to the call."""

    def read() -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with suppress(OSError), os.fdopen(descriptor, "rb", buffering=0) as file:
            while content := file.read(65_536):
                target.write(name, decoder.decode(content))

    thread = threading.Thread(target=read, name="flowbook-output", daemon=True)
    thread.start()
    return thread


def exits_of_call(module: ModuleType) -> Undo:
    """Have ``os._exit`` end the call and not the process of the run, which would end as if it had succeeded; ``module``
    is ``os``. What is forked off ends as it says.
    """
    run = os.getpid()

    def make(original: Any) -> Any:
        def _exit(status: Any) -> None:
            if sink.get() is None or os.getpid() != run:
                original(status)
            raise Ended(status)

        return _exit

    return replaced(module, "_exit", make)


def commands_of_call(module: ModuleType) -> Undo:
    """Have ``os.system`` of a call go by ``subprocess``; ``module`` is ``os``."""

    def make(original: Any) -> Any:
        def system(command: Any) -> int:
            if sink.get() is None:
                return int(original(command))
            import subprocess

            status = subprocess.call(command, shell=True)  # noqa: S602 - what was asked for
            if os.name != "posix":
                return status
            return status << 8 if status >= 0 else -status  # as wait() gives it

        return system

    return replaced(module, "system", make)
