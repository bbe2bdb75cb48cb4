"""One record of how a node ended: it says why by a cause, and no code reads the words that are meant for people."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import FlowbookError, RunHeld
from flowbook.events import NodeRetried
from flowbook.results import Cause, NodeResult, Source, Stored
from flowbook.tasks import Result
from flowbook.validation import Problem
from flowbook.workspace import Workspace
from tests.histories.make_0_1 import chain

MADE = Path(__file__).parent / "histories" / "made_by_0_1"


class Later(Stored):
    """Data that counts how often it is loaded."""

    loaded = 0

    def load(self) -> Any:
        self.loaded += 1
        return [1]


class TestTheRecord:
    def test_it_is_not_changed_but_made_anew(self) -> None:
        result = NodeResult("failed", "no", cause=Cause.RAISED)
        with pytest.raises(AttributeError, match=r"but\(handled=…\)"):
            result.handled = True
        with pytest.raises(AttributeError):
            del result.status
        again = result.but(handled=True)
        assert (again.handled, again.cause, again.message) == (True, Cause.RAISED, "no")
        assert not result.handled

    def test_stored_data_is_loaded_when_it_is_asked_for(self) -> None:
        data = Later()
        result = NodeResult("succeeded", data=data).but(source=Source.EARLIER)
        assert data.loaded == 0
        assert (result.data, data.loaded) == ([1], 1)

    @pytest.mark.parametrize(
        ("result", "unsure"),
        [
            (NodeResult("failed", cause=Cause.TIMED_OUT, effects="write"), True),
            (NodeResult("failed", cause=Cause.TIMED_OUT, effects="idempotent"), False),
            (NodeResult("failed", cause=Cause.RAISED, effects="write"), False),
            (NodeResult("cancelled", cause=Cause.CANCELLED, effects="write", started_at=1.0), True),
            (NodeResult("cancelled", cause=Cause.CANCELLED, effects="write"), False),
            (NodeResult("unknown", cause=Cause.INTERRUPTED, effects="write", started_at=1.0), True),
            (NodeResult("pending", cause=Cause.INTERRUPTED, effects="read", started_at=1.0), False),
        ],
    )
    def test_a_write_that_did_not_end_of_itself_may_have_taken_effect(self, result: NodeResult, unsure: bool) -> None:
        assert result.unsure is unsure


def changed_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything that is said to people say something else."""

    def other(kind: type, place: int, name: str = "message") -> None:
        made = kind.__init__

        def init(self: Any, *given: Any, **named: Any) -> None:
            if len(given) > place:
                given = (*given[:place], "§" if given[place] else "", *given[place + 1 :])
            if named.get(name):
                named[name] = "§"
            made(self, *given, **named)

        monkeypatch.setattr(kind, "__init__", init)

    new = NodeResult.__new__
    monkeypatch.setattr(
        NodeResult,
        "__new__",
        lambda kind, status, message="", *more, **named: new(kind, status, "§" if message else "", *more, **named),
    )
    other(Result, 1)
    other(FlowbookError, 0)
    other(FlowbookError, 1, "hint")
    made = Problem.__new__
    monkeypatch.setattr(
        Problem, "__new__", lambda kind, level, node, field, *said: made(kind, level, node, field, "§", "§", *said[2:])
    )


def facts(result: NodeResult) -> tuple[Any, ...]:
    data = None if type(result.data).__name__ == "DataFrame" else result.data
    return (
        result.status, result.cause, result.source, data, result.attempts, result.effects, result.handled,
        bool(result.lost), result.started_at is None,
    )  # fmt: skip


def everything(place: Path) -> dict[str, Any]:
    """What happens in a workspace where every end is met, a history is brought along, and runs are resumed."""
    shutil.copytree(MADE / "integrations", place / "integrations")
    shutil.copytree(MADE / "store", place / ".flowbook")
    ws = Workspace(place, passphrase="correct horse battery staple")
    found: dict[str, Any] = {}
    held: list[Any] = []
    retried: list[Any] = []

    def look(name: str, run: Any) -> None:
        found[name] = {id: facts(run[id]) for id in run}
        found[f"{name}, read back"] = {id: facts(one) for id, one in ws.run_record(run.id).nodes.items()}

    def watch(event: Any) -> None:
        if isinstance(event, NodeRetried):
            retried.append((event.node_id, event.attempt, event.cause))

    first = ws.start("every-end", watch=watch).wait()
    look("every end", first)
    try:
        ws.resume(first.id)
    except RunHeld as error:
        held = sorted(error.nodes)
        look("resumed", ws.start_resuming(first.id, rerun=held, watch=watch).wait())
    found["held"], found["retried"] = held, sorted(retried)
    slow = chain("slow", waits=1)
    slow.change("middle", timeout=0.1)
    run = ws.start(slow).wait()
    look("timed out", run)
    look("accepted", ws.start_resuming(run.id, accept=["middle"]).wait())
    for summary in ws.runs(limit=None):
        record = ws.run_record(summary.id)
        found[f"old {summary.workflow}"] = {id: facts(one) for id, one in record.nodes.items()}
    found["problems"] = [(one.code, one.node, one.field, one.severity) for one in ws.check(broken(place)).problems]
    ws.close()
    return found


def broken(place: Path) -> Path:
    """A file with problems of many kinds."""
    path = place / "broken.flow.yaml"
    path.write_text(
        "flowbook: 1\nname: broken\ninputs: {Bad: {type: string}}\nnodes:\n"
        "  A: {task: step.read}\n  b: {task: nothing, retry: {attempts: 0}}\n  c: {task: step.nope, timeout: x}\n"
        "  d: {params: {}}\nedges: [{from: a, to: z}, 7]\n"
    )
    return path


def test_other_words_change_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "config"))
    before = everything(tmp_path / "before")
    changed_words(monkeypatch)
    assert everything(tmp_path / "after") == before
    assert before["held"] == ["each_late[1]", "timed_out"]
