"""Everything that is wrong with a workflow, all at once, each problem with its place and its remedy.

>>> report = validate(flow, catalog)
>>> for problem in report.errors:
...     print(problem.text("daily.flow.yaml"))
daily.flow.yaml:notify:params.text: is required. Add it to the node's params.

:func:`validate_document` does the same for a document that may not even be a workflow, such as a file's or a stored
one; :func:`bind_inputs` checks the inputs that are given to a run, of which :class:`Typed` is what a person typed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from flowbook.models import Workflow
from flowbook.validation.draft import Draft
from flowbook.validation.graph import check_graph
from flowbook.validation.inputs import bind_inputs
from flowbook.validation.references import check_references
from flowbook.validation.report import Lines, Problem, Report
from flowbook.validation.structure import draft_of_document
from flowbook.validation.tasks import CatalogLike, CredentialsCheck, check_inputs, check_tasks
from flowbook.validation.values import Typed, read_already

__all__ = ["Lines", "Problem", "Report", "Typed", "bind_inputs", "read_already", "validate", "validate_document"]

Integrations = Callable[[], Mapping[str, str]]
Workflows = Callable[[], Collection[str]]


def validate(
    workflow: Workflow,
    catalog: CatalogLike,
    *,
    integrations: Integrations | None = None,
    workflows: Workflows | None = None,
    credentials: CredentialsCheck | None = None,
) -> Report:
    """All the problems of a workflow.

    ``catalog`` knows the tasks; ``integrations`` gives the type of each integration by name ("" when it is not known),
    ``workflows`` the names of those there are, ``credentials`` what is wrong with those that the environment gives.
    They are asked when a node needs them; what is None is not checked. Never raises for what a workflow holds.
    """
    report = Report(workflow.name)
    _check(Draft(workflow), report, catalog, integrations, workflows, credentials)
    return report


def validate_document(
    document: Any,
    catalog: CatalogLike,
    *,
    integrations: Integrations | None = None,
    workflows: Workflows | None = None,
    credentials: CredentialsCheck | None = None,
    positions: Lines | None = None,
    repeated: Iterable[tuple[str, str, str, str, int]] = (),
) -> tuple[Workflow | None, Report]:
    """The workflow of a document, and all the problems it has; the workflow is None when none can be made of it.

    As :func:`validate`; ``positions`` (from :func:`flowbook.formats.flowfile.read_document`) gives problems their
    lines, and ``repeated`` (from the same) are the keys that are there twice. What
    is wrong in one place never keeps the others from being checked. A workflow with errors in its report may still be
    made, for the editor to open: unknown tasks, missing params and bad expressions do not keep it from being one.
    """
    report = Report(positions=positions)
    for node, field, message, remedy, line in repeated:
        report.add("repeated-key", node, field, message, remedy, line=line)
    draft = draft_of_document(document, report)
    report.name = draft.name
    _check(draft, report, catalog, integrations, workflows, credentials)
    return draft.build(), report


def _check(
    draft: Draft,
    report: Report,
    catalog: CatalogLike,
    integrations: Integrations | None,
    workflows: Workflows | None,
    credentials: CredentialsCheck | None,
) -> None:
    check_inputs(draft, report)
    check_tasks(draft, report, catalog, integrations, workflows, credentials)
    graph = check_graph(draft, report)
    check_references(draft, report, graph)
    report.settle(draft.nodes)
