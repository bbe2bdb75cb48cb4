"""The square that stands for an integration: its icon, or two letters on a colour made of its name."""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache

from flowbook.view.graph.elements import Badge

COLOURS = ("#24506b", "#7b3f8c", "#336791", "#5f6b7a", "#b4532a", "#2f7d5b", "#8a3347", "#4957a6", "#6b7a1f", "#1f7a80")


@lru_cache(maxsize=512)
def badge(name: str, icon: str | None = None) -> Badge:
    """The badge of the integration folder ``name``; ``icon`` is the SVG text of its own icon, if it has one."""
    letters = [part for part in name.split("_") if part]
    text = letters[0][0] + letters[1][0] if len(letters) > 1 else name[:2]
    colour = COLOURS[zlib.crc32(name.encode()) % len(COLOURS)]
    made: Badge = {"text": text[:1].upper() + text[1:], "color": colour}
    if icon:
        made["icon"] = "data:image/svg+xml;base64," + base64.b64encode(icon.encode()).decode()
    return made
