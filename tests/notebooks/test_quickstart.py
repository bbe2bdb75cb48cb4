"""The quickstart: the notebook, the demonstration that executes it, and the same workflow from the command line."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from flowbook.catalog import Catalog
from flowbook.formats.flowfile import dumps, read_flow_file
from flowbook.testing import FakeService, fake_service
from flowbook.validation import validate
from tests import forks

pytestmark = pytest.mark.usefixtures("quick_kernels")

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
WEBHOOK = "/services/T00/B00/quickstart"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment for other processes in which nothing of this machine's user counts."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    return {**kept, "FLOWBOOK_CONFIG_DIR": str(tmp_path / "config"), "TMPDIR": str(tmp_path), "NO_PROXY": "127.0.0.1"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the notebooks."""
    return copied(tmp_path / "notebooks")


def copied(target: Path) -> Path:
    """A copy of the notebooks without what running them left."""
    left_out = shutil.ignore_patterns(".flowbook", "output", ".ipynb_checkpoints", "__pycache__")
    shutil.copytree(NOTEBOOKS, target, ignore=left_out)
    return target


def flowbook(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = forks.python("-m", "flowbook", "-C", str(folder), *arguments)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def demo(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    folder = Path(command[-1]).parent
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the demonstration printed, and the folder it worked in; made once."""
    temporary = tmp_path_factory.mktemp("demo")
    project = copied(temporary / "project")
    before = sorted(project.rglob("*"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    done = demo({**kept, "TMPDIR": str(temporary)}, sys.executable, str(project / "demo.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    executed = Path(re.findall(r"executed notebook is (.*)", done.stdout)[0])
    return {
        "text": done.stdout,
        "folder": executed.parent,
        "cells": nbformat.read(executed, 4).cells,
        "before": before,
        "after": sorted(project.rglob("*")),
    }


def test_the_demonstration_tells_each_node_s_outcome(demonstration: dict[str, Any]) -> None:
    first, second = demonstration["text"].split("quickstart: succeeded")[1:]
    for node in ("read", "load", "totals", "airports", "verdict", "report"):
        assert f"✓ {node}  succeeded" in first
        assert f"✓ {node}  succeeded" in second
    assert "✓ alarm  succeeded" in first
    assert "– quiet  skipped" in first
    assert "– alarm  skipped" in second
    assert "✓ quiet  succeeded" in second
    assert "10,000 rows" in first


def test_the_demonstration_tells_what_it_is_at(demonstration: dict[str, Any]) -> None:
    before, _ = demonstration["text"].split("quickstart: succeeded", 1)
    sections = [line.strip() for line in before.splitlines() if line.endswith(" …")]
    assert sections[0] == "1. Open a workspace …"
    assert len(sections) > 5


def test_the_demonstration_names_reports_that_are_there(demonstration: dict[str, Any]) -> None:
    reports = [Path(line) for line in re.findall(r"The report is (.*)", demonstration["text"])]
    assert [report.name for report in reports] == ["bird-strikes-1997.md", "bird-strikes-2001.md"]
    text = reports[1].read_text(encoding="utf-8")
    assert "In 2001 there were 1095 bird strikes; 111 did damage, and they cost 5.77 million dollars." in text
    assert "| NEWARK LIBERTY INTL ARPT | 16 | 3644483 |" in text
    assert "nobody was told" in reports[0].read_text(encoding="utf-8")


def test_the_notebook_shows_the_message_that_arrived(demonstration: dict[str, Any]) -> None:
    cell = next(cell for cell in demonstration["cells"] if cell.id == "message")
    assert "The costliest airport was NEWARK LIBERTY INTL ARPT." in cell.outputs[0].text


def test_the_webhook_is_written_nowhere_in_clear(demonstration: dict[str, Any]) -> None:
    # The notebook's source names the stand-in's path, so only what was produced is looked at.
    outputs = json.dumps([cell.get("outputs", []) for cell in demonstration["cells"]])
    assert WEBHOOK not in outputs
    for path in (demonstration["folder"] / ".flowbook").rglob("*"):
        assert not path.is_file() or WEBHOOK.encode() not in path.read_bytes(), path.name


def test_the_demonstration_leaves_the_project_as_it_was(demonstration: dict[str, Any]) -> None:
    assert demonstration["after"] == demonstration["before"]


def test_a_notebook_that_fails_fails_the_demonstration(environment: dict[str, str], folder: Path) -> None:
    (folder / "data" / "birdstrikes.csv").unlink()
    done = demo(environment, *forks.python(str(folder / "demo.py")))
    assert done.returncode == 1
    assert "✗ read  failed" in done.stdout
    assert "RunFailed" in done.stderr


def test_a_notebook_can_be_executed_again(environment: dict[str, str], folder: Path) -> None:
    from nbclient import NotebookClient

    for _ in range(2):
        notebook = nbformat.read(folder / "quickstart.ipynb", 4)
        client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
        client.execute(env=environment)
    listed = json.loads(flowbook(folder, environment, "runs", "list", "--json").stdout)
    assert [run["status"] for run in listed] == ["succeeded"] * 4
    assert len(json.loads(flowbook(folder, environment, "integrations", "list", "--json").stdout)) == 1


def receiver(service: FakeService) -> str:
    """A local receiver for messages; the credentials that send them there."""
    service.on("POST", WEBHOOK, body="ok", headers={"Content-Type": "text/html"})
    return json.dumps({"webhook_url": service.url + WEBHOOK})


def test_the_command_line_runs_the_same_workflow(environment: dict[str, str], folder: Path) -> None:
    with fake_service() as service:
        environment["FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE"] = receiver(service)
        done = flowbook(folder, environment, "run", str(folder / "quickstart.flow.yaml"), "--json")
        assert done.returncode == 0, done.stderr
        (message,) = [request.json["text"] for request in service.requests]
    nodes = json.loads(done.stdout)["nodes"]
    assert message.endswith("The costliest airport was NEWARK LIBERTY INTL ARPT.")
    assert {id for id, node in nodes.items() if node["status"] == "skipped"} == {"quiet"}
    assert nodes["totals"]["data"] == [{"strikes": 1095, "damaging": 111, "million": 5.77}]
    assert "The team was told." in (folder / nodes["report"]["data"]["path"]).read_text(encoding="utf-8")
    assert WEBHOOK not in done.stdout + done.stderr


def test_under_the_limit_nothing_is_sent(environment: dict[str, str], folder: Path) -> None:
    with fake_service() as service:
        environment["FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE"] = receiver(service)
        done = flowbook(
            folder, environment, "run", str(folder / "quickstart.flow.yaml"), "-i", "limit=5.77", "-i", "year=2001"
        )
        assert done.returncode == 0, done.stderr
        assert service.requests == []


def test_a_year_without_reports_is_a_quiet_one(environment: dict[str, str], folder: Path) -> None:
    environment["FLOWBOOK_CREDENTIALS__MY_SLACK_WORKSPACE"] = '{"webhook_url": "http://127.0.0.1:9/unused"}'
    done = flowbook(folder, environment, "run", str(folder / "quickstart.flow.yaml"), "-i", "year=2020", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nodes"]["totals"]["data"] == [{"strikes": 0, "damaging": 0, "million": 0.0}]


def test_the_workflow_file_has_no_problems_and_is_in_its_own_form() -> None:
    path = NOTEBOOKS / "quickstart.flow.yaml"
    flow = read_flow_file(path)
    report = validate(flow, Catalog(environ={}), integrations=lambda: {"My Slack Workspace": "slack"}, workflows=list)
    assert [problem.text("quickstart") for problem in report.errors] == []
    assert path.read_text(encoding="utf-8") == dumps(flow)


def test_the_data_are_those_that_their_page_describes() -> None:
    page = (NOTEBOOKS / "data" / "README.md").read_text(encoding="utf-8")
    data = NOTEBOOKS / "data" / "birdstrikes.csv"
    content = data.read_bytes()
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    assert blob in page
