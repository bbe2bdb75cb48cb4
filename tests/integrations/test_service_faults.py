"""Every task of every folder that asks a web service: what it makes of each way in which that can fail.

The folders, their tasks and what these are called with come from the catalog and from the READMEs: a new folder is held
by being there. What a service is asked before something is changed is said here, as its vendor documents it.
"""

from __future__ import annotations

import gc
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flowbook.authoring.testing.contract import made_up
from flowbook.authoring.testing.enduring import quick_context
from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.authoring.testing.running import run_in
from flowbook.catalog import Catalog
from flowbook.tasks.stop import Stop
from flowbook.testing import Answer, FakeService, check_faults, fake_service
from tests.crosses import WHOLE, crossed

TCP = {"host"}  # a folder whose credentials name one speaks another protocol: test_line_faults.py
FOLDERS = {
    folder.name: folder
    for folder in Catalog(environ={}).folders()
    if any(task.capabilities.network and not task.runs_code for task in folder.tasks.values())
    and not TCP & {parameter.name for parameter in folder.credentials}
}
SECRET = "sentinel-of-the-fault-suite"
NOBODY = "http://127.0.0.1:1"
LIBRARIES = {"azure_blob", "mcp", "s3"}  # the folders that call by their vendor's own, which leaves circles behind
SILENT_SECONDS = 0.3  # that a library of its vendor's waits for each answer; the session of Flowbook's has its own
CREDENTIALS: dict[str, Callable[[str], dict[str, Any]]] = {
    "azure_blob": lambda url: {
        "account": "shop",
        "account_key": b64encode(SECRET.encode()).decode(),
        "endpoint_url": f"{url}/shop",
        "timeout": SILENT_SECONDS,
    },
    "s3": lambda url: {
        "access_key": "KEY",
        "secret_key": SECRET,
        "endpoint_url": url,
        "timeout": SILENT_SECONDS,
    },
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


@pytest.fixture
def quick(earlier_garbage_collected: None, monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """boto3 waits between its tries without asking."""
    import botocore.endpoint

    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda seconds: None))
    yield
    if name in LIBRARIES:
        gc.collect()  # what its library left open is told of in this test


SAID = {"message": "the service's own words"}
OFTEN: dict[str, Answer | None] = {
    "wrong credentials": Answer(401, json=SAID),
    "nobody there": None,
    "no permission": Answer(403, json=SAID),
    "no such thing": Answer(404, json=SAID),
    "too many requests": Answer(429, json=SAID, headers={"Retry-After": "120"}),
}
"""What users meet most."""
TO_DO = re.compile(
    r"(?i:(?:^|[.:;,] )(?:Check|Give|Put|Set|Ask|Try|Retry|Make|Name|It asks to wait 120 s: try again)\b)"
)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_what_users_meet_most_is_told_with_where_it_was_and_what_to_do(name: str, tmp_path: Path) -> None:
    """By every task, of a folder with many by each of them two ways: they call by the folder's one session."""
    folder, examples, unclear = FOLDERS[name], Examples(FOLDERS[name]), []
    tasks = [one for one in folder.tasks.values() if one.capabilities.network and "presign" not in one.name]
    tried = {
        (one.name, fault) for one, fault in crossed(tasks, OFTEN, each=2 if len(tasks) > len(OFTEN) else len(OFTEN))
    }
    for fault, answer in OFTEN.items():
        with fake_service() as service:
            url = NOBODY if answer is None else service.url
            if answer is not None:
                service.on("*", "/{rest:path}", answer).on("*", "/", answer)
            credentials = CREDENTIALS[name](url) if name in CREDENTIALS else made_up(folder.credentials, url)
            for spec in tasks:
                if (spec.name, fault) not in tried:
                    continue
                params = PARAMS.get(name, {}).get(spec.function_name) or examples.params_of(spec) or {}
                params = {one: f"{url}/page" if one.endswith("url") else value for one, value in params.items()}
                put_files(tmp_path, spec, params)
                told = run_in(quick_context(tmp_path, Stop()), spec, credentials, params)
                gone = told.success and fault == "no such thing" and spec.effects == "idempotent"
                if not gone and (told.success or not _is_clear(told.message, fault)):
                    unclear.append(f"{spec.name}, {fault}: {told.message}")
    assert unclear == []


def _is_clear(message: str, fault: str) -> bool:
    place = f"{NOBODY.removeprefix('http://')} " if fault == "nobody there" else ""
    return place in message and TO_DO.search(message) is not None


LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""boto3 forgets an answer that broke off, and leaves its closing to Python."""


@LEFT_OPEN
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_every_task_stands_every_fault_of_its_service(name: str) -> None:
    """A part of the faults for each task, another one for each; ``FLOWBOOK_TEST_CROSSES=all`` tries all of them."""
    problems = check_faults(
        FOLDERS[name],
        credentials=CREDENTIALS.get(name),
        prepare=prepared(name),
        params=PARAMS.get(name),
        share=1.0 if WHOLE else 0.05,
    )
    assert [str(problem) for problem in problems] == []


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", sorted(FOLDERS.keys() - {"mcp"}))
def test_the_command_line_tries_every_task_of_ours(name: str) -> None:
    """With credentials and params that are made up, and what the folder itself says is no fault of its service's."""
    asked = ["403"] if name in LIBRARIES else ["403", "no content"]
    assert [str(problem) for problem in check_faults(FOLDERS[name], only=asked)] == []
