"""Unsaved edits of an editor become a draft soon after, and come back in the next editor of the same workflow."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace, edits
from flowbook.errors import Conflict, FileFormatError, InputError, InvalidWorkflow, NotFound
from flowbook.formats.flowfile import dumps, loads
from flowbook.models import Workflow
from flowbook.ui.editor.drafting import Drafting
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.home import FileHome, Home, StoredHome
from flowbook.ui.editor.recovery import Recovery
from flowbook.ui.parts.holding import dispose
from flowbook.ui.workflows.workflows_tab import WorkflowsTab
from tests.waiting import until


def flow(description: str = "stored", name: str = "daily") -> Workflow:
    made = Workflow(name=name, description=description)
    made.add("say", "core.noop", at=(0, 0))
    return made


class Desk:
    """An editor without its looks: what it edits, its draft, and what its banner says."""

    def __init__(self, ws: Workspace, home: Home) -> None:
        self.editing = Editing(ws, *home.read(), home=home)
        self.told: list[tuple[datetime | None, str]] = []
        self.drafting = Drafting(self.editing, lambda at, error: self.told.append((at, error)))
        self.banners: list[Any] = []
        self.recovery = Recovery(self.editing, self.drafting, self)
        self.recovery.begin()

    def add_banner(self, widget: Any) -> None:
        self.banners.append(widget)

    def remove_banner(self, widget: Any) -> None:
        self.banners.remove(widget)
        dispose(widget)

    def type(self, text: str) -> None:
        self.editing.do(edits.describe(text), merge="description")

    def press(self, label: str) -> None:
        (button,) = (one for one in self.banners[0].children[1:] if one.description == label)
        button.click()

    @property
    def said(self) -> str:
        return self.recovery.said

    @property
    def text(self) -> str:
        return self.editing.workflow.description

    def vanish(self) -> None:
        """The kernel ends; what was written by then is all that is left."""
        self.drafting.close()
        self.recovery.close()
        self.editing.close()


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path)
    made.save(flow())
    return made


@pytest.fixture(params=["stored", "file"])
def home(request: pytest.FixtureRequest, ws: Workspace) -> Home:
    """A workflow in the store, and one in a file: drafts are the same for both."""
    if request.param == "stored":
        return StoredHome(ws, "daily")
    path = ws.root / "daily.flow.yaml"
    path.write_text(dumps(flow()))
    return FileHome(ws, path)


@pytest.fixture
def open_desk(ws: Workspace, home: Home) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def open_desk(workspace: Workspace = ws) -> Desk:
        opened.append(Desk(workspace, home))
        return opened[-1]

    yield open_desk
    for desk in opened:
        for banner in list(desk.banners):
            desk.remove_banner(banner)
        desk.vanish()


def drafts(ws: Workspace, home: Home) -> list[str]:
    return [one.workflow.description for one in ws.drafts.look(home.subject).drafts]


def test_an_edit_is_kept_soon_after_and_what_is_typed_meanwhile_with_it(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    desk = open_desk()
    for length in range(1, 6):
        desk.type("typed"[:length])
    until(lambda: drafts(ws, home) == ["typed"])
    assert len([at for at, _ in desk.told if at is not None]) == 1
    assert home.read()[0].description == "stored"


@pytest.mark.parametrize("way", ["save", "undo", "reload"])
def test_a_draft_goes_as_soon_as_there_is_nothing_to_save(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home, way: str
) -> None:
    desk = open_desk()
    desk.type("typed")
    desk.drafting.flush()
    assert drafts(ws, home) == ["typed"]
    getattr(desk.editing, way)()
    assert drafts(ws, home) == []
    assert desk.told[-1] == (None, "")
    assert list((ws.root / ".flowbook" / "drafts").iterdir()) == []


def test_edits_that_were_thrown_away_do_not_come_back(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    desk = open_desk()
    desk.type("typed")
    desk.drafting.flush()
    desk.drafting.discard()
    desk.vanish()
    assert (open_desk().said, drafts(ws, home)) == ("", [])


def test_the_next_editor_goes_on_with_them_and_says_so(open_desk: Callable[..., Desk], home: Home) -> None:
    first = open_desk()
    first.type("typed")
    first.vanish()
    desk = open_desk(Workspace(first.editing.workspace.root))
    assert (desk.text, desk.editing.dirty) == ("typed", True)
    assert desk.said.startswith("Unsaved changes from ")
    assert desk.said.endswith(" were recovered.")
    desk.press("Keep")
    assert (desk.banners, desk.text, desk.editing.dirty) == ([], "typed", True)
    desk.editing.save()
    assert home.read()[0].description == "typed"


def test_what_was_recovered_is_kept_on_even_if_nothing_is_pressed(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    first = open_desk()
    first.type("typed")
    first.vanish()
    for _ in range(3):
        assert drafts(ws, home) == ["typed"]
        desk = open_desk()
        assert desk.text == "typed"
        desk.vanish()


def test_discarding_goes_back_to_what_is_saved_and_can_be_undone(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    first = open_desk()
    first.type("typed")
    first.vanish()
    desk = open_desk()
    desk.press("Discard")
    assert (desk.text, desk.editing.dirty, desk.banners) == ("stored", False, [])
    assert drafts(ws, home) == []
    desk.editing.undo()
    assert desk.text == "typed"


def test_saving_what_was_recovered_takes_the_question_away(open_desk: Callable[..., Desk]) -> None:
    first = open_desk()
    first.type("typed")
    first.vanish()
    desk = open_desk()
    desk.editing.save()
    assert desk.banners == []


def test_two_kernels_that_ended_leave_two_drafts_and_each_is_offered(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    one, two = open_desk(), open_desk()
    one.type("of one")
    two.type("of two")
    one.drafting.flush()
    two.drafting.flush()
    one.vanish()
    two.vanish()
    assert sorted(drafts(ws, home)) == ["of one", "of two"]
    desk = open_desk()
    shown = desk.text
    other = {"of one": "of two", "of two": "of one"}[shown]
    desk.press("Keep")
    assert desk.said.startswith("There are other unsaved changes too, from ")
    desk.press("Show")
    assert (desk.text, desk.said.startswith("Unsaved changes from")) == (other, True)
    desk.press("Discard")
    desk.drafting.flush()
    assert (desk.text, desk.banners, drafts(ws, home)) == (shown, [], [shown])


def test_an_older_draft_can_be_dropped_unseen(open_desk: Callable[..., Desk], ws: Workspace, home: Home) -> None:
    one, two = open_desk(), open_desk()
    for desk, text in ((one, "of one"), (two, "of two")):
        desk.type(text)
        desk.drafting.flush()
    for desk in (one, two):
        desk.vanish()
    desk = open_desk()
    shown = desk.text
    desk.press("Keep")
    desk.press("Discard")
    assert (desk.text, desk.banners) == (shown, [])
    desk.drafting.flush()
    assert drafts(ws, home) == [shown]


def test_saving_a_draft_over_what_others_saved_meanwhile_is_refused(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    first = open_desk()
    first.type("mine")
    first.vanish()
    home.save(flow("theirs"), home.read()[1])
    desk = open_desk()
    assert (desk.text, "saved elsewhere" in desk.said) == ("mine", True)
    with pytest.raises(Conflict):
        desk.editing.save()
    assert home.read()[0].description == "theirs"
    desk.press("Discard")
    assert desk.text == "theirs"
    desk.type("again")
    desk.editing.save()


def test_a_draft_that_says_what_is_saved_already_is_removed_without_a_word(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    first = open_desk()
    first.type("typed")
    first.vanish()
    home.save(flow("typed"), home.read()[1])
    desk = open_desk()
    assert (desk.said, desk.editing.dirty, drafts(ws, home)) == ("", False, [])
    desk.type("more")
    desk.editing.save()


OTHER = """
import sys
from flowbook import Workspace, edits
from flowbook.ui.editor.drafting import Drafting
from flowbook.ui.editor.editing import Editing
ws = Workspace(sys.argv[1])
editing = Editing(ws, *ws.workflow_with_revision("daily"))
drafting = Drafting(editing, lambda at, error: None)
editing.do(edits.describe("of another kernel"))
drafting.flush()
print("kept", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("home", ["stored"], indirect=True)
@pytest.mark.parametrize("end", ["killed", "saved"])
def test_what_another_living_kernel_edits_is_said_and_comes_when_that_ends(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home, end: str
) -> None:
    code = OTHER + ("editing.save(); drafting.close()\n" if end == "saved" else "")
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(ws.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "kept\n"
        desk = open_desk()
        assert desk.said.startswith("Another kernel has unsaved changes of it, from ")
        assert desk.text == "stored"
        other.kill() if end == "killed" else other.communicate("\n")
        other.wait()
        if end == "killed":
            until(lambda: desk.said.endswith("were recovered."))
            assert desk.text == "of another kernel"
        else:
            until(lambda: desk.said == "")
            assert (desk.text, desk.banners) == ("stored", [])
    finally:
        other.kill()
        other.communicate()


def test_what_cannot_be_kept_is_told_and_the_editor_goes_on(
    open_desk: Callable[..., Desk], ws: Workspace, home: Home
) -> None:
    desk = open_desk()
    place = ws.root / ".flowbook" / "drafts"
    place.write_text("in the way")
    desk.type("typed")
    desk.drafting.flush()
    at, error = desk.told[-1]
    assert (at, "could not be written" in error) == (None, True)
    place.unlink()
    desk.type("typed on")
    desk.drafting.flush()
    assert drafts(ws, home) == ["typed on"]


def test_a_draft_that_cannot_be_read_is_told_and_stays(open_desk: Callable[..., Desk], ws: Workspace) -> None:
    folder = ws.root / ".flowbook" / "drafts"
    folder.mkdir()
    (folder / "daily.1234.json").write_text("{")
    home = StoredHome(ws, "daily")
    desk = Desk(ws, home)
    assert "daily.1234.json" in desk.said
    desk.press("OK")
    assert (desk.banners, (folder / "daily.1234.json").exists()) == ([], True)
    desk.vanish()


def test_a_kernel_that_is_told_to_end_writes_what_waits(ws: Workspace) -> None:
    code = OTHER.replace("drafting.flush()\n", "").replace("sys.stdin.readline()", "")
    subprocess.run([sys.executable, "-c", code, str(ws.root)], check=True, capture_output=True)
    assert drafts(ws, StoredHome(ws, "daily")) == ["of another kernel"]


# -- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def file(ws: Workspace) -> FileHome:
    path = ws.root / "sub" / "daily.flow.yaml"
    path.parent.mkdir()
    path.write_text(dumps(flow()))
    return FileHome(ws, path)


def test_a_file_is_written_as_a_whole_and_read_again(file: FileHome) -> None:
    workflow, base = file.read()
    workflow.describe("mine")
    base = file.save(workflow, base)
    assert file.path.read_text() == dumps(flow("mine"))
    assert file.read() == (flow("mine"), base)
    assert [path.name for path in file.path.parent.iterdir()] == ["daily.flow.yaml"]


@pytest.mark.parametrize("change", ["changed", "removed"])
def test_a_file_that_others_changed_is_not_written_over_unless_asked(file: FileHome, change: str) -> None:
    workflow, base = file.read()
    theirs = dumps(flow("theirs"))
    file.path.write_text(theirs) if change == "changed" else file.path.unlink()
    with pytest.raises(Conflict, match=f"was {change} since it was opened"):
        file.save(workflow, base)
    assert not file.path.exists() or file.path.read_text() == theirs
    file.save(workflow, base, overwrite=True)
    assert file.read()[0] == workflow
    aside = [path for path in file.path.parent.iterdir() if path != file.path]
    assert [loads(path.read_text()).description for path in aside] == (["theirs"] if change == "changed" else [])


def test_a_copy_of_a_file_stands_beside_it_and_takes_nobodys_place(file: FileHome) -> None:
    copy = flow("mine", "daily-copy")
    other, base = file.save_copy(copy)
    assert other.read() == (copy, base)
    assert sorted(file.names()) == ["daily", "daily-copy"]
    with pytest.raises(InputError, match="already"):
        file.save_copy(copy)


def test_a_file_that_makes_no_workflow_is_refused_with_what_is_wrong(file: FileHome) -> None:
    file.path.write_text("flowbook: 1\nname: daily\nnodes: 5\n")
    with pytest.raises(InvalidWorkflow, match="cannot be opened"):
        file.read()
    file.path.write_text("{")
    with pytest.raises(FileFormatError):
        file.read()
    file.path.unlink()
    with pytest.raises(NotFound):
        file.read()


# -- in the editor ---------------------------------------------------------------------------------------------------


def test_the_editor_and_the_list_say_that_there_is_a_draft(ws: Workspace) -> None:
    first = WorkflowsTab(ws)
    first.open("daily")
    assert first.editor is not None
    first.editor.editing.do(edits.describe("typed"))
    first.editor.drafting.flush()
    assert first.editor.toolbar.draft.value.startswith("draft saved ")
    after = WorkflowsTab(Workspace(ws.root))
    (shown,) = after.table.widget.rows
    assert shown["cells"]["saved"]["detail"].startswith("unsaved changes from ")
    after.open("daily")
    assert after.editor is not None
    assert after.editor.editing.workflow.description == "typed"
    assert after.editor.recovery.said.endswith("were recovered.")
    after.leave()
    first.leave()
    assert WorkflowsTab(ws).table.widget.rows[0]["cells"]["saved"] == shown["cells"]["saved"]["text"]


def test_leaving_without_saving_throws_the_draft_away(ws: Workspace) -> None:
    tab = WorkflowsTab(ws)
    tab.open("daily")
    assert tab.editor is not None
    tab.editor.editing.do(edits.describe("typed"))
    tab.editor.drafting.flush()
    tab.leave()
    assert drafts(ws, StoredHome(ws, "daily")) == []
