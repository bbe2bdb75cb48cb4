"""Every task of every folder can be filled in by its form: what its README shows is typed, and saved as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.authoring.testing.examples import Examples
from flowbook.catalog import Catalog
from flowbook.models import Parameter
from flowbook.tasks import TaskSpec
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inspector import Inspector
from tests.entering import enter

FOLDERS = {folder.name: folder for folder in Catalog().folders()}


@cache
def examples(folder: str) -> dict[str, dict[str, Any]]:
    """Of each task with params, those that the README shows, by the names of its fields."""
    shown = Examples(FOLDERS[folder])
    found = {name: shown.params_of(spec) for name, spec in FOLDERS[folder].tasks.items() if spec.parameters}
    return {name: params for name, params in found.items() if params}


def typed(parameter: Parameter, value: Any) -> str | bool:
    """What a person enters for a value: text as it stands, anything else as JSON."""
    if parameter.type == "boolean":
        return bool(value)
    return value if isinstance(value, str) else json.dumps(value)


def as_read(spec: TaskSpec, params: dict[str, Any]) -> Any:
    """What the task reads out of its params."""
    return spec.signature._replace(credentials_type=None).arguments({}, params)[-1]


def by_fields(spec: TaskSpec, params: dict[str, Any]) -> dict[str, Any]:
    """Those that have a field; of a list in a field for text, which is no text with commas, the first."""
    found: dict[str, Any] = {}
    for name, value in params.items():
        parameter = spec.parameter(name)
        if parameter is None:
            continue
        listed = isinstance(value, list) and parameter.type != "json"
        found[name] = ", ".join(value) if listed else value
        if listed and as_read(spec, {**params, name: value}) != as_read(spec, {**params, name: found[name]}):
            found[name] = value[0]
    return found


@contextmanager
def inspected(root: Path, folder: str, tasks: Iterable[str]) -> Iterator[tuple[Workspace, Editing, Inspector]]:
    """A workspace, a workflow with a node of each of these tasks, called as they are, and its inspector at Params."""
    flow = Workflow(name="all")
    for name in tasks:
        flow.add(name, f"{folder}.{name}")
    with Workspace(root, memory=True) as ws:
        ws.save(flow)
        editing = Editing(ws, *ws.workflow_with_revision("all"))
        inspector = Inspector(editing, lambda part, node: None, *[lambda *given: None] * 4)
        inspector.open_tab("Params")
        yield ws, editing, inspector
        editing.close()


def without_a_field(spec: TaskSpec, inspector: Inspector) -> list[str]:
    """What the model of the selected task's params takes, and its form does not give."""
    model: Any = spec.signature.params_type
    if model is None or not spec.parameters:
        return []
    fields = {one.get("name") for one in inspector.params.form.widget.fields}
    return [one for one in model.model_json_schema()["properties"] if one not in fields]


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_every_param_has_a_field_and_what_the_readme_shows_is_typed_and_saved_as_it_stands(
    folder: str, tmp_path: Path
) -> None:
    """What the README does not show has a field, too: what a model takes can be given by the form."""
    given = examples(folder)
    with inspected(tmp_path, folder, FOLDERS[folder].tasks) as (ws, editing, inspector):
        for name, spec in FOLDERS[folder].tasks.items():
            inspector.select(name)
            assert without_a_field(spec, inspector) == [], name
            if name not in given:
                continue
            wanted = by_fields(spec, given[name])
            for field, value in wanted.items():
                enter(inspector.params.form, **{field: typed(spec.parameter(field), value)})  # type: ignore[arg-type]
            assert inspector.params.form.problems() == {}, name
            assert as_read(spec, dict(editing.workflow.nodes[name].params)) == as_read(spec, wanted), name
        wrong = [one for one in ws.check(editing.workflow) if one.severity == "error"]
        wrong = [one for one in wrong if one.field.startswith("params") and one.code != "unknown-workflow"]
        assert [str(one) for one in wrong] == []


def test_nearly_every_task_is_shown_by_its_readme_with_params_that_it_takes() -> None:
    without = [
        spec.name
        for folder in FOLDERS.values()
        for spec in folder.tasks.values()
        if any(one.required for one in spec.parameters) and spec.function_name not in examples(folder.name)
    ]
    assert without == []
