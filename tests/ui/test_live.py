"""The run panel without a browser: what it sends, how seldom, and that its state and its changes agree."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.events import NodeFinished, NodeOutput, NodeProgressed, NodeRetried, NodeStarted, RunFinished, RunStarted
from flowbook.models import Workflow
from flowbook.results import NodeResult
from flowbook.ui.runs.live import RunPanel
from flowbook.ui.runs.live_output import TEXT_LIMIT, NodeFeed
from flowbook.ui.runs.live_state import LiveRun
from flowbook.workspace import Workspace


class Browser:
    """What a page would hold: the state it was given, with every message of changes applied."""

    def __init__(self, panel: RunPanel, monkeypatch: pytest.MonkeyPatch) -> None:
        self.panel = panel
        self.messages: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.lock = threading.Lock()
        monkeypatch.setattr(type(panel.widget), "send", lambda widget, content: self._message(widget, content))
        monkeypatch.setattr(type(panel.widget), "send_state", lambda widget, key=None: self._state(widget))
        self._state(panel.widget)

    def _message(self, widget: Any, content: dict[str, Any]) -> None:
        if widget is self.panel.widget:
            json.dumps(content)
            self.messages.append(content)

    def _state(self, widget: Any) -> None:
        if widget is self.panel.widget:
            self.states.append(json.loads(json.dumps(widget.get_state()["state"])))

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message["kind"] == "changes"]

    def shown(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(json.dumps(self.states[-1]))
        for change in self.changes:
            if change["revision"] <= state["revision"]:
                continue
            assert change["revision"] == state["revision"] + 1
            state["revision"] = change["revision"]
            state["run"].update(change.get("run", {}))
            for id, fields in change.get("nodes", {}).items():
                state["nodes"].setdefault(id, {}).update(fields)
            for id, operations in change.get("output", {}).items():
                state["output"][id] = grown(state["output"].get(id, []), operations)
        return state

    def text(self, node: str) -> str:
        return "".join(chunk.get("t", "") for chunk in self.shown()["output"].get(node, []))


def grown(chunks: list[dict[str, Any]], operations: list[list[Any]]) -> list[dict[str, Any]]:
    chunks = [dict(chunk) for chunk in chunks]
    for kind, what in operations:
        if kind == "new":
            chunks.append(dict(what))
        elif kind == "more":
            chunks[-1]["t"] += what
        elif kind == "drop":
            del chunks[:what]
        else:
            chunks = [dict(chunk) for chunk in what]
    return chunks


def until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not wanted():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def panel(ws: Workspace) -> Iterator[RunPanel]:
    made = RunPanel(ws)
    yield made
    made.close()


@pytest.fixture
def browser(panel: RunPanel, monkeypatch: pytest.MonkeyPatch) -> Browser:
    return Browser(panel, monkeypatch)


def hello(nodes: int = 1) -> Workflow:
    flow = Workflow(name="hello")
    for number in range(nodes):
        flow.add(f"n{number}", "demo.greet", params={"name": f"number {number}"})
    return flow


def live(*nodes: str) -> LiveRun:
    return LiveRun("r", "flow", [(node, "", "demo.x") for node in nodes], lambda value: value)


def finished(node: str, status: Any = "succeeded", data: Any = None, at: float = 2.0) -> NodeFinished:
    return NodeFinished("r", node, at, NodeResult(status, "", data, 1, 1.0, 1.0))


class TestWhatIsSent:
    def test_a_run_followed_from_its_start_ends_up_shown_whole(
        self, ws: Workspace, panel: RunPanel, browser: Browser
    ) -> None:
        run = ws.start(hello())
        panel.follow(run)
        run.wait()
        until(lambda: browser.shown()["run"]["status"] == "succeeded")
        shown = browser.shown()
        assert browser.text("n0") == "greeting number 0\n"
        assert shown["nodes"]["n0"]["status"] == "succeeded"
        assert shown["nodes"]["n0"]["data"]["kind"] == "tree"
        assert shown["nodes"]["n0"]["params"]["value"][1] == [["name", ["s", "number 0", 8]]]

    def test_a_run_followed_after_its_end_is_shown_whole_at_once(
        self, ws: Workspace, panel: RunPanel, browser: Browser
    ) -> None:
        panel.follow(ws.start(hello()).wait())
        assert browser.states[-1]["run"]["status"] == "succeeded"
        assert browser.text("n0") == "greeting number 0\n"

    def test_many_changes_of_status_travel_as_few_messages(
        self, ws: Workspace, panel: RunPanel, browser: Browser
    ) -> None:
        run = ws.start(hello(nodes=400))
        panel.follow(run)
        run.wait()
        until(lambda: browser.shown()["run"]["status"] == "succeeded")
        assert len(browser.changes) < 40
        assert panel.statuses == dict.fromkeys(run, "succeeded")

    def test_a_page_that_is_loaded_again_meets_no_line_twice(
        self, ws: Workspace, panel: RunPanel, browser: Browser
    ) -> None:
        run = ws.start(hello(nodes=60))
        panel.follow(run)
        while run.status == "running":
            browser._state(panel.widget)
            time.sleep(0.003)  # else the run itself hardly gets a turn
        until(lambda: browser.shown()["run"]["status"] == "succeeded")
        assert [browser.text(node) for node in run] == [f"greeting number {number}\n" for number in range(60)]

    def test_a_page_that_missed_a_message_is_given_everything(
        self, ws: Workspace, panel: RunPanel, browser: Browser
    ) -> None:
        panel.follow(ws.start(hello()).wait())
        count = len(browser.states)
        panel.widget._receive(panel.widget, {"kind": "hello", "revision": -1}, None)
        assert len(browser.states) == count + 1
        assert browser.messages[-1] == {"kind": "welcome"}

    def test_nothing_of_a_run_that_is_no_longer_shown_arrives(
        self, ws: Workspace, panel: RunPanel, browser: Browser, folder: Any
    ) -> None:
        slow = Workflow(name="slow")
        slow.add("wait", "demo.sleep", params={"seconds": 0.3, "file": str(folder / "began")})
        first = ws.start(slow)
        panel.follow(first)
        until((folder / "began").exists)
        second = ws.start(hello()).wait()
        panel.follow(second)
        first.wait()
        assert browser.shown()["run"]["id"] == second.id == panel.run_id
        assert list(browser.shown()["nodes"]) == ["n0"]

    def test_no_timer_is_left_when_nothing_happens(self, ws: Workspace, panel: RunPanel, browser: Browser) -> None:
        panel.follow(ws.start(hello()).wait())
        until(lambda: panel._timer is None)
        count = len(browser.messages)
        assert not [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
        assert len(browser.messages) == count

    def test_secrets_in_data_are_left_out(self, ws: Workspace, panel: RunPanel, browser: Browser) -> None:
        flow = Workflow(name="secret")
        flow.set_input("token", type="password", required=True)
        flow.add("echo", "demo.echo", params={"token": "${{ inputs.token }}", "list": ["${{ inputs.token }}"] * 3})
        panel.follow(ws.start(flow, token="sesame-0pen-9876").wait())
        assert "sesame-0pen" not in json.dumps(browser.states)
        assert "***" in json.dumps(browser.states[-1]["nodes"]["echo"])


class TestRecords:
    def test_a_recorded_run_is_shown_as_it_was_live(self, ws: Workspace, panel: RunPanel, browser: Browser) -> None:
        flow = hello()
        flow.add("bad", "demo.boom")
        run = ws.start(flow).wait()
        panel.follow(run)
        lived = browser.shown()
        panel.show_record(ws.run_record(run.id))
        recorded = browser.shown()
        assert recorded["output"] == lived["output"]
        for node in ("n0", "bad"):
            for field in ("status", "message", "attempts", "data", "task", "seconds", "started"):
                assert recorded["nodes"][node].get(field) == lived["nodes"][node].get(field), field
        assert recorded["nodes"]["n0"]["params"] == lived["nodes"]["n0"]["params"]

    def test_clear_shows_no_run(self, ws: Workspace, panel: RunPanel, browser: Browser) -> None:
        panel.follow(ws.start(hello()).wait())
        panel.clear()
        assert browser.states[-1]["run"] is None
        assert panel.run_id == ""


class TestSelecting:
    def test_a_person_selecting_is_told_and_a_program_selecting_is_not(self, panel: RunPanel) -> None:
        chosen: list[str] = []
        stop = panel.on_select(chosen.append)
        panel.select("n0")
        panel.widget._receive(panel.widget, {"kind": "select", "id": "n1"}, None)
        stop()
        panel.widget._receive(panel.widget, {"kind": "select", "id": "n2"}, None)
        assert chosen == ["n1"]

    def test_cancel_reaches_the_run(self, ws: Workspace, panel: RunPanel, folder: Any) -> None:
        flow = Workflow(name="slow")
        flow.add("wait", "core.wait", params={"seconds": 30})
        run = ws.start(flow)
        panel.follow(run)
        panel.widget._receive(panel.widget, {"kind": "cancel"}, None)
        assert run.wait(60).status == "cancelled"

    @pytest.mark.parametrize("message", [None, "cancel", {}, {"kind": "select"}, {"kind": "select", "id": 3}])
    def test_malformed_messages_do_nothing(self, panel: RunPanel, message: Any) -> None:
        panel.on_select(pytest.fail)
        panel.widget._receive(panel.widget, message, None)


class TestLiveRun:
    def test_only_what_is_different_is_told(self) -> None:
        run = live("a", "b")
        run.take(RunStarted("r", 1.0, "flow", ("a", "b"), {}))
        run.take(NodeStarted("r", "a", 1.0, "demo.x", "read"))
        assert set(run.take_changes()["nodes"]) == {"a"}  # type: ignore[index]
        run.take(NodeProgressed("r", "a", 1.1, 1, 4))
        run.take(NodeProgressed("r", "a", 1.2, 2, 4))
        changes = run.take_changes()
        assert changes is not None
        assert changes["nodes"] == {"a": {"progress": [2, 4, ""]}}
        assert "run" not in changes
        assert run.take_changes() is None

    def test_events_of_another_run_are_not_taken(self) -> None:
        run = live("a")
        run.take(NodeStarted("other", "a", 1.0, "demo.x", "read"))
        assert run.take_changes() is None

    def test_retries_and_the_end_are_told(self) -> None:
        run = live("a")
        run.take(NodeRetried("r", "a", 1.0, 1, "busy", 2.0))
        node = run.snapshot()["nodes"]["a"]
        assert node["attempts"] == 2
        assert "busy" in node["note"]
        run.take(finished("a", "failed"))
        run.take(RunFinished("r", 2.0, "failed", 1.0, "node 'a' failed"))
        assert run.over
        assert run.statuses == {"a": "failed"}
        assert run.snapshot()["nodes"]["a"]["note"] == ""

    def test_displays_beyond_the_panels_room_are_named_not_held(self) -> None:
        run = live("a")
        big = {"image/png": "x" * 6_000_000}
        for _ in range(4):
            run.take(NodeOutput("r", "a", 1.0, "display", "", big))
        chunks = run.snapshot()["output"]["a"]
        assert [chunk["s"] for chunk in chunks] == ["display", "display", "display", "stderr"]


pieces = st.lists(
    st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(max_size=30), st.booleans(), st.sampled_from([None, 0, 1]))
)


class TestOutput:
    @given(pieces)
    def test_the_operations_lead_to_the_same_chunks(self, given_pieces: list[Any]) -> None:
        feed, shown = NodeFeed(), []
        for stream, text, taken, item in given_pieces:
            feed.append(stream, text, None, item)
            if taken:
                shown = grown(shown, feed.take())
        assert grown(shown, feed.take()) == feed.chunks()

    @given(st.lists(st.integers(1, 90_000), max_size=12), st.booleans())
    def test_the_end_of_long_output_is_kept_and_its_beginning_dropped(self, sizes: list[int], often: bool) -> None:
        feed, shown = NodeFeed(), []
        whole = ""
        for index, size in enumerate(sizes):
            text = chr(97 + index) * size
            whole += text
            feed.append("stdout", text)
            if often:
                shown = grown(shown, feed.take())
        shown = grown(shown, feed.take())
        kept = "".join(chunk["t"] for chunk in shown)
        assert shown == feed.chunks()
        assert whole.endswith(kept)
        assert len(kept) <= TEXT_LIMIT
        assert len(kept) == len(whole) or len(kept) > TEXT_LIMIT - 8_000

    def test_text_and_displays_keep_their_order(self) -> None:
        feed = NodeFeed()
        feed.append("stdout", "before\n")
        feed.append("display", "", {"text/plain": "<Figure>", "image/png": "AAAA", "text/html": "<b>"})
        feed.append("stdout", "after\n")
        before, display, after = feed.chunks()
        assert (before["t"], after["t"]) == ("before\n", "after\n")
        assert display["b"] == {"kind": "image/png", "content": "AAAA", "text": "<Figure>"}
