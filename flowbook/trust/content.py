"""What of a workflow counts when it is trusted, as canonical JSON: what it does, not how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.models import Workflow
from flowbook.models.documents import canonical, hash_of_parts
from flowbook.records import NamedTuple

FORMAT = 1
_LOOKS = frozenset({"label", "notes"})


class Meaning(NamedTuple):
    """What the label of an integration means here: which one it is, and which servers that may be used with."""

    id: str
    name: str
    type: str
    hosts: tuple[str, ...]


def essence(document: Mapping[str, Any]) -> dict[str, Any]:
    """The nodes, edges and inputs of a workflow's document, without its name, layout, notes and labels."""
    return {
        "nodes": {
            id: {name: value for name, value in node.items() if name not in _LOOKS}
            for id, node in document["nodes"].items()
        },
        "edges": document.get("edges", []),
        "inputs": {
            name: {key: value for key, value in given.items() if key != "description"}
            for name, given in document.get("inputs", {}).items()
        },
    }


def content_hash(workflow: Workflow) -> str:
    """SHA-256 of the essence: the same for the same workflow under another name, or moved about on the canvas."""
    return hash_of_essence(workflow.to_document(), {})


def hash_of_essence(document: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """The :func:`content_hash` of the workflow that has this document; ``parts`` are canonical texts of its values."""
    written = {
        key: parts[key] if key in parts and value == document[key] else canonical(value)
        for key, value in essence(document).items()
    }
    return hash_of_parts({"flowbook": canonical(FORMAT), **written})


def consent_document(
    workflow: Workflow,
    meanings: Mapping[str, Meaning | None],
    code: Mapping[str, str],
    workflows: Mapping[str, str],
) -> dict[str, Any]:
    """What a consent signs.

    In place of each integration's label there is what it means here (``meanings``); beside the nodes stand the hashes
    of the integration folders' ``code`` that is trusted in no other way, and of the ``workflows`` that it runs
    (``"*"`` → ``"any workflow"`` when a name is computed).
    """
    document = essence(workflow.to_document())
    for node in document["nodes"].values():
        if "integration" in node:
            meaning = meanings.get(node["integration"])
            node["integration"] = (
                {"missing": node["integration"]}
                if meaning is None
                else {"id": meaning.id, "type": meaning.type, "hosts": sorted(meaning.hosts)}
            )
    return {"flowbook": FORMAT, **document, "code": dict(code), "workflows": dict(workflows)}
