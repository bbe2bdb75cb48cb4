"""How a run's times and messages are written, wherever a run is shown."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowbook.results import Reuse
    from flowbook.validation import Problem

MESSAGE_SHOWN = 300

FIELD_LABELS: Mapping[str, str] = {
    "when": "When", "join": "Needs of its connections", "disabled": "Disabled", "for_each": "For each",
    "max_parallel": "At the same time", "attempts": "Attempts", "wait": "Wait", "backoff": "Backoff",
    "max_wait": "Longest wait", "until": "Until", "timeout": "Timeout", "isolate": "Own process", "where": "Where",
    "on_error": "On error", "cache": "Reuse for", "pinned": "Pinned data", "notes": "Notes", "task": "Task",
    "integration": "Integration", "label": "Label", "on": "On",
}  # fmt: skip
"""What the studio's forms call the fields of nodes and edges; params are called by their own names."""


def duration(seconds: float | None) -> str:
    """Seconds for people: "120 ms", "3.4 s", "80 s", "3 min 20 s", "2 h 5 min"; a dash for what never ran.

    The run panel says it in the same way (ui/parts/wording.js). It is rounded first and then split, so there is no
    "2 min 60 s".
    """
    if seconds is None:
        return "–"
    seconds = max(seconds, 0.0)
    milliseconds = _rounded(seconds * 1000)
    if milliseconds < 1000:
        return f"{max(milliseconds, 1)} ms"
    tenths = _rounded(seconds * 10)
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10} s"
    whole = _rounded(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = _rounded(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def _rounded(number: float) -> int:
    """To the nearest whole number, halves up: as JavaScript's Math.round, which Python's round is not."""
    return math.floor(number + 0.5)


def moment(at: float | str | None, *, offset: bool = False) -> str:
    """A time (seconds since the epoch, or ISO 8601 text) as the clock here shows it; ``offset`` says by which clock.

    What leaves this machine, such as a report, says so: "2026-02-28 09:30:00 +0100", or "… UTC".
    """
    if at is None:
        return ""
    utc = timezone.utc
    when = datetime.fromisoformat(at.replace("Z", "+00:00")) if isinstance(at, str) else datetime.fromtimestamp(at, utc)
    here = when.astimezone()
    by = f" {here:%z}" if here.utcoffset() else " UTC"
    return f"{here:%Y-%m-%d %H:%M:%S}{by if offset else ''}"


def clock(at: datetime) -> str:
    """A time for people who were there: "12:15" today, else with the date."""
    here = at.astimezone()
    return f"{here:%H:%M}" if here.date() == datetime.now().astimezone().date() else f"{here:%Y-%m-%d %H:%M}"


def reuse_words(reuse: Reuse | None) -> str:
    """Why a node was reused, or ran; of one without a ``cache``, that it has none."""
    if reuse is None:
        return "runs each time: it has no cache"
    changed = ", ".join(reuse.changed)
    later = "later than now" if reuse.at > time.time() else "older than its cache lasts"
    return {
        "reused": f"nothing that it depends on has changed since the run {reuse.run} ({moment(reuse.at)})",
        "first": "no earlier run of it is known",
        "changed": f"{changed} changed",
        "expired": f"what the run {reuse.run} gave ({moment(reuse.at)}) is {later}",
        "lost": f"what the run {reuse.run} gave was not kept as it was",
        "fresh": "all was to run",
        "unclear": f"whether {changed} changed cannot be told",
    }[reuse.reason]


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


def problem_words(problem: Problem) -> str:
    """A problem as a sentence for a list: its field, what is wrong, how to mend it."""
    said = f"{problem.message} {problem.remedy}".strip()
    if not problem.field:
        return said
    link = " " if problem.predicate else ": "
    return f"{field_words(problem.field)}{link}{said}"


def problem_there(problem: Problem) -> str:
    """A problem as a sentence beside its field: what is wrong, how to mend it."""
    said = f"{problem.message} {problem.remedy}".strip()
    return f"This {said}" if problem.predicate else said


def field_words(field: str) -> str:
    """A field as the form calls it: ``params.url`` is "url", ``retry.max_wait`` is "Longest wait"."""
    name, dot, inside = field.partition(".")
    if name == "params" and dot:
        return inside
    if name in ("retry", "inputs") and dot:
        return FIELD_LABELS.get(inside, inside) if name == "retry" else f"input {inside}"
    return FIELD_LABELS.get(field, field)
