"""Where a run's calls are made, as it is asked for: "threads", "processes=4", "dask=tcp://…", or a client of Dask."""

from __future__ import annotations

import threading
from typing import Any, Literal

from flowbook.calling.caller import Executor
from flowbook.calling.processors import usable_processors
from flowbook.calling.warm import Warm
from flowbook.errors import InputError
from flowbook.records import NamedTuple

Place = Literal["here", "processes", "cluster"]

_PLACES: dict[str, Place] = {"threads": "here", "processes": "processes", "dask": "cluster"}
MOST = 1_024


class Asked(NamedTuple):
    """What an executor was asked for by: its ``place``, and how many processes or which cluster (None: its default)."""

    place: Place
    processes: int | None = None
    cluster: Any = None


def asked_for(given: Any) -> Asked:
    """What ``executor=`` says; None is threads. Raises InputError for what is none."""
    if given is None:
        return Asked("here")
    if not isinstance(given, str):
        if hasattr(given, "scheduler_info") and hasattr(given, "submit"):
            return Asked("cluster", cluster=given)
        raise _unknown(f"the executor is a {type(given).__name__}")
    name, equals, rest = given.partition("=")
    place = _PLACES.get(name)
    if place is None or (equals and not rest) or (equals and place == "here"):
        raise _unknown(f"there is no executor {given!r}")
    if place == "cluster":
        return Asked(place, cluster=rest or None)
    if not rest:
        return Asked(place)
    if not (rest.isascii() and rest.isdigit() and 0 < int(rest) <= MOST):
        raise _unknown(f"{rest!r} is no number of processes from 1 to {MOST:,}")
    return Asked(place, processes=int(rest))


def _unknown(why: str) -> InputError:
    return InputError(
        f"{why}.", "It is threads, processes, processes=N, dask, dask=ADDRESS, or in Python a Client of Dask."
    )


class RunExecutors:
    """The executors of a run and of those inside of it, made when they are asked for, until they are closed;
    processes come from those that are ``warm`` and go back to them.
    """

    def __init__(self, asked: Asked, warm: Warm | None = None) -> None:
        self._asked = asked
        self._warm = warm
        self._made: dict[str, Executor] = {}
        self._lock = threading.Lock()

    @property
    def chosen(self) -> Place:
        """Where calls are made of nodes that say nothing else."""
        return self._asked.place

    def at(self, place: Place) -> Executor:
        """The executor of a place that is not here. Raises InputError when the run has none, ClusterError."""
        with self._lock:
            if place not in self._made:
                self._made[place] = self._cluster() if place == "cluster" else self._processes()
            return self._made[place]

    def _processes(self) -> Executor:
        from flowbook.calling.processes import InProcesses

        return InProcesses(slots=self._asked.processes or usable_processors(), warm=self._warm)

    def _cluster(self) -> Executor:
        if self._asked.place == "cluster":
            from flowbook.calling.joining import joined

            client, made = joined(self._asked.cluster)
            from flowbook.calling.cluster import OnCluster  # needs Dask, which is there by now

            return OnCluster(client, made)
        raise InputError(
            "a node says 'where: cluster', and this run has no cluster.",
            "Run it with --executor dask=ADDRESS (in Python executor=), or take 'where' off the node.",
        )

    def close(self) -> None:
        """The run is over: end what was made for it."""
        with self._lock:
            made, self._made = list(self._made.values()), {}
        for executor in made:
            executor.close()
