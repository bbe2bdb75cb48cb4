"""Kills writers with SIGKILL at random moments and says what the store was like afterwards, as JSON lines.

Run as ``python killed_writers.py saves|rotation FOLDER ROUNDS``. One process imports everything and forks a writer for
each round, so that a round takes milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from flowbook.models import Integration, IntegrationType, Parameter, Workflow
from flowbook.store import Store
from flowbook.vault import Vault, integrity, remove_old_keys, rotate

SECRETS = {f"integration-{i}": f"the secret of number {i}" for i in range(5)}


class Patience:
    """How long writers live: on a slow machine longer, so that some of them get something written before they die."""

    def __init__(self) -> None:
        self.factor = 1.0

    def learn(self, written: int) -> None:
        self.factor *= 1.5 if written == 0 else 0.7 if written > 2 else 1.0


patience = Patience()


def killed(write, seconds: float) -> None:
    """Run ``write`` over and over in a child process, and kill that after about ``seconds`` of writing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b".")
            while True:
                write()
                os.write(writer, b"w")
        except BaseException as error:
            print(json.dumps({"writer_failed": repr(error)}), flush=True)
        finally:
            os._exit(1)
    os.read(reader, 1)
    time.sleep(seconds * patience.factor)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    patience.learn(len(os.read(reader, 10_000)))
    os.close(reader)


def saves(folder: Path, chance: random.Random) -> dict:
    path = folder / "flowbook.json"
    Store(path).save_workflow(Workflow(name="before"))

    def write() -> None:
        flow = Workflow(name=f"w{random.randrange(30)}", description="x" * random.randrange(3000))
        Store(path).save_workflow(flow)

    killed(write, chance.uniform(0.001, 0.03))
    store = Store(path)
    names = [summary.name for summary in store.workflows()]
    for name in names:
        store.workflow(name)
    store.save_workflow(Workflow(name="after"))
    return {"names": names}


def rotation(folder: Path, chance: random.Random) -> dict:
    path, keys = folder / "flowbook.json", folder / "config"
    store = Store(path)
    if store.meta("vault") is None:
        fill(store, keys)

    def write() -> None:
        own = Store(path)
        remove_old_keys(own, rotate(own, Vault.open(own.meta("vault"), environ={}, config_dir=keys)))

    killed(write, chance.uniform(0.001, 0.06))
    return {"key": store.meta("vault")["key_id"], "opened": [opened(path, keys), opened(Path(f"{path}.bak"), keys)]}


def fill(store: Store, keys: Path) -> None:
    vault = Vault.open(None, environ={}, config_dir=keys)
    type_ = IntegrationType(name="slack", parameters=(Parameter(name="token", type="password"),))
    with store.transaction(replace_backup=True):
        store.save_type(type_)
        for id, secret in SECRETS.items():
            fields = vault.seal_fields(type_, id, {"token": secret})
            store.set_meta("vault", vault.header)
            store.save_integration(integration := Integration(id=id, name=id, type="slack", fields=fields))
            integrity.sign_integration(store, vault, integration)


def opened(path: Path, keys: Path) -> bool:
    """Whether every credential of the store at ``path`` opens to what it was."""
    store = Store(path)
    vault = Vault.open(store.meta("vault"), environ={}, config_dir=keys)
    for found in store.integrations():
        integrity.check_integration(store, vault, found)
    return {found.id: vault.open_fields(found)["token"] for found in store.integrations()} == SECRETS


if __name__ == "__main__":
    what, where, rounds = {"saves": saves, "rotation": rotation}[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    seeded = random.Random(7)
    for _ in range(rounds):
        print(json.dumps(what(where, seeded)), flush=True)
