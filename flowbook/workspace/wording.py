"""How a run's states, times and messages are written, wherever a run is shown."""

from __future__ import annotations

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


def first_line(message: str) -> str:
    """The first line of a message, shortened."""
    line = message.strip().partition("\n")[0]
    return line if len(line) <= MESSAGE_SHOWN else line[: MESSAGE_SHOWN - 1] + "…"
