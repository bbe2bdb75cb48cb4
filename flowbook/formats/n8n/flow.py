"""A workflow of n8n as one of ours: items become lists of objects, and each node says where its list is found.

A node's data is the list of what n8n's items hold. One that works item by item gets ``for_each: <its list>``, where
``$json`` is ``item`` and ``$itemIndex`` is ``index``. Where lists come from is told by ``ways.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flowbook.errors import FileFormatError
from flowbook.formats.n8n.javascript import Untranslatable, blocks
from flowbook.formats.n8n.report import Carried, Report
from flowbook.formats.n8n.source import Edge, Export, Step, located
from flowbook.formats.n8n.translating import is_name, translated
from flowbook.formats.n8n.ways import NOTHING, Out, Ways
from flowbook.models import kebab

_OURS = frozenset({"core", "lists", "javascript", "files", "spreadsheets", "html", "rss"})
MAX_EXPRESSIONS = 20_000
"""Expressions in one file."""


@dataclass
class Loop:
    """A circle of n8n's nodes that became a workflow of its own; ``last`` is what its last round gave."""

    body: set[str]
    inner: Flow
    last: str


class Flow(Ways):
    """One of our workflows in the making: the main one, or the body of a loop (which has an ``outer``)."""

    def __init__(
        self, export: Export, name: str, names: Iterable[str], edges: list[Edge], report: Report,
        outer: Flow | None = None, entries: Iterable[str] = (), head: str = "",
    ) -> None:  # fmt: skip
        super().__init__(names, edges, entries)
        self.export, self.name, self.report, self.outer = export, name, report, outer
        self.head = head
        self.level: int = 0 if outer is None else outer.level + 1
        self.document: dict[str, Any] = {
            "flowbook": 1,
            "name": name,
            "inputs": {},
            "nodes": {},
            "edges": [],
            "layout": {},
        }
        self.lists: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.loops: dict[str, Loop] = {}
        self.parts: list[dict[str, Any]] = []
        self.sub_nodes: dict[str, list[tuple[str, Step]]] = {}
        self.wanted: dict[str, str] = {}
        self.asked: dict[str, dict[str, Any]] = {}
        self.taken_names = {name}

    @property
    def zone(self) -> str:
        """The workflow's time zone as an argument; "null" where it has none."""
        return repr(self.export.zone) if self.export.zone else "null"

    def free(self, title: str) -> str:
        """A name that no other workflow of the file has."""
        taken = self.outermost.taken_names
        name, number = title, 2
        while name in taken:
            name, number = f"{title}-{number}", number + 1
        taken.add(name)
        return name

    @property
    def outermost(self) -> Flow:
        """The main workflow, which this one is a part of."""
        return self if self.outer is None else self.outer.outermost

    # -- names of n8n ----------------------------------------------------------------------------------------------

    def resolver(self, name: str, each: bool) -> Callable[..., str]:
        """What n8n's names mean in a node; ``each``: it runs once for each item."""

        def resolve(kind: str, node: str | None, *more: str) -> str:
            mine = self.lists.get(name) or self.list_into(name)
            if kind == "json":
                return "item" if each else f"{mine}[0]"
            if kind == "index":
                return "index" if each else "0"
            if kind == "variables":
                if not is_name(str(node)):
                    raise Untranslatable(f"a variable called {node!r}")
                self.report.note(
                    name, f"the variable {node}", "it is an input of the workflow, which a run has to give"
                )
                return self.ask(str(node), {"type": "string", "required": True, "description": "A variable of n8n's"})
            if kind == "asked":
                kind_of_it, description = more or ("json", "")
                about = {"type": kind_of_it, "description": description[:300] or "What a model fills in"}
                return self.ask(str(node), about)
            if node is None:
                return _one_of(mine, kind, more)
            return self._named(kind, node, name, each, more)

        return resolve

    def ask(self, key: str, spec: dict[str, Any]) -> str:
        """Have an input of that name, which the node that runs this workflow hands on; the expression of it."""
        self.document["inputs"].setdefault(key, spec)
        self.asked.setdefault(key, spec)
        return f"inputs.{key}"

    def _named(self, kind: str, node: str, name: str, each: bool, more: tuple[str, ...]) -> str:
        if node not in self.export.steps or node == name:
            raise Untranslatable(f"there is no node {node!r} before it")
        if node not in self.names:
            return self._elsewhere(kind, node, name, each, more)
        if node not in self.ancestors(name):
            raise Untranslatable(f"the node {node!r} does not run before it")
        if kind == "executed":
            return f"default(nodes.{self.ids[node]}.success, false)"
        base = self.lists[node] if (node, 1) in self.outs and node in self.lists else self.out_of(node, 0).text
        if kind != "item":
            return _one_of(base, kind, more)
        place = "0" if self.is_single(node) else self.place_in(name, node)
        if place is None:
            self.report.note(name, f"$('{node}').item", "which item it belongs to cannot be told: it is the first one")
            return f"{base}[0]"
        return f"{base}[{place.replace('§', 'index' if each else '0')}]"

    def _elsewhere(self, kind: str, node: str, name: str, each: bool, more: tuple[str, ...]) -> str:
        """A node that is not of this workflow: inside of a loop that has ended, or outside of this one's."""
        for loop in self.loops.values():
            if node in loop.body:
                inner = f"{loop.last}.nodes.{loop.inner.ids[node]}"
                self.report.note(node, f"$('{node}') after its loop", "it is what the last round gave")
                return "true" if kind == "executed" else _one_of(f"default({inner}, [])", kind, more)
        if self.outer is None:
            raise Untranslatable(f"the node {node!r} is not carried over")
        if node == self.head:
            place = self.place_in_entry(name) if kind == "item" else None
            if place is not None:
                return f"inputs.items[{place}]"
            return "true" if kind == "executed" else _one_of("inputs.items", kind, more)
        key = f"outer_{kebab(node).replace('-', '_')[:40]}"
        self.document["inputs"].setdefault(
            key, {"type": "json", "default": [], "description": f"The items of {node}"[:200]}
        )
        self.wanted[key] = node
        return f"len(inputs.{key}) > 0" if kind == "executed" else _one_of(f"inputs.{key}", kind, more)

    # -- params ----------------------------------------------------------------------------------------------------

    def expression(self, source: str, name: str, each: bool = True) -> str | None:
        """An expression of n8n in our language; None, and a note, when it cannot be."""
        self.report.expressions += 1
        if self.report.expressions > MAX_EXPRESSIONS:
            raise FileFormatError.about(
                self.export.name, f"there are more than {MAX_EXPRESSIONS:,} expressions, the most that are read."
            )
        try:
            found = translated(source, self.resolver(name, each), self.zone)
        except Untranslatable as error:
            self.report.note(name, f"{{{{ {source.strip()} }}}}", f"not carried over: {error}")
            return None
        self.report.translated += 1
        return found

    def value(self, given: Any, name: str, each: bool = True) -> Any:
        """A param with its expressions in our language."""
        if isinstance(given, dict):
            if (chosen := located(given)) is not given:
                return self.value(chosen, name, each)
            return {str(key): self.value(one, name, each) for key, one in given.items()}
        if isinstance(given, list):
            return [self.value(one, name, each) for one in given]
        if not isinstance(given, str):
            return given
        if not given.startswith("="):
            return _literal(given)
        found = ""
        parts = blocks(given[1:])
        for is_expression, text in parts:
            made = self.expression(text, name, each) if is_expression else None
            found += _literal(text) if not is_expression else f"${{{{ {made or _missing(text)} }}}}"
        return found.strip() if len([1 for is_it, text in parts if is_it or text.strip()]) == 1 else found

    def bare(self, given: Any, name: str, each: bool = True) -> str:
        """A param as the text of an expression."""
        given = located(given)
        if isinstance(given, str) and given.startswith("="):
            parts = [part for part in blocks(given[1:]) if part[0] or part[1].strip()]
            if len(parts) == 1 and parts[0][0]:
                return self.expression(parts[0][1], name, each) or _missing(parts[0][1])
            pieces = [
                f"str({self.expression(text, name, each) or _missing(text)})" if is_it else repr(text)
                for is_it, text in parts
            ]
            return " + ".join(pieces) or "''"
        if isinstance(given, bool) or given is None:
            return {True: "true", False: "false", None: "null"}[given]
        return repr(given) if isinstance(given, (str, int, float)) else json.dumps(given)

    # -- nodes -----------------------------------------------------------------------------------------------------

    def put(self, step: Step, task: str, params: dict[str, Any], *, each: bool = True, **fields: Any) -> str:
        """Add the node that stands for a step; its id."""
        id, node = self.ids[step.name], {"task": task}
        if params:
            node["params"] = params  # type: ignore[assignment]
        if step.name != id:
            fields.setdefault("label", step.name[:200])
        notes = [str(text) for text in (step.about.get("notes"), fields.pop("notes", "")) if text]
        node |= {"notes": "\n".join(notes)[:4000]} if notes else {}
        node |= self.integration(step, task)
        mine = self.lists.get(step.name, NOTHING)
        if each:
            node["for_each"] = f"{mine}[:1]" if step.about.get("executeOnce") else mine
        if step.about.get("retryOnFail"):
            tries, wait = step.about.get("maxTries") or 3, step.about.get("waitBetweenTries") or 1000
            node["retry"] = {"attempts": max(1, min(100, int(tries))), "wait": float(wait) / 1000}  # type: ignore[assignment]
        if step.on_error == "continueRegularOutput":
            node["on_error"] = "continue"
        self.document["nodes"][id] = node | fields
        self.document["layout"][id] = list(step.position)
        self.wire(step.name, id)
        return id

    def integration(self, step: Step, task: str) -> dict[str, str]:
        """The integration that a step's credentials name, for a task that has some."""
        given = step.about.get("credentials")
        if not isinstance(given, dict) or task.partition(".")[0] in _OURS:
            return {}
        names = [one.get("name") if isinstance(one, dict) else one for one in given.values()]
        return next(({"integration": name[:200]} for name in names if isinstance(name, str) and name), {})

    def wire(self, name: str, id: str) -> None:
        """The edges that lead to a node."""
        for edge in self.into(name):
            made: dict[str, Any] = {"from": self.last.get(edge.source, self.ids[edge.source]), "to": id}
            out = self.out(edge)
            if self._is_error(edge):
                made["from"] = self.ids[edge.source]
                made["on"] = "failure"
            elif out.may_be_empty:
                made["when"] = f"len({out.text}) > 0"
            self._add_edge(made)

    def _add_edge(self, made: dict[str, Any]) -> None:
        for old in self.document["edges"]:
            if all(old.get(key, "success") == made.get(key, "success") for key in ("from", "to", "on")):
                if "when" in old and "when" in made:
                    old["when"] = f"{old['when']} or {made['when']}"
                else:
                    old.pop("when", None)
                return
        self.document["edges"].append(made)

    def _is_error(self, edge: Edge) -> bool:
        step = self.export.steps.get(edge.source)
        ends = 2 if step is not None and step.kind == "if" else 1
        return step is not None and step.on_error == "continueErrorOutput" and edge.output == ends

    def put_with_its_data(self, step: Step, task: str, params: dict[str, Any], *, renamed: bool = False) -> None:
        """Add the node that stands for a step, and say that its data is what our task gives, not what n8n's did."""
        id = self.put(step, task, params)
        more = ": the fields have other names" if renamed else ""
        self.report.note(step.name, "its data", f"it is what {task} gives{more}")
        self.give(step, Out(f"nodes.{id}.data"), task)

    def give(self, step: Step, out: Out, task: str, how: str = "carried") -> None:
        """Say what a step's first output is, and what became of the step."""
        if step.about.get("alwaysOutputData") and out.may_be_empty:
            out = Out(f"({out.text} or {NOTHING})", "unknown")
        self.outs[step.name, 0] = out
        if step.on_error == "continueErrorOutput":
            failed = f"[{{'error': nodes.{self.ids[step.name]}.message}}]"
            self.outs.setdefault((step.name, 2 if step.kind == "if" else 1), Out(failed, "one"))
            self.report.note(step.name, "error output", "it is taken when the whole node fails, not for single items")
        self.report.nodes.append(Carried(step.name, step.type, task, how))

    def spread(self, step: Step, lists: str) -> Out:
        """A second node, which makes one list of those that each call gave; its output."""
        id = self.follow(step, "items", "lists.spread", {"values": f"${{{{ {lists} }}}}"})
        return Out(f"nodes.{id}.data.items", "index", f"nodes.{id}.data.index", may_be_empty=True)

    def follow(self, step: Step, name: str, task: str, params: dict[str, Any]) -> str:
        """A second node for a step, which runs once, after the first; its id."""
        id = self.identify(f"{self.ids[step.name]}_{name}")
        self.document["nodes"][id] = {"task": task, "params": params} | self.integration(step, task)
        x, y = step.position
        self.document["layout"][id] = [x + 20, y + 80]  # below it: what comes next stands beside it
        self.document["edges"].append({"from": self.ids[step.name], "to": id})
        self.last[step.name] = id
        return id


def _one_of(base: str, kind: str, more: tuple[str, ...]) -> str:
    return {"all": base, "first": f"{base}[0]", "last": f"{base}[-1]", "item": f"{base}[0]"}.get(
        kind
    ) or f"{base}[{more[0]}]"


def _literal(text: str) -> str:
    return text.replace("${{", "$${{")


def _missing(source: str) -> str:
    """What stands for an expression that has to be written anew: no function, so that ``check`` names its place."""
    return f"not_carried_over({source.strip()[:500]!r})"
