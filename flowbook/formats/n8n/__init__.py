"""Workflows of n8n: read from its files, and written anew as ours, with a report of all that differs.

What there is of n8n's items, loops, expressions and node types here was made from its public documentation and from how
it behaves. The parser of JavaScript is an extra (``n8n``), which is loaded when a file has expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowbook.lazily import lazily
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from flowbook.formats.n8n.report import Report
    from flowbook.formats.n8n.source import is_export

__all__ = ["Imported", "Report", "is_export", "looks_like_export", "read_export"]


class Imported(NamedTuple):
    """What a file became: the document of its workflow, those of the loops in it, and what is to be said about it."""

    document: dict[str, Any]
    parts: list[dict[str, Any]]
    report: Report


def looks_like_export(text: str) -> bool:
    """Whether a text is to be read as a file of n8n: JSON with nodes in it that is none of ours."""
    return text.lstrip()[:1] in ("{", "[") and '"nodes"' in text and '"flowbook"' not in text


def read_export(text: str, name: str = "workflow") -> Imported:
    """The workflow of a file of n8n. Raises FileFormatError, with the place, for what is none or is broken."""
    from flowbook.formats.n8n.converting import converted  # only who imports needs it
    from flowbook.formats.n8n.source import export_of, read_json

    return Imported(*converted(export_of(read_json(text, name), name)))


_HOMES = {"Report": "flowbook.formats.n8n.report", "is_export": "flowbook.formats.n8n.source"}

__getattr__ = lazily(__name__, _HOMES)
