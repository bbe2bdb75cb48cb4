"""What each worker of a cluster does as it joins: it learns the code of folders, and says that it is here."""

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


class Joining(WorkerPlugin):
    """Has each worker that joins the cluster say so."""

    idempotent = True

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def setup(self, worker: Any) -> None:
        """Called on each worker."""
        worker.log_event(self.topic, ("joined", "", worker.address, None))
