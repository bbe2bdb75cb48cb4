"""What a param of a task names on this machine is inside of the workspace's folder, whichever task it is.

Every file param of every integration folder is tried here. A new one, and any param whose name sounds like one, must
be entered below.
"""

from __future__ import annotations

import functools
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flowbook.tasks import TaskSpec
from flowbook.testing import load_folder, run_task

FOLDERS = Path(__file__).parents[2] / "integrations"
SOUNDS_LIKE_A_FILE = re.compile(r"path|file|folder|dir$|database|attach|^source$|^target$|pattern|^root$|^tables$")
GIVEN = "GIVEN"  # stands for the path in the params below

CREDENTIALS: dict[str, dict[str, Any]] = {
    "azure_blob": {"account": "a", "account_key": "c2VjcmV0LXNlY3JldA==", "endpoint_url": "http://127.0.0.1:1"},
    "gcs": {"oauth2": "t" * 20},
    "github": {"token": "t" * 20},
    "imap": {"host": "127.0.0.1", "username": "a@b.org", "password": "p" * 9},
    "jira": {"base_url": "https://x.atlassian.net", "email": "a@b.org", "api_token": "t" * 20},
    "mysql": {"host": "127.0.0.1", "username": "u", "password": "p", "database": "d"},
    "postgres": {"host": "127.0.0.1", "username": "u", "password": "p", "database": "d"},
    "s3": {"access_key": "a" * 20, "secret_key": "s" * 20, "endpoint_url": "http://127.0.0.1:1"},
    "sendgrid": {"api_key": "SG.0123456789", "from_email": "a@b.org"},
    "slack": {"bot_token": "xoxb-0123456789"},
    "ssh": {"host": "127.0.0.1", "username": "u", "password": "p" * 9},
    "smtp": {"host": "127.0.0.1", "from_email": "a@b.org"},
    "discord": {"bot_token": "t" * 20},
    "airtable": {"token": "t" * 20},
    "gitlab": {"token": "t" * 20},
    "gmail": {"oauth2": "t" * 20},
    "google_drive": {"oauth2": "t" * 20},
    "telegram": {"bot_token": "1:" + "t" * 35},
}


class Case(NamedTuple):
    """A file param: whether it is written, and params of its task with GIVEN in its place."""

    task: str
    param: str
    writes: bool
    params: dict[str, Any]


