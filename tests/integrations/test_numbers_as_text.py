"""A number where a text is wanted, as YAML and expressions give it, is that number's text."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from flowbook import typed
from flowbook.catalog import Catalog
from flowbook.tasks import TaskSpec

FOLDERS = Catalog(environ={}).folders()  # which a process describes once


@pytest.mark.parametrize(
    ("task", "params", "read"),
    [
        ("github.create_issue", {"repo": "a/b", "title": 2024, "labels": [1]}, {"title": "2024", "labels": ["1"]}),
        ("github.list_issues", {"repo": "a/b", "milestone": 3}, {"milestone": "3"}),
        ("github.create_release", {"repo": "a/b", "tag": 1.5}, {"tag": "1.5"}),
        ("github.dispatch_workflow", {"repo": "a/b", "workflow": 12}, {"workflow": "12"}),
        ("gmail.send_message", {"to": "a@b.c", "subject": 5, "body": 7}, {"subject": "5", "body": "7"}),
        ("google_drive.create_folder", {"name": 2024}, {"name": "2024"}),
        ("jira.create_issue", {"project": 10, "summary": 5, "description": 7}, {"summary": "5", "description": "7"}),
        ("jira.add_comment", {"issue_key": 10001, "body": 5}, {"issue_key": "10001", "body": "5"}),
        ("jira.transition_issue", {"issue_key": "A-1", "transition": 31}, {"transition": "31"}),
        ("sendgrid.send_email", {"to": "a@b.c", "subject": 5, "body": 7}, {"subject": "5", "body": "7"}),
        ("smtp.send_email", {"to": "a@b.c", "subject": 5, "body": 7}, {"subject": "5", "body": "7"}),
        ("slack.send_message", {"text": 5}, {"text": "5"}),
        ("s3.put_object", {"bucket": "b", "key": 5, "data": 1, "metadata": {"a": 1}}, {"key": "5", "data": 1}),
        ("files.write_text", {"path": "a", "text": 5}, {"text": "5"}),
        ("files.write_json", {"path": "a", "data": 5}, {"data": 5}),
        ("http.request", {"url": "https://a.b", "body": 5, "cursor_param": 1}, {"body": 5, "cursor_param": "1"}),
        ("core.fail", {"message": 5}, {"message": "5"}),
        ("core.run_workflow", {"workflow": 2024, "inputs": {"n": 1}}, {"workflow": "2024", "inputs": {"n": 1}}),
        ("sqlite.query", {"sql": "SELECT ?, ?", "parameters": [1, 2.5]}, {"parameters": [1, 2.5]}),
        ("sqlite.insert_rows", {"table": 2024, "rows": [{"a": 1}]}, {"table": "2024", "rows": [{"a": 1}]}),
        ("postgres.execute_query", {"query": "SELECT %(a)s", "parameters": {"a": 1}}, {"parameters": {"a": 1}}),
        ("postgres.copy_from_csv", {"table": "t", "file_path": "a", "null": -1}, {"null": "-1"}),
    ],
)
def test_a_number_for_a_text_is_its_text(task: str, params: dict[str, Any], read: dict[str, Any]) -> None:
    """What may be anything stays a number."""
    spec = Catalog(environ={}).task(task)
    model = spec.signature.params_type
    assert model is not None
    found = model.model_validate(params)
    assert {field: getattr(found, field) for field in read} == read


def specs() -> list[TaskSpec]:
    return [spec for folder in FOLDERS for spec in folder.tasks.values() if spec.signature.params_type is not None]


def models_in(kind: Any, seen: set[Any]) -> set[Any]:
    """The models that a type is made of: itself, those in its lists and choices, and those of its fields."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        kind.model_rebuild()
        for field in kind.model_fields.values():
            models_in(field.annotation, seen)
    for inner in get_args(kind):
        models_in(inner, seen)
    return seen


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.name)
def test_the_params_of_every_task_are_read_so(spec: TaskSpec) -> None:
    """A new folder is held by being there: a model of another kind would refuse the number."""
    for model in models_in(spec.signature.params_type, set()):
        assert issubclass(model, typed.Params), f"{model.__name__} of {spec.name} is to build on typed.Params"
        assert model.model_config.get("coerce_numbers_to_str") is True
