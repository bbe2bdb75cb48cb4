"""The Google Drive tasks, against a local server that answers as Google's API does.

https://developers.google.com/workspace/drive/api/reference/rest/v3 and its API description (drive.v3.json in
google-api-python-client 2.202.0); uploads as https://developers.google.com/workspace/drive/api/guides/manage-uploads;
errors as https://developers.google.com/workspace/drive/api/guides/handle-errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook import google
from flowbook.tasks.oauth2 import oauth2_of
from flowbook.testing import Answer, FakeService, Request
from integrations import google_drive
from integrations.google_drive.models import Credentials
from tests.integrations.examples import examples
from tests.integrations.google import DAILY, EXPIRED, NO_SCOPE, NOT_ON, OVER, TOKEN, refused
from tests.integrations.outcomes import failing_without, succeeded

ID = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
FOLDER = "0B_folderfolderfolder"
FILES = "/drive/v3/files"
DOCUMENT = "application/vnd.google-apps.document"
UNKNOWN = refused(404, "notFound", f"File not found: {ID}.")


def file(**more: Any) -> dict[str, Any]:
    """A file as files.get gives it: sizes are texts, Google's own documents have none."""
    times = {"createdTime": "2026-01-01T08:00:00.000Z", "modifiedTime": "2026-01-02T08:00:00.000Z"}
    named = {"id": ID, "name": "Report.txt", "mimeType": "text/plain", "size": "3", "parents": [FOLDER]}
    owner = {"displayName": "Ada", "emailAddress": "ada@example.com"}
    return {**named, "starred": False, "trashed": False, **times, "owners": [owner], "webViewLink": "https://x", **more}


