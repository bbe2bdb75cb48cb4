"""A script in the form of :mod:`flowbook.formats.python` as a workflow's document. It is read, never run.

What the form has: imports, ``flow = Workflow(…)``, ``name = integration(…)``, functions under ``@flow.task``,
``flow.arrange(…)``, and ``if __name__ == "__main__": flow.main()``. Anything else is refused with its place.
"""

from __future__ import annotations

import ast
from typing import Any

from flowbook.errors import FileFormatError, FlowbookError
from flowbook.formats.python.functions import SCOPE, Function, read_function
from flowbook.formats.python.handles import Handle
from flowbook.formats.python.names import Import, imports_of
from flowbook.formats.python.options import OUTCOMES, Link, check_option, fields_of, meaning_of_node, no_lambda
from flowbook.formats.python.text import Fault, Source
from flowbook.records import NamedTuple

FORM = (
    "A script has imports, flow = Workflow(…), name = integration(…), functions under @flow.task, flow.arrange(…) and "
    'if __name__ == "__main__": flow.main().'
)
_WORKFLOW = ("name", "description", "inputs")
_ARRANGED = ("layout", "notes", "order", "edges", "unended")


class Places:
    """In which lines of a script the parts of its workflow stand."""

    def __init__(self, flow: int, nodes: dict[str, int], edges: list[str]) -> None:
        self._flow = flow
        self._nodes = nodes
        self._edges = edges

    def line(self, node: str = "", field: str = "") -> int | None:
        """The line of a node's function, or of the workflow when ``node`` is ""."""
        if field.startswith("edges[") and (place := field[6:].partition("]")[0]).isdigit():
            target = self._edges[int(place)] if int(place) < len(self._edges) else ""
            return self._nodes.get(target, self._flow)
        return self._nodes.get(node.rpartition("→")[2], self._flow)


class Step(NamedTuple):
    """A function under ``@flow.task``, and what is said of its node there."""

    id: str
    function: Function
    options: dict[str, Any]
    after: list[Link]
    tree: ast.FunctionDef


def read(text: str, name: str = "workflow") -> tuple[dict[str, Any], Places]:
    """The document of a script, and the lines of its parts; else FileFormatError (``name:line:column: …``)."""
    try:
        script = _Script(Source(text))
        return script.document(), script.places()
    except Fault as fault:
        where = f"{fault.line}:{fault.column}"
        raise FileFormatError.about(name, f"{fault.what}.", fault.remedy, at=where) from None


