"""The files of a folder of tools, as text.

Everything that a server says reaches a source file by the functions of :mod:`flowbook.authoring.openapi.names`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flowbook.authoring.openapi.document import Description, mapping
from flowbook.authoring.openapi.names import class_name, docstring, identifier, literal, one_line, words
from flowbook.authoring.openapi.operations import Param, fields_of, named
from flowbook.authoring.openapi.source import example, field_line, filled, flow_mapping
from flowbook.errors import FileFormatError
from flowbook.parsing import parse_module

if TYPE_CHECKING:
    from flowbook.mcp import Tool

_TASK_NAMES = frozenset(["models", "mcp", "task", "tasks", "tools", "test_connection", "annotations"])
_CLASS_NAMES = frozenset(["Any", "Credentials", "Field", "Literal", "Nothing", "Result"])
_HEAD = '''"""@WHAT@

Made of the tools of a server. flowbook new integration --update writes it anew: put what you write into ../tasks.py.
"""

from __future__ import annotations
'''


@dataclass(frozen=True)
class Typed:
    """A tool as a task: ``task`` is its name here, ``tool`` the server's own; ``params_class`` may be "Nothing"."""

    task: str
    tool: str
    about: str
    effects: str
    params_class: str
    params: tuple[Param, ...]


def typed_tools(tools: Sequence[Tool]) -> tuple[list[Typed], list[str]]:
    """The tools as tasks; and those that cannot be one, with why."""
    made: list[Typed] = []
    left_out: list[str] = []
    names, classes = set(_TASK_NAMES), set(_CLASS_NAMES)
    for tool in tools:
        try:
            params = _params(tool)
        except FileFormatError as error:
            left_out.append(error.message)
            continue
        task = identifier(tool.name, names)
        about = one_line(tool.description, 110) or f"{words(task)}."
        params_class = class_name(task, classes) if params else "Nothing"
        made.append(Typed(task, tool.name, about, tool.effects, params_class, tuple(params)))
    return made, left_out


def _params(tool: Tool) -> list[Param]:
    described = Description(mapping(tool.schema), f"the tool {tool.name[:60]!r}")
    if tool.only_later:
        raise described.wrong("it gives no answer, but a task of the server's that has to be asked for its end", "")
    shape = described.schema(tool.schema)
    properties = mapping(shape.get("properties"))
    if not properties and (shape.get("additionalProperties") or shape.get("oneOf") or shape.get("anyOf")):
        raise described.wrong("it takes arguments that it does not name", "Call it by mcp.call_tool.")
    needed = {one for one in shape.get("required") or () if isinstance(one, str)}
    found = named(list(fields_of(described, properties, needed, "json")))
    return sorted(found, key=lambda param: not param.required)


def sources(source: str, variables: Sequence[str], tools: Sequence[Typed]) -> dict[str, str]:
    """The generated files by their paths in the folder. Each is one that Python reads."""
    found = {
        "tools/__init__.py": _init(tools),
        "tools/models.py": "\n".join(_models(source, variables, tools)),
        "tools/tasks.py": "\n".join(_tasks(tools)),
    }
    for path, text in found.items():
        parse_module(text, path)
    return found


def _head(what: str) -> str:
    return _HEAD.replace("@WHAT@", what)


def _init(tools: Sequence[Typed]) -> str:
    names = sorted(one.task for one in tools)
    imports = "\n".join(f"    {name}," for name in names)
    listed = "\n".join(f"    {literal(name)}," for name in names)
    return f"{_head('The tasks.')}\nfrom .tasks import (\n{imports}\n)\n\n__all__ = [\n{listed}\n]\n"


