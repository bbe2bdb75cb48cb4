"""``check_faults``: what it sees in a folder that does something wrong when its service fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowbook.testing import HTTP_FAULTS, check_contract, check_faults

GOOD = '''"""A service for tests."""

from pydantic import Field

from flowbook import Result, Secret, http, task, typed


class Credentials(typed.Credentials):
    base_url: str = Field(description="Where", json_schema_extra={"flowbook_type": "url"})
    token: Secret = Field(description="The token")


class One(typed.Params):
    name: str = Field(description="Which")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials) -> Result:
    """Try it."""
    with _session(credentials) as session:
        return Result.ok("Connected", session.get("/me").object["login"])


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def order(credentials: Credentials, params: One) -> Result:
    """Order something."""
    with _session(credentials) as session:
        made = session.post("/orders", json={"name": params.name}, expect=[201]).object
    return Result.ok("Ordered", made)


def _session(credentials):
    token = credentials.token.reveal()
    return http.Session(credentials.base_url, service="Shop", headers={"X-Key": token}, secrets=[token])
'''
FINE = '["login"])'


def told(tmp_path: Path, tasks: str, task: str, *only: str) -> list[str]:
    folder = tmp_path / "shop"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(tasks)
    (folder / "README.md").write_text("# Shop\n\n```yaml\nbuy: {task: shop.order, params: {name: tea}}\n```\n")
    return [problem.what for problem in check_faults(folder, tasks=[task], only=only, patience=2)]


def test_a_good_folder_has_no_problems(tmp_path: Path) -> None:
    sound = GOOD.replace('session.get("/me").object["login"]', 'session.get("/me", expect=[203]).object')
    assert told(tmp_path, sound, "order") == []


@pytest.mark.parametrize(
    ("old", "new", "task", "fault", "what"),
    [
        ("", "", "test_connection", "JSON of another form: {}", "raises KeyError"),
        ("expect=[201]", "", "order", "JSON of another form: {}", "calls it a success"),
        ("expect=[201]).object", "accept=[403])", "order", "403 with a list of texts", "calls it a success"),
        ("secrets=[token]", "explain=lambda answer: answer.json['message']", "order", "400 that repeats what was sent",
         "shows a secret"),
        ("expect=[201]", "expect=[201], retry=True", "order", "cut off", "sends a change more than once"),
        ("base_url, service", "base_url, retries=0, service", "order", "silent", ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, task: str, fault: str, what: str) -> None:
    assert fault in [one.name for one in HTTP_FAULTS]
    found = told(tmp_path, GOOD.replace(old, new) if old else GOOD, task, fault)
    assert any(what in one for one in found) if what else found == []


BARE = '''"""Bare calls."""

import requests


def test_connection(credentials):
    """Try it

    credentials: {"base_url": "https://example.com", "token": "abc"}
    """
    return send(credentials, {})


def send(credentials, params):
    """Send"""
    answer = requests.post(credentials["base_url"], headers={"X-Key": credentials["token"]}, timeout=60)
    if answer.status_code >= 400:
        return {"success": False, "message": f"It said {answer.status_code}", "permanent": True}
    return {"success": True, "message": "Sent"}
'''


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ("500", "says that another try would fail too"),
        ("500", "does not say that it may have been done"),
        ("307 to another service", "sends a secret to another service"),
        ("hung up", "raises requests.exceptions.ConnectionError"),
        ("cancelled meanwhile", "takes more than 2 seconds"),
    ],
)
def test_bare_calls_are_held_by_the_same(tmp_path: Path, fault: str, what: str) -> None:
    assert any(what in one for one in told(tmp_path, BARE, "send", fault))


def test_a_task_that_cannot_be_tried_is_a_problem(tmp_path: Path) -> None:
    """Or a folder would be held by nothing."""
    strict = GOOD.replace('Field(description="Which")', 'Field(description="Which", pattern="^A-[0-9]+$")')
    assert "no params for it are known" in told(tmp_path, strict, "order")[0]


def test_the_example_of_the_field_is_taken(tmp_path: Path) -> None:
    strict = GOOD.replace(
        'Field(description="Which")', 'Field(description="Which", pattern="^A-[0-9]+$", examples=["A-1"])'
    )
    assert told(tmp_path, strict, "order", "403") == []


def test_what_a_folder_says_its_service_answers_is_no_fault(tmp_path: Path) -> None:
    """Its author's word holds on the command line too, which cannot be told so."""
    lax = GOOD.replace("expect=[201]", "expect=[204]").replace(
        ').object\n    return Result.ok("Ordered", made)', ')\n    return Result.ok("Ordered")'
    )
    assert any("calls it a success" in one for one in told(tmp_path / "a", lax, "order", "no content"))
    assert told(tmp_path / "b", lax + '\nTAKES = {"order": ["no con*"]}\n', "order", "no content") == []


def test_what_is_excused_still_shows_no_secret_and_still_ends(tmp_path: Path) -> None:
    loud = GOOD.replace("secrets=[token]", "explain=lambda answer: answer.json['message']")
    loud += '\nTAKES = {"order": ["*"]}\n'
    assert "shows a secret" in told(tmp_path, loud, "order", "400 that repeats what was sent")[0]


@pytest.mark.parametrize(
    ("takes", "what"),
    [
        ('{"ordr": ["no content"]}', "TAKES names the task 'ordr', which is not there."),
        ('{"order": ["no contents"]}', "TAKES names the fault 'no contents', which is not there."),
    ],
)
def test_an_excuse_of_nothing_is_a_problem(tmp_path: Path, takes: str, what: str) -> None:
    assert what in told(tmp_path, f"{GOOD}\nTAKES = {takes}\n", "order")


@pytest.mark.parametrize("takes", ['{"order": "no content"}', "5", '{"order": [5]}'])
def test_excuses_of_another_form_are_said(tmp_path: Path, takes: str) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "tasks.py").write_text(f"{GOOD}\nTAKES = {takes}\n")
    assert any("TAKES is no dict of tasks" in problem.what for problem in check_contract(folder))


FORMS = GOOD.replace(
    """    token: Secret = Field(description="The token")
""",
    """    token: Secret | None = Field(None, description="The token")
    password: Secret | None = Field(None, description="In place of it")
    account: str = Field("", description="Whose", examples=["shop"])

    @model_validator(mode="after")
    def _one(self):
        if (self.token is None) == (self.password is None) or not self.account:
            raise ValueError("give a token or a password, and the account")
        return self
""",
).replace("from pydantic import Field", "from pydantic import Field, model_validator")


def test_credentials_that_exclude_each_other_are_made_up_too(tmp_path: Path) -> None:
    found = told(tmp_path, FORMS, "order", "403")
    assert found == []
