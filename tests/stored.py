"""What the store's tests save."""

from __future__ import annotations

from flowbook.models import Integration, IntegrationType, Parameter, Workflow
from flowbook.store import WorkspaceStore

SLACK = IntegrationType(
    name="slack",
    description="Messages",
    parameters=(
        Parameter(name="token", type="password", required=True, description="Bot token"),
        Parameter(name="level", type="select", choices=("low", "high"), default="low"),
    ),
)
HEADER = {"key_id": "k1"}
SEALED = {"sealed": 1, "key": "k1", "nonce": "AA==", "data": "AA=="}


def flow(name: str = "daily-report", integration: str | None = None, **params) -> Workflow:
    workflow = Workflow(name=name, description="Every day")
    workflow.add("fetch", "slack.list_channels", integration=integration, params=params, at=(80, 120))
    workflow.add("notify", "slack.send_message", params={"text": "${{ nodes.fetch.data }}"})
    workflow.connect("fetch", "notify")
    return workflow


def slack(id: str = "1", name: str = "My Slack", **fields) -> Integration:
    return Integration(id=id, name=name, type="slack", fields=fields or {"token": SEALED, "level": "high"})


def with_integration(store: WorkspaceStore) -> WorkspaceStore:
    store.save_type(SLACK)
    store.set_meta("vault", HEADER)
    store.save_integration(slack())
    return store
