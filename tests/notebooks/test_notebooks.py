"""Every notebook: executed as `make notebooks` does, without a network, and read as a static page."""

from __future__ import annotations

import copy
import functools
import json
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from packaging.requirements import Requirement

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))

# What is executed here also where the tests of Binder, whose workspaces are in memory, execute all of them.
IN_A_FOLDER = ("quickstart",)
# Filled in where the notebooks make credentials (stand_ins.py): none of them belongs on a page.
SECRETS = ("/services/T00/B00/stand-in", "/services/T00/B00/quickstart", "stand-in-for-a-token")


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def everything(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def as_text(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Without the HTML, whose layout depends on the versions of other packages."""
    plain = copy.deepcopy(notebook)
    for output in everything(plain):
        if "text/plain" in output.get("data", {}):
            output["data"].pop("text/html", None)
    return plain


def check_executed(name: str, executed: nbformat.NotebookNode, folder: Path, renewing: ModuleType) -> None:
    """That a notebook, executed below ``folder`` and tidied, has no errors and gives what its page shows."""
    assert not [output for output in everything(executed) if output["output_type"] == "error"]
    assert str(folder) not in nbformat.writes(executed)
    for secret in SECRETS:
        assert secret not in json.dumps(everything(executed))
    shown, given = as_text(read(name)), as_text(executed)
    if not renewing.same(shown, given):
        pytest.fail(
            f"{name}.ipynb is out of date; run: make notebooks\n{renewing.difference(shown, given)}", pytrace=False
        )


def is_executed_on_binder(name: str, request: pytest.FixtureRequest) -> bool:
    """Whether Binder's tests, in this session, execute it with the same versions and look at what it gives likewise."""
    on_binder = any(item.get_closest_marker("binder") for item in request.session.items)
    return on_binder and name not in IN_A_FOLDER and is_locked()


@functools.cache
def is_locked() -> bool:
    """Whether what is installed here is what the lock for notebooks, and so Binder, names."""
    lock = (NOTEBOOKS.parent / "locks" / "notebooks.txt").read_text(encoding="utf-8")
    for line in re.findall(r"^[\w.-]+==.*", lock, flags=re.MULTILINE):
        pin = Requirement(line.rstrip(" \\"))
        if pin.marker is None or pin.marker.evaluate():
            try:
                found = version(pin.name)
            except PackageNotFoundError:
                return False
            if not pin.specifier.contains(found, prereleases=True):
                return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_executes_and_gives_what_its_page_shows(
    name: str, renewing: ModuleType, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if is_executed_on_binder(name, request):
        pytest.skip("test_binder.py executes it with the same versions and looks at what it gives")
    executed, failed = renewing.execute(NOTEBOOKS / f"{name}.ipynb", tmp_path)
    assert not failed, failed
    check_executed(name, executed, tmp_path, renewing)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_what_every_run_gave_without_widgets_or_errors(name: str) -> None:
    notebook = read(name)
    outputs = everything(notebook)
    assert "succeeded" in json.dumps(outputs)
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert "widget-view" not in json.dumps(outputs)
    assert "widgets" not in notebook.metadata
    assert len(nbformat.writes(notebook)) < 500_000


@pytest.mark.parametrize("name", NAMES)
def test_a_drawing_is_kept_as_a_picture_which_code_hosts_show(name: str) -> None:
    data = [output.get("data", {}) for output in everything(read(name))]
    assert not [one for one in data if str(one.get("text/html", "")).startswith("<svg")]
    cells = read(name).cells
    drawn = [one for one in data if one.get("image/svg+xml", "").startswith("<svg")]
    draws = [
        cell for cell in cells if cell.cell_type == "code" and ("ws.edit(" in cell.source or cell.source == "flow")
    ]
    assert len(drawn) == len(draws)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_names_no_place_of_the_machine_it_was_made_on(name: str) -> None:
    text = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not re.findall(r"(?<![\w.-])/(?:tmp|home|work|root|var)/\w+", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_begins_with_a_title_and_links_to_what_is_there(name: str) -> None:
    pages = [cell.source for cell in read(name).cells if cell.cell_type == "markdown"]
    assert pages[0].startswith("# ")
    for target in re.findall(r"\]\(([^)#]+)\)", "\n".join(pages)):
        if "://" not in target:
            assert (NOTEBOOKS / target).exists(), target


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"quickstart", "scheduled"}))
def test_a_notebook_says_who_stands_in_for_the_services(name: str) -> None:
    pages = " ".join(cell.source for cell in read(name).cells if cell.cell_type == "markdown").lower()
    assert "stand-in" in pages or "stands in for" in pages
    assert "on this machine" in pages


def page(printed: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text=printed)])
    return nbformat.v4.new_notebook(cells=[cell])


def test_outputs_that_differ_only_in_times_and_ids_are_the_same(renewing: ModuleType) -> None:
    before = page("fetch: succeeded in 0.12 s (run 20260102-030405-0badcafe) at http://127.0.0.1:4000/\n")
    again = page("fetch: succeeded in 11 s (run 20260203-040506-deadbeef) at http://127.0.0.1:5001/\n")
    other = page("fetch: failed in 0.12 s (run 20260102-030405-0badcafe) at http://127.0.0.1:4000/\n")
    assert renewing.same(before, again)
    assert not renewing.same(before, other)
    assert "fetch: failed in TIME" in renewing.difference(before, other)


def test_outputs_that_differ_in_which_of_two_nodes_ended_first_are_the_same(renewing: ModuleType) -> None:
    before = page("run 1\ntotals: succeeded in 0.1 s: 1 row\nairports: succeeded in 0.2 s: 5 rows\nexit status 0\n")
    again = page("run 1\nairports: succeeded in 0.1 s: 5 rows\ntotals: succeeded in 0.2 s: 1 row\nexit status 0\n")
    other = page("run 1\nairports: succeeded in 0.1 s: 4 rows\ntotals: succeeded in 0.2 s: 1 row\nexit status 0\n")
    assert renewing.same(before, again)
    assert not renewing.same(before, other)
