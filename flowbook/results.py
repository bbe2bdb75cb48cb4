"""How a node ended: the one record of it, from the engine to the history, reports, documents and the studio."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, NoReturn, TypedDict

from flowbook.records import NamedTuple

NodeStatus = Literal["pending", "running", "succeeded", "failed", "skipped", "cancelled", "unknown"]
NODE_STATUSES: tuple[str, ...] = NodeStatus.__args__  # type: ignore[attr-defined]


class Cause(str, Enum):
    """Why a node ended as it did; programs go by this, and people read the message.

    A ``for_each`` node that failed has the cause of the first of its calls that did.
    """

    RETURNED = "returned"
    """Its task returned, with success or without (a ``for_each`` over an empty list has nothing to call)."""
    RAISED = "raised"
    """Its task raised, or returned what is no result."""
    TIMED_OUT = "timed_out"
    """It took longer than its ``timeout``; if it writes, it may have taken effect."""
    CANCELLED = "cancelled"
    """The run was cancelled: before it started when it has no ``started_at``, else while it ran."""
    REFUSED = "refused"
    """It was not called: its credentials could not be had, or its start could not be recorded."""
    EXPRESSION = "expression"
    """An expression of it, or of an edge to it, could not be evaluated."""
    CONDITION = "condition"
    """A condition was not met: its ``when`` or ``join``, that of an edge to it, or its ``until``."""
    UPSTREAM = "upstream"
    """A node that it needs did not succeed."""
    PINNED = "pinned"
    """Its pinned data was used."""
    DISABLED = "disabled"
    """It is disabled and handed on what came before it."""
    ACCEPTED = "accepted"
    """A person said, on resuming, that what it was doing had happened."""
    INTERRUPTED = "interrupted"
    """The process that it ran in ended, or could not hand over what it gave; if it writes, it may have taken effect."""
    UNSURE = "unsure"
    """Its task failed without knowing whether what it asked for was done (its data has ``may_have_taken_effect``)."""
    INTERNAL = "internal"
    """Flowbook itself failed."""
    REHEARSED = "rehearsed"
    """In a dry run: it came to where it would change something, or to what such a node would have given."""
    GIVEN = "given"
    """A person gave its result, on resuming, in place of what failed."""
    RESCUED = "rescued"
    """A cell of a notebook gave its result, on resuming, in place of what failed."""
    REUSED = "reused"
    """Nothing that it depends on has changed since an earlier run, so what it gave then was used."""


class Source(str, Enum):
    """Where what a node gave comes from."""

    RUN = "run"
    """It ran, or was decided, in this attempt at the run."""
    EARLIER = "earlier"
    """It ran in an earlier attempt, or in an earlier run that this one takes it from."""
    PINNED = "pinned"
    """From the workflow, where it is pinned."""
    PASSED = "passed"
    """From the node before it, since it is disabled."""
    ACCEPTED = "accepted"
    """From nowhere: a person said that it had happened."""
    GIVEN = "given"
    """From a person, who gave it on resuming."""
    REUSED = "reused"
    """From an earlier run, since the node has a ``cache`` and nothing that it depends on has changed."""


class Omitted(TypedDict):
    """Why data was not kept, and how it began."""

    why: str
    preview: str


class Stored:
    """Data as it is kept, loaded each time that it is asked for. Who keeps data makes a subclass of it."""

    __slots__ = ()

    def load(self) -> Any:
        """The data; None for what was not kept."""
        raise NotImplementedError

    stays = False
    """Whether it is elsewhere, where it was made."""

    @property
    def omitted(self) -> Omitted | None:
        """Why it was not kept, and how it began; None when it was."""
        return None

    @property
    def lost(self) -> str:
        """Why it is not what the node gave; empty when it is."""
        return ""


ReuseReason = Literal["reused", "first", "changed", "expired", "lost", "fresh", "unclear"]
REUSE_REASONS: tuple[str, ...] = ReuseReason.__args__  # type: ignore[attr-defined]


class Reuse(NamedTuple):
    """What a node with a ``cache`` depends on, as digests by name, and why it was reused or ran.

    "first": no earlier run is known; "changed": what ``changed`` names did; "expired": the newest result is older than
    the cache lasts, or from a time that is still to come; "lost": its data was not kept as it was; "fresh": everything
    was to run; "unclear": ``changed`` names what cannot be compared. ``run`` made the result that is reused or too old,
    ``at`` seconds since the epoch.
    """

    reason: ReuseReason
    prints: Mapping[str, str] = {}
    changed: tuple[str, ...] = ()
    run: str = ""
    at: float = 0.0


_sorted = json.JSONEncoder(sort_keys=True, default=lambda value: type(value).__name__).encode  # made once: it is often


def digest_of(item: Any) -> str:
    """What tells an item of a ``for_each`` list from another one at its place: 32 hexadecimal digits.

    Empty when that cannot be told, as of data that nests too deeply.
    """
    try:
        text = int.__repr__(item) if type(item) is int else _sorted(item)  # as the encoder does, made ready for less
    except (TypeError, ValueError, RecursionError):
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class _Fields:
    """The fields of a result, which can be set while it is being made."""

    __slots__ = ("_data", "_params", "attempts", "cause", "effects", "handled", "intents", "message", "reuse",
                 "seconds", "source", "started_at", "status", "worker")  # fmt: skip

    _data: Any
    _params: Any
    status: NodeStatus
    cause: Cause | None
    message: str
    attempts: int
    seconds: float
    started_at: float | None
    source: Source
    effects: str
    handled: bool
    reuse: Reuse | None
    intents: tuple[Any, ...]
    worker: str


class NodeResult(_Fields):
    """How a node ended, once and for all; of a node that has not, how it stands.

    ``data`` is what it gave (in the process that ran it the live object), ``params`` what its last call was given: of a
    ``for_each`` node a list of what its first calls were given. ``seconds`` is how long it took, retries and waits
    included, since ``started_at`` (seconds since the epoch; None for a node that never ran). ``effects`` is what its
    task declares, ``handled`` says that something took care of its failure. ``reuse`` is why a node with a ``cache``
    ran or did not; None for any other one. ``intents`` is what it would have done, in a dry run
    (:class:`flowbook.tasks.Intent`). ``worker`` names the process elsewhere that made its last call, of a ``for_each``
    node those of all its calls; empty when they were made in the run's own process.
    """

    __slots__ = ()

    def __new__(
        cls,
        status: NodeStatus,
        message: str = "",
        data: Any = None,
        attempts: int = 0,
        seconds: float = 0.0,
        started_at: float | None = None,
        *,
        cause: Cause | None = None,
        source: Source = Source.RUN,
        effects: str = "read",
        handled: bool = False,
        params: Any = None,
        reuse: Reuse | None = None,
        intents: tuple[Any, ...] = (),
        worker: str = "",
    ) -> NodeResult:
        """``cause`` is None for a node that has not ended. ``data`` and ``params`` may be :class:`Stored`."""
        made: Any = _Fields()  # becomes a result when all is set: four times as fast as to pass by __setattr__
        made.status = status
        made.message = message
        made._data = data
        made.attempts = attempts
        made.seconds = seconds
        made.started_at = started_at
        made.cause = cause
        made.source = source
        made.effects = effects
        made.handled = handled
        made._params = params
        made.reuse = reuse
        made.intents = intents
        made.worker = worker
        made.__class__ = cls
        result: NodeResult = made
        return result

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a node's result is not changed ({name}): make another one with but({name}=…).")

    def __delattr__(self, name: str) -> NoReturn:
        self.__setattr__(name, None)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._fields(),)  # for copies, and for other processes

    def but(self, **changes: Any) -> NodeResult:
        """The same with some fields changed, by the names that a result is made with. Raises TypeError for others."""
        return NodeResult(**{**self._fields(), **changes})

    def _fields(self) -> dict[str, Any]:
        return {
            "data": self._data, "params": self._params, "status": self.status, "message": self.message,
            "attempts": self.attempts, "seconds": self.seconds, "started_at": self.started_at, "cause": self.cause,
            "source": self.source, "effects": self.effects, "handled": self.handled,
            "reuse": self.reuse, "intents": self.intents, "worker": self.worker,
        }  # fmt: skip

    @property
    def data(self) -> Any:
        """What it gave; None when there is nothing, or it was not kept (see ``lost``).

        Of the history, and of a call made elsewhere, it is loaded each time that it is asked for.
        """
        data = self._data
        return data.load() if isinstance(data, Stored) else data

    @property
    def empty(self) -> bool:
        """Whether it gave nothing."""
        return self._data is None

    @property
    def params(self) -> Any:
        """What it was given; None when it has no params. From the history they are shortened, to look at."""
        params = self._params
        return params.load() if isinstance(params, Stored) else params

    @property
    def success(self) -> bool:
        """Whether the node succeeded."""
        return self.status == "succeeded"

    @property
    def omitted(self) -> Omitted | None:
        """Why the data is not in the history, and how it began: {"why", "preview"}.

        None when it is there, or never came from there.
        """
        return self._data.omitted if isinstance(self._data, Stored) else None

    @property
    def stays(self) -> bool:
        """Whether the data is elsewhere, where it was made, and comes here only when it is asked for."""
        return isinstance(self._data, Stored) and self._data.stays

    @property
    def lost(self) -> str:
        """Why ``data`` is not what the node gave, in a sentence; empty when it is."""
        return self._data.lost if isinstance(self._data, Stored) else ""

    @property
    def blocked(self) -> bool:
        """Whether it did not run since something that it needs did not succeed."""
        return self.cause is Cause.UPSTREAM

    @property
    def rescuable(self) -> bool:
        """Whether it went wrong itself and nothing took care of that, so that a cell may stand in for it."""
        if self.handled or self.blocked or (self.cause is Cause.CANCELLED and self.started_at is None):
            return False
        return self.status in ("failed", "unknown", "cancelled")

    @property
    def unsure(self) -> bool:
        """Whether it may have taken effect though it did not succeed, so that repeating it may do it twice."""
        if self.effects != "write" or self.status == "succeeded":
            return False
        if self.cause is Cause.CANCELLED:
            return self.started_at is not None
        return self.status == "unknown" or self.cause in (Cause.TIMED_OUT, Cause.INTERRUPTED, Cause.UNSURE)

    def __repr__(self) -> str:
        return f"<NodeResult {self.status}: {self.message}>"


def _again(fields: dict[str, Any]) -> NodeResult:
    return NodeResult(**fields)


class ItemResult(NamedTuple):
    """How one call of a ``for_each`` node ended, and the digest of the item that it was for."""

    result: NodeResult
    digest: str


ItemResults = Mapping[int, ItemResult]
"""The calls of a node that have ended, by their place in the list."""
