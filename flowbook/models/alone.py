"""Flowbook's models are made without pydantic's plug-ins: none is of use to them.

To look for plug-ins takes as long as a third of a cold start, since that reads about every package that is installed.
Models that are made by others afterwards have them, as ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "PYDANTIC_DISABLE_PLUGINS"
_LOCK = threading.RLock()


@contextmanager
def without_plugins() -> Iterator[None]:
    """Models that are made within have no plug-ins."""
    with _LOCK:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = "__all__"
        try:
            yield
        finally:
            if before is None:
                os.environ.pop(VARIABLE, None)
            else:
                os.environ[VARIABLE] = before


def never_plugins() -> None:
    """No model of this process has plug-ins: for commands, whose process is Flowbook's own."""
    os.environ.setdefault(VARIABLE, "__all__")
