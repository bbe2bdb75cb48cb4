"""Every widget has one owner: what is no longer shown is closed with all that is in it, and nothing is left behind."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

import flowbook.ui
from flowbook.models import Parameter, Workflow
from flowbook.ui.editor.inputs_panel import Inputs
from flowbook.ui.parts.holding import dispose, swap
from flowbook.ui.parts.theme import button, column, show
from flowbook.ui.runs.runs_tab import RunsTab
from flowbook.ui.studio import Studio
from flowbook.ui.workflows.workflows_tab import WorkflowsTab
from flowbook.workspace import Workspace
from tests.live_widgets import dangling

TOKEN = Parameter(name="token", type="password", required=True)


def flow() -> Workflow:
    made = Workflow(name="daily")
    made.set_input("who", default="Ada")
    made.add("first", "core.set", params={"values": 1}, at=(0, 0))
    made.add("second", "core.noop", at=(260, 0))
    made.connect("first", "second")
    return made


def edit(studio: Studio) -> None:
    tab: Any = studio.open("Workflows")
    assert isinstance(tab, WorkflowsTab)
    tab.open("daily")
    assert tab.editor is not None
    tab.editor.select_node("first")
    tab.editor.add_node()
    tab.editor.open(Inputs(tab.editor.editing, tab.editor.close_panel))
    tab.leave()


def forms(studio: Studio) -> None:
    tab: Any = studio.open("Workflows")
    for open_form in (tab.create, tab.import_file, tab.from_gallery, tab.create):
        open_form()
    tab._close_panel()
    kinds: Any = studio.open("Integration Types")
    kinds.create()
    kinds._close("")
    integrations: Any = studio.open("Integrations")
    integrations.create()
    integrations.editor.cancel()


def look_at_a_run(studio: Studio) -> None:
    tab: Any = studio.open("Runs")
    assert isinstance(tab, RunsTab)
    tab.open("last")
    tab.back()


def open_twice(studio: Studio) -> None:
    tab: Any = studio.open("Workflows")
    tab.open("daily")
    tab.open("daily")
    tab.leave()


@pytest.mark.parametrize("act", [edit, forms, look_at_a_run, open_twice])
def test_what_is_opened_and_closed_five_times_leaves_no_more_widgets_than_once(
    ws: Workspace, act: Callable[[Studio], None]
) -> None:
    ws.create_type("demo", [TOKEN])
    ws.save(flow())
    ws.start("daily").wait(60)
    studio = Studio(ws)
    act(studio)
    count = len(_instances)
    for _ in range(4):
        act(studio)
    assert len(_instances) == count
    assert dangling() == []


def test_what_is_put_in_place_of_another_closes_it_with_all_that_is_in_it_and_keeps_what_stays() -> None:
    stays, goes = ipywidgets.Button(), ipywidgets.HBox([ipywidgets.Text()])
    text, box = goes.children[0], ipywidgets.VBox([stays, goes])
    swap(box, ipywidgets.Label(), stays)
    assert [one.comm is None for one in (goes, goes.layout, text, text.style, stays, box)] == [True] * 4 + [False] * 2
    dispose(box)
    assert stays.comm is None


def test_what_holds_another_is_closed_before_it() -> None:
    closed: list[str] = []

    class Told(ipywidgets.HBox):  # type: ignore[misc]
        def close(self) -> None:
            if self.comm is not None:  # a widget closes itself once more when it is forgotten
                closed.append(self.box_style)
            super().close()
            assert dangling() == []

    inner = Told(box_style="info")
    dispose(Told([inner, Told([inner], box_style="warning")], box_style="danger"))
    assert closed == ["danger", "warning", "info"]


def test_only_one_module_changes_what_a_box_shows_and_closes_widgets() -> None:
    rooms = Path(flowbook.ui.__file__).parent
    found = [
        f"{path.relative_to(rooms)}: {line.strip()}"
        for path in rooms.rglob("*.py")
        if path.name != "holding.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.children\s*(=[^=]|\+=)|\bwidget\.close\(\)|_surface\.close\(\)", line)
    ]
    assert found == []


def test_widgets_share_one_layout_which_outlives_each_of_them_and_which_nobody_can_change() -> None:
    kept, goes = button("Keep"), button("Go")
    assert (kept.layout, kept.style) == (goes.layout, goes.style)
    dispose(column(goes))
    assert (goes.comm, kept.layout.comm is None, kept.style.comm is None) == (None, False, False)
    with pytest.raises(AttributeError, match="for all widgets"):
        kept.layout.width = "1px"
    show(kept, False)
    assert (kept.layout.display, button("Other").layout.display) == ("none", None)
    show(kept, True)
    assert kept.layout.display is None
