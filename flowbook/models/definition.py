"""A workflow's document as it is at one moment, with the hash that stands for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowbook.models.documents import canonical, hash_of_parts
from flowbook.models.workflow import Workflow
from flowbook.records import NamedTuple


class Definition(NamedTuple):
    """What a run keeps of its workflow: the name, the document as JSON text, and its hash."""

    workflow: str
    hash: str
    text: str

    @classmethod
    def of(cls, workflow: Workflow) -> Definition:
        """The definition that a workflow has now."""
        document = workflow.to_document()
        return cls.written(workflow.name, document, {key: canonical(value) for key, value in document.items()})

    @classmethod
    def written(cls, name: str, document: Mapping[str, Any], parts: Mapping[str, str]) -> Definition:
        """The definition of the workflow that has this document, whose ``parts`` are each value's canonical text."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return cls(name, hash_of_parts(parts), text)
