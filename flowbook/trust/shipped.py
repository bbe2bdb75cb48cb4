"""What comes with Flowbook is trusted by its installation: its workflows are known here by their hashes.

``shipped.txt`` beside this module names them: those of the gallery, of the notebooks, and of the documentation's
examples. ``python docs/generate.py`` writes it.
"""

from __future__ import annotations

import functools
from pathlib import Path

FILE = Path(__file__).with_name("shipped.txt")


def is_shipped(hash: str) -> bool:
    """Whether a workflow of that content (see :func:`flowbook.trust.content.content_hash`) comes with Flowbook."""
    return hash in _hashes()


@functools.cache
def _hashes() -> frozenset[str]:
    try:
        lines = FILE.read_text(encoding="ascii").splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.partition(" ")[0] for line in lines if line and not line.startswith("#"))
