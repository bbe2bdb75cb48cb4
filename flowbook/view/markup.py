"""What every piece of static HTML shares: texts escaped, and a style that reads on light and dark pages."""

from __future__ import annotations

import html

LINE = "1px solid rgba(128,128,128,.28)"
BOX = "margin:4px 0;padding:6px 9px;border-radius:6px;background:rgba(128,128,128,.10);font-size:12px;line-height:1.45"
PRE = f"{BOX};white-space:pre-wrap;overflow-wrap:anywhere;max-height:320px;overflow:auto"
CELL = f"text-align:left;vertical-align:top;padding:3px 14px 3px 0;border:0;border-bottom:{LINE}"
QUIET = "opacity:.7"


def escape(text: object) -> str:
    """Any text as HTML that shows it."""
    return html.escape(str(text))
