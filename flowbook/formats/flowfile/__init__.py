"""Workflow files: ``.flow.yaml`` read safely, and written so that equal workflows give equal bytes.

>>> flow = loads('flowbook: 1\\nname: tiny\\nnodes:\\n  a:\\n    task: core.noop\\n')
>>> print(dumps(flow), end="")
flowbook: 1
name: tiny
nodes:
  a:
    task: core.noop
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flowbook.errors import FileFormatError
from flowbook.formats.files import MAX_BYTES, content_of, decoded, replace_file, workflow_of
from flowbook.formats.flowfile.reader import Positions, Repeated, parse
from flowbook.models import Workflow

__all__ = ["Positions", "Repeated", "dumps", "loads", "read_document", "read_flow_file", "write_flow_file"]


def loads(text: str, name: str = "workflow") -> Workflow:
    """The workflow that ``text`` describes; ``name`` stands for the file in messages.

    Raises FileFormatError when it is not readable as a document, InvalidWorkflow when it is no workflow
    (:func:`flowbook.validation.validate_document` lists all that is wrong instead).
    """
    document, _ = read_document(text, name)
    return workflow_of(document, name)


def read_flow_file(path: str | os.PathLike[str]) -> Workflow:
    """The workflow in a file. Raises NotFound, and what :func:`loads` raises."""
    document, _ = read_document(Path(path))
    return workflow_of(document, str(path))


def read_document(
    source: str | bytes | os.PathLike[str], name: str = "", *, repeated: list[Repeated] | None = None
) -> tuple[dict[str, Any], Positions]:
    """The document of a file (a path object) or of what it holds (a str, or bytes), and where in it each field stands.

    ``name`` stands for the source in messages (default: the path, or "workflow"). Raises NotFound and FileFormatError;
    whether the document is a workflow is not looked at. Keys that are there twice are noted in ``repeated``, and the
    last of each is taken; without that list they are refused.
    """
    name = name or ("workflow" if isinstance(source, (str, bytes)) else str(Path(source)))
    if not isinstance(source, str):
        source = decoded(source if isinstance(source, bytes) else content_of(Path(source)), name)
    document, positions = parse(source, name, repeated)
    _refuse_what_belongs_elsewhere(document, name)
    return document, positions


_AN_API = ("describes an API", "Make an integration of it: flowbook new integration NAME --openapi FILE")
_ELSEWHERE = {
    "openapi": _AN_API,
    "swagger": _AN_API,
    "mcpServers": ("lists servers of MCP", "Make an integration of one: flowbook new integration NAME --mcp COMMAND"),
    "nbformat": ("is a notebook", "It is executed by flowbook run FILE.ipynb; a workflow is made of a script."),
}
"""What files say of themselves that another command takes: field → what they are, and what to do."""


def _refuse_what_belongs_elsewhere(document: dict[str, Any], name: str) -> None:
    found = next((about for field, about in _ELSEWHERE.items() if field in document), None)
    if found and "flowbook" not in document and "nodes" not in document:
        raise FileFormatError.about(name, f"it {found[0]}, and is no workflow.", found[1])


def dumps(workflow: Workflow) -> str:
    """The workflow as the text of a file: deterministic, and read back as an equal workflow.

    Raises FileFormatError when it would be too large to be read again.
    """
    from flowbook.formats.flowfile.writer import render  # a run only reads

    text = render(workflow.to_document())
    if len(text) > MAX_BYTES // 4 and len(text.encode()) > MAX_BYTES:
        raise FileFormatError.about(
            workflow.name,
            f"its file would be larger than {MAX_BYTES // 1024**2} MiB, the most that is read again.",
            "Unpin data, or keep them in files of their own.",
        )
    return text


def write_flow_file(workflow: Workflow, path: str | os.PathLike[str]) -> None:
    """Write the workflow to ``path``; the file is replaced as a whole or not at all. Raises FileFormatError."""
    replace_file(path, dumps(workflow))