def _cases() -> Iterator[Case]:
    for name in ("read_text", "read_json", "read_csv", "read_parquet", "exists"):
        yield Case(f"files.{name}", "path", False, {"path": GIVEN})
    yield Case("files.glob", "pattern", False, {"pattern": GIVEN})
    yield Case("files.delete", "path", True, {"path": GIVEN})
    yield Case("files.write_text", "path", True, {"path": GIVEN, "text": "x"})
    yield Case("files.write_json", "path", True, {"path": GIVEN, "data": 1})
    for name in ("write_csv", "write_parquet"):
        yield Case(f"files.{name}", "path", True, {"path": GIVEN, "rows": [{"a": 1}]})
    for name in ("copy", "move"):
        yield Case(f"files.{name}", "source", name == "move", {"source": GIVEN, "target": "new"})
        yield Case(f"files.{name}", "target", True, {"source": "inside.txt", "target": GIVEN, "overwrite": True})
    yield Case("github.put_file", "file_path", False, {"repo": "a/b", "path": "x", "message": "m", "file_path": GIVEN})
    asset = {"repo": "a/b", "release_id": 1}
    yield Case("github.upload_release_asset", "file_path", False, {**asset, "file_path": GIVEN})
    yield Case("github.download_release_asset", "file_path", True, {**asset, "file_path": GIVEN})
    yield Case("http.request", "file_path", False, {"url": "http://127.0.0.1:1", "method": "PUT", "file_path": GIVEN})
    yield Case("http.request", "files", False, {"url": "http://127.0.0.1:1", "method": "POST", "files": {"a": GIVEN}})
    yield Case("http.request", "files", False, {"url": "http://127.0.0.1:1", "method": "POST", "files": {"a": [GIVEN]}})
    yield Case("imap.append_message", "attachments", False, {"attachments": [GIVEN]})
    yield Case("imap.append_message", "attachments", False, {"attachments": [{"file_path": GIVEN}]})
    yield Case("imap.save_attachments", "folder_path", True, {"uid": 1, "folder_path": GIVEN})
    yield Case("jira.add_attachment", "file_path", False, {"issue_key": "A-1", "file_path": GIVEN})
    yield Case("jira.download_attachment", "file_path", True, {"attachment_id": "1", "file_path": GIVEN})
    for folder in ("mysql", "postgres"):
        yield Case(f"{folder}.copy_from_csv", "file_path", False, {"table": "t", "file_path": GIVEN})
        yield Case(f"{folder}.copy_to_csv", "file_path", True, {"table": "t", "file_path": GIVEN})
    yield Case("pdf.read_text", "path", False, {"path": GIVEN})
    yield Case("pdf.describe", "path", False, {"path": GIVEN})
    yield Case("pdf.take_pages", "path", False, {"path": GIVEN, "target": "new.pdf"})
    yield Case("pdf.take_pages", "target", True, {"path": "inside.txt", "target": GIVEN})
    yield Case("pdf.merge", "files", False, {"files": [GIVEN], "target": "new.pdf"})
    yield Case("pdf.merge", "target", True, {"files": ["inside.txt"], "target": GIVEN})
    yield Case("rss.parse_feed", "path", False, {"path": GIVEN})
    yield Case("s3.upload_file", "file_path", False, {"bucket": "b", "file_path": GIVEN})
    yield Case("s3.download_file", "file_path", True, {"bucket": "b", "key": "k", "file_path": GIVEN})
    yield Case("s3.upload_folder", "folder_path", False, {"bucket": "b", "folder_path": GIVEN})
    yield Case("s3.download_folder", "folder_path", True, {"bucket": "b", "folder_path": GIVEN})
    mail = {"to": "a@b.org", "subject": "s", "body": "b"}
    for folder in ("sendgrid", "smtp"):
        yield Case(f"{folder}.send_email", "attachments", False, {**mail, "attachments": [GIVEN]})
        yield Case(f"{folder}.send_email", "attachments", False, {**mail, "attachments": [{"file_path": GIVEN}]})
    yield Case("slack.upload_file", "file_path", False, {"file_path": GIVEN})
    yield Case("slack.upload_file", "files", False, {"files": [GIVEN]})
    yield Case("slack.upload_file", "files", False, {"files": [{"file_path": GIVEN, "content_type": "text/plain"}]})
    for name in ("list_sheets", "read_sheet", "list_tables", "read_table"):
        more = {"table": "t"} if name == "read_table" else {}
        yield Case(f"spreadsheets.{name}", "path", False, {"path": GIVEN, **more})
    for name in ("write_sheet", "append_rows"):
        yield Case(f"spreadsheets.{name}", "path", True, {"path": GIVEN, "rows": [{"a": 1}]})
    yield Case("spreadsheets.append_to_table", "path", True, {"path": GIVEN, "table": "t", "rows": [{"a": 1}]})
    for name, more in (
        ("describe", {}),
        ("query", {"sql": "FROM a"}),
        ("query_to_file", {"sql": "FROM a", "file_path": "b.csv"}),
    ):
        yield Case(f"duckdb.{name}", "tables", False, {"tables": {"a": GIVEN}, **more})
    yield Case("duckdb.query_to_file", "file_path", True, {"sql": "SELECT 1", "file_path": GIVEN})
    for folder, place in (("gcs", {"bucket": "b"}), ("azure_blob", {"container": "c"})):
        yield Case(f"{folder}.upload_file", "file_path", False, {**place, "file_path": GIVEN})
        yield Case(f"{folder}.download_file", "file_path", True, {**place, "key": "k", "file_path": GIVEN})
    yield Case("sqlite.query", "database", False, {"database": GIVEN, "sql": "SELECT 1"})
    yield Case("sqlite.list_tables", "database", False, {"database": GIVEN})
    yield Case("sqlite.test_connection", "database", False, {"database": GIVEN})
    yield Case("sqlite.execute", "database", True, {"database": GIVEN, "sql": "CREATE TABLE t (a)"})
    yield Case("sqlite.execute_many", "database", True, {"database": GIVEN, "sql": "SELECT ?", "rows": [[1]]})
    yield Case("sqlite.insert_rows", "database", True, {"database": GIVEN, "table": "t", "rows": [{"a": 1}]})
    yield Case("discord.send_file", "files", False, {"channel": "4" * 17, "files": [GIVEN, {"file_path": GIVEN}]})
    yield Case(
        "airtable.upload_attachment",
        "file_path",
        False,
        {"base": "app" + "1" * 14, "table": "t", "record": "rec" + "1" * 14, "field": "f", "file_path": GIVEN},
    )
    yield Case(
        "airtable.download_attachment",
        "file_path",
        True,
        {"base": "app" + "1" * 14, "table": "t", "record": "rec" + "1" * 14, "field": "f", "file_path": GIVEN},
    )
    yield Case(
        "gitlab.put_file", "file_path", False, {"project": "a/b", "path": "x", "branch": "main", "file_path": GIVEN}
    )
    mail = {"to": "a@b.org", "subject": "s", "body": "b"}
    yield Case("gmail.send_message", "attachments", False, {**mail, "attachments": [GIVEN, {"file_path": GIVEN}]})
    yield Case("gmail.reply_to_message", "attachments", False, {"message": "m", "body": "b", "attachments": [GIVEN]})
    yield Case("gmail.create_draft", "attachments", False, {**mail, "attachments": [GIVEN]})
    yield Case("gmail.save_attachments", "folder_path", True, {"message": "m", "folder_path": GIVEN})
    drive = {"file": "1" * 33, "file_path": GIVEN}
    yield Case("google_drive.upload_file", "file_path", False, {"file_path": GIVEN})
    yield Case("google_drive.replace_content", "file_path", False, drive)
    yield Case("google_drive.download_file", "file_path", True, drive)
    yield Case("google_drive.export_file", "file_path", True, drive)
    yield Case("telegram.send_file", "file_path", False, {"chat": "1", "file_path": GIVEN})
    yield Case("telegram.send_album", "files", False, {"chat": "1", "files": [GIVEN, {"file_path": GIVEN}]})
    yield Case("telegram.download_file", "file_path", True, {"file_id": "x", "file_path": GIVEN})
    yield Case("ssh.upload_file", "file_path", False, {"remote_path": "x", "file_path": GIVEN})
    yield Case("ssh.download_file", "file_path", True, {"remote_path": "x", "file_path": GIVEN})


