"""Schedules, hooks and the queue as rows: what is due, that it is due once, and that nothing of it is lost."""

from __future__ import annotations

import functools
import itertools
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import AlreadyExists, InputError, NotFound, StoreDamaged, StoreError
from flowbook.triggers import Hook, Hooks, Queue, Schedules, SqliteRows
from flowbook.triggers.cron import Cron, zone_here
from flowbook.triggers.hooks import digest
from flowbook.triggers.postgres_rows import LeaseHolder, PostgresRows
from flowbook.triggers.rows import Rows, Taken
from tests.databases import emptied_schema
from tests.waiting import until


def at(text: str, zone: ZoneInfo | timezone = timezone.utc, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


class Holder:
    """A process; ``gone`` are those that live no more."""

    gone: set[str] = set()  # noqa: RUF012 - one for all

    def __init__(self, id: str) -> None:
        self.id = id

    def claim(self) -> None:
        pass

    def is_gone(self, owner: str) -> bool:
        return owner in self.gone

    def release(self) -> None:
        pass


numbers = itertools.count()


def new_run() -> str:
    return f"run-{next(numbers):06}"


@functools.cache
def rows_in_postgres() -> list[PostgresRows]:
    """Of several servers, whose connections are kept."""
    return [PostgresRows(emptied_schema()) for _ in range(9)]


def in_postgres(folder: Path) -> list[Rows]:
    emptied_schema()
    return [*rows_in_postgres()]


def in_a_file(folder: Path) -> list[Rows]:
    return [SqliteRows(folder / "triggers.sqlite") for _ in range(9)]


@pytest.fixture(params=[in_a_file, in_postgres])
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Rows]]:
    """The same tables, as nine servers have them."""
    made = request.param(tmp_path)
    yield made
    for rows in made:
        rows.close()


@pytest.fixture
def rows(several: list[Rows]) -> Rows:
    return several[0]


@pytest.fixture
def schedules(rows: Rows) -> Schedules:
    return Schedules(rows, new_run)


@pytest.fixture
def queue(rows: Rows) -> Queue:
    Holder.gone = set()
    return Queue(rows, Holder("me"))


def daily(
    schedules: Schedules, now: float, *, if_running: str = "skip", catch_up: str = "last", cron: str = "0 7 * * *"
):
    return schedules.add("report", cron, "UTC", {}, if_running, catch_up, now)


def waiting(queue: Queue) -> list[str]:
    return [one.run for one in queue.all() if one.status == "queued"]


class TestWhenItIsDue:
    def test_a_fixed_time_that_the_clocks_leave_out_is_right_after_the_gap(self) -> None:
        night = Cron("30 2 * * *", "Europe/Berlin").next_times(at("2026-03-28T12:00"), 2)
        assert [moment.isoformat() for moment in night] == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]

    def test_a_fixed_time_in_an_hour_that_comes_twice_is_due_once(self) -> None:
        night = Cron("30 2 * * *", "Europe/Berlin").next_times(at("2026-10-24T12:00"), 2)
        assert [moment.isoformat() for moment in night] == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]

    def test_what_is_due_each_quarter_of_an_hour_goes_by_the_time_that_passes(self) -> None:
        for begin, end in (("2026-03-29T00:00", "2026-03-29T04:00"), ("2026-10-25T00:00", "2026-10-25T04:00")):
            times = list(Cron("*/15 * * * *", "Europe/Berlin").between(at(begin), at(end)))
            assert {later - earlier for earlier, later in itertools.pairwise(times)} == {900.0}

    @given(
        now=st.integers(min_value=int(at("2026-10-24T22:00")), max_value=int(at("2026-10-25T06:00"))),
        cron=st.sampled_from(["30 2 * * *", "*/20 * * * *", "15 1-3 * * *", "0 */2 * * *"]),
    )
    def test_no_time_after_a_moment_is_before_it_and_none_before_it_after(self, now: int, cron: str) -> None:
        """In the night in which an hour comes twice, too."""
        when = Cron(cron, "Europe/Berlin")
        assert when.after(now) > now
        assert (when.before(now) or 0) <= now
        assert when.after((when.before(now) or 0) - 1) <= now

    def test_the_last_time_up_to_a_moment_counts_that_moment(self) -> None:
        when = Cron("* * * * *", "UTC")
        assert [when.before(second) for second in (119.9, 120.0, 120.1)] == [60.0, 120.0, 120.0]

    @pytest.mark.parametrize(
        ("expression", "says"),
        [("every day", "no five fields"), ("61 * * * *", "Bad minute"), ("0 0 30 2 *", "Bad day"), ("", "five"),
         ("0 0 0 * * *", "no five fields")],
    )  # fmt: skip
    def test_what_is_no_cron_expression_is_refused_with_an_example(self, expression: str, says: str) -> None:
        with pytest.raises(InputError, match=says) as refused:
            Cron(expression, "UTC")
        assert "0 7 * * 1-5" in refused.value.hint

    def test_a_zone_that_there_is_not_is_named_with_the_nearest(self) -> None:
        with pytest.raises(NotFound, match="Europe/Berlin"):
            Cron("0 7 * * *", "Europe/Berlni")

    def test_the_zone_of_the_machine_is_what_it_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        assert zone_here() == "Asia/Tokyo"
        monkeypatch.setenv("TZ", "CET-1CEST")
        assert zone_here() == "UTC"


