"""The generated files of a folder, as text."""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterator, Sequence
from importlib.resources import files

from flowbook.authoring.openapi.names import class_name, docstring, identifier, literal, one_line
from flowbook.authoring.openapi.operations import Operation, Param
from flowbook.authoring.openapi.security import Credential, Security
from flowbook.parsing import parse_statements

_HEAD = '''"""@WHAT@

Made of the API's description. flowbook new integration --update writes it anew: put what you write into ../tasks.py.
"""

from __future__ import annotations
'''
_TAKEN = frozenset(
    ["Annotated", "Any", "Credentials", "Field", "Literal", "Nothing", "Pages", "Places", "Result", "Secret", "Service"]
)


def sources(title: str, security: Security, operations: Sequence[Operation]) -> dict[str, str]:
    """The generated files by their paths in the folder. Each is one that Python reads."""
    taken = set(_TAKEN)
    classes = {one.name: class_name(one.name, taken) for one in operations if _params(one, security)}
    shared = files("flowbook.authoring.openapi").joinpath("shared.py").read_text(encoding="utf-8")
    found = {
        "api/__init__.py": _init(operations),
        "api/models.py": "\n".join(_models(security, operations, classes)),
        "api/tasks.py": "\n".join(_tasks(title, security, operations, classes)),
        "api/request.py": shared,
    }
    for path, text in found.items():
        deque(parse_statements(text, path), 0)
    return found


def _head(what: str) -> str:
    return _HEAD.replace("@WHAT@", what)


def _init(operations: Sequence[Operation]) -> str:
    names = sorted(one.name for one in operations)
    imports = "\n".join(f"    {name}," for name in names)
    listed = "\n".join(f"    {literal(name)}," for name in names)
    return f"{_head('The tasks.')}\nfrom .tasks import (\n{imports}\n)\n\n__all__ = [\n{listed}\n]\n"


def _models(security: Security, operations: Sequence[Operation], classes: dict[str, str]) -> Iterator[str]:
    yield _head("The credentials, and the params of the tasks.")
    yield f"from typing import {'Annotated, ' if security.oauth else ''}Any, Literal\n"
    yield "from pydantic import Field\n\nfrom flowbook import Secret, typed\n\n"
    yield "class Credentials(typed.Credentials):"
    yield '    """Where the API is, and how it knows you."""\n'
    yield from (_credential(one) for one in security.credentials)
    if security.oauth:
        yield from _sign_in(security.authorize)
    yield '\n\nclass Nothing(typed.Params):\n    """No params."""\n'
    for one in operations:
        if one.name in classes:
            yield f"\nclass {classes[one.name]}(typed.Params):\n    {docstring(one.summary)}\n"
            yield from (field_line(param) for param in _params(one, security))
            if one.switch:
                about = "Ask for all pages; data is the list of all items."
                yield f"    {one.switch}: bool = Field(False, description={literal(about)})"
            yield ""


def _sign_in(authorize: str) -> Iterator[str]:
    """The field that an access token comes to when somebody signs in, or has given a refresh token."""
    yield "    oauth2: Annotated["
    yield "        Secret | None,"
    yield "        typed.OAuth2("
    if authorize:
        yield f"            authorize={literal(authorize)},"
    yield '            token="{token_url}",'
    yield '            scopes=["{scopes}"],'
    yield '            refresh_token="refresh_token",'
    yield "            optional=True,"
    yield "        ),"
    yield f"    ] = Field(None, description={literal('Access token: got by signing in, or by the refresh token.')})"


def _credential(one: Credential) -> str:
    extra = ', json_schema_extra={"flowbook_type": "url"}' if one.url else ""
    about = f"description={literal(one.description)}{extra}"
    if one.url:
        needed = one.name == "base_url" and not one.default
        default = f"{literal(one.default)}, " if not needed else ""
        return f"    {one.name}: str = Field({default}{about})"
    return f"    {one.name}: {'Secret' if one.secret else 'str'} | None = Field(None, {about})"


