"""Gives each call its own pyplot figures, since ``plt.show()`` shows all figures that there are, of every thread.

pyplot keeps the open figures in one table (``matplotlib._pylab_helpers.Gcf.figs``), which is replaced by one that
answers for the call that asks. Outside calls it is the table that was there before.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping, Sequence
from contextvars import ContextVar
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from flowbook.engine.routing import sink

_MODULE = "matplotlib._pylab_helpers"
_lock = threading.Lock()
_own: ContextVar[tuple[Any, OrderedDict[Any, Any]] | None] = ContextVar("flowbook_figures", default=None)


class Figures(MutableMapping[Any, Any]):
    """The open figures (number → manager) of the call that asks."""

    def __init__(self, outside: OrderedDict[Any, Any]) -> None:
        self._outside = outside

    def _mine(self) -> OrderedDict[Any, Any]:
        call = sink.get()
        if call is None:
            return self._outside
        held = _own.get()
        if held is None or held[0] is not call:
            held = (call, OrderedDict())
            _own.set(held)
        return held[1]

    def __getitem__(self, number: Any) -> Any:
        return self._mine()[number]

    def __setitem__(self, number: Any, manager: Any) -> None:
        self._mine()[number] = manager

    def __delitem__(self, number: Any) -> None:
        del self._mine()[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mine())

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self._mine())

    def __len__(self) -> int:
        return len(self._mine())

    def keys(self) -> Any:
        """The numbers, in order; can be reversed."""
        return self._mine().keys()

    def values(self) -> Any:
        """The managers, in order; can be reversed."""
        return self._mine().values()

    def items(self) -> Any:
        """Both; can be reversed."""
        return self._mine().items()

    def move_to_end(self, number: Any, last: bool = True) -> None:
        """Make a figure the current one."""
        self._mine().move_to_end(number, last)


def separate() -> None:
    """Have figures kept apart from now on, also when matplotlib is imported only later."""
    with _lock:
        module = sys.modules.get(_MODULE)
        if module is not None:
            _replace(module)
        elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _Finder())


def _replace(module: ModuleType) -> None:
    table = getattr(getattr(module, "Gcf", None), "figs", None)
    if isinstance(table, OrderedDict):
        module.Gcf.figs = Figures(table)


class _Finder(MetaPathFinder):
    """Finds that one module, so that its table is replaced before anything uses it."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """Loads a module as another loader does, and replaces its table."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        _replace(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
