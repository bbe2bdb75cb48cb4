"""A recorded run as a file for people and programs: a page, a notebook, JSON, Markdown, or JUnit XML.

>>> report = gather(ws, "last")
>>> write(report, Path("report.html"))

Everything in a report comes out of the journal, which holds no secret.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from flowbook.errors import InputError
from flowbook.reports.contents import NodeReport, RunReport, gather
from flowbook.slips import suggest
from flowbook.whole_files import replace_content

__all__ = ["FORMATS", "Format", "NodeReport", "RunReport", "format_of", "gather", "render", "write"]

Format: TypeAlias = Literal["html", "ipynb", "json", "md", "xml"]
FORMATS: tuple[Format, ...] = ("html", "ipynb", "json", "md", "xml")
_ENDINGS: dict[str, Format] = {
    ".html": "html", ".htm": "html", ".ipynb": "ipynb", ".json": "json", ".md": "md", ".markdown": "md", ".xml": "xml",
}  # fmt: skip


def format_of(path: Path) -> Format:
    """The format that a file's ending stands for. Raises InputError, naming those there are."""
    found = _ENDINGS.get(path.suffix.lower())
    if found is None:
        remedy = suggest(path.suffix.lstrip(".").lower(), FORMATS, "format") if path.suffix else ""
        raise InputError(
            f"the ending of {path.name!r} names no report format.",
            remedy or f"Let it end in one of {', '.join('.' + one for one in FORMATS)}, or say --format.",
        )
    return found


def render(report: RunReport, format: Format, *, drawing: str = "") -> str:
    """The report as text; ``drawing``, an ``<svg>`` of the workflow, goes into the page and the notebook."""
    text = _renderer(format)(report, drawing)
    # Half a surrogate pair, which a task may give, is no text that a file can hold.
    return text.encode("utf-8", "replace").decode()


def _renderer(format: Format) -> Callable[[RunReport, str], str]:
    """What writes a format; only its own module is loaded."""
    if format == "html":
        from flowbook.reports.page import render as html

        return html
    if format == "ipynb":
        from flowbook.reports.notebook import render as ipynb

        return ipynb
    if format == "json":
        from flowbook.reports.document import render as json

        return json
    if format == "md":
        from flowbook.reports.markdown import render as md

        return md
    from flowbook.reports.junit import render as xml

    return xml


def write(report: RunReport, path: Path, format: Format | None = None, *, drawing: str = "") -> None:
    """Write the report to ``path``, in the format of its ending unless one is given. Raises InputError."""
    text = render(report, format or format_of(path), drawing=drawing)
    try:
        replace_content(path, text.encode("utf-8"))
    except OSError as error:
        raise InputError(
            f"the report {str(path)!r} cannot be written: {error.strerror or error}.",
            "Choose a folder that exists and that you may write to.",
        ) from None
