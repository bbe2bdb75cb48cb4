"""Values as PostgreSQL's texts hold them, so that they come back exactly as they were.

A text there holds no NUL and no lone surrogate, and bytes are none. All three go in behind a mark: a character of the
private use area, which is itself marked where it occurs.
"""

from __future__ import annotations

import base64
import re
from typing import Any

_MARK = "\ue000"
_ODD = re.compile("[\x00\ud800-\udfff\ue000]")
_WRITTEN = re.compile(f"{_MARK}([0-9a-f]{{4}})")
_BYTES = f"{_MARK}b:"


def written(value: Any) -> Any:
    """A value as it is given to the database."""
    if isinstance(value, bytes):
        return _BYTES + base64.b64encode(value).decode("ascii")
    if isinstance(value, str) and _ODD.search(value) is not None:
        return _ODD.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", value)
    return value


def read(text: Any, cursor: object = None) -> str | bytes | None:
    """What a text of the database stands for."""
    if text is None or _MARK not in text:
        return text
    if text.startswith(_BYTES):
        return base64.b64decode(text[len(_BYTES) :])
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)
