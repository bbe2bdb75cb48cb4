"""As ``serving``, but each time that a server is killed the database crashes or restarts, before, after or with it."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.databases import durable_server
from tests.served import Served
from torture import serving

PART = 0.045
"""Of the schedules and hooks of ``serving``, since each of its kills takes longer here."""


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Have the minute come, kill servers and the database until all is done, and look into the ledger."""
    some, count, database = random.Random(seed), 0, durable_server()

    def killed(one: Served) -> None:
        nonlocal count
        count += 1
        how = some.choice((signal.SIGQUIT, signal.SIGINT))
        order = some.choice(("before", "after", "with"))
        ending = threading.Thread(target=database.stop, args=(how,))
        if order != "after":
            ending.start()
        if order == "before":
            ending.join()
        one.kill()
        if order == "after":
            ending.start()
        ending.join()
        database.start()

    for line in serving.run(scale * PART, seed, folder, killed):
        yield f"{line}; the database crashed or restarted {count:,} times, each time as a server died"
