"""Checks a folder against what every integration owes its users; each problem comes with its remedy."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowbook.authoring.testing.leaks import leaks_in
from flowbook.authoring.testing.running import Outcome, load_folder, run_task
from flowbook.authoring.testing.service import fake_service
from flowbook.catalog import Folder, FolderProblem
from flowbook.catalog.loading import Snapshot, stamp_of
from flowbook.models import Parameter
from flowbook.parsing import parse_module
from flowbook.tasks.docstring import entries
from flowbook.tasks.keys import FunctionNode, function_node
from flowbook.tasks.spec import TaskSpec

SENTINEL = "sentinel-of-the-contract-check"
"""What stands for a secret in made-up credentials."""
_PATIENCE = 20.0  # seconds that test_connection may take against a service that answers at once


def check_contract(folder: Folder | str | Path, *, run: bool = True) -> list[FolderProblem]:
    """Everything that is wrong with an integration folder, given itself or by its path; [] when nothing is.

    Beyond what the catalog says (imports, ``__all__``, signatures, test_connection): undocumented tasks, params and
    credentials, results that break the contract where the source shows it, and secrets that are printed, logged,
    returned or raised. With ``run``, test_connection is also called, with made-up credentials, when they hold an
    address that can be pointed at a fake service on this machine; nothing else is contacted. Each problem says ``what``
    is wrong and its ``remedy``. Raises NotFound when there is no folder.
    """
    loaded = folder if isinstance(folder, Folder) else load_folder(folder)
    problems = list(loaded.problems)
    for spec in loaded.tasks.values():
        problems += _documentation(loaded, spec)
        problems += _results(loaded, spec)
        problems += _leaks(loaded, spec)
    problems += _credentials(loaded)
    problems += _undefined(loaded)
    if run:
        problems += _tried(loaded)
    return problems


def _problem(folder: Folder, what: str, remedy: str, task: str = "", kind: Any = "error") -> FolderProblem:
    return FolderProblem(folder.name, what, remedy, kind=kind, task=task)


def _documentation(folder: Folder, spec: TaskSpec) -> Iterator[FolderProblem]:
    name = spec.function_name
    if not spec.description:
        remedy = "Give it a docstring; its first line is what the palette shows."
        yield _problem(folder, f"{name} is not documented.", remedy, name, "warning")
    typed = spec.signature.params_type is not None
    missing = _undocumented(spec.parameters, typed, spec.doc, "params")
    if missing:
        yield _problem(folder, f"{name}: {_listed(missing)} not documented.", _remedy(typed, "params"), name, "warning")


def _credentials(folder: Folder) -> Iterator[FolderProblem]:
    specs = sorted(folder.tasks.values(), key=lambda spec: spec.function_name != "test_connection")
    typed = any(spec.signature.credentials_type is not None for spec in specs)
    doc = "\n".join(spec.doc for spec in specs[:1])
    missing = _undocumented(folder.credentials, typed, doc, "credentials")
    if missing:
        remedy = _remedy(typed, "credentials")
        yield _problem(folder, f"credentials: {_listed(missing)} not documented.", remedy, "test_connection", "warning")


def _undefined(folder: Folder) -> Iterator[FolderProblem]:
    """Names that the code uses and nothing defines, as a forgotten import leaves them."""
    from pyflakes.checker import Checker
    from pyflakes.messages import UndefinedName

    for path, content in sorted(Snapshot.read(folder.path, stamp_of(folder.path)).files.items()):
        try:
            found = Checker(parse_module(content), filename=path).messages if path.endswith(".py") else []
        except (SyntaxError, ValueError, RecursionError):
            continue  # the failed import is a problem already
        lines = content.decode("utf-8", "replace").splitlines()
        for message in sorted(found, key=lambda one: one.lineno):
            if isinstance(message, UndefinedName) and "noqa" not in lines[message.lineno - 1]:
                what = f"{path}, line {message.lineno}: nothing defines {message.message_args[0]!r}."
                yield _problem(folder, what, "Import or define it, or correct its name.")


def _undocumented(parameters: tuple[Parameter, ...], typed: bool, doc: str, block: str) -> list[str]:
    named = set() if typed else {entry.name for entry in entries(doc, block)}
    return [p.name for p in parameters if not p.description and p.name not in named]


def _listed(names: list[str]) -> str:
    return ", ".join(names) + (" is" if len(names) == 1 else " are")


def _remedy(typed: bool, block: str) -> str:
    if typed:
        return "Say what it is with Field(description=…)."
    where = " of test_connection" if block == "credentials" else ""
    return f'List it in the "{block}:" block of the docstring{where}, with an example.'


def _results(folder: Folder, spec: TaskSpec) -> Iterator[FolderProblem]:
    node = function_node(inspect.unwrap(spec.function))
    if node is None:
        return
    remedy = 'Return {"success": True or False, "message": "…", "data": …}.'
    for line, what in _broken_results(node):
        place = f", line {line}," if line else ""
        yield _problem(folder, f"{spec.function_name}{place} {what}.", remedy, spec.function_name)


def _broken_results(node: FunctionNode) -> Iterator[tuple[int, str]]:
    """(line, what is wrong) for each result that can be seen to break the contract."""
    if isinstance(node, ast.Lambda):
        wrong = _wrong_value(node.body)
        if wrong:
            yield node.lineno, wrong
        return
    own = list(_own_nodes(node))
    returns = [inner for inner in own if isinstance(inner, ast.Return)]
    if any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in own):
        yield node.lineno, "is a generator: it yields in place of returning"
        return
    if not returns and not any(isinstance(inner, ast.Raise) for inner in own):
        yield node.lineno, "returns nothing"
    for inner in returns:
        wrong = _wrong_value(inner.value)
        if wrong:
            yield inner.lineno, wrong


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _own_nodes(child)


def _wrong_value(value: ast.AST | None) -> str:
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return "returns nothing"
    if isinstance(value, ast.IfExp):
        return _wrong_value(value.body) or _wrong_value(value.orelse)
    if isinstance(value, (ast.Constant, ast.JoinedStr)):
        kind = type(value.value).__name__ if isinstance(value, ast.Constant) else "str"
        return f"returns a {kind} instead of a dict"
    if isinstance(value, (ast.List, ast.Tuple, ast.Set, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.Compare)):
        return "returns something else than a dict"
    return _wrong_dict(value) if isinstance(value, ast.Dict) else ""


def _wrong_dict(value: ast.Dict) -> str:
    if None in value.keys:
        return ""  # something is unpacked into it, which may be what is missing
    fields = {
        key.value: item for key, item in zip(value.keys, value.values, strict=True) if isinstance(key, ast.Constant)
    }
    if len(fields) < len(value.keys):
        return ""
    missing = [name for name in ("success", "message") if name not in fields]
    if missing:
        return f"returns a dict without {' and '.join(map(repr, missing))}"
    for name, kind in (("success", bool), ("message", str)):
        item = fields[name]
        if isinstance(item, ast.Constant) and not isinstance(item.value, kind):
            return f"returns {item.value!r} as {name!r}"
    return ""


def _leaks(folder: Folder, spec: TaskSpec) -> Iterator[FolderProblem]:
    secrets = {parameter.name for parameter in folder.credentials if parameter.secret}
    typed = spec.signature.credentials_type is not None
    for leak in leaks_in(spec.function, secrets, typed):
        verb = "reports as progress" if leak.verb == "progress" else leak.verb
        what = f"{spec.function_name}, line {leak.line}, {verb} a secret credential."
        yield _problem(folder, what, "Take it out; say which account it is instead.", spec.function_name)


def _tried(folder: Folder) -> Iterator[FolderProblem]:
    """Call test_connection with sentinels for secrets, against a service that refuses and one that accepts."""
    spec = folder.test_connection
    addresses = [p for p in folder.credentials if p.type == "url" or p.name.endswith("url")]
    if spec is None or not addresses:
        return
    reported: set[str] = set()
    for status in (401, 200):
        with fake_service() as service:
            service.on("*", "/{rest:path}", status=status, json={}).on("*", "/", status=status, json={})
            outcome = _run_patiently(spec, made_up(folder.credentials, service.url))
        for what in _seen_in(outcome, status):
            if what not in reported:
                reported.add(what)
                remedy = "Return success, message and data, none of them holding a credential, within seconds."
                yield _problem(folder, f"test_connection {what}.", remedy, spec.function_name)


def made_up(credentials: tuple[Parameter, ...], url: str) -> dict[str, Any]:
    """Credentials of the right types; addresses lead to ``url``, and secrets hold the sentinel."""
    made: dict[str, Any] = {}
    samples: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "email": "a@example.com", "json": {}}
    for parameter in credentials:
        address = parameter.type == "url" or parameter.name.endswith("url")
        if parameter.secret:
            made[parameter.name] = f"{url}/{SENTINEL}" if address else SENTINEL
        elif address:
            made[parameter.name] = url
        elif parameter.required:
            made[parameter.name] = parameter.choices[0] if parameter.choices else samples.get(parameter.type, "x")
    return made


def _run_patiently(spec: TaskSpec, credentials: dict[str, Any]) -> Outcome | None:
    """The outcome, or None when it took too long; the late call is told to stop and left behind."""
    outcomes: list[Outcome] = []
    stop = threading.Event()
    worker = threading.Thread(
        target=lambda: outcomes.append(run_task(spec, credentials, {}, stop=stop, run_id="check")), daemon=True
    )
    shown = sys.stdout, sys.stderr
    worker.start()
    worker.join(_PATIENCE)
    stop.set()
    sys.stdout, sys.stderr = shown  # a call that is left behind would keep them
    return outcomes[0] if outcomes else None


def _seen_in(outcome: Outcome | None, status: int) -> Iterator[str]:
    if outcome is None:
        yield f"takes more than {_PATIENCE:g} seconds against a service that answers at once"
        return
    if status == 401 and outcome.success:
        yield "calls it a success when the service refuses the credentials (status 401)"
    if SENTINEL in outcome.output:
        yield "prints a secret credential"
    if SENTINEL in outcome.message or SENTINEL in json.dumps(outcome.data, default=str):
        yield "puts a secret credential into its result"
