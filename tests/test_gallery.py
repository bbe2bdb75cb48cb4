"""The gallery: every workflow is valid and tidy, and does what it says, run by the real engine."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.cli import run as run_command
from flowbook.errors import AlreadyExists, NotFound, RunFailed
from flowbook.formats.flowfile import dumps, loads, read_document
from flowbook.gallery import add, load, needed, templates
from flowbook.models import Workflow
from flowbook.testing import Answer, FakeService, Request, fake_service
from flowbook.ui.workflows.gallery_panel import GalleryPanel
from flowbook.validation import validate_document
from flowbook.view.graph.elements import look
from flowbook.workspace import Run, Workspace

NAMES = [one.name for one in templates()]
ISSUE = {
    "number": 7, "title": "It breaks", "created_at": "2020-01-01T00:00:00Z", "body": "Help!", "user": {"login": "ada"},
    "html_url": "https://github.com/a/b/issues/7",
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as running:
        running.on("POST", "/hook", body="ok", headers={"Content-Type": "text/html"})
        yield running


@pytest.fixture
def accounts(ws: Workspace, service: FakeService) -> Workspace:
    """A workspace whose integrations have the names of the gallery and lead to ``service``, or to nothing at all."""
    nowhere = {"host": "127.0.0.1", "port": 1, "username": "u", "password": "p", "database": "d"}
    given: dict[str, tuple[str, dict[str, Any]]] = {
        "My GitHub": ("github", {"token": "ghp_test_token", "base_url": service.url}),
        "My Slack Workspace": ("slack", {"webhook_url": f"{service.url}/hook"}),
        "My Jira": ("jira", {"base_url": service.url, "email": "a@b.org", "api_token": "jira-token"}),
        "My SendGrid": ("sendgrid", {"api_key": "SG.test-key", "base_url": service.url, "from_email": "me@b.org"}),
        "My Database": ("postgres", nowhere),
        "My S3 Storage": (
            "s3",
            {"access_key": "AKIA", "secret_key": "s3-secret", "endpoint_url": "http://127.0.0.1:1"},
        ),
    }
    for name, (kind, credentials) in given.items():
        ws.create_type(kind)
        ws.create_integration(name, kind, credentials)
    return ws


def quick(name: str, **pinned: Any) -> Workflow:
    """A workflow of the gallery that waits for nothing, with the data of some nodes pinned."""
    document = load(name).to_document()
    for id, node in document["nodes"].items():
        if "retry" in node:
            node["retry"] = {**node["retry"], "wait": 0}
        if id in pinned:
            node["pinned"] = pinned[id]
    return Workflow.from_document(document)


def states(run: Run) -> dict[str, str]:
    return {node: run[node].status for node in run}


def failed(ws: Workspace, flow: Workflow, **inputs: Any) -> Run:
    with pytest.raises(RunFailed) as raised:
        ws.run(flow, inputs)
    assert isinstance(raised.value.run, Run)
    return raised.value.run


def posted(service: FakeService, path: str = "/hook") -> list[Any]:
    return [request.json for request in service.requests if request.path == path]


class TestTheFiles:
    def test_there_are_eighteen_and_all_are_shown(self) -> None:
        assert len(NAMES) == len(set(NAMES)) == 18
        folder = templates()[0].path.parent
        assert sorted(path.name for path in folder.glob("*.flow.yaml")) == sorted(one.path.name for one in templates())

    @pytest.mark.parametrize("name", NAMES)
    def test_only_the_integrations_are_missing(self, name: str, ws: Workspace) -> None:
        template = next(one for one in templates() if one.name == name)
        document, positions = read_document(template.path)
        workflow, report = validate_document(
            document, ws.catalog, integrations=dict, workflows=lambda: NAMES, positions=positions
        )
        assert workflow is not None
        assert {problem.code for problem in report.problems} <= {"unknown-integration"}
        used = {node.integration: node.folder for node in workflow.nodes.values() if node.integration}
        assert all(known.startswith("My ") for known in used)
        _, report = validate_document(document, ws.catalog, integrations=lambda: used, workflows=lambda: NAMES)
        assert not report.problems

    @pytest.mark.parametrize("name", NAMES)
    def test_a_file_is_as_it_would_be_written(self, name: str) -> None:
        text = next(one for one in templates() if one.name == name).path.read_text(encoding="utf-8")
        assert dumps(loads(text)) == text

    @pytest.mark.parametrize("name", NAMES)
    def test_it_explains_itself_and_each_node_has_a_place_and_a_label(self, name: str) -> None:
        flow = load(name)
        assert len(flow.description) > 40
        assert flow.notes
        assert all(parameter.description and parameter.default is not None for parameter in flow.inputs.values())
        assert all(node.label for node in flow.nodes.values())
        assert set(flow.layout) == set(flow.nodes)

    @pytest.mark.parametrize("name", NAMES)
    def test_no_card_lies_on_another(self, name: str) -> None:
        card, places = look()["card"], list(load(name).layout.values())
        for index, (x, y) in enumerate(places):
            for other_x, other_y in places[index + 1 :]:
                assert abs(x - other_x) >= card["width"] or abs(y - other_y) >= card["height"]


class TestAdding:
    def test_a_workflow_brings_those_it_runs(self, ws: Workspace) -> None:
        assert needed(load("check-all-files")) == ["csv-quality-check"]
        assert add(ws, "check-all-files") == ["check-all-files", "csv-quality-check"]
        assert ws.workflow("check-all-files") == load("check-all-files")
        assert add(ws, "check-all-files", stored_as="again") == ["again"]

    def test_a_name_that_is_taken_is_refused(self, ws: Workspace) -> None:
        add(ws, "weekly-digest")
        with pytest.raises(AlreadyExists, match="weekly-digest"):
            add(ws, "weekly-digest")

    def test_an_unknown_name_suggests_the_nearest(self, ws: Workspace) -> None:
        with pytest.raises(NotFound, match="weekly-digest"):
            add(ws, "weekly-digets")


class TestRunningWithoutAccounts:
    def test_pages_are_fetched_put_together_and_written(self, ws: Workspace, service: FakeService) -> None:
        def page(request: Request) -> Answer:
            number = int(request.query["page"])
            return Answer(json=[{"login": f"u{number}{i}", "contributions": i, "html_url": "h"} for i in range(2)])

        service.on("GET", "/list", page)
        run = ws.run(quick("fan-out-api-pages"), url=f"{service.url}/list", pages=5, file="out.csv")
        assert sorted(request.query["page"] for request in service.requests) == ["1", "2", "3", "4", "5"]
        with (ws.root / "out.csv").open(encoding="utf-8") as file:
            assert [row["login"] for row in csv.DictReader(file)][:3] == ["u10", "u11", "u20"]
        assert run["top"].data[0]["contributions"] == 1

    def test_a_page_that_fails_for_good_fails_the_run(self, ws: Workspace, service: FakeService) -> None:
        service.on("GET", "/list", status=404, json={"message": "no such list"})
        run = failed(ws, quick("fan-out-api-pages"), url=f"{service.url}/list", pages=1)
        assert "404" in run["fetch"].message
        assert run["save"].status == "skipped"

    @pytest.fixture
    def orders(self, ws: Workspace) -> Path:
        """Two files of orders, a good one and one with three broken rows."""
        folder = ws.root / "data"
        folder.mkdir()
        (folder / "good.csv").write_text("id,email,amount\n1,a@b.org,5\n2,c@d.org,6.5\n")
        (folder / "bad.csv").write_text("id,email,amount\n1,a@b.org,5\n1,nobody,7\n3,e@f.org,-1\n")
        return folder

    def test_a_good_file_is_handed_on(self, ws: Workspace, orders: Path) -> None:
        run = ws.run(quick("csv-quality-check"), file="data/good.csv", folder="out")
        assert states(run)["reject"] == "skipped"
        assert (ws.root / "out/accepted/good.csv").read_text() == (orders / "good.csv").read_text()

    def test_the_broken_rows_of_a_bad_file_are_named(self, ws: Workspace, orders: Path) -> None:
        run = ws.run(quick("csv-quality-check"), file="data/bad.csv", folder="out")
        assert states(run)["accept"] == "skipped"
        with (ws.root / "out/rejected/bad.csv").open(encoding="utf-8") as file:
            problems = [(row["id"], row["problem"].split()[1]) for row in csv.DictReader(file)]
        assert sorted(problems) == [("1", "e-mail"), ("1", "id"), ("1", "id"), ("3", "amount")]

    def test_a_file_without_rows_fails_the_run(self, ws: Workspace, orders: Path) -> None:
        (orders / "none.csv").write_text("id,email,amount\n")
        run = failed(ws, quick("csv-quality-check"), file="data/none.csv")
        assert run["empty"].message == "data/none.csv has no rows."

    def test_every_file_is_checked_by_a_workflow_of_its_own(self, ws: Workspace, orders: Path) -> None:
        add(ws, "check-all-files")
        run = failed(ws, ws.workflow("check-all-files"), folder="out")
        assert run["bad"].message == "These files have broken rows: data/bad.csv."
        with (ws.root / "out/summary.csv").open(encoding="utf-8") as file:
            assert [(row["file"], row["problems"]) for row in csv.DictReader(file)] == [
                ("data/bad.csv", "4"), ("data/good.csv", "0"),
            ]  # fmt: skip
        assert len(ws.runs(workflow="csv-quality-check")) == 2

    def test_a_table_is_summed_up_and_the_work_cleaned_up(self, ws: Workspace, service: FakeService) -> None:
        service.on("GET", "/t.csv", body="date,weather\n2012/01/01,rain\n2012/01/02,rain\n2013/01/01,sun\n")
        run = ws.run(quick("download-and-tidy"), url=f"{service.url}/t.csv", folder="out")
        assert json.loads((ws.root / "out/summary.json").read_text()) == [
            {"year": "2012", "weather": "rain", "days": 2}, {"year": "2013", "weather": "sun", "days": 1},
        ]  # fmt: skip
        assert run["clean"].status == "succeeded"
        assert sorted(path.name for path in (ws.root / "out").iterdir()) == ["summary.json"]

    @pytest.mark.parametrize(
        ("body", "status", "failing"),
        [("", 404, "download"), ("a,b\n1,2,3,4\n", 200, "read"), ("day,rain\n1,2\n", 200, "sum_up")],
    )
    def test_what_goes_wrong_is_logged_and_still_cleaned_up(
        self, ws: Workspace, service: FakeService, body: str, status: int, failing: str
    ) -> None:
        service.on("GET", "/t.csv", status=status, body=body)
        run = failed(ws, quick("download-and-tidy"), url=f"{service.url}/t.csv", folder="out")
        assert run[failing].status == "failed"
        assert run["fail"].status == "failed"
        assert run[failing].message in (ws.root / "out/errors.log").read_text()
        assert not (ws.root / "out/work").exists()


class TestRunningAgainstLocalServices:
    def test_the_daily_report_counts_and_names_the_oldest(self, accounts: Workspace, service: FakeService) -> None:
        service.on(
            "GET", "/repos/a/b/issues", json=[ISSUE, {**ISSUE, "number": 8, "created_at": "2999-01-01T00:00:00Z"}]
        )
        accounts.run(quick("daily-issue-report"), repo="a/b")
        text = posted(service)[0]["text"]
        assert "*a/b* has 2 open issues, 1 of them new" in text
        assert "• #7 It breaks (since 2020-01-01)" in text

    def test_no_open_issue_is_praised(self, accounts: Workspace, service: FakeService) -> None:
        service.on("GET", "/repos/a/b/issues", json=[])
        accounts.run(quick("daily-issue-report"), repo="a/b")
        assert "no open issues" in posted(service)[0]["text"]

    @pytest.mark.parametrize(("value", "alerts"), [(3, 1), (0, 0)])
    def test_the_database_check_alerts_above_the_limit(
        self, accounts: Workspace, service: FakeService, value: int, alerts: int
    ) -> None:
        accounts.run(quick("database-check", check=[{"value": value}]))
        assert len(posted(service)) == alerts
        assert not alerts or "3 orders waiting" in json.dumps(posted(service))

    def test_a_database_that_cannot_be_asked_is_told(self, accounts: Workspace, service: FakeService) -> None:
        run = accounts.run(quick("database-check"))
        assert states(run) == {"check": "failed", "alert": "skipped", "fine": "skipped", "unreachable": "succeeded"}
        assert "could not run" in json.dumps(posted(service))

    def test_the_export_is_told_and_leaves_no_file(self, accounts: Workspace, service: FakeService) -> None:
        left = accounts.root / "output" / "export-orders.csv"
        left.parent.mkdir()
        left.write_text("id\n1\n")
        run = accounts.run(quick("nightly-csv-export", export={"rows": 12}, upload={"key": "k"}))
        assert states(run)["alarm"] == "skipped"
        assert "Exported 12 rows of orders" in posted(service)[0]["text"]
        assert not left.exists()

    @pytest.mark.parametrize("pinned", [{}, {"export": {"rows": 1}}])
    def test_an_export_that_fails_is_told_and_fails_the_run(
        self, accounts: Workspace, service: FakeService, pinned: dict[str, Any]
    ) -> None:
        run = failed(accounts, quick("nightly-csv-export", **pinned))
        failing = "upload" if pinned else "export"
        assert run[failing].status == "failed"
        assert run["fail"].status == "failed"
        assert "nightly export of orders failed" in json.dumps(posted(service))

    def test_the_digest_is_mailed(self, accounts: Workspace, service: FakeService) -> None:
        service.on(
            "GET", "/search/issues",
            lambda request: Answer(
                json={"total_count": 1, "items": [ISSUE] if "is:pr" in request.query["q"] else []}
            ),
        )  # fmt: skip
        service.on("POST", "/v3/mail/send", status=202)
        accounts.run(quick("weekly-digest"), repo="a/b", recipient="x@y.org")
        (mail,) = posted(service, "/v3/mail/send")
        assert mail["subject"] == "a/b: 1 merged, 0 new issues"
        assert "- It breaks (#7, ada)" in mail["content"][0]["value"]
        assert mail["content"][0]["value"].rstrip().endswith("none")

    def test_the_watcher_waits_for_the_words(self, accounts: Workspace, service: FakeService) -> None:
        service.on("GET", "/page", [Answer(body="not yet"), Answer(body="not yet"), Answer(body="it is here")])
        run = accounts.run(quick("web-page-watcher"), url=f"{service.url}/page", words="it is here")
        assert run["watch"].attempts == 3
        assert "is there" in json.dumps(posted(service))

    def test_the_watcher_gives_up_politely(self, accounts: Workspace, service: FakeService) -> None:
        service.on("GET", "/page", body="never")
        run = accounts.run(quick("web-page-watcher"), url=f"{service.url}/page", words="it is here")
        assert run["watch"].attempts == 60
        assert "did not come" in json.dumps(posted(service))

    def test_only_issues_that_are_new_are_copied_and_linked(self, accounts: Workspace, service: FakeService) -> None:
        service.on("GET", "/repos/a/b/issues", json=[ISSUE, {**ISSUE, "number": 8, "title": "Again", "body": None}])
        known = [{"id": "1", "key": "APP-1", "fields": {"labels": ["from-github", "github-7"]}}]
        service.on("*", "/rest/api/3/search/jql", json={"issues": known, "isLast": True})
        service.on("POST", "/rest/api/3/issue", status=201, json={"id": "2", "key": "APP-2"})
        service.on("POST", "/repos/a/b/issues/8/comments", status=201, json={"id": 5})
        accounts.run(quick("issue-triage"), repo="a/b")
        (created,) = posted(service, "/rest/api/3/issue")
        assert created["fields"]["summary"] == "Again"
        assert created["fields"]["labels"] == ["from-github", "github-8"]
        assert posted(service, "/repos/a/b/issues/8/comments") == [{"body": "Tracked as APP-2."}]

    @pytest.mark.parametrize("draft", [True, False])
    def test_a_release_is_announced_unless_it_is_a_draft(
        self, accounts: Workspace, service: FakeService, draft: bool
    ) -> None:
        release = {"html_url": "https://github.com/a/b/releases/1", "draft": draft, "body": None}
        service.on("POST", "/repos/a/b/releases", status=201, json=release)
        service.on("POST", "/v3/mail/send", status=500, json={"errors": []})
        run = accounts.run(quick("release-announcement"), repo="a/b", draft=draft)
        assert len(posted(service)) == (0 if draft else 1)
        assert run["done"].data["url"] == release["html_url"]
        assert (run["done"].data["slack"], run["done"].data["mail"]) == (not draft, False)

    def test_a_backup_that_fails_is_told(self, accounts: Workspace, service: FakeService) -> None:
        (accounts.root / "a.txt").write_text("a")
        run = accounts.run(quick("backup-files", upload=[{}], verify=[{"key": "a.txt"}]), pattern="*.txt")
        assert run["complete"].status == "succeeded"
        run = failed(accounts, quick("backup-files", upload=[{}], verify=[]), pattern="*.txt")
        assert run["missing"].message.startswith("Only 0 of 1 files are in my-backups/backup/")


class TestTheCommand:
    @pytest.fixture
    def command(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
        monkeypatch.chdir(folder)

        def call(*arguments: str) -> tuple[int, str, str]:
            code = run_command(["workflows", "gallery", *arguments])
            return (code, *capsys.readouterr())

        return call

    def test_it_lists_shows_and_adds(self, command: Any, folder: Path) -> None:
        assert [one["name"] for one in json.loads(command("--json")[1])] == NAMES
        assert all(name in command()[1] for name in NAMES)
        assert not (folder / ".flowbook").exists()
        assert loads(command("weekly-digest")[1]) == load("weekly-digest")
        code, out, _ = command("weekly-digest", "--add")
        assert code == 0
        assert "Added weekly-digest" in out
        assert "My GitHub, My SendGrid" in out
        assert Workspace(folder).workflow("weekly-digest") == load("weekly-digest")

    def test_bad_use_is_told(self, command: Any) -> None:
        assert command("weekly-digets")[0] == 2
        assert command("--add")[0] == 2
        command("weekly-digest", "--add")
        code, out, err = command("weekly-digest", "--add")
        assert (code, out) == (2, "")
        assert "already" in err


class TestThePanel:
    def test_one_click_stores_a_workflow_and_tells_its_name(self, ws: Workspace) -> None:
        added: list[str] = []
        panel = GalleryPanel(ws, added.append)
        assert set(panel.buttons) == set(NAMES)
        panel.buttons["check-all-files"].click()
        panel.buttons["check-all-files"].click()
        assert added == ["check-all-files", "check-all-files-2"]
        assert {one.name for one in ws.workflows()} == {"check-all-files", "check-all-files-2", "csv-quality-check"}

    def test_what_cannot_be_stored_is_told(self, ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: Any, **__: Any) -> int:
            raise AlreadyExists("there is one already.")

        monkeypatch.setattr(ws, "save", refuse)
        added: list[str] = []
        panel = GalleryPanel(ws, added.append)
        panel.use("weekly-digest")
        assert added == []
        assert (panel.message.tone, panel.message.text) == ("error", "There is one already.")
