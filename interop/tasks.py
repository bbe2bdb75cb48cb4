"""Each task filled in by its form, saved, and run from the command line, with what the tests of its folder give it.

``counts`` has pytest run those tests with this module as a plugin. Where a task succeeds in one, the same params are
typed into the studio's form, what that saves is written down as a workflow, and ``flowbook run`` runs it against the
same stand-in or server, before the test lets go of that. A task counts once this succeeded. What can be done once only
(a message that is taken away, a place that is taken) is not counted, though nothing is wrong with it.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from interop.counts import Count

ROOT = Path(__file__).resolve().parent.parent
TRIES = 4
LEAST = 0.85


def counts() -> Iterator[Count]:
    """Of all tasks, those that went both ways."""
    from flowbook.catalog import Catalog

    count = Count("tasks by their form and from the command line", LEAST)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "interop.tasks", "--tasks-told", str(told)]
        subprocess.run([*command, "tests/integrations"], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        went = {name for name, why in map(json.loads, told.read_text().splitlines()) if not why}
    for integration in Catalog(environ={}).folders():
        for spec in integration.tasks.values():
            count.add(spec.name, spec.name in went)
    yield count


# -- as a plugin of pytest --------------------------------------------------------------------------------------------


class _Call(NamedTuple):
    """One that succeeded in a test."""

    folder: str
    task: str
    credentials: dict[str, Any]
    params: dict[str, Any]
    root: Path | None


class _Seen:
    """What tests called, until each task went both ways."""

    def __init__(self, told: Path) -> None:
        self._told = told
        self._went: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._waiting: list[_Call] = []
        self._busy = False

    def note(self, function: Callable[..., Any], credentials: Any, params: Any, success: bool) -> None:
        """Remember a call, if it is one of a folder of ours that has something new."""
        from flowbook.tasks import current

        home, _, rest = function.__module__.partition(".")
        folder = rest.partition(".")[0].partition("__v")[0]
        name = f"{folder}.{function.__name__}"
        ours = home in ("integrations", "flowbook_integrations")
        if self._busy or not ours or not success or name in self._went or self._tries[name] >= TRIES:
            return
        with contextlib.suppress(TypeError, ValueError):  # params that no file holds
            given = json.loads(json.dumps(_plain(params))), json.loads(json.dumps(_plain(credentials)))
            self._tries[name] += 1
            self._waiting.append(_Call(folder, function.__name__, given[1], given[0], current().root))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """At the end of a test, while what it called is still there."""
        self._waiting.clear()
        yield
        self._busy = True
        for call in list(self._waiting):
            name = f"{call.folder}.{call.task}"
            if name not in self._went:
                try:
                    why = _both_ways(call)
                except (Exception, SystemExit) as error:  # noqa: BLE001 - it is counted as one that did not go
                    why = f"{type(error).__name__}: {error}"
                if not why:
                    self._went.add(name)
                with self._told.open("a") as file:
                    file.write(json.dumps([name, why]) + "\n")
        self._busy = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where to tell what came of it."""
    parser.addoption("--tasks-told", help="file that gets a line for each task that was tried: its name, why it failed")


def pytest_configure(config: pytest.Config) -> None:
    """See every call of a task, before a folder is imported."""
    from flowbook.authoring.testing import running
    from flowbook.tasks import contract, running_as

    seen = _Seen(Path(config.getoption("--tasks-told")))
    config.pluginmanager.register(seen)
    caller, run_in = contract._caller, running.run_in

    def noting(function: Any) -> Any:
        call = caller(function)

        @functools.wraps(call)
        def noted(*given: Any, **named: Any) -> Any:
            result = call(*given, **named)
            credentials, params = (*given, *named.values(), None, None)[:2]
            seen.note(function, credentials, params, result["success"])
            return result

        return noted

    def noting_run(context: Any, spec: Any, credentials: Any, params: Any) -> Any:
        outcome = run_in(context, spec, credentials, params)
        with running_as(context):
            seen.note(spec.function, credentials, params, outcome.success)
        return outcome

    of_tasks, of_tests = cast(Any, contract), cast(Any, running)
    of_tasks._caller, of_tests.run_in = noting, noting_run


def _plain(given: Any) -> dict[str, Any]:
    """Credentials or params as a file holds them."""
    if hasattr(given, "model_fields_set"):
        given = {name: getattr(given, name) for name in given.model_fields_set}
    shown = {name: value.reveal() if hasattr(value, "reveal") else value for name, value in dict(given or {}).items()}
    return {name: value for name, value in shown.items() if value is not None}


def _both_ways(call: _Call) -> str:
    """Why it did not succeed; empty when it did."""
    with tempfile.TemporaryDirectory() as folder:
        params, why = _filled_in(Path(folder), call)
    if why:
        return f"form: {why}"
    whys = []
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as aside:
        for root in dict.fromkeys((call.root or Path(empty), Path(empty))):  # what it made may be in its own way
            run = _run(root, Path(aside), call, params)
            if run["status"] == "succeeded":
                return ""
            whys.append(str(run["error"]["message"]))
    return whys[0]


def _filled_in(root: Path, call: _Call) -> tuple[dict[str, Any], str]:
    """What the form saves of the params, and what is wrong with it."""
    from tests.entering import enter, leave_empty
    from tests.ui.test_every_task import FOLDERS, by_fields, inspected, typed

    spec = FOLDERS[call.folder].tasks[call.task]
    if not spec.parameters:
        return {}, ""
    wanted = by_fields(spec, call.params)
    if lacking := sorted(call.params.keys() - wanted.keys()):
        return {}, f"there is no field for {', '.join(lacking)}"
    with inspected(root, call.folder, [call.task]) as (_, editing, inspector):
        inspector.select(call.task)
        for name, value in wanted.items():
            parameter = spec.parameter(name)
            assert parameter is not None
            if value == "":
                leave_empty(inspector.params.form, name)
            else:
                enter(inspector.params.form, **{name: typed(parameter, value)})
        problems = inspector.params.form.problems()
        return dict(editing.workflow.nodes[call.task].params), str(problems) if problems else ""


def _run(root: Path, aside: Path, call: _Call, params: Mapping[str, Any]) -> dict[str, Any]:
    """The document of the run that the command line makes of it."""
    file, at = root / "both.flow.yaml", ["-C", str(root)]
    node: dict[str, Any] = {"task": f"{call.folder}.{call.task}", "params": params}
    _command([*at, "init"])
    if call.credentials:
        given = aside / "credentials.json"
        given.write_text(json.dumps(call.credentials))
        _command([*at, "types", "create", call.folder])
        _command([*at, "integrations", "delete", "Both", "--yes"])
        _command([*at, "integrations", "create", "Both", "--type", call.folder, "--credentials", str(given)])
        node["integration"] = "Both"
    file.write_text(json.dumps({"flowbook": 1, "name": "both", "nodes": {"it": node}}))
    looked_at = _command([*at, "trust", "--print", str(file)]).split()[-1]
    told: dict[str, Any] = json.loads(_command([*at, "run", str(file), "--trust", looked_at, "--json"]))
    return told


def _command(words: list[str]) -> str:
    """What a command prints."""
    from flowbook.cli import run

    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(io.StringIO()):
        run(words)
    return shown.getvalue()
