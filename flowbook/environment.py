"""What the environment tells Flowbook alone, taken out of it: keys, a database's address, unattended runs' credentials.

They are taken at the start of the command line and of every workspace, before any integration folder is imported. From
then on no import, no task and no process that is started sees them in its environment, and on Linux they are also
overwritten where the system shows the environment that a process began with (``/proc/<id>/environ``).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping

KEYS = ("FLOWBOOK_KEY", "FLOWBOOK_KEY_FILE")
CREDENTIALS = "FLOWBOOK_CREDENTIALS__"
STORE = "FLOWBOOK_STORE"
"""The address of the database that a workspace is in: there may be a password in it."""

_taken: dict[str, str] = {}
_taking = threading.Lock()


def take() -> Mapping[str, str]:
    """Take what is there now out of the process's environment; all that was ever taken, by variable."""
    with _taking:
        secret = (*KEYS, STORE)
        found = {name: value for name, value in os.environ.items() if name in secret or _means_credentials(name)}
        if any(name in KEYS and value for name, value in found.items()):
            for name in KEYS:  # one way to open the store is given instead of another
                _taken.pop(name, None)
        for name, value in found.items():
            _overwrite(name)
            os.environ.pop(name, None)
            if value or _means_credentials(name):
                _taken[name] = value
        return dict(_taken)


def _means_credentials(name: str) -> bool:
    """Whether a variable gives credentials, or was meant to: one that is misspelt is as secret."""
    return name.upper().replace("_", "").startswith("FLOWBOOKCREDENTIAL")


def give_back() -> None:
    """Put all that was taken back, in a process that does nothing but become, or start, another of Flowbook's."""
    with _taking:
        os.environ.update(_taken)


@contextlib.contextmanager
def having(name: str, value: str) -> Iterator[None]:
    """While it lasts, as if the environment had given this value of one of these variables."""
    with _taking:
        before = _taken.get(name)
        _taken[name] = value
    try:
        yield
    finally:
        with _taking:
            _taken.pop(name, None)
            if before is not None:
                _taken[name] = before


def forget() -> None:
    """Forget what was taken."""
    with _taking:
        _taken.clear()


def _overwrite(name: str) -> None:
    """Overwrite a variable's value in the memory that the process began with."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError, ValueError):
        import ctypes

        library = ctypes.CDLL(None)
        library.getenv.restype = ctypes.c_void_p
        library.getenv.argtypes = [ctypes.c_char_p]
        at = library.getenv(os.fsencode(name))
        if at:
            ctypes.memset(at, ord("*"), len(ctypes.string_at(at)))
