"""``@flow.task``: a function of a notebook or a script becomes a node of a workflow, by its source.

The node holds the function's code and the imports that it uses. An argument that is called as a node is that node's
data, and makes the edge from it; any other is an input of the workflow. Defining a function again replaces its node,
which keeps its place and the edges that lead on from it.
"""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook.errors import FlowbookError, InputError
from flowbook.expressions.code import free_names
from flowbook.formats.python.functions import CODE_TASK, SCOPE, Argument, Function, read_function
from flowbook.formats.python.handles import Handle
from flowbook.formats.python.names import Import, imports_of, imports_of_values, several
from flowbook.formats.python.options import Link, Outcome, check_option, fields_of, meaning_of_node, no_lambda
from flowbook.formats.python.text import Fault, Source
from flowbook.models import Node, Workflow, node_from_document
from flowbook.models.code_nodes import CODE_SCOPE
from flowbook.records import NamedTuple

EdgeKey = tuple[str, str, Outcome]


class After(NamedTuple):
    """A node before another, and when the edge from it is taken: ``fetch.failure``, ``fetch.when("…")``."""

    id: str
    on: Outcome = "success"
    condition: str | bool | None = None

    def when(self, condition: str | bool) -> After:
        """The same, only if an expression is true."""
        return self._replace(condition=condition)