def _models(source: str, variables: Sequence[str], tools: Sequence[Typed]) -> Iterator[str]:
    yield _head("The credentials, and the params of the tasks.")
    yield "from typing import Any, Literal\n"
    yield "from pydantic import Field\n\nfrom flowbook import Secret, mcp, typed\n\n"
    yield 'class Credentials(mcp.Credentials):\n    """Where the server is: a command, or an address."""\n'
    if "://" in source.split(" ", 1)[0]:
        about = 'description="Address of the server.", json_schema_extra={"flowbook_type": "url"}'
        yield f"    url: str = Field({literal(source)}, {about})"
    else:
        yield f'    command: str = Field({literal(source)}, description="Command that starts the server.")'
        if variables:
            about = f"Variables for that command, as a JSON object with: {', '.join(variables)}."
            yield f"    environment: Secret | None = Field(None, description={literal(about)})"
    yield '\n\nclass Nothing(typed.Params):\n    """No params."""\n'
    for one in tools:
        if one.params:
            yield f"\nclass {one.params_class}(typed.Params):\n    {docstring(one.about)}\n"
            yield from (field_line(param) for param in one.params)
            yield ""


def _tasks(tools: Sequence[Typed]) -> Iterator[str]:
    yield _head("The tasks: one for each tool.")
    yield "from flowbook import Result, mcp, task\n\nfrom . import models\n"
    for one in tools:
        yield f'\n@task(effects="{one.effects}", network=True, reads_files=True, writes_files=True, runs_code=True)'
        yield f"def {one.task}(credentials: models.Credentials, params: models.{one.params_class}) -> Result:"
        yield f"    {docstring(one.about)}"
        twice = "" if one.effects == "write" else ", repeatable=True"
        yield f"    return mcp.call(credentials, {literal(one.tool)}, params{twice})\n"


def own_sources(name: str, source: str, tools: Sequence[Typed]) -> dict[str, str]:
    """The files that are written once, and are people's from then on."""
    first = tools[0]
    needed = {param.asked: example(param) for param in first.params if param.required}
    fills = {
        "@NAME@": name,
        "@SOURCE@": one_line(source, 100).replace("\\", "/").replace('"', "'") or "a server",
        "@TASK@": first.task,
        "@PARAMS@": f", params: {flow_mapping(needed)}" if needed else "",
        "@LETTERS@": identifier(name, set())[:2].capitalize(),
    }
    return {path: filled(text, fills) for path, text in _OWN.items()} | {f"tests/test_{name}.py": _TEST}


_OWN = {
    "__init__.py": textwrap.dedent('''\
        """The tools of @SOURCE@"""

        from . import tasks, tools
        from .tasks import *  # noqa: F403
        from .tools import *  # noqa: F403

        __all__ = [*tools.__all__, *tasks.__all__]  # noqa: PLE0604
        '''),
    "tasks.py": textwrap.dedent('''\
        """What is written by hand. Those made of the server's tools are in tools/."""

        from flowbook import Result, mcp, task

        from .tools.models import Credentials, Nothing

        __all__ = ["test_connection"]


        @task(effects="read", network=True, reads_files=True, writes_files=True, runs_code=True)
        def test_connection(credentials: Credentials, params: Nothing) -> Result:
            """Start or reach the server, and ask which tools it has."""
            return mcp.probe(credentials)
        '''),
    "README.md": textwrap.dedent("""\
        # @NAME@

        The tools of an MCP server (`@SOURCE@`), a task each. `flowbook new integration @NAME@ --update` asks it again
        and renews `tools/`, and nothing else. What you add goes into `tasks.py`, with its name in `__all__` there.
        `flowbook catalog @NAME@` lists the tasks. It needs `pip install 'jupyter-flowbook[mcp]'`.

        ## Credentials

        | name | what it is |
        | --- | --- |
        | `command` | command that starts the server |
        | `environment` | secret: variables for that command, as a JSON object |
        | `url` | address of a server that runs already, instead of a command |
        | `token` | secret: its bearer token |

        ## Tasks

        ```yaml
        first: {task: @NAME@.@TASK@, integration: My @NAME@@PARAMS@}
        ```
        """),
    "icon.svg": textwrap.dedent("""\
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30">
          <rect x="1" y="1" width="28" height="28" rx="7" fill="#3a4a5e"/>
          <text x="15" y="20" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#fff">@LETTERS@</text>
        </svg>
        """),
}
_TEST = '''"""Run with: pytest. The server is not started."""

from pathlib import Path

from flowbook.testing import check_contract

FOLDER = Path(__file__).resolve().parent.parent


def test_the_folder_keeps_the_contract():
    assert [str(problem) for problem in check_contract(FOLDER) if problem.kind == "error"] == []
'''
