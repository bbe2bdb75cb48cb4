"""Which fields of a long form stand open: what a person looks for first is never folded away."""

from __future__ import annotations

import pytest

from flowbook.catalog import Catalog
from flowbook.tasks import TaskSpec
from flowbook.ui.editor.params_tab import FEW, grouped
from flowbook.ui.parts.fields import Field

LONG = [task for folder in Catalog().folders() for task in folder.tasks.values() if len(task.parameters) > FEW]


def opened(task: TaskSpec) -> list[str]:
    return [one.name for one in grouped([Field(parameter) for parameter in task.parameters], {}) if not one.folded]


@pytest.mark.parametrize("task", LONG, ids=lambda task: task.name)
def test_a_long_form_opens_with_something_to_fill_in(task: TaskSpec) -> None:
    assert opened(task) != []


@pytest.mark.parametrize(
    ("name", "first"),
    {
        "slack.send_message": ["text", "channel"], "smtp.send_email": ["to", "subject", "body"],
        "sendgrid.send_email": ["to", "subject", "body"], "github.create_issue": ["repo", "title", "body"],
        "llm.chat": ["prompt", "system", "model"], "postgres.select_rows": ["table", "columns", "where"],
    }.items(),
)  # fmt: skip
def test_what_a_task_is_about_stands_open(name: str, first: list[str]) -> None:
    assert opened(Catalog().task(name)) == first
