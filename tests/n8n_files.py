"""Workflows as n8n writes them down, made up for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

GEN = "return [1,2,3,4,5].map(n => ({json: {n, name: 'n' + n, tags: ['a' + n, 'b' + n]}}));"


def node(name: str, kind: str, params: dict[str, Any] | None = None, version: float = 1, **more: Any) -> dict[str, Any]:
    """A node; ``kind`` is of n8n's base package unless it names another."""
    type = kind if "." in kind else f"n8n-nodes-base.{kind}"
    return {
        "id": name, "name": name, "type": type, "typeVersion": version, "parameters": params or {}, "position": [0, 0],
        **more,
    }  # fmt: skip


def export(name: str, nodes: list[dict[str, Any]], edges: list[tuple[Any, ...]], **more: Any) -> dict[str, Any]:
    """A workflow; an edge is (source, output, target) and perhaps the target's input."""
    connections: dict[str, Any] = {}
    for source, output, target, *rest in edges:
        kind = output if isinstance(output, str) else "main"
        outputs = connections.setdefault(source, {}).setdefault(kind, [])
        place = 0 if isinstance(output, str) else output
        outputs.extend([] for _ in range(place + 1 - len(outputs)))
        outputs[place].append({"node": target, "type": kind, "index": rest[0] if rest else 0})
    return {"name": name, "nodes": nodes, "connections": connections, "settings": {}, **more}


def written(folder: Path, document: Any, name: str = "export.json") -> Path:
    """The file of a workflow."""
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def fields(name: str, **values: Any) -> dict[str, Any]:
    """An Edit Fields node; a value is a text, or (value, type)."""
    rows = [
        {"id": key, "name": key, "type": value[1], "value": value[0]}
        if isinstance(value, tuple)
        else {"id": key, "name": key, "type": "string", "value": value}
        for key, value in values.items()
    ]
    return node(name, "set", {"assignments": {"assignments": rows}, "options": {}}, 3.4)


def condition(left: str, operation: str, right: Any, kind: str = "number") -> dict[str, Any]:
    """The params of an If or Filter node of one condition."""
    row = {"id": "c", "leftValue": left, "rightValue": right, "operator": {"type": kind, "operation": operation}}
    return {"conditions": {"options": {"caseSensitive": True}, "combinator": "and", "conditions": [row]}, "options": {}}


START = node("start", "manualTrigger")
GENERATE = node("gen", "code", {"jsCode": GEN}, 2)
BEGIN = [("start", 0, "gen")]
