"""A node that did not succeed as a cell: its real inputs, and its code or call, to be mended and run."""

from __future__ import annotations

import ast
import json
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.expressions import Bound, compile_value
from flowbook.formats.python.phrases import literal
from flowbook.json_text import parse_json
from flowbook.models.code_nodes import CODE_PARAMS, code_of
from flowbook.parsing import parse_module
from flowbook.view.markup import PRE, QUIET, escape
from flowbook.view.preview import preview
from flowbook.view.wording import first_line
from flowbook.workspace.run import in_notebook

if TYPE_CHECKING:
    from flowbook.workspace.rescuing import Rescue
    from flowbook.workspace.workspace import Workspace

LITERAL = 2_000
"""Characters of a param that the cell shows; what is longer it takes from the run."""


class Cell:
    """A node as a cell: ``code`` is its text. A notebook puts it below the cell that shows this; elsewhere print it."""

    def __init__(self, code: str, about: str) -> None:
        self.code = code
        self._about = about

    def __str__(self) -> str:
        return self.code

    def __repr__(self) -> str:
        return self.code

    def _ipython_display_(self) -> None:
        if not in_notebook():
            raise NotImplementedError  # IPython then shows the text
        from IPython.core.getipython import get_ipython
        from IPython.display import display

        shell: Any = get_ipython()
        shell.set_next_input(self.code)
        summary = f'<summary style="cursor:pointer;{QUIET}">the cell, where none appeared</summary>'
        folded = f'<details>{summary}<pre style="{PRE}">{escape(self.code)}</pre></details>'
        html = f"<div>{escape(self._about)}</div>{folded}"
        display({"text/html": html, "text/plain": self._about}, raw=True)  # type: ignore[no-untyped-call]


def cell_of(rescue: Rescue) -> Cell:
    """The cell of a node that did not succeed."""
    about = f"The node {rescue.id} is in the cell below: mend it, run it, and press Continue."
    return Cell("\n".join([*_head(rescue), "", *_body(rescue)]), about)


def _head(rescue: Rescue) -> list[str]:
    summary, result = rescue.record.summary, rescue.result
    why = first_line(result.message) or result.status
    lines = [
        f"# The node {rescue.id} of {summary.workflow}, in the run {summary.id}: {result.status}.",
        *textwrap.wrap(why, 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)[:6],
        "# Mend this and run it: what it gives is shown, and Continue (or rescue.go_on()) goes on with the run.",
    ]
    secret = "".join(f", {name}=getpass({name!r})" for name in rescue.withheld)
    lines += ["from getpass import getpass", ""] if secret else []
    name = _variable(rescue.workspace)
    if name is None:
        lines += ["from flowbook import Workspace", ""]
        name = f"Workspace({str(rescue.workspace.root)!r})"
    lines.append(f"rescue = {name}.rescue({summary.id!r}, {rescue.id!r}{secret})")
    return lines


def _variable(workspace: Workspace) -> str | None:
    """What a notebook calls this workspace, if anything."""
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    names = {} if shell is None else shell.user_ns
    found = [name for name, value in list(names.items()) if value is workspace and not name.startswith("_")]
    if workspace.memory and not found:
        return "ws"  # no other object is this one
    return found[0] if found else None


def _body(rescue: Rescue) -> list[str]:
    if rescue.node.for_each is not None:
        return _loop(rescue)
    if code_of(rescue.node) is not None:
        return ["inputs, nodes = rescue.inputs, rescue.nodes", "", giving(_code(rescue))]
    by = f" with {_one_line(rescue.node.integration)}" if rescue.node.integration else ""
    call = f"rescue.give(rescue.call(params))  # {rescue.node.task}{by}"
    return ["params = {", *_params(rescue), "}", call] if rescue.node.params else [call.replace("(params)", "({})")]


def _loop(rescue: Rescue) -> list[str]:
    """The calls of a ``for_each`` node that did not succeed, one after the other."""
    lines, params = [], "rescue.params(index)"
    if code_of(rescue.node) is not None:
        name = CODE_PARAMS[rescue.node.task]
        lines.append(f"{name} = {literal(_code(rescue))}")
        params = f"{{**{params}, {name!r}: {name}}}"
    by = f" with {_one_line(rescue.node.integration)}" if rescue.node.integration else ""
    return [
        *lines,
        "given = rescue.done()  # what the calls that succeeded gave, by their place in the list",
        "for index, item in rescue.left():  # the others",
        f"    given[index] = rescue.call({params}, index)  # {rescue.node.task}{by}",
        "rescue.give([given[index] for index in sorted(given)])",
    ]


def _code(rescue: Rescue) -> str:
    """The node's code; with its expressions filled in, if it has some and they can be."""
    source = code_of(rescue.node) or ""
    try:
        return str(rescue.param(CODE_PARAMS[rescue.node.task])) if rescue.node.for_each is None else source
    except FlowbookError:
        return source


def _params(rescue: Rescue) -> list[str]:
    return [f"    {name!r}: {_param(rescue, name, value)}" for name, value in rescue.node.params.items()]


def _param(rescue: Rescue, name: str, given: Any) -> str:
    """A param as it was: written out where it is short and plain, else taken from the run."""
    from_run = f"rescue.param({name!r}),"
    bound: Bound = compile_value(given)
    if bound.input_names & {*rescue.withheld}:
        return from_run
    try:
        value = rescue.param(name)
    except FlowbookError as error:
        return f"None,  # {_one_line(given)}: {_one_line(str(error))}"
    if _is_short(value):
        return f"{literal(value, 4)},"
    shown = preview(value)
    about = f"{counted(len(value), 'item')}" if hasattr(value, "__len__") and not isinstance(value, str) else ""
    return f"{from_run}  # {about or (shown or {}).get('kind', '')}"


def _is_short(value: Any) -> bool:
    try:
        text = json.dumps(value, allow_nan=False)
        return len(text) <= LITERAL and bool(parse_json(text) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _one_line(given: Any) -> str:
    text = " ".join(str(given).split())
    return text if len(text) <= 100 else text[:99] + "…"


def giving(code: str) -> str:
    """Code whose last value is given in the place of the node: ``x`` at its end is ``rescue.give(x)``."""
    code = code.strip("\n")
    first = next((line for line in code.splitlines() if line.strip()), "")
    code = textwrap.dedent(code) if first[:1].isspace() else code
    try:
        body = parse_module(code).body
    except (SyntaxError, ValueError):
        return f"{code}\nrescue.give(None)  # what the code gives"
    last = body[-1] if body else None
    if not isinstance(last, ast.Expr):
        return f"{code}\nrescue.give(None)  # the code ends without a value"
    raw = code.encode()
    begins = [0]
    for line in raw.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    start = begins[last.lineno - 1] + last.col_offset
    end = begins[(last.end_lineno or last.lineno) - 1] + (last.end_col_offset or 0)
    return (raw[:start] + b"rescue.give(" + raw[start:end] + b")" + raw[end:]).decode()
