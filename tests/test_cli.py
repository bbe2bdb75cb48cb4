"""The command line: what each command prints, and with which code it ends."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import click
import pytest

from flowbook.cli import cli, run
from flowbook.cli.common import print_table
from flowbook.cli.running import parse_pair
from flowbook.cli.types import parse_parameter
from flowbook.errors import FlowbookError, InputError
from flowbook.vault import forget_environment
from flowbook.workspace import Workspace
from tests.crosses import crossed
from tests.terminal import in_terminal
from tests.waiting import until

SECRET = "tok-5ecret-9876543210"

GREETING = """\
flowbook: 1
name: hello
inputs:
  who: {type: string, default: world}
  times: {type: integer, default: 1}
nodes:
  one:
    task: demo.greet
    params: {name: "${{ inputs.who }}"}
  two:
    task: demo.echo
    params: {text: "${{ nodes.one.data.text }}", times: "${{ inputs.times }}"}
edges:
- {from: one, to: two}
"""


# Runs a command in a terminal of its own, which it closes when it is told to; prints how the command ended.
IN_A_TERMINAL = """
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while sys.stdin not in select.select([terminal, sys.stdin], [], [])[0]:
    os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def flow(name: str, task: str, params: str = "{}", more: str = "") -> str:
    return f"flowbook: 1\nname: {name}\nnodes:\n  a: {{task: {task}, params: {params}{more}}}\n"


