"""The drawings of the run semantics: small workflows that are really run, drawn with what became of their nodes."""

from __future__ import annotations

from typing import Any

from flowbook import RunFailed, Workflow, Workspace
from flowbook.view.graph.drawing import svg


def failure_handled() -> Workflow:
    """A failure that an edge handles, and the branches that meet again."""
    flow = Workflow(name="handled")
    flow.add("fetch", "core.fail", params={"message": "the service does not answer"}, at=(0, 60))
    flow.add("parse", "core.noop", at=(320, 0))
    flow.add("fallback", "core.noop", at=(320, 120))
    flow.add("report", "core.noop", at=(600, 60))
    flow.connect("fetch", "parse")
    flow.connect("fetch", "fallback", on="failure")
    flow.connect("parse", "report")
    flow.connect("fallback", "report")
    return flow


def failure_unhandled() -> Workflow:
    """A failure that nothing handles: what needs it is skipped, the rest and the clean-up run."""
    flow = Workflow(name="unhandled")
    flow.add("fetch", "core.fail", params={"message": "the service does not answer"}, at=(0, 60))
    flow.add("store", "core.noop", at=(320, 0))
    flow.add("clean_up", "core.noop", at=(320, 120))
    flow.add("notify", "core.noop", at=(600, 0))
    flow.add("other", "core.noop", at=(0, 180))
    flow.connect("fetch", "store")
    flow.connect("fetch", "clean_up", on="always")
    flow.connect("store", "notify")
    return flow


def condition() -> Workflow:
    """Branches parted by conditions, which meet again."""
    flow = Workflow(name="condition")
    flow.add("check", "core.set", params={"values": {"total": 3}}, at=(0, 60))
    flow.add("alarm", "core.noop", at=(420, 0))
    flow.add("quiet", "core.noop", at=(420, 120))
    flow.add("report", "core.noop", at=(700, 60))
    flow.connect("check", "alarm", when="nodes.check.data.total > 2")
    flow.connect("check", "quiet", when="nodes.check.data.total <= 2")
    flow.connect("alarm", "report")
    flow.connect("quiet", "report")
    return flow


def joins() -> Workflow:
    """The three joins after one branch that succeeded and one that failed unhandled."""
    flow = Workflow(name="joins")
    flow.add("good", "core.noop", at=(0, 40))
    flow.add("bad", "core.fail", params={"message": "no"}, at=(0, 160))
    for row, (id, join) in enumerate((("by_default", None), ("join_any", "any"), ("join_all", "all"))):
        flow.add(id, "core.noop", at=(300, row * 100), **({"join": join} if join else {}))
        flow.connect("good", id)
        flow.connect("bad", id)
    return flow


FLOWS = {
    "failure-handled": failure_handled,
    "failure-unhandled": failure_unhandled,
    "condition": condition,
    "joins": joins,
}


def statuses(flow: Workflow) -> dict[str, str]:
    """What becomes of each node when the workflow runs."""
    workspace = Workspace(memory=True)
    try:
        run = workspace.run(flow)
    except RunFailed as failed:
        run = failed.run
    finally:
        workspace.close()
    return {id: run[id].status for id in run}


def drawings() -> dict[str, str]:
    """The name of each drawing and its SVG."""
    return {name: svg(_elements(make()), statuses(make())) + "\n" for name, make in FLOWS.items()}


def _elements(flow: Workflow) -> dict[str, list[dict[str, Any]]]:
    nodes = [
        {"id": id, "task": node.task, "x": flow.layout[id][0], "y": flow.layout[id][1]}
        for id, node in flow.nodes.items()
    ]
    edges = [
        {"id": f"e{i}", "source": edge.source, "target": edge.target, "on": edge.on, "label": str(edge.when or "")}
        for i, edge in enumerate(flow.edges)
    ]
    return {"nodes": nodes, "edges": edges}
