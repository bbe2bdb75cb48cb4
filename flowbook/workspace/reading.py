"""The one door by which a workflow comes in: stored, as a file, as the text of one, or as a Workflow.

Whoever gets a workflow from somewhere (a run, a check, an import, the studio) gets it here, so what is looked at by one
is looked at by all: keys that are there twice, the integrations of the environment, the catalog's tasks.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flowbook import vault
from flowbook.catalog import Catalog
from flowbook.counting import counted
from flowbook.errors import InputError, InvalidWorkflow, MissingCredentials
from flowbook.formats.files import MAX_BYTES, content_of, decoded
from flowbook.formats.n8n import looks_like_export, read_export
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.store import WorkspaceStore
from flowbook.validation import Lines, Problem, Report, validate, validate_document
from flowbook.validation.tasks import CredentialsCheck
from flowbook.workspace.witness import Witness

if TYPE_CHECKING:
    from flowbook.formats.n8n import Report as Conversion

_MISSING = frozenset({"unknown-integration", "unfit-credentials"})
_LOSING = frozenset({"repeated-key"})


class FileText(NamedTuple):
    """What a workflow's file holds, when it is at hand already; ``name`` stands for the file in messages."""

    content: str | bytes
    name: str = ""


Given = str | os.PathLike[str] | FileText | Workflow
"""A workflow as it is given: the name of a stored one or the path of a file, the text of a file, or a Workflow."""


class Origin(NamedTuple):
    """Where a workflow came from: ``kind``, and by which ``name`` it is known there (a path for a file).

    What a run recorded of its workflow is ``recorded``.
    """

    kind: Literal["stored", "file", "text", "object", "recorded"]
    name: str


class Reading(NamedTuple):
    """What was read: the ``workflow`` (None when none can be made of it), all its problems, and where it came from.

    A file of n8n also brings the ``parts``, which are the workflows of its loops, and the report of its ``conversion``.
    """

    workflow: Workflow | None
    report: Report
    origin: Origin
    parts: tuple[Workflow, ...] = ()
    conversion: Conversion | None = None

    @property
    def storable(self) -> bool:
        """Whether it can be stored, to be mended here: it makes a workflow, and nothing of the file would be lost."""
        return self.workflow is not None and not any(problem.code in _LOSING for problem in self.report.errors)

    def refusal(
        self, errors: Sequence[Problem] | None = None, what: str = "run"
    ) -> InvalidWorkflow | MissingCredentials:
        """The error to raise when ``errors`` (default: all) keep it from ``what``; MissingCredentials when only those
        are missing."""
        found = self.report.errors if errors is None else errors
        lines = [problem.text(self.origin.name) for problem in found]
        if {problem.code for problem in found} <= _MISSING:
            return MissingCredentials("\n".join(lines))
        count = f"{counted(len(lines), 'problem')}"
        return InvalidWorkflow(f"{self.origin.name} cannot {what}: {count}.\n" + "\n".join(lines), self.report)


