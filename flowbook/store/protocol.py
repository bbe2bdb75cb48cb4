"""What a workspace needs of a store, wherever that keeps its documents."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from flowbook.models import Integration, IntegrationType, Workflow
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from flowbook.store.records import Contents

Revision = int | Literal["any"] | None
"""The revision that the caller started from (0: there was none), or None or ``"any"`` for whichever is there."""


class WorkflowSummary(NamedTuple):
    """What a list of workflows shows. ``nodes`` is their number, ``saved_at`` UTC in ISO 8601."""

    name: str
    description: str
    nodes: int
    revision: int
    saved_at: str


class WorkspaceStore(Protocol):
    """Integration types, integrations (their secrets sealed), workflows, and documents of the workspace's own.

    May be used from any number of threads, and what one process saved every other one reads at its next call. Names
    are unique within their kind, those of integrations in whatever case; an integration also has an id, which it keeps
    when it is renamed.

    **Revisions.** Every document has one: 1 when its name is new, and one more with each save. They go on where they
    were when a name comes back after it was deleted or renamed, so that no revision ever stands for two contents. A
    save with ``revision`` takes effect only when that is the one there (0: none); else Conflict (AlreadyExists for 0).

    **Whole or not at all.** Each method that changes something is one atomic write, and so is a whole
    :meth:`transaction`. What is given and what is returned share nothing with what is kept.

    Every method may raise StoreError when the store cannot be used, and StoreDamaged when what it holds is not
    readable; nothing is overwritten then.
    """

    @property
    def path(self) -> Path | None:
        """The file that it is in, None when it is in none."""

    @property
    def place(self) -> str:
        """What tells this store from every other; workflows remember by it which revision of it they are."""

    # -- integration types -----------------------------------------------------------------------------------------

    def types(self) -> list[IntegrationType]:
        """Every integration type, by name."""

    def type(self, name: str) -> IntegrationType:
        """The integration type of that name, else NotFound."""

    def type_revision(self, name: str) -> int:
        """Its revision, else NotFound."""

    def save_type(self, type_: IntegrationType, *, revision: Revision = None) -> int:
        """Create or replace an integration type; returns its new revision."""

    def delete_type(self, name: str) -> None:
        """Delete an integration type. Raises NotFound, and InUse naming the integrations of that type."""

    # -- integrations ----------------------------------------------------------------------------------------------

    def integrations(self) -> list[Integration]:
        """Every integration, by name; secrets stay sealed."""

    def integration(self, name_or_id: str) -> Integration:
        """The integration of that name or id, else NotFound."""

    def integration_revision(self, name_or_id: str) -> int:
        """Its revision, else NotFound."""

    def save_integration(self, integration: Integration, *, revision: Revision = None) -> int:
        """Create or replace the integration of that id; returns its new revision.

        With another name than before it is renamed, and workflows follow. Raises AlreadyExists when another has that
        name (in whatever case), NotFound for an unknown type, StoreError for a secret in clear, WrongKey for one that
        another key than this store's sealed.
        """

    def delete_integration(self, name: str) -> list[str]:
        """Delete an integration, by name or id; returns the names of the workflows that used it."""

    def rename_integration(self, old: str, new: str) -> list[str]:
        """Rename an integration; returns the names of the workflows whose references followed, in the same write."""

    def integration_users(self, name: str) -> list[str]:
        """The names of the workflows with a node that uses the integration of that name."""

    # -- workflows -------------------------------------------------------------------------------------------------

    def workflows(self) -> list[WorkflowSummary]:
        """A summary of every workflow, by name."""

    def workflow_names(self) -> list[str]:
        """The names of all workflows, sorted."""

    def workflow(self, name: str) -> Workflow:
        """The workflow of that name, else NotFound."""

    def workflow_text(self, name: str) -> str:
        """The stored document as JSON text, to be compared with another time's; else NotFound."""

    def workflow_revision(self, name: str) -> int:
        """Its revision, else NotFound."""

    def workflow_with_revision(self, name: str) -> tuple[Workflow, int]:
        """The workflow and the revision it is, for an editor that will save it again; else NotFound.

        It remembers that revision (:meth:`Workflow.revision_in`), and so does one that was read or saved in other ways.
        """

    def save_workflow(self, workflow: Workflow, *, revision: Revision = None) -> int:
        """Create or replace a workflow; returns its new revision."""

    def delete_workflow(self, name: str) -> None:
        """Delete a workflow, else NotFound."""

    def rename_workflow(self, old: str, new: str) -> int:
        """Rename a workflow; returns its new revision. Raises NotFound, AlreadyExists, InvalidName."""

    # -- the rest --------------------------------------------------------------------------------------------------

    def meta(self, key: str, default: Any = None) -> Any:
        """A copy of the document kept under ``key`` ("vault": the vault's header)."""

    def set_meta(self, key: str, value: Any) -> None:
        """Keep ``value`` (plain JSON) under ``key``; None removes it."""

    def reading(self) -> AbstractContextManager[object]:
        """Several reads that no other thread of this process writes between. May be nested, and hold a transaction."""

    def transaction(self, *, replace_backup: bool = False) -> AbstractContextManager[WorkspaceStore]:
        """Everything within is one atomic write that no other writer gets between; an exception leaves all as it was.

        ``replace_backup`` leaves nothing of the old in any copy that the store keeps either. May be nested.
        """

    def contents(self) -> Contents:
        """All that is kept, as it is kept."""

    def fill(self, contents: Contents) -> None:
        """Keep what was kept elsewhere, with its ids and revisions. Raises InputError when there is something here."""

    def reload(self) -> None:
        """Read again at the next use, trusting nothing that is in memory."""

    def recover(self) -> Path | None:
        """Restore the last-good copy of a damaged store; returns where the damaged file is kept (None: it was gone).

        Raises StoreError when the store is not damaged or keeps no such copy, StoreDamaged when the copy cannot be read
        either.
        """

    def close(self) -> None:
        """Let go of what is held open; it is opened again at the next use."""
