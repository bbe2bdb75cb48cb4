"""Flowbook: automate work across services from JupyterLab, without a server.

A workspace holds integration types, integrations (named credentials, encrypted) and workflows:

    from flowbook import Workspace, Workflow

    ws = Workspace()                                    # the nearest folder upward with .flowbook/, else made here
    ws.studio()                                         # everything by mouse: types, integrations, editor, runs

The same in code:

    flow = Workflow("daily-report")
    flow.add("fetch", "github.list_issues", integration="My GitHub", params={"repo": "octocat/hello-world"})
    flow.add("notify", "slack.send_message", integration="My Slack Workspace",
             params={"text": "${{ len(nodes.fetch.data) }} open issues"})
    flow.connect("fetch", "notify")
    ws.save(flow)

    run = ws.run("daily-report")                        # waits; raises RunFailed
    run["fetch"].data                                   # the live object

or as functions, of which each becomes a node and an argument an edge or an input:

    flow = Workflow("sales")

    @flow.task
    def load(minimum: float = 0):
        return pd.read_csv("sales.csv").query("sold >= @minimum")

    @flow.task(retry=3)
    def sums(load):
        return load.groupby("city").sold.sum()

    ws.sweep(flow, minimum=range(0, 100, 10)).to_frame("sums")

An integration is a folder with functions ``task(credentials, params) -> {"success", "message", "data"}``; its authors
use :func:`task`, :class:`Result`, :class:`Secret`, :func:`current`, :class:`TaskFailed`, :mod:`flowbook.http` and, for
types, :mod:`flowbook.typed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.lazily import lazily

__version__ = "0.1.0"

__all__ = [
    "FlowbookError",
    "Integration",
    "IntegrationType",
    "Parameter",
    "Result",
    "RunFailed",
    "Secret",
    "TaskFailed",
    "Workflow",
    "Workspace",
    "current",
    "how_to_install",
    "integration",
    "task",
]

_HOMES = {
    "FlowbookError": "flowbook.errors",
    "Integration": "flowbook.models",
    "IntegrationType": "flowbook.models",
    "Parameter": "flowbook.models",
    "Result": "flowbook.tasks",
    "RunFailed": "flowbook.errors",
    "Secret": "flowbook.tasks",
    "TaskFailed": "flowbook.errors",
    "Workflow": "flowbook.models",
    "Workspace": "flowbook.workspace",
    "current": "flowbook.tasks",
    "how_to_install": "flowbook.installing",
    "integration": "flowbook.formats.python.handles",
    "load_ipython_extension": "flowbook.magics",
    "task": "flowbook.tasks",
    "unload_ipython_extension": "flowbook.magics",
}

if TYPE_CHECKING:
    from flowbook.errors import FlowbookError, RunFailed, TaskFailed
    from flowbook.formats.python.handles import integration
    from flowbook.installing import how_to_install
    from flowbook.models import Integration, IntegrationType, Parameter, Workflow
    from flowbook.tasks import Result, Secret, current, task
    from flowbook.workspace import Workspace

__getattr__ = lazily(__name__, _HOMES)  # so that ``import flowbook`` costs next to nothing


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
