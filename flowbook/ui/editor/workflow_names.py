"""The workflows of a workspace, offered where a node runs another one, with the inputs that the other one asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.models import SUB_WORKFLOW_TASKS
from flowbook.ui.parts.fields import Field
from flowbook.workspace import Workspace

NAMES = "workflow"
INPUTS = "inputs"


def with_workflow_names(
    fields: Iterable[Field], task: str, params: Mapping[str, Any], workspace: Workspace, own: str
) -> list[Field]:
    """``fields``; those of a task that runs another workflow suggest all but its ``own``, and show what it asks for."""
    found = list(fields)
    if task not in SUB_WORKFLOW_TASKS:
        return found
    names = tuple(one.name for one in workspace.workflows() if one.name != own)
    shown: dict[str, dict[str, Any]] = {
        NAMES: {"suggestions": names},
        INPUTS: {"placeholder": asked_for(workspace, params.get(NAMES))},
    }
    return [replace(one, **shown[one.name]) if one.name in shown else one for one in found]


def asked_for(workspace: Workspace, name: object) -> str:
    """The inputs of a workflow as they are given to it, as JSON; "" when that is not known or it has none."""
    if not isinstance(name, str):
        return ""
    try:
        inputs = workspace.workflow(name).inputs
    except FlowbookError:
        return ""
    given = {key: "…" if one.default is None else one.default for key, one in inputs.items() if not one.secret}
    return json.dumps(given, ensure_ascii=False) if given else ""
