"""What makes the code of integration folders known to the workers of a cluster."""

from __future__ import annotations

from typing import Any

from distributed import WorkerPlugin


class Code(WorkerPlugin):
    """Makes a version of a folder known to every worker, those that come later included."""

    idempotent = True

    def __init__(self, key: str, origin: bytes) -> None:
        self.key = key
        self.origin = origin

    def setup(self, worker: Any) -> None:
        """Called on each worker."""
        from flowbook.calling.there import learn

        learn(self.key, self.origin)
