"""Saves workflows to a store as fast as it can: ``python busy_saver.py STORE PREFIX COUNT [again] [NAMES]``.

STORE is a file or the address of a database. With ``again``, a save that is said to have failed is made once more. With
NAMES, a number, so many workflows are saved in turn, again and again, in place of a new one each time.
"""

import sys
from collections.abc import Callable

from flowbook.models import Workflow
from flowbook.postgres import Address, Lost
from flowbook.store import Store, WorkspaceStore
from flowbook.store.postgres import PostgresStore


def saved(save: Callable[[], object], *, again: bool) -> None:
    """Save, as often as it takes."""
    while True:
        try:
            save()
            return
        except Lost:
            if not again:
                raise


def main(place: str, prefix: str, count: int, again: bool, names: int) -> None:
    """Save so many, and count them."""
    store: WorkspaceStore = PostgresStore(Address(place)) if "://" in place else Store(place)

    def counted() -> None:
        with store.transaction():
            store.set_meta("counter", store.meta("counter", 0) + 1)

    for number in range(count):
        flow = Workflow(name=f"{prefix}-{number % names}", description=str(number))
        saved(lambda flow=flow: store.save_workflow(flow), again=again)  # type: ignore[misc]
        saved(counted, again=again)


given = int(sys.argv[3])
of_names = next((int(one) for one in sys.argv[4:] if one.isdecimal()), given)
main(sys.argv[1], sys.argv[2], given, "again" in sys.argv, of_names)
