"""Files that are broken or hostile, of every form that is read: each is read or refused, soon, and nothing by half."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flowbook import Workspace
from flowbook.authoring.openapi import parse_description, write_from_description
from flowbook.errors import FlowbookError
from flowbook.formats.curl import read_curl
from flowbook.formats.flowfile import dumps as flow_text
from flowbook.formats.python import dumps, loads
from flowbook.workspace import FileText
from interop import curl as commands
from interop import n8n
from interop.counts import Count
from interop.generating import workflow

EXAMPLES = Path(__file__).parent / "descriptions"
EACH = 400
"""Texts of each form."""
PIECES = [
    "[", "{", "(", '"', "'", "\0", "\ud800", "9" * 5000, "1e999", "null",
    "&a [*a,*a]", "*a", "$ref", "${{ ", "}}", "\\", "\n",
    "[" * 400, '{"a":' * 400, "(" * 300, "not " * 200,
    "= {{ " + "(" * 200 + " }}", "`${" * 100, "\ufeff", "$(id)", "@/etc/passwd",
    "$'\\ud800'", "[{}]",
    "5", "{'a': {}}",
]  # fmt: skip


def _cells(text: str) -> str:
    cell = {
        "cell_type": "code",
        "source": text.splitlines(True),
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


SEEDS: dict[str, Callable[[], list[str]]] = {
    "py": lambda: [dumps(workflow(number)) for number in range(4)],
    "ipynb": lambda: [_cells(dumps(workflow(number))) for number in range(4)],
    "yaml": lambda: [flow_text(workflow(number)) for number in range(4)],
    "json": lambda: [json.dumps(n8n.made_up(number)) for number in range(4)],
    "curl": lambda: [commands.made_up(random.Random(number), "http://localhost:1") for number in range(8)],
    "openapi": lambda: [path.read_text() for path in sorted(EXAMPLES.iterdir())],
}


def changed(chance: random.Random, text: str) -> str:
    """A text with some pieces of it taken out, cut off, or replaced by hostile ones."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 3, 20, 200]))
        way = chance.random()
        text = text[:start] + (chance.choice(PIECES) if way < 0.6 else "") + (text[end:] if way < 0.9 else "")
    return text


def read(kind: str, text: str, ws: Workspace, folder: Path) -> None:
    """Read a text as one of that form; a description into a ``folder``. Raises FlowbookError for what is none."""
    if kind == "curl":
        read_curl(text)
    elif kind == "py":
        loads(text)
    elif kind == "openapi":
        description = parse_description(text.encode("utf-8", "surrogatepass"), "x.yaml")
        write_from_description(folder, "made", description, patterns=["*"])
    else:
        ws.read(FileText(text, f"x.{'flow.yaml' if kind == 'yaml' else kind}"))


def counts() -> Iterator[Count]:
    """How many are read or refused with an error of ours, each within ten seconds of the processor."""
    for kind, seeds in SEEDS.items():
        count = Count(f"broken files read or refused, {kind}")
        with tempfile.TemporaryDirectory() as place, Workspace(place) as ws:
            for number in range(EACH):
                count.add(str(number), fault(kind, number, seeds(), ws, Path(place, str(number))) == "")
        yield count


def fault(kind: str, number: int, seeds: list[str], ws: Workspace, folder: Path) -> str:
    """What is wrong with how the text of that number is read; "" when nothing is."""
    chance = random.Random(f"{kind} {number}")
    text, began = changed(chance, chance.choice(seeds)), time.process_time()
    try:
        read(kind, text, ws, folder)
    except FlowbookError:
        if folder.exists():
            return "it was imported by half"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return repr(error)
    return "" if time.process_time() - began < 10 else "it took long"
