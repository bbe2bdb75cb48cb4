"""The workspace in the pictures: workflows of a small shop's engineers, and what has run before."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from services import serve

from flowbook import Workflow, Workspace
from flowbook.errors import RunFailed

os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
service = serve()
own = Path("integrations/triage/tasks.py")  # an integration folder of the workspace's own
own.parent.mkdir(parents=True)
own.write_text(Path("triage.py").read_text())
ws = Workspace(".")

INCOMPLETE = "The export of the day is not complete: 212 of 240 orders"
HEADLINE = "The oldest of ${{ len(nodes.fetch.data) }} issues in ${{ inputs.repo }}"
SUMMARY = (
    "${{ len(nodes.fetch.data) }} open issues in ${{ inputs.repo }}, the oldest since "
    "${{ nodes.rank.data[0]['days open'] }} days: ${{ nodes.rank.data[0].title }}"
)


def make_integrations() -> None:
    """Four integrations; all but the one whose server is down answer."""
    about: dict[str, tuple[str, dict[str, Any]]] = {
        "Acme GitHub": ("github", {"token": "demo", "base_url": service.url}),
        "My Slack Workspace": ("slack", {"webhook_url": f"{service.url}/services/T00/B00/demo"}),
        "Public Holidays": ("http", {"base_url": service.url}),
        "Warehouse": (
            "postgres",
            {"host": "127.0.0.1", "port": 5439, "username": "reports", "password": "demo", "database": "warehouse"},
        ),
    }
    for name, (kind, credentials) in about.items():
        ws.create_type(kind)
        ws.create_integration(name, kind, credentials)
        ws.test_integration(name)


def issue_digest() -> Workflow:
    flow = Workflow(name="issue-digest", description="What has waited longest, told to the team each morning")
    flow.set_input("repo", default="acme/storefront", description="Whose issues to look at")
    flow.set_input("keep", type="integer", default=6, description="How many of the oldest to report")
    slack = "My Slack Workspace"
    rows = "${{ [{'number': one.number, 'title': one.title} for one in nodes.fetch.data] }}"
    flow.add("fetch", "github.list_issues", "Acme GitHub", {"repo": "${{ inputs.repo }}"}, at=(0, 0))
    flow.change("fetch", label="Fetch issues", retry={"attempts": 3, "wait": 2})
    ranked = {"headline": HEADLINE, "issues": "${{ nodes.fetch.data }}", "keep": "${{ inputs.keep }}"}
    flow.add("rank", "triage.oldest", None, ranked, at=(275, 0), label="Rank by age")
    flow.add("store", "postgres.insert_rows", "Warehouse", {"table": "issue_ages", "rows": rows}, at=(275, -140))
    flow.change("store", label="Warehouse")
    local = {"database": "issues.db", "table": "issue_ages", "rows": rows, "create": True, "replace": True}
    flow.add("local", "sqlite.insert_rows", None, local, at=(550, -140), label="Keep locally")
    flow.add("notify", "slack.send_message", slack, {"text": SUMMARY}, at=(550, 0), label="Tell the team")
    help_wanted = {"title": "Too much to do", "message": "${{ len(nodes.fetch.data) }} issues wait"}
    flow.add("escalate", "slack.send_notification", slack, help_wanted, at=(550, 140), label="Ask for help")
    flow.connect("fetch", "rank")
    flow.connect("fetch", "store")
    flow.connect("store", "local", on="failure")
    flow.connect("rank", "notify")
    flow.connect("rank", "escalate", when="len(nodes.fetch.data) > 100")
    flow.set_note("schedule", "Runs each weekday at 7:00", at=(0, 140))
    return flow


def chain(name: str, description: str, *steps: tuple[str, str, dict[str, Any]]) -> Workflow:
    """A workflow of steps (node, task, params), one after the other."""
    flow = Workflow(name=name, description=description)
    for i, (node, task, params) in enumerate(steps):
        flow.add(node, task, params=params, at=(270 * i, 0))
        if i:
            flow.connect(steps[i - 1][0], node)
    return flow


def others() -> list[Workflow]:
    stock = {"path": "stock.csv", "rows": [{"sku": "A-17", "left": 3}, {"sku": "B-02", "left": 0}]}
    return [
        chain("restock-alert", "Which articles run out this week",
              ("write", "files.write_csv", stock), ("read", "files.read_csv", {"path": "stock.csv"})),
        chain("nightly-export", "Orders of the day for the accountants",
              ("wait", "core.wait", {"seconds": 0.3}), ("check", "core.fail", {"message": INCOMPLETE})),
        chain("welcome-mails", "A mail to everyone who signed up", ("wait", "core.wait", {"seconds": 1.2})),
    ]  # fmt: skip


def run_some() -> None:
    """A history, the newest last."""
    for name in ("welcome-mails", "nightly-export", "restock-alert", "issue-digest", "restock-alert"):
        with suppress(RunFailed):
            ws.start(name).wait()
    run = ws.start("welcome-mails")
    run.cancel()
    run.wait()


make_integrations()
for flow in (issue_digest(), *others()):
    ws.save(flow)
run_some()