class Step:
    """A function that became a node. Called, it is still that function."""

    def __init__(self, function: Callable[..., Any], id: str) -> None:
        self.id = id
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself: nothing runs as a node."""
        return self._function(*args, **kwargs)

    @property
    def success(self) -> After:
        """What comes after it has succeeded."""
        return After(self.id)

    @property
    def failure(self) -> After:
        """What comes after it has failed."""
        return After(self.id, "failure")

    @property
    def always(self) -> After:
        """What comes after it however it ended."""
        return After(self.id, "always")

    def when(self, condition: str | bool) -> After:
        """What comes after it has succeeded, if an expression is true."""
        return After(self.id, "success", condition)

    def __repr__(self) -> str:
        return f"<the node {self.id}: call it as a function, or take it as an argument of another one>"


class Made(NamedTuple):
    """How a node was made: its function, and what was said of it."""

    function: Function
    imports: Import
    options: Mapping[str, Any]
    after: tuple[Link, ...]


def task(flow: Workflow, function: Any = None, /, **options: Any) -> Any:
    """See :meth:`Workflow.task <flowbook.models.Workflow.task>`."""
    if function is None:
        return functools.partial(_decorate, flow, options)
    return _decorate(flow, options, function)


def _decorate(flow: Workflow, options: Mapping[str, Any], function: Any) -> Step:
    if isinstance(function, Step):
        function = function._function
    _check_kind(function)
    name = function.__name__
    try:
        made = _made(function, options)
    except Fault as fault:
        raise InputError(f"{name}, line {fault.line}: {fault.what}.", fault.remedy) from None
    id = options.get("id", name)
    trial = flow.clone()  # what is refused changes nothing
    _put(trial, id, made)
    flow.replace(trial)
    flow.functions = trial.functions
    _tell_what_is_missing(flow, id, function)
    return Step(function, id)


def _check_kind(function: Any) -> None:
    """InputError for what is no plain function with a name."""
    if not isinstance(function, types.FunctionType):
        raise InputError(f"@flow.task stands above a function, not a {type(function).__name__}.", "Write def name(…):")
    if function.__name__ == "<lambda>":
        raise InputError("a lambda has no name that a node could have.", "Write def name(…): return …")
    if function.__code__.co_flags & 0x80:  # CO_COROUTINE
        raise InputError(f"{function.__name__} is an async function.", "Write def; nodes run side by side anyway.")
    if free := function.__code__.co_freevars:
        raise InputError(
            f"{function.__name__} uses {', '.join(map(repr, free))} of the function around it, which the node has not.",
            "Define it outside of other functions, and give what it needs as an argument (an input, or a node's data).",
        )


def _made(function: types.FunctionType, options: Mapping[str, Any]) -> Made:
    for name, value in options.items():
        check_option(name)
        if isinstance(value, types.FunctionType) and name != "after":
            raise no_lambda(name)
    source, tree = _source_of(function)
    names = function.__globals__

    def handle(name: str) -> Handle | None:
        found = names.get(name)
        return found if isinstance(found, Handle) else None

    read = read_function(source, tree, handle, _defaults(function))
    imports = several(imports_of(source.tree), imports_of_values(names))
    return Made(read, imports, fields_of(options), tuple(_links(options.get("after", ()))))


def _defaults(function: types.FunctionType) -> dict[str, Any]:
    code = function.__code__
    plain = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    return {**dict(zip(plain[len(plain) - len(values) :], values, strict=True)), **(function.__kwdefaults__ or {})}


def _links(given: Any) -> Iterable[Link]:
    for one in given if isinstance(given, (list, tuple)) and not isinstance(given, After) else [given]:
        if isinstance(one, Step):
            one = one.success
        if isinstance(one, str):
            one = After(one)
        if not isinstance(one, After):
            raise Fault(
                f"after is given a {type(one).__name__}",
                "Write after=fetch, after=[fetch, check.failure], or a node's id.",
            )
        yield Link(*one)


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> Source:
    return Source(text)


def _source_of(function: types.FunctionType) -> tuple[Source, ast.FunctionDef]:
    """The source that a function stands in, and where; a cell of a notebook, or a file."""
    code = function.__code__
    text = "".join(linecache.getlines(code.co_filename, function.__globals__))
    source = _parsed(text) if text else None
    for node in ast.walk(source.tree) if source else ():
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            if code.co_firstlineno in (first, node.lineno):
                if len(node.decorator_list) > 1:
                    raise Fault("another decorator stands beside @flow.task", "Call what it does in the body.", node)
                return source, node  # type: ignore[return-value]
    raise Fault(f"the source of {function.__name__} is not at hand", "Define it in a cell of a notebook, or in a file.")


# -- into the workflow -----------------------------------------------------------------------------------------


def _put(flow: Workflow, id: str, made: Made) -> None:
    """Make the node ``id``, its inputs and edges, and wire those that take it as an argument."""
    known: dict[str, Made] = flow.functions
    before = known.get(id)
    known[id] = made
    flow.put(id, _node(flow, id, made))
    _connect(flow, id, made, before)
    for other, one in known.items():
        if other != id and any(argument.name in (id, made.function.name) for argument in one.function.arguments):
            flow.put(other, _node(flow, other, one))
            _connect(flow, other, one, None)
    _give_inputs(flow, id, made, before)


def _node(flow: Workflow, id: str, made: Made) -> Node:
    try:
        fields = made.function.fields(lambda name: _meaning(flow, id, made, name), made.imports)
    except Fault as fault:
        raise InputError(f"{made.function.name}, line {fault.line}: {fault.what}.", fault.remedy) from None
    return node_from_document(id, fields | dict(made.options))


def _node_called(flow: Workflow, id: str, name: str) -> str | None:
    """The id of the node that an argument of the node ``id`` is called as: by its function, or by its id."""
    for other, one in flow.functions.items():
        if one.function.name == name and other != id and other in flow.nodes:
            return str(other)
    return name if name in flow.nodes and name != id else None


def _meaning(flow: Workflow, id: str, made: Made, name: str) -> str:
    if (other := _node_called(flow, id, name)) is not None:
        return meaning_of_node(other)
    return name if name in SCOPE and "for_each" in made.options else f"inputs.{name}"


def _edges(flow: Workflow, id: str, made: Made) -> dict[EdgeKey, str | bool | None]:
    found: dict[EdgeKey, str | bool | None] = {(link.source, id, link.on): link.condition for link in made.after}
    sources = {link.source for link in made.after}
    for argument in made.function.arguments:
        other = _node_called(flow, id, argument.name)
        if other is not None and other not in sources:
            found[other, id, "success"] = None
    return found


def _connect(flow: Workflow, id: str, made: Made, before: Made | None) -> None:
    wanted = _edges(flow, id, made)
    there = {(edge.source, edge.target, edge.on): edge for edge in flow.edges_to(id)}
    for source, target, on in _edges(flow, id, before) if before is not None else ():
        if (source, target, on) in there and (source, target, on) not in wanted:
            flow.disconnect(source, target, on)
    for link in made.after:
        if (edge := there.get((link.source, id, link.on))) is not None and edge.when != link.condition:
            flow.change_edge(link.source, id, link.on, when=link.condition)
    for (source, target, on), condition in wanted.items():
        if (source, target, on) not in there:
            flow.connect(source, target, on, condition)


def _give_inputs(flow: Workflow, id: str, made: Made, before: Made | None) -> None:
    wanted = {
        one.name: one for one in made.function.arguments if _meaning(flow, id, made, one.name).startswith("inputs.")
    }
    for name, argument in wanted.items():
        if argument.declared or name not in flow.inputs:
            _set_input(flow, argument)
    used = {argument.name for one in flow.functions.values() for argument in one.function.arguments}
    gone = {one.name for one in before.function.arguments} - used if before is not None else set()
    became_nodes = {one for one in (id, made.function.name) if one in flow.inputs and one in used}
    for name in (gone | became_nodes) & set(flow.inputs):
        if not any(f"inputs.{name}" in str(node.to_document()) for node in flow.nodes.values()):
            flow.remove_input(name)


def _set_input(flow: Workflow, argument: Argument) -> None:
    given = dict(argument.input)
    old = flow.inputs.get(argument.name)
    if old is not None and old.description:
        given["description"] = old.description
    flow.set_input(argument.name, **given)


def _tell_what_is_missing(flow: Workflow, id: str, function: types.FunctionType) -> None:
    """Warn, at the function, of names that the node's code uses and only this kernel gives a meaning."""
    node, names, code = flow.nodes[id], function.__globals__, function.__code__
    if node.task != CODE_TASK:
        return
    for name in sorted(free_names(node.params["code"]) - CODE_SCOPE - {*dir(builtins)}):
        remedy = "define it inside of the function, import it from a module, or take it as an argument (an input)"
        if isinstance(names.get(name), Step):
            remedy = "it is a node: take it as an argument"
        elif isinstance(names.get(name), Handle):
            remedy = (
                "a call of a task is a node of its own: let another function return it, and take that as an argument"
            )
        where = "only this kernel has" if name in names else "nothing gives a meaning"
        text = f"{flow.name}: the node {id!r} uses {name!r}, which {where}; {remedy}."
        warnings.warn_explicit(text, UserWarning, code.co_filename, code.co_firstlineno, function.__module__)


# -- the rest --------------------------------------------------------------------------------------------------


def arrange(
    flow: Workflow,
    layout: Mapping[str, Any],
    notes: Mapping[str, Any],
    order: Iterable[str],
    edges: Iterable[Iterable[str]],
    unended: Iterable[str],
) -> None:
    """See :meth:`Workflow.arrange <flowbook.models.Workflow.arrange>`."""
    for id in unended:
        node = flow.nodes.get(id)
        code = node.params.get("code") if node is not None else None
        if isinstance(code, str) and node is not None:
            changed = code[:-1] if code.endswith("\n") else f"{code}\n"
            flow.change(id, params={**node.params, "code": changed})
    document = flow.to_document()
    document["layout"] = {**document.get("layout", {}), **layout}
    document["notes"] = {**document.get("notes", {}), **notes}
    given = [(*one, "success")[:3] for one in map(tuple, edges)]
    try:
        flow.replace(Workflow.from_document(document), list(order), given)
    except FlowbookError as error:
        raise InputError(f"flow.arrange: {error.message}", error.hint) from None