CASES = list(_cases())
WRITING = [case for case in CASES if case.writes]
ELSEWHERE = {
    "github.create_release target": "a branch or commit",
    "github.delete_file path": "a file of a repository",
    "github.list_directory path": "a folder of a repository",
    "github.update_release target": "a branch or commit",
    "github.get_file path": "a file of a repository",
    "github.list_commits path": "a file of a repository",
    "github.put_file path": "a file of a repository",
    "http.request items_path": "a place in the answer",
    "http.request cursor_path": "a place in the answer",
    **{
        f"imap.{name}": "a folder of the mailbox"
        for name in (
            "append_message folder",
            "copy_messages folder",
            "copy_messages to_folder",
            "delete_messages folder",
            "get_message folder",
            "mark_messages folder",
            "move_messages folder",
            "move_messages to_folder",
            "save_attachments folder",
            "search_messages folder",
        )
    },
    "imap.save_attachments pattern": "what names of attachments are like",
    "jira.download_attachment attachment_id": "an id of Jira's",
    "jira.add_attachment file_name": "a name that Jira shows",
    **{
        f"mongodb.{name} database": "a database of the server"
        for name in (
            "aggregate",
            "count",
            "create_index",
            "delete_many",
            "delete_one",
            "distinct",
            "drop_collection",
            "find",
            "find_one",
            "find_one_and_update",
            "insert_many",
            "insert_one",
            "list_collections",
            "replace_one",
            "update_many",
            "update_one",
        )
    },
    **{
        f"mysql.{name} database": "a database of the server"
        for name in (
            "copy_from_csv",
            "delete_rows",
            "describe_table",
            "insert_rows",
            "list_tables",
            "select_rows",
            "update_rows",
        )
    },
    "s3.download_folder pattern": "what keys are like",
    "s3.upload_folder pattern": "what names in the folder are like",
    "ssh.delete_file remote_path": "a path on that machine",
    "ssh.download_file remote_path": "a path on that machine",
    "ssh.list_files pattern": "what names there are like",
    "ssh.list_files remote_path": "a path on that machine",
    "ssh.make_folder remote_path": "a path on that machine",
    "ssh.move_file remote_path": "a path on that machine",
    "ssh.move_file to_path": "a path on that machine",
    "ssh.run_command folder": "a folder on that machine",
    "ssh.upload_file remote_path": "a path on that machine",
    "ssh.upload_file make_folders": "whether, not where",
    "slack.upload_file file_name": "a name that Slack shows",
    "s3.presign_url filename": "a name that a browser shows",
    **{f"notion.{name}_database database": "a database of Notion's" for name in ("get", "query")},
    "notion.create_page database": "a database of Notion's",
    "gmail.get_attachment attachment": "a name in a message",
    "gmail.save_attachments pattern": "what names in the message are like",
    "google_drive.copy_file folder": "a folder of Drive",
    "google_drive.create_folder folder": "a folder of Drive",
    "google_drive.list_files folder": "a folder of Drive",
    "google_drive.move_file folder": "a folder of Drive",
    "google_drive.upload_file folder": "a folder of Drive",
    **{
        f"google_drive.{name} file": "a file of Drive"
        for name in (
            "copy_file",
            "delete_file",
            "download_file",
            "export_file",
            "get_file",
            "list_permissions",
            "move_file",
            "read_file",
            "remove_permission",
            "replace_content",
            "restore_file",
            "share_file",
            "trash_file",
            "update_file",
        )
    },
    "airtable.upload_attachment file_name": "a name that Airtable shows",
    "gitlab.put_file path": "a file of a repository",
    "gitlab.get_file path": "a file of a repository",
    "gitlab.list_files path": "a folder of a repository",
    "telegram.download_file file_id": "an id of Telegram's",
    "telegram.send_file file_id": "an id of Telegram's",
    "telegram.send_file file_name": "a name that Telegram shows",
}
"""Params that sound like a file of this machine and are none."""