@pytest.fixture
def account(service: FakeService, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    service.json_type = "application/json; charset=UTF-8"
    service.on(
        "GET", f"{FILES}/{ID}", lambda asked: Answer(body=b"abc") if asked.query.get("alt") else Answer(json=file())
    )
    monkeypatch.setattr("flowbook.tasks.context.Context.sleep", lambda self, seconds: pauses.append(seconds))
    return {"oauth2": TOKEN, "base_url": service.url}


failed = failing_without(TOKEN)


def test_it_says_who_signed_in(service: FakeService, account: dict[str, str]) -> None:
    user = {"kind": "drive#user", "displayName": "Ada", "emailAddress": "ada@example.com"}
    service.on("GET", "/drive/v3/about", json={"user": user, "storageQuota": {"usage": "12", "usageInDrive": "3"}})
    data = succeeded(google_drive.test_connection(account, {}))
    assert data == {"email": "ada@example.com", "name": "Ada", "used": 12, "limit": None}
    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert service.requests[0].query["fields"], "without it Drive refuses"


def test_files_are_found_page_by_page(service: FakeService, account: dict[str, str]) -> None:
    pages = [
        Answer(json={"kind": "drive#fileList", "nextPageToken": "~!t", "files": [file()]}),
        Answer(json={"kind": "drive#fileList", "files": [file(id="b" * 20)]}),
    ]
    service.on("GET", FILES, pages)
    asked = {"folder": FOLDER, "name": "O'Neil\\", "kind": "file", "modified_since": "2026-01-31", "all": True}
    found = succeeded(google_drive.list_files(account, {**asked, "query": "starred = true or sharedWithMe"}))
    assert [one["id"] for one in found] == [ID, "b" * 20]
    first, second = service.requests
    assert first.query["q"] == (
        f"trashed = false and '{FOLDER}' in parents and name contains 'O\\'Neil\\\\' and "
        "mimeType != 'application/vnd.google-apps.folder' and modifiedTime >= '2026-01-31T00:00:00' and "
        "(starred = true or sharedWithMe)"
    )
    assert (first.query["supportsAllDrives"], first.query["includeItemsFromAllDrives"]) == ("true", "true")
    assert second.query == {**first.query, "pageToken": "~!t"}


def test_no_files_are_an_empty_list(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", FILES, json={"kind": "drive#fileList", "incompleteSearch": False, "files": []})
    assert succeeded(google_drive.list_files(account, {"kind": "pdf", "drive": "0AB", "mine": True})) == []
    query = service.requests[0].query
    assert (query["corpora"], query["driveId"]) == ("drive", "0AB")
    assert query["q"] == "trashed = false and mimeType = 'application/pdf' and 'me' in owners"


@pytest.mark.parametrize(
    "given",
    [
        ID,
        f"https://drive.google.com/file/d/{ID}/view?usp=sharing",
        f"https://docs.google.com/document/u/1/d/{ID}/edit",
        f"https://drive.google.com/drive/u/0/folders/{ID}",
        f"https://drive.google.com/open?id={ID}&x=1",
    ],
)
def test_a_file_is_named_by_id_or_link(service: FakeService, account: dict[str, str], given: str) -> None:
    data = succeeded(google_drive.get_file(account, {"file": given}))
    assert (data["name"], data["kind"], data["size"], data["folder"]) == ("Report.txt", "file", 3, FOLDER)
    assert data["owner"] == "ada@example.com"


@pytest.mark.parametrize("given", ["", "https://example.com/d/1BxiMVs0XRA5nFMdKvBd", "a/../b", "short"])
def test_what_is_no_file_is_refused(service: FakeService, account: dict[str, str], given: str) -> None:
    assert "file" in failed(google_drive.get_file(account, {"file": given}))["message"]
    assert service.requests == []


def test_a_text_is_read_and_anything_else_is_base64(service: FakeService, account: dict[str, str]) -> None:
    assert succeeded(google_drive.read_file(account, {"file": ID}))["content"] == "abc"
    answer = [Answer(json=file(mimeType="image/png")), Answer(body=b"\x89\xff")]
    service.on("GET", f"{FILES}/{ID}", answer)
    assert succeeded(google_drive.read_file(account, {"file": ID}))["content_base64"] == "if8="


def test_a_document_of_googles_is_read_as_text(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", f"{FILES}/{ID}", json=file(name="Plan", mimeType=DOCUMENT, size=None))
    exported = Answer(body="# Plan".encode("utf-8-sig"), headers={"Content-Type": "text/markdown"})
    service.on("GET", f"{FILES}/{ID}/export", exported)
    data = succeeded(google_drive.read_file(account, {"file": ID}))
    assert (data["content"], data["mime_type"]) == ("# Plan", "text/markdown")
    refusal = failed(google_drive.download_file(account, {"file": ID, "file_path": "x"}))
    assert "export_file" in refusal["message"]


def test_a_file_is_downloaded_whole_or_not_at_all(
    service: FakeService, account: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    data = succeeded(google_drive.download_file(account, {"file": ID, "file_path": "in/"}))
    assert (data["size"], (tmp_path / "in" / "Report.txt").read_bytes()) == (3, b"abc")
    assert (
        "overwrite"
        in failed(google_drive.download_file(account, {"file": ID, "file_path": "in/Report.txt"}))["message"]
    )
    cut = Answer(body=b"abcdef", truncate=3)
    service.on("GET", f"{FILES}/{ID}", lambda asked: cut if asked.query.get("alt") else Answer(json=file()))
    failed(google_drive.download_file(account, {"file": ID, "file_path": "other.txt"}))
    assert [one.name for one in tmp_path.iterdir()] == ["in"]
    assert (
        "max_bytes"
        in failed(google_drive.download_file(account, {"file": ID, "file_path": "x", "max_bytes": 2}))["message"]
    )


def test_a_document_is_exported(
    service: FakeService, account: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service.on("GET", f"{FILES}/{ID}", json=file(name="../Plan", mimeType=DOCUMENT, size=None))
    service.on("GET", f"{FILES}/{ID}/export", body=b"%PDF-1.4", headers={"Content-Type": "application/pdf"})
    data = succeeded(google_drive.export_file(account, {"file": ID, "file_path": "out/"}))
    assert (tmp_path / "out" / "Plan.pdf").read_bytes() == b"%PDF-1.4"
    assert (data["size"], service.requests[-1].query) == (8, {"mimeType": "application/pdf"})
    large = refused(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
    service.on("GET", f"{FILES}/{ID}/export", large)
    assert (
        "too large to be exported"
        in failed(google_drive.export_file(account, {"file": ID, "file_path": "b.pdf"}))["message"]
    )


class Uploads:
    """Google's server of uploads: it takes multiples of 256 KiB, and may break off at certain requests."""

    def __init__(self, service: FakeService, method: str, path: str, faults: dict[int, Answer]) -> None:
        self.held, self.about, self.faults, self.number = b"", {}, faults, 0
        self.url = f"{service.url}/upload{path}?uploadType=resumable&upload_id=AEnB2Ur"
        service.on(method, f"/upload{path}", self.begin)
        service.on("PUT", f"/upload{path}", self.put)

    def begin(self, asked: Request) -> Answer:
        assert asked.query["uploadType"] == "resumable"
        self.about = {
            "size": int(asked.headers["X-Upload-Content-Length"]),
            "kind": asked.headers["X-Upload-Content-Type"],
            "body": asked.json,
        }
        return Answer(200, headers={"Location": self.url, "X-GUploader-UploadID": "AEnB2Ur"})

    def put(self, asked: Request) -> Answer:
        self.number += 1
        said, total = asked.headers.get("Content-Range", "bytes 0-0/0").removeprefix("bytes ").split("/")
        assert int(total) == self.about["size"]
        if said != "*" and asked.body:
            start, end = map(int, said.split("-"))
            assert (start, end - start + 1) == (len(self.held), len(asked.body))
            broken = self.faults.get(self.number)
            if broken is not None:
                self.held += asked.body[: 256 * 1024] if broken.drop else b""
                return broken
            assert end + 1 == int(total) or len(asked.body) % (256 * 1024) == 0
            self.held += asked.body
        if len(self.held) == self.about["size"]:
            return Answer(200, json=file(**self.about["body"]))
        come = {"Range": f"bytes=0-{len(self.held) - 1}"} if self.held else {}
        return Answer(308, headers={**come, "Content-Length": "0"})


@pytest.mark.parametrize(
    "faults",
    [{}, {1: Answer(503, body="busy")}, {2: Answer(drop=True)}, {1: Answer(drop=True), 3: Answer(500)}, {2: OVER}],
    ids=["none", "busy", "cut", "often", "limit"],
)
def test_a_large_file_goes_piece_by_piece_and_on_where_it_broke_off(
    service: FakeService,
    account: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    faults: dict[int, Answer],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(google, "PIECE", 512 * 1024)
    content = bytes(range(256)) * 5000
    (tmp_path / "big.csv").write_bytes(content)
    uploads = Uploads(service, "POST", "/drive/v3/files", faults)
    asked = {"file_path": "big.csv", "folder": FOLDER, "convert_to": "spreadsheet"}
    assert succeeded(google_drive.upload_file(account, asked))["id"] == ID
    assert uploads.held == content
    kind = "application/vnd.google-apps.spreadsheet"
    assert uploads.about["body"] == {"name": "big.csv", "parents": [FOLDER], "mimeType": kind}
    assert uploads.about["kind"] == "text/csv"


def test_an_upload_that_never_goes_on_ends(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", "/upload/drive/v3/files", headers={"Location": f"{service.url}/upload/x"})
    service.on("PUT", "/upload/x", Answer(308, headers={"Content-Length": "0"}))
    failed(google_drive.upload_file(account, {"content": "abc", "name": "a.txt"}))
    assert len(service.requests) < 10
    service.on("POST", "/upload/drive/v3/files", headers={"Location": "http://127.0.0.2:9/x"})
    failed(google_drive.upload_file(account, {"content": "abc", "name": "a.txt"}))
    assert not service.unexpected


def test_an_empty_content_is_uploaded_too_and_one_is_replaced(service: FakeService, account: dict[str, str]) -> None:
    uploads = Uploads(service, "POST", "/drive/v3/files", {})
    succeeded(google_drive.upload_file(account, {"content": "", "name": "a.txt"}))
    assert uploads.about == {"size": 0, "kind": "text/plain", "body": {"name": "a.txt"}}
    uploads = Uploads(service, "PATCH", f"/drive/v3/files/{ID}", {})
    succeeded(google_drive.replace_content(account, {"file": ID, "content": [{"a": 1}], "mime_type": "text/json"}))
    assert (uploads.held, uploads.about["kind"]) == (b'[{"a": 1}]', "text/json")


def test_a_folder_is_made_once_where_that_is_wanted(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", FILES, json={"kind": "drive#fileList", "files": []})
    service.on("POST", FILES, lambda asked: Answer(json=file(**asked.json)))
    asked = {"name": "Bob's", "folder": FOLDER, "only_once": True}
    assert succeeded(google_drive.create_folder(account, asked))["kind"] == "folder"
    assert (
        f"name = 'Bob\\'s' and mimeType = 'application/vnd.google-apps.folder' and '{FOLDER}' in parents"
        in (service.requests[0].query["q"])
    )
    service.on(
        "GET", FILES, json={"kind": "drive#fileList", "files": [file(name="BOB'S"), file(id="there", name="Bob's")]}
    )
    assert succeeded(google_drive.create_folder(account, asked))["id"] == "there"
    assert [one.method for one in service.requests] == ["GET", "POST", "GET"]
    service.on("GET", FILES, json={"kind": "drive#fileList", "files": [file(name="BOB'S"), file(name="Bobs")]})
    assert succeeded(google_drive.create_folder(account, asked))["name"] == "Bob's"
    assert [one.method for one in service.requests][3:] == ["GET", "POST"]
    assert succeeded(google_drive.list_files(account, {"exact_name": "bobs"})) == []
    assert [one["name"] for one in succeeded(google_drive.list_files(account, {"exact_name": "Bobs"}))] == ["Bobs"]


def test_files_are_moved_renamed_copied_and_thrown_away(service: FakeService, account: dict[str, str]) -> None:
    service.on("PATCH", f"{FILES}/{ID}", lambda asked: Answer(json=file(**asked.json)))
    service.on("POST", f"{FILES}/{ID}/copy", lambda asked: Answer(json=file(**asked.json)))
    service.on("DELETE", f"{FILES}/{ID}", Answer(204))
    succeeded(google_drive.move_file(account, {"file": ID, "folder": "c" * 20}))
    moved = service.requests[-1].query
    assert (moved["addParents"], moved["removeParents"]) == ("c" * 20, FOLDER)
    succeeded(google_drive.move_file(account, {"file": ID, "folder": FOLDER}))
    assert service.requests[-1].method == "GET", "it is there already"
    assert succeeded(google_drive.update_file(account, {"file": ID, "name": "New", "starred": True}))["name"] == "New"
    assert succeeded(google_drive.copy_file(account, {"file": ID, "name": "Copy"}))["name"] == "Copy"
    assert succeeded(google_drive.trash_file(account, {"file": ID}))["trashed"] is True
    assert succeeded(google_drive.restore_file(account, {"file": ID}))["trashed"] is False
    assert succeeded(google_drive.delete_file(account, {"file": ID})) == {"id": ID}
    assert all(one.query["supportsAllDrives"] == "true" for one in service.requests)


def test_a_file_is_shared_and_not_any_more(service: FakeService, account: dict[str, str]) -> None:
    there = [
        {"id": "1", "type": "user", "role": "owner", "emailAddress": "ada@example.com", "displayName": "Ada"},
        {"id": "2", "type": "user", "role": "reader", "emailAddress": "Bob@example.com"},
    ]
    service.on("GET", f"{FILES}/{ID}/permissions", json={"kind": "drive#permissionList", "permissions": there})
    service.on("POST", f"{FILES}/{ID}/permissions", lambda asked: Answer(json={"id": "3", **asked.json}))
    service.on("DELETE", f"{FILES}/{ID}/permissions/2", Answer(204))
    asked = {"file": ID, "email": "eve@example.com", "role": "writer", "notify": True, "message": "Hi"}
    assert succeeded(google_drive.share_file(account, asked))["role"] == "writer"
    shared = service.requests[-1]
    assert shared.json == {"type": "user", "role": "writer", "emailAddress": "eve@example.com"}
    assert (shared.query["sendNotificationEmail"], shared.query["emailMessage"]) == ("true", "Hi")
    succeeded(google_drive.share_file(account, {"file": ID, "kind": "anyone"}))
    assert service.requests[-1].json == {"type": "anyone", "role": "reader"}
    assert "sendNotificationEmail" not in service.requests[-1].query
    assert succeeded(google_drive.list_permissions(account, {"file": ID}))[0]["email"] == "ada@example.com"
    assert succeeded(google_drive.remove_permission(account, {"file": ID, "email": "bob@example.com"})) == {"id": "2"}
    assert succeeded(google_drive.remove_permission(account, {"file": ID, "email": "x@example.com"})) == {"id": None}
    failed(google_drive.remove_permission(account, {"file": ID, "email": "ada@example.com"}))


@pytest.mark.parametrize(
    "params",
    [{}, {"kind": "domain"}, {"email": "a@b.org", "message": "x"}, {"email": "a@b.org", "role": "owner"}],
)
def test_sharing_with_nobody_is_refused(service: FakeService, account: dict[str, str], params: dict[str, Any]) -> None:
    failed(google_drive.share_file(account, {"file": ID, **params}))
    assert service.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (EXPIRED, "unauthorized", "Sign in again"),
        (
            refused(403, "insufficientFilePermissions", "The user does not have sufficient permissions"),
            "forbidden",
            "Share",
        ),
        (NOT_ON, "forbidden", "Switch on the Google Drive API"),
        (NO_SCOPE, "forbidden", "allow what Google Drive asks for"),
        (DAILY, "forbidden", "Daily Limit Exceeded"),
        (UNKNOWN, "not_found", "ID or link"),
    ],
)
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, account: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("GET", f"{FILES}/{ID}", answer)
    result = failed(google_drive.get_file(account, {"file": ID}))
    assert (result["data"]["kind"], result["permanent"]) == (kind, True)
    assert words in result["message"]


def test_a_quota_of_the_minute_is_waited_for(
    service: FakeService, account: dict[str, str], pauses: list[float]
) -> None:
    """Drive answers 403 for it, and names no time."""
    service.on(
        "GET", f"{FILES}/{ID}", [OVER, Answer(429, json={"error": {"code": 429, "message": "x"}}), Answer(json=file())]
    )
    succeeded(google_drive.get_file(account, {"file": ID}))
    assert pauses == [20.0, 20.0]


def test_without_a_sign_in_it_says_what_to_do() -> None:
    assert "press Sign in" in failed(google_drive.test_connection({}, {}))["message"]


def test_signing_in_is_declared_and_its_servers_are_known() -> None:
    found = oauth2_of(Credentials)
    assert found is not None
    assert found.said.scopes == ("https://www.googleapis.com/auth/drive",)
    assert found.said.extra == {"access_type": "offline", "prompt": "consent"}
    assert (found.said.service_account, found.said.subject) == ("service_account", "subject")
    assert set(found.said.hosts) <= set(google_drive.HOSTS)


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(google_drive.__file__).parent)) == set(google_drive.__all__)
