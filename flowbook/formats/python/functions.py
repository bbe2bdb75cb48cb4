"""A function as a node: a task's call is a node with that task, any other body the code of a node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowbook.formats.python.bodies import Body, body_of, ended
from flowbook.formats.python.handles import Handle, parts_of
from flowbook.formats.python.names import Import, with_imports
from flowbook.formats.python.text import Fault, Source
from flowbook.formats.python.values import Meaning, read_value
from flowbook.records import NamedTuple

CODE_TASK = "core.python"
SCOPE = ("item", "index")
"""Arguments that stand for what a ``for_each`` node has in scope."""

_TYPES = {
    "str": "string", "int": "integer", "float": "number", "bool": "boolean", "date": "string", "datetime": "string",
}  # fmt: skip
_MISSING = object()


class Argument(NamedTuple):
    """An argument: its name, and what it is as a workflow's input (an input's document).

    ``declared`` is whether a default or an annotation says what it is; ``by_name`` whether it is given by name only.
    """

    name: str
    input: dict[str, Any]
    declared: bool
    by_name: bool


class Call(NamedTuple):
    """The body is a call of this task; ``call`` has its params."""

    task: str
    integration: str | None
    call: ast.Call


class Function(NamedTuple):
    """What a function says; which of its arguments are nodes is known only when all of the workflow is."""

    name: str
    arguments: tuple[Argument, ...]
    notes: str
    does: Call | Body
    source: Source

    def fields(self, meaning: Meaning, imports: Import) -> dict[str, Any]:
        """The fields of the node that the function makes. Raises Fault."""
        fields: dict[str, Any] = {}
        if isinstance(self.does, Call):
            fields = {"task": self.does.task, "params": _params(self.source, self.does.call, self._known(meaning))}
            if self.does.integration is not None:
                fields["integration"] = self.does.integration
        else:
            params = {"code": self._code(self.does, meaning, imports).replace("${{", "$${{")}
            if any(one.name == "item" for one in self.arguments):
                params["item"] = "${{ item }}"
            fields = {"task": CODE_TASK, "params": params}
        return fields | ({"notes": self.notes} if self.notes else {})

    def _known(self, meaning: Meaning) -> Meaning:
        own = {one.name for one in self.arguments}
        return lambda name: meaning(name) if name in own else name

    def _code(self, body: Body, meaning: Meaning, imports: Import) -> str:
        given = {one.name: meaning(one.name) for one in self.arguments}
        if body.whole:
            by_name = {one.name for one in self.arguments if one.by_name}
            call = ", ".join(f"{name}={meant}" if name in by_name else meant for name, meant in given.items())
            return with_imports(f"{body.code}\n{self.name}({call})\n", imports)
        lines = [f"{name} = {meant}" for name, meant in given.items() if name != meant]
        return ended(with_imports("\n".join([*lines, body.code.removesuffix("\n")]), imports))


def read_function(
    source: Source,
    function: ast.FunctionDef,
    handle: Callable[[str], Handle | None],
    defaults: Mapping[str, Any] | None = None,
) -> Function:
    """What a function says. ``handle`` gives the integration that a name stands for; ``defaults`` the values of the
    arguments' defaults, where they are known otherwise than by reading. Raises Fault for what no node can be made of.
    """
    arguments = tuple(_arguments(source, function, defaults or {}))
    statements, notes = list(function.body), ast.get_docstring(function, clean=True) or ""
    if ast.get_docstring(function, clean=False) is not None:
        statements = statements[1:]
    if not statements:
        raise Fault(f"{function.name} does nothing", "Let it return a value, or a call of a task.", function)
    does = _call(statements, handle) or body_of(source, function, statements)
    return Function(function.name, arguments, notes, does, source)


def _call(statements: list[ast.stmt], handle: Callable[[str], Handle | None]) -> Call | None:
    """The task's call that a body consists of, if it does."""
    only = statements[0]
    if len(statements) > 1 or not isinstance(only, (ast.Return, ast.Expr)):
        return None
    call = only.value
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if not isinstance(call.func.value, ast.Name) or (found := handle(call.func.value.id)) is None:
        return None
    folder, integration = parts_of(found)
    return Call(f"{folder}.{call.func.attr}", integration, call)


def _params(source: Source, call: ast.Call, meaning: Meaning) -> dict[str, Any]:
    if call.args:
        raise Fault("a task's params are given by name", "Write name=value for each.", call.args[0])
    params: dict[str, Any] = {}
    for keyword in call.keywords:
        value = read_value(source, keyword.value, meaning)
        if keyword.arg is not None:
            params[keyword.arg] = value
        elif isinstance(value, dict):
            params.update(value)
        else:
            raise Fault("after ** there is to be a dict, written out", "Write the params by name.", keyword.value)
    return params


def _arguments(source: Source, function: ast.FunctionDef, defaults: Mapping[str, Any]) -> Iterator[Argument]:
    given = function.args
    for star in (given.vararg, given.kwarg):
        if star is not None:
            raise Fault(f"{function.name} takes any number of arguments (*{star.arg})", "Name each of them.", star)
    plain = [*given.posonlyargs, *given.args]
    values: list[ast.expr | None] = [None] * (len(plain) - len(given.defaults)) + list(given.defaults)
    pairs = [*zip(plain, values, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    for argument, default in pairs:
        value = _MISSING
        if default is not None:
            value = defaults[argument.arg] if argument.arg in defaults else _literal(default, argument.arg)
        declared = default is not None or argument.annotation is not None
        document = _type(source, argument.annotation, value)
        if value is _MISSING:
            document["required"] = True
        elif value is not None:
            document["default"] = value
        yield Argument(argument.arg, document, declared, argument in given.kwonlyargs)


def _literal(node: ast.expr, name: str) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Fault(
            f"the default of {name} is not a plain value", "Write it out: a text, a number, a list.", node
        ) from None


def _type(source: Source, annotation: ast.expr | None, default: Any) -> dict[str, Any]:
    """The type of an input, by its annotation, else by its default; json is any value."""
    if annotation is not None:
        text = source.of(annotation).strip("\"'")
        kind = _TYPES.get(text.replace("Optional[", "").rstrip("]").partition("|")[0].strip().rpartition(".")[2])
        if kind is not None:
            return {"type": kind}
        choices = _choices(annotation)
        return {"type": "select", "choices": choices} if choices else {"type": "json"}
    kinds = {bool: "boolean", int: "number", float: "number", str: "string"}
    return {"type": kinds.get(type(default), "json")}


def _choices(annotation: ast.expr) -> list[str]:
    """The texts of ``Literal["a", "b"]``."""
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value).rpartition(".")[2] != "Literal":
        return []
    inside = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    found = [one.value for one in inside if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return found if len(found) == len(inside) else []
