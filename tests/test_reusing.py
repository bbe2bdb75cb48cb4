"""``cache``: what a node gave in an earlier run is reused while nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import InvalidWorkflow
from flowbook.results import Cause, Source


@pytest.fixture
def ws(tmp_path: Path):
    folder = tmp_path / "integrations" / "count"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(SOURCE)
    with Workspace(tmp_path) as ws:
        yield ws


SOURCE = '''
from flowbook import task

calls = {}

@task(effects="read")
def read(credentials, params):
    """Read something.

    Params:
        what (string, optional): What.
    """
    calls["read"] = calls.get("read", 0) + 1
    return {"success": True, "message": "read", "data": params.get("what")}

@task(effects="write")
def write(credentials, params):
    """Write something."""
    return {"success": True, "message": "written"}

@task(effects="write", reusable=True)
def make(credentials, params):
    """Make something that can be used again."""
    return {"success": True, "message": "made", "data": [1, 2]}
'''


def flow(**more) -> Workflow:
    made = Workflow(name="cached")
    made.add("fetch", "count.read", params={"what": "a", **more}, cache=True)
    made.add("use", "core.set", params={"values": {"got": "${{ nodes.fetch.data }}"}})
    made.connect("fetch", "use")
    return made


def test_a_result_is_reused_while_nothing_has_changed(ws):
    first, second = ws.run(flow()), ws.run(flow())
    assert (first["fetch"].cause, first["fetch"].reuse.reason) == (Cause.RETURNED, "first")
    reused = second["fetch"]
    assert (reused.cause, reused.source, reused.reuse.reason) == (Cause.REUSED, Source.REUSED, "reused")
    assert (reused.data, reused.reuse.run, reused.started_at) == ("a", first.id, None)
    assert second["use"].data == {"got": "a"}
    record = ws.run_record(second.id).nodes["fetch"]
    assert (record.cause, record.source, record.reuse, record.data) == (Cause.REUSED, Source.REUSED, reused.reuse, "a")


def test_it_runs_again_when_a_param_changes_and_says_which(ws):
    ws.run(flow())
    changed = ws.run(flow(what="b"))["fetch"]
    assert (changed.cause, changed.reuse.reason, changed.reuse.changed) == (Cause.RETURNED, "changed", ("params.what",))
    assert ws.run(flow())["fetch"].reuse.reason == "reused", "an earlier value is still known"


def test_it_runs_again_when_the_code_of_its_task_changes(ws):
    ws.run(flow())
    tasks = ws.root / "integrations" / "count" / "tasks.py"
    tasks.write_text(SOURCE.replace('"message": "read"', '"message": "read anew"'))
    again = ws.run(flow())["fetch"]
    assert (again.message, again.reuse.changed) == ("read anew", ("task",))


def test_it_runs_again_when_a_file_that_it_names_is_written(ws):
    made = Workflow(name="reading")
    made.add("text", "files.read_text", params={"path": "in.txt"}, cache=True)
    (ws.root / "in.txt").write_text("a")
    ws.run(made)
    assert ws.run(made)["text"].reuse.reason == "reused"
    (ws.root / "in.txt").write_text("ab")
    assert ws.run(made)["text"].reuse.changed == ("the file of params.path",)


def test_what_is_too_old_runs_again(ws, monkeypatch):
    ws.run(flow())
    made = Workflow(name="cached")
    made.add("fetch", "count.read", params={"what": "a"}, cache="1d")
    assert ws.run(made)["fetch"].reuse.reason == "reused"
    later = time.time() + 86_500
    monkeypatch.setattr("flowbook.workspace.reusing.time.time", lambda: later)
    assert ws.run(made)["fetch"].reuse.reason == "expired"


def test_fresh_runs_everything(ws):
    ws.run(flow())
    assert ws.run(flow(), fresh=True)["fetch"].reuse.reason == "fresh"
    assert ws.run(flow())["fetch"].reuse.reason == "reused"


def code(source: str) -> Workflow:
    made = Workflow(name="coded")
    made.add("a", "core.set", params={"values": {"n": "${{ inputs.n }}"}})
    made.add("b", "core.set", params={"values": {"n": "${{ inputs.other }}"}})
    made.add("c", "core.python", params={"code": source}, cache=True)
    made.connect("a", "c")
    made.connect("b", "c")
    made.set_input("n", type="integer", default=1)
    made.set_input("other", type="integer", default=1)
    return made


def test_code_depends_on_the_nodes_that_it_names(ws):
    source = "nodes.a.data['n'] + 1"
    ws.run(code(source))
    assert ws.run(code(source), other=2)["c"].reuse.reason == "reused"
    changed = ws.run(code(source), n=2)["c"]
    assert (changed.data, changed.reuse.changed) == (3, ("nodes.a",))


def test_code_that_may_read_any_node_depends_on_all_before_it(ws):
    source = "sum(nodes[id].data['n'] for id in 'ab')"
    ws.run(code(source))
    assert ws.run(code(source))["c"].reuse.reason == "reused"
    assert ws.run(code(source), other=2)["c"].reuse.changed == ("nodes.b",)


def test_code_that_changed_runs_again(ws):
    ws.run(code("nodes.a.data['n'] + 1"))
    assert ws.run(code("nodes.a.data['n'] + 2"))["c"].reuse.changed == ("params.code",)


def test_a_for_each_depends_on_its_items(ws):
    def each(items):
        made = Workflow(name="each")
        made.add("x", "count.read", params={"what": "${{ item }}"}, for_each=items, cache=True)
        return made

    assert ws.run(each([1, 2]))["x"].data == [1, 2]
    assert ws.run(each([1, 2]))["x"].reuse.reason == "reused"
    assert ws.run(each([1, 3]))["x"].reuse.changed == ("for_each", "params.what")


def test_a_failure_is_never_reused(ws):
    made = Workflow(name="failing")
    made.add("c", "core.python", params={"code": "1/0"}, on_error="continue", cache=True)
    ws.run(made)
    assert ws.run(made)["c"].reuse.reason == "first"


def test_what_writes_is_not_reused_unless_its_task_says_so(ws):
    made = Workflow(name="writing")
    made.add("w", "count.write", cache=True)
    with pytest.raises(InvalidWorkflow, match=r"count\.write, which writes"):
        ws.run(made)
    made = Workflow(name="making")
    made.add("m", "count.make", cache=True)
    ws.run(made)
    assert ws.run(made)["m"].reuse.reason == "reused"


def test_what_was_not_kept_runs_again(ws):
    made = Workflow(name="large")
    made.add("c", "core.python", params={"code": "'x' * 3_000_000"}, cache=True)
    ws.run(made)
    again = ws.run(made)["c"]
    assert (again.cause, again.reuse.reason) == (Cause.RETURNED, "lost")


def test_a_secret_is_in_no_digest_and_no_record(ws):
    made = Workflow(name="hidden")
    made.set_input("key", type="password", required=True)
    made.add("c", "count.read", params={"what": "${{ inputs.key }}"}, cache=True)
    first = ws.run(made, key="correct-horse-1")["c"]
    second = ws.run(made, key="correct-horse-2")["c"]
    assert first.reuse.prints == second.reuse.prints
    assert second.reuse.reason == "lost", "its data had the secret in it, so that was not kept"


def test_a_length_of_time_that_is_none_is_refused():
    with pytest.raises(InvalidWorkflow, match="length of time"):
        Workflow(name="x").add("a", "core.noop", cache="soon")


def test_the_command_explains(ws, tmp_path):
    ws.save(flow())
    ws.close()
    runner = CliRunner()
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        first = runner.invoke(cli, ["run", "cached", "--explain"])
        second = runner.invoke(cli, ["run", "cached", "--explain"])
        fresh = runner.invoke(cli, ["run", "cached", "--explain", "--fresh"])
        document = json.loads(runner.invoke(cli, ["run", "cached", "--json"]).stdout)
    finally:
        os.chdir(before)
    assert "fetch: ran: no earlier run of it is known" in first.output
    assert "fetch: reused: nothing that it depends on has changed since the run" in second.output
    assert "use: ran: runs each time: it has no cache" in second.output
    assert "fetch: ran: all was to run" in fresh.output
    assert document["nodes"]["fetch"]["source"] == "reused"
    assert document["nodes"]["fetch"]["reuse"]["reason"] == "reused"
    assert document["nodes"]["use"].get("reuse") is None


def test_what_is_reused_is_to_later_nodes_as_if_it_had_run(ws: Workspace) -> None:
    made = flow()
    made.add("tell", "core.set", params={"values": "${{ nodes.fetch.message }}"}, cache=True)
    made.add("code", "core.python", params={"code": "nodes.fetch.data + nodes.fetch.message"}, cache=True)
    made.connect("fetch", "tell")
    made.connect("fetch", "code")
    first = ws.run(made)
    again = ws.run(made)
    assert again["tell"].data == first["tell"].data == "read"
    assert {again[id].source for id in ("fetch", "tell", "code")} == {Source.REUSED}
    assert again["fetch"].message == "reused: read"


def test_what_changed_is_told_by_the_nearest_of_what_is_known(ws: Workspace) -> None:
    """A run in between that reused what is older is no reason to name what it had changed and changed back."""
    (ws.root / "a.txt").write_text("a")
    made = Workflow(name="near")
    made.add("read", "files.read_text", params={"path": "${{ inputs.path }}"}, cache=True)
    made.set_input("path", type="string", default="a.txt")
    ws.run(made)
    (ws.root / "b.txt").write_text("b")
    ws.run(made, path="b.txt")
    assert ws.run(made)["read"].source is Source.REUSED
    (ws.root / "a.txt").write_text("another")
    reuse = ws.run(made)["read"].reuse
    assert reuse is not None
    assert reuse.changed == ("the file of params.path",)


def test_check_warns_of_a_request_that_is_not_sent_again(ws: Workspace) -> None:
    flow = Workflow(name="orders")
    address = "https://api.example.com/orders"
    flow.add("asks", "http.request", params={"url": address}, cache=True)
    flow.add("order", "http.request", params={"url": address, "method": "POST"}, cache="1d")
    flow.add("computed", "http.request", params={"url": address, "method": "${{ run.id }}"}, cache=True)
    flow.add("uncached", "http.request", params={"url": address, "method": "POST"})
    told = {one.node: one for one in ws.check(flow).problems if one.code == "cache-of-write"}
    assert set(told) == {"order", "computed"}
    assert {one.severity for one in told.values()} == {"warning"}
    assert told["order"].message == "is for a POST: reused, it is not sent again."
