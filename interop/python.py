"""Workflows to Python and back: of the gallery, the documentation, the notebooks, and some made up by chance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flowbook.errors import FlowbookError
from flowbook.formats.flowfile import loads as read_flow
from flowbook.formats.flowfile import read_flow_file
from flowbook.formats.python import dumps, loads
from flowbook.models import Workflow
from interop.counts import Count
from interop.generating import workflow

ROOT = Path(__file__).parent.parent
MADE_UP = 1000
_BLOCK = re.compile(r"^```yaml\n(flowbook: 1\n.*?)^```$", re.MULTILINE | re.DOTALL)


def counts() -> Iterator[Count]:
    """The counts, each as soon as it is there."""
    yield _count("gallery and notebooks", ((path.name, lambda path=path: read_flow_file(path)) for path in _files()))
    yield _count("documentation", ((name, lambda text=text: read_flow(text)) for name, text in _blocks()))
    yield _count("made up", ((str(number), lambda number=number: workflow(number)) for number in range(MADE_UP)))


def _files() -> list[Path]:
    return [*sorted((ROOT / "flowbook" / "gallery").glob("*.yaml")), *sorted((ROOT / "notebooks").glob("*.yaml"))]


def _blocks() -> Iterator[tuple[str, str]]:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for place, text in enumerate(_BLOCK.findall(page.read_text())):
            yield f"{page.name}#{place}", text


def _count(what: str, workflows: Iterator[tuple[str, Callable[[], Workflow]]]) -> Count:
    count = Count(f"to Python and back, {what}")
    for name, read in workflows:
        try:
            flow = read()
            count.add(name, loads(dumps(flow)) == flow)
        except FlowbookError as error:
            count.add(f"{name} ({error})", good=False)
    return count
