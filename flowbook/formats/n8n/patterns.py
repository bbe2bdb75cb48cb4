"""JavaScript's regular expressions as RE2's."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.javascript import Untranslatable, part, text

_BEYOND = re.compile(r"\(\?<?[=!]|(?<!\\)(?:\\\\)*\\[1-9k]")
_UNICODE = re.compile(r"\\u(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{4}))")


def pattern_of(node: Any) -> tuple[str, bool]:
    """The pattern, with its flags inside of it, and whether it means every place (``g``). Raises Untranslatable."""
    pattern = text(part(node, "pattern"))
    flags = text(part(node, "flags")) if part(node, "flags") is not None else ""
    if _BEYOND.search(pattern):
        raise Untranslatable("a pattern with look-around or a reference back, which RE2 does not have")
    if "y" in flags:
        raise Untranslatable("a pattern that is sticky")
    pattern = (
        _UNICODE.sub(lambda found: f"\\x{{{found[1] or found[2]}}}", pattern)
        .replace("\\/", "/")
        .replace("[^]", "(?s:.)")
    )
    inside = "".join(flag for flag in "ims" if flag in flags)
    return (f"(?{inside}){pattern}" if inside else pattern), "g" in flags