def field_line(param: Param) -> str:
    """A param as a field of a model."""
    arguments = [] if param.required else ["None"]
    if param.field != param.asked:
        arguments.append(f"alias={literal(param.asked)}")
    arguments.append(f"description={literal(param.description)}")
    arguments += [f"{word}={literal(limit)}" for word, limit in param.limits.items()]
    if param.place == "file":
        arguments.append('json_schema_extra={"flowbook_type": "file"}')
    type = param.type if param.required or param.type == "Any" else f"{param.type} | None"
    return f"    {param.field}: {type} = Field({', '.join(arguments)})"


def _params(operation: Operation, security: Security) -> list[Param]:
    """The params but for the API keys, which are credentials."""
    keys = {(place, name.lower()) for place, name, _ in security.keys}
    return [one for one in operation.params if (one.place, one.name.lower()) not in keys]


def _tasks(title: str, security: Security, operations: Sequence[Operation], classes: dict[str, str]) -> Iterator[str]:
    yield _head("The tasks: one for each operation that was chosen.")
    paged = any(one.paging for one in operations)
    yield "from flowbook import Result, task\n\nfrom . import models"
    yield f"from .request import {'Pages, ' if paged else ''}Places, Service, send\n"
    facts = [literal(one_line(title, 60) or "The service")]
    facts += [f"keys={literal(security.keys)}"] if security.keys else []
    facts += [f"{name}=True" for name in ("basic", "bearer", "oauth") if getattr(security, name)]
    yield f"SERVICE = Service({', '.join(facts)})\n"
    for one in operations:
        elsewhere = one.server if _is_elsewhere(one, security) else ""
        yield from _task(one, classes.get(one.name, "Nothing"), _params(one, security), elsewhere)


def _is_elsewhere(one: Operation, security: Security) -> bool:
    """Whether an operation is at another address than the API, which is the credentials' to say."""
    return one.server not in ("", security.base_url)


def _task(one: Operation, params_class: str, params: Sequence[Param], server: str) -> Iterator[str]:
    reads = [param.asked for param in params if param.place == "file"]
    able = f"network=True, reads_files={literal(reads) if reads else False}, writes_files=False, runs_code=False"
    yield f'\n@task(effects="{one.effects}", {able})'
    yield f"def {one.name}(credentials: models.Credentials, params: models.{params_class}) -> Result:"
    yield f"    {docstring(one.summary)}"
    path = one.path
    arguments = ["SERVICE", "credentials", "params", literal(one.method), literal(path), _places(one, params)]
    if one.paging:
        arguments.append(_pages(one))
    if server:
        arguments.append(f"server={literal(server)}")
    call = f"    return send({', '.join(arguments)})"
    yield call if len(call) <= 120 else _wrapped(arguments)
    yield ""


def _wrapped(arguments: list[str]) -> str:
    head = ", ".join(arguments[:5])
    return f"    return send(\n        {head},\n" + "".join(f"        {one},\n" for one in arguments[5:]) + "    )"


def _places(one: Operation, params: Sequence[Param]) -> str:
    facts: list[str] = []
    for place in ("path", "query", "header", "cookie", "body", "file"):
        found = {param.field: param.name for param in params if param.place == place}
        if found:
            facts.append(f"{'files' if place == 'file' else place}={literal(found)}")
    whole = next((param.field for param in params if param.place == "whole"), "")
    styles = {param.field: param.style for param in params if param.style}
    facts += [f"whole={literal(whole)}"] if whole else []
    facts += [f"kind={literal(one.kind)}"] if one.kind else []
    facts += ["required=True"] if one.body_required else []
    facts += [f"styles={literal(styles)}"] if styles else []
    return f"Places({', '.join(facts)})"


def _pages(one: Operation) -> str:
    assert one.paging is not None
    facts = {"param": one.paging.param, "next": one.paging.next, "items": one.paging.items}
    more = "".join(f", {name}={literal(value)}" for name, value in facts.items() if value)
    return f"Pages({literal(one.paging.by)}, {literal(one.switch)}{more})"


