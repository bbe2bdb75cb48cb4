"""What headers say of other addresses: Location and Link (RFC 8288)."""

from __future__ import annotations

import re

_PARAM = r"""\s*;\s*([^\s=;,]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?"""
_LINK = re.compile(rf"<([^>]*)>((?:{_PARAM})*)")


def as_written(value: str) -> str:
    """A header's value as the server wrote it: in UTF-8, which http.client reads as Latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def links(value: str) -> dict[str, str]:
    """The targets of a Link header by their relation types in lowercase; of two with the same, the first.

    (What requests reads out of it ends at a semicolon in the address.)
    """
    found: dict[str, str] = {}
    for target, params, *_ in _LINK.findall(as_written(value)):
        rels = [quoted or plain for name, quoted, plain in re.findall(_PARAM, params) if name.lower() == "rel"]
        for rel in " ".join(rels[:1]).lower().split():
            if target.strip(" \t"):
                found.setdefault(rel, target.strip(" \t"))
    return found
