"""Bytes as they stand in a cassette: as text where they are one, else as base64."""

from __future__ import annotations

import base64
from typing import Any


def told(content: bytes) -> Any:
    """Bytes as plain JSON."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


def bytes_of(given: Any) -> bytes:
    """The bytes that :func:`told` made it of."""
    return base64.b64decode(given["base64"]) if isinstance(given, dict) else str(given).encode("utf-8")
