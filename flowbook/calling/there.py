"""What a worker of a Dask cluster does: makes the calls of a batch, and tells the process that sent it."""

from __future__ import annotations

import os
import pickle
import platform
import threading
from collections.abc import Callable, Sequence
from typing import Any

from flowbook.calling.asking import Questions
from flowbook.calling.in_place import routed
from flowbook.calling.line import Unsendable, packed
from flowbook.calling.order import Answer
from flowbook.calling.routing import displays_to_sink
from flowbook.calling.sealing import Secrets, public_key, unseal
from flowbook.calling.staying import STAYS_BYTES, Stays, unpacked
from flowbook.calling.together import Together
from flowbook.calling.working import make_calls
from flowbook.records import NamedTuple
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.spec import Origin
from flowbook.tasks.stop import Stop

TOLD_BYTES = 64_000
"""Data of up to so many bytes is told with the answer; what is larger is fetched, or stays."""
ANSWERS = frozenset({"ok", "answer", "took"})
ANSWERS_SECONDS = 0.15
"""How long what came of a call may wait for those behind it, when they only read: each message costs the scheduler, and
a moment of the processors that the calls themselves compute on. Those that travel together take 0.1 s."""
GRANT_SECONDS = 120.0
"""How long a worker waits to be granted what it asked for; then it does not begin."""


class Batch(NamedTuple):
    """Calls as they go to the cluster; ``box`` is sealed. ``asks`` says that they may begin only when they are granted.

    ``session`` is whose key sealed it, ``topic`` what is told goes by, ``versions`` what sent it.
    """

    id: str
    session: str
    topic: str
    versions: tuple[str, str]
    asks: bool
    box: bytes

    def __repr__(self) -> str:  # what Dask writes into its logs
        return f"<Flowbook batch {self.id}>"


class NotGranted(Exception):
    """The calls of a batch may have been made by a worker that was lost, and are not made a second time."""


def versions() -> tuple[str, str]:
    """Those of Python and Flowbook, which have to be the same everywhere."""
    from flowbook import __version__

    return ".".join(platform.python_version_tuple()[:2]), __version__


class _Waiting:
    def __init__(self) -> None:
        self.ready = threading.Event()
        self.box: bytes | None = None


_secrets: dict[str, Secrets] = {}
_origins: dict[str, Origin] = {}
_waiting: dict[str, _Waiting] = {}
_stops: dict[str, Stop] = {}
_questions: dict[str, tuple[Secrets, Questions]] = {}
_lock = threading.Lock()


def learn(key: str, origin: bytes) -> None:
    """Know where the code of tasks comes from; ``key`` names it."""
    _origins[key] = pickle.loads(origin)  # noqa: S301 - from who has the cluster, and so may run anything there


def grant(id: str, box: bytes | None) -> None:
    """Let a batch begin that asked; None says that it must not."""
    waiting = _waiting.get(id)
    if waiting is not None:
        waiting.box = box
        waiting.ready.set()


def stop(id: str) -> None:
    """Tell the calls of a batch to stop, also when it has not begun here yet."""
    _stop_of(id).set()


def reply(id: str, box: bytes) -> None:
    """Take the answer to what a call of a batch asked."""
    if id in _questions:
        secrets, questions = _questions[id]
        questions.take(secrets.open(box))


def pick(kept: dict[int, Any], place: int) -> Any:
    """One piece of the data that stayed here."""
    return kept[place]


def _stop_of(id: str) -> Stop:
    with _lock:
        return _stops.setdefault(id, Stop())


