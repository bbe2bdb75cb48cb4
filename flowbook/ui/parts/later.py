"""Importing a library without those that it only takes values of: nobody has such a value before they are loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """What a library has of another: classes without instances, until somebody has loaded that other."""

    def __getattr__(self, name: str) -> Any:
        if name[:1].isupper() and self.__name__ not in sys.modules:
            return type(name, (), {})
        _take_away(self)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def later(*names: str) -> Iterator[None]:
    """While it lasts, ``import NAME`` loads nothing, of libraries that are installed and not loaded yet.

    Whoever imports one afterwards, or from another thread meanwhile and looks into it, gets the library itself. This is
    for libraries that ask whether something is an instance of a class there, not for those that make such instances.
    """
    put = [_Later(name) for name in names if name not in sys.modules and find_spec(name) is not None]
    for module in put:
        sys.modules.setdefault(module.__name__, module)
    try:
        yield
    finally:
        for module in put:
            _take_away(module)


def _take_away(module: _Later) -> None:
    if sys.modules.get(module.__name__) is module:
        sys.modules.pop(module.__name__, None)
