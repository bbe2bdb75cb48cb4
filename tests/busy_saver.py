"""Saves workflows to a store as fast as it can: ``python busy_saver.py STORE PREFIX COUNT``."""

import sys

from flowbook.models import Workflow
from flowbook.store import Store

path, prefix, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = Store(path)
for number in range(count):
    store.save_workflow(Workflow(name=f"{prefix}-{number}"))
    with store.transaction():
        store.set_meta("counter", store.meta("counter", 0) + 1)
