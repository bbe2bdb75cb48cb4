"""A workflow's document as it is at one moment, with the hash that stands for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowbook.models.documents import hash_of
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
        return cls.written(workflow.name, workflow.to_document())

    @classmethod
    def written(cls, name: str, document: Mapping[str, Any]) -> Definition:
        """The definition of the workflow that has this document."""
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return cls(name, hash_of(document), text)
