"""Two servers on one database, schedules that are due in one minute and hooks meanwhile, and ``kill -9`` of either."""

from __future__ import annotations

import http.client
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

from flowbook.journal import leases
from flowbook.models import Workflow
from flowbook.workspace import Workspace
from flowbook.workspace.backends import keep_in
from tests.databases import emptied_schema
from tests.integrations.postgres_server import PASSWORD
from tests.ledgers import add_ledger, ledger_lines
from tests.served import Clock, Served, servers_of

SCHEDULES = 200
HOOK_EVERY = 0.2
SHORT_LEASE = 4.0
"""Seconds after which a killed server is taken for gone where few are killed: what it had is waited for."""
LIMIT = 1_800.0
"""Seconds after which what is left counts as lost."""
NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc).timestamp()


def run(scale: float, seed: int, folder: Path, kill: Callable[[Served], None] = Served.kill) -> Iterator[str]:
    """Have the minute come, ``kill`` servers until all is done, and look into the ledger."""
    os.environ["PGPASSWORD"] = PASSWORD
    count, some = max(int(SCHEDULES * scale), 4), random.Random(seed)
    lease = SHORT_LEASE if count < 10 else leases.LEASE_SECONDS
    leases.LEASE_SECONDS = lease
    Workspace(folder).close()
    keep_in(folder / ".flowbook", emptied_schema())
    add_ledger(folder)
    with Workspace(folder) as ws, servers_of(folder, NOON) as servers:
        for number in range(count):
            ws.save(_flow(f"due{number}"))
            ws.schedules.add(f"due{number}", "1 12 * * *", "UTC", {}, "skip", "last", NOON)
        ws.save(_flow("hooked"))
        hook, known = ws.add_hook("hooked")
        path = f"/hooks/{hook.id if hook.sealed else known}"
        found, accepted = _attacked(ws, lambda: servers(lease=lease), servers.clock, path, count, some, kill)
        yield _checked(ws, ledger_lines(folder), count, accepted, found)


def _flow(name: str) -> Workflow:
    flow = Workflow(name=name)
    flow.add("note", "ledger.note", params={"seconds": 0.1})
    return flow


def _attacked(
    ws: Workspace,
    start: Callable[[], Served],
    clock: Clock,
    hook: str,
    count: int,
    some: random.Random,
    kill: Callable[[Served], None],
) -> tuple[Counter[str], list[str]]:
    """Have the minute come with two servers, and kill one after the other until nothing is left to do."""
    found, accepted = Counter[str](), list[str]()
    both = [start(), start()]
    clock.set(NOON + 61)
    ends, kill_at, hook_at = time.monotonic() + LIMIT, time.monotonic() + some.uniform(0, 2), 0.0
    while not _over(ws, count, accepted):
        assert time.monotonic() < ends, f"{ws.queue.counts()}: not all is done"
        if time.monotonic() >= hook_at and len(accepted) < count:
            accepted += _sent(both[some.randrange(2)], hook)
            hook_at = time.monotonic() + HOOK_EVERY
        if time.monotonic() >= kill_at:
            place = some.randrange(2)
            kill(both[place])
            found["kills"] += 1
            both[place] = start()
            kill_at = time.monotonic() + some.uniform(0, 2)
        time.sleep(0.05)
    return found, accepted


def _over(ws: Workspace, count: int, accepted: list[str]) -> bool:
    counts = ws.queue.counts()
    fired = sum(1 for one in ws.queue.all(done=True, limit=1_000_000) if one.schedule is not None)
    return fired >= count and len(accepted) >= count and not counts["queued"] and not counts["taken"]


def _sent(server: Served, hook: str) -> list[str]:
    """The run of a request that was accepted; nothing when the server is gone before it answers."""
    import json

    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=30)
    try:
        connection.request("POST", hook, b"{}", {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return [json.loads(answer.read())["run"]] if answer.status == 202 else []
    except (OSError, http.client.HTTPException):
        return []
    finally:
        connection.close()


def _checked(
    ws: Workspace, written: Counter[tuple[str, str]], count: int, accepted: list[str], found: Counter[str]
) -> str:
    """Each time fired once, and what was accepted has a run; held is only what may have been written."""
    queued = {one.run: one for one in ws.queue.all(done=True, limit=1_000_000)}
    fires = Counter(one.schedule for one in queued.values() if one.schedule is not None)
    assert len(fires) == count, f"{count - len(fires)} times were lost"
    assert set(fires.values()) == {1}, f"fired twice: {fires.most_common(3)}"
    lost = [run for run in accepted if run not in queued]
    assert not lost, f"accepted, and lost: {lost}"
    lines = {run: times for (run, _), times in written.items()}
    twice = [run for run, times in lines.items() if times > 1]
    assert not twice, f"written twice: {twice}"
    outcomes = Counter(one.outcome for one in queued.values())
    missing = [run for run, one in queued.items() if one.outcome == "succeeded" and run not in lines]
    assert not missing, f"succeeded, and not in the ledger: {missing}"
    others = [
        (one.run, one.outcome, one.message) for one in queued.values() if one.outcome not in ("succeeded", "held")
    ]
    assert not others, f"{outcomes}: {others[:3]}"
    return (
        f"{found['kills']:,} servers killed while {count:,} schedules were due in one minute and {len(accepted):,}"
        f" hooks were accepted: each fired once, none was lost, none was written twice; {outcomes['held']:,} of"
        f" {len(queued):,} runs were in a write as their server died, and are held"
    )
