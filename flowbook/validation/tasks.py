"""The workflow's inputs, and each node against its task: is it there, does it get what it needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from flowbook import vault
from flowbook.catalog.folder import FolderProblem
from flowbook.errors import CatalogError, FlowbookError, NotFound
from flowbook.expressions import has_expression
from flowbook.methods import METHODS
from flowbook.models import SUB_WORKFLOW_TASKS, Node, Parameter, Predicate
from flowbook.records import NamedTuple
from flowbook.slips import suggest
from flowbook.tasks import TaskSpec
from flowbook.tasks.keys import keys_read
from flowbook.validation.draft import Draft
from flowbook.validation.report import Report, Severity
from flowbook.validation.values import misfit

CredentialsCheck = Callable[[str, str], tuple[str, str] | None]
"""(integration, folder) → what is wrong with what the environment gives for it, and the remedy; None for nothing."""


class FolderLike(Protocol):
    """What is asked of an integration folder."""

    @property
    def credentials(self) -> tuple[Parameter, ...]:
        """The parameters of its integration type."""

    @property
    def problems(self) -> tuple[FolderProblem, ...]:
        """What is wrong with it."""


class CatalogLike(Protocol):
    """What is asked of a catalog."""

    def task(self, name: str) -> TaskSpec:
        """The task "folder.function". Raises NotFound and CatalogError."""

    def folder(self, name: str) -> FolderLike:
        """The folder of that name. Raises NotFound and CatalogError."""


class _Known:
    """What was looked up, once for each task and folder: many nodes share few of them."""

    def __init__(
        self,
        catalog: CatalogLike,
        integrations: Callable[[], Mapping[str, str]] | None,
        credentials: CredentialsCheck | None = None,
    ) -> None:
        self.catalog = catalog
        self.integrations = integrations
        self.credentials = credentials
        self.tasks: dict[str, TaskSpec | FlowbookError] = {}
        self.folders: dict[str, FolderLike | None] = {}
        self.types: Mapping[str, str] | None = None
        self.misfits: dict[tuple[str, str], tuple[str, str] | None] = {}
        self.slugs: dict[str, str] = {}

    def task(self, name: str) -> TaskSpec | FlowbookError:
        if name not in self.tasks:
            try:
                self.tasks[name] = self.catalog.task(name)
            except (NotFound, CatalogError) as error:
                self.tasks[name] = error
        return self.tasks[name]

    def needs_credentials(self, folder: str) -> bool:
        found = self._folder(folder)
        return found is not None and any(parameter.required for parameter in found.credentials)

    def missing_libraries(self, folder: str) -> list[FolderProblem]:
        found = self._folder(folder)
        return [] if found is None else [problem for problem in found.problems if problem.library]

    def _folder(self, name: str) -> FolderLike | None:
        """The folder; None when there is none to be had: its task is a problem then already."""
        if name not in self.folders:
            try:
                self.folders[name] = self.catalog.folder(name)
            except (NotFound, CatalogError):
                self.folders[name] = None
        return self.folders[name]

    def integration_types(self) -> Mapping[str, str] | None:
        if self.types is None and self.integrations is not None:
            self.types = self.integrations()
        return self.types

    def misfit(self, integration: str, folder: str) -> tuple[str, str] | None:
        if self.credentials is None:
            return None
        if (integration, folder) not in self.misfits:
            self.misfits[integration, folder] = self.credentials(integration, folder)
        return self.misfits[integration, folder]

    def twin(self, integration: str) -> str:
        """How one variable that is set means two integrations of the workflow; empty when none does."""
        other = self.slugs.setdefault(vault.integration_slug(integration), integration)
        given = vault.variables_given(integration) if other != integration else []
        return f"{given[0]} means {other!r} and {integration!r}" if given else ""


class _NodeCheck(NamedTuple):
    """One node's checks. A node that is disabled or pinned calls nothing, so what is wrong there is a warning."""

    id: str
    node: Node
    report: Report

    def add(self, code: str, field: str, message: str, remedy: str) -> None:
        severity: Severity = "warning" if self.node.disabled or self.node.pinned is not None else "error"
        self.report.add(code, self.id, field, message, remedy, severity=severity)


def check_inputs(draft: Draft, report: Report) -> None:
    """Each input's default against its type."""
    for name, parameter in draft.inputs.items():
        wrong = misfit(parameter, parameter.default) if parameter.default is not None else None
        if wrong:
            report.add("wrong-type", "", f"inputs.{name}.default", *wrong)


def check_tasks(
    draft: Draft,
    report: Report,
    catalog: CatalogLike,
    integrations: Callable[[], Mapping[str, str]] | None,
    workflows: Callable[[], Collection[str]] | None,
    credentials: CredentialsCheck | None = None,
) -> None:
    """Each node's task, integration and params."""
    known = _Known(catalog, integrations, credentials)
    for id, node in draft.nodes.items():
        if id in draft.taskless:
            continue
        check = _NodeCheck(id, node, report)
        spec = known.task(node.task)
        if isinstance(spec, TaskSpec):
            _check_params(check, spec)
            _check_libraries(check, spec, known)
            _check_cache(check, spec)
        else:
            code = "unknown-task" if isinstance(spec, NotFound) else "broken-folder"
            remedy = spec.hint or "See the catalog for what is wrong with it."
            check.add(code, "task", spec.message, remedy)
        _check_integration(check, known)
        if workflows is not None and node.task in SUB_WORKFLOW_TASKS:
            _check_sub_workflow(check, draft, workflows())


