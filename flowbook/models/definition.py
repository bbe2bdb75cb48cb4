"""A workflow's document as it is at one moment, with the hash that stands for it."""

from __future__ import annotations

import json

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
        document = workflow.to_document()
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        return cls(workflow.name, hash_of(document), text)
