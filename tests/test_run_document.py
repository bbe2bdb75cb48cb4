"""A run as JSON for programs: one form, described by a schema, at every exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flowbook.cli import run as run_command
from flowbook.journal.batches import Busy
from flowbook.models import Workflow
from flowbook.results import NODE_STATUSES, Cause, Source
from flowbook.view.document import refusal_document
from flowbook.workspace import Workspace

SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "run.schema.json").read_text(encoding="utf-8"))
FIELDS = ["version", "run", "workflow", "status", "error", "inputs", "started_at", "seconds", "nodes"]

TASKS = '''
from flowbook import task


@task(effects="read")
def echo(credentials, params):
    """Give the params."""
    return {"success": True, "message": params.get("say", "done"), "data": dict(params)}


@task(effects="write")
def fail(credentials, params):
    """Fail."""
    return {"success": False, "message": "no luck"}

'''


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "config"))
    ws = Workspace(tmp_path)
    good, bad = Workflow(name="good"), Workflow(name="bad")
    good.set_input("who", type="string", required=True)
    good.set_input("pin", type="password")
    good.add("a", "step.echo", params={"who": "${{ inputs.who }}"})
    bad.add("a", "step.fail")
    bad.add("b", "step.echo")
    bad.connect("a", "b")
    for flow in (good, bad):
        ws.save(flow)
    ws.close()
    (tmp_path / "broken.ipynb").write_text("{}")
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """The document that a command prints, which the schema allows."""
    capsys.readouterr()
    assert run_command([*arguments, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(document)
    assert list(document)[: len(FIELDS)] == FIELDS
    return document


@pytest.mark.usefixtures("place")
class TestEveryExitCode:
    def test_a_success(self, capsys: pytest.CaptureFixture[str]) -> None:
        document = printed(capsys, "run", "good", "-i", "who=Ada", "-i", "pin=s3same-0pen")
        assert (document["status"], document["error"], document["inputs"]["who"]) == ("succeeded", None, "Ada")
        assert "s3same-0pen" not in json.dumps(document)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document["started_at"])
        node = document["nodes"]["a"]
        assert (node["status"], node["cause"], node["source"]) == ("succeeded", "returned", "run")

    def test_a_failure(self, capsys: pytest.CaptureFixture[str]) -> None:
        document = printed(capsys, "run", "bad", code=1)
        assert (document["status"], document["error"]["kind"]) == ("failed", "RunFailed")
        assert "no luck" in document["error"]["message"]
        assert document["run"] in document["error"]["hint"]
        assert {id: one["cause"] for id, one in document["nodes"].items()} == {"a": "returned", "b": "upstream"}

    @pytest.mark.parametrize(
        ("arguments", "kind"),
        [
            (["good"], "InvalidInputs"),
            (["good", "-i", "who"], "InputError"),
            (["goood"], "NotFound"),
            (["bad", "--to", "z"], "NotFound"),
            (["good", "--inputs", "nothing.json"], "InputError"),
            (["good.flow.yaml", "--queue"], "InputError"),
            (["goood", "--queue"], "NotFound"),
            (["absent.ipynb"], "NotFound"),
            (["broken.ipynb"], "FileFormatError"),
            (["x" * 5000], "NotFound"),
        ],
    )
    def test_what_is_refused(self, arguments: list[str], kind: str, capsys: pytest.CaptureFixture[str]) -> None:
        document = printed(capsys, "run", *arguments, code=2)
        assert (document["run"], document["status"], document["workflow"]) == (None, "refused", arguments[0])
        assert (document["error"]["kind"], document["nodes"]) == (kind, {})
        assert document["error"]["message"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["run", "--max-workers", "0", "good"], ["run", "--if-running", "perhaps", "good"], ["run"],
            ["run", "--nonsense", "good"], ["run", "good", "more"], ["runs", "resume"],
        ],
    )  # fmt: skip
    def test_a_command_that_is_written_wrongly(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        document = printed(capsys, *arguments, code=2)
        assert (document["run"], document["status"], document["error"]["kind"]) == (None, "refused", "InputError")

    def test_what_is_handed_over_to_a_server(self, capsys: pytest.CaptureFixture[str]) -> None:
        document = printed(capsys, "run", "good", "--queue", "-i", "who=Ada")
        assert (document["status"], document["error"], document["nodes"]) == ("queued", None, {})

    def test_an_error_has_a_name_that_the_documentation_knows(self) -> None:
        document = refusal_document("good", Busy("the history is locked."))
        assert document["error"]["kind"] == "StoreError"

    def test_missing_credentials(self, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (place / "needs.flow.yaml").write_text(
            "flowbook: 1\nname: needs\nnodes:\n  a: {task: github.get_repo, integration: gone, params: {repo: a/b}}\n"
        )
        assert printed(capsys, "run", "needs.flow.yaml", code=3)["error"]["kind"] == "MissingCredentials"

    def test_a_resumption_and_one_that_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed(capsys, "run", "bad", code=1)
        document = printed(capsys, "runs", "resume", "last", code=1)
        assert document["status"] == "failed"
        printed(capsys, "run", "good", "-i", "who=Ada")
        assert printed(capsys, "runs", "resume", "last", code=2)["error"]["kind"] == "InputError"

    def test_the_history_shows_the_same(self, capsys: pytest.CaptureFixture[str]) -> None:
        ran = printed(capsys, "run", "bad", code=1)
        shown = printed(capsys, "runs", "show", "last")
        assert {name: shown[name] for name in FIELDS} == ran
        assert (shown["attempt"], shown["to"], shown["only"]) == (1, None, None)
        printed(capsys, "run", "bad", "--only", "b")
        assert printed(capsys, "runs", "show", "last")["only"] == "b"
        printed(capsys, "run", "good", "--to", "a", "-i", "who=Ada")
        assert printed(capsys, "runs", "show", "last")["to"] == "a"

    def test_half_a_character_is_escaped_and_the_exit_code_is_the_runs(
        self, place: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        flow = Workflow(name="half")
        flow.set_input("t", type="string")
        flow.add("a", "step.echo", params={"text": "${{ parse_json(inputs.t) }}"})
        ws = Workspace(place)
        ws.save(flow)
        ws.close()
        given = ["-i", r't="\udcff ß"']
        document = printed(capsys, "run", "half", *given)
        assert document["nodes"]["a"]["data"] == {"text": "\udcff ß"}
        assert printed(capsys, "runs", "show", "last")["nodes"]["a"]["data"] == {"text": "\udcff ß"}
        for form in ("json", "html", "md", "ipynb", "xml"):
            assert run_command(["runs", "report", "last", "-o", f"report.{form}"]) == 0
            (place / f"report.{form}").read_text(encoding="utf-8")
        assert run_command(["runs", "show", "last", "--node", "a"]) == 0


def test_the_schema_knows_every_status_cause_and_source() -> None:
    node = SCHEMA["$defs"]["node"]["properties"]
    assert node["status"]["enum"] == list(NODE_STATUSES)
    assert node["cause"]["enum"] == [None, *(cause.value for cause in Cause)]
    assert node["source"]["enum"] == [source.value for source in Source]