def own_sources(name: str, title: str, operations: Sequence[Operation], security: Security) -> dict[str, str]:
    """The files that are written once, and are people's from then on."""
    probe = next(
        (
            one
            for one in operations
            if one.method == "GET" and not _is_elsewhere(one, security) and not any(p.required for p in one.params)
        ),
        None,
    )
    path = f", {literal(probe.path)}" if probe else ""
    shown = one_line(title, 80).replace('"', "'").replace("\\", "/") or name
    first = operations[0]
    needed = {param.asked: example(param) for param in _params(first, security) if param.required}
    fills = {
        "@NAME@": name, "@TITLE@": shown, "@PROBE@": path, "@TASK@": first.name,
        "@PARAMS@": f", params: {flow_mapping(needed)}" if needed else "", "@COUNT@": str(len(operations)),
        "@CREDENTIALS@": "\n".join(map(_row, security.credentials)),
        "@LETTERS@": identifier(name, set())[:2].capitalize(),
    }  # fmt: skip
    return {path: filled(text, fills) for path, text in _OWN.items()} | {
        f"tests/test_{name}.py": filled(_TEST, fills),
    }


def _row(one: Credential) -> str:
    return f"| `{one.name}` | {one.description.replace('|', ' ')} |"


def example(param: Param) -> object:
    """A value that a param may have."""
    kind = param.type
    return 1 if kind == "int" else 1.5 if kind == "float" else True if kind == "bool" else [] if "list" in kind else "…"


def flow_mapping(values: dict[str, object]) -> str:
    """Values as a mapping of YAML in one line."""
    import json

    return (
        "{"
        + ", ".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
        + "}"
    )


def filled(text: str, fills: dict[str, str]) -> str:
    """A text with its marks replaced."""
    for mark, value in fills.items():
        text = text.replace(mark, value)
    return text


_OWN = {
    "__init__.py": textwrap.dedent('''\
        """@TITLE@."""

        from . import api, tasks
        from .api import *  # noqa: F403
        from .tasks import *  # noqa: F403

        __all__ = [*api.__all__, *tasks.__all__]  # noqa: PLE0604
        '''),
    "tasks.py": textwrap.dedent('''\
        """What is written by hand. Those made of the API's description are in api/."""

        from flowbook import Result, task

        from .api.models import Credentials, Nothing
        from .api.request import probe
        from .api.tasks import SERVICE

        __all__ = ["test_connection"]


        @task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
        def test_connection(credentials: Credentials, params: Nothing) -> Result:
            """Try the address and the credentials."""
            return probe(SERVICE, credentials@PROBE@)
        '''),
    "README.md": textwrap.dedent("""\
        # @TITLE@

        Made of the API's description: `flowbook new integration @NAME@ --update` reads that again and renews `api/`,
        and nothing else. What you add goes into `tasks.py`, with its name in `__all__` there. `flowbook catalog @NAME@`
        lists the tasks.

        ## Credentials

        | name | what it is |
        | --- | --- |
        @CREDENTIALS@

        ## Tasks

        ```yaml
        first: {task: @NAME@.@TASK@, integration: My @NAME@@PARAMS@}
        ```

        Tasks that read lists have `all_pages` where the description tells how pages follow each other.
        """),
    "icon.svg": textwrap.dedent("""\
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30">
          <rect x="1" y="1" width="28" height="28" rx="7" fill="#3f7f6f"/>
          <text x="15" y="20" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#fff">@LETTERS@</text>
        </svg>
        """),
}
_TEST = '''"""Run with: pytest. The service is a fake one on this machine that answers as told."""

from pathlib import Path

from flowbook.testing import check_contract, fake_service, run_task

FOLDER = Path(__file__).resolve().parent.parent


def test_the_connection_is_tried():
    with fake_service() as service:
        for path in ("/", "/{rest:path}"):
            service.on("GET", path, json={})
        result = run_task((FOLDER, "test_connection"), {"base_url": service.url})
    assert result.success, result.message
    assert len(service.requests) == 1


def test_the_folder_keeps_the_contract():
    assert [str(problem) for problem in check_contract(FOLDER) if problem.kind == "error"] == []
'''
