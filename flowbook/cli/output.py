"""Standard output whose reader went away."""

from __future__ import annotations

import os
import sys


def discard_output() -> None:
    """Send what is still printed nowhere: its reader (``| head``) has gone, which is no failure of a command."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - stays open until the process ends
