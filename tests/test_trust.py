"""Trust: what is asked about, how far an answer reaches, and what is never asked about."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowbook import gallery
from flowbook.catalog import Catalog, Folder
from flowbook.cli import run as command
from flowbook.errors import FlowbookError, InputError, Untrusted
from flowbook.hosts import allows, checked_host, host_of
from flowbook.models import Node, Parameter, Workflow
from flowbook.tasks import task
from flowbook.tasks.capabilities import ALL
from flowbook.tasks.reading import read_task
from flowbook.trust.content import Meaning
from flowbook.trust.hosts import default_hosts
from flowbook.trust.needs import needs_of
from flowbook.trust.permit import Permit
from flowbook.trust.shipped import FILE
from flowbook.trust.wording import missing_lines
from flowbook.view.wording import moment
from flowbook.workspace import Workspace

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def nothing_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    root = tmp_path / "home"
    root.mkdir()
    monkeypatch.chdir(root)
    return Workspace(root)


def flow_file(folder: Path, name: str = "gift", code: str = "1", **more: Any) -> Path:
    path = folder / f"{name}.flow.yaml"
    nodes = {"a": {"task": "core.python", "params": {"code": code}}, **more}
    path.write_text(json.dumps({"flowbook": 1, "name": name, "nodes": nodes}))
    return path


def pure_file(folder: Path) -> Path:
    path = folder / "pure.flow.yaml"
    nodes = {
        "a": {"task": "core.set", "params": {"values": {"n": 1}}},
        "b": {"task": "files.write_json", "params": {"path": "out/n.json", "data": "${{ nodes.a.data }}"}},
        "c": {"task": "files.read_json", "params": {"path": "out/${{ 'n' }}.json"}},
    }
    edges = [{"from": "a", "to": "b"}, {"from": "b", "to": "c"}]
    path.write_text(json.dumps({"flowbook": 1, "name": "pure", "nodes": nodes, "edges": edges}))
    return path


class TestGoingOnWithARunThatWasTrustedOnce:
    """It had the SHA-256 of what was looked at; of its file nothing is remembered."""

    @pytest.fixture
    def sha256(self, home: Workspace) -> str:
        path = flow_file(home.root, code="1 / (0 if not __import__('os').path.exists('now') else 1)")
        looked = home.review(path).sha256
        with pytest.raises(FlowbookError):
            home.run(path, sha256=looked)
        (home.root / "now").touch()
        return looked

    def test_it_is_asked_about_with_commands_that_there_are(self, home: Workspace, sha256: str) -> None:
        with pytest.raises(Untrusted) as refusal:
            home.resume("last")
        assert f"flowbook runs resume RUN --trust {sha256}" in refusal.value.hint
        assert "flowbook trust FILE" in refusal.value.hint
        with pytest.raises(Untrusted, match="not what was looked at") as refusal:
            home.resume("last", sha256="0" * 64)
        assert "flowbook runs resume RUN" in refusal.value.hint
        assert command(["trust", "gift.flow.yaml", "--sha256", sha256]) == 0
        assert home.resume("last").status == "succeeded"

    def test_its_workflow_is_named_where_it_is_stored(self, home: Workspace, sha256: str) -> None:
        home.import_workflow(home.root / "gift.flow.yaml")
        with pytest.raises(Untrusted) as refusal:
            home.resume("last")
        assert "decide: flowbook trust gift\n" in refusal.value.hint

    def test_the_command_takes_what_was_looked_at(self, home: Workspace, sha256: str) -> None:
        assert command(["runs", "resume", "last"]) == 3
        assert command(["runs", "resume", "last", "--trust", sha256]) == 0


class TestAnIntegrationForATaskThatMayDoAnything:
    """Its servers are consented to as those of any other task: what is asked at its call was asked before."""

    TASKS = '''
from flowbook import Result, task

@task
def ask(credentials, params):
    """Ask the cloud."""
    return Result.ok("Asked.", credentials["base_url"])
'''

    @pytest.fixture
    def path(self, home: Workspace) -> Path:
        folder = home.root / "integrations" / "cloud"
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(self.TASKS)
        home.trust_folder(home.review_folder().sha256)
        home.create_type("cloud", parameters=[Parameter(name="base_url", type="url", required=True)])
        home.create_integration("Cloud", "cloud", {"base_url": "https://api.example.com:8443"})
        path = home.root / "asks.flow.yaml"
        nodes = {"a": {"task": "cloud.ask", "integration": "Cloud"}}
        path.write_text(json.dumps({"flowbook": 1, "name": "asks", "nodes": nodes}))
        return path

    def test_it_runs_once_it_was_looked_at(self, home: Workspace, path: Path) -> None:
        looked = home.review(path)
        assert "api.example.com:8443" in str(looked)
        assert home.run(path, sha256=looked.sha256)["a"].data == "https://api.example.com:8443"
        assert command(["trust", str(path), "--sha256", looked.sha256]) == 0
        assert home.run(path).status == "succeeded"

    @pytest.mark.parametrize("folder", Catalog(environ={}).folders(), ids=lambda folder: folder.name)
    def test_what_a_call_asks_for_is_what_any_task_needs(self, tmp_path: Path, folder: Folder) -> None:
        """Also one that talks to nobody, such as one that signs a link, and one that may do anything."""
        meaning = Meaning("its id", "Cloud", folder.name, ("api.example.com:8443", "*.example.org"))
        for spec in folder.tasks.values():
            needs = frozenset(needs_of(Node(task=spec.name, integration="Cloud"), spec, meaning, tmp_path))
            permit = Permit(False, needs, frozenset({(spec.name, meaning.id)}))
            assert permit.limits(spec.name, meaning).hosts == meaning.hosts
            with pytest.raises(Untrusted):
                permit.limits(spec.name, meaning._replace(hosts=("elsewhere.example.com",)))

    def test_another_server_is_asked_about_again(self, home: Workspace, path: Path) -> None:
        assert command(["trust", str(path), "--sha256", home.review(path).sha256]) == 0
        home.update_integration("Cloud", {"base_url": "https://elsewhere.example.com"})
        with pytest.raises(Untrusted):
            home.run(path)


class TestWhatIsNeverAskedAbout:
    def test_a_workflow_that_transforms_data_and_keeps_to_data_files(self, home: Workspace) -> None:
        assert home.run(pure_file(home.root))["c"].data == {"n": 1}

    def test_a_workflow_that_was_built_in_code(self, home: Workspace) -> None:
        flow = Workflow(name="own")
        flow.add("a", "core.python", params={"code": "6 * 7"})
        assert home.run(flow)["a"].data == 42

    def test_one_that_was_saved_also_under_another_name_and_in_another_process(self, home: Workspace) -> None:
        flow = Workflow(name="own")
        flow.add("a", "core.python", params={"code": "6 * 7"})
        home.save(flow)
        home.rename_workflow("own", "renamed")
        assert Workspace(home.root).run("renamed")["a"].data == 42

    def test_one_that_failed_and_is_resumed(self, home: Workspace) -> None:
        flow = Workflow(name="own")
        flow.add("a", "core.python", params={"code": "1 / (0 if not __import__('os').path.exists('now') else 1)"})
        with pytest.raises(FlowbookError):
            home.run(flow)
        (home.root / "now").touch()
        assert Workspace(home.root).resume("last")["a"].data == 1.0

    def test_one_whose_integration_is_renamed(self, home: Workspace) -> None:
        home.create_type("http")
        home.create_integration("API", "http", {"base_url": "https://api.example.com"})
        flow = Workflow(name="own")
        flow.add("a", "http.request", integration="API", params={"url": "x"}, pinned={"status": 200})
        home.save(flow)
        home.rename_integration("API", "The API")
        assert home.run("own").status == "succeeded"

    def test_code_in_a_workspace_that_was_made_here(self, home: Workspace) -> None:
        folder = home.root / "integrations" / "mine"
        folder.mkdir(parents=True)
        (folder / "tasks.py").write_text(
            "def hello(credentials, params):\n    return {'success': True, 'message': 'hi'}\n"
        )
        assert Workspace(home.root).task("mine.hello").name == "mine.hello"
        (folder / "tasks.py").write_text(
            "def bye(credentials, params):\n    return {'success': True, 'message': 'hi'}\n"
        )
        assert Workspace(home.root).task("mine.bye").name == "mine.bye"

    def test_what_comes_with_flowbook(self, home: Workspace) -> None:
        for one in gallery.templates():
            assert home.is_trusted(one.path), one.name
        for path in (ROOT / "notebooks").glob("*.flow.yaml"):
            assert home.is_trusted(path), path.name

    def test_the_list_of_what_comes_with_flowbook_is_that_of_its_files(self) -> None:
        made = subprocess.run(
            [sys.executable, "-c", "import generate; print(generate.shipped_text(), end='')"],
            cwd=ROOT / "docs", capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert made.stdout == FILE.read_text(encoding="ascii"), "run: python docs/generate.py"

    def test_a_folder_that_the_environment_names(self, home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        file = flow_file(home.root)
        for named in (str(home.root), f"{home.root.parent}/*"):
            monkeypatch.setenv("FLOWBOOK_TRUST", named)
            assert home.run(file).status == "succeeded"
        for other in (f"{home.root}/sub", str(home.root.parent), "home", "*", "/*x", ""):
            monkeypatch.setenv("FLOWBOOK_TRUST", other)
            with pytest.raises(Untrusted):
                home.run(file)


class TestWhatIsAsked:
    def test_the_error_names_all_of_it_and_the_commands(self, home: Workspace) -> None:
        more = {"b": {"task": "http.request", "params": {"url": "https://api.example.com/x"}}}
        with pytest.raises(Untrusted) as caught:
            home.run(flow_file(home.root, **more))
        assert caught.value.exit_code == 3
        assert caught.value.missing == ("running code", "the server api.example.com")
        assert "flowbook trust" in caught.value.hint
        assert caught.value.sha256 in caught.value.hint
        assert caught.value.page == "trust"

    def test_a_review_shows_integrations_servers_and_code_in_full(self, home: Workspace) -> None:
        home.create_type("http")
        home.create_integration("API", "http", {"base_url": "https://api.example.com", "token": "s3cret-token"})
        more = {"b": {"task": "http.request", "integration": "API", "params": {"url": "x"}}}
        shown = str(home.review(flow_file(home.root, code="first()\nsecond()", **more)))
        for part in ("API (http) → api.example.com", "| first()", "| second()", "http.request"):
            assert part in shown
        assert "s3cret" not in shown

    def test_a_saved_workflow_that_is_not_trusted_stays_so_when_the_editor_saves_it(self, home: Workspace) -> None:
        home.import_workflow(flow_file(home.root))
        home.save(home.workflow("gift"), trusted=False)
        with pytest.raises(Untrusted):
            home.run("gift")

    def test_nothing_needs_an_answer_twice(self, home: Workspace) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256)
        assert home.run(file).status == "succeeded"
        assert home.review(file).missing == frozenset()


class TestHowFarAnAnswerReaches:
    def test_this_version_is_of_what_matters_only(self, home: Workspace) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256)
        moved = json.loads(file.read_text())
        moved |= {"layout": {"a": [7, 7]}, "description": "x", "notes": {"n": {"text": "hi", "at": [0, 0]}}}
        moved["nodes"]["a"]["label"] = "Another label"
        file.write_text(json.dumps(moved))
        assert home.run(file).status == "succeeded"
        flow_file(home.root, code="2")
        with pytest.raises(Untrusted):
            home.run(file)
        assert any("+" in line and '"2"' in line for line in home.review(file).changes)

    def test_this_file_is_asked_about_for_something_new_only(self, home: Workspace) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256, reach="file")
        flow_file(home.root, code="3")
        assert home.run(file)["a"].data == 3
        more = {"b": {"task": "http.request", "params": {"url": "https://api.example.com/x"}}}
        with pytest.raises(Untrusted) as caught:
            home.run(flow_file(home.root, code="3", **more))
        assert caught.value.missing == ("the server api.example.com",)

    def test_its_folder_is_every_workflow_file_right_in_it(self, home: Workspace) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256, reach="folder")
        assert home.run(flow_file(home.root, "other", code="4"))["a"].data == 4
        (home.root / "below").mkdir()
        with pytest.raises(Untrusted):
            home.run(flow_file(home.root / "below", "third", code="5"))

    def test_a_new_secret_for_the_same_host_asks_nothing(self, home: Workspace) -> None:
        home.create_type("http")
        home.create_integration("API", "http", {"base_url": "https://api.example.com", "token": "one-token"})
        node = {"task": "http.request", "integration": "API", "params": {"url": "x"}, "pinned": 1}
        file = flow_file(home.root, b=node)
        home.trust(file, home.review(file).sha256)
        home.update_integration("API", {"token": "another-token"})
        assert home.is_trusted(file)

    def test_what_is_taken_back_is_asked_about_again(self, home: Workspace) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256)
        assert [grant.name for grant in home.revoke("gift")] == ["gift"]
        with pytest.raises(Untrusted):
            home.run(file)

    def test_a_stored_workflow_has_no_folder(self, home: Workspace) -> None:
        home.import_workflow(flow_file(home.root))
        with pytest.raises(InputError, match="in no folder"):
            home.trust("gift", home.review("gift").sha256, reach="folder")

    def test_what_was_saved_before_is_asked_about_together(self, home: Workspace) -> None:
        for name in ("one", "two"):
            home.import_workflow(flow_file(home.root, name))
        looked = home.review_folder()
        assert [one.name for one, _ in looked.workflows] == ["one", "two"]
        home.trust_folder(looked.sha256)
        assert home.run("one").status == home.run("two").status == "succeeded"


class TestTheCommand:
    def test_trusting_a_workspace_says_that_its_workflow_files_are_asked_about(
        self, home: Workspace, capsys: Any
    ) -> None:
        file = str(flow_file(home.root))
        assert command(["trust", str(home.root), "--author"]) == 0
        assert "each by itself: flowbook trust FILE" in capsys.readouterr().out
        assert command(["run", file]) == 3

    def test_prints_and_grants_by_hash_without_a_question(self, home: Workspace, capsys: Any) -> None:
        file = str(flow_file(home.root))
        assert command(["run", file]) == 3
        assert command(["trust", "--print", file]) == 0
        sha = capsys.readouterr().out.strip().rpartition(" ")[2]
        assert command(["run", file, "--trust", sha]) == 0
        assert command(["run", file]) == 3
        assert command(["trust", file, "--sha256", "0" * 64]) == 3
        assert command(["trust", file, "--sha256", sha]) == 0
        assert command(["run", file]) == 0
        assert command(["trust", "revoke", "gift"]) == 0
        assert command(["trust", "revoke", "gift"]) == 2
        assert command(["run", file]) == 3

    def test_an_author_says_so_once(self, home: Workspace) -> None:
        file = flow_file(home.root)
        assert command(["trust", "--author", str(file)]) == 0
        flow_file(home.root, code="2")
        assert command(["run", str(file)]) == 0

    def test_json_tells_programs_the_same(self, home: Workspace, capsys: Any) -> None:
        file = str(flow_file(home.root, code="steal()"))
        assert command(["trust", "--print", "--json", file]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["missing"] == ["running code"]
        assert told["code"] == [{"node": "a", "task": "core.python", "text": "steal()"}]
        assert command(["run", "--json", file]) == 3
        assert json.loads(capsys.readouterr().out)["error"]["kind"] == "Untrusted"

    @pytest.mark.parametrize("stored", [False, True])
    def test_which_integration_a_label_means_is_chosen_here(self, home: Workspace, stored: bool, capsys: Any) -> None:
        home.create_type("http")
        home.create_type("slack")
        home.create_integration("Mine", "http", {"base_url": "https://mine.example.com"})
        home.create_integration("Chat", "slack", {"bot_token": "xoxb-of-mine-here"})
        ask = {"task": "http.request", "integration": "Theirs", "params": {"url": "/x"}}
        file = flow_file(home.root, ask=ask)
        what = str(file)
        if stored:
            home.import_workflow(file)
            what = "gift"
        assert command(["trust", "--print", what, "--use", "Theirs=Mine"]) == 0
        told = capsys.readouterr().out
        assert "mine.example.com" in told
        sha = told.strip().rpartition(" ")[2]
        assert "Theirs" in (str(home.workflow("gift").nodes) if stored else file.read_text())
        for wrong in ("Theirs", "Their=Mine", "Theirs=Nobody", "Theirs=Chat"):
            assert command(["trust", "--print", what, "--use", wrong]) == 2
        assert command(["trust", what, "--use", "Theirs=Mine", "--sha256", "0" * 64]) == 3
        assert command(["trust", what, "--use", "Theirs=Mine", "--sha256", sha]) == 0
        flow = home.workflow("gift") if stored else home.read(file).workflow
        assert flow is not None
        assert flow.nodes["ask"].integration == "Mine"
        assert home.is_trusted("gift" if stored else file)

    @pytest.mark.parametrize(("answer", "code"), [("v\n", 0), ("\n", 3), ("n\n", 3), ("yes\n", 3)])
    def test_asks_at_the_terminal(self, home: Workspace, answer: str, code: int) -> None:
        file = flow_file(home.root)
        pid, terminal = pty.fork()
        if not pid:  # the child has that terminal for its own
            os.execv(sys.executable, [sys.executable, "-m", "flowbook", "trust", str(file)])
        shown = b""
        while True:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if b"[v/f/a/N]" in shown and answer:
                os.write(terminal, answer.encode())
                answer = ""
        os.close(terminal)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code, shown
        assert home.is_trusted(file) == (code == 0)

    def test_lists_what_is_trusted(self, home: Workspace, capsys: Any) -> None:
        file = flow_file(home.root)
        home.trust(file, home.review(file).sha256, reach="file")
        assert command(["trust", "list", "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert [(one["kind"], one["reach"], one["may"]) for one in listed] == [
            ("code", "folder", []), ("workflow", "file", ["code"]),
        ]  # fmt: skip
        assert command(["trust", "list"]) == 0
        assert moment(home.grants()[0].at) in capsys.readouterr().out, "by the clock here, as all times in tables"

    def test_init_tells_of_code_that_is_there_already(self, tmp_path: Path, capsys: Any) -> None:
        folder = tmp_path / "cloned" / "integrations" / "gift"
        folder.mkdir(parents=True)
        (folder / "tasks.py").write_text("")
        assert command(["init", str(tmp_path / "cloned")]) == 0
        assert "flowbook trust" in capsys.readouterr().out

    def test_hosts_of_an_integration_are_shown_and_chosen(self, home: Workspace, capsys: Any) -> None:
        home.create_type("http")
        home.create_integration("API", "http", {"base_url": "https://api.example.com"})

        def told(*arguments: str) -> list[str]:
            assert command(["integrations", "hosts", "API", *arguments, "--json"]) == 0
            return list(json.loads(capsys.readouterr().out)["hosts"])

        assert told() == ["api.example.com"]
        assert told("--add", "*.example.org") == ["api.example.com", "*.example.org"]
        assert told("--remove", "api.example.com") == ["*.example.org"]
        home.update_integration("API", {"base_url": "https://other.example.com"})
        assert told() == ["*.example.org"]
        assert told("--default") == ["other.example.com"]
        assert command(["integrations", "hosts", "API", "https://x/y"]) == 2


class TestHosts:
    @pytest.mark.parametrize(("pattern", "host", "port", "allowed"), [
        ("api.example.com", "api.example.com", 443, True), ("api.example.com", "API.Example.COM.", 443, True),
        ("api.example.com", "evil-api.example.com", 443, False),
        ("api.example.com", "api.example.com.evil.org", 443, False),
        ("*.example.com", "a.example.com", 443, True), ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "example.com", 443, False), ("*.example.com", "evilexample.com", 443, False),
        ("*.example.com", "*.example.com", 443, False), ("localhost:8080", "localhost", 8080, True),
        ("localhost:8080", "localhost", 8081, False), ("localhost:8080", "localhost", None, False),
        ("[::1]:5432", "[::1]", 5432, True), ("/run/postgresql", "/run/postgresql/", None, True),
        ("/run/postgresql", "/run/postgresql/../x", None, False), ("*", "anything", 1, True),
        ("api.example.com", "", 443, False), ("api.example.com", "api.example.com\n", 443, True),
    ])  # fmt: skip
    def test_a_pattern_means_what_it_says(self, pattern: str, host: str, port: int | None, allowed: bool) -> None:
        assert allows([checked_host(pattern)], host, port) is allowed

    @pytest.mark.parametrize(
        "wrong", ["", "https://x", "a b", "a..b", "*.", "*", "a.*.b", "user@x", "x:0", "x:99999", "-a"]
    )
    def test_what_is_no_host_is_refused(self, wrong: str) -> None:
        if wrong == "*":
            assert checked_host(wrong) == "*"
            return
        with pytest.raises(ValueError):
            checked_host(wrong)

    @pytest.mark.parametrize(("address", "host"), [
        ("https://api.example.com/v1", "api.example.com"), ("http://localhost:8080", "localhost:8080"),
        ("https://user:pw@x.org/", "x.org"), ("db.example.com", "db.example.com"), ("https://*/x", ""), ("", ""),
        ("https://[::1]:80/", "[::1]:80"), ("https://x:port/", ""),
    ])  # fmt: skip
    def test_an_address_names_its_server(self, address: str, host: str) -> None:
        assert host_of(address) == host

    def test_the_servers_of_an_integration_are_those_its_credentials_name(self) -> None:
        fields = (Parameter(name="base_url", type="url"), Parameter(name="token", type="password"))
        vendor = ("api.example.com", "*.example.com")
        assert default_hosts(fields, {"token": "x"}, vendor) == vendor
        assert default_hosts(fields, {"base_url": "https://api.example.com"}, vendor) == vendor
        assert default_hosts(fields, {"base_url": "https://own.test"}, vendor) == ("own.test",)
        assert default_hosts(fields, {}, ()) == ()

    @pytest.mark.parametrize(("folder", "values", "hosts"), [
        ("github", {}, {"api.github.com", "*.github.com", "*.githubusercontent.com"}),
        ("slack", {}, {"slack.com", "*.slack.com"}),
        ("s3", {"access_key": "k"}, {"*.amazonaws.com", "*.amazonaws.com.cn"}),
        ("s3", {"endpoint_url": "http://127.0.0.1:9000"}, {"127.0.0.1:9000"}),
        ("sendgrid", {}, {"api.sendgrid.com"}),
        ("postgres", {"host": "db.test"}, {"db.test"}),
        ("postgres", {"host": "a.test,b.test"}, {"a.test", "b.test"}),
        ("smtp", {"host": "mail.test"}, {"mail.test"}),
        ("http", {}, set()),
    ])  # fmt: skip
    def test_the_built_in_integrations(
        self, home: Workspace, folder: str, values: dict[str, str], hosts: set[str]
    ) -> None:
        found = home.integration_folder(folder)
        assert set(default_hosts(found.credentials, values, found.hosts)) == hosts

    @pytest.mark.parametrize(("type", "task", "credentials", "params"), [
        ("http", "http.request", {"base_url": "http://127.0.0.1:1"}, {"url": "x", "retries": 0}),
        ("postgres", "postgres.execute_query",
         {"host": "127.0.0.1", "port": 1, "username": "u", "password": "secret", "database": "d"},
         {"query": "SELECT 1"}),
        ("smtp", "smtp.send_email", {"host": "127.0.0.1", "port": 1, "security": "none", "from_email": "a@b.org"},
         {"to": "a@b.org", "subject": "x", "body": "x"}),
        ("s3", "s3.list_buckets", {"access_key": "k", "secret_key": "secretsecret", "endpoint_url": "http://127.0.0.1:1"},
         {}),
    ])  # fmt: skip
    def test_nothing_is_sent_to_another_server_by_any_library(
        self, home: Workspace, type: str, task: str, credentials: dict[str, Any], params: dict[str, Any]
    ) -> None:
        home.create_type(type)
        home.create_integration("It", type, credentials, hosts=["elsewhere.example.com"])
        flow = Workflow(name="own")
        flow.add("a", task, integration="It", params=params, on_error="continue")
        result = home.run(flow)["a"]
        assert result.data["kind"] == "host_not_allowed"
        assert "flowbook integrations hosts" in result.message


class TestCapabilities:
    def test_every_built_in_task_says_what_it_is_able_to_do(self, home: Workspace) -> None:
        built_in = [folder for folder in home.integration_folders() if folder.source == "built in"]
        unsaid = [spec.name for folder in built_in for spec in folder.tasks.values() if not spec.capabilities.said]
        assert built_in
        assert unsaid == []

    def test_the_params_that_they_name_are_there(self, home: Workspace) -> None:
        for folder in home.integration_folders():
            for spec in folder.tasks.values():
                able = spec.capabilities
                for name in (*able.addresses, *able.read_params, *able.written_params):
                    assert spec.parameter(name) is not None, f"{spec.name}: {name}"

    def test_a_task_that_says_nothing_is_able_to_do_all(self) -> None:
        def plain(credentials: Any, params: Any) -> Any: ...

        assert read_task("x", "plain", plain).capabilities == ALL
        assert read_task("x", "plain", task(effects="read")(plain)).capabilities[:4] == (True, True, True, True)

    def test_what_is_no_capability_is_refused(self) -> None:
        with pytest.raises(ValueError):
            task(network=7)(lambda credentials, params: None)  # type: ignore[call-overload]


def review_of(ws: Workspace, **nodes: dict[str, Any]) -> str:
    path = ws.root / "theirs.flow.yaml"
    path.write_text(json.dumps({"flowbook": 1, "name": "theirs", "nodes": nodes}))
    return str(ws.review(path))


def test_a_request_that_only_asks_is_not_called_a_change(ws: Workspace) -> None:
    said = review_of(
        ws,
        asks={"task": "http.request", "params": {"url": "https://a.example"}},
        writes={"task": "http.request", "params": {"url": "https://a.example", "method": "PUT"}},
        computed={"task": "http.request", "params": {"url": "https://a.example", "method": "${{ inputs.m }}"}},
        disguised={
            "task": "http.request",
            "params": {"url": "https://a.example", "headers": {"X-HTTP-Method-Override": "delete"}},
        },
        hidden={"task": "http.request", "params": {"url": "https://a.example", "headers": {"${{ inputs.m }}": "x"}}},
    )
    changed = said.partition("What it changes:\n")[2].partition("\n\n")[0]
    assert [line.split(":")[0].strip() for line in changed.splitlines()] == [
        "writes",
        "computed",
        "disguised",
        "hidden",
    ]


def test_an_integration_that_is_not_here_is_named_in_words(ws: Workspace) -> None:
    path = ws.root / "theirs.flow.yaml"
    nodes = {"a": {"task": "http.request", "integration": "Their Bank", "params": {"url": "/"}}}
    path.write_text(json.dumps({"flowbook": 1, "name": "theirs", "nodes": nodes}))
    assert "the credentials of 'Their Bank', which is not here" in missing_lines(ws.review(path))


def test_what_the_variable_names_in_vain_is_said(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ws.root / "theirs.flow.yaml"
    nodes = {"a": {"task": "core.python", "params": {"code": "1"}}}
    path.write_text(json.dumps({"flowbook": 1, "name": "theirs", "nodes": nodes}))
    for named, said in {
        "reports": "'reports' is no absolute path.",
        "~/reports": "'~/reports' is no absolute path.",
        str(path): "is no folder.",
        str(ws.root.parent): f"for all below it, write '{ws.root.parent}/*'.",
    }.items():
        monkeypatch.setenv("FLOWBOOK_TRUST", named)
        with pytest.raises(Untrusted) as raised:
            ws.run(path)
        assert "FLOWBOOK_TRUST does not say this: " in raised.value.hint, named
        assert said in raised.value.hint
    monkeypatch.setenv("FLOWBOOK_TRUST", "/srv/others:")
    with pytest.raises(Untrusted) as raised:
        ws.run(path)
    assert "'/srv/others' is no folder" in raised.value.hint
    monkeypatch.setenv("FLOWBOOK_TRUST", f"reports:{ws.root}")
    assert ws.run(path)["a"].data == 1