class TestSchedules:
    def test_each_time_queues_one_run_however_often_it_is_looked(self, schedules: Schedules, queue: Queue) -> None:
        daily(schedules, at("2026-01-01T06:00"))
        assert schedules.fire(at("2026-01-01T06:59:59")) == []
        (fired,) = schedules.fire(at("2026-01-01T07:00:01"))
        assert (fired.how, fired.due_at) == ("queued", at("2026-01-01T07:00"))
        assert schedules.fire(at("2026-01-01T07:00:02")) == []
        assert waiting(queue) == [fired.run]

    def test_of_many_that_look_at_the_same_moment_one_queues(
        self, rows: Rows, queue: Queue, several: list[Rows]
    ) -> None:
        daily(Schedules(rows, new_run), 0.0, cron="* * * * *")
        fired: list = []
        others = [Schedules(each, new_run) for each in several[1:]]
        start = threading.Barrier(8)

        def look(one: Schedules) -> None:
            start.wait()
            fired.extend(one.fire(60.0))

        threads = [threading.Thread(target=look, args=(one,)) for one in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fired) == len(waiting(queue)) == 1

    @pytest.mark.parametrize(("catch_up", "days"), [("none", []), ("last", [4]), ("all", [1, 2, 3, 4])])
    def test_what_was_missed_is_caught_up_on_as_it_says(
        self, schedules: Schedules, queue: Queue, catch_up: str, days: list[int]
    ) -> None:
        daily(schedules, at("2026-01-01T06:00"), catch_up=catch_up, if_running="wait")
        fired = schedules.fire(at("2026-01-04T12:00"))
        assert [one.due_at for one in fired] == [at(f"2026-01-{day:02}T07:00") for day in days]
        assert schedules.fire(at("2026-01-04T12:01")) == []

    def test_what_came_while_a_server_started_again_is_not_missed(self, schedules: Schedules) -> None:
        daily(schedules, at("2026-01-01T06:00"), catch_up="none")
        assert len(schedules.fire(at("2026-01-01T07:00:45"))) == 1

    def test_thousands_that_were_missed_are_queued_bit_by_bit(self, schedules: Schedules, queue: Queue) -> None:
        daily(schedules, 0.0, catch_up="all", if_running="wait", cron="* * * * *")
        counts = [len(schedules.fire(250 * 60.0)) for _ in range(4)]
        assert counts == [100, 100, 50, 0]

    def test_a_clock_that_is_set_back_repeats_nothing_and_stops_nothing(
        self, schedules: Schedules, queue: Queue
    ) -> None:
        daily(schedules, at("2026-01-01T06:00"), if_running="wait")
        assert len(schedules.fire(at("2026-01-02T07:00:01"))) == 1  # the last of two that came
        assert schedules.fire(at("2026-01-01T06:30")) == []
        again = schedules.fire(at("2026-01-01T07:00:01"))
        assert [one.due_at for one in again] == [at("2026-01-01T07:00")]  # which had not run
        assert schedules.fire(at("2026-01-02T07:00:02")) == []
        assert [one.due_at for one in schedules.fire(at("2026-01-03T07:00"))] == [at("2026-01-03T07:00")]

    def test_a_clock_that_was_ahead_by_a_year_and_is_set_right_stops_nothing(self, schedules: Schedules) -> None:
        daily(schedules, at("2026-01-01T06:00"), if_running="wait")
        schedules.fire(at("2027-01-01T12:00"))
        assert schedules.fire(at("2026-01-01T12:00")) == []
        assert len(schedules.fire(at("2026-01-02T07:00"))) == 1

    def test_a_time_that_comes_while_the_last_run_goes_on_is_skipped_or_waits(
        self, schedules: Schedules, queue: Queue
    ) -> None:
        for if_running, how in (("skip", ["queued", "skipped"]), ("wait", ["queued", "queued"])):
            made = daily(schedules, 0.0, if_running=if_running, cron="* * * * *")
            assert [one.how for now in (60.0, 120.0) for one in schedules.fire(now)] == how
            schedules.remove(made.id)

    def test_one_that_is_paused_is_not_due_and_does_not_catch_up(self, schedules: Schedules) -> None:
        made = daily(schedules, at("2026-01-01T06:00"), catch_up="all")
        assert schedules.pause(made.id).next_times(0) == []
        assert schedules.fire(at("2026-01-03T12:00")) == []
        schedules.resume(made.id, at("2026-01-03T12:00"))
        assert schedules.fire(at("2026-01-03T12:01")) == []
        assert len(schedules.fire(at("2026-01-04T07:00"))) == 1

    def test_a_workflow_may_have_several_which_are_told_apart(self, schedules: Schedules) -> None:
        assert [daily(schedules, 0.0).id for _ in range(3)] == ["report", "report-2", "report-3"]
        schedules.remove("report-2")
        assert daily(schedules, 0.0).id == "report-2"
        with pytest.raises(NotFound, match="Did you mean"):
            schedules.find("report-4")


