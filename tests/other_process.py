"""The engine's tests over calls in other processes, which find a test's function as they find an integration's."""

from __future__ import annotations

import importlib
import marshal
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flowbook.calling.processes import InProcesses
from flowbook.tasks import TaskSpec
from flowbook.tasks.signature import signature_of
from flowbook.tasks.spec import Origin

if TYPE_CHECKING:
    from flowbook.calling.cluster import OnCluster


class Shipped:
    """A test's function as data: its code, the module that its names are in, its defaults and what it closes over."""

    def __init__(self, spec: TaskSpec) -> None:
        function = spec.function
        held = tuple(cell.cell_contents for cell in function.__closure__ or ())
        code = marshal.dumps(function.__code__)
        self._parts: tuple[Any, ...] = (
            code, function.__module__, function.__name__, function.__defaults__, held, spec.effects,
        )  # fmt: skip
        self.key = self.digest = repr((id(function), id(self)))

    def task(self, name: str) -> TaskSpec:
        """The task."""
        code, module, called, defaults, held, effects = self._parts
        names = vars(importlib.import_module(module))
        task = types.FunctionType(marshal.loads(code), names, called, defaults, tuple(map(types.CellType, held)))
        return TaskSpec(name, task, signature_of(task), effects=effects)


def origin_of(spec: TaskSpec) -> Origin:
    """Where the code of a test's function, or of an integration's, comes from."""
    return spec.origin or Shipped(spec)


@contextmanager
def on_cluster() -> Iterator[OnCluster]:
    """A caller that makes calls on a cluster of threads, of tests' functions too."""
    from distributed import Client, LocalCluster

    from flowbook.calling.cluster import OnCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=16, processes=False, dashboard_address=":0") as local,
        Client(local, set_as_default=False) as client,
    ):
        caller = OnCluster(client, (), origin_of)
        yield caller
        caller.close()


def in_processes() -> InProcesses:
    """A caller that makes calls in other processes, of tests' functions too."""
    return InProcesses(origin_of, slots=8)
