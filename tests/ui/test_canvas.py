"""The Python side of the canvas, without a browser: what it sends, and what it takes from one."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from flowbook.errors import InputError, NotFound
from flowbook.ui.canvas.canvas import Canvas

GRAPH: dict[str, Any] = {
    "nodes": [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 300, "y": 0}],
    "edges": [{"id": "ab", "source": "a", "target": "b"}],
}


class Wire:
    """Stands where the browser's end of the comm would be."""

    def __init__(self, canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
        self.canvas = canvas
        self.sent: list[dict[str, Any]] = []
        self.states: list[Any] = []
        self.arrived = threading.Event()
        monkeypatch.setattr(canvas._companion, "send", self._take)
        monkeypatch.setattr(canvas._companion, "send_state", self.states.append)

    def _take(self, content: dict[str, Any]) -> None:
        self.sent.append(content)
        self.arrived.set()

    def intend(self, intent: str, payload: Any) -> None:
        self.canvas._companion._handle_custom_msg({"kind": "intent", "intent": intent, "payload": payload}, [])

    def hello(self, revision: int) -> None:
        self.canvas._companion._handle_custom_msg({"kind": "hello", "revision": revision}, [])


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(GRAPH)


@pytest.fixture
def wire(canvas: Canvas, monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(canvas, monkeypatch)


def test_a_patch_is_one_small_message_and_not_the_whole_graph(canvas: Canvas, wire: Wire) -> None:
    canvas.patch([{"op": "remove", "kind": "node", "id": "a"}])
    assert [message["kind"] for message in wire.sent] == ["patch"]
    assert len(json.dumps(wire.sent)) < 200
    assert wire.states == []


def test_a_page_that_is_loaded_later_gets_the_graph_as_it_is_now(canvas: Canvas) -> None:
    canvas.patch([{"op": "remove", "kind": "node", "id": "a"}])
    state = canvas._companion.get_state()["state"]
    assert (set(state["elements"]["nodes"]), state["elements"]["edges"]) == ({"b"}, {})


def test_a_browser_that_missed_something_is_sent_the_whole(canvas: Canvas, wire: Wire) -> None:
    wire.hello(0)
    assert wire.states == []
    canvas.patch([{"op": "move", "positions": {"a": [1, 2]}}])
    wire.hello(0)
    assert wire.states == ["state"]


def test_a_patch_that_is_refused_changes_and_sends_nothing(canvas: Canvas, wire: Wire) -> None:
    with pytest.raises(NotFound):
        canvas.patch([{"op": "remove", "kind": "node", "id": "a"}, {"op": "remove", "kind": "node", "id": "z"}])
    assert [node["id"] for node in canvas.elements["nodes"]] == ["a", "b"]
    assert wire.sent == []


def test_statuses_set_from_many_threads_travel_as_one_message(canvas: Canvas, wire: Wire) -> None:
    threads = [threading.Thread(target=canvas.set_status, args=({id: "running"},)) for id in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    canvas.set_status({"a": "succeeded"})
    assert wire.arrived.wait(60)
    assert [message["changes"] for message in wire.sent] == [{"a": "succeeded", "b": "running"}]
    assert canvas.status == {"a": "succeeded", "b": "running"}


def test_replacing_the_statuses_takes_the_others_away(canvas: Canvas) -> None:
    canvas.set_status({"a": "failed", "b": "skipped"})
    canvas.set_status({"a": "pending"}, replace=True)
    assert canvas.status == {"a": "pending"}


def test_a_word_that_is_no_status_is_refused(canvas: Canvas) -> None:
    with pytest.raises(InputError, match="'finished'"):
        canvas.set_status({"a": "finished"})


def test_statuses_and_selection_of_removed_nodes_are_forgotten(canvas: Canvas) -> None:
    canvas.set_status({"a": "failed", "b": "running"})
    canvas.select(["a", "b", "nobody"])
    assert canvas.selected["nodes"] == ["a", "b"]
    canvas.patch([{"op": "remove", "kind": "node", "id": "a"}])
    assert (canvas.status, canvas.selected["nodes"]) == ({"b": "running"}, ["b"])


def test_intents_reach_their_handlers_until_these_are_taken_away(canvas: Canvas, wire: Wire) -> None:
    seen: list[dict[str, Any]] = []
    off = canvas.on("connect", seen.append)
    wire.intend("connect", {"source": "a", "target": "b"})
    off()
    wire.intend("connect", {"source": "b", "target": "a"})
    assert seen == [{"source": "a", "target": "b"}]


def test_an_error_that_a_handler_raises_is_told_on_the_canvas(canvas: Canvas, wire: Wire) -> None:
    def refuse(_payload: dict[str, Any]) -> None:
        raise InputError("That would be a cycle.")

    canvas.on("connect", refuse)
    wire.intend("connect", {"source": "b", "target": "a"})
    assert wire.sent == [{"kind": "tell", "text": "That would be a cycle.", "tone": "error"}]


@pytest.mark.parametrize("payload", [None, "text", {"x": float("nan")}, {"positions": {"a": [float("inf"), 0]}}])
def test_what_is_no_proper_payload_is_ignored(canvas: Canvas, wire: Wire, payload: Any) -> None:
    seen: list[dict[str, Any]] = []
    canvas.on("move", seen.append)
    wire.intend("move", payload)
    assert seen == []


def test_a_canvas_to_read_passes_on_no_intent_that_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = Canvas(GRAPH, read_only=True)
    wire, seen = Wire(canvas, monkeypatch), []
    for intent in ("delete", "connect", "select", "key"):
        canvas.on(intent, lambda payload, intent=intent: seen.append(intent))
    wire.intend("delete", {"nodes": ["a"]})
    wire.intend("connect", {"source": "b", "target": "a"})
    wire.intend("key", {"name": "paste"})
    wire.intend("key", {"name": "copy"})
    wire.intend("select", {"nodes": ["a"]})
    assert seen == ["key", "select"]


def test_an_unknown_intent_cannot_be_waited_for(canvas: Canvas) -> None:
    with pytest.raises(InputError, match="'conect'"):
        canvas.on("conect", print)


def test_without_a_front_end_a_drawing_and_an_outline_stand_for_it(canvas: Canvas) -> None:
    canvas.set_status({"a": "failed"})
    bundle = canvas._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "a [failed] -> b" in bundle["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_how_far_nodes_are_and_which_lines_were_taken_travels_with_the_statuses(canvas: Canvas, wire: Wire) -> None:
    canvas.set_status({"a": "running"})
    canvas.set_progress({"a": {"done": 3, "total": 10, "failed": 1}, "nobody": {"done": 1, "total": 1}})
    canvas.mark_lines({"ab": {"taken": True, "items": 120}, "zz": {"taken": True}})
    assert wire.arrived.wait(60)
    (message,) = wire.sent
    assert message["changes"] == {"a": "running"}
    assert message["progress"] == {"a": {"done": 3, "total": 10, "failed": 1}}
    assert message["lines"] == {"ab": {"taken": True, "items": 120}}
    state = canvas._companion.get_state()["state"]
    assert (state["progress"], state["lines"]) == (canvas.progress, canvas.lines)


def test_who_made_a_call_elsewhere_travels_with_the_statuses(canvas: Canvas, wire: Wire) -> None:
    canvas.set_workers({"a": "tcp://10.0.0.7:4001", "b": "", "nobody": "x"})
    assert wire.arrived.wait(60)
    (message,) = wire.sent
    assert message["workers"] == {"a": "tcp://10.0.0.7:4001"}
    assert canvas._companion.get_state()["state"]["workers"] == {"a": "tcp://10.0.0.7:4001"}


def test_what_a_run_left_follows_a_node_that_is_renamed_and_goes_with_one_that_is_removed(canvas: Canvas) -> None:
    canvas.set_status({"a": "failed"})
    canvas.set_progress({"a": {"done": 1, "total": 2, "failed": 0}})
    canvas.mark_lines({"ab": {"taken": False}})
    edge = {"id": "cb", "source": "c", "target": "b"}
    canvas.patch(
        [
            {"op": "remove", "kind": "node", "id": "a"},
            {"op": "add", "kind": "node", "value": {"id": "c"}},
            {"op": "add", "kind": "edge", "value": edge},
        ],
        {"a": "c"},
    )
    assert canvas.status == {"c": "failed"}
    assert canvas.progress == {"c": {"done": 1, "total": 2, "failed": 0}}
    assert canvas.lines == {"cb": {"taken": False}}
    canvas.patch([{"op": "remove", "kind": "node", "id": "c"}])
    assert (canvas.status, canvas.progress, canvas.lines) == ({}, {}, {})


def test_a_node_that_an_undo_brings_back_has_again_what_a_run_said_of_it(canvas: Canvas) -> None:
    canvas.set_status({"a": "succeeded"})
    canvas.set_progress({"a": {"done": 2, "total": 3, "failed": 1}})
    canvas.set_workers({"a": "worker-1"})
    canvas.mark_lines({"ab": {"taken": True, "items": 3}})
    elements = canvas.elements
    node, edge = elements["nodes"][0], elements["edges"][0]
    gone = {"op": "remove", "kind": "node", "id": "a"}
    back = [{"op": "add", "kind": "node", "value": node}, {"op": "add", "kind": "edge", "value": edge}]
    canvas.patch([gone])
    assert (canvas.status, canvas.progress, canvas.lines) == ({}, {}, {})
    canvas.patch(back)
    assert canvas.status == {"a": "succeeded"}
    assert canvas.progress == {"a": {"done": 2, "total": 3, "failed": 1}}
    assert canvas.lines == {"ab": {"taken": True, "items": 3}}
    assert canvas._companion.get_state()["state"]["workers"] == {"a": "worker-1"}

    canvas.patch([gone])
    canvas.patch([{"op": "add", "kind": "node", "value": {**node, "task": "another.task"}}])  # it has that id only
    assert canvas.status == {}

    canvas.set_status({"a": "failed"})
    canvas.patch([gone])
    canvas.set_status({}, replace=True)  # another run has begun
    canvas.patch([{"op": "add", "kind": "node", "value": node}])
    assert canvas.status == {}
