"""Tables as HTML and as texts: one way to draw them, and one to read the HTML that pandas makes of a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser

from flowbook.view.markup import CELL, escape
from flowbook.view.preview import Preview


def preview_cells(shown: Preview) -> list[list[str]]:
    """The rows of a preview of a table, each cell as a text."""
    return [[str(cell["v"] if isinstance(cell, dict) else cell) for cell in row] for row in shown["rows"]]


def table_html(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts, in a box of its own that scrolls."""
    drawn = (row_html(escape(cell) for cell in row) for row in rows)
    table = framed_rows(columns, drawn, "font-size:12px;margin:0")
    return f'<div style="overflow:auto;max-height:320px;margin:4px 0">{table}</div>'


def framed_rows(columns: Iterable[str], rows: Iterable[str], style: str, head_style: str = "") -> str:
    """A table of rows that are HTML already (see :func:`row_html`), under ``columns``, which are texts."""
    heads = "".join(f'<th style="{CELL};font-weight:600{head_style}">{escape(name)}</th>' for name in columns)
    return (
        f'<table style="border-collapse:collapse;{style}"><thead><tr style="background:none">{heads}</tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table>"
    )


def row_html(cells: Iterable[str], *, style: str = "", span: int = 1) -> str:
    """A row of cells that are HTML already; a notebook's stripes are taken off."""
    spanning = f' colspan="{span}"' if span > 1 else ""
    drawn = "".join(f'<td{spanning} style="{CELL}{style}">{cell}</td>' for cell in cells)
    return f'<tr style="background:none">{drawn}</tr>'


def frame_of(given: str) -> tuple[list[str], list[list[str]]] | None:
    """The heads and cells of the HTML that pandas makes of a DataFrame; None for other HTML."""
    if 'class="dataframe"' not in given[:20_000]:
        return None
    reader = _FrameReader()
    reader.feed(given)
    rows = reader.rows
    return (rows[0], rows[1:]) if len(rows) > 1 else None


class _FrameReader(HTMLParser):
    """Reads the texts of a table's cells; whatever else is there is left alone."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in ("td", "th") and self._cell is not None and self.rows:
            self.rows[-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        """Take the text of a cell."""
        if self._cell is not None:
            self._cell.append(data)
