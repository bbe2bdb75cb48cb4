"""Sends what a node prints and displays to that node, however many run at once.

While a run goes on (:mod:`flowbook.calling.in_place`), ``sys.stdout`` and ``sys.stderr`` are routers: a write goes to
the sink of the context that it comes from (a ContextVar set around each call), and to the stream that was there before
when there is none.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TextIO


class Sink(Protocol):
    """Where a call's output goes."""

    def write(self, stream: str, text: str) -> None:
        """Take text printed to "stdout" or "stderr"."""

    def display(self, bundle: dict[str, Any]) -> None:
        """Take a rich display: MIME type → content."""

    def traceback(self, text: str, raised: dict[str, str]) -> None:
        """Take the traceback of an exception, and what it was: {"ename", "evalue"}, as a notebook names them."""


sink: ContextVar[Sink | None] = ContextVar("flowbook_sink", default=None)


class Router:
    """A text stream that writes to the current sink, else to the stream it stands in front of."""

    def __init__(self, name: str, behind: TextIO) -> None:
        self._flowbook_name = name
        self.behind = behind

    def write(self, text: str) -> int:
        """Write to the current sink, else to the stream behind."""
        target = sink.get()
        if target is None:
            return self.behind.write(text)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        target.write(self._flowbook_name, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each of ``lines``."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream behind; a sink flushes by itself."""
        if sink.get() is None:
            self.behind.flush()

    @property
    def buffer(self) -> Any:
        """What takes bytes: they are the current sink's, too, which hides secrets in them."""
        target = sink.get()
        return self.behind.buffer if target is None else _Bytes(target, self._flowbook_name)

    def isatty(self) -> bool:
        """A node's output is no terminal."""
        return sink.get() is None and self.behind.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)


_decoders: ContextVar[tuple[Sink, dict[str, codecs.IncrementalDecoder]] | None] = ContextVar("decoders", default=None)


class _Bytes(io.RawIOBase):
    """Hands the bytes that a call writes to its sink, as text; one letter may come in two pieces."""

    def __init__(self, target: Sink, name: str) -> None:
        self._target = target
        self._name = name

    def writable(self) -> bool:
        """It is there for nothing else."""
        return True

    def write(self, content: Any) -> int:
        """Decode a piece and hand it on."""
        known = _decoders.get()
        if known is None or known[0] is not self._target:
            known = (self._target, {})
            _decoders.set(known)
        decoder = known[1].setdefault(self._name, codecs.getincrementaldecoder("utf-8")("replace"))
        piece = bytes(content)
        self._target.write(self._name, decoder.decode(piece))
        return len(piece)


@contextmanager
def displays_to_sink() -> Iterator[None]:
    """Send what a kernel would take as rich displays of this thread to the current sink; nothing to do without one.

    A kernel's display hooks are kept per thread, so each worker registers its own. Where there is no kernel,
    :mod:`flowbook.calling.displays` does it.
    """
    unregister = _register_display_hook()
    try:
        yield
    finally:
        unregister()


def kernel_publisher() -> Any | None:
    """What publishes the displays of the kernel that this process is; None when it is none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    publisher = getattr(shell, "display_pub", None)
    return publisher if hasattr(publisher, "register_hook") else None


def _register_display_hook() -> Callable[[], None]:
    publisher = kernel_publisher()
    if publisher is None:
        return lambda: None

    def hook(message: dict[str, Any]) -> dict[str, Any] | None:
        target = sink.get()
        if target is None or message.get("msg_type") not in ("display_data", "update_display_data"):
            return message
        target.display(dict(message.get("content", {}).get("data", {})))
        return None

    publisher.register_hook(hook)
    return lambda: publisher.unregister_hook(hook)