class TestQueue:
    def test_a_run_is_taken_by_one_and_in_order(self, rows: Rows, queue: Queue) -> None:
        for number in range(3):
            queue.put(f"r{number}", "w", {"n": number}, "queue", float(number))
        other = Queue(rows, Holder("other"))
        taken = [one.take() for one in (queue, other, queue, other)]
        assert [one and one.run for one in taken] == ["r0", "r1", "r2", None]
        assert taken[1].inputs == {"n": 1}

    def test_no_two_runs_of_a_schedule_go_on_at_once(self, rows: Rows, schedules: Schedules, queue: Queue) -> None:
        daily(schedules, 0.0, cron="* * * * *", if_running="wait")
        schedules.fire(60.0), schedules.fire(120.0)
        first = queue.take()
        assert queue.take() is None
        queue.end(first.run, "succeeded", 0, "", 130.0)
        assert queue.take() is not None

    def test_the_table_itself_holds_that(self, rows: Rows, schedules: Schedules, queue: Queue) -> None:
        daily(schedules, 0.0, cron="* * * * *", if_running="wait")
        schedules.fire(60.0), schedules.fire(120.0)
        with pytest.raises(Taken), rows.transaction() as connection:
            connection.execute("UPDATE queue SET status = 'taken'")
        assert len(waiting(queue)) == 2

    def test_what_took_effect_though_its_answer_was_lost_is_known_to_have(
        self, rows: Rows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As a connection that breaks when the answer to the commit was due."""
        hooks = Hooks(rows, lambda: "s")
        real, hook = type(rows).transaction, hooks.add(Hook("h", "w", "secret", "at-once", digest("s"), ""))
        queue, other = Queue(rows, Holder("me")), Queue(rows, Holder("other"))

        @contextmanager
        def answered_never(self: Rows) -> Iterator[object]:
            with real(self) as connection:
                yield connection
            raise StoreError("the connection broke.")

        with monkeypatch.context() as torn:
            torn.setattr(type(rows), "transaction", answered_never)
            queue.put("r", "w", {}, "queue", 0.0)
            assert hooks.accept(hook, "", {}, 1.0, "s") == ("s", False)
            with pytest.raises(StoreError):
                queue.take()
        assert [one.run for one in queue.held()] == ["r"]
        assert other.held() == []
        assert [one.run for one in queue.all()] == ["r", "s"]

    def test_what_a_process_that_is_gone_had_taken_passes_to_one(self, rows: Rows, queue: Queue) -> None:
        gone, other = Queue(rows, Holder("gone")), Queue(rows, Holder("other"))
        queue.put("r", "w", {}, "queue", 0.0)
        gone.take()
        assert queue.left_behind() == []
        Holder.gone = {"gone"}
        assert [one.run for one in queue.left_behind()] == ["r"]
        assert other.left_behind() == []
        gone.end("r", "succeeded", 0, "", 1.0)  # one that was thought to be gone says nothing any more
        assert queue.find("r").status == "taken"
        queue.give_back("r")
        assert other.take().run == "r"

    def test_what_is_passed_over_is_not_taken(self, queue: Queue) -> None:
        queue.put("a", "w", {}, "queue", 0.0)
        queue.put("b", "w", {}, "queue", 1.0)
        assert queue.take(["a"]).run == "b"
        assert queue.counts() == {"queued": 1, "taken": 1}

    def test_what_is_over_is_forgotten_after_a_while(self, queue: Queue) -> None:
        queue.put("a", "w", {}, "queue", 0.0)
        queue.take()
        queue.end("a", "refused", 3, "not trusted", 5.0)
        queue.forget(5.0)
        assert queue.find("a").code == 3
        queue.forget(6.0)
        assert queue.find("a") is None


class TestHooks:
    def test_a_delivery_that_comes_again_is_the_run_that_it_was(self, rows: Rows, queue: Queue) -> None:
        hooks = Hooks(rows, new_run)
        hook = hooks.add(Hook("h", "w", "secret", "at-once", digest("s3cret"), ""))
        first = hooks.accept(hook, "d1", {}, 0.0)
        assert not first.again
        assert hooks.accept(hook, "d1", {}, 1.0) == (first.run, True)
        assert hooks.accept(hook, "d2", {}, 1.0).run != first.run
        assert len({hooks.accept(hook, "", {}, 1.0).run for _ in range(2)}) == 2
        assert len(waiting(queue)) == 4

    def test_what_comes_at_the_same_moment_is_committed_together_and_each_is_answered(
        self, rows: Rows, queue: Queue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hooks, transaction, commits, gate = Hooks(rows, new_run), rows.transaction, [], threading.Event()
        hook = hooks.add(Hook("h", "w", "secret", "at-once", digest("s3cret"), ""))
        there = hooks.accept(hook, "", {}, 0.0).run

        @contextmanager
        def counted():
            commits.append(1)
            gate.wait(60)
            with transaction() as one:
                yield one

        monkeypatch.setattr(rows, "transaction", counted)
        answers: list[object] = []

        def ask(delivery: str, run: str = "") -> None:
            try:
                answers.append(hooks.accept(hook, delivery, {}, 1.0, run))
            except Taken as error:
                answers.append(error)

        asks = [("first", ""), ("same", ""), ("same", ""), ("other", ""), ("", "")]
        threads = [threading.Thread(target=ask, args=asked) for asked in asks]
        for thread in threads:
            thread.start()
        until(lambda: commits and len(hooks._accept._waiting) == len(asks) - 1)
        gate.set()
        for thread in threads:
            thread.join()
        assert len(commits) == 2
        assert len({answer.run for answer in answers}) == 4
        assert len(waiting(queue)) == 5
        gate.clear()
        commits.clear()
        answers.clear()
        threads = [threading.Thread(target=ask, args=asked) for asked in [("a", ""), ("", there), ("b", "")]]
        for thread in threads:
            thread.start()
        until(lambda: commits and len(hooks._accept._waiting) == 2)
        gate.set()
        for thread in threads:
            thread.join()
        assert len([answer for answer in answers if isinstance(answer, Taken)]) == 1  # and hurts nobody else
        assert len(waiting(queue)) == 7

    def test_one_is_found_by_what_has_to_be_known_and_by_nothing_else(self, rows: Rows) -> None:
        hooks = Hooks(rows, new_run)
        hooks.add(Hook("open", "w", "secret", "at-once", digest("s3cret"), ""))
        hooks.add(Hook("signed", "w", "github", "at-once", "", "{}"))
        hooks.add(Hook("page", "w", "form", "at-once", digest("f0rm"), ""))
        found = {
            place: hook.id for place in ("s3cret", "signed", "open", "page", "f0rm", "") if (hook := hooks.at(place))
        }
        assert found == {"s3cret": "open", "signed": "signed"}
        with pytest.raises(AlreadyExists, match="--as"):
            hooks.add(Hook("open", "w", "secret", "at-once", digest("other"), ""))
        hooks.remove("open")
        assert hooks.at("s3cret") is None


class TestTheFile:
    def test_nothing_is_made_by_who_only_looks(self, tmp_path: Path) -> None:
        assert Schedules(SqliteRows(tmp_path / "t.sqlite"), new_run).all() == []
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_is_damaged_is_said_to_be_and_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "t.sqlite").write_bytes(b"no database at all" * 100)
        with pytest.raises(StoreDamaged, match="Nothing was overwritten"):
            Schedules(SqliteRows(tmp_path / "t.sqlite"), new_run).all()
        assert (tmp_path / "t.sqlite").read_bytes().startswith(b"no database")

    def test_one_of_a_newer_flowbook_is_not_touched(self, tmp_path: Path) -> None:
        connection = sqlite3.connect(tmp_path / "t.sqlite")
        connection.execute("PRAGMA user_version = 99")
        connection.close()
        with pytest.raises(StoreError, match="newer Flowbook"):
            daily(Schedules(SqliteRows(tmp_path / "t.sqlite"), new_run), 0.0)

    @pytest.mark.skipif(sys.platform == "win32", reason="a file that is open stays there")
    @pytest.mark.parametrize("how", ["moved", "replaced"])
    def test_what_is_told_as_taken_on_is_in_the_file_that_is_there(self, tmp_path: Path, how: str) -> None:
        """Also after that was moved away, as one that is damaged, or a copy was brought back, beside a server."""
        file = tmp_path / "t.sqlite"
        rows = SqliteRows(file)
        daily(Schedules(rows, new_run), 0.0)
        if how == "replaced":
            other = SqliteRows(tmp_path / "copy.sqlite")
            Schedules(other, new_run).add("copied", "0 7 * * *", "UTC", {}, "skip", "last", 0.0)
            other.close()
            (tmp_path / "copy.sqlite").replace(file)
        else:
            file.rename(tmp_path / "away.sqlite")
        there = ["copied"] if how == "replaced" else []
        assert [one.workflow for one in Schedules(rows, new_run).all()] == there
        Schedules(rows, new_run).add("new", "0 7 * * *", "UTC", {}, "skip", "last", 0.0)
        assert {one.workflow for one in Schedules(SqliteRows(file), new_run).all()} == {"new", *there}
        if how == "moved":
            away = Schedules(SqliteRows(tmp_path / "away.sqlite"), new_run)
            assert [one.workflow for one in away.all()] == ["report"]
        rows.close()


class TestSeveralServers:
    """On one database."""

    def test_what_a_server_had_taken_that_is_gone_passes_to_another(self) -> None:
        address = emptied_schema()
        rows = PostgresRows(address)
        gone, other = LeaseHolder(address), LeaseHolder(address)
        Queue(rows, gone).put("run", "w", {}, "queue", 0.0)
        taken = Queue(rows, gone).take()
        assert taken is not None
        assert Queue(rows, other).left_behind() == []
        with rows.transaction() as inside:  # as when it was silent for too long
            inside.execute("DELETE FROM leases WHERE owner = ?", (gone.id,))
        assert [one.run for one in Queue(rows, other).left_behind()] == ["run"]
        Queue(rows, gone).end("run", "succeeded", 0, "", 1.0)  # what it says of it counts no more
        found = Queue(rows, other).find("run")
        assert found is not None
        assert (found.status, found.owner) == ("taken", other.id)
        for one in (gone, other):
            one.release()
        rows.close()

    def test_of_many_added_at_once_each_has_a_name(self) -> None:
        several = in_postgres(Path())
        threads = [threading.Thread(target=daily, args=(Schedules(rows, new_run), 0.0)) for rows in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(Schedules(several[0], new_run).all()) == len(several)

    def test_a_hook_of_a_name_that_is_there_is_refused(self) -> None:
        one, other = (Hooks(rows, new_run) for rows in in_postgres(Path())[:2])
        one.add(Hook("h", "w", "secret", "at-once", digest("x"), ""))
        with pytest.raises(AlreadyExists):
            other.add(Hook("h", "w", "secret", "at-once", digest("y"), ""))


def test_the_file_is_never_there_half_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it gets its schema and turns to WAL, SQLite waits for nobody: two that began at once were refused."""
    path, prepare, there = tmp_path / "triggers.sqlite", SqliteRows._prepare, list[bool]()

    def prepared(rows: SqliteRows, connection: sqlite3.Connection) -> None:
        prepare(rows, connection)
        there.append(path.exists())

    monkeypatch.setattr(SqliteRows, "_prepare", prepared)
    rows = SqliteRows(path)
    with rows.transaction():
        pass
    rows.close()
    assert there == [False, True]
    assert [one.name for one in tmp_path.iterdir()] == ["triggers.sqlite"]
