"""A workflow as a script in the form of :mod:`flowbook.formats.python`, which reads back as the same workflow."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flowbook.errors import FileFormatError, FlowbookError
from flowbook.expressions import FUNCTIONS as EVERY_FUNCTION
from flowbook.formats.python.functions import CODE_TASK
from flowbook.formats.python.handles import Handle
from flowbook.formats.python.names import names_bound_by
from flowbook.formats.python.nodes import Surroundings, Written, decorator, function_of, option
from flowbook.formats.python.options import FIELDS, meaning_of_node
from flowbook.formats.python.phrases import WIDTH, is_argument, literal
from flowbook.formats.python.reader import read
from flowbook.formats.python.text import Fault
from flowbook.language import FUNCTIONS, VALUES
from flowbook.models import Workflow
from flowbook.parsing import parse_module

FLOW = "flow"
_LANGUAGE = frozenset({*VALUES, *EVERY_FUNCTION})
_RESERVED = frozenset(
    {FLOW, "inputs", "nodes", "run", "item", "index", "result", "Workflow", "integration", *keyword.kwlist}
)


class Script:
    """The parts of a script, for a file of Python and for a notebook alike.

    ``head`` are its imports, ``flow`` makes the workflow, ``handles`` the integrations; ``functions`` are the nodes in
    order, ``arrangement`` is what else the workflow holds ("" for nothing).
    """

    def __init__(self, workflow: Workflow, *, plain: bool = False) -> None:
        self._workflow = workflow
        self._document = workflow.to_document()
        self._plain = plain
        self._imports: dict[str, tuple[str, ...]] = {}
        self._order = _topological(workflow)
        self._functions = {
            id: id if id not in _RESERVED else _free(id, {*workflow.nodes, *_RESERVED}) for id in self._order
        }
        self._handles = _handles(self._document["nodes"], {*self._functions.values(), *_RESERVED})
        self._written = {id: self._write(id) for id in self._order}

    # -- its parts ---------------------------------------------------------------------------------------------------

    @property
    def names(self) -> set[str]:
        """The names that it gives a meaning."""
        return {FLOW, "Workflow", "integration", *self._functions.values(), *self._handles.values(), *_LANGUAGE} | _all(
            self._imports.values()
        )

    @property
    def head(self) -> str:
        """The imports."""
        said = sorted(self._names_of_the_language())
        lines = sorted(self._imports, key=lambda line: (line.startswith("from"), line.split()[1]))
        lines += [""] if lines else []
        lines.append(f"from flowbook import Workflow{', integration' if self.handles else ''}")
        if said:
            short = f"from flowbook.language import {', '.join(said)}"
            lines.append(
                short if len(short) <= WIDTH else f"from flowbook.language import (\n    {', '.join(said)},\n)"
            )
        return "\n".join(lines)

    def _names_of_the_language(self) -> set[str]:
        """What the functions use of it: in calls of tasks all that there is, in code what code has in scope."""
        found = set[str]()
        for id, written in self._written.items():
            tree = parse_module(written.text(self._functions[id]))
            code = self._document["nodes"][id]["task"] == CODE_TASK
            names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {*written.arguments}
            found |= names & ({*VALUES} if code else {*FUNCTIONS, *VALUES})
        return found - {*self._functions.values(), *self._handles.values()} - _all(self._imports.values())

    @property
    def flow(self) -> str:
        """What makes the workflow."""
        document = self._document
        given = [literal(document["name"])]
        given += [
            f"{name}={literal(document[name], 4, WIDTH - 16)}" for name in ("description", "inputs") if name in document
        ]
        short = f"{FLOW} = Workflow({', '.join(given)})"
        if len(short) <= WIDTH and "\n" not in short:
            return short
        return "\n".join([f"{FLOW} = Workflow(", *(f"    {one}," for one in given), ")"])

    @property
    def handles(self) -> str:
        """What names the integrations that the functions use."""
        text = "\n".join(self.functions)
        used = [(key, name) for key, name in self._handles.items() if re.search(rf"\b{name}\.\w+\(", text)]
        return "\n".join(
            f"{name} = integration({', '.join(literal(part) for part in key if part is not None)})"
            for key, name in used
        )

    @property
    def functions(self) -> list[str]:
        """The functions, each with its decorator."""
        return [self._function(id) for id in self._order]

    @property
    def arrangement(self) -> str:
        """What the functions do not say: places, notes on the canvas, and in which order things were written."""
        document = self._document
        said: dict[str, Any] = {name: document[name] for name in ("layout", "notes") if name in document}
        if self._order != list(document["nodes"]):
            said["order"] = list(document["nodes"])
        edges = document.get("edges", [])
        if edges != (grouped := [edge for id in document["nodes"] for edge in edges if edge["to"] == id]):
            said["edges"] = [_edge_key(edge) for edge in edges]
            assert len(grouped) == len(edges)
        if unended := [id for id in self._order if self._written[id].unended]:
            said["unended"] = unended
        if not said:
            return ""
        return "\n".join(
            [f"{FLOW}.arrange(", *(f"    {key}={literal(value, 4, 90)}," for key, value in said.items()), ")"]
        )

    def text(self) -> str:
        """The whole script."""
        name = self._document["name"]
        title = " ".join(self._document.get("description", "").split("\n")[:1])
        title = title if title and title.isprintable() and not set(title) & {'"', "\\"} else f"The workflow {name}"
        usage = f"    python {name.replace('-', '_')}.py{' [-i name=value]' if self._workflow.inputs else ''} [--json]"
        parts = [f'"""{title}\n\n{usage}\n"""', self.head, self.flow, self.handles]
        blocks = "\n\n".join(part for part in parts if part)
        functions = "".join(f"\n\n\n{one}" for one in self.functions)
        rest = f"\n\n\n{self.arrangement}" if self.arrangement else ""
        main = f'if __name__ == "__main__":\n    {FLOW}.main()'
        return f"{blocks}{functions}{rest}\n{'' if rest else chr(10)}\n{main}\n"

    # -- a node ------------------------------------------------------------------------------------------------------

    def _write(self, id: str) -> Written:
        node = self._document["nodes"][id]
        handle = self._handles[node["task"].partition(".")[0], node.get("integration")]
        around = Surroundings({}, {}, handle, _meanings(self._handles), lambda line: False)
        if not self._plain:
            around = around._replace(sources=self._sources(id), inputs=self._inputs(), may_lead=self._may_lead)
        written = function_of(self._functions[id], node, around)
        for statement in written.imports:
            self._imports[statement] = names_bound_by(statement)
        return written

    def _sources(self, id: str) -> dict[str, str]:
        """What the arguments stand for that the nodes before this one can be."""
        before = dict.fromkeys(edge.source for edge in self._workflow.edges_to(id))
        return {
            meaning_of_node(source): self._functions[source]
            for source in before
            if is_argument(self._functions[source]) and self._functions[source] not in _LANGUAGE
        }

    def _inputs(self) -> dict[str, str]:
        taken = {*self._functions.values(), *_RESERVED, *self._handles.values(), *_LANGUAGE}
        return {f"inputs.{name}": name for name in self._workflow.inputs if name not in taken}

    def _may_lead(self, line: str) -> bool:
        """Whether an import may stand at the top of the file: it has one meaning there, and shadows nothing."""
        names = names_bound_by(line)
        taken = {*self._functions.values(), *self._handles.values(), *_RESERVED, *self._workflow.inputs}
        others = _all(bound for other, bound in self._imports.items() if other != line)
        return bool(names) and "*" not in names and not {*names} & (taken | others)

    def _function(self, id: str) -> str:
        node, written = self._document["nodes"][id], self._written[id]
        options: dict[str, str] = {}
        if self._functions[id] != id:
            options["id"] = literal(id)
        if after := self._after(id, written):
            options["after"] = after
        for name in FIELDS:
            if name in node and not (name == "notes" and written.notes):
                value = node[name]
                options[name] = option(value["attempts"] if name == "retry" and list(value) == ["attempts"] else value)
        return f"{decorator(FLOW, options)}\n{written.text(self._functions[id])}"

    def _after(self, id: str, written: Written) -> str:
        edges = list(self._workflow.edges_to(id))
        plain = all(edge.on == "success" and edge.when is None for edge in edges)
        by_argument = [one for one in written.arguments if one in {self._functions[edge.source] for edge in edges}]
        if plain and by_argument == [self._functions[edge.source] for edge in edges]:
            return ""
        links = []
        for edge in edges:
            link = self._functions[edge.source] + (f".{edge.on}" if edge.on != "success" else "")
            links.append(link if edge.when is None else f"{link}.when({literal(edge.when)})")
        return links[0] if len(links) == 1 else f"[{', '.join(links)}]"


def readable(workflow: Workflow) -> Script:
    """The parts of a workflow's script that reads back as the same workflow. Raises FileFormatError."""
    for plain in (False, True):
        try:
            script = Script(workflow, plain=plain)
            document, _ = read(script.text())
            if Workflow.from_document(document) == workflow:
                return script
        except (Fault, FlowbookError, RecursionError):
            continue
    raise FileFormatError.about(
        workflow.name,
        "it holds something that cannot be written as Python.",
        f"Export it as .flow.yaml, and please report this: flowbook workflows export {workflow.name}",
    )


