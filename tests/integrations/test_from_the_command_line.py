"""Every task of every folder, run by ``flowbook run`` with what its README shows, as when it is called directly.

The folders and their tasks come from the catalog: a new task is held by being there, and a new folder that needs a
server has to say here which. A web service is a stand-in that finds nothing; all others are the real ones.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowbook import Workflow, Workspace
from flowbook.authoring.testing.contract import made_up
from flowbook.authoring.testing.enduring import quick_context
from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.authoring.testing.running import run_in
from flowbook.catalog import Catalog, Folder
from flowbook.cli import run as command_line
from flowbook.mcp import SESSIONS
from flowbook.models import node_from_document
from flowbook.tasks.spec import TaskSpec
from flowbook.tasks.stop import Stop
from flowbook.testing import FakeService
from tests.integrations import test_line_faults as lines
from tests.integrations import test_mcp, test_service_faults
from tests.integrations.test_line_faults import smtp_server

__all__ = ["smtp_server"]
FOLDERS: dict[str, Folder] = {folder.name: folder for folder in Catalog(environ={}).folders()}
SERVERS = {**lines.SERVERS, "azure_blob": "azure_server", "gcs": "gcs_server", "s3": "s3_server"}
MARK = re.compile(r"\d+|[0-9a-f]{8,}")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    assert command_line(["-C", str(tmp_path), "init"]) == 0
    yield tmp_path
    SESSIONS.close()


def credentials_of(name: str, request: pytest.FixtureRequest, service: FakeService, workspace: Path) -> dict[str, Any]:
    if name in SERVERS:
        given: dict[str, Any] = request.getfixturevalue(SERVERS[name]).credentials()
        return given
    if name == "mcp":
        script = workspace / "server.py"
        script.write_text(test_mcp.SERVER)
        return {"command": f"{sys.executable} {script}"}
    service.on("*", "/{rest:path}", status=404, json={"message": "not here"})
    made = test_service_faults.CREDENTIALS.get(name)
    given = made(service.url) if made else made_up(FOLDERS[name].credentials, service.url)
    return {one: value for one, value in given.items() if one != "service_account"}  # which is a file of JSON


PARAMS: dict[str, dict[str, dict[str, Any]]] = {
    "core": {"python": {"code": "data = 6 * 7"}, "wait": {"seconds": 0}},
    "redis": lines.PARAMS["redis"],
}
"""Where the README's examples are of data that an earlier node gives, or wait for what does not come."""
RUN_WORKFLOWS = ("core", "llm")
INSIDE = re.compile(r"only .* from inside a run of a workspace")
FIRST, LAST = (
    ("create", "make", "put", "write", "upload", "insert", "append", "push"),
    ("delete", "drop", "move"),
)


def in_order(folder: Folder) -> list[TaskSpec]:
    """What makes something comes before what uses it, and what takes it away after."""
    words = {spec.name: spec.function_name.partition("_")[0] for spec in folder.tasks.values()}
    return sorted(folder.tasks.values(), key=lambda one: (words[one.name] in LAST) - (words[one.name] in FIRST))


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_task_runs_from_the_command_line(
    name: str, request: pytest.FixtureRequest, service: FakeService, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = FOLDERS[name]
    credentials = credentials_of(name, request, service, workspace)
    label = put_integration(workspace, folder, credentials)
    nodes: dict[str, Any] = {}
    examples = Examples(folder)
    for spec in in_order(folder):
        params = PARAMS.get(name, {}).get(spec.function_name) or examples.params_of(spec)
        assert params is not None, f"{spec.name}: show it as a node in README.md"
        params = {one: f"{service.url}/page" if one.endswith("url") else value for one, value in params.items()}
        put_files(workspace, spec, params)
        if name in RUN_WORKFLOWS:
            put_workflows(workspace, params)
        nodes[spec.function_name] = {"task": spec.name, **label, **({"params": params} if params else {})}
    told = run_from_the_command_line(workspace, name, nodes, capsys)
    different = []
    for task, one in told.items():
        if one["status"] != "succeeded":
            params = nodes[task].get("params", {})
            again = run_in(quick_context(workspace, Stop()), folder.tasks[task], credentials, params).message
            if plain(one["message"]) != plain(again) and not INSIDE.search(again):
                different.append(f"{task}: {one['message']!r}, but directly {again!r}")
    assert different == []
    assert set(told) == set(nodes)
    succeeded = {task: one["data"] for task, one in told.items() if one["status"] == "succeeded"}
    assert unlike(folder, succeeded) == []


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_task_is_a_node_in_the_readme_which_any_reader_of_yaml_takes(name: str) -> None:
    text = (FOLDERS[name].path / "README.md").read_text(encoding="utf-8")
    nodes = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    shown = {node_from_document(id, node).task for block in nodes for id, node in block.items()}
    assert shown >= {spec.name for spec in FOLDERS[name].tasks.values()}


def unlike(folder: Folder, given: dict[str, Any]) -> list[str]:
    """Tasks whose example, which a dry run gives to what follows, is not of the shape of what a real server gave."""
    examples = {task: folder.tasks[task].example for task in given}
    return [
        f"{task}: gave {given[task]!r}, its example is {example!r}"
        for task, example in examples.items()
        if example is not None and not alike(example, given[task])
    ]


def alike(example: Any, given: Any) -> bool:
    """Whether both have the same fields and kinds; nothing is like anything, and an empty list like any."""
    if example is None or given is None:
        return True
    if isinstance(example, dict) and isinstance(given, dict):
        return example.keys() == given.keys() and all(alike(example[name], given[name]) for name in example)
    if isinstance(example, list) and isinstance(given, list):
        return not example or not given or alike(example[0], given[0])
    return type(example) is type(given)


def put_integration(workspace: Path, folder: Folder, credentials: dict[str, Any]) -> dict[str, str]:
    if not folder.credentials:
        return {}
    at, label, given = ["-C", str(workspace)], f"My {folder.name}", workspace / "credentials.json"
    given.write_text(json.dumps(credentials))
    assert command_line([*at, "types", "create", folder.name]) == 0
    create = ["integrations", "create", label, "--type", folder.name, "--credentials", str(given)]
    assert command_line([*at, *create]) == 0
    return {"integration": label}


def put_workflows(workspace: Path, params: dict[str, Any]) -> None:
    """Those that a task is to run."""
    with Workspace(workspace) as ws:
        for name in [params.get("workflow"), *(params.get("workflows") or ())]:
            if name:
                flow = Workflow(name)
                flow.add("end", "core.noop")
                ws.save(flow)


def run_from_the_command_line(
    workspace: Path, name: str, nodes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    file, at = workspace / f"{name}.flow.yaml", ["-C", str(workspace)]
    file.write_text(yaml.safe_dump({"flowbook": 1, "name": name.replace("_", "-"), "nodes": nodes}, sort_keys=False))
    capsys.readouterr()
    command_line([*at, "trust", "--print", str(file)])
    looked_at = capsys.readouterr().out.split()[-1]
    command_line([*at, "run", str(file), "--trust", looked_at, "--json", "--max-workers", "1"])
    run = json.loads(capsys.readouterr().out)
    assert run["status"] in ("succeeded", "failed"), run["error"]["message"]
    found: dict[str, Any] = run["nodes"]
    return found


def plain(message: str) -> str:
    """Without what is another at each call."""
    return MARK.sub("#", message)
