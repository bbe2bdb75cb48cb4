"""Workflows of n8n: expressions against the answers of n8n's own evaluator, and workflows made up by chance.

The answers in ``n8n_oracle/answers.json`` are those of npm's ``n8n-workflow``; ``n8n_oracle/ask.mjs`` asks it again.
``python -m interop n8n FOLDER`` also counts the workflows of a folder, as n8n writes them down: how many are read, and
what of their nodes and expressions is carried over. Public ones come with npm's ``n8n-mcp``, in its ``data/nodes.db``,
which is read as it is.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from flowbook.catalog import Catalog
from flowbook.errors import FlowbookError
from flowbook.expressions import compile_expression
from flowbook.formats.n8n import read_export
from flowbook.formats.n8n.javascript import Untranslatable
from flowbook.formats.n8n.translating import translated
from flowbook.models import Workflow
from flowbook.validation import validate_document
from interop.counts import Count

ORACLE = Path(__file__).parent / "n8n_oracle"
MADE_UP = 300
_OTHER = [{"x": 1, "name": "Bob"}, {"x": 2, "name": "Cy"}]
_KINDS: list[tuple[str, float, dict[str, Any]]] = [
    ("noOp", 1, {}), ("limit", 1, {"maxItems": 2}), ("aggregate", 1, {"aggregate": "aggregateAllItemData"}),
    ("splitOut", 1, {"fieldToSplitOut": "tags"}), ("removeDuplicates", 1, {}), ("merge", 3, {}),
    ("wait", 1.1, {"amount": 0}),
    ("code", 2, {"jsCode": "return items"}), ("splitInBatches", 3, {}),
    ("httpRequest", 4.2, {"url": "={{ $json.url }}"}),
    ("set", 3.4, {"assignments": {"assignments": [{"name": "a", "type": "string",
    "value": "={{ $('n0').item.json.b }}"}]}}),
    ("if", 1, {"conditions": {"string": [{"value1": "={{ $json.a }}", "value2": "x"}]}}), ("googleSheets", 4, {}),
    ("sort", 1, {"sortFieldsUi": {"sortField": [{"fieldName": "a"}]}}),
    ("slack", 2, {"channelId": "#a", "text": "=hi {{ $json.a }}"}),
]  # fmt: skip


def counts(folders: Sequence[Path] = ()) -> Iterator[Count]:
    """The counts, each as soon as it is there."""
    yield from _expressions()
    yield from _workflows()
    if folders:
        yield from _public(folders)


def _public(folders: Sequence[Path]) -> Iterator[Count]:
    """What becomes of the workflows in folders; notes on the canvas are no nodes here."""
    read, carried = Count("workflows of the folder read"), Count("their nodes carried over", least=0.8)
    said, fits = Count("their expressions in our language", least=0.95), Count("their nodes fit the tasks", least=0.97)
    catalog = Catalog(environ={})
    tasks = {task.name for folder in catalog.folders() for task in folder.tasks.values()}
    for name, text in _texts(folders):
        try:
            made = read_export(text, name)
        except FlowbookError as error:
            read.add(f"{name} ({error.message[:150]})", good=False)
            continue
        read.add(name, good=True)
        for one in made.report.nodes:
            if not one.type.endswith(".stickyNote"):
                carried.add(one.type.rpartition(".")[2], one.how == "carried")
        said.good += made.report.translated
        said.total += made.report.expressions
        for document in (made.document, *made.parts):
            faults = _faults(document, catalog)
            for id, node in document["nodes"].items():
                if node["task"] in tasks:
                    fits.add(f"{name}.{id} {node['task']} ({faults.get(id, '')[:150]})", id not in faults)
    carried.failures = [f"{name} ({times})" for name, times in Counter(carried.failures).most_common(40)]
    yield from (read, carried, said, fits)


def _texts(folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """The exports in folders, with their names: files of JSON, and those that n8n-mcp keeps in its database."""
    for path in sorted(one for folder in folders for one in folder.rglob("*")):
        if path.suffix == ".json":
            yield path.stem, path.read_text("utf-8")
        elif path.name == "nodes.db":
            with closing(sqlite3.connect(path)) as database:
                kept = "SELECT workflow_id, workflow_json_compressed FROM templates ORDER BY workflow_id"
                for id, packed in database.execute(kept):
                    yield f"n8n-mcp-{id}", gzip.decompress(base64.b64decode(packed)).decode("utf-8")


_LEFT_TO_PEOPLE = frozenset({
    "missing-param", "missing-integration", "unknown-integration", "unknown-task", "unknown-folder",
    "unknown-workflow", "bad-expression",
})  # fmt: skip
"""What a person has to add, for the file does not say it; and expressions, which are counted by themselves."""


def _faults(document: dict[str, Any], catalog: Catalog) -> dict[str, str]:
    """What does not fit in nodes, by their ids."""
    found = validate_document(document, catalog, workflows=lambda: [document["name"]])[1].errors
    return {one.node: f"{one.code} {one.message}" for one in found if one.node and one.code not in _LEFT_TO_PEOPLE}


def _expressions() -> Iterator[Count]:
    said, same = Count("expressions in our language", least=0.95), Count("answers equal to n8n's", least=0.97)
    item = json.loads((ORACLE / "item.json").read_text())
    for source, answer in json.loads((ORACLE / "answers.json").read_text()).items():
        if "error" in answer:
            continue
        try:
            text = translated(source, meaning, "'UTC'")
        except Untranslatable as why:
            said.add(f"{source} ({why})", good=False)
            continue
        said.add(source, good=True)
        got = evaluated(text, json.loads(json.dumps(item)))
        same.add(f"{source} → {got!r}, there {answer['value']!r}", plain(got) == plain(answer["value"]))
    yield said
    yield same


def meaning(kind: str, node: str | None, *more: str) -> str:
    """What n8n's names are where the expressions stand: after a node Before, which gives one item, and Other."""
    base = "nodes.other.data" if node == "Other" else "nodes.before.data"
    known = {
        "json": "item",
        "index": "index",
        "all": base,
        "first": f"{base}[0]",
        "last": f"{base}[-1]",
        "item": f"{base}[0]",
    }
    return known.get(kind) or f"{base}[{more[0]}]"


