"""Files that are broken or hostile, for every form that is read: a refusal with the place, and nothing by half.

The texts are those of ready examples, changed by chance but each time in the same way. Larger numbers were run by hand.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.authoring.openapi import parse_description, write_from_description
from flowbook.errors import FlowbookError
from flowbook.formats.curl import read_curl
from flowbook.formats.flowfile import dumps as flow_text
from flowbook.formats.python import dumps, loads
from flowbook.workspace import FileText
from interop import curl as commands
from interop import n8n
from interop.generating import workflow

EXAMPLES = Path(__file__).parents[1] / "interop" / "descriptions"
EACH = 60
PIECES = [
    "[", "{", "(", '"', "'", "\0", "\ud800", "9" * 5000, "1e999", "null",
    "&a [*a,*a]", "*a", "$ref", "${{ ", "}}", "\\", "\n",
    "[" * 400, '{"a":' * 400, "(" * 300, "not " * 200,
    "= {{ " + "(" * 200 + " }}", "`${" * 100, "\ufeff", "$(id)", "@/etc/passwd",
    "$'\\ud800'", "[{}]",
    "5", "{'a': {}}",
]  # fmt: skip

OPERATIONS = ",".join(f'"/p{n}": {{"get": {{}}}}' for n in range(20_001))


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
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 3, 20, 200]))
        way = chance.random()
        text = text[:start] + (chance.choice(PIECES) if way < 0.6 else "") + (text[end:] if way < 0.9 else "")
    return text


def read(kind: str, text: str, ws: Workspace, folder: Path) -> None:
    if kind == "curl":
        read_curl(text)
    elif kind == "py":
        loads(text)
    elif kind == "openapi":
        description = parse_description(text.encode("utf-8", "surrogatepass"), "x.yaml")
        write_from_description(folder, "made", description, patterns=["*"])
    else:
        ws.read(FileText(text, f"x.{'flow.yaml' if kind == 'yaml' else kind}"))


@pytest.mark.parametrize("kind", SEEDS)
def test_what_was_changed_by_chance_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    seeds = SEEDS[kind]()
    with Workspace(tmp_path) as ws:
        for number in range(EACH):
            chance = random.Random(f"{kind} {number}")
            text, folder = changed(chance, chance.choice(seeds)), tmp_path / str(number)
            try:
                read(kind, text, ws, folder)
            except FlowbookError:
                assert not folder.exists(), number
        assert not ws.workflows()


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("curl", "curl http://a.org/\ud800", "half a character"),
        ("curl", "curl http://a.org -d $'\\ud800'", "half a character"),
        ("curl", 'curl "http://a.org/' + "${A}" * 1001 + '"', "more than 1,000 variables"),
        ("openapi", '{"openapi": "3.0.0", "x": ' + "9" * 5000 + ', "paths": {}}', "digits"),
        ("openapi", '{"openapi": "3.0.0", "paths": {' + OPERATIONS + "}}", "at most 20,000"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused(kind: str, text: str, says: str, tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws, pytest.raises(FlowbookError, match=says):
        read(kind, text, ws, tmp_path / "made")


def test_an_order_in_a_script_that_names_no_nodes_is_passed_over() -> None:
    flow = workflow(3)
    text = dumps(flow)
    for order in ("edges=[({}, []), ('a', {}, 'x')]", "order=[{}, ['a'], 5]"):
        made = loads(text.replace("\nif __name__", f"\nflow.arrange({order})\n\nif __name__", 1))
        assert set(made.nodes) == set(flow.nodes)
