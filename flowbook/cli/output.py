"""Standard output: what it cannot hold, and a reader that went away."""

from __future__ import annotations

import io
import os
import sys


def discard_output() -> None:
    """Send what is still printed nowhere: its reader (``| head``) has gone, which is no failure of a command."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - stays open until the process ends


def escape_what_cannot_be_printed() -> None:
    """Have texts that standard output and errors have no form for printed with escapes: half of a character out of some
    service's answer is no reason to fail.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard(stream: int) -> None:
    """Send what goes to a file descriptor nowhere, and let nothing come from it: its terminal was closed."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, stream)
    os.close(nowhere)