def evaluated(text: str, item: Any) -> Any:
    """What an expression gives there; the error as a text when it gives one."""
    nodes = {"other": {"data": _OTHER}, "before": {"data": [item]}}
    scope = {"item": item, "index": 0, "inputs": {}, "run": {"id": "1", "workflow": "w"}, "nodes": nodes}
    try:
        return compile_expression(f"default({text}, null)").evaluate(scope)
    except FlowbookError as error:
        return f"error: {error.message}"


def plain(value: Any) -> Any:
    """A value to compare: JavaScript knows one kind of number, and JSON text may have spaces."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return round(float(value), 9)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def _workflows() -> Iterator[Count]:
    read, sound, told = Count("workflows read"), Count("without faults but placeholders"), Count("nodes accounted for")
    catalog = Catalog(environ={})
    for number in range(MADE_UP):
        export = made_up(number)
        made = read_export(json.dumps(export), f"made-up-{number}")
        documents = [made.document, *made.parts]
        names = [one["name"] for one in documents]
        read.add(str(number), all(Workflow.from_document(one) for one in documents))
        faults = [
            fault
            for one in documents
            for fault in validate_document(one, catalog, workflows=lambda names=names: names)[1].errors
            if fault.code not in _LEFT_TO_PEOPLE - {"bad-expression", "unknown-workflow"}
        ]
        sound.add(f"{number}: {faults[0].message if faults else ''}", not faults)
        told.add(str(number), {one["name"] for one in export["nodes"]} <= {one.node for one in made.report.nodes})
    yield from (read, sound, told)


def made_up(number: int) -> dict[str, Any]:
    """A workflow of n8n by chance, with branches that meet and circles."""
    chance = random.Random(number)
    size = chance.randint(2, 14)
    nodes = [{"name": "n0", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}}]
    for place in range(1, size):
        kind, version, params = chance.choice(_KINDS)
        nodes.append(
            {"name": f"n{place}", "type": f"n8n-nodes-base.{kind}", "typeVersion": version, "parameters": params}
        )
    connections: dict[str, Any] = {}
    for place in range(1, size):
        for source in {chance.randrange(place) for _ in range(chance.choice((1, 1, 1, 2)))}:
            _link(connections, f"n{source}", chance.choice((0, 0, 1)), f"n{place}")
    if chance.random() < 0.4:
        late = chance.randrange(1, size)
        _link(connections, f"n{late}", 0, f"n{chance.randint(1, late)}")
    return {"name": f"Made up {number}", "nodes": nodes, "connections": connections}


def _link(connections: dict[str, Any], source: str, output: int, target: str) -> None:
    outputs = connections.setdefault(source, {"main": []})["main"]
    outputs.extend([] for _ in range(output + 1 - len(outputs)))
    outputs[output].append({"node": target, "type": "main", "index": 0})