@functools.cache
def tasks() -> dict[str, TaskSpec]:
    """Every task that comes with Flowbook, by name."""
    folders = [load_folder(folder) for folder in sorted(FOLDERS.iterdir()) if (folder / "__init__.py").is_file()]
    return {spec.name: spec for folder in folders for spec in folder.tasks.values()}


def label(case: Case) -> str:
    return f"{case.task} {case.param}"


def test_every_file_param_of_the_catalog_is_tried_here() -> None:
    found = {
        f"{spec.name} {parameter.name}"
        for spec in tasks().values()
        for parameter in spec.parameters
        if parameter.type == "file" or SOUNDS_LIKE_A_FILE.search(parameter.name)
    }
    assert found == set(map(label, CASES)) | set(ELSEWHERE)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace's folder beside a file and a database outside, with links that lead there; nothing can be sent."""
    root = tmp_path / "workspace"
    (root / ".flowbook").mkdir(parents=True)
    (root / "integrations" / "x").mkdir(parents=True)
    (root / "inside.txt").write_text("a\n1\n")
    (tmp_path / "outside.txt").write_text("a\n1\n")
    (tmp_path / "folder").mkdir()
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    (root / "folder").symlink_to(tmp_path)

    def refuse(self: socket.socket, address: Any) -> None:
        raise AssertionError(f"something was sent to {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return root


def given(value: Any, path: str) -> Any:
    """Params with ``path`` in the place of GIVEN."""
    return json.loads(json.dumps(value).replace(json.dumps(GIVEN), json.dumps(path)))


def attempt(case: Case, root: Path, path: str) -> str:
    """What the task says when its param is ``path``; it must fail, and change nothing outside."""
    before = sorted(root.parent.rglob("*"))
    spec = tasks()[case.task]
    folder = case.task.partition(".")[0]
    result = run_task(spec, CREDENTIALS.get(folder, {}), given(case.params, path), run_id="run", root=root)
    assert not result.success, result.message
    assert sorted(root.parent.rglob("*")) == before
    assert (root.parent / "outside.txt").read_text() == "a\n1\n"
    return result.message


@pytest.mark.parametrize("case", CASES, ids=label)
@pytest.mark.parametrize("path", ["{outside}/outside.txt", "../outside.txt", "x/../../outside.txt"])
def test_a_path_outside_is_refused_before_anything_is_done(case: Case, path: str, workspace: Path) -> None:
    message = attempt(case, workspace, path.format(outside=workspace.parent))
    assert re.search("outside of the folder|leads out of", message)


@pytest.mark.parametrize("case", [case for case in CASES if case.task != "files.glob"], ids=label)
@pytest.mark.parametrize("path", ["link.txt", "folder/outside.txt", "folder/link/../outside.txt"])
def test_a_link_that_leads_out_counts_as_outside(case: Case, path: str, workspace: Path) -> None:
    if path == "link.txt" and case in ON_THE_LINK:
        pytest.skip("acts on the link itself, which is inside")
    assert "outside of the folder" in attempt(case, workspace, path)


ON_THE_LINK = [
    case for case in CASES if (case.task, case.param) in {("files.delete", "path"), ("files.move", "source")}
]


@pytest.mark.parametrize("case", [case for case in CASES if case.task != "files.glob"], ids=label)
@pytest.mark.parametrize("path", [".flowbook/flowbook.json", ".Flowbook/new", "a/../.flowbook/runs.sqlite"])
def test_the_workspace_s_own_folder_is_refused(case: Case, path: str, workspace: Path) -> None:
    assert "own folder .flowbook" in attempt(case, workspace, path)


@pytest.mark.parametrize("case", [case for case in CASES if case.task != "files.glob"], ids=label)
@pytest.mark.parametrize("path", ["pipe", "socket"])
def test_what_is_no_file_is_refused_and_not_waited_for(case: Case, path: str, workspace: Path) -> None:
    """A pipe that nobody writes to would be read for ever."""
    if case in ON_THE_LINK:
        pytest.skip("acts on the pipe itself, without opening it")
    os.mkfifo(workspace / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(workspace / "socket"))
        assert "is no file" in attempt(case, workspace, path)


@pytest.mark.parametrize("case", WRITING, ids=label)
@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("integrations/x/tasks.py", "whose code runs workflows"),
        ("integrations/new", "whose code runs workflows"),
        (".bashrc", "is hidden"),
        (".git/hooks/post-commit", "is hidden"),
        ("reports/.envrc", "is hidden"),
        ("yaml.py", "where Python looks"),
        ("yaml/__init__.py", "where Python looks"),
        ("start.pth", "where Python looks"),
        ("__pycache__/yaml.cpython-310.pyc", "compiled modules"),
        ("helpers/__PyCache__/x.txt", "compiled modules"),
    ],
)
def test_what_would_run_by_itself_is_not_written(case: Case, path: str, words: str, workspace: Path) -> None:
    assert words in attempt(case, workspace, path)


