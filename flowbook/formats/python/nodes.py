"""One node as a function, in the prettiest way that surely reads back as the same node."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowbook.expressions import has_expression
from flowbook.formats.python.bodies import as_body, ended
from flowbook.formats.python.functions import CODE_TASK, SCOPE, read_function
from flowbook.formats.python.handles import Handle
from flowbook.formats.python.names import Import, names_bound_by
from flowbook.formats.python.phrases import INDENT, WIDTH, Phrases, is_argument, literal
from flowbook.formats.python.text import Fault, Source
from flowbook.records import NamedTuple

_BINDING = re.compile(r"(?P<name>\w+) = (?P<meant>(?:nodes\.\w+\.data|nodes\[\"\w+\"\]\.data|inputs\.\w+))")


class Surroundings(NamedTuple):
    """What a function can name: ``sources`` (what its argument stands for → the argument) are the nodes before it,
    ``inputs`` likewise; ``handle`` is the name of its task's integration, ``handles`` what all of those names mean;
    ``may_lead`` says whether an import statement of its code may stand at the top of the file.
    """

    sources: Mapping[str, str]
    inputs: Mapping[str, str]
    handle: str
    handles: Mapping[str, Handle]
    may_lead: Callable[[str], bool]


class Written(NamedTuple):
    """A function without its decorator: its arguments and lines; which imports it needs at the top of the file.

    ``header`` is its ``def …:`` where that says more than the names of its arguments. ``unended`` says that its code
    ends otherwise than code mostly does (see :func:`~flowbook.formats.python.bodies.ended`).
    """

    arguments: tuple[str, ...]
    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    unended: bool = False
    notes: bool = False
    header: str = ""

    def text(self, name: str) -> str:
        """The function's text."""
        return "\n".join([self.header or f"def {name}({', '.join(self.arguments)}):", *self.lines])


def function_of(name: str, node: Mapping[str, Any], around: Surroundings) -> Written:
    """The function that reads back as the node of this document; ``notes`` says whether those are its docstring."""
    wanted = {key: node[key] for key in ("task", "integration", "params") if key in node}
    docstring = _docstring(node.get("notes", ""))
    for candidate in _candidates(name, node, around):
        for doc in [docstring, []] if docstring else [[]]:
            made = candidate._replace(lines=(*doc, *candidate.lines), notes=bool(doc))
            found = _read(name, made, "for_each" in node, around)
            if _same(found, wanted | ({"notes": node["notes"]} if doc else {})):
                return made
    raise Fault(f"the node {name!r} cannot be written as a function")


