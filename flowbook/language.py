"""The names of Flowbook's expression language, for scripts that use them in the calls of tasks.

    from flowbook.language import inputs, join, nodes

In a script of a workflow such calls are read, never run (see the documentation's page how-to/python). So these names
are there for editors and linters: ``inputs``, ``nodes``, ``run``, ``item``, ``index``, ``true``, ``false``, ``null``,
and each function of the language that is not one of Python's own.
"""

from __future__ import annotations

import builtins
from typing import NoReturn

from flowbook.errors import InputError
from flowbook.expressions import FUNCTIONS as _DOCS

VALUES = ("false", "index", "inputs", "item", "nodes", "null", "run", "true")
FUNCTIONS = tuple(sorted(name for name in _DOCS if not hasattr(builtins, name)))


class Name:
    """A name of the language, where it stands in Python that is read and not run."""

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise InputError(
            f"{self._name} is of Flowbook's expression language: it has a value when a workflow runs.",
            "Use it in a call of a task that a function under @flow.task returns.",
        )

    __call__ = __getitem__ = __len__ = __iter__ = __bool__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        self._refuse()

    def __repr__(self) -> str:
        return f"<{self._name}, of Flowbook's expression language>"


def __getattr__(name: str) -> Name:
    if name not in VALUES and name not in FUNCTIONS:
        raise AttributeError(f"Flowbook's expression language has no name {name!r} that Python has not")
    return Name(name)


def __dir__() -> list[str]:
    return sorted([*VALUES, *FUNCTIONS])
