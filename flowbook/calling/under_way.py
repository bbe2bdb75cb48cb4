"""A batch of calls under way on a cluster, in the thread that waits for it."""

from __future__ import annotations

import functools
import queue
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from flowbook.calling import there
from flowbook.calling.caller import Call, Ended
from flowbook.calling.hearing import Hearing
from flowbook.calling.order import UNCALLED, Answer, Order
from flowbook.calling.staying import Staying
from flowbook.calling.working import refused
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec

LAST_WORDS_SECONDS = 10.0
"""How long what was told may come after the end of the task that told it."""
SILENT_SECONDS = (5.0, 30.0)
"""After how long without a word it is asked whether there are workers at all: the first time, and then."""
_RESUME = "resume the run once its scheduler runs again"
_MAY_HAVE = "; what it was doing may have taken effect"


class Cluster(Protocol):
    """What a batch needs of the cluster that it is sent to."""

    def submit(self, batch: there.Batch, needs: Sequence[Staying]) -> Any:
        """The future of a batch."""

    def grant(self, public: bytes, credentials: Sequence[dict[str, Any]]) -> bytes:
        """What a worker needs to begin, for its key alone."""

    def answer(self, worker: str, id: str, box: bytes | None) -> None:
        """Grant a batch what it asked for, or not (None)."""

    def reply(self, worker: str, id: str, content: bytes) -> None:
        """Answer what a call of a batch asked, sealed."""

    def tell_to_stop(self, id: str) -> None:
        """Tell the calls of a batch to stop, wherever they are."""

    def opened(self, box: bytes) -> list[bytes]:
        """The messages that a worker sealed."""

    def settled(self, answer: Answer, future: Any) -> Answer:
        """An answer with its data, or with what stands for it where it stays."""

    def without_workers(self) -> str:
        """What to say to who waits when no worker is there; empty when there are some."""


