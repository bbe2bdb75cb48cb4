"""JavaScript that computes: run in QuickJS, with bounded time and memory, without files and network."""

from .tasks import run, run_items, test_connection

__all__ = ["run", "run_items", "test_connection"]
