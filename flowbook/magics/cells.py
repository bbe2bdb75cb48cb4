"""A cell as a code node of a stored workflow: ``%%flow NAME.NODE``."""

from __future__ import annotations

from collections.abc import Iterable

from flowbook.errors import InputError, InvalidWorkflow
from flowbook.expressions.code import code_references, free_names
from flowbook.formats.python.bodies import ended
from flowbook.formats.python.functions import CODE_TASK
from flowbook.formats.python.names import Import, with_imports
from flowbook.formats.python.options import meaning_of_node
from flowbook.models import Workflow
from flowbook.models.code_nodes import CODE_SCOPE
from flowbook.parsing import parse_module
from flowbook.records import NamedTuple


class Wired(NamedTuple):
    """A cell as it stands in a node: which nodes and inputs its variables are."""

    code: str
    nodes: tuple[str, ...]
    inputs: tuple[str, ...]


def wired(flow: Workflow, id: str, cell: str, imports: Import) -> Wired:
    """The code of the node ``id`` that a cell is; a variable that is called as a node is that node's data, and one that
    is called as an input that input. Raises InputError for what is no Python.
    """
    code = cell.replace("${{", "$${{").strip("\n")
    try:
        parse_module(code)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise InputError(f"the cell is no Python{line}: {error}.", "Mend it; nothing was changed.") from None
    free = free_names(code) - CODE_SCOPE
    behind = _behind(flow, id)
    nodes = [name for name in flow.nodes if name in free and name != id]
    circle = [name for name in nodes if name in behind]
    if circle:
        raise InvalidWorkflow(
            f"{flow.name}: the cell uses {circle[0]!r}, which comes after {id!r}.", hint="Use what comes before it."
        )
    inputs = [name for name in flow.inputs if name in free and name not in nodes]
    lines = [f"{name} = {meaning_of_node(name)}" for name in nodes] + [f"{name} = inputs.{name}" for name in inputs]
    named = sorted(code_references(code, "nodes") & set(flow.nodes) - {id, *behind})
    text = with_imports("\n".join([*lines, code]), _but(imports, [*nodes, *inputs]))
    return Wired(ended(text), (*nodes, *(name for name in named if name not in nodes)), tuple(inputs))


def put(flow: Workflow, id: str, cell: Wired) -> None:
    """Make the node ``id`` of a cell, or replace its code; edges lead to it from the nodes that it uses."""
    if id not in flow.nodes:
        flow.add(id, CODE_TASK, params={"code": cell.code})
    elif flow.nodes[id].task != CODE_TASK:
        raise InputError(
            f"{flow.name}: the node {id!r} is a {flow.nodes[id].task}, and has no code.",
            "Choose another id for the cell.",
        )
    else:
        flow.change(id, params={**flow.nodes[id].params, "code": cell.code})
    before = {edge.source for edge in flow.edges_to(id)}
    for source in cell.nodes:
        if source not in before:
            flow.connect(source, id)


def _behind(flow: Workflow, id: str) -> set[str]:
    return {other for other in flow.nodes if id in flow.upstream(other)} if id in flow.nodes else set()


def _but(imports: Import, names: Iterable[str]) -> Import:
    taken = set(names)
    return lambda wanted: imports([name for name in wanted if name not in taken])
