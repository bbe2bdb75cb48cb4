"""The workflows that come with Flowbook, by the hashes that make them trusted: ``flowbook/trust/shipped.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flowbook.errors import FlowbookError
from flowbook.formats.flowfile import read_document
from flowbook.models import Workflow
from flowbook.trust.content import content_hash

ROOT = Path(__file__).resolve().parent.parent.parent
_FILES = ("flowbook/gallery/*.flow.yaml", "notebooks/*.flow.yaml", "docs/**/*.flow.yaml")
_BLOCK = re.compile(r"^```ya?ml[^\n]*\n(.*?)^```", re.M | re.S)


def shipped_text() -> str:
    """The file: a line for each workflow, its hash and where it is."""
    lines = [f"{hash} {where}" for hash, where in sorted(set(_shipped()), key=lambda one: (one[1], one[0]))]
    return "# Written by 'python docs/generate.py'.\n" + "\n".join(lines) + "\n"


def _shipped() -> Iterator[tuple[str, str]]:
    for path in sorted(path for where in _FILES for path in ROOT.glob(where)):
        yield from _hashed(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]):
        for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
            yield from _hashed(block[1], page.relative_to(ROOT).as_posix())


def _hashed(text: str, where: str) -> Iterator[tuple[str, str]]:
    """The workflow of a text; nothing for one that shows a part of one, or something that is wrong."""
    try:
        yield content_hash(Workflow.from_document(read_document(text, where)[0])), where
    except (FlowbookError, ValueError, KeyError, TypeError):
        return
