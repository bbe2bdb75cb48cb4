"""Every task of every folder that asks a web service: what it makes of each way in which that can fail.

The folders, their tasks and what these are called with come from the catalog and from the READMEs: a new folder is held
by being there. What a service is asked before something is changed is said here, as its vendor documents it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from flowbook.catalog import Catalog
from flowbook.testing import HTTP_FAULTS, FakeService, check_faults

TCP = {"host"}  # a folder whose credentials name one speaks another protocol: test_line_faults.py
FOLDERS = {
    folder.name: folder
    for folder in Catalog(environ={}).folders()
    if any(task.capabilities.network and not task.runs_code for task in folder.tasks.values())
    and not TCP & {parameter.name for parameter in folder.credentials}
    # asked by boto3 and Azure's library, which try again and wait by rules of their own: test_s3.py, test_azure_blob.py
    and folder.name not in ("s3", "azure_blob")
}
SECRET = "sentinel-of-the-fault-suite"
CREDENTIALS: dict[str, Callable[[str], dict[str, Any]]] = {
    "gcs": lambda url: {"oauth2": SECRET, "base_url": url, "project": "shop"},
    "google_drive": lambda url: {"oauth2": SECRET, "base_url": url},
    "discord": lambda url: {"bot_token": SECRET, "base_url": url, "server": "1234567890123456789"},
    "google_sheets": lambda url: {"oauth2": SECRET, "base_url": url},
    "http": lambda url: {"base_url": url, "token": SECRET},
    "llm": lambda url: {"base_url": url, "api_key": SECRET, "model": "small"},
    "mcp": lambda url: {"url": f"{url}/mcp", "token": SECRET},
    "rss": lambda url: {"url": url, "token": SECRET},
    "slack": lambda url: {"bot_token": f"xoxb-{SECRET}", "base_url": url},
    "teams": lambda url: {"oauth2": SECRET, "base_url": url, "webhook_url": f"{url}/workflows/{SECRET}"},
    "telegram": lambda url: {"bot_token": f"123456789:{SECRET}-0123456789", "base_url": url},
}
PAGES = [
    fault.name
    for fault in HTTP_FAULTS
    if not fault.fails or fault.name in ("damaged JSON", "JSON of bytes that are no text", "JSON nested without end")
]
MOVED = [fault.name for fault in HTTP_FAULTS if "redirect" in fault.name or "another service" in fault.name]
# A task that takes any answer, whatever is in it.
# Google answers these with an empty object, or with nothing:
# https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts/delete
# https://developers.google.com/workspace/drive/api/reference/rest/v3/files/delete
EMPTY = ["nothing", "no content", "JSON of another form: {}", "JSON in a charset that is none"]
TAKES: Mapping[str, Mapping[str, list[str]]] = {
    "gmail": {"delete_draft": EMPTY},
    "http": {"request": PAGES + MOVED, "test_connection": PAGES + MOVED},
    "google_drive": {"upload_file": PAGES, "delete_file": EMPTY},  # an upload's first request makes no file yet
    "llm": {"agent": [fault.name for fault in HTTP_FAULTS]},  # it asks inside of a run only: test_llm_agent.py
    "rss": {"find_feeds": PAGES + MOVED},  # a page without feeds has none
}
PARAMS: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "slack": {"send_notification": {"message": "x", "channel": "#general"}},
}
FOUND: dict[str, dict[str, Any]] = {
    "github": {
        "/repos/{a}/{b}": {"default_branch": "main"},
        "/repos/{a}/{b}/contents/{path:path}": {"type": "file", "sha": "s", "encoding": "base64", "content": ""},
        "/repos/{a}/{b}/releases/{id}": {
            "id": 1,
            "tag_name": "v1",
            "assets": [{"id": 1, "name": "app.zip", "size": 1, "state": "uploaded"}],
        },
        "/repos/{a}/{b}/releases/tags/{tag}": {
            "id": 1,
            "tag_name": "v1",
            "assets": [{"id": 1, "name": "app.zip", "size": 1, "state": "uploaded"}],
        },
    },
    "jira": {
        "/rest/api/3/issue/{key}/comment/{id}": {"id": "5"},
        "/rest/api/3/issue/{key}/transitions": {"transitions": [{"id": "1", "name": "Done"}]},
        "/rest/api/3/issueLinkType": {"issueLinkTypes": [{"id": "1", "name": "Blocks"}]},
    },
}


def prepared(folder: str) -> Callable[[FakeService], None] | None:
    found = FOUND.get(folder)
    if found is None:
        return None

    def prepare(service: FakeService) -> None:
        for path, answer in found.items():
            service.on("GET", path, json=answer)

    return prepare


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_task_stands_every_fault_of_its_service(name: str) -> None:
    """A part of the faults for each task; ``flowbook check --integrations --faults`` tries all of them."""
    problems = check_faults(
        FOLDERS[name],
        credentials=CREDENTIALS.get(name),
        prepare=prepared(name),
        takes=TAKES.get(name),
        params=PARAMS.get(name),
        share=0.1,
    )
    assert [str(problem) for problem in problems] == []
