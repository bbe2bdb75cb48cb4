"""What is given to a workspace to check or run (a name, a file, a workflow), and why it is refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from flowbook.errors import InvalidWorkflow, MissingCredentials
from flowbook.models import Workflow
from flowbook.validation import Problem, Report

_MISSING = frozenset({"unknown-integration", "unfit-credentials"})


def is_path(given: str | os.PathLike[str]) -> bool:
    """Whether that names a file rather than a stored workflow."""
    text = os.fspath(given)
    return not isinstance(given, str) or text.endswith((".yaml", ".yml", ".json")) or os.sep in text or "/" in text


def refusal(
    given: str | os.PathLike[str] | Workflow, errors: Sequence[Problem], report: Report, what: str = "run"
) -> InvalidWorkflow | MissingCredentials:
    """The error to raise when ``errors`` keep the workflow from ``what``: MissingCredentials when it is only those."""
    source = given.name if isinstance(given, Workflow) else os.fspath(given)
    lines = [problem.text(source) for problem in errors]
    if {problem.code for problem in errors} <= _MISSING:
        return MissingCredentials("\n".join(lines))
    count = f"{len(lines)} problem{'' if len(lines) == 1 else 's'}"
    return InvalidWorkflow(f"{source} cannot {what}: {count}.\n" + "\n".join(lines), report)


def integrations_named(workflow: Workflow | Mapping[str, Any]) -> set[str]:
    """The integrations that the nodes of a workflow, or of a document that may be faulty, name."""
    if isinstance(workflow, Workflow):
        return {node.integration for node in workflow.nodes.values() if node.integration}
    nodes = workflow.get("nodes")
    if not isinstance(nodes, Mapping):
        return set()
    given = [node.get("integration") for node in nodes.values() if isinstance(node, Mapping)]
    return {name for name in given if isinstance(name, str)}


def secret_inputs(workflow: Workflow, inputs: Mapping[str, Any]) -> list[str]:
    """What was given for inputs that are secret."""
    return [str(inputs[name]) for name, parameter in workflow.inputs.items() if parameter.secret and inputs.get(name)]
