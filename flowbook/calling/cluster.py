"""Calls on a Dask cluster, by its public interface only: tasks of our own, events, ``run`` and worker plugins."""

from __future__ import annotations

import functools
import itertools
import pickle
import queue
import threading
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from flowbook.calling import there
from flowbook.calling.caller import Call, Ended, Here
from flowbook.calling.joining import reachable_by_others
from flowbook.calling.line import HERE, Unsendable, packed
from flowbook.calling.order import Answer, Order
from flowbook.calling.plugin import Code, Joining
from flowbook.calling.sealing import Secrets, seal_for
from flowbook.calling.sending import parcels, without_unsendable
from flowbook.calling.staying import FETCHED_BYTES, STAYS_BYTES, Staying, Stays, packed_for
from flowbook.calling.under_way import UnderWay
from flowbook.calling.working import refused
from flowbook.errors import FlowbookError
from flowbook.models import SUB_WORKFLOW_TASKS
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.spec import Origin

AHEAD = 1.5
"""Batches under way for each thread of the workers, so that none waits for the next one."""
LEAST_SLOTS = 2
"""Batches under way where there are hardly any workers: more of them come to an adaptive cluster that has work."""


def _origin_of(spec: TaskSpec) -> Origin | None:
    return spec.origin


class OnCluster:
    """An :class:`~flowbook.calling.caller.Executor` on the cluster of a client; ``made`` is what is closed with it.

    What differs from calls here: as in processes; besides, relative paths mean the worker's folder, and data of at
    least a megabyte stays with the worker that made it (:class:`~flowbook.calling.staying.Staying`).
    """

    evaluates = True

    def __init__(
        self, client: Any, made: Sequence[Any] = (), origin: Callable[[TaskSpec], Origin | None] = _origin_of
    ) -> None:
        self._client = client
        self._made = made
        self._origin = origin
        self._session = uuid.uuid4().hex[:16]
        self._topic = f"flowbook-{self._session}"
        self._secrets = Secrets()
        self._numbers = itertools.count()
        self._inboxes: dict[str, queue.SimpleQueue[tuple[Any, ...]]] = {}
        self._registered: list[str] = []
        self._staying: WeakSet[Staying] = WeakSet()
        self._lock = threading.Lock()
        self._open_to_others = reachable_by_others(client)
        self.slots = self._room()
        self._resized: list[Callable[[], object]] = []
        client.subscribe_topic(self._topic, self._hear)
        self._register(self._session, Joining(self._topic))

    @property
    def dashboard(self) -> str:
        """The address of Dask's own page about the cluster; empty when it has none."""
        return str(getattr(self._client, "dashboard_link", "") or "")

    # -- workers, which come and go --------------------------------------------------------------------------------

    def when_resized(self, action: Callable[[], object]) -> Callable[[], object]:
        """See :class:`~flowbook.calling.caller.Resizing`."""
        self._resized.append(action)
        return functools.partial(self._resized.remove, action)

    def _room(self) -> int:
        return max(LEAST_SLOTS, int(sum(self._client.nthreads().values()) * AHEAD))

    def _resize(self) -> None:
        with suppress(Exception), self._lock:  # the cluster may be gone: that is heard elsewhere
            before, self.slots = self.slots, self._room()
            if self.slots == before:
                return
        for action in list(self._resized):
            action()

    def without_workers(self) -> str:
        """What to say to who waits when no worker is there; empty when there are some."""
        with suppress(Exception):
            if not self._client.nthreads():
                address = self._client.scheduler_info()["address"]
                return f"The cluster has no workers now: this waits until one joins it (dask worker {address}).\n"
        return ""

    # -- calls ---------------------------------------------------------------------------------------------------

    def make(self, order: Order, call: Call) -> Answer:
        """Have one call made, and wait for what comes of it."""
        if order.task in SUB_WORKFLOW_TASKS:
            return Here().make(order, call)
        made: list[Answer | None] = [None]
        self.make_all([(order, call)], lambda place, answer: made.__setitem__(0, answer))
        return made[0] or refused("not called: no worker began it")

    def make_all(self, calls: Sequence[tuple[Order, Call]], ended: Ended) -> None:
        """Have calls made by one worker, one after the other, and wait for all of them."""
        if self._open_to_others and any(order.credentials for order, _ in calls):
            why = "not called: it needs credentials, and others may reach this cluster: its connections are not TLS. "
            why += f"Use a cluster with TLS, or {HERE}"
            for place in range(len(calls)):
                ended(place, refused(why))
            return
        try:
            batch, needs = self._batch(calls)
        except Unsendable as error:
            for place in range(len(calls)):
                ended(place, refused(f"not called: {error}. {error.advice}") if len(calls) == 1 else None)
            return
        inbox = self._inboxes[batch.id] = queue.SimpleQueue()
        try:
            UnderWay(self, batch, needs, calls, ended, inbox).wait()
        finally:
            self._inboxes.pop(batch.id, None)

    def _batch(self, calls: Sequence[tuple[Order, Call]]) -> tuple[there.Batch, list[Staying]]:
        """Calls as they are sent, without credentials, and the data there that they refer to."""
        keys = self._all_learnt(calls)
        sent = [order._replace(credentials={}) if order.credentials else order for order in parcels(calls)]
        try:
            content, needs = packed_for((sent, keys))
        except Exception:  # noqa: BLE001 - how an object refuses is its own affair
            for order in sent:
                packed(order.params, "params")
            sent = [without_unsendable(order) for order in sent]
            content, needs = packed_for((sent, keys))
        asks = any(order.credentials or call.spec.effects == "write" for order, call in calls)
        id = f"{self._session}-{next(self._numbers)}"
        box = self._secrets.seal(content)
        return there.Batch(id, self._session, self._topic, there.versions(), asks, box), needs

    def _all_learnt(self, calls: Sequence[tuple[Order, Call]]) -> list[str]:
        """Of each call the name of its code; most are of one task."""
        tasks = {id(call.spec): (order, call.spec) for order, call in calls}
        keys = {place: self._learnt(*one) for place, one in tasks.items()}
        return [keys[id(call.spec)] for _, call in calls]

    def _learnt(self, order: Order, spec: TaskSpec) -> str:
        """The name by which every worker knows a task's code, those that come later included."""
        origin = self._origin(spec)
        if origin is None:
            raise Unsendable(
                f"{order.task} is in no integration folder, so that no worker can find it", "Put it into one"
            )
        key = f"{self._session}-{origin.key}-{origin.digest}"
        with self._lock:
            if key not in self._registered:
                self._register(key, Code(key, packed(origin, "its code")))
        return key

    def _register(self, key: str, plugin: Any) -> None:
        """Have every worker set a plugin up, those that come later included."""
        self._client.register_plugin(plugin, name=f"flowbook-{key}")
        self._registered.append(key)

    # -- what workers say ----------------------------------------------------------------------------------------

    def _hear(self, event: tuple[float, Any]) -> None:
        """In the client's own thread: what a worker says is only handed on."""
        kind, id, worker, content = event[1]
        inbox = self._inboxes.get(id)
        if inbox is not None:
            inbox.put((kind, worker, content))
        elif kind == "joined":  # a thread of its own, since this one would wait for itself
            threading.Thread(target=self._resize, name="flowbook-resize", daemon=True).start()
        elif kind == "ask":  # Dask makes lost data anew: what wrote, or had credentials, is not repeated for that
            threading.Thread(target=self.answer, args=(worker, id, None), daemon=True).start()

    def answer(self, worker: str, id: str, box: bytes | None) -> None:
        """Grant a batch what it asked for, or not (None)."""
        self._tell(there.grant, id, box, workers=[worker])

    def grant(self, public: bytes, credentials: Sequence[dict[str, Any]]) -> bytes:
        """What a worker needs to begin, for its key alone."""
        return seal_for(public, pickle.dumps((self._secrets.key, list(credentials))))

    def reply(self, worker: str, id: str, content: bytes) -> None:
        """Answer what a call of a batch asked, sealed."""
        self._tell(there.reply, id, self._secrets.seal(content), workers=[worker])

    def tell_to_stop(self, id: str) -> None:
        """Tell the calls of a batch to stop, wherever they are."""
        threading.Thread(target=self._tell, args=(there.stop, id), name="flowbook-stop", daemon=True).start()

    def _tell(self, function: Callable[..., Any], *given: Any, workers: list[str] | None = None) -> None:
        with suppress(Exception):  # the worker, or the cluster, is gone: that is heard elsewhere
            self._client.run(function, *given, workers=workers, on_error="ignore")

    def opened(self, box: bytes) -> list[bytes]:
        """The messages that a worker sealed."""
        messages: list[bytes] = pickle.loads(self._secrets.open(box))  # noqa: S301 - of this session's workers
        return messages

    def submit(self, batch: there.Batch, needs: Sequence[Staying]) -> Any:
        """The future of a batch."""
        futures, places = [one.future for one in needs], [one.place for one in needs]
        return self._client.submit(there.perform, batch, futures, places, key=f"flowbook-{batch.id}", pure=False)

    # -- data that stays -----------------------------------------------------------------------------------------

    def settled(self, answer: Answer, future: Any) -> Answer:
        """An answer with its data, or with what stands for it where it stays."""
        stays = answer.result.data
        if not isinstance(stays, Stays):
            return answer
        staying = Staying(self, future, stays.place, stays.size, stays.about)
        try:
            data: Any = staying if stays.size >= STAYS_BYTES else self.fetch(staying)
        except FlowbookError as error:
            return Answer(Result.failed(f"it was made, and then {error}", permanent=True), Cause.INTERRUPTED)
        if data is staying:
            self._staying.add(staying)
        return answer._replace(result=Result(**{**answer.result, "data": data}))

    def fetch(self, staying: Staying) -> Any:
        """Data that stayed there. Raises FlowbookError when it is there no more."""
        try:
            return self._client.submit(there.pick, staying.future, staying.place, pure=False).result()
        except Exception as error:  # noqa: BLE001 - whatever Dask says of a lost worker, or an object of being loaded
            raise FlowbookError(
                f"{staying.about} stayed on the cluster and cannot be had: {type(error).__name__}: {error}.",
                "Run what made it again; a cluster that goes on after the run is given as a client.",
            ) from None

    def close(self) -> None:
        """There are no more calls: forget the code, and end what was made for this."""
        with suppress(Exception):  # the cluster may be gone
            if self._made:
                for staying in list(self._staying):
                    if staying.size <= FETCHED_BYTES:
                        staying.bring_here()
            self._client.unsubscribe_topic(self._topic)
            for key in self._registered:
                self._client.unregister_worker_plugin(f"flowbook-{key}")
        for one in self._made:
            with suppress(Exception):
                one.close()