def _same(found: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    if found is None:
        return False
    filled = {"params": {}, **wanted}
    return json.dumps(sorted(found.items())) == json.dumps(sorted(filled.items()))


def _read(name: str, made: Written, each: bool, around: Surroundings) -> dict[str, Any] | None:
    meanings = {argument: meant for meant, argument in (*around.sources.items(), *around.inputs.items())}
    meanings |= dict.fromkeys(SCOPE, "") if each else {}
    try:
        source = Source(made.text(name))
        tree = source.tree.body[0]
        assert isinstance(tree, ast.FunctionDef)
        if len(source.tree.body) > 1:
            return None
        function = read_function(source, tree, around.handles.get)
        fields = function.fields(lambda one: meanings.get(one) or (one if one in SCOPE and each else f"inputs.{one}"),
                                 _only(made.imports))  # fmt: skip
    except Fault:
        return None
    if made.unended:
        code = fields["params"]["code"]
        fields["params"]["code"] = code[:-1] if code.endswith("\n") else f"{code}\n"
    return fields


def _only(statements: tuple[str, ...]) -> Import:
    def needed(names: Any) -> list[str]:
        wanted = set(names)
        return [statement for statement in statements if wanted & {*names_bound_by(statement)}]

    return needed


def _docstring(notes: str) -> list[str]:
    """Notes as a docstring; empty when they would not read back the same."""
    if not notes or "\\" in notes or '"""' in notes or notes.endswith('"') or notes != inspect.cleandoc(notes):
        return []
    rows = notes.split("\n")
    if not all(row.isprintable() for row in rows) or any(row and not row.strip() for row in rows):
        return []
    if len(rows) == 1:
        return [f'{INDENT}"""{notes}"""']
    return [f'{INDENT}"""{rows[0]}', *(f"{INDENT}{row}" if row else "" for row in rows[1:]), f'{INDENT}"""']


def _candidates(name: str, node: Mapping[str, Any], around: Surroundings) -> Iterator[Written]:
    """The ways to write a node, the prettiest first."""
    if node["task"] == CODE_TASK and "integration" not in node:
        yield from _code(name, node, around)
    for arguments in ({**around.sources, **around.inputs}, {}):
        yield _call(node, arguments, around)


def _call(node: Mapping[str, Any], arguments: Mapping[str, str], around: Surroundings) -> Written:
    """A call of the node's task."""
    phrases = Phrases(arguments)
    params, task = node.get("params", {}), f"{around.handle}.{node['task'].partition('.')[2]}"
    room = WIDTH - len(task) - 13
    if all(is_argument(param) for param in params):
        given = [f"{param}={phrases.value(value, 8, WIDTH - 10 - len(param))}" for param, value in params.items()]
    else:
        given = [f"**{phrases.value(params, 8)}"]
    short = ", ".join(given)
    if len(short) <= room and "\n" not in short:
        lines = [f"{INDENT}return {task}({short})"]
    else:
        lines = [f"{INDENT}return {task}(", *(f"{INDENT * 2}{one}," for one in given), f"{INDENT})"]
    scope = _scope_used(params, node) if arguments else []
    return Written((*_in_order(phrases.used, around), *scope), tuple("\n".join(lines).split("\n")))


def _scope_used(params: Any, node: Mapping[str, Any]) -> list[str]:
    """The names of the scope of a ``for_each`` node that its params use."""
    if "for_each" not in node:
        return []
    text = json.dumps(params)
    return [name for name in SCOPE if re.search(rf"\$\{{\{{[^}}]*\b{name}\b", text)]


def _in_order(used: Mapping[str, None], around: Surroundings) -> tuple[str, ...]:
    """Arguments in the order of the nodes before this one, then inputs as they come."""
    nodes = [name for name in around.sources.values() if name in used]
    return (*nodes, *(name for name in used if name not in nodes))


def _code(name: str, node: Mapping[str, Any], around: Surroundings) -> Iterator[Written]:
    params = node.get("params", {})
    code = params.get("code")
    if not isinstance(code, str) or has_expression(code) or not set(params) <= {"code", "item"}:
        return
    if "item" in params and (params["item"] != "${{ item }}" or list(params) != ["code", "item"]):
        return
    extra = ("item",) if "item" in params else ()
    code = code.replace("$${{", "${{")
    unended = ended(code.removesuffix("\n")) != code
    ways = [_as_whole(name, code, around), _with_arguments(code, around), _flat(code)]
    for way in ways:
        if way is not None:
            arguments = way.arguments if way.header else (*way.arguments, *extra)
            yield way._replace(arguments=arguments, unended=unended)


def _flat(code: str) -> Written | None:
    """All of the code as the body."""
    lines = as_body(code)
    return None if lines is None else Written((), tuple(lines))


def _with_arguments(code: str, around: Surroundings) -> Written | None:
    """The code's first lines as imports of the file and as arguments, the rest as the body."""
    imports, rest = _led(code, around)
    known = {**around.sources, **around.inputs}
    arguments = []
    for line in rest:
        binding = _BINDING.fullmatch(line)
        if binding is None or known.get(binding["meant"]) != binding["name"]:
            break
        arguments.append(binding["name"])
    body = "\n".join(rest[len(arguments) :])
    flat = _flat(body) if (imports or arguments) and body.strip() else None
    return None if flat is None else flat._replace(arguments=tuple(arguments), imports=tuple(imports))


def _led(code: str, around: Surroundings) -> tuple[list[str], list[str]]:
    """The imports that code begins with and that may stand at the top of the file, and the other lines."""
    lines, found = code.split("\n"), list[str]()
    for line in lines:
        if not line.startswith(("import ", "from ")) or not around.may_lead(line):
            break
        found.append(line)
    if not found or lines[len(found) : len(found) + 1] != [""]:
        return [], lines
    return found, lines[len(found) + 1 :]


def _as_whole(name: str, code: str, around: Surroundings) -> Written | None:
    """Code that is a function and a call of it, as that function."""
    imports, rest = _led(code, around)
    try:
        source = Source("\n".join(rest))
    except Fault:
        return None
    body = source.tree.body
    if len(body) != 2 or not isinstance(body[0], ast.FunctionDef) or body[0].name != name or body[0].lineno != 1:
        return None
    header = source.header_end(body[0])
    call = body[1].value if isinstance(body[1], ast.Expr) else None
    if not isinstance(call, ast.Call) or body[0].decorator_list:
        return None
    inside = source.lines[header : body[1].lineno - 1]
    while inside and not inside[-1]:
        inside.pop()
    given = body[0].args
    names = tuple(one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs))
    return Written(names, tuple(inside), tuple(imports), header="\n".join(source.lines[:header]))


def decorator(flow: str, options: Mapping[str, str]) -> str:
    """``@flow.task`` with its arguments, given as Python."""
    if not options:
        return f"@{flow}.task"
    given = [f"{name}={value}" for name, value in options.items()]
    short = f"@{flow}.task({', '.join(given)})"
    if len(short) <= WIDTH and "\n" not in short:
        return short
    return "\n".join([f"@{flow}.task(", *(f"{INDENT}{one}," for one in given), ")"])


def option(value: Any) -> str:
    """The value of a decorator's argument."""
    return literal(value, len(INDENT), WIDTH - 20)
