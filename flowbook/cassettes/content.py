"""Bytes as they stand in a cassette: as text where they are one, else as base64; and secrets taken out of them.

What is sent and answered whole can hold a secret in a form that redaction does not look for: compressed, in UTF-16,
as base64 or quoted-printable with line breaks inside of it, as mail has them. Such a content is hidden whole.
"""

from __future__ import annotations

import base64
import binascii
import io
import quopri
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from flowbook.redaction import HIDDEN

Clean = Callable[[Any], Any]
_LARGEST = 20_000_000
"""Bytes that are looked at of what was compressed."""
_DEEPEST = 3
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def told(content: bytes) -> Any:
    """Bytes as plain JSON."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


def bytes_of(given: Any) -> bytes:
    """The bytes that :func:`told` made it of."""
    return base64.b64decode(given["base64"]) if isinstance(given, dict) else str(given).encode("utf-8")


def in_every_form(clean: Clean) -> Clean:
    """As ``clean``, which takes secrets out of data, and contents that hold one in another form are hidden whole."""

    def whole(value: Any) -> Any:
        return clean(_hidden(value, clean))

    return whole


def _hidden(value: Any, clean: Clean) -> Any:
    if isinstance(value, str):
        return HIDDEN if _carries(value.encode("utf-8", "surrogatepass"), clean) else value
    if isinstance(value, list):
        return [_hidden(one, clean) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"base64"}:
        return {name: _hidden(one, clean) for name, one in value.items()}
    try:
        content = base64.b64decode(value["base64"], validate=True)
    except (ValueError, TypeError):
        return value
    return HIDDEN if _carries(content, clean) else told(clean(content))


def _carries(content: bytes, clean: Clean, depth: int = 0) -> bool:
    """Whether a secret is found in a form that the bytes can be read in, and perhaps not in the bytes themselves."""
    return any(
        clean(form) != form or (depth < _DEEPEST and _carries(form, clean, depth + 1)) for form in _forms(content)
    )


def _forms(content: bytes) -> Iterator[bytes]:
    """What the bytes may stand for, at least one of a chain of encodings nearer to what was meant."""
    if b"\0" in content:
        yield content.replace(b"\0", b"")  # UTF-16 and UTF-32 of what is ASCII
    if b"=" in content and (plain := quopri.decodestring(content)) != content:
        yield plain
    if b"\n" in content:
        yield b"".join(content.split())
    elif _BASE64.fullmatch(content):
        with_padding = content.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(content) % 4)
        try:
            yield base64.b64decode(with_padding)
        except binascii.Error:
            return
    yield from _unpacked(content)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b" or content[:1] == b"\x78":
        try:
            yield zlib.decompressobj(47).decompress(content, _LARGEST)
        except zlib.error:
            return
    elif content[:4] == b"PK\3\4":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist()[:1_000]:
                    with archive.open(name) as member:
                        yield member.read(_LARGEST)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError):
            return
