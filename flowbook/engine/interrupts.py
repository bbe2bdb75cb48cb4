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
