"""Workflows as Python: one decorated function a node, written to be read, and read back as the same workflow.

A notebook's functions become nodes by the same decorator (:mod:`flowbook.formats.python.decorating`); a file is read by
its syntax tree and never run.

>>> flow = loads('''
... from flowbook import Workflow, integration
...
... flow = Workflow("tiny")
... files = integration("files")
...
... @flow.task
... def find(folder="in"):
...     return files.glob(pattern=f"{folder}/*.csv")
...
... @flow.task(retry=3)
... def count(find):
...     return len(find)
... ''')
>>> flow.nodes["find"].params
{'pattern': '${{ inputs.folder }}/*.csv'}
>>> print(flow.nodes["count"].params["code"], end="")
find = nodes.find.data
len(find)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.errors import FileFormatError
from flowbook.formats.files import content_of, decoded, workflow_of
from flowbook.models import Workflow

if TYPE_CHECKING:
    from flowbook.formats.python.reader import Places

__all__ = ["dumps", "loads", "read_script"]

MAX_SCRIPT = 2 * 1024**2
"""The most characters that a script may have: a syntax tree takes a hundred times as much memory as its text."""


def loads(text: str, name: str = "workflow") -> Workflow:
    """The workflow of a script; ``name`` stands for the file in messages.

    Raises FileFormatError (``name:line:column: …``) when it is not of the form, InvalidWorkflow when it is no workflow.
    """
    document, _ = read_script(text, name)
    return workflow_of(document, name)


def read_script(source: str | bytes | os.PathLike[str], name: str = "") -> tuple[dict[str, Any], Places]:
    """The document of a script (a path object, or what a file holds), and the lines of its parts.

    ``name`` stands for the source in messages (default: the path, or "workflow"). Raises NotFound and FileFormatError;
    whether the document is a workflow is not looked at.
    """
    from flowbook.formats.python.reader import read  # a script that runs neither reads a file nor writes one

    name = name or ("workflow" if isinstance(source, (str, bytes)) else os.fspath(source))
    raw = source if isinstance(source, (str, bytes)) else content_of(Path(source))
    if len(raw) > MAX_SCRIPT:
        raise FileFormatError.about(
            name,
            f"this is larger than {MAX_SCRIPT // 1024**2} MiB, the most that a script may have.",
            "Keep data in files of their own and read them in a node.",
        )
    return read(raw if isinstance(raw, str) else decoded(raw, name), name)


def dumps(workflow: Workflow) -> str:
    """The workflow as a script, which reads back as an equal one. Raises FileFormatError when none can hold it."""
    from flowbook.formats.python.writer import readable

    return readable(workflow).text()
