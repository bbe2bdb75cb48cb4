"""A workspace in PostgreSQL behind PgBouncer, which lends each transaction another connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import Conflict
from flowbook.postgres import Address
from flowbook.workspace.backends import keep_in
from tests.databases import emptied_schema, server
from tests.integrations.postgres_server import PASSWORD
from tests.pgbouncer import program, running_pgbouncer
from tests.waiting import until

pytestmark = pytest.mark.skipif(program() is None, reason="PgBouncer is not installed")


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Workspace]]:
    """More people than there are connections, each with a workspace in the same place."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    emptied_schema()
    with running_pgbouncer(server().port) as port:
        address = Address(f"postgresql://flowbook@127.0.0.1:{port}/shop?schema=shared")
        opened = []
        for number in range(5):
            root = tmp_path / str(number)
            root.mkdir()
            Workspace(root).close()
            keep_in(root / ".flowbook", address)
            opened.append(Workspace(root))
        yield opened
        for ws in opened:
            ws.close()


def noted(name: str) -> Workflow:
    flow = Workflow(name=name)
    flow.add("each", "core.python", for_each=list(range(5)), params={"code": "item * 2", "item": "${{ item }}"})
    return flow


def test_many_save_run_and_read_at_once_and_nothing_is_lost(many: list[Workspace]) -> None:
    def work(ws: Workspace, number: int) -> None:
        for turn in range(3):
            ws.save(noted(f"flow-{number}-{turn}"))
            assert ws.run(f"flow-{number}-{turn}")["each"].data == [0, 2, 4, 6, 8]

    threads = [threading.Thread(target=work, args=(ws, number)) for number, ws in enumerate(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(many[0].store.workflow_names()) == 15
    runs = list(many[1].runs())
    assert [run.status for run in runs] == ["succeeded"] * 15
    assert all(many[2].run_record(run.id).nodes["each"].data == [0, 2, 4, 6, 8] for run in runs)


def test_who_saves_over_a_newer_one_is_told(many: list[Workspace]) -> None:
    many[0].save(noted("one"))
    mine, theirs = many[1].workflow("one"), many[2].workflow("one")
    theirs.change("each", label="theirs")
    many[2].save(theirs)
    mine.change("each", label="mine")
    with pytest.raises(Conflict):
        many[1].save(mine)


def test_others_hear_of_a_save(many: list[Workspace]) -> None:
    heard: list[frozenset[str]] = []
    stop = many[0].watch_others(heard.append)
    many[1].save(noted("one"))
    until(lambda: any("documents" in what for what in heard))
    stop()


def test_a_queued_run_is_taken_by_one(many: list[Workspace]) -> None:
    many[0].save(noted("one"))
    run = many[0].enqueue("one")
    taken = [ws.queue.take() for ws in many]
    assert [one.run for one in taken if one is not None] == [run]
