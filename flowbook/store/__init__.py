"""The store: integration types, integrations (their secrets sealed) and workflows, in one TinyDB file.

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

from typing import TYPE_CHECKING, Any

from flowbook.store.store import Store

if TYPE_CHECKING:
    from flowbook.store.records import WorkflowSummary

__all__ = ["Store", "WorkflowSummary"]


def __getattr__(name: str) -> Any:
    # Its module imports TinyDB, which importing the store should not.
    if name == "WorkflowSummary":
        from flowbook.store.records import WorkflowSummary

        return WorkflowSummary
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
