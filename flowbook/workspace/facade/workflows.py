"""What a workspace offers for workflows, before they run."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import AlreadyExists, FlowbookError, NotFound
from flowbook.internal import internal
from flowbook.models import Workflow, workflows_named
from flowbook.validation import Report
from flowbook.workspace.facade.parts import Parts
from flowbook.workspace.history import version_name
from flowbook.workspace.reading import Given, Reading, no_workflow

if TYPE_CHECKING:
    from flowbook.journal import Version
    from flowbook.store import WorkflowSummary


class WorkflowsFacade(Parts):
    """Workflows: stored, read, checked, and their versions."""

    def workflows(self) -> list[WorkflowSummary]:
        """What there is of each stored workflow, by name, without reading it whole.

        Each has its ``name``, ``description``, the number of its ``nodes``, its ``revision``, and ``saved_at``, UTC in
        ISO 8601.
        """
        return self.store.workflows()

    def workflow(self, name: str) -> Workflow:
        """The stored workflow of that name; it remembers its revision for :meth:`save`. Raises NotFound."""
        return self.store.workflow(name)

    @internal
    def workflow_with_revision(self, name: str) -> tuple[Workflow, int]:
        """The stored workflow of that name, and the revision it is. Raises NotFound."""
        return self.store.workflow_with_revision(name)

    def save(
        self,
        workflow: Workflow,
        *,
        revision: int | None = None,
        overwrite: bool = False,
        trusted: bool = True,
    ) -> int:
        """Store a workflow and remember this version; its new revision.

        What is saved is trusted by that act, unless ``trusted`` is false: then it is asked about before it runs.

        A workflow that was read here, or saved here before, remembers the revision that it began as: Conflict when
        a newer one was stored since, or it was deleted or renamed, with nothing changed. ``overwrite`` replaces
        whatever is there (it stays among the :meth:`versions`); ``revision`` says which one must be there, 0 that
        there must be none (AlreadyExists). A workflow with problems is stored, too: :meth:`check` tells them.
        StoreError when it cannot be written; what is there stays as it was. InputError for what is no workflow.
        """
        if not isinstance(workflow, Workflow):
            raise no_workflow(workflow, "Give a workflow; ws.import_workflow takes a file.")
        with self.store.transaction():
            expected = self._expected(workflow) if revision is None else revision
            saved = self.store.save_workflow(workflow, revision=None if overwrite else expected)
        self.journal.add_version(workflow)
        if trusted:
            self._trust.sign(workflow)
        return saved

    def _expected(self, workflow: Workflow) -> int | None:
        """The revision that ``workflow`` may be stored over, as far as it remembers one."""
        known = workflow.revision_in(self.store.place)
        if known is None:
            return None
        try:
            return min(known, self.store.workflow_revision(workflow.name))
        except NotFound:
            return known

    @internal
    def workflows_that_run(self, name: str) -> list[str]:
        """The names of the other stored workflows of which a node runs this one, or may; damaged ones are left out."""
        found = []
        for one in self.store.workflows():
            with suppress(FlowbookError):  # another process has deleted it, or nobody can read it
                nodes = self.store.workflow(one.name).nodes.values() if one.name != name else ()
                if any(name in (workflows_named(node) or ()) for node in nodes):
                    found.append(one.name)
        return found

    def rename_workflow(self, name: str, new_name: str) -> int:
        """Rename a stored workflow with its versions; its new revision. Raises NotFound, AlreadyExists, InvalidName."""
        revision = self.store.rename_workflow(name, new_name)
        if new_name != name:
            self.journal.move_versions(name, new_name)
            self.drafts.rename(name, new_name)
        return revision

    def delete_workflow(self, name: str) -> None:
        """Delete a stored workflow; its runs and versions stay in the history. Raises NotFound."""
        self.store.delete_workflow(name)
        self.drafts.forget(name)

    def versions(self, name: str) -> list[Version]:
        """The definitions that a workflow has had, the newest first: the last fifty, and all that were named.

        Each has the ``hash`` that :meth:`version` takes, ``saved_at`` in seconds since the epoch and its ``name``, ""
        for none. [] for a workflow that was never stored.
        """
        return self.journal.versions(name)

    def name_version(self, version: Version, name: str) -> None:
        """Give one of the :meth:`versions` a name, with "" none. Raises NotFound, InputError for a name too long."""
        self.journal.name_version(version, version_name(name))

    def version(self, hash: str) -> Workflow:
        """The workflow as it was at one of its :meth:`versions`, by its hash or the beginning of it.

        Raises NotFound unless it is the beginning of just one.
        """
        return self.journal.definition(hash)

    def import_workflow(self, path: str | os.PathLike[str] | Reading, *, replace: bool = False) -> Workflow:
        """Store the workflow of a file (``.flow.yaml``, ``.py``, n8n's ``.json``), or of what :meth:`read` gave.

        Returns it as it is stored. Raises NotFound and FileFormatError for the file, and AlreadyExists unless
        ``replace``. It is trusted no more than the file was (see :meth:`review`). One with
        unknown tasks, missing params or bad expressions is stored, to be mended here. One that makes no workflow at all
        is refused with all its problems: InvalidWorkflow. The loops of a file of n8n are workflows of their own, which
        are stored along with it: all or nothing.
        """
        reading = path if isinstance(path, Reading) else self._reader.read(Path(path))
        workflow = reading.workflow
        if workflow is None or not reading.storable:
            raise reading.refusal(what="be imported")
        own = self._trust.is_own(workflow, reading.origin)
        if not replace and workflow.name in self.store.workflow_names():
            raise AlreadyExists(
                f"there is a workflow {workflow.name!r} already.", "Replace it, or rename one of the two."
            )
        self.import_parts(reading, replace=replace)
        self.store.save_workflow(workflow, revision=None if replace else 0)
        self.journal.add_version(workflow)
        if own:
            self._trust.sign(workflow)
        return workflow

    @internal
    def import_parts(self, reading: Reading, *, replace: bool = False) -> None:
        """Store the workflows that what was read brings along, unless they are stored already.

        Raises AlreadyExists, and stores none of them, when others have their names, unless ``replace``.
        """
        stored = set(self.store.workflow_names())
        there = [part for part in reading.parts if part.name in stored and not replace]
        other = next((part for part in there if self.store.workflow(part.name) != part), None)
        if other is not None:
            raise AlreadyExists(f"there is a workflow {other.name!r} already.", "Replace it, or rename one of the two.")
        for part in reading.parts:
            if part not in there:
                self.store.save_workflow(part, revision=None if replace else 0)
                self.journal.add_version(part)

    def read(self, workflow: Given) -> Reading:
        """A workflow from wherever it is (a stored one by name, a file by path, a :class:`FileText
        <flowbook.workspace.FileText>`, or a Workflow), with all its problems and where it came from.

        Raises NotFound, and FileFormatError for a file that is not readable as a document.
        """
        return self._reader.read(workflow)

    def check(self, workflow: Given) -> Report:
        """All problems of a workflow: a stored one by name, a file by path, or a Workflow.

        Raises NotFound, and FileFormatError for a file that is none of a workflow.
        """
        return self._reader.read(workflow).report

    def checker(self) -> Callable[[Given], Report]:
        """As :meth:`check`, for many workflows: it looks at tasks, integrations and names once, for all of them.

        What it returns takes a workflow, as :meth:`check` does, and raises the same.
        """
        reader = self._reader.at_once()
        return lambda workflow: reader.read(workflow).report
