"""What a call printed and displayed, shown where the program that asked for it prints."""

from __future__ import annotations

import sys

from flowbook.events import Event, NodeOutput
from flowbook.workspace.run import in_notebook


def said_aloud(event: Event) -> None:
    """Print what a node printed; show in a notebook what it displayed."""
    if not isinstance(event, NodeOutput):
        return
    if event.stream == "display" and event.data and in_notebook():
        from IPython.display import display

        display(event.data, raw=True)  # type: ignore[no-untyped-call]
    else:
        stream = sys.stdout if event.stream in ("stdout", "display") else sys.stderr
        print(event.text, end="", file=stream, flush=True)
