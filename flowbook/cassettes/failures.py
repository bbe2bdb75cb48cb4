"""How the system's own errors of a connection stand in a cassette, and are raised again."""

from __future__ import annotations

import socket
import ssl
from typing import Any

_KNOWN: dict[str, type[OSError]] = {
    one.__name__: one
    for one in (
        ssl.SSLCertVerificationError, ssl.SSLError, socket.gaierror, ConnectionRefusedError, ConnectionResetError,
        ConnectionAbortedError, BrokenPipeError, TimeoutError,
    )
}  # fmt: skip


def told(error: BaseException) -> dict[str, Any] | None:
    """The system's error that another one was made of, or is; None when there is none."""
    todo, seen = [error], set[int]()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one).__name__ in _KNOWN or type(one) is OSError:
            found = {
                "error": type(one).__name__,
                "number": getattr(one, "errno", None),
                "message": getattr(one, "strerror", None) or str(one),
            }
            for name in ("reason", "verify_message"):
                if isinstance(getattr(one, name, None), str):
                    found[name] = getattr(one, name)
            return found
        inner = [*getattr(one, "args", ()), getattr(one, "reason", None), one.__cause__, one.__context__]
        todo.extend(item for item in inner if isinstance(item, BaseException))
    return None


def made(given: dict[str, Any]) -> OSError:
    """The error that :func:`told` told of."""
    kind = _KNOWN.get(given["error"], OSError)
    error = kind(given["message"]) if given.get("number") is None else kind(given["number"], given["message"])
    for name in ("reason", "verify_message"):
        if name in given:
            setattr(error, name, given[name])
    return error