class Commands:
    """Runs commands in this process; keeps all that they printed, to look for secrets in."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.everything = self.errors = ""
        self.out = self.err = ""

    def __call__(self, *arguments: str, code: int = 0, stdin: str | bytes = b"") -> str:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        ended = run(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        self.everything += self.out + self.err
        self.errors += self.err
        assert ended == code, f"{arguments} ended with {ended}: {self.out}{self.err}"
        return self.out

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", code=code))

    def fails(self, *arguments: str, code: int = 2, stdin: str | bytes = b"") -> str:
        """What a command that must fail says on standard error; it prints nothing else."""
        self(*arguments, code=code, stdin=stdin)
        assert self.out == ""
        return self.err


@pytest.fixture
def flowbook(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Commands]:
    """Commands run in a workspace with the folder ``demo`` and the stored workflow ``hello``."""
    monkeypatch.chdir(folder)
    (folder / "hello.flow.yaml").write_text(GREETING)
    commands = Commands(capsys, monkeypatch)
    commands("init")
    commands("workflows", "import", "hello.flow.yaml")
    yield commands
    assert "Traceback" not in commands.errors
    assert "This is a bug" not in commands.errors
    assert SECRET not in commands.everything


def with_integration(flowbook: Commands, token: str = SECRET) -> None:
    flowbook("types", "create", "demo")
    document = json.dumps({"token": token})
    flowbook("integrations", "create", "My Demo", "--type", "demo", "--credentials", "-", stdin=document)


class TestInit:
    def test_it_makes_a_workspace_once(self, flowbook: Commands, folder: Path) -> None:
        assert "Made a workspace" in flowbook("init", "new/deep")
        assert (folder / "new" / "deep" / ".flowbook").is_dir()
        assert "There is a workspace" in flowbook("init", "new/deep")

    def test_a_circle_of_links_and_a_home_folder_that_is_none_are_said(
        self, flowbook: Commands, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "loop").symlink_to("loop")
        assert "File exists" in flowbook.fails("init", "loop")
        assert "there is no folder" in flowbook.fails("-C", "loop", "catalog")
        for line in (
            ["init", "~no-such-user/x"],
            ["-C", "~no-such-user", "catalog"],
            ["key", "export", "~no-such-user/x"],
        ):
            assert "no home folder '~no-such-user'" in flowbook.fails(*line)
        monkeypatch.setenv("FLOWBOOK_INTEGRATIONS", "~no-such-user/x")
        assert "FLOWBOOK_INTEGRATIONS: '~no-such-user/x': there is no home" in flowbook.fails("catalog")
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", "~no-such-user/x")
        assert "no home folder '~no-such-user'" in flowbook.fails("key", "status")

    def test_a_place_that_cannot_be_written_is_named(self, flowbook: Commands, folder: Path) -> None:
        (folder / "file").write_text("")
        assert str(folder / "file") in flowbook.fails("init", "file/below")
        stdout = sys.stdout
        assert "file" in flowbook.fails("init", "file")
        assert sys.stdout is stdout  # whoever calls it in a process of their own can still print

    def test_reading_in_a_folder_that_is_none_makes_nothing(
        self, flowbook: Commands, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        empty = tmp_path_factory.mktemp("empty")
        monkeypatch.chdir(empty)
        for command in ("types list", "integrations list", "workflows list", "runs list", "key status", "catalog"):
            flowbook(*command.split())
        assert list(empty.iterdir()) == []

    def test_the_workspace_may_be_chosen(self, flowbook: Commands, folder: Path, monkeypatch) -> None:
        monkeypatch.chdir("/")
        assert [w["name"] for w in flowbook.json("-C", str(folder), "workflows", "list")] == ["hello"]
        assert "there is no folder" in flowbook.fails("-C", "/no/such/folder", "workflows", "list")


class TestCatalog:
    def test_it_lists_folders_and_describes_one(self, flowbook: Commands) -> None:
        names = [described["name"] for described in flowbook.json("catalog")]
        assert {"demo", "core", "http", "slack"} <= set(names)
        described = flowbook.json("catalog", "demo")
        assert set(described) == {"name", "description", "source", "path", "hosts", "credentials", "tasks", "problems"}
        assert described["source"] == "workspace"
        greet = next(task for task in described["tasks"] if task["name"] == "demo.greet")
        assert [param["name"] for param in greet["params"]] == ["name"]
        assert "demo.greet" in flowbook("catalog", "demo")
        assert "demo" in flowbook("catalog")

    def test_a_broken_folder_is_shown_with_its_problem_and_breaks_nothing(
        self, flowbook: Commands, folder: Path
    ) -> None:
        (folder / "integrations" / "broken").mkdir()
        (folder / "integrations" / "broken" / "tasks.py").write_text("import no_such_module_here\n")
        assert "no_such_module_here" in flowbook("catalog")
        assert flowbook.json("catalog", "broken")["problems"][0]["remedy"]
        flowbook("run", "hello")

    def test_an_unknown_folder_suggests_the_nearest(self, flowbook: Commands) -> None:
        assert "Did you mean 'demo'?" in flowbook.fails("catalog", "demmo")


class TestTypes:
    def test_a_type_is_created_shown_listed_and_deleted(self, flowbook: Commands) -> None:
        flowbook("types", "create", "demo", "-p", "token:password:required:The token: secret", "-p", "port:integer",
                 "-p", "mode:select(a|b):optional:How", "-d", "For tests")  # fmt: skip
        assert flowbook.json("types", "show", "demo") == {
            "name": "demo",
            "description": "For tests",
            "parameters": [
                {"name": "token", "type": "password", "required": True, "description": "The token: secret"},
                {"name": "port", "type": "integer"},
                {"name": "mode", "type": "select", "description": "How", "choices": ["a", "b"]},
            ],
        }
        assert "password" in flowbook("types", "show", "demo")
        assert [kind["name"] for kind in flowbook.json("types", "list")] == ["demo"]
        assert "token, port, mode" in flowbook("types", "list")
        flowbook("types", "delete", "demo")
        assert flowbook.json("types", "list") == []

    def test_a_type_is_updated_parameter_by_parameter(self, flowbook: Commands) -> None:
        flowbook("types", "create", "demo", "-p", "token:password:required", "-p", "port:integer", "-d", "For tests")
        said = flowbook("types", "update", "demo", "-p", "port:string::The port", "-p", "host:url", "--remove", "token")
        assert said == "Updated the integration type demo (port, host)\n"
        assert flowbook.json("types", "show", "demo") == {
            "name": "demo",
            "description": "For tests",
            "parameters": [
                {"name": "port", "type": "string", "description": "The port"}, {"name": "host", "type": "url"},
            ],
        }  # fmt: skip
        flowbook("types", "update", "demo", "-d", "")
        flowbook("types", "update", "demo", "--from-folder")
        shown = flowbook.json("types", "show", "demo")
        assert (shown["description"], [p["name"] for p in shown["parameters"]]) == ("", ["token"])
        assert "give --from-folder" in flowbook.fails("types", "update", "demo")
        assert "Did you mean 'token'" in flowbook.fails("types", "update", "demo", "--remove", "tokn")
        assert "no integration type" in flowbook.fails("types", "update", "demos", "-d", "x")

    def test_what_an_integration_keeps_in_clear_cannot_become_a_password(self, flowbook: Commands) -> None:
        flowbook("types", "create", "demo", "-p", "token:string")
        flowbook("integrations", "create", "Mine", "--type", "demo", "--credentials", "-", stdin='{"token": "x"}')
        assert "“Mine” keeps this in clear" in flowbook.fails("types", "update", "demo", "-p", "token:password")
        assert flowbook.json("types", "show", "demo")["parameters"] == [{"name": "token", "type": "string"}]

    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ("x:password::Text", {"type": "password", "description": "Text"}),
            ("x:password::Text: more", {"type": "password", "description": "Text: more"}),
            ("x:string:See: here", {"type": "string", "description": "See: here"}),
            ("x:string:required", {"type": "string", "required": True}),
            ("x::required:T", {"type": "string", "required": True, "description": "T"}),
            ("x:select(a:b|c)::T", {"type": "select", "choices": ["a:b", "c"], "description": "T"}),
            ("x", {"type": "string"}), ("x:", {"type": "string"}), ("x:string:", {"type": "string"}),
        ],
    )  # fmt: skip
    def test_the_parts_of_a_parameter(self, text: str, fields: dict[str, Any]) -> None:
        assert parse_parameter(text).to_document() == fields

    def test_it_fills_itself_in_from_the_folder(self, flowbook: Commands) -> None:
        flowbook("types", "create", "demo", "--from-folder")
        assert [p["name"] for p in flowbook.json("types", "show", "demo")["parameters"]] == ["token"]

    @pytest.mark.parametrize(
        ("text", "says"), [("a:pasword", "'password'"), ("a:select()", "choices"), (":string", "name"),
                           ("a:string:x:y", "")]
    )  # fmt: skip
    def test_parameters_are_read_or_refused_with_the_remedy(self, text: str, says: str) -> None:
        if says:
            with pytest.raises(InputError, match=says):
                parse_parameter(text)
        else:
            assert parse_parameter(text).description == "x:y"

    def test_for_no_folder_or_twice_it_is_refused(self, flowbook: Commands) -> None:
        assert "'demo'" in flowbook.fails("types", "create", "demos")
        flowbook("types", "create", "demo")
        assert "already" in flowbook.fails("types", "create", "demo")
        assert "not both" in flowbook.fails("types", "create", "demo", "--from-folder", "-p", "a")
        assert "'demo'" in flowbook.fails("types", "show", "dem")

    def test_one_in_use_is_not_deleted(self, flowbook: Commands) -> None:
        with_integration(flowbook)
        assert "My Demo" in flowbook.fails("types", "delete", "demo")


class TestIntegrations:
    def test_credentials_come_from_standard_input_or_a_file_and_are_never_shown(
        self, flowbook: Commands, folder: Path
    ) -> None:
        with_integration(flowbook)
        (folder / "c.json").write_text("\ufeff" + json.dumps({"token": SECRET}), encoding="utf-8")
        flowbook("integrations", "create", "Other", "--type", "demo", "--credentials", "c.json")
        assert flowbook.json("integrations", "list")[0] == {
            "name": "My Demo", "type": "demo", "credentials": ["token"], "hosts": [],
            "hosts_chosen": False, "tested_at": None, "tested_ok": None,
            "tested_message": "",
        }  # fmt: skip
        assert "never" in flowbook("integrations", "list")

    def test_a_test_that_fails_ends_with_1_and_one_that_succeeds_with_0(self, flowbook: Commands) -> None:
        with_integration(flowbook)
        assert "The token is wrong" in flowbook("integrations", "test", "My Demo", code=1)
        flowbook("integrations", "update", "My Demo", "--credentials", "-", stdin='{"token": "right-token"}')
        assert flowbook.json("integrations", "test", "My Demo") == {
            "integration": "My Demo", "success": True, "message": "Connected"}  # fmt: skip

    def test_renaming_carries_workflows_along_and_deleting_removes(self, flowbook: Commands) -> None:
        with_integration(flowbook)
        Path("uses.flow.yaml").write_text(flow("uses", "demo.greet", "{name: x}", ", integration: My Demo"))
        flowbook("workflows", "import", "uses.flow.yaml")
        flowbook("integrations", "update", "My Demo", "--rename", "Renamed")
        assert flowbook.json("workflows", "show", "uses")["nodes"]["a"]["integration"] == "Renamed"
        flowbook("integrations", "delete", "Renamed")
        assert flowbook.json("integrations", "list") == []

    @pytest.mark.parametrize(
        "text", ["", "[1]", "{", "\xff", '{"a":' * 100_000, f'{{"tokn": "{SECRET}"}}', f'"{SECRET}"']
    )
    def test_what_does_not_fit_is_refused_without_repeating_it(self, flowbook: Commands, text: str) -> None:
        flowbook("types", "create", "demo", "-p", "token:password:required")
        says = flowbook.fails("integrations", "create", "X", "--type", "demo", "--credentials", "-",
                              stdin=text.encode("latin-1"))  # fmt: skip
        assert "credentials" in says
        assert len(says) < 400

    @pytest.mark.parametrize("name", ["", "  ", "x" * 201])
    def test_a_name_that_is_none_is_refused(self, flowbook: Commands, name: str) -> None:
        with_integration(flowbook)
        flowbook.fails("integrations", "create", name, "--type", "demo", "--credentials", "-", stdin='{"token": "x"}')

    def test_an_unknown_one_suggests_the_nearest(self, flowbook: Commands) -> None:
        with_integration(flowbook)
        assert "Did you mean 'My Demo'?" in flowbook.fails("integrations", "delete", "My Dmo")
        assert "Did you mean 'demo'?" in flowbook.fails(
            "integrations", "create", "X", "--type", "dmo", "--credentials", "-", stdin="{}"
        )
        assert "cannot be read" in flowbook.fails(
            "integrations", "create", "X", "--type", "demo", "--credentials", "no"
        )
        assert "Did you mean 'My Demo'?" in flowbook.fails("integrations", "test", "My Dmo", code=3)
        assert "--credentials or --rename" in flowbook.fails("integrations", "update", "My Demo")


class TestWorkflows:
    def test_import_and_export_give_equal_bytes(self, flowbook: Commands, folder: Path) -> None:
        text = flowbook("workflows", "export", "hello")
        flowbook("workflows", "export", "hello", "-o", "out.flow.yaml")
        assert (folder / "out.flow.yaml").read_text() == text == flowbook("workflows", "show", "hello")
        flowbook("workflows", "import", "out.flow.yaml", "--replace")
        assert flowbook("workflows", "export", "hello") == text

    def test_a_dash_is_standard_output_for_what_is_exported(self, flowbook: Commands, folder: Path) -> None:
        """A file of that name was written, which the next command takes for an option."""
        assert flowbook("workflows", "export", "hello", "-o", "-") == flowbook("workflows", "show", "hello")
        assert not (folder / "-").exists()

    def test_they_are_listed_shown_and_deleted(self, flowbook: Commands) -> None:
        (listed,) = flowbook.json("workflows", "list")
        assert set(listed) == {"name", "description", "nodes", "revision", "saved_at"}
        assert (listed["name"], listed["nodes"], listed["revision"]) == ("hello", 2, 1)
        assert "hello" in flowbook("workflows", "list")
        assert flowbook.json("workflows", "show", "hello")["name"] == "hello"
        flowbook("workflows", "delete", "hello")
        assert "no workflows yet" in flowbook("workflows", "list")

    def test_those_that_run_one_that_is_deleted_are_named(self, flowbook: Commands, folder: Path) -> None:
        (folder / "outer.flow.yaml").write_text(flow("outer", "core.run_workflow", "{workflow: hello}"))
        flowbook("workflows", "import", "outer.flow.yaml")
        flowbook("workflows", "delete", "hello")
        assert flowbook.err == "Warning: without it outer will fail\n"
        flowbook("workflows", "delete", "outer")
        assert flowbook.err == ""

    def test_one_that_is_there_is_not_replaced_unasked(self, flowbook: Commands) -> None:
        assert "already" in flowbook.fails("workflows", "import", "hello.flow.yaml")
        assert "Did you mean 'hello'?" in flowbook.fails("workflows", "show", "helo")
        assert "there is no file" in flowbook.fails("workflows", "import", "none.flow.yaml")
        assert "cannot be written" in flowbook.fails("workflows", "export", "hello", "-o", "no/such/folder.yaml")


class TestCheck:
    def test_all_problems_of_all_files_are_listed_one_a_line(self, flowbook: Commands) -> None:
        Path("bad.flow.yaml").write_text(
            "flowbook: 1\nname: bad\nnodes:\n  a: {task: demo.gret}\n"
            "  b: {task: demo.echo, integration: No, params: {x: '${{ nodes.c.data }}'}}\n"
        )  # fmt: skip
        Path("worse.flow.yaml").write_text("a: [")
        out = flowbook("check", "hello", "bad.flow.yaml", "worse.flow.yaml", "nothing", code=2)
        lines = out.splitlines()
        assert any(re.match(r"bad\.flow\.yaml:a:task: .*demo\.greet", line) for line in lines), out
        assert any(line.startswith("bad.flow.yaml:b:integration:") for line in lines)
        assert any(line.startswith("bad.flow.yaml:b:params.x:") for line in lines)
        assert any(line.startswith("worse.flow.yaml:") for line in lines)
        assert any(line.startswith("nothing:") for line in lines)

    def test_keys_that_are_there_twice_hide_nothing_else(self, flowbook: Commands) -> None:
        text = (
            "flowbook: 1\nname: twice\nname: again\nnodes:\n  a: {task: demo.gret}\n  a: {task: demo.echo}\n"
            "  b: {task: demo.echo, params: {x: 1, x: '${{ nodes.c.data }}'}}\n"
            "edges:\n- {from: a, to: b}\n- {from: a, from: b, to: a}\n"
        )
        Path("twice.flow.yaml").write_text(text)
        out = flowbook("check", "twice.flow.yaml", code=2)
        for place in (":name", "a:id", "b:params.x", ":edges[1].from"):
            assert re.search(rf"^twice\.flow\.yaml:{re.escape(place)}: the key .* is there twice", out, re.M), out
        assert "there is no node 'c'" in out
        assert "form a cycle" in out
        (problem, *_) = flowbook.json("check", "twice.flow.yaml", code=2)
        assert (problem["field"], problem["line"]) == ("name", 3)
        assert "is there twice" in flowbook.fails("run", "twice.flow.yaml")
        assert "is there twice" in flowbook.fails("workflows", "import", "twice.flow.yaml")

    def test_each_expression_of_one_text_is_checked(self, flowbook: Commands) -> None:
        text = "'${{ inputs.wo }} ${{ 1 + }} ${{ item }} ${{ nope }}'"
        Path("bad.flow.yaml").write_text(flow("bad", "demo.echo", f"{{x: {text}}}"))
        found = flowbook.json("check", "bad.flow.yaml", code=2)
        assert [problem["code"] for problem in found] == [
            "unknown-input", "bad-expression", "out-of-scope", "bad-expression",
        ]  # fmt: skip
        assert {problem["field"] for problem in found} == {"params.x"}

    def test_what_only_a_docstring_requires_is_a_warning_and_what_the_code_needs_an_error(
        self, flowbook: Commands, folder: Path
    ) -> None:
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(
            tasks.read_text() + "\n\ndef upload(credentials, params):\n"
            '    """Upload a file.\n\n    params:\n    {"path": "/a/b", "channels": "#general"}\n    """\n'
            "    return {'success': True, 'message': 'would upload ' + params['path']}\n"
        )
        Path("up.flow.yaml").write_text(flow("up", "demo.upload", "{path: x}"))
        assert "a:params.channels: is described as required." in flowbook("check", "up.flow.yaml")
        flowbook("run", "up.flow.yaml")
        Path("up.flow.yaml").write_text(flow("up", "demo.upload", "{channels: x}"))
        assert "a:params.path: is required." in flowbook("check", "up.flow.yaml", code=2)

    def test_what_makes_no_workflow_is_not_imported_and_every_problem_is_listed(self, flowbook: Commands) -> None:
        Path("bad.flow.yaml").write_text("flowbook: 1\nname: Bad Name\nnodes: {A: {task: demo.echo}, b: {}}\n")
        said = flowbook.fails("workflows", "import", "bad.flow.yaml")
        assert "cannot be imported: 3 problems" in said
        for place in (":name", "A:id", "b:task"):
            assert f"bad.flow.yaml:{place}: " in said

    def test_as_json_each_problem_is_an_object(self, flowbook: Commands) -> None:
        Path("bad.flow.yaml").write_text(flow("bad", "demo.gret"))
        (problem,) = flowbook.json("check", "bad.flow.yaml", code=2)
        assert set(problem) == {"file", "node", "field", "severity", "message", "remedy", "code", "line"}
        assert (problem["file"], problem["node"], problem["line"]) == ("bad.flow.yaml", "a", 4)

    def test_without_problems_it_says_so(self, flowbook: Commands) -> None:
        assert flowbook("check") == "No problems in hello\n"
        ws = Workspace()
        for number in range(20):
            ws.save(ws.workflow("hello").copy_as(f"hello-{number}"))
        assert flowbook("check") == "No problems in 21 workflows\n"
        assert flowbook.json("check", "hello") == []

    def test_folders_are_checked_and_each_problem_has_its_remedy(self, flowbook: Commands, folder: Path) -> None:
        bad = folder / "integrations" / "bad"
        bad.mkdir()
        (bad / "tasks.py").write_text("def send(credentials, params):\n    print(credentials['token'])\n    return 5\n")
        out = flowbook("check", "--integrations", "bad", code=2)
        for part in ("no test_connection", "not documented", "returns a int", "prints a secret"):
            assert part in out
        for problem in flowbook.json("check", "--integrations", "bad", code=2):
            assert problem["remedy"], problem
        assert "Did you mean 'bad'?" in flowbook.fails("check", "--integrations", "badd")

    def test_folders_with_warnings_alone_are_fit_to_be_used(self, flowbook: Commands, folder: Path) -> None:
        new = folder / "integrations" / "new"
        new.mkdir()
        (new / "tasks.py").write_text("def send(credentials, params):\n    return {'success': True, 'message': ''}\n")
        assert "(warning)" in flowbook("check", "--integrations", "new")
        assert {p["kind"] for p in flowbook.json("check", "--integrations", "new")} == {"warning"}

    def test_a_name_that_nothing_defines_is_found(self, flowbook: Commands, folder: Path) -> None:
        new = folder / "integrations" / "new"
        new.mkdir()
        (new / "tasks.py").write_text(
            "def test_connection(credentials):\n    time.sleep(0)\n    return {'success': True, 'message': ''}\n"
        )
        said = flowbook("check", "--integrations", "new", code=2)
        assert "new:: tasks.py, line 2: nothing defines 'time'. Import or define it, or correct its name." in said

    def test_a_library_that_a_node_may_need_is_told_before_it_runs(self, flowbook: Commands, folder: Path) -> None:
        new = folder / "integrations" / "new"
        new.mkdir()
        (new / "tasks.py").write_text(
            "def say(credentials, params):\n    return {'success': True, 'message': ''}\n\n"
            "def send(credentials, params):\n    import psycopg9\n    return {'success': True, 'message': ''}\n"
        )
        Path("s.flow.yaml").write_text(flow("s", "new.send"))
        said = flowbook("check", "s.flow.yaml")
        assert said == (
            "s.flow.yaml:a:task: may need the package 'psycopg9', which is not installed. Run: pip install psycopg9. "
            "(warning)\n"
        )
        Path("s.flow.yaml").write_text(flow("s", "new.say"))
        assert "No problems" in flowbook("check", "s.flow.yaml")

    @pytest.mark.parametrize("style", [[], ["--plain"]], ids=["typed", "plain"])
    def test_a_new_folder_has_no_problems(self, flowbook: Commands, style: list[str]) -> None:
        flowbook("new", "integration", "my_api", *style)
        assert flowbook("check", "--integrations", "my_api") == "No problems in my_api\n"

    def test_the_folders_that_come_with_flowbook_have_no_problems(self, flowbook: Commands) -> None:
        ours = [f["name"] for f in flowbook.json("catalog") if f["source"] == "built in"]
        assert {"core", "github", "http", "jira", "postgres", "s3", "sendgrid", "slack"} <= set(ours)
        flowbook("check", "--integrations", *ours)


class TestTables:
    """As listings print them."""

    ROWS = (
        ("short", "a first-rate well-known state-of-the-art thing that goes on", "https://example.com/a-long-one"),
        ("b", "", "x"),
    )

    def printed(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: width > 0)
        print_table(("NAME", "WHAT", "WHERE"), self.ROWS, empty="none")
        return [click.unstyle(line) for line in capsys.readouterr().out.splitlines()]

    @pytest.mark.parametrize("width", [56, 60, 70, 200])
    def test_in_a_terminal_no_word_is_broken_and_no_line_too_long(self, capsys, monkeypatch, width: int) -> None:
        lines = self.printed(capsys, monkeypatch, width)
        assert max(map(len, lines)) <= width
        words = {word for row in self.ROWS for cell in row for word in cell.split()}
        assert words <= {word for line in lines for word in line.split()}
        assert (len(lines) == 3) == (width == 200)

    def test_where_even_single_words_are_too_wide_they_stay_whole(self, capsys, monkeypatch) -> None:
        assert "https://example.com/a-long-one" in "\n".join(self.printed(capsys, monkeypatch, 20))

    def test_a_pipe_gets_a_line_for_each_row(self, capsys, monkeypatch) -> None:
        assert len(self.printed(capsys, monkeypatch, 0)) == 3


class TestRun:
    def test_it_runs_and_prints_plain_lines_in_a_pipe(self, flowbook: Commands) -> None:
        lines = flowbook("run", "hello").splitlines()
        assert re.fullmatch(r"run [0-9]{8}-[0-9]{6}-[0-9a-f]{8}: hello, 2 nodes", lines[0])
        assert lines[1] == "one | greeting world"
        assert re.fullmatch(r"one: succeeded in [0-9.]+ m?s: Greeted", lines[2])
        assert re.fullmatch(r"run .*: succeeded in [0-9.]+ m?s", lines[-1])

    def test_as_json_it_prints_one_object_and_nothing_else(self, flowbook: Commands) -> None:
        document = flowbook.json("run", "hello", "-i", "who=me")
        assert list(document) == [
            "version", "run", "workflow", "status", "error", "inputs", "started_at", "seconds", "nodes"
        ]  # fmt: skip
        assert (document["workflow"], document["status"]) == ("hello", "succeeded")
        node = document["nodes"]["two"]
        assert list(node) == ["status", "cause", "message", "data", "attempts", "seconds", "source"]
        assert (node["data"], node["attempts"]) == ({"text": "Hello me", "times": 1}, 1)

    def test_inputs_are_json_or_text_and_single_ones_win_over_a_file(self, flowbook: Commands) -> None:
        Path("in.json").write_text('{"who": "file", "times": 2}')
        document = flowbook.json("run", "hello", "--inputs", "in.json", "-i", "times=3")
        assert document["nodes"]["two"]["data"] == {"text": "Hello file", "times": 3}

    TYPED: ClassVar = [
        "3.10", "1e5", "true", "null", "007", '"5"', "[1]", "NaN", "1e999", "{}", " a ", "a=b", "[" * 5_000
    ]  # fmt: skip

    @pytest.mark.parametrize(("text", "kind"), crossed(TYPED, ["string", "text", "password", "file", "select"], each=2))
    def test_an_input_that_is_text_takes_what_was_typed(self, flowbook: Commands, kind: str, text: str) -> None:
        declared: dict[str, Any] = {"type": kind}
        if kind == "select":
            declared["choices"] = ["3.9", text]
        made = json.loads(json.dumps(declared))
        Path("v.flow.yaml").write_text(
            f"flowbook: 1\nname: v\ninputs:\n  version: {json.dumps(made)}\n"
            "nodes:\n  a: {task: core.set, params: {values: {n: '${{ len(inputs.version) }}',"
            " same: '${{ inputs.version }}'}}}\n"
        )
        data = flowbook.json("run", "v.flow.yaml", "-i", f"version={text}")["nodes"]["a"]["data"]
        assert data["n"] == len(text)
        assert data["same"] == ("***" if kind == "password" and len(text) > 5 else text)

    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("integer", "5", 5), ("integer", "1e3", 1000), ("integer", "10.0", 10), ("integer", "null", None),
            ("number", "2.5", 2.5), ("number", "1e5", 100000.0), ("boolean", "true", True), ("json", "[1]", [1]),
            ("json", "null", None), ("json", "plain", "plain"), ("json", '"5"', "5"), ("json", "3.10", 3.1),
            ("json", '"[1"', "[1"), ("json", "1e999", "1e999"), ("json", "", ""),
        ],
    )  # fmt: skip
    def test_others_are_read_as_their_type_says(self, flowbook: Commands, kind: str, text: str, value: Any) -> None:
        Path("v.flow.yaml").write_text(
            f"flowbook: 1\nname: v\ninputs:\n  v: {{type: {kind}}}\n"
            "nodes:\n  a: {task: core.set, params: {values: {v: '${{ inputs.v }}'}}}\n"
        )
        found = flowbook.json("run", "v.flow.yaml", "-i", f"v={text}")["nodes"]["a"]["data"]["v"]
        assert (found, type(found)) == (value, type(value))

    @pytest.mark.parametrize(("text", "place"), [
        ("[1", "Expecting ',' delimiter (line 1, column 3)"), ('{"a": }', "(line 1, column 7)"), ("[x]", "column 2"),
        ('"open', "(line 1, column 1)"), (" [1,]", "column"), ("[1] and more", "column 5"),
        ("[NaN]", "NaN is no number"),
        ("[1e999]", "too large"), ("[" * 100_000, "nested too deeply"),
    ])  # fmt: skip
    def test_what_begins_like_json_and_is_none_is_refused_with_the_place(
        self, flowbook: Commands, text: str, place: str
    ) -> None:
        Path("v.flow.yaml").write_text("flowbook: 1\nname: v\ninputs:\n  v: {type: json}\nnodes: {}\n")
        said = flowbook.fails("run", "v.flow.yaml", "-i", f"v={text}")
        assert "v: begins like JSON and is none" in said
        assert place in said
        flowbook("workflows", "import", "v.flow.yaml")
        assert "begins like JSON" in flowbook.fails("run", "v", "--queue", "-i", f"v={text}")
        assert "begins like JSON" in flowbook.fails("schedule", "add", "v", "--cron", "0 7 * * *", "-i", f"v={text}")
        Path("given.json").write_text(json.dumps({"v": text}))
        assert flowbook.json("run", "v.flow.yaml", "--inputs", "given.json")["inputs"] == {"v": text}  # it is data

    @pytest.mark.parametrize(("kind", "text"), [("integer", "10.5"), ("integer", "1e300"), ("number", "1e999"),
                                                ("number", "NaN"), ("boolean", "yes"), ("integer", "")])  # fmt: skip
    def test_what_does_not_fit_its_type_is_refused(self, flowbook: Commands, kind: str, text: str) -> None:
        Path("v.flow.yaml").write_text(f"flowbook: 1\nname: v\ninputs:\n  v: {{type: {kind}}}\nnodes: {{}}\n")
        assert "v: must be" in flowbook.fails("run", "v.flow.yaml", "-i", f"v={text}")

    @pytest.mark.parametrize("text", ["5", "a=b", "", '"5"'])
    def test_a_pair_is_a_name_and_what_was_typed(self, text: str) -> None:
        assert parse_pair(f"key={text}") == ("key", text)

    def test_bad_inputs_end_with_2_and_say_what_is_there(self, flowbook: Commands) -> None:
        assert "'who'" in flowbook.fails("run", "hello", "-i", "wo=x")
        assert "times" in flowbook.fails("run", "hello", "-i", "times=many")
        assert "key=value" in flowbook.fails("run", "hello", "-i", "who")
        assert "in.json" in flowbook.fails("run", "hello", "--inputs", "in.json")

    def test_a_part_of_a_workflow_runs_up_to_a_node_or_only_that_node(self, flowbook: Commands) -> None:
        nodes = flowbook.json("run", "hello", "--to", "one", "-i", "who=Ada")["nodes"]
        assert list(nodes) == ["one"]
        nodes = flowbook.json("run", "hello", "--only", "two", "-i", "times=2")["nodes"]
        assert list(nodes) == ["two"]
        assert nodes["two"]["data"] == {"text": "Hello Ada", "times": 2}

    def test_a_node_alone_needs_what_those_before_it_gave_when_they_ran_last(self, flowbook: Commands) -> None:
        said = flowbook.fails("run", "hello", "--only", "two")
        assert "'two' uses the result of 'one', which has not run yet" in said
        assert "Run up to 'two' instead" in said

    def test_a_part_that_is_none_is_refused(self, flowbook: Commands) -> None:
        assert "Did you mean 'two'?" in flowbook.fails("run", "hello", "--to", "tow")
        assert "Did you mean 'one'?" in flowbook.fails("run", "hello", "--only", "on")
        assert "cannot be given both" in flowbook.fails("run", "hello", "--only", "one", "--to", "two")
        assert "notebook is executed whole" in flowbook.fails("run", "x.ipynb", "--to", "two")

    def test_an_unknown_workflow_suggests_the_nearest(self, flowbook: Commands) -> None:
        assert "Did you mean 'hello'?" in flowbook.fails("run", "helo")
        assert "there is no file" in flowbook.fails("run", "none.flow.yaml")

    def test_an_invalid_workflow_ends_with_2_and_lists_every_problem(self, flowbook: Commands) -> None:
        Path("bad.flow.yaml").write_text(flow("bad", "demo.gret") + "  b: {task: nosuch.x}\n")
        says = flowbook.fails("run", "bad.flow.yaml")
        assert "bad.flow.yaml:a:task:" in says
        assert "bad.flow.yaml:b:task:" in says

    def test_a_failed_run_ends_with_1_and_says_how_to_see_more(self, flowbook: Commands) -> None:
        Path("f.flow.yaml").write_text(flow("f", "demo.boom"))
        flowbook("run", "f.flow.yaml", code=1)
        assert "no luck" in flowbook.out
        assert "flowbook runs show" in flowbook.err
        assert flowbook.json("run", "f.flow.yaml", code=1)["nodes"]["a"]["message"].startswith("Error: no luck")

    def test_missing_credentials_end_with_3(self, flowbook: Commands) -> None:
        Path("f.flow.yaml").write_text(flow("f", "demo.greet", "{name: x}", ", integration: None Such"))
        assert "None Such" in flowbook.fails("run", "f.flow.yaml", code=3)

    @pytest.mark.parametrize("params", ["{}", "{fail: true}", "{raise: true}"])
    @pytest.mark.parametrize("style", [[], ["--json"]])
    def test_a_task_that_leaks_its_secret_leaks_it_nowhere(
        self, flowbook: Commands, params: str, style: list[str], folder: Path
    ) -> None:
        with_integration(flowbook)
        Path("l.flow.yaml").write_text(flow("l", "demo.leak", params, ", integration: My Demo"))
        flowbook("run", "l.flow.yaml", *style, code=0 if params == "{}" else 1)
        assert "***" in flowbook.out
        flowbook("runs", "show", "last", "--output", "--node", "a")
        flowbook("runs", "show", "last", "--json")
        flowbook("runs", "list")
        for path in (folder / ".flowbook").rglob("*"):
            assert path.is_dir() or SECRET.encode() not in path.read_bytes()

    def test_what_the_environment_s_credentials_lack_is_said_with_the_variable(
        self, flowbook: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flowbook("types", "create", "demo", "-p", "token:password:required")
        flowbook("integrations", "create", "My Demo", "--type", "demo", "--credentials", "-", stdin='{"token": "x"}')
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MY_DEMO", '{"tken": "x"}')
        forget_environment()
        said = flowbook.fails("integrations", "test", "My Demo", code=3)
        assert "FLOWBOOK_CREDENTIALS__MY_DEMO (the credentials of 'My Demo') does not fit 'demo'" in said
        assert "tken: demo has no such credential. Did you mean 'token'? token: is required." in said

    @pytest.mark.parametrize(
        ("value", "part"),
        [
            ('{"tken": "5ecret-value"}', "Did you mean 'token'?"),
            ('{"token": ["5ecret-value"]}', "must be text"),
            ('{"token": ""}', "token: is required"),
            ("5ecret-value", "not JSON"),
            ('"5ecret-value"', "not an object"),
            ('{"token": "a", "more": "5ecret-value"}', "more: demo has no such credential"),
        ],
    )
    @pytest.mark.parametrize("stored", [False, True])
    def test_what_is_wrong_with_the_environment_s_credentials_is_found_before_a_run(
        self, flowbook: Commands, monkeypatch: pytest.MonkeyPatch, value: str, part: str, stored: bool
    ) -> None:
        if stored or "required" in part:  # of the folder's own parameters none is
            flowbook("types", "create", "demo", "-p", "token:password:required")
        if stored:
            flowbook("integrations", "create", "CI", "--type", "demo", "--credentials", "-", stdin='{"token": "x"}')
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__CI", value)
        Path("e.flow.yaml").write_text(flow("e", "demo.test_connection", "{}", ", integration: CI"))
        said = flowbook("check", "e.flow.yaml", code=2)
        assert said.startswith("e.flow.yaml:a:integration: FLOWBOOK_CREDENTIALS__CI (the credentials of 'CI')")
        assert part in said
        assert part in flowbook.fails("run", "e.flow.yaml", code=3)
        assert "5ecret-value" not in flowbook.everything

    def test_that_two_names_mean_one_variable_is_found_before_a_run(self, flowbook: Commands, monkeypatch) -> None:
        flowbook("types", "create", "demo", "-p", "token:password:required")
        for name in ("My CI", "my-ci"):
            flowbook("integrations", "create", name, "--type", "demo", "--credentials", "-", stdin='{"token": "x"}')
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MY_CI", '{"token": "right-token"}')
        Path("e.flow.yaml").write_text(flow("e", "demo.test_connection", "{}", ", integration: My CI"))
        assert "means 'My CI' and 'my-ci' alike" in flowbook("check", "e.flow.yaml", code=2)

    def test_missing_credentials_name_the_variable_to_set_and_one_that_is_set_amiss(
        self, flowbook: Commands, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("e.flow.yaml").write_text(flow("e", "demo.test_connection", "{}", ", integration: Büro Berlin"))
        assert "set FLOWBOOK_CREDENTIALS__BURO_BERLIN to a JSON object" in flowbook("check", "e.flow.yaml", code=2)
        assert "FLOWBOOK_CREDENTIALS__BURO_BERLIN" in flowbook.fails("run", "e.flow.yaml", code=3)
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__ROMA_PARIS", '{"token": "right-token"}')
        assert "is that it?" not in flowbook("check", "e.flow.yaml", code=2), "all variables begin alike"
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__BUERO_BERLIN", '{"token": "right-token"}')
        assert "(FLOWBOOK_CREDENTIALS__BUERO_BERLIN is set: is that it?)" in flowbook("check", "e.flow.yaml", code=2)
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__BÜRO_BERLIN", '{"token": "right-token"}')
        flowbook("check", "e.flow.yaml")
        flowbook("run", "e.flow.yaml")

    def test_credentials_may_come_from_the_environment(self, flowbook: Commands, monkeypatch) -> None:
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__FROM_CI", json.dumps({"token": "right-token"}))
        forget_environment()
        Path("e.flow.yaml").write_text(flow("e", "demo.test_connection", "{}", ", integration: From CI"))
        flowbook("run", "e.flow.yaml")


class TestRuns:
    def test_they_are_listed_shown_and_deleted(self, flowbook: Commands) -> None:
        flowbook("run", "hello")
        Path("f.flow.yaml").write_text(flow("f", "demo.boom"))
        flowbook("run", "f.flow.yaml", code=1)
        listed = flowbook.json("runs", "list")
        assert [(r["workflow"], r["status"]) for r in listed] == [("f", "failed"), ("hello", "succeeded")]
        assert set(listed[0]) == {"run", "workflow", "status", "started_at", "seconds", "message", "parent", "attempt"}
        assert [r["workflow"] for r in flowbook.json("runs", "list", "-w", "hello", "-s", "succeeded", "-n", "1")] == [
            "hello"
        ]
        shown = flowbook.json("runs", "show", listed[1]["run"][:-2])
        assert shown["nodes"]["two"]["data"] == {"text": "Hello world", "times": 1}
        assert "one | " not in flowbook("runs", "show", listed[1]["run"])
        assert "stdout | greeting world" in flowbook("runs", "show", listed[1]["run"], "--output")
        assert "Hello world" in flowbook("runs", "show", listed[1]["run"], "--node", "two")
        assert flowbook("runs", "delete", listed[0]["run"]) == "Deleted 1 run\n"
        assert flowbook("runs", "delete", "--older-than", "0") == "Deleted 1 run\n"
        assert "no such runs" in flowbook("runs", "list")

    def test_what_is_not_there_is_said_with_the_nearest(self, flowbook: Commands) -> None:
        flowbook.fails("runs", "show", "last")
        flowbook("run", "hello")
        assert "Did you mean 'one'?" in flowbook.fails("runs", "show", "last", "--node", "ona")
        flowbook.fails("runs", "show", "zzz")
        assert "--older-than" in flowbook.fails("runs", "delete")

    def test_old_ones_are_pruned_but_those_that_can_be_resumed(self, flowbook: Commands) -> None:
        for _ in range(3):
            flowbook("run", "hello")
        Path("f.flow.yaml").write_text(flow("f", "demo.boom"))
        flowbook("run", "f.flow.yaml", code=1)
        ids = [listed["run"] for listed in flowbook.json("runs", "list")]
        assert flowbook("runs", "prune").startswith("Deleted 0 runs")
        told = flowbook("runs", "prune", "--keep", "2", "--dry-run")
        assert told.splitlines()[:2] == [ids[3], ids[2]]
        assert "Would delete 2 runs" in told
        assert flowbook.json("runs", "prune", "--keep", "2")["runs"] == [ids[3], ids[2]]
        assert "Deleted 1 run," in flowbook("runs", "prune", "--older-than", "0")
        assert [listed["run"] for listed in flowbook.json("runs", "list")] == [ids[0]]
        assert "is no time" in flowbook.fails("runs", "prune", "--older-than", "soon")


class TestNew:
    def test_it_writes_a_folder_that_is_in_the_catalog_at_once(self, flowbook: Commands, folder: Path) -> None:
        assert "integrations/my_api/tasks.py" in flowbook("new", "integration", "my_api")
        assert flowbook.json("catalog", "my_api")["problems"] == []
        assert "already" in flowbook.fails("new", "integration", "my_api")
        assert "lowercase" in flowbook.fails("new", "integration", "My-Api")


class TestKey:
    def test_it_is_made_described_and_rotated(self, flowbook: Commands) -> None:
        assert "There is no key yet" in flowbook("key", "status")
        assert flowbook.json("key", "status")["key_id"] is None
        flowbook("key", "init")
        before = flowbook.json("key", "status")
        assert before["key_id"] in flowbook("key", "status")
        with_integration(flowbook, "right-token")
        flowbook("key", "rotate")
        assert flowbook.json("key", "status")["key_id"] != before["key_id"]
        flowbook("integrations", "test", "My Demo")

    def test_one_for_the_environment_is_shown_once_and_works(self, flowbook: Commands, monkeypatch) -> None:
        text = flowbook("key", "init", "--environment").splitlines()[-1]
        monkeypatch.setenv("FLOWBOOK_KEY", text)
        forget_environment()
        with_integration(flowbook, "right-token")
        flowbook("integrations", "test", "My Demo")
        assert text not in flowbook("key", "status")
        assert "only one" in flowbook.fails("key", "init", "--environment", "--keyring")

    def test_one_to_take_along_is_written_for_its_owner_alone(
        self, flowbook: Commands, monkeypatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """It opens the store on a machine that has no key file, which is not a fault there."""
        file = tmp_path_factory.mktemp("home") / "flowbook.key"
        flowbook("key", "export", str(file))
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text().strip() not in flowbook.everything
        assert "already" in flowbook.fails("key", "export", str(file))
        other = file.with_name("other.key")
        assert "handed out" in flowbook.fails("key", "export", str(other))
        assert not other.exists()
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path_factory.mktemp("elsewhere")))
        monkeypatch.setenv("FLOWBOOK_KEY_FILE", str(file))
        forget_environment()
        assert "gone on this machine" in flowbook("key", "status")
        flowbook("key", "export", str(other))
        assert other.read_text() == file.read_text()
        forget_environment()
        monkeypatch.setenv("FLOWBOOK_KEY_FILE", str(file))
        flowbook("key", "rotate")
        again = file.with_name("again.key")
        flowbook("key", "export", "--replace", str(again))

    @pytest.mark.parametrize("mark", [".git/", ".git", ".hg/", ".svn/", ".jj/", ".flowbook/", "link"])
    def test_none_is_written_where_it_would_travel_with_what_it_opens(
        self, flowbook: Commands, mark: str, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("shared")
        (folder / "deep" / "er").mkdir(parents=True)
        if mark == "link":
            (folder / ".git").mkdir()
            outside = tmp_path_factory.mktemp("outside") / "link"
            outside.symlink_to(folder / "deep", target_is_directory=True)
            place = outside / "k.key"
        else:
            (folder / mark).mkdir() if mark.endswith("/") else (folder / mark).write_text("gitdir: x")
            place = folder / "deep" / "er" / "k.key"
        before = flowbook.json("key", "status")
        assert "travel" in flowbook.fails("key", "export", str(place))
        assert "travel" in flowbook.fails("key", "export", "here.key")
        assert not place.exists()
        assert flowbook.json("key", "status") == before
        assert "no folder" in flowbook.fails("key", "export", str(tmp_path_factory.getbasetemp() / "not" / "k.key"))

    def test_that_its_file_is_gone_is_said_with_exit_code_3(self, flowbook: Commands) -> None:
        flowbook("key", "init")
        [slot] = flowbook.json("key", "status")["slots"]
        Path(slot["where"]).unlink()
        said = flowbook("key", "status", code=3)
        assert f"{slot['where']} is gone" in said
        assert "copy" in said
        found = json.loads(flowbook("key", "status", "--json", code=3))
        assert found["slots"][0]["gone"]
        assert found["problem"]
        assert not found["unlocked"]

    def test_with_another_key_it_is_refused_with_3_and_nothing_is_overwritten(
        self, flowbook: Commands, folder: Path, monkeypatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with_integration(flowbook)
        before = (folder / ".flowbook" / "flowbook.json").read_bytes()
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path_factory.mktemp("other")))
        forget_environment()
        Path("l.flow.yaml").write_text(flow("l", "demo.leak", "{}", ", integration: My Demo"))
        for command in (["run", "l.flow.yaml"], ["integrations", "test", "My Demo"], ["key", "rotate"]):
            assert "key" in flowbook.fails(*command, code=3)
        flowbook.fails(
            "integrations", "create", "X", "--type", "demo", "--credentials", "-", stdin='{"token": "y"}', code=3
        )
        monkeypatch.setenv("FLOWBOOK_KEY", "A" * 43 + "=")
        forget_environment()
        flowbook.fails("integrations", "test", "My Demo", code=3)
        assert (folder / ".flowbook" / "flowbook.json").read_bytes() == before


class TestNoWorkspace:
    @pytest.mark.parametrize(
        "command",
        [["runs", "list"], ["workflows", "list"], ["types", "list"], ["integrations", "list"], ["check"]],
        ids=" ".join,
    )
    def test_a_list_says_in_which_folder_it_looked_and_makes_none(
        self, flowbook: Commands, tmp_path: Path, command: list[str]
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert f"There is no workspace in {elsewhere}" in flowbook("-C", str(elsewhere), *command)
        assert list(elsewhere.iterdir()) == []

    @pytest.mark.parametrize(
        "command",
        [["runs", "show", "last"], ["runs", "delete", "last"], ["runs", "prune"], ["workflows", "delete", "hello"],
         ["types", "delete", "demo"], ["types", "update", "demo", "--from-folder"], ["integrations", "delete", "x"],
         ["integrations", "update", "x", "--rename", "y"], ["key", "rotate"], ["key", "export", "key"], ["recover"]],
        ids=" ".join,
    )  # fmt: skip
    def test_what_acts_on_what_is_stored_is_refused_and_makes_none(
        self, flowbook: Commands, tmp_path: Path, command: list[str]
    ) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        assert f"there is no workspace in '{elsewhere}'" in flowbook.fails("-C", str(elsewhere), *command)
        assert list(elsewhere.iterdir()) == []


class TestDamage:
    def test_a_damaged_store_is_said_to_be_one_and_recovered_by_the_command_that_is_named(
        self, flowbook: Commands, folder: Path
    ) -> None:
        flowbook("types", "create", "demo")
        store = folder / ".flowbook" / "flowbook.json"
        store.write_text(store.read_text()[:-30])
        before = store.read_bytes()
        for command in (["types", "list"], ["run", "hello"], ["types", "delete", "demo"],
                        ["workflows", "import", "hello.flow.yaml", "--replace"]):  # fmt: skip
            says = flowbook.fails(*command)
            assert str(store) in says
            assert f"flowbook -C {folder} recover" in says
        assert store.read_bytes() == before
        assert "is kept as" in flowbook("recover")
        assert [w["name"] for w in flowbook.json("workflows", "list")] == ["hello"]
        assert [p for p in store.parent.iterdir() if p.is_file() and p.read_bytes() == before]
        assert "not damaged" in flowbook.fails("recover")
        (folder / "none").mkdir()
        assert "no workspace" in flowbook.fails("-C", "none", "recover")
        assert list((folder / "none").iterdir()) == []

    def test_a_damaged_history_is_said_to_be_one(self, flowbook: Commands, folder: Path) -> None:
        flowbook("run", "hello")
        history = folder / ".flowbook" / "runs.sqlite"
        for extra in ("-wal", "-shm"):
            history.with_name(history.name + extra).unlink(missing_ok=True)
        history.write_bytes(b"this is no database at all" * 100)
        before = history.read_bytes()
        assert "runs.sqlite" in flowbook.fails("runs", "list")
        assert history.read_bytes() == before

    def test_a_folder_that_cannot_be_written_is_named(self, flowbook: Commands, folder: Path) -> None:
        """A file where a folder should be fails for every user, root too."""
        (folder / "sub").mkdir()
        (folder / "sub" / ".flowbook").write_text("")
        for command in (["types", "create", "slack"], ["run", "hello"], ["key", "init"]):
            assert str(folder / "sub") in flowbook.fails("-C", "sub", *command)


class TestErrors:
    def test_unknown_commands_and_options_suggest_the_nearest(self, flowbook: Commands) -> None:
        assert "Did you mean 'catalog'?" in flowbook.fails("catalgo")
        assert "Did you mean" not in flowbook.fails("run", "x", "--yes")
        assert "Did you mean 'list'?" in flowbook.fails("types", "lst")
        assert "--max-workers" in flowbook.fails("run", "hello", "--max-worker", "2")

    def test_a_mistake_in_flowbook_is_said_to_be_one_without_its_text(
        self, folder: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def broken(self: Workspace) -> None:
            raise RuntimeError(SECRET)

        monkeypatch.setattr(Workspace, "types", broken)
        assert run(["-C", str(folder), "types", "list"]) == 70
        says = capsys.readouterr().err
        assert "RuntimeError in test_cli.py" in says
        assert SECRET not in says
        monkeypatch.setenv("FLOWBOOK_DEBUG", "1")
        with pytest.raises(RuntimeError):
            run(["-C", str(folder), "types", "list"])

    def test_every_error_has_one_of_the_documented_exit_codes(self) -> None:
        def tree(kind: type[FlowbookError]) -> Iterator[type[FlowbookError]]:
            yield kind
            for below in kind.__subclasses__():
                yield from tree(below)

        assert {kind.exit_code for kind in tree(FlowbookError)} == {1, 2, 3, 130}


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield " ".join([*path, name]), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands(cli))


def test_every_command_of_the_design_is_there() -> None:
    names = ["init", "catalog", "types list", "types show", "types create", "types delete", "integrations list",
             "integrations create", "integrations test", "integrations update", "integrations delete", "workflows list",
             "workflows show", "workflows import", "workflows export", "workflows delete", "check", "run", "runs list",
             "runs show", "runs delete", "new integration", "key init", "key rotate", "key status", "lab"]  # fmt: skip
    assert set(names) <= set(EVERY)


@pytest.mark.parametrize("token", ["", "a-token-of-my-own"])
def test_lab_says_that_a_token_of_ones_own_is_not_in_the_address(
    token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("flowbook.cli.jupyter.os.execv", lambda *_: None)
    monkeypatch.setenv("JUPYTER_TOKEN", token)
    monkeypatch.setenv("JUPYTER_PATH", "")  # which it changes
    monkeypatch.chdir(tmp_path)
    assert run(["lab", "--no-browser"]) == 0
    said = capsys.readouterr().err
    assert ("JUPYTER_TOKEN" in said) == bool(token)
    assert "a-token-of-my-own" not in said


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = EVERY[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts}"
    assert run([*name.split(), "--help"]) == 0
    assert command.help.split("\n")[0].split(".")[0][:40] in capsys.readouterr().out


def test_every_listing_can_be_printed_as_json() -> None:
    for name, command in EVERY.items():
        if name.split()[-1] in ("list", "show", "status", "catalog", "check", "run", "test"):
            assert "--json" in [option for parameter in command.params for option in parameter.opts], name


class TestProcesses:
    """What only a real process shows."""

    @pytest.fixture
    def start(self, flowbook: Commands, folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
        started: list[subprocess.Popen[str]] = []

        def start(*arguments: str) -> subprocess.Popen[str]:
            command = [sys.executable, "-m", "flowbook", *arguments]
            process = subprocess.Popen(
                command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True
            )
            started.append(process)
            return process

        yield start
        for process in started:
            process.kill()
            process.communicate()

    def test_it_starts_as_a_module_and_knows_its_version(self, start) -> None:
        out, err = start("--version").communicate(timeout=60)
        assert (out, err) == ("flowbook, version 0.1.0\n", "")

    @pytest.fixture(autouse=True)
    def not_under_nohup(self) -> Iterator[None]:
        """The tests may run where SIGHUP is ignored, which is handed down to what they start."""
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        yield
        signal.signal(signal.SIGHUP, before)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_cancels_the_run_and_ends_with_130(self, start, folder: Path, number: signal.Signals) -> None:
        Path("s.flow.yaml").write_text(flow("s", "demo.sleep", "{seconds: 600, file: began}"))
        process = start("run", "s.flow.yaml")
        until(lambda: (folder / "began").exists() or process.poll() is not None)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130, out + err
        assert "a: cancelled" in out
        assert "Traceback" not in err
        assert Workspace(folder).runs()[0].status == "cancelled"

    def test_a_terminal_that_is_closed_cancels_the_run(self, folder: Path) -> None:
        """The run's own terminal goes away, so nothing can be written to it either."""
        (folder / "s.flow.yaml").write_text(flow("s", "demo.sleep", "{seconds: 600, file: began}"))
        command = [sys.executable, "-c", IN_A_TERMINAL, sys.executable, "-m", "flowbook", "run", "s.flow.yaml"]
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        until(lambda: (folder / "began").exists() or process.poll() is not None)
        assert process.communicate("close", timeout=60)[0].strip() == "130"
        assert Workspace(folder).runs()[0].status == "cancelled"

    def test_a_run_that_ignores_a_closed_terminal_goes_on(self, start, folder: Path) -> None:
        """nohup starts it with SIGHUP ignored."""
        Path("s.flow.yaml").write_text(flow("s", "demo.sleep", "{seconds: 0.5, file: began}"))
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            process = start("run", "s.flow.yaml")
        finally:
            signal.signal(signal.SIGHUP, before)
        until(lambda: (folder / "began").exists() or process.poll() is not None)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=60) == 0

    @pytest.mark.parametrize("how", ["cancelled", "timed out"])
    def test_a_task_whose_executor_python_would_wait_for_keeps_no_process_from_ending(
        self, start, folder: Path, how: str
    ) -> None:
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(
            tasks.read_text() + "\n\ndef hang(credentials, params):\n"
            "    from concurrent.futures import ThreadPoolExecutor\n"
            "    with ThreadPoolExecutor(1) as pool:\n"
            "        return pool.submit(sleep, credentials, params).result()\n"
        )
        timeout = ", timeout: 0.5" if how == "timed out" else ""
        Path("s.flow.yaml").write_text(flow("s", "demo.hang", "{seconds: 600, file: began}", timeout))
        process = start("run", "s.flow.yaml")
        if how == "cancelled":
            until(lambda: (folder / "began").exists() or process.poll() is not None)
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == (130 if how == "cancelled" else 1), out + err
        assert how in out

    def test_a_reader_that_goes_away_stops_no_run(self, start, folder: Path) -> None:
        process = start("run", "hello")
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == ""
        assert Workspace(folder).runs()[0].status == "succeeded"

    def test_secrets_are_read_from_a_real_standard_input(self, start) -> None:
        start("types", "create", "demo").communicate(timeout=60)
        process = start("integrations", "create", "X", "--type", "demo", "--credentials", "-")
        out, err = process.communicate(json.dumps({"token": SECRET}), timeout=60)
        assert (process.returncode, err) == (0, "")
        assert SECRET not in out

    def test_in_a_terminal_a_run_is_a_live_table(self, flowbook: Commands) -> None:
        shown, code = in_terminal(["run", "hello"])
        assert code == 0, shown
        assert re.search(r"✓ succeeded", shown)
        assert "one" in shown
        assert "two" in shown
