"""Circles of n8n's nodes: each becomes a workflow of its own, which a node of ours runs again and again.

Loop Over Items becomes ``core.run_workflow`` for each batch, one after the other; any other circle ``core.repeat``, the
rounds of which go on while items lead back to its beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flowbook.formats.n8n.flow import Flow, Loop
from flowbook.formats.n8n.report import Carried
from flowbook.formats.n8n.source import Edge
from flowbook.formats.n8n.ways import Out
from flowbook.models import kebab

MAX_LEVELS = 8
_BACK = "again"


@dataclass
class Circle:
    """A circle, taken apart: where it begins, its nodes, the edges in it and those that lead back, out and in."""

    head: str
    batches: bool
    body: set[str]
    first: list[str]
    edges: list[Edge]
    back: list[Edge]
    leaving: list[Edge]


def circles(names: Iterable[str], edges: list[Edge]) -> list[list[str]]:
    """The sets of nodes that lead to each other, by Tarjan's way without recursion."""
    after: dict[str, list[str]] = {}
    for edge in edges:
        after.setdefault(edge.source, []).append(edge.target)
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    waiting: set[str] = set()
    found: list[list[str]] = []
    for root in names:
        work = [] if root in number else [(root, iter(after.get(root, ())))]
        while work:
            node, rest = work[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                stack.append(node)
                waiting.add(node)
            for one in rest:
                if one not in number:
                    work.append((one, iter(after.get(one, ()))))
                    break
                if one in waiting:
                    low[node] = min(low[node], number[one])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    place = stack.index(node)
                    found.append(stack[place:])
                    waiting.difference_update(stack[place:])
                    del stack[place:]
    return [part for part in found if len(part) > 1 or part[0] in after.get(part[0], ())]


def collapse(flow: Flow) -> list[tuple[str, Circle]]:
    """Put one node in place of each circle: (its name, the circle). The flow has none then."""
    found = []
    while parts := circles(flow.names, flow.edges):
        if flow.level >= MAX_LEVELS:
            _open(flow, set(parts[0]))
            continue
        circle = _circle(flow, set(parts[0]))
        name = circle.head if circle.batches else f"{circle.head} (loop)"
        if not circle.batches:
            flow.names.append(name)
            flow.ids[name] = flow.identify(name)
        flow.names = [one for one in flow.names if one not in circle.body]
        flow.connect(_without(flow.edges, circle, name))
        found.append((name, circle))
    return found


def _open(flow: Flow, part: set[str]) -> None:
    """Take the way back out of a circle that lies deeper than workflows can lie in each other."""
    head = next(name for name in flow.names if name in part)
    why = f"loops lie more than {MAX_LEVELS} levels deep in each other: it does not lead back here"
    flow.report.note(head, "a loop", f"not carried over: {why}")
    flow.connect([edge for edge in flow.edges if edge.target != head or edge.source not in part])


def _circle(flow: Flow, part: set[str]) -> Circle:
    steps = flow.export.steps
    entered = [edge.target for edge in flow.edges if edge.target in part and edge.source not in part]
    splitting = [name for name in flow.names if name in part and name in steps and steps[name].kind == "splitInBatches"]
    head = next((name for name in splitting if name in entered), None) or (splitting or entered or sorted(part))[0]
    batches = head in splitting
    if not batches:
        inside = [edge for edge in flow.edges if edge.source in part and edge.target in part and edge.target != head]
        first = [head]
    else:
        rounds = 1 if steps[head].version >= 3 else 0
        starts = [edge.target for edge in flow.edges if edge.source == head and edge.output == rounds]
        done = [edge.target for edge in flow.edges if edge.source == head and edge.output != rounds]
        outside = _reach(flow, [name for name in done if name not in part], head)
        part = (_reach(flow, starts, head) - outside) | (part - {head})
        inside = [edge for edge in flow.edges if edge.source in part and edge.target in part]
        first = list(dict.fromkeys(starts))
    back = [edge for edge in flow.edges if edge.target == head and edge.source in part]
    leaving = [edge for edge in flow.edges if edge.source in part and edge.target not in part and edge.target != head]
    wrong = [name for name in entered if name != head and name in part]
    if wrong:
        flow.report.note(wrong[0], "a loop that is entered in its middle", "it begins at its head in place of that")
    return Circle(head, batches, part, first, inside, back, leaving)


def _reach(flow: Flow, starts: list[str], stop: str) -> set[str]:
    after: dict[str, list[str]] = {}
    for edge in flow.edges:
        after.setdefault(edge.source, []).append(edge.target)
    found: set[str] = set()
    waiting = [name for name in starts if name != stop]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [one for one in after.get(name, ()) if one != stop]
    return found


def _without(edges: list[Edge], circle: Circle, name: str) -> list[Edge]:
    """The edges of the flow once the circle is one node; what leaves it comes out of an output of its own."""
    found: list[Edge] = []
    for edge in edges:
        source_in, target_in = edge.source in circle.body, edge.target in circle.body
        if (edge.target == name and source_in) or (source_in and target_in) or (edge.source == name and target_in):
            continue
        if source_in:
            found.append(Edge(name, 100 + circle.leaving.index(edge), edge.target, edge.input))
        elif target_in:
            found.append(Edge(edge.source, edge.output, name, 0))
        else:
            found.append(edge)
    return [edge for edge in dict.fromkeys(found) if edge.source != edge.target]


def convert_loop(flow: Flow, name: str, circle: Circle, convert: Callable[[Flow], None]) -> None:
    """Write the body as a workflow of its own, and the node that runs it. ``convert`` converts a flow's nodes."""
    names = [one for one in flow.export.steps if one in circle.body] + [
        one for one in circle.body if one not in flow.export.steps
    ]
    title = kebab(f"{flow.outermost.name[:60].strip('-')} {circle.head}")[:90].strip("-")
    inner = Flow(flow.export, flow.free(title), names, circle.edges, flow.report, flow, circle.first, circle.head)
    inner.sub_nodes = flow.sub_nodes
    inner.document["inputs"]["items"] = {"type": "json", "default": [{}], "description": "The items of this round"}
    flow.lists[name] = flow.list_into(name)
    convert(inner)
    exits = {(edge.source, edge.output): f"exit_{place}" for place, edge in enumerate(circle.leaving)}
    _write_result(inner, circle, exits)
    flow.parts += [inner.document, *inner.parts]
    id = flow.ids[name]
    node, last, gathered = _running(flow, name, circle, inner, exits)
    flow.document["nodes"][id] = node
    step = flow.export.steps[circle.head]
    flow.document["layout"][id] = list(step.position)
    flow.outs[name, 0] = Out(gathered(_BACK), "unknown", may_be_empty=True)
    flow.outs[name, 1] = flow.outs[name, 0]
    for place, edge in enumerate(circle.leaving):
        flow.outs[name, 100 + place] = Out(gathered(exits[edge.source, edge.output]), "unknown", may_be_empty=True)
    flow.loops[name] = Loop(circle.body, inner, last)
    flow.wire(name, id)
    if circle.batches:
        flow.report.nodes.append(Carried(circle.head, step.type, "core.run_workflow", "carried"))
    flow.report.note(circle.head, "a loop", f"its body is the workflow {inner.name}")


def _running(flow: Flow, name: str, circle: Circle, inner: Flow, exits: dict[tuple[str, int], str]) -> Any:
    """The node that runs the body, what its last round gave, and what gathers a place of all rounds."""
    mine, id = flow.lists[name], flow.ids[name]
    others = {key: f"${{{{ {_wanted(flow, name, node)} }}}}" for key, node in inner.wanted.items()}
    others |= {key: f"${{{{ {flow.ask(key, spec)} }}}}" for key, spec in inner.asked.items()}
    if circle.batches:
        step = flow.export.steps[circle.head]
        size = flow.bare(step.params.get("batchSize", 1 if step.version >= 3 else 10), circle.head, each=False)
        node = {
            "task": "core.run_workflow",
            "label": circle.head[:200],
            "for_each": f"[{mine}[at:at + {size}] for at in range(0, len({mine}), {size})]",
            "max_parallel": 1,
            "params": {"workflow": inner.name, "inputs": {"items": "${{ item }}", **others}},
        }
        return node, f"nodes.{id}.data[-1]", lambda key: f"flatten([one.nodes.result.{key} for one in nodes.{id}.data])"
    places = [f"result.{key}" for key in (_BACK, *dict.fromkeys(exits.values()))]
    node = {
        "task": "core.repeat",
        "label": name[:200],
        "params": {
            "workflow": inner.name, "inputs": {"items": f"${{{{ {mine} }}}}", **others}, "again": places[0],
            "carry": {"items": places[0]}, "collect": places[1:], "most": 1000,
        },
    }  # fmt: skip
    return node, f"nodes.{id}.data", lambda key: f"flatten(nodes.{id}.data.collected['result.{key}'])"


def _wanted(flow: Flow, name: str, node: str) -> str:
    if node in flow.names and node in flow.ancestors(name):
        out = flow.out_of(node, 0)
        return f"default({flow.lists[node] if (node, 1) in flow.outs else out.text}, [])"
    if flow.outer is not None:
        key = next((key for key, one in flow.wanted.items() if one == node), "")
        if node == flow.head:
            return "inputs.items"
        if not key:
            key = f"outer_{kebab(node).replace('-', '_')[:40]}"
            flow.wanted[key] = node
            flow.document["inputs"].setdefault(key, {"type": "json", "default": []})
        return f"inputs.{key}"
    flow.report.note(name, f"$('{node}')", "it does not run before the loop: it is an empty list there")
    return "[]"


def _write_result(inner: Flow, circle: Circle, exits: dict[tuple[str, int], str]) -> None:
    """The node at the end of a body: what leads back, and what leaves."""
    ends: list[str] = []

    def gathered(edges: list[Edge]) -> str:
        texts = []
        for edge in edges:
            owner = next((name for name, loop in inner.loops.items() if edge.source in loop.body), edge.source)
            output = edge.output if owner == edge.source else 0
            if owner != edge.source:
                inner.report.note(
                    edge.source, "a way out of two loops at once", "it is taken from the end of the inner one"
                )
            if owner in inner.ids:
                texts.append(f"default({inner.out_of(owner, output).text}, [])")
                ends.append(owner)
        return f"${{{{ {' + '.join(dict.fromkeys(texts)) or '[]'} }}}}"

    values = {_BACK: gathered(circle.back)}
    for (source, output), key in exits.items():
        values[key] = gathered([Edge(source, output, "", 0)])
    inner.document["nodes"]["result"] = {"task": "core.set", "params": {"values": values}, "join": "any"}
    for name in dict.fromkeys(ends):
        inner.document["edges"].append({"from": inner.last.get(name, inner.ids[name]), "to": "result"})