def _check_integration(check: _NodeCheck, known: _Known) -> None:
    name, folder = check.node.integration, check.node.folder
    if name is None:
        if known.needs_credentials(folder):
            message: str = Predicate(f"is missing: {check.node.task} needs credentials.")
            there = known.integration_types()
            verb = "Choose" if there is None or any(type in (folder, "") for type in there.values()) else "Create"
            check.add("missing-integration", "integration", message, f"{verb} an integration of type {folder!r}.")
        return
    types = known.integration_types()
    if types is None:
        return
    fitting = [each for each, type in types.items() if type in (folder, "")]
    if name not in types:
        remedy = suggest(name, fitting, "integration") or f"Create an integration of type {folder!r}."
        remedy += f" For a run without it, {vault.how_to_set(name)}."
        check.add("unknown-integration", "integration", f"there is no integration {name!r}.", remedy)
    elif name not in fitting:
        message = f"{name!r} is of type {types[name]!r}, but {check.node.task} needs one of type {folder!r}."
        remedy = f"Choose {', '.join(map(repr, fitting[:5]))}." if fitting else f"Create one of type {folder!r}."
        check.add("wrong-integration", "integration", message, remedy)
    elif twin := known.twin(name):
        check.add("unfit-credentials", "integration", f"{twin} alike.", "Rename one of them.")
    elif wrong := known.misfit(name, folder):
        check.add("unfit-credentials", "integration", *wrong)


def _check_params(check: _NodeCheck, spec: TaskSpec) -> None:
    params = check.node.params
    parameters = {parameter.name: parameter for parameter in spec.parameters}
    for name, parameter in parameters.items():
        if parameter.required and params.get(name) is None:
            _missing(check, spec, name)
    for name, value in params.items():
        known = parameters.get(name)
        if known is not None:
            _check_param(check, known, value, guessed=spec.open_params)
        elif not spec.open_params:
            remedy = suggest(name, parameters, "param") or "Remove it: the task has no params."
            check.add("unknown-param", f"params.{name}", f"{spec.name} has no such param.", remedy)


def _check_libraries(check: _NodeCheck, spec: TaskSpec, known: _Known) -> None:
    for problem in known.missing_libraries(spec.folder):
        if spec.function_name in problem.needed_by:
            what = Predicate(f"may need the package {problem.library!r}, which is not installed.")
            check.report.add("missing-library", check.id, "task", what, problem.remedy, severity="warning")


def _check_cache(check: _NodeCheck, spec: TaskSpec) -> None:
    if check.node.cache and not spec.reusable:
        message = Predicate(f"is not for {spec.name}, which writes: reused, it would not do what it is there for.")
        check.add("cache-of-write", "cache", message, "Take it away.")
    elif check.node.cache and spec.sends_any_method and not spec.asks_only(check.node.params):
        method = check.node.params.get("method")
        what = f"a {method}" if isinstance(method, str) and method in METHODS else "what may be more than a question"
        message = Predicate(f"is for {what}: reused, it is not sent again.")
        remedy = "Take it away, unless the request only asks."
        check.report.add("cache-of-write", check.id, "cache", message, remedy, severity="warning")


def _missing(check: _NodeCheck, spec: TaskSpec, name: str) -> None:
    field = f"params.{name}"
    if spec.open_params and not any(key.needed for key in keys_read(spec.function, 1) if key.name == name):
        # Only a plain function's docstring lists it: worth a word, not worth refusing to run.
        remedy = "Add it to the node's params, or write (optional) beside it in the task's docstring."
        check.report.add(
            "missing-param", check.id, field, Predicate("is described as required."), remedy, severity="warning"
        )
    else:
        check.add("missing-param", field, Predicate("is required."), "Add it to the node's params.")


def _check_param(check: _NodeCheck, parameter: Parameter, value: Any, *, guessed: bool) -> None:
    # What an expression gives is known only when it runs, so only its syntax is looked at (with the references).
    if value is None or (isinstance(value, str) and has_expression(value)):
        return
    field = f"params.{parameter.name}"
    wrong = misfit(parameter, value)
    if wrong and not guessed:
        check.add("wrong-type", field, *wrong)
    elif wrong and parameter.type not in ("string", "text"):
        # The type was read off a plain function's docstring or code: worth a word, not worth refusing to run.
        check.report.add("wrong-type", check.id, field, *wrong, severity="warning")
    if parameter.secret and value:
        message = Predicate("holds a secret in clear: workflows are stored and exported as they are.")
        remedy = "Keep it in an integration's credentials."
        check.report.add("secret-in-clear", check.id, field, message, remedy, severity="warning")


def _check_sub_workflow(check: _NodeCheck, draft: Draft, workflows: Collection[str]) -> None:
    key = next((key for key in ("workflow", "name", "workflows") if key in check.node.params), "")
    given = check.node.params.get(key)
    for name in given if isinstance(given, list) else [given]:
        if isinstance(name, str) and not has_expression(name):
            _check_its_name(check, draft, key, name, workflows)


def _check_its_name(check: _NodeCheck, draft: Draft, key: str, name: str, workflows: Collection[str]) -> None:
    if name == draft.name:
        message = Predicate("runs the workflow that it is in, without end unless something stops it.")
        remedy = "Let a 'when' end it, or use for_each or retry."
        check.report.add("runs-itself", check.id, f"params.{key}", message, remedy, severity="warning")
    elif name not in workflows:
        remedy = suggest(name, workflows, "workflow") or "Create it first."
        check.add("unknown-workflow", f"params.{key}", f"there is no workflow {name!r}.", remedy)
