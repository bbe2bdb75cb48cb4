"""Files of text that hold a workflow, in whatever form: read with a limit, and replaced as a whole."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowbook.errors import FileFormatError, InvalidWorkflow, NotFound
from flowbook.models import Workflow
from flowbook.whole_files import content_at, replace_content

MAX_BYTES = 5 * 1024**2
"""The most that is read of a file."""


def content_of(path: Path) -> bytes:
    """What a file holds, or somewhat more than is ever read of one. Raises NotFound and FileFormatError."""
    try:
        return content_at(path, MAX_BYTES + 1)
    except FileNotFoundError:
        raise NotFound("file", str(path), hint="Check the path.") from None
    except OSError as error:
        raise FileFormatError.about(path, f"cannot be read: {error.strerror or error}.") from error


def decoded(raw: bytes, name: str) -> str:
    """The text of a file that is called ``name``. Raises FileFormatError for what is not UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > MAX_BYTES:
            return raw.decode("utf-8", "replace")
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        what = "this is not UTF-8 text."
        raise FileFormatError.about(name, what, "Save the file as UTF-8.", at=f"{line}:{column}") from None


def marks_of_a_merge(text: str) -> int | None:
    """The line (from 1) of the first mark that an unfinished merge of git left in a text that cannot be read."""
    found = re.search(r"^<{7}(?: |$)", text, re.MULTILINE) if "\n>>>>>>>" in text else None
    return text.count("\n", 0, found.start()) + 1 if found else None


MERGE = "this file holds the marks of a merge that is not finished (<<<<<<<)"
MERGE_REMEDY = "At each, keep one of the two sides, and take the marks out."


def workflow_of(document: Mapping[str, Any], name: str) -> Workflow:
    """The workflow of a document out of a file that is called ``name``. Raises InvalidWorkflow, which names it."""
    try:
        return Workflow.from_document(document)
    except InvalidWorkflow as error:
        raise InvalidWorkflow.about(name, error.message, error.hint) from None


def replace_file(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` to ``path``; the file is replaced as a whole or not at all, a device or pipe written to.

    Raises FileFormatError."""
    try:
        replace_content(path, text.encode("utf-8"))
    except OSError as error:
        raise FileFormatError.about(
            path,
            f"cannot be written: {error.strerror or error}.",
            "Choose a folder that exists and that you may write to.",
        ) from error
