"""One call of a task: its context, its output, its exception, its result."""

from __future__ import annotations

import base64
import contextvars
import inspect
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from flowbook.engine.outcome import Redact
from flowbook.engine.routing import sink
from flowbook.errors import FlowbookError
from flowbook.plan import PlannedNode
from flowbook.results import Cause
from flowbook.tasks import Context, Result, check_result, failure_of
from flowbook.tasks.context import _current
from flowbook.tasks.contract import well_formed
from flowbook.tasks.stop import Stop

FLUSH_SECONDS = 0.1
FLUSH_CHARACTERS = 16_384
OUTPUT_LIMIT = 1_000_000
DISPLAY_LIMIT = 5_000_000


class Output:
    """What one call prints and displays: redacted, in few pieces, and no more than a limit.

    Whole lines are emitted as they come, at most every 0.1 s (``later`` asks for the flush that is then due); a piece
    of a line is held back until it is long enough that no secret can stand across its end.
    """

    __slots__ = (
        "_emit",
        "_flushed",
        "_held",
        "_later",
        "_lock",
        "_redact",
        "_room",
        "_room_display",
        "_waiting",
    )

    def __init__(
        self,
        emit: Callable[[str, str, dict[str, Any] | None], None],
        redact: Redact,
        later: Callable[[Output], None],
    ) -> None:
        self._emit = emit
        self._redact = redact
        self._later = later
        self._lock = threading.Lock()
        self._held: dict[str, list[str]] = {}
        self._flushed = 0.0
        self._room = OUTPUT_LIMIT
        self._room_display = DISPLAY_LIMIT
        self._waiting = False

    def write(self, stream: str, text: str) -> None:
        """Take text printed to ``stream``."""
        if not text:
            return
        with self._lock:
            if self._room <= 0:
                return
            self._room -= len(text)
            held = self._held.setdefault(stream, [])
            held.append(text if text.isascii() else well_formed(text))
            if self._room <= 0:
                held.append(f"\n[output cut: more than {OUTPUT_LIMIT:,} characters]\n")
            now = time.monotonic()
            quiet = now - self._flushed >= FLUSH_SECONDS and "\n" in text
            due = quiet or sum(map(len, held)) >= FLUSH_CHARACTERS
            ask = not due and not self._waiting
            if due:
                self._flush(now)
            elif ask:
                self._waiting = True
        if ask:
            self._later(self)

    def display(self, bundle: dict[str, Any]) -> None:
        """Take a rich display (MIME type → content)."""
        with self._lock:
            self._flush(time.monotonic())
            self._room_display -= sum(map(_size, bundle.values()))
            if self._room_display < 0:
                plain = str(bundle.get("text/plain", ""))[:1000]
                bundle = {"text/plain": f"{plain}\n[display left out: more than {DISPLAY_LIMIT:,} bytes]"}
            clean = {kind: self._clean(kind, content) for kind, content in bundle.items()}
            self._emit("display", str(clean.get("text/plain", "")), clean)

    def _clean(self, kind: str, content: Any) -> Any:
        """Content without secrets, bytes as base64 as in a notebook; in base64 of a picture none can be seen."""
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode("ascii")
        if not isinstance(content, str):
            return self._redact.redact_json(content)
        return content if kind.startswith("image/p") else self._redact(well_formed(content))

    def traceback(self, text: str) -> None:
        """Take a traceback."""
        with self._lock:
            self._flush(time.monotonic(), everything=True)
            self._emit("traceback", self._redact(well_formed(text)), None)

    def flush(self, *, everything: bool = False) -> None:
        """Emit what is held back; ``everything`` also the end of an unfinished line."""
        if not self._held:
            return
        with self._lock:
            self._waiting = False
            self._flush(time.monotonic(), everything=everything)

    def _flush(self, now: float, *, everything: bool = False) -> None:
        self._flushed = now
        for stream, pieces in self._held.items():
            if not pieces:
                continue
            text = "".join(pieces)
            end = len(text) if everything else self._safe_end(text)
            if end:
                self._held[stream] = [text[end:]] if end < len(text) else []
                self._emit(stream, self._redact(text[:end]), None)
            else:
                self._held[stream] = [text]

    def _safe_end(self, text: str) -> int:
        """Up to where no secret can go on in text still to come."""
        longest = self._redact.longest
        if not longest:
            return len(text)
        # The redactor also knows the single lines of a secret of several lines, so a line's end is always safe.
        return max(len(text) - longest + 1, text.rfind("\n") + 1, text.rfind("\r") + 1)


