"""The studio: the four tabs in one widget."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Protocol, runtime_checkable

from flowbook.errors import FlowbookError
from flowbook.ui.credentials.integrations_tab import IntegrationsTab, last_test
from flowbook.ui.credentials.types_tab import TypesTab
from flowbook.ui.credentials.unlocking import Unlocking
from flowbook.ui.parts.holding import dispose, swap
from flowbook.ui.parts.showing import shown
from flowbook.ui.parts.theme import Message, TabBar, Tone, column, displayed, framed, show, told
from flowbook.workspace import Workspace

IN_MEMORY = (
    "Nothing is stored: what you enter, credentials too, is kept in the memory of this notebook's kernel alone, and is "
    "gone when that ends."
)
TABS = ("Integration Types", "Integrations", "Workflows", "Runs")


class Tab(Protocol):
    """What each tab is: a ``widget``, and ``refresh()`` to show what is stored now."""

    widget: Any

    def refresh(self) -> None:
        """Show what is stored now."""


@runtime_checkable
class Following(Protocol):
    """A tab in which something is open that others may save too."""

    def others_saved(self) -> None:
        """Show what others have saved of it."""


class Studio:
    """The four tabs of a workspace. Display it; ``open`` opens a tab by its name.

    Where there are no widgets (a code host, a notebook run by papermill) it shows what there is as static text.
    """

    def __init__(self, workspace: Workspace, tab: str = "") -> None:
        self._workspace = workspace
        self._pages: dict[str, Tab] = {}
        self._to_close: list[Callable[[], object]] = []
        self._failed = banner()
        self._bar = TabBar(tabs=list(TABS), selected=tab or self._first())
        self._body = column(self._failed)
        in_memory = [banner(IN_MEMORY, "warning")] if workspace.memory else []
        self.unlocking = Unlocking(workspace, lambda: self._page(self.selected).refresh())
        self.widget = framed(self._bar, *in_memory, self.unlocking.widget, self._body)
        self._bar.observe(lambda change: self._show(change["new"]), "selected")
        self._show(self._bar.selected)
        self._to_close.append(workspace.watch_others(self._others_changed))

    def __repr__(self) -> str:
        return f"<Studio of {self._workspace.root}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        shown(self)
        parts, told_first = summary(self._workspace), IN_MEMORY if self._workspace.memory else ""
        still = {"text/plain": _as_text(parts, told_first), "text/html": _as_html(parts, told_first)}
        return displayed(self.widget, still, **kwargs)

    @property
    def selected(self) -> str:
        """The name of the open tab."""
        return str(self._bar.selected)

    def open(self, tab: str) -> Tab:
        """Open a tab by its name and return it."""
        self._bar.selected = tab
        return self._page(tab)

    def close(self) -> None:
        """Take the studio off every page; runs that go on are not touched."""
        dispose(self.widget)
        for close in self._to_close:
            close()

    def _first(self) -> str:
        """Where a person goes on: the workflows when there are any, else the first thing of which there is none."""
        try:
            if self._workspace.workflows():
                return TABS[2]
            if not self._workspace.types():
                return TABS[0]
            return TABS[1] if not self._workspace.integrations() else TABS[2]
        except FlowbookError:
            return TABS[0]

    def _page(self, tab: str) -> Tab:
        if tab not in self._pages:
            self._pages[tab] = self._make(tab)
        return self._pages[tab]

    def _make(self, tab: str) -> Tab:
        if tab == "Integration Types":
            return TypesTab(self._workspace, self._refresh_others)
        if tab == "Integrations":
            return IntegrationsTab(self._workspace, self._refresh_others, lambda: self.open("Integration Types"))
        if tab == "Workflows":
            from flowbook.ui.workflows.workflows_tab import WorkflowsTab  # with the editor: loaded when it is opened

            workflows = WorkflowsTab(self._workspace)
            self._to_close.append(workflows.close)
            return workflows
        from flowbook.ui.runs.runs_tab import RunsTab

        runs = RunsTab(self._workspace, self._replay)
        self._to_close.append(runs.close)
        return runs

    def _replay(self, workflow: str, run: str) -> None:
        """Show a run of the history in the editor of its workflow."""
        from flowbook.ui.workflows.workflows_tab import WorkflowsTab

        page = self._page("Workflows")
        if isinstance(page, WorkflowsTab):
            page.replay(workflow, run)
            self.open("Workflows")

    def _show(self, tab: str) -> None:
        self._failed.clear()
        known = tab in self._pages
        try:
            page = self._page(tab)
            if known:
                page.refresh()
        except FlowbookError as error:
            self._failed.fail(error)
        swap(self._body, self._failed, *(one.widget for one in self._pages.values()))
        for name, one in self._pages.items():
            show(one.widget, name == tab)

    def _others_changed(self, what: frozenset[str]) -> None:
        """Show what somebody else has changed, where it is looked at; a tab that is opened shows what is there then."""
        tab = self.selected
        page = self._pages.get(tab)  # one that is being made shows what is there now
        if page is not None and ("runs" if tab == "Runs" else "documents") in what:
            page.refresh()
            if isinstance(page, Following):
                page.others_saved()

    def _refresh_others(self) -> None:
        """After a change in one tab, what the others show."""
        for name, one in self._pages.items():
            if name != self.selected:
                one.refresh()


def banner(text: str = "", tone: Tone = "info") -> Message:
    """A message across the whole width, below the tabs."""
    return Message(text=text, tone=tone, _dom_classes=["fb-banner"])


Summary = dict[str, list[tuple[str, str]]]


def summary(workspace: Workspace) -> Summary:
    """What the first three tabs hold, as (name, remark) by tab; nothing of any credential."""
    try:
        return {
            "Integration Types": [
                (one.name, ", ".join(parameter.name for parameter in one.parameters)) for one in workspace.types()
            ],
            "Integrations": [
                (one.name, f"{one.type}, {last_test(one)['text']}") for one in workspace.integrations()
            ],
            "Workflows": [(one.name, one.description) for one in workspace.workflows()],
        }  # fmt: skip
    except FlowbookError as error:
        return {"Problem": [(told(error), "")]}


def _as_text(parts: Summary, told_first: str) -> str:
    lines = ["Flowbook", *([told_first] if told_first else [])]
    for name, items in parts.items():
        lines.append(f"{name}:{'' if items else ' none'}")
        lines += [f"  {item}{f' – {remark}' if remark else ''}" for item, remark in items]
    return "\n".join(lines)


def _as_html(parts: Summary, told_first: str) -> str:
    sections = [f"<p><i>{escape(told_first)}</i></p>"] if told_first else []
    for name, items in parts.items():
        points = "".join(
            f"<li><b>{escape(item)}</b>{f' – {escape(remark)}' if remark else ''}</li>" for item, remark in items
        )
        sections.append(f"<h4>{escape(name)}</h4>" + (f"<ul>{points}</ul>" if items else "<p>none</p>"))
    return f'<div class="flowbook-static"><h3>Flowbook</h3>{"".join(sections)}</div>'
