"""How each status looks, wherever a run is shown: one table for texts, HTML, reports, terminal, canvas, run panel."""

from __future__ import annotations

from typing import Literal

from flowbook.records import NamedTuple

Tone = Literal["success", "error", "warn", "brand", "muted"]


class Colour(NamedTuple):
    """A tone: as a colour that reads on light and dark pages, as JupyterLab's theme and as a terminal has it."""

    colour: str
    theme: str
    terminal: str


class Appearance(NamedTuple):
    """A status: its mark in texts, its tone, and its mark as the path of a drawing in a square of 16."""

    mark: str
    tone: Tone
    path: str


TONES: dict[Tone, Colour] = {
    "success": Colour("#2e9e5b", "--jp-success-color1", "green"),
    "error": Colour("#d64545", "--jp-error-color1", "bold red"),
    "warn": Colour("#c77700", "--jp-warn-color1", "yellow"),
    "brand": Colour("#1976d2", "--jp-brand-color1", "bold blue"),
    "muted": Colour("#6b7280", "--jp-ui-font-color2", "dim"),
}
STATUSES: dict[str, Appearance] = {
    "pending": Appearance("·", "muted", "M5 8h.01M8 8h.01M11 8h.01"),
    "running": Appearance("▶", "brand", "M8 4.4V8l2.4 1.7"),
    "succeeded": Appearance("✓", "success", "M4.6 8.3 7 10.7l4.4-5"),
    "failed": Appearance("✗", "error", "M5.5 5.5l5 5M10.5 5.5l-5 5"),
    "skipped": Appearance("–", "muted", "M4.8 8h6.4"),
    "cancelled": Appearance("◼", "warn", "M6 6h4v4H6z"),
    "interrupted": Appearance("!", "warn", "M8 4.2v4.4M8 11.5v.01"),
    "unknown": Appearance("?", "warn", "M6.2 6.3C6.2 4 9.9 4 9.9 6.4 9.9 7.9 8 7.8 8 9.3M8 11.6v.01"),
}


def appearance(status: str) -> Appearance:
    """How a status looks; one that is not in the table, as "unknown"."""
    return STATUSES.get(status, STATUSES["unknown"])


def marked(status: str) -> str:
    """A status in a text: "✓ succeeded"."""
    return f"{appearance(status).mark} {status}"


def colour_of(status: str) -> str:
    """The colour of a status, as "#rrggbb"."""
    return TONES[appearance(status).tone].colour
