"""As ``serving``, but as a server is killed the database crashes or restarts, too: before, after or with it."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from flowbook.journal import leases
from tests.databases import durable_server
from tests.served import Served
from torture import serving

PART = 0.045
"""Of the schedules and hooks of ``serving``, since each of its kills takes longer here."""
SPARED = (0, 1.5)
"""For how many leases the database may be left alone after it crashed: until it was up for one, nobody is taken for
gone, so that what was taken by a server that was killed would wait for as long as the database crashes."""


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Have the minute come, kill servers and the database until all is done, and look into the ledger."""
    some, count, spared_until, database = random.Random(seed), 0, 0.0, durable_server()

    def killed(one: Served) -> None:
        nonlocal count, spared_until
        if time.monotonic() < spared_until:
            one.kill()
            return
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
        spared_until = time.monotonic() + some.choice(SPARED) * leases.LEASE_SECONDS

    for line in serving.run(scale * PART, seed, folder, killed):
        yield f"{line}; the database crashed or restarted {count:,} times as a server died"
