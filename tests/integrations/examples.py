"""The examples in an integration folder's README, checked against its tasks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from flowbook.models import node_from_document
from flowbook.testing import load_folder


def examples(folder: Path) -> list[str]:
    """The names of the tasks that the README shows as nodes; an example that does not fit its task fails the test.

    A param that is an expression is left out: what it gives is not known here.
    """
    tasks = {spec.name: spec for spec in load_folder(folder).tasks.values()}
    shown = []
    for block in re.findall(r"```yaml\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL):
        for id, document in yaml.safe_load(block).items():
            node = node_from_document(id, document)
            spec = tasks[node.task]
            _check(spec.signature.params_type, dict(node.params))
            shown.append(spec.function_name)
    return shown


def _check(model: Any, params: dict[str, Any]) -> None:
    known = {name: value for name, value in params.items() if "${{" not in str(value)}
    names = {*model.model_fields, *(field.alias for field in model.model_fields.values())}
    unknown = [name for name in params if name not in names]
    assert not unknown
    if len(known) == len(params):
        model.model_validate(known)
