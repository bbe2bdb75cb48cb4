"""``flowbook serve``."""

from __future__ import annotations

import importlib.util
import re

import click

from flowbook.cli.common import existing
from flowbook.errors import FlowbookError, InputError
from flowbook.installing import how_to_install

_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; by default to this machine only."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0: any free one.")
@click.option("--at-once", type=click.IntRange(1, 1000), default=4, show_default=True, help="Runs at a time.")
@click.option("--max-body", metavar="SIZE", default="1MB", show_default=True, help="How large a request may be.")
@click.option("--wait", type=click.FloatRange(0), default=60.0, show_default=True,
              help="Seconds that a request waits for a result (hooks that respond when-done).")  # fmt: skip
@click.option("--grace", type=click.FloatRange(0), default=30.0, show_default=True,
              help="Seconds that runs have to end when it is stopped; then they are handed on.")  # fmt: skip
def serve(host: str, port: int, at_once: int, max_body: str, wait: float, grace: float) -> None:
    """Serve the workspace: run what is due, what was queued, and what requests to hooks and forms ask for.

    What happens is told on standard error, a JSON object a line. SIGTERM or Ctrl-C stops it: what runs ends, or is
    handed on to the next server. Several servers may serve one workspace.
    """
    for module in ("tornado", "cronsim"):
        if importlib.util.find_spec(module) is None:
            raise FlowbookError(f"{module}, which the server needs, is not installed.", how_to_install(module))
    from flowbook.serving.server import Settings, serve

    serve(existing(), Settings(host, port, at_once, size(max_body), wait, grace))


def size(text: str) -> int:
    """A size in bytes: "500KB", "20MB". Raises InputError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(|kb|mb|gb)", text.strip().lower())
    if found is None or not float(found[1]):
        raise InputError(f"{text!r} is no size.", "For example 500KB or 20MB.")
    return int(float(found[1]) * _UNITS[found[2]])