class UnderWay:
    """A batch under way, in the thread that waits for it."""

    def __init__(
        self, cluster: Cluster, batch: there.Batch, needs: Sequence[Staying],
        calls: Sequence[tuple[Order, Call]], ended: Ended, inbox: queue.SimpleQueue[tuple[Any, ...]],
    ) -> None:  # fmt: skip
        self._cluster = cluster
        self._batch = batch
        self._needs = needs
        self._calls = calls
        self._inbox = inbox
        self._writes = any(call.spec.effects == "write" for _, call in calls)
        self._granted = False
        self._along = calls[-1][0].along
        self._turn = b""
        self._ended = ended
        self._hearing = Hearing([call for _, call in calls], self._pass_on, "", self._reply)
        self._future: Any = None

    def _reply(self, worker: str, content: bytes) -> None:
        self._cluster.reply(worker, self._batch.id, content)

    def _pass_on(self, place: int, answer: Answer | None) -> None:
        if answer is not None and answer.missing:
            answer = _lacking(answer)
        self._ended(place, None if answer is None else self._cluster.settled(answer, self._future))

    def wait(self) -> None:
        """Send it, and wait until all of its calls have ended."""
        stops = list({id(call.stop): call.stop for _, call in self._calls}.values())

        def tell() -> None:
            self._inbox.put(("stopped", "", None))
            self._cluster.tell_to_stop(self._batch.id)

        for _, call in self._calls:
            call.when_let_go(lambda: self._inbox.put(("let go", "", None)))
        try:
            self._future = self._cluster.submit(self._batch, self._needs)
        except Exception as error:  # noqa: BLE001 - the connection to the cluster may fail in any way
            gone = refused(f"not called: the cluster is gone: {error}; {_RESUME}")
            self._hearing.lose(lambda spec: gone)
            return
        self._future.add_done_callback(lambda future: self._inbox.put(("done", "", None)))
        for one in stops:
            one.add(tell)
        try:
            while self._hearing.open:
                kind, worker, content = self._heard()
                getattr(self, f"_on_{kind.replace(' ', '_')}")(worker, content)
        finally:
            for one in stops:
                one.remove(tell)
            self._future = None  # what is kept of it is held by the data that stays: Dask forgets the rest

    def _heard(self) -> tuple[Any, ...]:
        """What is told next. Who waits because there are no workers is told of that, once."""
        patience, later = SILENT_SECONDS
        while True:
            try:
                return self._inbox.get(timeout=patience)
            except queue.Empty:
                patience = later
            if said := self._cluster.without_workers():
                self._calls[min(self._hearing.open)][1].write("stderr", said)
                return self._inbox.get()

    def _on_said(self, worker: str, content: tuple[bytes, bytes]) -> None:
        turn, box = content
        again, self._turn = self._turn not in (b"", turn), turn
        if again and self._along and len(self._hearing.open) < len(self._calls):
            self._cluster.tell_to_stop(self._batch.id)  # what is known of some may not be what the others see this time
            self._all_back()
            return
        self._hearing.worker = worker
        for message in self._cluster.opened(box):
            self._hearing.take(message)

    def _on_ask(self, worker: str, public: bytes) -> None:
        """Grant it; but what writes once only: whoever asks again does so since the one who was granted it is lost."""
        again, self._granted = self._granted, True
        if again and self._writes:
            self._cluster.answer(worker, self._batch.id, None)
            self._lose("its worker was lost before the task returned")
            return
        credentials = [order.credentials for order, _ in self._calls] if self._batch.asks else []
        self._cluster.answer(worker, self._batch.id, self._cluster.grant(public, credentials))

    def _on_refused(self, worker: str, versions: tuple[str, str]) -> None:
        ours = there.versions()
        why = (
            f"not called: the worker {worker} has Python {versions[0]} and Flowbook {versions[1]}, here are {ours[0]}"
            f" and {ours[1]}. Start the workers in an environment like this one"
        )
        for place in sorted(self._hearing.open):
            self._hearing.end(place, refused(why))

    def _on_stopped(self, worker: str, content: None) -> None:
        """It is to stop: what was to be granted, and was not yet, never begins."""
        if self._granted or not self._batch.asks:
            return
        with suppress(Exception):
            self._future.cancel()
        for place in sorted(self._hearing.open):
            self._hearing.end(place, UNCALLED)

    def _on_let_go(self, worker: str, content: None) -> None:
        """Nobody waits for it any more: what has not begun never will."""
        self._cluster.tell_to_stop(self._batch.id)
        with suppress(Exception):
            self._future.cancel()
        for place in sorted(self._hearing.open):
            self._hearing.end(place, refused("nobody waits for it"))

    def _on_done(self, worker: str, content: None) -> None:
        """The cluster has no more of it: well, or not."""
        status = self._future.status
        while self._hearing.open and status == "finished":
            try:
                kind, worker, content = self._inbox.get(timeout=LAST_WORDS_SECONDS)
            except queue.Empty:
                break
            getattr(self, f"_on_{kind.replace(' ', '_')}")(worker, content)
        if self._hearing.open:
            self._lose(self._why(status))

    def _why(self, status: str) -> str:
        if status != "error":
            return f"the cluster is gone, or gave it up ({status}); {_RESUME}"
        error = self._future.exception()
        if isinstance(error, there.NotGranted):
            return "data that it needs was lost with its worker, and what made it is not done a second time"
        if type(error).__name__ == "KilledWorker":
            return "its worker was lost before the task returned, and so were others that took it up"
        return f"its worker could not make it: {type(error).__name__}: {error}"

    def _all_back(self) -> None:
        """Have made what has not ended, beginning with the first, by itself."""
        for place in sorted(self._hearing.open):
            self._hearing.end(place, None)

    def _lose(self, why: str) -> None:
        """Nothing comes any more; what was granted, or could begin without, may have begun.

        Of calls that go along with each other it shows whose fault it was when they go alone: they only read.
        """
        if self._along and len(self._hearing.open) > 1:
            self._all_back()
        for place in range(len(self._calls)):
            self._hearing.began(place)
        self._hearing.lose(functools.partial(_lost, why, self._granted))


def _lacking(answer: Answer) -> Answer:
    """With what to do about a library that a worker has not."""
    result = answer.result
    remedy = f"Install it where the worker {answer.worker} runs, or call the node here by 'where: here'"
    message = f"{result.message.rstrip('.')}. {remedy}"
    return answer._replace(result=Result(**{**result, "message": message}))


def _lost(why: str, granted: bool, spec: TaskSpec) -> Answer:
    """For a call of a worker that is gone; a write that was never granted did not begin."""
    if spec.effects == "write":
        if not granted:
            return refused(f"not called: {why}")
        why += _MAY_HAVE
    return Answer(Result.failed(why), Cause.INTERRUPTED)