class Reader:
    """Reads workflows for one workspace; ``credentials`` tells what is wrong with those of the environment."""

    def __init__(self, catalog: Catalog, store: WorkspaceStore, credentials: CredentialsCheck) -> None:
        self._catalog = catalog
        self._store = store
        self._credentials = credentials

    def read(self, given: Given, witness: Witness | None = None) -> Reading:
        """The workflow that is given, and all that is wrong with it; what it depends on is asked by way of ``witness``.

        Raises NotFound when there is none of that name or no such file, and FileFormatError when a file, or a text, is
        not readable as a document.
        """
        witness = Witness(self._catalog) if witness is None else witness
        if isinstance(given, FileText):
            return self._document(given.content, Origin("text", given.name or "workflow"), witness)
        if isinstance(given, Workflow):
            return self._whole(given, Origin("object", given.name), witness)
        if is_path(given):
            return self._document(Path(given), Origin("file", os.fspath(given)), witness)
        name = os.fspath(given)
        return self._whole(self._store.workflow(name), Origin("stored", name), witness)

    def at_once(self) -> Reader:
        """A reader for many workflows: it looks at each thing around them once, for all of them."""
        return _AtOnce(self._catalog, self._store, self._credentials)

    def _whole(self, workflow: Workflow, origin: Origin, witness: Witness) -> Reading:
        return Reading(workflow, validate(workflow, witness, **self._asked(workflow, witness)), origin)

    def _document(self, source: str | bytes | Path, origin: Origin, witness: Witness) -> Reading:
        from flowbook.formats.flowfile import Repeated, read_document
        from flowbook.formats.python import read_script

        if not origin.name.endswith(".py"):
            source = content_of(source) if isinstance(source, Path) else source
            text = source if isinstance(source, str) else source[: MAX_BYTES + 1].decode("utf-8-sig", "replace")
            if looks_like_export(text):
                return self._converted(source, origin, witness)
        repeated: list[Repeated] = []
        positions: Lines
        if origin.name.endswith(".py"):
            document, positions = read_script(source, origin.name)
        else:
            document, positions = read_document(source, origin.name, repeated=repeated)
        workflow, report = validate_document(
            document, witness, positions=positions, repeated=repeated, **self._asked(document, witness)
        )
        return Reading(workflow, report, origin)

    def _converted(self, source: str | bytes, origin: Origin, witness: Witness) -> Reading:
        """What a file of n8n becomes."""
        made = read_export(source if isinstance(source, str) else decoded(source, origin.name), origin.name)
        parts = [Workflow.from_document(part) for part in made.parts]
        asked = self._asked(made.document, witness)
        known = asked["workflows"]
        asked["workflows"] = lambda: [*known(), *(part.name for part in parts)]
        workflow, report = validate_document(made.document, witness, **asked)
        return Reading(workflow, report, origin, tuple(parts), made.report)

    def _asked(self, workflow: Workflow | Mapping[str, Any], witness: Witness) -> dict[str, Any]:
        """What the validation may ask about this workspace, by way of ``witness``."""

        def misfit(name: str, folder: str) -> tuple[str, str] | None:
            return witness.noting(lambda: self._credentials(name, folder))()

        usable, known = witness.noting(self._usable(workflow)), witness.noting(self._known)
        return {"integrations": usable, "workflows": known, "credentials": misfit}

    def _known(self) -> list[str]:
        return self._store.workflow_names()

    def _stored(self) -> dict[str, str]:
        """Name → type of the stored integrations."""
        return {integration.name: integration.type for integration in self._store.integrations()}

    def _usable(self, workflow: Workflow | Mapping[str, Any]) -> Callable[[], dict[str, str]]:
        """Name → type of the integrations that a workflow may use here: the stored, and those of the environment."""

        def usable() -> dict[str, str]:
            known = dict(self._stored())
            for name in _integrations_named(workflow):
                if name not in known and vault.variables_given(name):
                    known[name] = ""
            return known

        return usable


class _AtOnce(Reader):
    """Reads as things were when it was first asked about them."""

    def __init__(self, catalog: Catalog, store: WorkspaceStore, credentials: CredentialsCheck) -> None:
        super().__init__(catalog, store, functools.cache(credentials))
        self._witness = Witness(catalog)
        self._known = functools.cache(super()._known)  # type: ignore[method-assign]
        self._stored = functools.cache(super()._stored)  # type: ignore[method-assign]

    def read(self, given: Given, witness: Witness | None = None) -> Reading:
        """As any reader does, but with one witness for all."""
        return super().read(given, witness or self._witness)


def is_path(given: str | os.PathLike[str]) -> bool:
    """Whether that names a file rather than a stored workflow. Raises InputError for what names neither."""
    if not isinstance(given, (str, os.PathLike)) or not isinstance(text := os.fspath(given), str):
        raise no_workflow(given)
    return (
        not isinstance(given, str) or text.endswith((".yaml", ".yml", ".json", ".py")) or os.sep in text or "/" in text
    )


def no_workflow(
    given: object, hint: str = "Give a workflow, the name of a stored one, or the path of a file."
) -> InputError:
    """For what was given in the place of a workflow, and is none."""
    what = "None" if given is None else f"a value of type {type(given).__name__}"
    return InputError(f"{what} is no workflow.", hint)


def _integrations_named(workflow: Workflow | Mapping[str, Any]) -> set[str]:
    """The integrations that the nodes of a workflow, or of a document that may be faulty, name."""
    if isinstance(workflow, Workflow):
        return {node.integration for node in workflow.nodes.values() if node.integration}
    nodes = workflow.get("nodes")
    if not isinstance(nodes, Mapping):
        return set()
    given = [node.get("integration") for node in nodes.values() if isinstance(node, Mapping)]
    return {name for name in given if isinstance(name, str)}
