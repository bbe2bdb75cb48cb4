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
    document, _ = parse(text, name)
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
    if isinstance(source, str):
        return parse(source, name or "workflow", repeated)
    if isinstance(source, bytes):
        return parse(decoded(source, name or "workflow"), name or "workflow", repeated)
    name = name or str(Path(source))
    return parse(decoded(content_of(Path(source)), name), name, repeated)


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
