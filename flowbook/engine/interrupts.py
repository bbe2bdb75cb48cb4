"""Ctrl-C for a run in the main thread: it cancels the run, wherever the interpreter happens to be.

A KeyboardInterrupt can be raised inside a callback of the interpreter's own, where it is printed and lost. So while a
run goes on, the signal starts a thread that cancels it (the handler itself may take no lock).
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_kept(*, raised: bool = False) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Have Ctrl-C inside the block wait until it is said what it calls: by what the block is given.

    For what is recorded as going on before there is a run to cancel. Pressed once more before that it is raised at
    once, as ever; with ``raised`` it is raised after the block too, when it has called what it calls.
    Changes nothing in other threads, or where somebody handles it.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda call: None
        return
    calls: list[Callable[[], None]] = []
    pressed: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        pressed.append(number)
        if calls:
            threading.Thread(target=calls[0], name="flowbook-cancel", daemon=True).start()
        elif len(pressed) > 1:
            raise KeyboardInterrupt

    def say(call: Callable[[], None]) -> None:
        calls.append(call)
        if pressed:
            call()

    signal.signal(signal.SIGINT, handle)
    try:
        yield say
        if pressed and (raised or not calls):
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def interrupt_calls(cancel: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call ``cancel`` inside the block. Changes nothing in other threads, or where somebody handles it."""
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=cancel, name="flowbook-cancel", daemon=True).start()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
