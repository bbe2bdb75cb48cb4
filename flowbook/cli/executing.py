"""Executes a notebook cell by cell in a kernel of its own, tells what happens, and can be interrupted."""

from __future__ import annotations

import asyncio
import atexit
import logging
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO, Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbclient.util import ensure_async

from flowbook.view.statuses import appearance
from flowbook.view.wording import duration, first_line

Say = Callable[[str], None]
CODE_SHOWN = 90
IOPUB_TIMEOUT = 60  # seconds that the last outputs of a cell may take; after 4, nbclient goes on without them


class Execution:
    """The execution of one notebook; ``finished`` once all cells succeeded, ``cancelled`` once somebody asked for it.

    ``say`` gets a line for whatever happens, ``keep`` is called after each cell, with its outputs in the notebook.
    """

    def __init__(self, notebook: nbformat.NotebookNode, say: Say, keep: Callable[[], None]) -> None:
        self.cancelled = self.finished = False
        self.stopped_at = 0  # the place of the cell that is executed, or was the last
        self.last_words = (
            ""  # what the process of a kernel that died, or did not start, wrote beside the cells' outputs
        )
        self._notebook, self._keep = notebook, keep
        self._client = _Client(notebook, say)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._failure: BaseException | None = None
        self._over = threading.Event()

    def run(self, folder: str, environment: dict[str, str]) -> dict[str, Any] | None:
        """Execute the cells in ``folder``; the error output that stopped it, if one did.

        Ctrl-C interrupts the kernel, so that a run there is cancelled. Raises NoSuchKernel, DeadKernelError, and what
        ``keep`` raises.
        """
        # In a thread of its own: there nbclient leaves signals alone, which it would answer by killing the kernel.
        threading.Thread(target=self._work, args=(folder, environment), daemon=True).start()
        while not self._over.is_set():
            try:
                self._over.wait(0.5)  # a wait without an end cannot be interrupted on Windows
            except KeyboardInterrupt:
                self._interrupt()
        if isinstance(self._failure, CellExecutionError):
            return _error_of(self._notebook.cells[self.stopped_at], self._failure)
        if self._failure is not None and not self.cancelled:
            raise self._failure
        return None

    def _work(self, folder: str, environment: dict[str, str]) -> None:
        try:
            # Not this process's own streams: what a kernel says as it starts and ends is no output of the command.
            with tempfile.TemporaryFile() as words:
                try:
                    asyncio.run(self._execute(folder, environment, words))
                except RuntimeError:  # of which DeadKernelError is one, and what tells of a kernel that did not start
                    words.seek(0)
                    self.last_words = words.read().decode(errors="replace").strip()
                    raise
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - raised again in the thread that waits
            self._failure = error
        finally:
            atexit.unregister(self._client._cleanup_kernel)  # which nbclient leaves behind when none started
            self._over.set()

    async def _execute(self, folder: str, environment: dict[str, str], words: IO[bytes]) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        client, codes = self._client, code_cells(self._notebook)
        client.reset_execution_trackers()
        async with client.async_setup_kernel(cwd=folder, env=environment, stdout=words, stderr=words):
            for place, index in enumerate(codes, 1):
                if self.cancelled:
                    raise asyncio.CancelledError
                self.stopped_at = index
                client.prefix = f"[{place}/{len(codes)}]"
                try:
                    await self._execute_cell(index)
                finally:
                    self._keep()
            client.set_widgets_metadata()
            self.finished = True

    async def _execute_cell(self, index: int) -> None:
        cell, began = self._notebook.cells[index], time.monotonic()
        self._client.tell(_first_code(cell.source))
        try:
            await self._client.async_execute_cell(cell, index, execution_count=self._client.code_cells_executed + 1)
        except (CellExecutionError, DeadKernelError):
            self._client.tell(f"failed in {duration(time.monotonic() - began)}")
            raise
        self._client.tell(f"succeeded in {duration(time.monotonic() - began)}")

    def _interrupt(self) -> None:
        """The first time the kernel is asked to stop; when it does not heed, the second time all is over."""
        if self._task is None or self._loop is None or self._loop.is_closed():
            return
        again, self.cancelled = self.cancelled, True
        if again or self._client.kc is None or self._client.km is None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        else:
            asyncio.run_coroutine_threadsafe(ensure_async(self._client.km.interrupt_kernel()), self._loop)


class _Client(NotebookClient):
    """Tells what cells print, and which nodes of a run in them have ended, while they are executed."""

    def __init__(self, notebook: nbformat.NotebookNode, say: Say) -> None:
        super().__init__(notebook, timeout=None, coalesce_streams=True, iopub_timeout=IOPUB_TIMEOUT, log=_nowhere())
        self.extra_arguments = ["--IPKernelApp.log_level=40"]  # else it warns of its transport each time
        self.prefix = ""
        self._say = say
        self._begun = ""

    def tell(self, text: str) -> None:
        """Say a line about the cell that is being executed."""
        if self._begun:
            rest, self._begun = self._begun, ""
            self._say(f"{self.prefix} | {rest}")
        self._say(f"{self.prefix} {text}")

    def process_message(self, msg: dict[str, Any], cell: nbformat.NotebookNode, cell_index: int) -> Any:
        """What nbclient calls with each message of the kernel about the cell."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "stream":
            *lines, self._begun = (self._begun + content["text"]).split("\n")
            for line in lines:
                self._say(f"{self.prefix} | {line}")
        elif kind in ("display_data", "update_display_data"):
            # The nodes of a run that is displayed and kept up to date (flowbook.workspace.notebook).
            for ended in content.get("transient", {}).get("flowbook", ()):
                self._tell_node(**ended)
        return super().process_message(msg, cell, cell_index)

    def _tell_node(self, node: str, status: str, message: str, seconds: float | None) -> None:
        took = "" if seconds is None else duration(seconds)
        words = (appearance(status).mark, node, status, took, first_line(message))
        self._say(f"{self.prefix} {' '.join(word for word in words if word)}")


def _nowhere() -> logging.Logger:
    """Where nbclient and jupyter_client log what they also raise."""
    logger = logging.getLogger("flowbook.notebook")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger


def code_cells(notebook: nbformat.NotebookNode) -> list[int]:
    """The places of the cells that there is something to execute in."""
    return [place for place, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()]


def _first_code(source: str) -> str:
    """The first line of a cell that says what it does."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    line = next((line for line in lines if not line.startswith(("#", "import ", "from "))), lines[0])
    return line if len(line) <= CODE_SHOWN else line[: CODE_SHOWN - 1] + "…"


def _error_of(cell: nbformat.NotebookNode, failure: CellExecutionError) -> dict[str, Any]:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return dict(errors[-1]) if errors else {"ename": failure.ename, "evalue": failure.evalue}
