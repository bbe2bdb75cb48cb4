"""Keys and credentials of unattended runs are taken out of the environment, and fit one type only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowbook import environment
from flowbook.errors import MissingCredentials
from flowbook.models import Parameter
from flowbook.workspace import Workspace

SECRET = "tok-77ab-cd12-zz"
KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
SPY = '''
import os, subprocess, sys

AT_IMPORT = {name: value for name, value in os.environ.items() if name.startswith("FLOWBOOK_")}

def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}

def look(credentials, params):
    """Look whether the credentials are to be seen anywhere but in the call."""
    child = subprocess.run([sys.executable, "-c", "import os; print(dict(os.environ))"], capture_output=True, text=True)
    seen = [str(AT_IMPORT), str(dict(os.environ)), child.stdout]
    for process in (os.getpid(), os.getppid()) if sys.platform == "linux" else ():
        if process == os.getpid() or os.environ.get("LOOK_ABOVE"):
            seen.append(open(f"/proc/{process}/environ", errors="replace").read())
    found = [place for place, text in enumerate(seen) if credentials["token"][4:] in text or "AAAAAAAAAAAA" in text]
    return {"success": not found, "message": str(found)}
'''
FLOW = """
flowbook: 1
name: spying
nodes:
  look: {task: spy.look, integration: Mine}
"""


def given(monkeypatch: pytest.MonkeyPatch, name: str, **values: object) -> None:
    monkeypatch.setenv(f"FLOWBOOK_CREDENTIALS__{name}", json.dumps(values))


@pytest.mark.parametrize("isolate", [False, True])
def test_no_import_no_task_and_no_process_sees_them(tmp_path: Path, isolate: bool) -> None:
    spy = tmp_path / "integrations" / "spy"
    spy.mkdir(parents=True)
    (spy / "tasks.py").write_text(SPY)
    flow = tmp_path / "spying.flow.yaml"
    flow.write_text(FLOW.replace("Mine}", "Mine, isolate: true}") if isolate else FLOW)
    variables = {
        "FLOWBOOK_KEY": KEY,
        "FLOWBOOK_CREDENTIALS__MINE": json.dumps({"integration_type": "spy", "token": SECRET}),
        "FLOWBOOK_CREDENTIALS__OTHER": json.dumps({"token": SECRET}),
    }
    done = subprocess.run(
        [sys.executable, "-m", "flowbook", "run", str(flow), "--json"],
        cwd=tmp_path,
        env={**os.environ, **variables, "FLOWBOOK_TRUST": str(tmp_path), **({"LOOK_ABOVE": "1"} if isolate else {})},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["nodes"]["look"]["status"] == "succeeded"


def test_they_are_taken_when_a_workspace_is_made_and_remembered_for_the_next(folder, monkeypatch):
    given(monkeypatch, "MINE", integration_type="demo", token="right-token")
    Workspace(folder).close()
    assert not [name for name in os.environ if name.startswith("FLOWBOOK_CREDENTIALS__")]
    ws = Workspace(folder)
    assert ws.credentials.of("Mine", "demo")[0] == {"token": "right-token"}
    assert ws.test_integration("Mine").success
    environment.give_back()
    assert "FLOWBOOK_CREDENTIALS__MINE" in os.environ
    ws.close()


def test_credentials_fit_the_tasks_of_their_type_only(ws, monkeypatch):
    given(monkeypatch, "MINE", integration_type="demo", token=SECRET)
    for folder in ("http", "slack", "core"):
        with pytest.raises(MissingCredentials, match="is of type 'demo'"):
            ws.credentials.of("Mine", folder)
    assert SECRET in ws.credentials.of("Mine", "demo")[1]


def test_credentials_that_name_no_type_fit_no_folder_that_declares_none(ws, monkeypatch):
    given(monkeypatch, "MINE", token=SECRET)
    assert ws.credentials.of("Mine", "demo")[0] == {"token": SECRET}
    with pytest.raises(MissingCredentials, match="no such credential"):
        ws.credentials.of("Mine", "slack")
    with pytest.raises(MissingCredentials, match='Add the type to its JSON object: "integration_type": "core"'):
        ws.credentials.of("Mine", "core")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"integration_type": "dem", "token": SECRET}, "Did you mean 'demo'"),
        ({"integration_type": 7, "token": SECRET}, "is not a text"),
        ({"integration_type": "slack", "bot_tokn": SECRET}, "Did you mean 'bot_token'"),
    ],
)
def test_what_does_not_fit_is_said_without_the_value(ws, monkeypatch, values, said):
    given(monkeypatch, "MINE", **values)
    with pytest.raises(MissingCredentials) as refused:
        ws.credentials.of("Mine")
    assert said in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_type_other_than_that_of_the_stored_integration_is_refused(ws, monkeypatch):
    ws.create_type("demo", [Parameter(name="token", type="password")])
    ws.create_integration("Mine", "demo", {"token": SECRET})
    given(monkeypatch, "MINE", integration_type="http", token=SECRET)
    with pytest.raises(MissingCredentials, match="is of type 'http', and the integration 'Mine' of type 'demo'"):
        ws.credentials.of("Mine", "demo")


def test_one_variable_does_not_mean_two_integrations(ws, monkeypatch):
    given(monkeypatch, "MY_DEMO", integration_type="demo", token=SECRET)
    flow = ws.root / "two.flow.yaml"
    flow.write_text(
        "flowbook: 1\nname: two\nnodes:\n  a: {task: demo.greet, integration: My Demo, params: {name: a}}\n"
        "  b: {task: demo.greet, integration: my-demo, params: {name: b}}\n"
    )
    with pytest.raises(MissingCredentials, match="means 'My Demo' and 'my-demo' alike"):
        ws.run(flow)


@pytest.mark.parametrize(
    "name",
    [
        "FLOWBOOK_CREDENTIALS_MINE",
        "FLOWBOOK_CREDENTIAL__MINE",
        "flowbook_credentials__mine",
        "FLOWBOOKCREDENTIALS_MINE",
    ],
)
def test_a_misspelt_variable_is_told_and_seen_by_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, json.dumps({"token": SECRET}))
    with Workspace(tmp_path) as ws:
        assert name not in os.environ
        flow = tmp_path / "spying.flow.yaml"
        flow.write_text(FLOW.replace("spy.look", "github.get_repository"))
        said = " ".join(problem.remedy for problem in ws.check(flow).errors)
    assert f"{name} is set: is that it?" in said
    assert SECRET not in said


def test_check_tells_of_a_variable_that_means_two_integrations_as_well(ws, monkeypatch):
    given(monkeypatch, "MY_DEMO", integration_type="demo", token=SECRET)
    flow = ws.root / "two.flow.yaml"
    flow.write_text(
        "flowbook: 1\nname: two\nnodes:\n  a: {task: demo.greet, integration: My Demo, params: {name: a}}\n"
        "  b: {task: demo.greet, integration: my-demo, params: {name: b}}\n"
    )
    (problem,) = [one for one in ws.check(flow).problems if one.field == "integration"]
    assert (problem.node, problem.message) == (
        "b",
        "FLOWBOOK_CREDENTIALS__MY_DEMO means 'My Demo' and 'my-demo' alike.",
    )
