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

from flowbook.errors import InvalidWorkflow
from flowbook.models import Workflow

__all__ = ["dumps", "loads"]


def loads(text: str, name: str = "workflow") -> Workflow:
    """The workflow of a script; ``name`` stands for the file in messages.

    Raises FileFormatError (``name:line:column: …``) when it is not of the form, InvalidWorkflow when it is no workflow.
    """
    from flowbook.formats.python.reader import read_script  # a script that runs neither reads a file nor writes one

    document, _ = read_script(text, name)
    try:
        return Workflow.from_document(document)
    except InvalidWorkflow as error:
        raise InvalidWorkflow(f"{name}: {error.message}", error.report, error.hint) from None


def dumps(workflow: Workflow) -> str:
    """The workflow as a script, which reads back as an equal one. Raises FileFormatError when none can hold it."""
    from flowbook.formats.python.writer import readable

    return readable(workflow).text()