def _topological(workflow: Workflow) -> list[str]:
    """The nodes each after those before it: in their own order where that is so already."""
    seen: set[str] = set()
    for id in workflow.nodes:
        if any(edge.source not in seen for edge in workflow.edges_to(id)):
            return workflow.order()
        seen.add(id)
    return list(workflow.nodes)


def _handles(nodes: Mapping[str, Any], taken: Iterable[str]) -> dict[tuple[str, str | None], str]:
    """A name for each integration (folder, name of it) that the nodes use."""
    names = {*taken, *_LANGUAGE}
    found: dict[tuple[str, str | None], str] = {}
    for node in nodes.values():
        key = (node["task"].partition(".")[0], node.get("integration"))
        if key not in found:
            slug = re.sub(r"[^a-z0-9]+", "_", (key[1] or key[0]).lower()).strip("_")
            found[key] = _free(slug if slug and not slug[0].isdigit() else f"{key[0]}_{slug}".rstrip("_"), names)
            names.add(found[key])
    return found


def _meanings(handles: Mapping[tuple[str, str | None], str]) -> dict[str, Handle]:
    return {name: Handle(*key) for key, name in handles.items()}


def _free(name: str, taken: Iterable[str]) -> str:
    """``name``, or the like of it that is not taken."""
    names = {*taken, *keyword.kwlist}
    while name in names:
        name += "_"
    return name


def _all(names: Iterable[Iterable[str]]) -> set[str]:
    return {name for several in names for name in several}


def _edge_key(edge: Mapping[str, Any]) -> list[str]:
    return [edge["from"], edge["to"], *([edge["on"]] if "on" in edge else [])]