class _Script:
    """What is read of a script, statement by statement."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.flow = ""
        self.at: ast.AST | None = None
        self.about: dict[str, Any] = {}
        self.handles: dict[str, Handle] = {}
        self.steps: dict[str, Step] = {}
        self.arranged: dict[str, Any] = {}
        body = source.tree.body
        if body and isinstance(body[0], ast.Expr) and _text(body[0].value) is not None:
            body = body[1:]
        for statement in body:
            self._read(statement)
        if not self.flow:
            raise Fault("there is no workflow in this file", 'Write flow = Workflow("name") before the functions.')

    # -- its statements --------------------------------------------------------------------------------------------

    def _read(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            return
        if isinstance(statement, ast.FunctionDef):
            self._function(statement)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            self._assignment(statement, statement.value)
        elif isinstance(statement, ast.Expr) and self._is_of_flow(statement.value, "arrange"):
            self.arranged |= _keywords(statement.value, _ARRANGED, "flow.arrange")  # type: ignore[arg-type]
        elif not self._is_main(statement):
            raise Fault(f"this is not of the form of a workflow: {_kind(statement)}", FORM, statement)

    def _assignment(self, statement: ast.Assign, call: ast.Call) -> None:
        target = statement.targets[0]
        made = ast.unparse(call.func).rpartition(".")[2]
        if len(statement.targets) > 1 or not isinstance(target, ast.Name) or made not in ("Workflow", "integration"):
            raise Fault("this is not of the form of a workflow: an assignment", FORM, statement)
        if made == "Workflow":
            if self.flow:
                raise Fault("there is a second workflow in this file", "Keep one workflow a file.", statement)
            self.flow, self.at = target.id, statement
            self.about = _keywords(call, _WORKFLOW, "Workflow")
            return
        given = [_text(argument) for argument in call.args]
        if call.keywords or not 1 <= len(given) <= 2 or None in given:
            raise Fault("an integration is given by texts", 'Write integration("folder", "Name of it").', call)
        try:
            self.handles[target.id] = Handle(*given)  # type: ignore[arg-type]
        except FlowbookError as error:
            raise Fault(error.message.rstrip("."), error.hint, call) from None

    def _is_of_flow(self, node: ast.expr, name: str) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == self.flow
        )

    def _is_main(self, statement: ast.stmt) -> bool:
        body: list[ast.stmt] = [statement]
        if isinstance(statement, ast.If) and ast.unparse(statement.test).replace('"', "'") == "__name__ == '__main__'":
            body = statement.body + statement.orelse
        return all(isinstance(one, ast.Expr) and self._is_of_flow(one.value, "main") for one in body)

    # -- its functions ---------------------------------------------------------------------------------------------

    def _function(self, function: ast.FunctionDef) -> None:
        if not self.flow:
            raise Fault("a function stands before the workflow", 'Write flow = Workflow("name") first.', function)
        if len(function.decorator_list) != 1 or not self._is_task(function.decorator_list[0]):
            raise Fault(
                f"the function {function.name} is not under @{self.flow}.task alone",
                "Each function becomes a node; put helpers into the function that needs them, or into a module.",
                function,
            )
        decorator = function.decorator_list[0]
        given = decorator.keywords if isinstance(decorator, ast.Call) else []
        if isinstance(decorator, ast.Call) and decorator.args:
            raise Fault(f"@{self.flow}.task takes its arguments by name", "Write for example retry=3.", decorator)
        options: dict[str, Any] = {}
        for one in given:
            check_option(one.arg or "**", one.value)
            if one.arg != "after":
                options[str(one.arg)] = _literal(one.value, str(one.arg))
        id = options.pop("id", function.name)
        if not isinstance(id, str):
            raise Fault("a node's id is a text", 'Write for example id="fetch".', function)
        if any(step.id == id for step in self.steps.values()) or function.name in self.steps:
            raise Fault(f"there are two functions for the node {id!r}", "Rename or remove one.", function)
        after = [link for one in given if one.arg == "after" for link in self._links(one.value)]
        read = read_function(self.source, function, self.handles.get)
        self.steps[function.name] = Step(id, read, options, after, function)

    def _is_task(self, decorator: ast.expr) -> bool:
        if isinstance(decorator, ast.Call):
            return self._is_of_flow(decorator, "task")
        return ast.unparse(decorator) == f"{self.flow}.task"

    def _links(self, node: ast.expr) -> list[Link]:
        if isinstance(node, (ast.List, ast.Tuple)):
            return [link for one in node.elts for link in self._links(one)]
        place, condition, on = node, None, OUTCOMES["success"]
        if isinstance(place, ast.Call) and isinstance(place.func, ast.Attribute) and place.func.attr == "when":
            if len(place.args) != 1 or place.keywords:
                raise Fault(
                    "when() takes one expression", 'Write for example fetch.when("len(nodes.fetch.data) > 0").', place
                )
            condition, place = _literal(place.args[0], "when"), place.func.value
        if isinstance(place, ast.Attribute) and place.attr in OUTCOMES:
            on, place = OUTCOMES[place.attr], place.value
        source = place.id if isinstance(place, ast.Name) else _text(place)
        if source is None:
            raise Fault(
                "after names the functions before this one", "Write after=fetch, after=[fetch, check.failure] …", node
            )
        if source not in self.steps:
            known = {step.id: name for name, step in self.steps.items()}
            if source not in known:
                raise Fault(
                    f"there is no function {source!r} above this one", "Write what is before a node above it.", node
                )
            source = known[source]
        return [Link(source, on, condition)]

    # -- what it says ----------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """The document of the workflow. Raises Fault."""
        document: dict[str, Any] = {"flowbook": 1, "name": self.about.get("name")}
        if self.about.get("description"):
            document["description"] = self.about["description"]
        inputs, nodes = dict(self.about.get("inputs") or {}), {}
        imports = imports_of(self.source.tree)
        for step in self.steps.values():
            nodes[step.id] = self._node(step, imports)
            for argument in step.function.arguments:
                if self._meaning(step, argument.name).startswith("inputs.") and argument.name not in inputs:
                    inputs[argument.name] = argument.input
        if inputs:
            document["inputs"] = inputs
        document["nodes"] = _ordered(nodes, self.arranged.get("order"))
        edges = [edge for id in document["nodes"] for edge in self._edges(id)]
        if edges:
            document["edges"] = _edges_ordered(edges, self.arranged.get("edges"))
        document |= {name: self.arranged[name] for name in ("layout", "notes") if self.arranged.get(name)}
        self._targets = [edge["to"] for edge in document.get("edges", ())]
        return document

    def places(self) -> Places:
        """In which lines the parts stand; asked once there is a document."""
        nodes = {step.id: step.tree.lineno for step in self.steps.values()}
        return Places(getattr(self.at, "lineno", 1), nodes, self._targets)

    def _node(self, step: Step, imports: Import) -> dict[str, Any]:
        try:
            node = step.function.fields(lambda name: self._meaning(step, name), imports) | fields_of(step.options)
        except RecursionError:
            raise Fault("this is nested too deeply", "Compute it in several functions.", step.tree) from None
        if step.id in self.arranged.get("unended", ()) and isinstance(node["params"].get("code"), str):
            code = node["params"]["code"]
            node["params"]["code"] = code[:-1] if code.endswith("\n") else f"{code}\n"
        return node

    def _meaning(self, step: Step, name: str) -> str:
        other = self.steps.get(name)
        if other is not None and other.id != step.id:
            return meaning_of_node(other.id)
        return name if name in SCOPE and "for_each" in step.options else f"inputs.{name}"

    def _edges(self, id: str) -> list[dict[str, Any]]:
        step = next(step for step in self.steps.values() if step.id == id)
        links = list(step.after)
        for argument in step.function.arguments:
            other = self.steps.get(argument.name)
            if other is not None and other.id != id and all(link.source != argument.name for link in step.after):
                links.append(Link(argument.name))
        found = []
        for link in links:
            edge: dict[str, Any] = {"from": self.steps[link.source].id, "to": id}
            if link.on != "success":
                edge["on"] = link.on
            if link.condition is not None:
                edge["when"] = link.condition
            found.append(edge)
        return found


def _keywords(call: ast.Call, known: tuple[str, ...], what: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if call.args and known is _WORKFLOW:
        found["name"] = _literal(call.args[0], "name")
    if len(call.args) > len(found):
        raise Fault(f"{what} takes these arguments by name: {', '.join(known)}", "Name them.", call.args[-1])
    for one in call.keywords:
        if one.arg not in known or one.arg in found:
            raise Fault(f"{what} has no argument {one.arg or '**'!r} here", f"It has: {', '.join(known)}.", one.value)
        found[one.arg] = _literal(one.value, one.arg)
    return found


def _literal(node: ast.expr, name: str) -> Any:
    if any(isinstance(inner, ast.Lambda) for inner in ast.walk(node)):
        raise no_lambda(name, node)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Fault(f"{name} is not a plain value", "Write it out: a text, a number, a list, a dict.", node) from None


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _kind(statement: ast.stmt) -> str:
    kind = type(statement).__name__
    words = {
        "Expr": "an expression",
        "ClassDef": "a class",
        "AsyncFunctionDef": "an async function",
        "Assign": "an assignment",
    }
    return words.get(kind, f"'{kind.lower()}'")


def _ordered(nodes: dict[str, Any], order: Any) -> dict[str, Any]:
    """The nodes in another order, as far as it names them."""
    first = [id for id in order if isinstance(id, str) and id in nodes] if isinstance(order, list) else []
    return {id: nodes[id] for id in dict.fromkeys([*first, *nodes])}


def _edges_ordered(edges: list[dict[str, Any]], order: Any) -> list[dict[str, Any]]:
    """The edges in another order: ``[from, to]`` or ``[from, to, on]`` of each, as far as it names them."""
    known = {(edge["from"], edge["to"], edge.get("on", "success")): edge for edge in edges}
    given = [tuple(one) for one in order if isinstance(one, (list, tuple))] if isinstance(order, list) else []
    named = [key for key in given if all(isinstance(one, str) for one in key)]
    first = [key if len(key) == 3 else (*key, "success") for key in named]
    if len(known) < len(edges):
        return edges  # two of them are the same, which is told of the workflow
    return [known[key] for key in dict.fromkeys([*(key for key in first if key in known), *known])]
