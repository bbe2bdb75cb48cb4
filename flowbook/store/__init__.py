"""The store: integration types, integrations (their secrets sealed) and workflows.

What it must do is :class:`WorkspaceStore`; :class:`TinyStore` does it in one TinyDB file, and
:class:`~flowbook.store.postgres.PostgresStore` in PostgreSQL.

>>> store = Store(None)                      # in memory; a path for a file
>>> store.save_workflow(Workflow(name="daily-report"))
1
>>> flow, revision = store.workflow_with_revision("daily-report")
>>> flow.describe("Every morning")
>>> store.save_workflow(flow, revision=revision)
2

The file survives other writers and being killed at any moment: a side lock goes around each whole read-modify-write,
and the file is only ever replaced by rename. A damaged file is reported, never overwritten; :meth:`Store.recover`
restores the last-good copy.
"""

from __future__ import annotations

from flowbook.store.protocol import Revision, WorkflowSummary, WorkspaceStore
from flowbook.store.tiny import TinyStore

Store = TinyStore
"""The store that a workspace has unless it says otherwise."""

__all__ = ["Revision", "Store", "TinyStore", "WorkflowSummary", "WorkspaceStore"]
