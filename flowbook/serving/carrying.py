"""Carries out what was asked for: looks what is due, takes what waits, and goes on with what a killed server left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from flowbook.errors import AlreadyRunning, FlowbookError, NotFound, RunCancelled, RunHeld, StoreError
from flowbook.serving.logs import Log
from flowbook.serving.metrics import Metrics
from flowbook.triggers import Queued
from flowbook.workspace import Run, Workspace

POLL_SECONDS = 0.5
"""How often is looked for what is due and what others have queued; what comes to this server is begun at once."""
APART_SECONDS = 0.01
"""So far apart runs begin while requests wait to be taken in: whoever sends one waits for its answer."""
LEFT_SECONDS = 5.0
"""How often is looked for what servers that are gone have left behind."""
AGAIN_SECONDS = 1.0
"""After how long is tried again what could not begin just now."""
FORGET_SECONDS = 3600.0
KEPT_SECONDS = 30 * 86400.0
"""For how long is known what became of what was asked for, and which deliveries came."""
TIMES_KEPT_SECONDS = 400 * 86400.0
MOST_ATTEMPTS = 3
"""A run that was interrupted so often is not begun again by itself: it may be what ends its servers."""
HANDED_ON = "handed on"
LEFT = "left"
"""Said of a run that a server had taken which is gone: what keeps its turn for a while may be that server itself."""
_CODES = {"succeeded": 0, "failed": 1, "cancelled": 130, "interrupted": 1}
_BUG = 70


class Carrier:
    """Carries out what was asked for of a workspace, up to ``at_once`` runs at a time; ``now`` is the clock.

    ``busy`` says whether requests wait to be taken in: runs begin slower then.
    """

    def __init__(
        self, ws: Workspace, log: Log, metrics: Metrics, *, now: Callable[[], float] = time.time, at_once: int = 4,
        busy: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._ws, self._log, self._metrics, self._now = ws, log, metrics, now
        self._at_once, self._busy = at_once, busy
        self._queue = ws.queue
        self._lock = threading.Lock()
        self._wakes = threading.Event()
        self._stopping = False
        self._handing_on = False
        self._going: dict[str, Run | None] = {}
        self._later: dict[str, float] = {}
        self._mine: list[Queued] = []
        self._looked_due = self._looked_left = self._forgot = self._took = float("-inf")
        self._over = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._work, name="flowbook-serve", daemon=True)
        self._looked_at = time.monotonic()

    # -- begin and end ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something was asked for."""
        self._wakes.set()

    def stop(self, patience: float) -> None:
        """Take nothing more, wait for what goes on, and hand on what is not over after ``patience`` seconds.

        What is handed on was told to stop, and the next server goes on with it.
        """
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._over.wait_for(lambda: not self._going, patience)
            self._handing_on, left = True, list(self._going.items())
        for id, run in left:
            self._log("run_handed_on", run=id, level="warning")
            if run is not None:
                run.cancel()
        with self._lock:
            self._over.wait_for(lambda: not self._going, 10)
        self._queue.close()

    def hurry(self) -> None:
        """End the patience of :meth:`stop`."""
        with self._lock:
            self._handing_on = True
            runs = [run for run in self._going.values() if run is not None]
        for run in runs:
            run.cancel()

    def stuck_for(self) -> float:
        """For how many seconds nothing was looked for."""
        return time.monotonic() - self._looked_at

    @property
    def going(self) -> int:
        """How many runs go on here."""
        return len(self._going)

    # -- the loop --------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping:
            self._wakes.clear()
            waits = POLL_SECONDS
            try:
                if time.monotonic() - self._looked_due >= POLL_SECONDS:
                    self._look()
                    self._looked_due = time.monotonic()
                waits = min(self._take(), max(0.0, self._looked_due + POLL_SECONDS - time.monotonic()))
                self._looked_at = time.monotonic()
            except FlowbookError as error:
                self._looked_left = float("-inf")  # it may have taken effect
                self._metrics.count("flowbook_faults_total")
                self._log("store_failed", level="error", message=str(error))
                self._wakes.wait(AGAIN_SECONDS)
            except Exception as error:  # noqa: BLE001 - a server goes on, and says what is wrong
                self._metrics.count("flowbook_faults_total")
                self._log("bug", level="error", kind=type(error).__name__, message=str(error))
                self._wakes.wait(AGAIN_SECONDS)
            self._wakes.wait(waits)

    def _look(self) -> None:
        if time.monotonic() - self._looked_left >= LEFT_SECONDS:
            self._looked_left = time.monotonic()
            self._see_to_what_was_left()
        now = self._now()
        for fired in self._ws.schedules.fire(now):
            self._metrics.count("flowbook_times_total", how=fired.how)
            self._log(
                f"schedule_{fired.how}", schedule=fired.schedule, workflow=fired.workflow, run=fired.run,
                late_seconds=round(now - fired.due_at, 3),
            )  # fmt: skip
        if time.monotonic() - self._forgot >= FORGET_SECONDS:
            self._forgot = time.monotonic()
            self._queue.forget(now - KEPT_SECONDS)
            self._ws.hooks.forget(now - KEPT_SECONDS)
            self._ws.schedules.forget(now - TIMES_KEPT_SECONDS)

    def _take(self) -> float:
        """Begin what may begin now; in how many seconds there may be more."""
        while self.going < self._at_once and not self._stopping:
            began = time.monotonic()
            if self._busy() and began < self._took + APART_SECONDS:
                return APART_SECONDS
            self._later = {run: until for run, until in self._later.items() if until > began}
            queued = self._queue.take(list(self._later))
            if queued is None:
                break
            self._took = began
            self._in_thread(queued, self._begin)
        return POLL_SECONDS

    def _in_thread(self, queued: Queued, how: Callable[[Queued], Run]) -> None:
        with self._lock:
            self._going[queued.run] = None
        name = f"flowbook-carries-{queued.run[-8:]}"
        threading.Thread(target=self._carry_out, args=(queued, how), name=name, daemon=True).start()

    # -- one run ---------------------------------------------------------------------------------------------------

    def _carry_out(self, queued: Queued, how: Callable[[Queued], Run]) -> None:
        try:
            self._try(queued, how)
        except FlowbookError as error:  # it is still this server's: the next look at what is left tells
            self._log("store_failed", level="error", run=queued.run, message=str(error))
            self._look_again_at(queued)
        finally:
            with self._lock:
                self._going.pop(queued.run, None)
                self._over.notify_all()
            self.wake()

    def _try(self, queued: Queued, how: Callable[[Queued], Run]) -> None:
        try:
            with self._turn(queued):
                run = how(queued)
                with self._lock:
                    self._going[queued.run] = run
                    handing_on = self._handing_on
                if handing_on:
                    run.cancel()
                run.wait()
        except AlreadyRunning as error:
            if queued.outcome == LEFT:
                self._log("run_waits", run=queued.run, workflow=queued.workflow, message=error.message)
            if how == self._resume:
                self._look_again_at(queued)
            elif queued.if_running == "skip" and queued.outcome != LEFT:
                self._end(queued, "skipped", 0, error.message)
            else:
                self._put_back(queued)
        except RunHeld as error:
            self._end(queued, "held", error.exit_code, str(error))
        except RunCancelled as error:  # it did not begin
            self._log("run_waits", level="warning", run=queued.run, workflow=queued.workflow, message=str(error))
            self._put_back(queued)
        except StoreError as error:  # whether its beginning was recorded, the history tells once it can be asked
            self._log("run_waits", level="warning", run=queued.run, workflow=queued.workflow, message=str(error))
            self._look_again_at(queued)
        except FlowbookError as error:
            self._end(queued, "refused", error.exit_code, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is: it is said, and the server goes on
            self._end(queued, "refused", _BUG, f"Flowbook itself failed: {type(error).__name__}. This is a bug.")
        else:
            self._settle(queued, run)

    def _settle(self, queued: Queued, run: Run) -> None:
        """Say how a run ended that is over."""
        if self._handing_on and run.status == "cancelled":
            self._queue.hand_on(queued.run, HANDED_ON)
        elif run.problems:  # what could not be recorded is not known to anybody else: the history tells what is
            self._log("run_unrecorded", level="warning", run=queued.run, message=run.problems[0])
            self._look_again_at(queued)
        else:
            self._end(queued, run.status, _CODES[run.status], run.message, run.seconds)

    def _turn(self, queued: Queued) -> AbstractContextManager[None]:
        """What a schedule says of other runs of its workflow; also those that a person has started."""
        return self._ws.turn(queued.workflow) if queued.schedule is not None else nullcontext()

    def _begin(self, queued: Queued) -> Run:
        run = self._ws.start_queued(queued)
        waited = max(0.0, self._now() - queued.queued_at)
        self._metrics.count("flowbook_start_seconds_sum", waited)
        self._metrics.count("flowbook_start_seconds_count")
        self._log("run_began", run=queued.run, workflow=queued.workflow, source=queued.source, waited=round(waited, 3))
        return run

    def _resume(self, queued: Queued) -> Run:
        run = self._ws.start_resuming(queued.run)
        self._log("run_resumed", run=queued.run, workflow=queued.workflow, source=queued.source, attempt=run.attempt)
        return run

    def _look_again_at(self, queued: Queued) -> None:
        """See to a run that is this server's when what is left is looked at the next time."""
        with self._lock:
            self._mine.append(queued)

    def _put_back(self, queued: Queued) -> None:
        self._later[queued.run] = time.monotonic() + AGAIN_SECONDS
        self._queue.give_back(queued.run)

    def _end(self, queued: Queued, outcome: str, code: int, message: str, seconds: float | None = None) -> None:
        self._queue.end(queued.run, outcome, code, message, self._now())
        self._metrics.count("flowbook_runs_total", source=queued.source.partition(" ")[0], status=outcome)
        self._log(
            "run_ended", level="info" if code == 0 else "warning", run=queued.run, workflow=queued.workflow,
            source=queued.source, status=outcome, code=code, message=message,
            seconds=None if seconds is None else round(seconds, 3),
        )  # fmt: skip

    # -- what was left ---------------------------------------------------------------------------------------------

    def _see_to_what_was_left(self) -> None:
        self._queue.left_behind()
        held = self._queue.held()
        with self._lock:
            known, self._mine = {one.run: one for one in self._mine}, []
            # What it does not carry is another's that is gone, or was taken as the database broke off its answer.
            mine = [known.get(one.run, one) for one in held if one.run not in self._going]
        while mine:
            try:
                if self._adopt(mine[0]):
                    mine.pop(0)
                    continue
            except FlowbookError:
                for queued in mine:
                    self._look_again_at(queued)
                raise
            self._look_again_at(mine.pop(0))

    def _adopt(self, queued: Queued) -> bool:
        """See to a run that a server had taken which is gone; False when it has to be looked at again."""
        if not self._queue.holds(queued.run):
            return True  # it is another server's, as this one was silent for too long
        try:
            summary = self._ws.run_record(queued.run).summary
        except NotFound:
            self._queue.give_back(queued.run, LEFT)  # it had not begun
            self._log("run_taken_over", run=queued.run, workflow=queued.workflow)
            return True
        if summary.status == "running":
            return False
        handed_on = summary.status == "cancelled" and queued.outcome == HANDED_ON
        if not handed_on and summary.status != "interrupted":
            self._end(queued, summary.status, _CODES.get(summary.status, 1), summary.message, summary.seconds)
        elif summary.attempt >= MOST_ATTEMPTS and not handed_on:
            message = f"its server ended {summary.attempt} times while it ran. Go on with it by hand."
            self._end(queued, summary.status, 1, message)
        else:
            self._in_thread(queued, self._resume)
        return True
