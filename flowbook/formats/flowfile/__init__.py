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
import uuid
from pathlib import Path
from typing import Any

from flowbook.errors import FileFormatError, InvalidWorkflow, NotFound
from flowbook.formats.flowfile.reader import MAX_BYTES, Positions, Repeated, parse
from flowbook.models import Workflow

__all__ = ["Positions", "Repeated", "dumps", "loads", "read_document", "read_flow_file", "write_flow_file"]


def loads(text: str, name: str = "workflow") -> Workflow:
    """The workflow that ``text`` describes; ``name`` stands for the file in messages.

    Raises FileFormatError when it is not readable as a document, InvalidWorkflow when it is no workflow
    (:func:`flowbook.validation.validate_document` lists all that is wrong instead).
    """
    document, _ = parse(text, name)
    return _workflow(document, name)


def read_flow_file(path: str | os.PathLike[str]) -> Workflow:
    """The workflow in a file. Raises NotFound, and what :func:`loads` raises."""
    document, _ = read_document(Path(path))
    return _workflow(document, str(path))


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
        return parse(_decoded(source, name or "workflow"), name or "workflow", repeated)
    name = name or str(Path(source))
    return parse(_decoded(_content(Path(source)), name), name, repeated)


def dumps(workflow: Workflow) -> str:
    """The workflow as the text of a file: deterministic, and read back as an equal workflow.

    Raises FileFormatError when it would be too large to be read again.
    """
    from flowbook.formats.flowfile.writer import render  # a run only reads

    text = render(workflow.to_document())
    if len(text) > MAX_BYTES // 4 and len(text.encode()) > MAX_BYTES:
        raise FileFormatError(
            f"{workflow.name}: its file would be larger than {MAX_BYTES // 1024**2} MiB, the most that is read again.",
            "Unpin data, or keep them in files of their own.",
        )
    return text


def write_flow_file(workflow: Workflow, path: str | os.PathLike[str]) -> None:
    """Write the workflow to ``path``; the file is replaced as a whole or not at all. Raises FileFormatError."""
    target = Path(path).resolve()
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
            file.write(dumps(workflow))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o777)
        beside.replace(target)
    except OSError as error:
        raise FileFormatError(
            f"{path}: cannot be written: {error.strerror or error}.",
            "Choose a folder that exists and that you may write to.",
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    """What the file holds, or somewhat more than is ever read of one."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("file", str(path), hint="Check the path.") from None
    except OSError as error:
        raise FileFormatError(f"{path}: cannot be read: {error.strerror or error}.") from error


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > MAX_BYTES:
            return raw.decode("utf-8", "replace")
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise FileFormatError(f"{name}:{line}:{column}: this is not UTF-8 text.", "Save the file as UTF-8.") from None


def _workflow(document: dict[str, Any], name: str) -> Workflow:
    try:
        return Workflow.from_document(document)
    except InvalidWorkflow as error:
        raise InvalidWorkflow(f"{name}: {error.message}", error.report, error.hint) from None
