"""The run history, wherever it is kept: what is read back, what is deleted, and whose runs are interrupted.

A journal of another kind joins as one more entry of ``KINDS``.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import InputError, NotFound
from flowbook.events import NodeOutput, NodeRetried, RunFinished, RunStarted, RunStatus
from flowbook.journal import Keep, SqliteJournal, WorkspaceJournal
from flowbook.journal.contents import DATA_LIMIT, Content, keep
from flowbook.journal.inputs import PARAMS_LIMIT, keep_params
from flowbook.journal.postgres import PostgresJournal
from flowbook.journal.protocol import VERSIONS_KEPT
from flowbook.models import Workflow
from flowbook.redaction import Redactor
from flowbook.results import NodeResult
from flowbook.workspace import Workspace
from tests.databases import schema_of_our_own
from tests.recorded import SECRET, Recording, flow_of

Opens = Callable[[], WorkspaceJournal]
"""Opens one and the same journal each time, as another process would where there can be another."""


def in_a_file(folder: Path) -> Opens:
    return lambda: SqliteJournal(folder / "runs.sqlite")


def in_memory(folder: Path) -> Opens:
    journal = SqliteJournal(None)
    return lambda: journal


def in_postgres(folder: Path) -> Opens:
    address = schema_of_our_own()
    return lambda: PostgresJournal(address)


KINDS = {"file": in_a_file, "memory": in_memory, "postgres": in_postgres}
SHARED = [kind for kind in KINDS if kind != "memory"]


def same(value: Any) -> Any:
    return value


@pytest.fixture(params=list(KINDS))
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkspaceJournal]:
    made = KINDS[request.param](tmp_path)()
    yield made
    made.close()


@pytest.fixture(params=SHARED)
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    """Of the kinds that several processes can have open."""
    return KINDS[request.param](tmp_path)


class TestWhenItIsWritten:
    def test_the_end_of_a_node_is_not_lost_to_its_own_start_in_the_same_batch(self, journal: WorkspaceJournal) -> None:
        run = Recording(journal)
        run.started()
        run.finished(data={"n": 1})
        run.over()
        assert journal.run("last").nodes["a"].status == "succeeded"

    def test_output_of_many_threads_keeps_the_order_of_each(self, journal: WorkspaceJournal) -> None:
        run = Recording(journal)
        threads = [
            threading.Thread(target=lambda node=node: [run.printed(f"{n}", node) for n in range(100)])
            for node in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for node in "abcd":
            assert [piece.text for piece in journal.output("last", node)] == [str(n) for n in range(100)]


class TestWhatIsReadBack:
    def test_a_run_comes_back_as_it_was(self, journal: WorkspaceJournal) -> None:
        run = Recording(journal, flow=flow_of(text="hello"))
        run.started()
        run.recorder(NodeRetried(run.id, "a", 101.5, 1, "busy", 2.0))
        run.recorder(NodeOutput(run.id, "a", 101.6, "display", "", {"text/plain": "x", "image/png": "AA"}, 4))
        run.finished(data=[1, {"deep": None}])
        run.over()
        record = journal.run("run-1")
        assert record.summary.workflow == "flow"
        assert (record.summary.status, record.summary.seconds, record.summary.started_at) == ("succeeded", 3.0, 100.0)
        assert record.workflow == flow_of(text="hello")
        assert record.nodes["a"].data == [1, {"deep": None}]
        assert (record.attempts[0].attempt, record.attempts[0].message) == (1, "busy")
        [piece] = journal.output("run-1")
        assert (piece.data, piece.item) == ({"text/plain": "x", "image/png": "AA"}, 4)

    def test_inputs_and_displays_that_are_no_unicode_are_recorded(self, journal: WorkspaceJournal) -> None:
        recorder = journal.recorder(flow_of(), Redactor())
        recorder(RunStarted("r", 1.0, "flow", ("a",), {"name": "\udcff"}))
        recorder(NodeOutput("r", "a", 1.0, "display", "x", {"text/plain": "\udcff"}))
        recorder(RunFinished("r", 2.0, "succeeded", 1.0, ""))
        assert journal.run("r").inputs == {"name": "\udcff"}
        assert journal.output("r", "a")[0].data == {"text/plain": "\udcff"}

    def test_a_display_is_recorded_whatever_is_in_it(self, journal: WorkspaceJournal) -> None:
        class Silent:
            def __str__(self) -> str:
                raise RuntimeError

            __repr__ = __str__

        recorder = journal.recorder(flow_of(), Redactor())
        recorder(RunStarted("r", 1.0, "flow", ("a",), {}))
        for content in ({"x": math.nan, "y": [-math.inf]}, {("a", 1): 2}, {"s": Silent()}, Silent()):
            recorder(NodeOutput("r", "a", 1.0, "display", "x", {"text/plain": "x", "application/json": content}))
        recorder(RunFinished("r", 2.0, "succeeded", 1.0, ""))
        found = [one.data for one in journal.output("r", "a")]
        assert len(found) == 4
        assert all(one is not None and one["text/plain"] == "x" for one in found)
        assert found[0] == {"text/plain": "x", "application/json": {"x": "NaN", "y": ["-Infinity"]}}

    def test_runs_are_filtered_by_workflow_status_and_time_the_newest_first(self, journal: WorkspaceJournal) -> None:
        for number in range(6):
            run = Recording(journal, f"run-{number}", flow_of("even" if number % 2 == 0 else "odd"), 100.0 * number)
            run.over("failed" if number == 3 else "succeeded")
        assert [run.id for run in journal.runs(limit=2)] == ["run-5", "run-4"]
        assert [run.id for run in journal.runs("odd")] == ["run-5", "run-3", "run-1"]
        assert [run.id for run in journal.runs(status="failed")] == ["run-3"]
        assert [run.id for run in journal.runs(since=200.0, until=400.0)] == ["run-4", "run-3", "run-2"]
        assert journal.workflows() == ["even", "odd"]

    def test_a_run_is_found_by_the_beginning_of_its_id_unless_several_begin_so(self, journal: WorkspaceJournal) -> None:
        for id in ("20260101-aa", "20260102-bb", "2026%"):
            Recording(journal, id).over()
        assert journal.find("20260102") == "20260102-bb"
        assert journal.find("last") == "2026%"
        assert journal.find("2026%") == "2026%"
        with pytest.raises(InputError, match="several runs"):
            journal.find("2026")
        with pytest.raises(NotFound):
            journal.find("1999")


class TestVersions:
    def test_each_different_definition_is_a_version_and_is_kept_once(self, journal: WorkspaceJournal) -> None:
        for text in ("one", "one", "two", "one"):
            journal.add_version(flow_of(text=text))
        hashes = [version.hash for version in journal.versions("flow")]
        assert len(hashes) == 3
        assert hashes[0] == hashes[2] != hashes[1]
        assert journal.definition(hashes[1][:12]) == flow_of(text="two")
        with pytest.raises(NotFound):
            journal.definition("ffff")

    def test_the_last_fifty_are_kept_and_all_that_have_a_name(self, journal: WorkspaceJournal) -> None:
        journal.add_version(flow_of(text="first"))
        journal.name_version(journal.versions("flow")[0], "As it was sent")
        journal.add_version(flow_of("other", text="first"))
        for number in range(VERSIONS_KEPT + 3):
            journal.add_version(flow_of(text=f"text {number}"))
        kept = journal.versions("flow")
        texts = [journal.definition(one.hash).nodes["a"].params["text"] for one in kept]
        assert texts == [f"text {number}" for number in range(VERSIONS_KEPT + 2, 2, -1)] + ["first"]
        assert [one.name for one in kept if one.name] == ["As it was sent"]
        assert len(journal.versions("other")) == 1
        with pytest.raises(NotFound):
            journal.definition(flow_of(text="text 0").definition_hash())

    def test_a_version_that_a_run_still_has_can_be_read_after_it_went(self, journal: WorkspaceJournal) -> None:
        flow = flow_of(text="ran")
        journal.add_version(flow)
        Recording(journal, "old", flow).over()
        for number in range(VERSIONS_KEPT):
            journal.add_version(flow_of(text=f"text {number}"))
        assert flow.definition_hash() not in [one.hash for one in journal.versions("flow")]
        assert journal.run("old").workflow == flow

    def test_a_name_is_given_and_taken_away(self, journal: WorkspaceJournal) -> None:
        journal.add_version(flow_of())
        version = journal.versions("flow")[0]
        journal.name_version(version, "Sent out")
        assert journal.versions("flow")[0].name == "Sent out"
        journal.name_version(version, "")
        assert journal.versions("flow") == [version]
        with pytest.raises(NotFound):
            journal.name_version(version._replace(saved_at=1.0), "never saved then")

    def test_the_versions_follow_a_workflow_that_is_renamed(self, journal: WorkspaceJournal) -> None:
        journal.add_version(flow_of())
        journal.move_versions("flow", "newer")
        assert journal.versions("flow") == []
        assert [one.workflow for one in journal.versions("newer")] == ["newer"]


class TestDeletion:
    def test_the_definition_of_a_version_outlives_the_runs_of_it(self, journal: WorkspaceJournal) -> None:
        flow = flow_of()
        journal.add_version(flow)
        Recording(journal, "gone", flow).over()
        journal.delete(["gone"])
        assert journal.definition(flow.definition_hash()) == flow

    def test_a_run_that_goes_on_is_not_deleted(self, journal: WorkspaceJournal) -> None:
        Recording(journal, "going")
        with pytest.raises(InputError, match="still going"):
            journal.delete(["going"])


def record(journal: WorkspaceJournal, id: str, at: float, status: RunStatus = "succeeded", **given: Any) -> None:
    run = Recording(journal, id, at=at, **given)
    run.finished(data=["x" * 20_000])
    run.over(status)
    journal.ended(id)


class TestPruning:
    def test_the_newest_are_kept_and_what_was_deleted_is_told(self, journal: WorkspaceJournal) -> None:
        for number in range(5):
            record(journal, f"run-{number}", 100.0 * number)
        pruned = journal.prune(Keep(count=2))
        assert pruned.runs == ("run-0", "run-1", "run-2")
        assert pruned.freed > 40_000
        assert [run.id for run in journal.runs()] == ["run-4", "run-3"]
        assert journal.prune(Keep(count=2)) == ((), 0)

    def test_what_began_before_a_moment_goes(self, journal: WorkspaceJournal) -> None:
        for number in range(4):
            record(journal, f"run-{number}", 100.0 * number)
        assert journal.prune(Keep(since=150.0)).runs == ("run-0", "run-1")

    def test_the_oldest_go_until_the_rest_fits(self, journal: WorkspaceJournal) -> None:
        for number in range(10):
            record(journal, f"run-{number}", 100.0 * number)
        pruned = journal.prune(Keep(size=200_000))
        assert 0 < len(pruned.runs) < 10
        assert pruned.runs == tuple(f"run-{number}" for number in range(len(pruned.runs)))
        assert journal.prune(Keep(size=200_000)).runs == ()

    def test_a_dry_run_tells_the_same_and_deletes_nothing(self, journal: WorkspaceJournal) -> None:
        for number in range(3):
            record(journal, f"run-{number}", 100.0 * number)
        told = journal.prune(Keep(count=1), dry_run=True)
        assert len(journal.runs()) == 3
        assert journal.prune(Keep(count=1)) == told

    def test_runs_of_other_workflows_stay_when_one_is_named(self, journal: WorkspaceJournal) -> None:
        for number in range(4):
            record(journal, f"run-{number}", 100.0 * number, flow=flow_of("even" if number % 2 == 0 else "odd"))
        assert journal.prune(Keep(count=0), workflow="odd").runs == ("run-1", "run-3")

    @pytest.mark.parametrize("status", ["failed", "cancelled"])
    def test_a_run_that_can_be_resumed_stays_with_the_runs_inside_of_it(
        self, journal: WorkspaceJournal, status: RunStatus
    ) -> None:
        record(journal, "outer", 1.0, status)
        record(journal, "inner", 2.0, parent="outer.a")
        record(journal, "innermost", 3.0, parent="inner.a")
        assert journal.prune(Keep(count=0, since=1e9, size=0)).runs == ()

    def test_the_runs_inside_of_a_run_that_is_done_go_with_it_however_they_ended(
        self, journal: WorkspaceJournal
    ) -> None:
        record(journal, "outer", 1.0)
        record(journal, "inner", 2.0, "failed", parent="outer.a")
        record(journal, "last", 3.0)
        assert journal.prune(Keep(count=1)).runs == ("outer", "inner")

    def test_a_run_that_goes_on_stays_with_that_inside_of_it(self, journal: WorkspaceJournal) -> None:
        Recording(journal, "going")
        record(journal, "inner", 200.0, parent="going.a")
        assert journal.prune(Keep(count=0)).runs == ()

    def test_an_interrupted_run_stays(self, shared: Opens) -> None:
        gone = shared()
        Recording(gone, "interrupted")
        gone.close()
        journal = shared()
        assert journal.prune(Keep(count=0)).runs == ()
        assert journal.runs()[0].status == "interrupted"
        journal.close()


class TestDeletingBesideReading:
    @pytest.mark.parametrize("asked", ["FROM definitions", "FROM nodes", "FROM items", "FROM attempts"])
    def test_a_run_that_goes_while_it_is_read_is_not_found_and_not_damaged(
        self, shared: Opens, monkeypatch: pytest.MonkeyPatch, asked: str
    ) -> None:
        journal, other = shared(), shared()
        record(journal, "one", 1.0)
        database: Any = journal._database
        read = database.read

        def slow(sql: str, *given: Any) -> Any:
            if asked in sql:
                other.delete(["one"])
            return read(sql, *given)

        monkeypatch.setattr(database, "read", slow)
        with pytest.raises(NotFound, match="one"):
            journal.run("one")
        other.close()
        journal.close()


class TestInterruptedRuns:
    def test_runs_of_a_process_that_is_gone_are_interrupted(self, shared: Opens) -> None:
        first = shared()
        run = Recording(first)
        run.started("a", "write")
        first.close()
        second = shared()
        record = second.run("last")
        assert record.summary.status == "interrupted"
        assert record.nodes["a"].status == "unknown"
        second.close()

    def test_what_was_running_is_pending_where_repeating_does_no_harm_and_else_unknown(self, shared: Opens) -> None:
        first = shared()
        run = Recording(first)
        for effects in ("read", "idempotent", "write"):
            run.started(effects, effects)
        first.close()
        record = shared().run("last")
        found = {id: record.nodes[id].status for id in ("read", "idempotent", "write")}
        assert found == {"read": "pending", "idempotent": "pending", "write": "unknown"}
        assert not set(record.node_ids) - set(found) & set(record.nodes), "what had not started has no record"

    def test_runs_of_a_process_that_lives_are_left_alone(self, shared: Opens) -> None:
        journal = shared()
        Recording(journal).started("a", "write")
        other = shared()
        assert other.run("last").summary.status == "running"
        other.close()
        journal.close()


class TestResuming:
    def test_a_run_is_opened_again_once_and_keeps_only_what_is_said(self, shared: Opens) -> None:
        first = shared()
        run = Recording(first)
        run.finished("a", data=1)
        run.started("b", effects="write")
        run.printed("from b\n", "b")
        first.close()
        journal, other = shared(), shared()
        seen, seen_by_other = journal.run("run-1").summary, other.run("run-1").summary
        assert (seen.status, seen.attempt, seen.attempted_at) == ("interrupted", 1, 100.0)
        journal.reopen(seen, Redactor(), keep=["a"], accept={}, items={})
        with pytest.raises(InputError, match="resumed by someone else"):
            other.reopen(seen_by_other, Redactor(), keep=[], accept={}, items={})
        record = other.run("run-1")
        assert (record.summary.status, record.summary.attempt, record.summary.started_at) == ("running", 2, 100.0)
        assert record.summary.attempted_at > 100.0
        assert {id: one.data for id, one in record.nodes.items()} == {"a": 1}
        assert other.output("run-1") == []
        journal.close()
        assert other.runs()[0].status == "interrupted"
        other.close()

    def test_a_run_that_is_resumed_while_another_process_finds_it_interrupted_goes_on(
        self, shared: Opens, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = shared()
        Recording(first).started(effects="write")
        first.close()
        journal, other = shared(), shared()

        def resumed_just_now(owner: str) -> bool:
            journal.reopen(
                journal.run("run-1").summary,
                Redactor(),
                keep=[],
                accept={"a": NodeResult("succeeded", "it had happened")},
                items={},
            )
            return True

        with monkeypatch.context() as patched:
            patched.setattr(other._owner, "is_gone", resumed_just_now)
            assert other.find_interrupted() == []
        assert other.runs()[0].status == "running"
        assert other.run("run-1").nodes["a"].status == "succeeded"
        journal.close()
        other.close()

    def test_inputs_that_are_not_recorded_as_they_were_given_are_named(self, journal: WorkspaceJournal) -> None:
        recorder = journal.recorder(flow_of(), Redactor([SECRET]))
        given = {"who": "world", "at": Path("x"), "say": f"it is {SECRET}", "many": [1, {"a": None}]}
        recorder(RunStarted("r", 1.0, "flow", ("a",), given))
        record = journal.run("r")
        assert record.withheld == ("at", "say")
        assert record.inputs["many"] == [1, {"a": None}]
        assert record.inputs["say"] == "it is ***"


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates() | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=5)
    ),
    max_leaves=30,
)


class TestKeepingData:
    @given(plain)
    def test_plain_data_comes_back_as_it_was(self, data: Any) -> None:
        kind, content = keep(data, None, same)
        assert kind == ("none" if data is None else "json")
        assert Content(kind, content).load() == data

    @given(anything)
    def test_whatever_cannot_be_kept_says_why(self, data: Any) -> None:
        kind, content = keep(data, None, same)
        if kind == "omitted":
            note = Content(kind, content).omitted
            assert note is not None
            assert note["why"].startswith("not kept: ")
            assert Content(kind, content).load() is None

    def test_data_over_the_limit_is_left_out_with_its_beginning(self) -> None:
        kind, content = keep("x" * (DATA_LIMIT + 1), None, same)
        note = Content(kind, content).omitted
        assert kind == "omitted"
        assert note is not None
        assert "over the limit" in note["why"]
        assert note["preview"].startswith("'xxx")

    @given(st.text(st.characters(codec=None), max_size=5) | st.just({"\ud800": ["\udcff"]}))
    def test_text_that_is_no_unicode_comes_back_as_it_was(self, data: Any) -> None:
        kind, content = keep(data, None, same)
        assert isinstance(content, str)
        content.encode()
        assert Content(kind, content).load() == data

    def test_a_circle_is_left_out(self) -> None:
        circle: list[Any] = []
        circle.append(circle)
        assert keep(circle, None, same)[0] == "omitted"

    def test_a_table_comes_back_with_its_types_and_without_secrets(self) -> None:
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"n": [1, 2], "text": [f"has {SECRET}", "has none"]})
        redact = Redactor([SECRET])
        kind, content = keep(frame, redact.redact_json, redact)
        back = Content(kind, content).load()
        assert kind == "parquet-redacted"
        assert list(back["text"]) == ["has ***", "has none"]
        assert back["n"].dtype == frame["n"].dtype
        assert frame["text"][0] == f"has {SECRET}"


class TestKeepingParams:
    @given(st.dictionaries(st.text(max_size=20), plain, max_size=5))
    def test_small_params_come_back_as_they_were(self, params: Any) -> None:
        kept = keep_params(params, same)
        assert kept is not None
        if len(kept) < 2_000:
            assert json.loads(kept) == params

    @given(anything)
    def test_params_of_any_kind_become_json(self, params: Any) -> None:
        kept = keep_params({"given": params}, same)
        assert kept is not None
        assert set(json.loads(kept)) == {"given"}

    @pytest.mark.parametrize(
        "params",
        [
            {"rows": [{"n": n, "text": "x" * 50} for n in range(100_000)]},
            {"text": "x" * 1_000_000},
            {f"key {n}": ["y" * 300] * 5 for n in range(5_000)},
            {"empty": [[]] * 100_000},
        ],
        ids=["rows", "text", "keys", "empty"],
    )
    def test_large_params_are_cut_and_say_so(self, params: Any) -> None:
        kept = keep_params(params, same)
        assert kept is not None
        assert len(kept) < 1.6 * PARAMS_LIMIT
        assert "more" in kept or "characters" in kept

    def test_a_table_is_named_not_copied(self) -> None:
        pd = pytest.importorskip("pandas")
        kept = keep_params({"table": pd.DataFrame({"a": range(3), "b": range(3)})}, same)
        assert json.loads(str(kept)) == {"table": "<DataFrame, 3 rows × 2 columns>"}

    def test_a_secret_that_the_cut_goes_through_is_not_left_in_part(self) -> None:
        kept = keep_params({"text": "x" * 3_990 + SECRET + "y" * 100}, Redactor([SECRET]).redact_json)
        assert SECRET[:6] not in str(kept)

    def test_a_node_without_params_has_none_and_one_with_params_has_them(self, ws: Workspace) -> None:
        flow = flow_of(text="given")
        flow.add("each", "demo.echo", params={"text": "${{ item }}"}, for_each=["p", "q"])
        flow.add("none", "demo.echo")
        run = ws.run(flow)
        nodes = ws.run_record(run.id).nodes
        assert nodes["a"].params == {"text": "given"} == run["a"].params
        assert sorted(one["text"] for one in nodes["each"].params) == ["p", "q"]
        assert nodes["none"].params is None

    def test_what_a_task_takes_out_of_its_params_is_recorded_all_the_same(self, ws: Workspace, folder: Path) -> None:
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(
            tasks.read_text()
            + '\n\ndef take(credentials, params):\n    """Take."""\n    params.pop("text")\n'
            + '    return {"success": True, "message": ""}\n'
        )
        flow = Workflow(name="takes")
        flow.add("a", "demo.take", params={"text": "given"})
        assert ws.run_record(ws.run(flow).id).nodes["a"].params == {"text": "given"}
