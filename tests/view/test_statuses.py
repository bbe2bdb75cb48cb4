"""A status looks the same wherever a run is shown: one table, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import flowbook
from flowbook import Workflow, Workspace
from flowbook.cli.table import _style
from flowbook.events import RUN_STATUSES
from flowbook.reports import gather, render
from flowbook.results import NODE_STATUSES
from flowbook.ui.parts.theme import status_tone
from flowbook.ui.runs.run_styles import run_stylesheet
from flowbook.view.graph.drawing import svg
from flowbook.view.graph.elements import look
from flowbook.view.statuses import STATUSES, TONES, appearance, colour_of, marked

EVERY = sorted({*NODE_STATUSES, *RUN_STATUSES})
HOME = Path(flowbook.__file__).parent


def test_every_status_of_a_node_or_a_run_is_in_the_table_and_no_other() -> None:
    assert sorted(STATUSES) == EVERY


def test_each_has_a_mark_of_its_own() -> None:
    assert len({one.mark for one in STATUSES.values()}) == len({one.path for one in STATUSES.values()}) == len(STATUSES)


@pytest.mark.parametrize("status", EVERY)
def test_canvas_drawing_panel_terminal_and_studio_take_it_from_there(status: str) -> None:
    tone = STATUSES[status].tone
    assert look()["statuses"][status] == look()["marks"][status]["tone"] == tone
    assert look()["light"][tone] == colour_of(status)
    assert colour_of(status) in svg({"nodes": [{"id": "a", "task": "core.noop"}]}, {"a": status})
    styles = run_stylesheet()
    assert f'[data-status="{status}"] {{ --tone: var(--fbr-{tone});' in styles
    assert f"--fbr-{tone}: var({TONES[tone].theme}, {TONES[tone].colour});" in styles
    assert _style(status) == TONES[tone].terminal
    assert status_tone(status) == {"success": "success", "error": "error", "warn": "warning"}.get(tone, "info")


def test_a_status_of_a_later_version_looks_unknown_and_is_named() -> None:
    assert marked("napping") == "? napping"
    assert appearance("napping") == appearance("unknown")


def test_a_run_and_its_reports_show_mark_and_colour_of_the_table(tmp_path: Path) -> None:
    flow = Workflow(name="mixed")
    flow.add("good", "core.noop")
    flow.add("bad", "core.fail", params={"message": "no"})
    flow.add("after", "core.noop")
    flow.connect("bad", "after")
    ws = Workspace(tmp_path)
    run = ws.start(flow).wait()
    html = run.representations()["text/html"]
    for node in run:
        assert marked(run[node].status) in html
        assert colour_of(run[node].status) in html
        assert f"{appearance(run[node].status).mark} {node}" in repr(run)
    report = gather(ws, run.id)
    page, markdown, notebook = (render(report, kind) for kind in ("html", "md", "ipynb"))
    for status in ("succeeded", "failed", "skipped"):
        assert marked(status) in page
        assert marked(status) in markdown
        assert marked(status) in notebook
        assert colour_of(status) in page
        assert colour_of(status) in markdown


def test_no_other_place_knows_a_status_colour() -> None:
    """Stylesheets may have them as fallbacks of JupyterLab's variables, and there they are the table's."""
    files = [
        path for kind in ("py", "js", "css", "json") for path in HOME.rglob(f"*.{kind}") if "vendor" not in path.parts
    ]
    known = "|".join(one.colour for one in TONES.values())
    found = {path.name for path in files if re.search(known, path.read_text(encoding="utf-8"), re.IGNORECASE)}
    assert {name for name in found if not name.endswith(".css")} == {"statuses.py"}
    theme = {one.theme: one.colour for one in TONES.values() if one.theme != "--jp-ui-font-color2"}
    for path in HOME.rglob("*.css"):
        for variable, colour in re.findall(r"var\((--jp-[\w-]+), (#\w+)\)", path.read_text(encoding="utf-8")):
            assert theme.get(variable, colour) == colour, (path.name, variable)
