"""The stylesheet of what shows runs: the colours of the statuses, from their one table, and the rest."""

from __future__ import annotations

from functools import cache

from flowbook.ui.parts.files import text_of
from flowbook.view.statuses import STATUSES, TONES

_LOUD = ("error", "warn")  # tones in which what is said about a run is coloured too


@cache
def run_stylesheet() -> str:
    """CSS: inside of ``.fbr``, ``--fbr-<tone>`` is a tone, ``--tone`` that of the nearest ``data-status``."""
    tones = "".join(f"  --fbr-{tone}: var({one.theme}, {one.colour});\n" for tone, one in TONES.items())
    rules = "".join(_rule(status) for status in STATUSES)
    return f".fbr {{\n{tones}}}\n{rules}{text_of('runs/run_panel.css')}"


def _rule(status: str) -> str:
    colour = f"var(--fbr-{STATUSES[status].tone})"
    told = colour if STATUSES[status].tone in _LOUD else "inherit"
    return f'.fbr [data-status="{status}"] {{ --tone: {colour}; --told: {told}; }}\n'
