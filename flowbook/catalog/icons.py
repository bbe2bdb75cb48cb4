"""What an integration folder's icon may be: a small SVG that is nothing but a picture."""

from __future__ import annotations

import re

from flowbook.counting import counted

LIMIT = 65_536
"""Bytes that an icon may have."""

_SVG = re.compile(r"(?:\ufeff|\s|<\?xml[^>]*\?>|<!--.*?-->)*<svg[\s/>]", re.DOTALL)
_ACTIVE = {
    "it holds a script": re.compile(r"<\s*(?:\w+:)?script|\bon\w+\s*=|javascript:", re.IGNORECASE),
    "it holds a document of its own": re.compile(r"<\s*(?:\w+:)?(?:foreignObject|iframe|object|embed)", re.IGNORECASE),
    "it declares a document type or entities": re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE),
    "it fetches something": re.compile(
        r"""\bhref\s*=\s*["']\s*(?!#|data:image/(?:png|jpeg|gif);)|url\(\s*["']?\s*(?!#|data:)|@import""", re.IGNORECASE
    ),
}


def icon_problem(content: bytes) -> str:
    """Why that is no icon; empty when it is one."""
    if len(content) > LIMIT:
        return f"it has {counted(len(content), 'byte')}, more than {LIMIT:,}"
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if not _SVG.match(text):
        return "it is no SVG"
    return next((why for why, pattern in _ACTIVE.items() if pattern.search(text)), "")