def perform(batch: Batch, needs: Sequence[Any], places: Sequence[int]) -> dict[int, Any] | None:
    """Make the calls of a batch; what stays here of what they gave, by place. ``needs`` are data that stayed before."""
    from distributed import get_worker

    worker = get_worker()
    if batch.versions != versions():
        worker.log_event(batch.topic, ("refused", batch.id, worker.address, versions()))
        return None
    secrets, credentials = _granted(batch, worker)
    data = [kept[place] for kept, place in zip(needs, places, strict=True)]
    told = _Told(batch, secrets, worker)
    _questions[batch.id] = (secrets, Questions())
    try:
        with routed(), displays_to_sink():
            return _perform(batch, secrets.open(batch.box), data, credentials, told.say)
    finally:
        told.close()
        _stops.pop(batch.id, None)
        _questions.pop(batch.id, None)


def _granted(batch: Batch, worker: Any) -> tuple[Secrets, list[dict[str, Any]]]:
    """The secrets of the session, and the credentials of each call; asks for what is not here."""
    known = _secrets.get(batch.session)
    if known is not None and not batch.asks:
        return known, []
    waiting = _waiting[batch.id] = _Waiting()
    try:
        worker.log_event(batch.topic, ("ask", batch.id, worker.address, public_key()))
        if not waiting.ready.wait(GRANT_SECONDS) or waiting.box is None:
            raise NotGranted(f"{batch!r} is not begun a second time")
    finally:
        _waiting.pop(batch.id, None)
    key, credentials = pickle.loads(unseal(waiting.box))  # noqa: S301 - sealed for this process by who sent the batch
    secrets = _secrets[batch.session] = Secrets(key)
    return secrets, credentials


def _perform(
    batch: Batch, content: bytes, data: Sequence[Any], credentials: Sequence[dict[str, Any]], say: Callable[..., None]
) -> dict[int, Any] | None:
    kept: dict[int, Any] = {}
    try:
        orders, keys = unpacked(content, data)
    except Exception as error:  # noqa: BLE001 - an object may fail in any way when it is loaded
        say(0, "unread", f"it could not be begun on its worker: {type(error).__name__}: {error}")
        return None
    if credentials:
        orders = [order._replace(credentials=own) for order, own in zip(orders, credentials, strict=True)]

    def spec_of(place: int) -> TaskSpec:
        return _origins[keys[place]].task(orders[place].task)

    stop = _stop_of(batch.id)
    _, questions = _questions[batch.id]
    make_calls(orders, spec_of, say, stop, questions, lambda place, answer: _staying(place, answer, kept), begun=False)
    return kept or None


def _staying(place: int, answer: Answer, kept: dict[int, Any]) -> Answer:
    """The answer, without data that is too large to be told: that stays in ``kept``."""
    from dask.sizeof import sizeof

    data = answer.result.data
    size = 0 if data is None else sizeof(data)
    if size < TOLD_BYTES:
        return answer
    try:
        if size < STAYS_BYTES:
            packed(data, "result.data")
    except Unsendable:
        return answer  # whoever tells it says so
    kept[place] = data
    shape = getattr(data, "shape", None)
    about = f"{type(data).__name__}{f' of {shape}' if shape else ''}, {size:,} bytes"
    return answer._replace(result=Result(**{**answer.result, "data": Stays(place, size, about)}))


class _Told:
    """Tells what the calls of a batch say, sealed. With it goes a turn, another one when Dask has it done anew."""

    def __init__(self, batch: Batch, secrets: Secrets, worker: Any) -> None:
        self._batch = batch
        self._secrets = secrets
        self._worker = worker
        self._turn = os.urandom(8)
        self._together = Together(self._tell)

    def say(self, place: int, kind: str, *more: Any) -> None:
        """Have something told. What comes of calls that only read may come with the end of those behind them."""
        message = packed((place, kind, *more), f"what the task told ({kind})")
        if kind in ANSWERS and not self._batch.asks:
            self._together.add(message, ANSWERS_SECONDS, later=True)
        else:
            self._together.add(message)

    def _tell(self, messages: list[bytes]) -> None:
        box = self._secrets.seal(pickle.dumps(messages))
        self._worker.log_event(self._batch.topic, ("said", self._batch.id, self._worker.address, (self._turn, box)))

    def close(self) -> None:
        """Tell the rest."""
        self._together.close()
