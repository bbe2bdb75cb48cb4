"""Bytes as they stand in a cassette: as text where they are one, else as base64; and secrets taken out of them.

What is sent and answered whole can hold a secret in a form that redaction does not look for: compressed, in UTF-16,
as base64 or quoted-printable with line breaks inside of it, as mail has them, or in pieces: in the strings of JSON one
after the other, as a stream of answers has them, or between tags. Such a content is hidden whole. Pieces of a secret
that stand in several places, such as a header and a body, are hidden where they are.
"""

from __future__ import annotations

import base64
import binascii
import io
import quopri
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import Any

from flowbook.json_text import parse_json
from flowbook.redaction import HIDDEN, Redactor

Clean = Callable[[Any], Any]
_LARGEST = 20_000_000
"""Bytes that are looked at of what was compressed."""
_DEEPEST = 3
_TAG = re.compile(rb"<[^<>]*>")
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


class Cleaner:
    """Takes the secrets that a run knows out of data as a cassette holds it."""

    def __init__(self, redact: Redactor) -> None:
        self._redact = redact
        self._whole = in_every_form(redact.redact_json)

    def __call__(self, value: Any) -> Any:
        """The data without secrets, in whatever form, and in how many pieces, they are there."""
        value = self._whole(value)
        return _without(value, self._redact.scattered(_text_of(value)) if self._redact else ())

    def of_pieces_too(self, value: Any) -> Any:
        """As well without what may be a piece of a secret, the rest of which is elsewhere."""
        value = self._whole(value)
        return _without(value, self._redact.pieces(_text_of(value)) if self._redact else ())


def _without(value: Any, pieces: Collection[str]) -> Any:
    return in_every_form(Redactor.of_pieces(pieces).redact_json)(value) if pieces else value


def _text_of(value: Any) -> str:
    """All texts in the data, and in what these may stand for, one after the other with something between them."""
    return "\0".join(content.decode("utf-8", "replace") for content in _contents(value))


def _contents(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield from _with_forms(value.encode("utf-8", "surrogatepass"))
    elif isinstance(value, (bytes, bytearray)):
        yield from _with_forms(bytes(value))
    elif isinstance(value, list):
        for one in value:
            yield from _contents(one)
    elif isinstance(value, dict):
        if value.keys() == {"base64"} and (content := _decoded(value)) is not None:
            yield from _with_forms(content)
        else:
            for name, one in value.items():
                yield str(name).encode("utf-8", "surrogatepass")
                yield from _contents(one)


def _with_forms(content: bytes, depth: int = 0) -> Iterator[bytes]:
    yield content
    if depth < _DEEPEST:
        for form in _decodings(content):
            yield from _with_forms(form, depth + 1)


def in_every_form(clean: Clean) -> Clean:
    """As ``clean``, which takes secrets out of data, and contents that hold one in another form are hidden whole."""

    def whole(value: Any) -> Any:
        return clean(_hidden(value, clean))

    return whole


def _hidden(value: Any, clean: Clean) -> Any:
    if isinstance(value, str):
        # Without what is found as it stands: that is hidden where it is, and the rest stays.
        return HIDDEN if _carries(clean(value.encode("utf-8", "surrogatepass")), clean) else value
    if isinstance(value, list):
        return [_hidden(one, clean) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"base64"}:
        return {name: _hidden(one, clean) for name, one in value.items()}
    content = _decoded(value)
    if content is None:
        return value
    content = clean(content)
    return HIDDEN if _carries(content, clean) else told(content)


def _decoded(value: dict[str, Any]) -> bytes | None:
    try:
        return base64.b64decode(value["base64"], validate=True)
    except (ValueError, TypeError):
        return None


def _carries(content: bytes, clean: Clean, depth: int = 0) -> bool:
    """Whether a secret is found in a form that the bytes can be read in, and perhaps not in the bytes themselves."""
    return any(
        clean(form) != form or (depth < _DEEPEST and _carries(form, clean, depth + 1)) for form in _forms(content)
    )


def _forms(content: bytes) -> Iterator[bytes]:
    """What the bytes may stand for, at least one of a chain of encodings nearer to what was meant."""
    yield from _decodings(content)
    if b"\n" in content:
        yield b"".join(content.split())
    if b"<" in content and (plain := _TAG.sub(b"", content)) != content:
        yield plain
    for joined in _joined(content):
        yield joined.encode("utf-8", "surrogatepass")


def _decodings(content: bytes) -> Iterator[bytes]:
    if b"\0" in content:
        yield content.replace(b"\0", b"")  # UTF-16 and UTF-32 of what is ASCII
    if b"=" in content and (plain := quopri.decodestring(content)) != content:
        yield plain
    if _BASE64.fullmatch(content):
        with_padding = content.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(content) % 4)
        try:
            yield base64.b64decode(with_padding)
        except binascii.Error:
            return
    yield from _unpacked(content)


def _joined(content: bytes) -> Iterator[str]:
    """The strings of JSON one after the other: all of them, and those at one place of each item or line."""
    places: dict[tuple[str, ...], list[str]] = {}
    documents = list(_documents(content))
    for document in documents:
        _collect(document, (), places)
    if sum(map(len, places.values())) > 1:
        yield "".join(one for document in documents for one in _strings(document))
        if len(places) > 1:
            yield from ("".join(found) for found in places.values() if len(found) > 1)


def _documents(content: bytes) -> Iterator[Any]:
    """What the bytes are as JSON: as a whole, or line by line, as JSON Lines and server-sent events are."""
    if content[:1] in (b"{", b"["):
        try:
            yield parse_json(content)
        except ValueError:
            pass
        else:
            return
    for line in content.splitlines() if b"\n" in content else ():
        text = line.removeprefix(b"data:").strip()
        if text[:1] in (b"{", b"["):
            with suppress(ValueError):
                yield parse_json(text)


def _collect(value: Any, place: tuple[str, ...], places: dict[tuple[str, ...], list[str]]) -> None:
    if isinstance(value, str):
        places.setdefault(place, []).append(value)
    elif isinstance(value, list):
        for one in value:
            _collect(one, place, places)
    elif isinstance(value, dict):
        for name, one in value.items():
            _collect(one, (*place, name), places)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _strings(one)


def _unpacked(content: bytes) -> Iterator[bytes]:
    if content[:2] == b"\x1f\x8b" or content[:1] == b"\x78":
        try:
            yield zlib.decompressobj(47).decompress(content, _LARGEST)
        except zlib.error:
            return
    elif content[:4] == b"PK\3\4":
        try:
            yield from _members(content)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError):
            return


def _members(content: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist()[:1_000]:
            with archive.open(name) as member:
                yield member.read(_LARGEST)