def test_a_download_into_a_folder_cannot_take_its_name_from_the_key(workspace: Path) -> None:
    """The key's last part may be ".." or a hidden name."""
    spec = tasks()["s3.download_file"]
    for key, words in (("a/..", "outside of the folder"), ("a/.bashrc", "is hidden"), ("a/x.py", "where Python looks")):
        params = {"bucket": "b", "key": key, "file_path": "./"}
        result = run_task(spec, CREDENTIALS["s3"], params, run_id="run", root=workspace)
        assert words in result.message


def test_a_folder_moved_does_not_become_a_package(workspace: Path) -> None:
    (workspace / "deep" / "inner").mkdir(parents=True)
    (workspace / "deep" / "inner" / "__init__.py").touch()
    spec = tasks()["files.move"]
    result = run_task(spec, {}, {"source": "deep/inner", "target": "yaml"}, run_id="run", root=workspace)
    assert "where Python looks" in result.message
    assert not (workspace / "yaml").exists()


@pytest.mark.parametrize(("write", "reads", "writes"), [(None, False, False), (False, True, False), (True, True, True)])
def test_the_settings_list_places_outside(write: bool | None, reads: bool, writes: bool, workspace: Path) -> None:
    if write is not None:
        place = {"path": str(workspace.parent / "folder"), "write": True} if write else "../folder"
        (workspace / ".flowbook" / "settings.json").write_text(json.dumps({"places": [place]}))
    (workspace.parent / "folder" / "in.txt").write_text("hi")
    path = str(workspace.parent / "folder" / "in.txt")
    read = run_task(tasks()["files.read_text"], {}, {"path": path}, run_id="run", root=workspace)
    assert (read.success, read.data) == (reads, "hi" if reads else None)
    assert (
        run_task(tasks()["files.write_text"], {}, {"path": path, "text": "new"}, run_id="run", root=workspace).success
        == writes
    )
    beside = run_task(tasks()["files.read_text"], {}, {"path": "../outside.txt"}, run_id="run", root=workspace)
    assert "outside of the folder" in beside.message
