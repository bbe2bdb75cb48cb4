"""What is different in other libraries' modules while a run goes on, so that displays and figures reach their node, and
processes that a task starts are known.

A module that is there is changed at once, one that a task imports only later when it has been loaded, and one that
nothing imports costs nothing. :func:`take_back` leaves everything as it was before.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from flowbook.calling.replacing import Undo, together


def _answer_display(module: ModuleType) -> Undo | None:
    from flowbook.calling.displays import answer_display

    return answer_display(module)


def _adopt_of_multiprocessing(module: ModuleType) -> Undo | None:
    from flowbook.calling.adopting import adopt_of_multiprocessing

    return adopt_of_multiprocessing(module)


def _adopt_of_subprocess(module: ModuleType) -> Undo | None:
    from flowbook.calling.adopting import adopt_of_subprocess
    from flowbook.calling.following import output_of_processes

    return together(adopt_of_subprocess(module), output_of_processes(module))


def _follow_threads(module: ModuleType) -> Undo | None:
    from flowbook.calling.following import threads_of_call

    return threads_of_call(module)


def _follow_pools(module: ModuleType) -> Undo | None:
    from flowbook.calling.following import pools_of_call

    return pools_of_call(module)


def _follow_logging(module: ModuleType) -> Undo | None:
    from flowbook.calling.following import logging_of_call

    return logging_of_call(module)


def _follow_commands(module: ModuleType) -> Undo | None:
    from flowbook.calling.adopting import adopt_of_os
    from flowbook.calling.following import commands_of_call, exits_of_call

    ended = () if alone else (exits_of_call(module),)
    return together(adopt_of_os(module), commands_of_call(module), *ended)


def _separate_figures(module: ModuleType) -> Undo | None:
    from flowbook.calling.figures import separate

    return separate(module)


def _show_in_node(module: ModuleType) -> Undo | None:
    from flowbook.calling.figures import show_in_node

    return show_in_node(module)


# The module that is changed, and what does it, loaded when it is there: module → undo.
_CHANGES: dict[str, Callable[[ModuleType], Undo | None]] = {
    "IPython.core.interactiveshell": _answer_display,
    "multiprocessing.process": _adopt_of_multiprocessing,
    "subprocess": _adopt_of_subprocess,
    "threading": _follow_threads,
    "concurrent.futures.thread": _follow_pools,
    "logging": _follow_logging,
    "os": _follow_commands,
    "matplotlib._pylab_helpers": _separate_figures,
    "matplotlib.pyplot": _show_in_node,
}

alone = False
"""Whether this process makes calls for another one: it may end as a task says, and the other tells how it did."""
_lock = threading.Lock()
_undo: dict[str, Undo] = {}
_made = False


def make() -> None:
    """Make the changes, now or as soon as a module is imported."""
    global _made
    with _lock:
        _made = True
        sys.meta_path.insert(0, _finder)
        if not hasattr(builtins, "display"):
            builtins.display = _display  # type: ignore[attr-defined]
        for name in _CHANGES:
            module = sys.modules.get(name)
            if module is not None:
                _change(name, module)


def take_back() -> None:
    """Leave the modules as they were."""
    global _made
    with _lock:
        _made = False
        if _finder in sys.meta_path:
            sys.meta_path.remove(_finder)
        if getattr(builtins, "display", None) is _display:
            del builtins.display  # type: ignore[attr-defined]
        while _undo:
            _undo.popitem()[1]()


def _change(name: str, module: ModuleType) -> None:
    undo = _CHANGES[name](module)
    if undo is not None:
        _undo[name] = undo


def _loaded(name: str, module: ModuleType) -> None:
    with _lock:
        if _made and name not in _undo:  # the run may have ended while the module was being loaded
            _change(name, module)


def _display(*objects: Any, **options: Any) -> Any:
    """IPython's ``display``, which a notebook has without an import."""
    return importlib.import_module("IPython.display").display(*objects, **options)


class _Finder(MetaPathFinder):
    """Finds those modules as the other finders do, and has them changed once they are loaded."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _CHANGES:
            return None
        for finder in [one for one in sys.meta_path if one is not self and hasattr(one, "find_spec")]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(Loader):
    """Loads a module as another loader does, and changes it."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # What comes after the import (its resources, its source) is asked of the loader itself.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        _loaded(module.__name__, module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


_finder = _Finder()
