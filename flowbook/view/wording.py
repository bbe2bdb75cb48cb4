"""How a run's states, times and messages are written, wherever a run is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowbook.validation import Problem

MARKS = {
    "succeeded": ("✓", "#2e9e5b"), "failed": ("✗", "#d64545"), "skipped": ("–", "#8a8f98"),
    "running": ("▶", "#3b8ee0"), "cancelled": ("◼", "#d98e04"), "pending": ("·", "#9e9e9e"),
    "unknown": ("?", "#a05cc0"), "interrupted": ("!", "#a05cc0"),
}  # fmt: skip
MESSAGE_SHOWN = 300


def duration(seconds: float | None) -> str:
    """Seconds for people: "0.12 s", "3 min 20 s"; a dash for what never ran."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def short_duration(seconds: float | None) -> str:
    """As :func:`duration`, but "4 ms" rather than "0.00 s"."""
    if seconds is None or seconds >= 0.0995:
        return duration(seconds)
    return f"{max(round(seconds * 1000), 1)} ms"


def moment(at: float | str | None, *, offset: bool = False) -> str:
    """A time (seconds since the epoch, or ISO 8601 text) as the clock here shows it; ``offset`` says by which clock.

    What leaves this machine, such as a report, says so: "2026-02-28 09:30:00 +0100", or "… UTC".
    """
    if at is None:
        return ""
    utc = timezone.utc
    when = datetime.fromisoformat(at.replace("Z", "+00:00")) if isinstance(at, str) else datetime.fromtimestamp(at, utc)
    here = when.astimezone()
    clock = f" {here:%z}" if here.utcoffset() else " UTC"
    return f"{here:%Y-%m-%d %H:%M:%S}{clock if offset else ''}"


def first_line(message: str) -> str:
    """The first line of a message, shortened."""
    line = message.strip().partition("\n")[0]
    return line if len(line) <= MESSAGE_SHOWN else line[: MESSAGE_SHOWN - 1] + "…"


def display_words(bundle: Mapping[str, Any] | None, text: str) -> str:
    """A display (MIME type → content) where only text can be shown; ``text`` is its own plain text."""
    if text and not text.startswith("<IPython."):
        return text
    bundle = bundle or {}
    for kind in ("text/markdown", "text/latex"):
        if isinstance(bundle.get(kind), str):
            return str(bundle[kind])
    kinds = ", ".join(kind for kind in bundle if kind != "text/plain")
    return f"[a display of {kinds}]" if kinds else text


def worded(problem: Problem) -> str:
    """A problem as a sentence for a list: its field, what is wrong, how to mend it."""
    said = f"{problem.message} {problem.remedy}".strip()
    return f"{problem.field}: {said}" if problem.field else said


def lasted(seconds: float) -> str:
    """A duration as the run panel says it (ui/runs/run_timeline.js)."""
    if seconds < 0.095:
        return f"{max(round(seconds * 1000), 1)} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{round(seconds)} s"
    minutes = int(seconds // 60)
    return f"{minutes} min {round(seconds % 60)} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
