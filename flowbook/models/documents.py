"""A workflow as the document that is stored and written to files: plain JSON, deterministic, and read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowbook.errors import InvalidWorkflow
from flowbook.models.base import checked, mapping
from flowbook.models.nodes import Edge, node_from_document
from flowbook.models.notes import Note, position
from flowbook.models.parameters import input_from_document

if TYPE_CHECKING:
    from flowbook.models.contents import Contents

FORMAT_VERSION = 1
_FIELDS = frozenset({"flowbook", "name", "description", "inputs", "nodes", "edges", "layout", "notes"})


def document_of(workflow: Contents) -> dict[str, Any]:
    """The document of a workflow, without what is empty."""
    document: dict[str, Any] = {"flowbook": FORMAT_VERSION, "name": workflow.name}
    if workflow.description:
        document["description"] = workflow.description
    if workflow.inputs:
        document["inputs"] = {name: parameter.to_document() for name, parameter in workflow.inputs.items()}
    document["nodes"] = {id: node.to_document() for id, node in workflow.nodes.items()}
    if workflow.edges:
        document["edges"] = [edge.to_document() for edge in workflow.edges]
    if workflow.layout:
        document["layout"] = {id: position(at) for id, at in sorted(workflow.layout.items())}
    if workflow.notes:
        document["notes"] = {id: note.to_document() for id, note in sorted(workflow.notes.items())}
    return document


def parts_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a workflow is made of, from its document; InvalidWorkflow names the first field that does not fit."""
    name = document.get("name")
    where = name if isinstance(name, str) else "workflow"
    _check_shape(document, where)
    return {
        "name": document["name"],
        "description": document.get("description", ""),
        "inputs": {
            key: input_from_document(key, value, f"{where}: inputs.{key}")
            for key, value in document.get("inputs", {}).items()
        },
        "nodes": {key: node_from_document(key, value) for key, value in document.get("nodes", {}).items()},
        "edges": [
            checked(Edge, f"{where}: edges[{i}]", InvalidWorkflow, **mapping(edge))
            for i, edge in enumerate(document.get("edges", ()))
        ],
        "layout": {
            key: checked(Note, f"{where}: layout.{key}", InvalidWorkflow, at=at).at
            for key, at in document.get("layout", {}).items()
        },
        "notes": {
            key: checked(Note, f"{where}: notes.{key}", InvalidWorkflow, **mapping(value))
            for key, value in document.get("notes", {}).items()
        },
    }


def hash_of(document: Any) -> str:
    """SHA-256 (hex) of a document, whatever the order of its keys."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def hash_of_parts(parts: Mapping[str, str]) -> str:
    """The :func:`hash_of` of an object, of which each value is given as its canonical text."""
    text = ",".join(f"{canonical(key)}:{value}" for key, value in sorted(parts.items()))
    return hashlib.sha256(f"{{{text}}}".encode()).hexdigest()


def canonical(document: Any) -> str:
    """The one JSON text of a document, whatever the order of its keys."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _check_shape(document: Mapping[str, Any], where: str) -> None:
    """InvalidWorkflow unless the document is of the format that is read here, and its parts are of the right kind."""
    version = document.get("flowbook")
    if version != FORMAT_VERSION:
        raise InvalidWorkflow(
            f"{where}: 'flowbook' is {version!r}; this Flowbook reads format {FORMAT_VERSION}.",
            hint=f"Start the file with 'flowbook: {FORMAT_VERSION}'.",
        )
    for key in document:
        if key not in _FIELDS:
            raise InvalidWorkflow(f"{where}: {key}: there is no such field.")
    if "name" not in document:
        raise InvalidWorkflow(f"{where}: name: is required.")
    if not isinstance(document.get("description", ""), str):
        raise InvalidWorkflow(f"{where}: 'description' must be a text.")
    for key in ("inputs", "nodes", "layout", "notes"):
        if not isinstance(document.get(key, {}), Mapping):
            raise InvalidWorkflow(f"{where}: {key!r} must be a mapping.")
    if not isinstance(document.get("edges", []), (list, tuple)):
        raise InvalidWorkflow(f"{where}: 'edges' must be a list.")
