"""Every workflow comes in by one door, and is looked at there in the same way."""

from __future__ import annotations

import ast
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import flowbook
from flowbook import Workspace
from flowbook.errors import FileFormatError, InvalidWorkflow, MissingCredentials, NotFound
from flowbook.formats.flowfile import loads
from flowbook.workspace import FileText
from flowbook.workspace.reading import Given, is_path

USING = """\
flowbook: 1
name: using
nodes:
  ask: {task: sqlite.query, integration: Reports, params: {sql: SELECT 1}}
"""
REPEATED = USING.replace("name: using\n", "name: using\nname: twice\n")

Door = Callable[[Workspace, str], Given]


def stored(ws: Workspace, text: str) -> Given:
    ws.save(loads(text))
    return "using"


def file(ws: Workspace, text: str) -> Given:
    path = ws.root / "using.flow.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def path_as_text(ws: Workspace, text: str) -> Given:
    return str(file(ws, text))


def text_of_a_file(ws: Workspace, text: str) -> Given:
    return FileText(text, "using.flow.yaml")


def bytes_of_a_file(ws: Workspace, text: str) -> Given:
    return FileText(b"\xef\xbb\xbf" + text.encode(), "using.flow.yaml")


def a_workflow(ws: Workspace, text: str) -> Given:
    return loads(text)


DOORS = [stored, file, path_as_text, text_of_a_file, bytes_of_a_file, a_workflow]
WRITTEN = [file, path_as_text, text_of_a_file, bytes_of_a_file]


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_however_a_workflow_comes_in_it_is_the_same_workflow(ws: Workspace, door: Door) -> None:
    reading = ws.read(door(ws, USING))
    assert reading.workflow == loads(USING)
    assert [problem.code for problem in reading.report.problems] == ["unknown-integration"]


@pytest.mark.parametrize("door", DOORS)
def test_however_it_comes_in_credentials_of_the_environment_count(
    ws: Workspace, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__REPORTS", '{"database": "reports.db"}')
    assert ws.read(door(ws, USING)).report.ok


@pytest.mark.parametrize("door", WRITTEN)
def test_however_a_file_comes_in_a_key_that_is_there_twice_is_a_problem(ws: Workspace, door: Door) -> None:
    reading = ws.read(door(ws, REPEATED))
    assert "repeated-key" in [problem.code for problem in reading.report.errors]
    assert not reading.storable


@pytest.mark.parametrize(
    "more",
    [
        "timeout: 60\n",
        "notes:\n  hint: {text: Look, x: 1}\n",
        "inputs:\n  n: {type: string, label: N}\n",
        "edges:\n- {from: ask, to: ask, colour: red}\n",
    ],
)
def test_a_file_with_a_field_that_is_none_is_not_stored_since_the_field_would_be_lost(ws: Workspace, more: str) -> None:
    """Beside all else, and on a note, it was left out without a word."""
    reading = ws.read(FileText(USING + more, "mine.flow.yaml"))
    assert "unknown-field" in [problem.code for problem in reading.report.errors]
    assert not reading.storable
    with pytest.raises(InvalidWorkflow, match="there is no such field"):
        ws.import_workflow(reading)


@pytest.mark.parametrize("door", DOORS)
def test_a_workflow_with_other_problems_can_be_stored_to_be_mended(ws: Workspace, door: Door) -> None:
    reading = ws.read(door(ws, USING.replace("sqlite.query", "nowhere.nothing")))
    assert not reading.report.ok
    assert reading.storable


@pytest.mark.parametrize(
    ("door", "kind"),
    [(stored, "stored"), (file, "file"), (path_as_text, "file"), (text_of_a_file, "text"), (a_workflow, "object")],
)
def test_a_reading_says_where_the_workflow_came_from(ws: Workspace, door: Door, kind: str) -> None:
    origin = ws.read(door(ws, USING)).origin
    assert origin.kind == kind
    assert Path(origin.name).name in {"using", "using.flow.yaml"}


@pytest.mark.parametrize("door", WRITTEN)
def test_problems_of_a_file_have_their_lines_and_its_name(ws: Workspace, door: Door) -> None:
    reading = ws.read(door(ws, USING))
    assert [problem.line for problem in reading.report.problems] == [4]
    with pytest.raises(MissingCredentials, match=r"using\.flow\.yaml:ask:integration"):
        raise reading.refusal()


def test_what_makes_no_workflow_is_told_with_all_its_problems(ws: Workspace) -> None:
    reading = ws.read(FileText("flowbook: 1\nname: x\nnodes: [1, 2]\nedges: 3\n", "x.flow.yaml"))
    assert reading.workflow is None
    assert not reading.storable
    with pytest.raises(InvalidWorkflow, match=r"x\.flow\.yaml cannot be imported"):
        raise reading.refusal(what="be imported")


@pytest.mark.parametrize("content", [b"flowbook: 1\nname: x\xff\n", "flowbook: [1\n"])
def test_what_is_no_document_is_refused_with_its_place(ws: Workspace, content: str | bytes) -> None:
    with pytest.raises(FileFormatError, match=r"mine\.flow\.yaml:\d"):
        ws.read(FileText(content, "mine.flow.yaml"))


@pytest.mark.parametrize("missing", ["nothing", "nothing.flow.yaml", Path("nothing")])
def test_what_is_not_there_is_not_found(ws: Workspace, missing: Given) -> None:
    with pytest.raises(NotFound):
        ws.read(missing)


@pytest.mark.parametrize(
    ("given", "path"),
    [("daily", False), ("a.b", False), ("daily.flow.yaml", True), ("x.json", True), ("a/b", True), (Path("a"), True)],
)
def test_a_name_without_an_ending_or_a_folder_is_that_of_a_stored_workflow(given: str | Path, path: bool) -> None:
    assert is_path(given) is path


def test_no_other_part_of_flowbook_reads_and_judges_workflows_by_itself() -> None:
    """Else what is put into the door (a consent, a cache) is passed by at another."""
    home = Path(flowbook.__file__).parent
    within = ("formats/", "validation/", "workspace/reading.py")
    judging = {"validate", "validate_document"}
    found = [
        f"{path.relative_to(home)}:{node.lineno}"
        for path in home.rglob("*.py")
        if not path.relative_to(home).as_posix().startswith(within) and "flowbook.validation" in path.read_text()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("flowbook.validation")
        and judging & {alias.name for alias in node.names}
    ]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("door", DOORS)
def test_a_workflow_that_is_checked_among_many_has_the_same_problems(ws: Workspace, door: Door) -> None:
    """A wrong workflow before it, and an integration that only the second one names."""
    (ws.root / "wrong.flow.yaml").write_text(USING.replace("Reports", "Sales"), encoding="utf-8")
    given = door(ws, USING)
    look = ws.checker()
    assert [problem.code for problem in look(ws.root / "wrong.flow.yaml").problems]
    assert look(given).problems == ws.check(given).problems


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
def test_a_workflow_that_comes_through_a_pipe_is_read_once(ws: Workspace) -> None:
    """As a shell gives one: ``flowbook run <(make-a-workflow)``."""
    pipe = ws.root / "piped.flow.yaml"
    os.mkfifo(pipe)
    text = "flowbook: 1\nname: piped\nnodes:\n  a: {task: core.noop}\n"
    writer = threading.Thread(target=pipe.write_text, args=(text,), daemon=True)
    writer.start()
    assert ws.run(pipe).status == "succeeded"
    writer.join(timeout=60)
    assert not writer.is_alive()
