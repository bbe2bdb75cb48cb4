"""Which fields of a long form stand open: what a person looks for first is never folded away."""

from __future__ import annotations

import pytest

from flowbook.catalog import Catalog
from flowbook.models import Parameter
from flowbook.tasks import TaskSpec
from flowbook.ui.editor.params_tab import FEW, grouped
from flowbook.ui.parts.fields import Field

LONG = [task for folder in Catalog().folders() for task in folder.tasks.values() if len(task.parameters) > FEW]


def opened(task: TaskSpec) -> list[str]:
    return [one.name for one in grouped([Field(parameter) for parameter in task.parameters], {}) if not one.folded]


@pytest.mark.parametrize("task", LONG, ids=lambda task: task.name)
def test_a_long_form_opens_with_something_to_fill_in(task: TaskSpec) -> None:
    assert opened(task) != []


def test_what_a_model_says_that_stands_open_is_among_its_params() -> None:
    """By the name that a form shows, which is the alias of a field that has one."""
    tasks = [task for folder in Catalog().folders() for task in folder.tasks.values()]
    assert any("flowbook_main" in (task.params_schema or {}) for task in tasks)
    for task in tasks:
        main = (task.params_schema or {}).get("flowbook_main", ())
        assert set(main) <= {parameter.name for parameter in task.parameters}, task.name


@pytest.mark.parametrize(
    ("name", "first"),
    {
        "slack.send_message": ["text", "channel"], "smtp.send_email": ["to", "subject", "body"],
        "sendgrid.send_email": ["to", "subject", "body"], "github.create_issue": ["repo", "title", "body"],
        "llm.chat": ["prompt", "system", "model"], "postgres.select_rows": ["table", "columns", "where"],
        "telegram.send_message": ["chat", "text", "format"],
        "discord.send_message": ["content", "embeds", "channel"],
        "notion.create_page": ["database", "parent", "title", "properties"],
        "airtable.list_records": ["base", "table", "view", "formula"],
        "teams.send_card": ["title", "text", "facts", "card"], "teams.send_message": ["team", "channel", "text"],
        "gitlab.create_issue": ["project", "description", "labels", "title"],
        "gmail.send_message": ["to", "subject", "body"],
        "gmail.search_messages": ["query", "unread", "from", "subject"],
        "google_drive.list_files": ["folder", "name", "kind", "modified_since"],
        "google_drive.upload_file": ["file_path", "name", "folder"],
        "telegram.send_file": ["file_path", "chat", "kind", "caption"],
    }.items(),
)  # fmt: skip
def test_what_a_task_is_about_stands_open(name: str, first: list[str]) -> None:
    assert opened(Catalog().task(name)) == first


def test_the_heading_over_what_need_not_be_given_tells_how_many_there_are() -> None:
    """It is said of the field, so that no script has to know the heading by its words."""
    plain = [Parameter(name=f"plain_{at}") for at in range(FEW)]
    fields = grouped([Field(one) for one in [*plain, Parameter(name="own", group="Its own")]], {"plain_0": 1})
    assert {one.name: one.spec()["counted"] for one in fields} == {
        "plain_0": False, **{one.name: True for one in plain[1:]}, "own": False,
    }  # fmt: skip
