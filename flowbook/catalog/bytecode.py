"""The code of what comes with Flowbook, kept once it was compiled: in ``__pycache__``, as Python keeps its own.

By what the source is, not by when it was written: a file of the form that PEP 552 calls "checked hash-based". So an
edit is seen however coarse the file times are. Only for folders that nobody but an installation writes to: whoever may
write such a file decides what runs.
"""

from __future__ import annotations

import contextlib
import importlib.util
import marshal
import os
import sys
import threading
import types
from collections.abc import Callable

_FLAGS = (0b11).to_bytes(4, "little")  # by its hash, which is checked
_HEAD = 16


def kept(path: str, source: bytes, compiled: Callable[[], types.CodeType]) -> types.CodeType:
    """The code of the ``source`` of a file; ``compiled`` makes it where none is kept of just this source."""
    head = importlib.util.MAGIC_NUMBER + _FLAGS + importlib.util.source_hash(source)
    file = importlib.util.cache_from_source(path, optimization="flowbook")
    with contextlib.suppress(OSError, EOFError, ValueError, TypeError), open(file, "rb") as opened:
        if opened.read(_HEAD) == head:
            code = marshal.load(opened)  # noqa: S302 - as Python itself does with what stands in this folder
            if isinstance(code, types.CodeType):
                return code
    code = compiled()
    if not sys.dont_write_bytecode:
        with contextlib.suppress(OSError):  # a folder that may not be written to
            write(file, head + marshal.dumps(code))
    return code


def write(file: str, content: bytes) -> None:
    """Put a file in place as a whole."""
    os.makedirs(os.path.dirname(file), exist_ok=True)
    aside = f"{file}.{os.getpid()}.{threading.get_ident()}"
    with open(aside, "wb") as opened:
        opened.write(content)
    os.replace(aside, file)