def _size(content: Any) -> int:
    """The characters of a display's content, also of the texts inside of JSON."""
    if isinstance(content, (str, bytes, bytearray)):
        return len(content)
    if isinstance(content, dict):
        return sum(_size(key) + _size(value) for key, value in content.items())
    return sum(map(_size, content)) if isinstance(content, (list, tuple)) else 1


class Call:
    """One attempt at a node's task.

    ``done`` once it returned in time, ``abandoned`` once the run no longer waits for it, ``muted`` once what it prints
    is no longer taken. ``cause`` says why it ended as it did.
    """

    __slots__ = ("abandoned", "attempt", "cause", "done", "index", "muted", "node", "output", "stop")

    def __init__(self, node: PlannedNode, attempt: int, index: int | None, stop: Stop) -> None:
        self.node = node
        self.attempt = attempt
        self.index = index
        self.stop = stop
        self.abandoned = False
        self.done = False
        self.muted = False
        self.cause = Cause.RETURNED
        self.output: Output | None = None

    def tell_to_stop(self) -> None:
        """Tell the task: ``current().cancelled`` becomes true, and a coroutine is cancelled."""
        self.stop.set()

    def flush(self) -> None:
        """Let what it has printed so far go out."""
        if self.output is not None:
            self.output.flush(everything=True)

    def make(self, credentials: dict[str, Any], params: dict[str, Any], context: Context) -> Result:
        """Call the task; whatever it does comes back as a result, its traceback in the output."""
        return contextvars.copy_context().run(self._make, credentials, params, context)

    def _make(self, credentials: dict[str, Any], params: dict[str, Any], context: Context) -> Result:
        spec = self.node.spec
        _current.set(context)
        sink.set(self.output)
        try:
            arguments = spec.signature.arguments(credentials, params)
            returned = spec.function(*arguments)
            if inspect.isawaitable(returned):
                returned = self._await(returned)
            return check_result(spec.name, returned)
        except FlowbookError as error:
            self.cause = Cause.RAISED
            return failure_of(error)
        except BaseException as error:  # noqa: BLE001 - a task may raise anything; it ends as a failed result
            self.cause = Cause.RAISED
            if self.stop.is_set() and type(error).__name__ == "CancelledError":
                return Result.failed("the task was told to stop")
            if self.output is not None:
                self.output.traceback(traceback_of(error))
            failed = failure_of(error)
            traceback.clear_frames(error.__traceback__)
            return failed

    def _await(self, awaitable: Any) -> Any:
        import asyncio

        loop = asyncio.new_event_loop()
        try:
            task = asyncio.ensure_future(awaitable, loop=loop)

            def cancel() -> None:
                loop.call_soon_threadsafe(task.cancel)

            self.stop.add(cancel)
            try:
                return loop.run_until_complete(task)
            finally:
                self.stop.remove(cancel)
        finally:
            try:
                loop.run_until_complete(loop.shutdown_asyncgens())
            finally:
                loop.close()


_OWN_FOLDERS = (PurePath(__file__).parent, PurePath(__file__).parent.parent / "tasks")


def traceback_of(error: BaseException) -> str:
    """The traceback as text, without the engine's own frames and without locals."""
    described = traceback.TracebackException.from_exception(error, capture_locals=False)
    own = 0
    for frame in described.stack:
        if PurePath(frame.filename).parent not in _OWN_FOLDERS:
            break
        own += 1
    described.stack = traceback.StackSummary.from_list(list(described.stack)[own:])
    return "".join(described.format())
