"""The engine's tests over calls in other processes, which find a test's function as they find an integration's."""

from __future__ import annotations

import importlib
import marshal
import types
from typing import Any

from flowbook.calling.processes import InProcesses
from flowbook.tasks import TaskSpec
from flowbook.tasks.signature import signature_of
from flowbook.tasks.spec import Origin


class Shipped:
    """A test's function as data: its code, the module that its names are in, its defaults and what it closes over."""

    def __init__(self, spec: TaskSpec) -> None:
        function = spec.function
        held = tuple(cell.cell_contents for cell in function.__closure__ or ())
        code = marshal.dumps(function.__code__)
        self._parts: tuple[Any, ...] = (
            code, function.__module__, function.__name__, function.__defaults__, held, spec.effects,
        )  # fmt: skip
        self.key = repr((id(function), id(self)))

    def task(self, name: str) -> TaskSpec:
        """The task."""
        code, module, called, defaults, held, effects = self._parts
        names = vars(importlib.import_module(module))
        task = types.FunctionType(marshal.loads(code), names, called, defaults, tuple(map(types.CellType, held)))
        return TaskSpec(name, task, signature_of(task), effects=effects)


def origin_of(spec: TaskSpec) -> Origin:
    """Where the code of a test's function, or of an integration's, comes from."""
    return spec.origin or Shipped(spec)


def in_processes() -> InProcesses:
    """A caller that makes calls in other processes, of tests' functions too."""
    return InProcesses(origin_of, slots=8)
