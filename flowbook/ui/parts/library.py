"""The code editor that the browser's side of forms asks for once a page, when it first shows a field that needs it.

CodeMirror is half a megabyte. It is in no widget's ``_esm``, which each widget of a kind sends and a saved notebook may
keep, but answers a message: packed, and together with the scripts of Flowbook's own that build upon it.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache

from flowbook.ui.parts.files import module, text_of

VENDORED = "parts/vendor/codemirror-6.0.2.js"


@cache
def source() -> str:
    """The library as one ES module, whose default export is what ``parts/code_library.js`` gives."""
    return f"{text_of(VENDORED)}\n{module('parts/code_library.js')}"


@cache
def name() -> str:
    """What this version of it is called in the page, where another kernel's Flowbook may have brought another."""
    return hashlib.sha256(source().encode()).hexdigest()[:16]


@cache
def packed() -> bytes:
    """The library as it travels: gzip."""
    return gzip.compress(source().encode(), mtime=0)
