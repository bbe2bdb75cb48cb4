"""Drafts: unsaved edits that outlive the kernel they were made in, and never one another."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workflow, Workspace
from flowbook.errors import StoreError
from flowbook.workspace.drafts import Drafts, new_id
from tests.permissions import permissions_count
from tests.waiting import until


def flow(text: str = "hello", name: str = "daily") -> Workflow:
    made = Workflow(name=name)
    made.add("say", "core.set", params={"values": {"text": text}})
    return made


def said(workflow: Workflow) -> str:
    return str(workflow.nodes["say"].params["values"]["text"])


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


KERNEL = """
import sys, time
from flowbook import Workflow, Workspace
from flowbook.workspace.drafts import new_id
ws = Workspace(sys.argv[1])
flow = Workflow(name="daily")
flow.add("say", "core.set", params={"values": {"text": "of another kernel"}})
ws.drafts.keep(new_id(), "daily", flow, 3)
print("kept", flush=True)
time.sleep(600)
"""


@pytest.fixture
def other_kernel(ws: Workspace):
    """A process that has kept a draft and goes on living."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KERNEL), str(ws.root)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "kept\n"
        yield child
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def test_a_draft_is_read_back_as_it_was_with_what_it_began_with(ws: Workspace) -> None:
    at = ws.drafts.keep(new_id(), "daily", flow(), 7)
    (draft,) = Workspace(ws.root).drafts.look("daily").drafts
    assert (draft.workflow, draft.base, draft.saved_at) == (flow(), 7, at)
    assert Workspace(ws.root).drafts.times() == {"daily": at}


def test_it_is_no_revision_and_no_version_of_the_workflow(ws: Workspace) -> None:
    ws.save(flow("stored"))
    ws.drafts.keep(new_id(), "daily", flow("draft"), 1)
    assert said(ws.workflow("daily")) == "stored"
    assert [one.revision for one in ws.workflows()] == [1]
    assert len(ws.versions("daily")) == 1


def test_what_an_editor_keeps_replaces_its_own_draft_and_no_other(ws: Workspace) -> None:
    mine, other = new_id(), new_id()
    ws.drafts.keep(other, "daily", flow("other"), 1)
    for text in ("a", "b", "c"):
        ws.drafts.keep(mine, "daily", flow(text), 1)
    assert sorted(said(one.workflow) for one in ws.drafts.look("daily").drafts) == ["c", "other"]
    ws.drafts.drop(mine)
    assert [said(one.workflow) for one in ws.drafts.look("daily").drafts] == ["other"]
    ws.drafts.drop(mine)  # again


def test_what_another_living_kernel_edits_is_left_to_it_until_that_is_killed(
    ws: Workspace, other_kernel: subprocess.Popen[str]
) -> None:
    found = ws.drafts.look("daily")
    assert (found.drafts, [said(one.workflow) for one in found.elsewhere]) == ([], ["of another kernel"])
    ws.drafts.keep(new_id(), "daily", flow("mine"), 3)
    other_kernel.send_signal(signal.SIGKILL)
    other_kernel.wait()
    both = ws.drafts.look("daily")
    assert sorted(said(one.workflow) for one in both.drafts) == ["mine", "of another kernel"]
    assert both.elsewhere == []


def test_it_is_for_its_owner_alone(ws: Workspace) -> None:
    ws.drafts.keep(new_id(), "daily", flow(), 1)
    folder = ws.root / ".flowbook" / "drafts"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


def test_a_workspace_in_memory_keeps_drafts_in_memory(tmp_path: Path) -> None:
    ws = Workspace(tmp_path, memory=True)
    id = new_id()
    ws.drafts.keep(id, "daily", flow(), 1)
    assert [said(one.workflow) for one in ws.drafts.look("daily").drafts] == ["hello"]
    ws.drafts.drop(id)
    assert ws.drafts.look("daily").drafts == []
    assert list(tmp_path.iterdir()) == []


def test_drafts_follow_a_workflow_to_its_new_name_and_go_when_it_is_deleted(ws: Workspace) -> None:
    ws.save(flow())
    ws.drafts.keep(new_id(), "daily", flow("draft"), 1)
    ws.rename_workflow("daily", "weekly")
    (draft,) = ws.drafts.look("weekly").drafts
    assert (draft.workflow.name, said(draft.workflow)) == ("weekly", "draft")
    assert ws.drafts.look("daily").drafts == []
    ws.delete_workflow("weekly")
    assert ws.drafts.times() == {}


def test_what_another_kernel_edits_is_not_taken_by_a_deletion(
    ws: Workspace, other_kernel: subprocess.Popen[str]
) -> None:
    ws.save(flow())
    ws.delete_workflow("daily")
    assert len(ws.drafts.look("daily").elsewhere) == 1


@pytest.mark.parametrize("content", [
    "", "{", "[]", '{"flowbook_draft": 2, "subject": "daily"}', '{"flowbook_draft": 1}',
    '{"flowbook_draft": 1, "subject": "daily", "saved_at": "2026-01-01T10:00:00+00:00", "workflow": {"nodes": 5}}',
])  # fmt: skip
def test_a_file_that_holds_no_draft_is_told_of_and_stays(ws: Workspace, content: str) -> None:
    ws.drafts.keep(new_id(), "daily", flow(), 1)
    bad = ws.root / ".flowbook" / "drafts" / f"daily.{new_id()}.json"
    bad.write_text(content)
    found = ws.drafts.look("daily")
    assert (len(found.drafts), found.unreadable) == (1, [bad])
    assert bad.exists()
    assert "daily" in ws.drafts.times()


@given(subject=st.text(min_size=1))
def test_any_path_can_have_drafts(tmp_path_factory: pytest.TempPathFactory, subject: str) -> None:
    root = tmp_path_factory.mktemp("drafts")
    drafts = Drafts(root, root / ".flowbook")
    subject = subject.encode("utf-8", "replace").decode()
    id = new_id()
    drafts.keep(id, subject, flow(), "abc")
    assert [one.base for one in drafts.look(subject).drafts] == ["abc"]
    drafts.drop(id)
    assert drafts.look(subject).drafts == []


def test_a_folder_that_cannot_be_written_to_is_said(ws: Workspace) -> None:
    (ws.root / ".flowbook").chmod(0o500)
    try:
        with permissions_count(), pytest.raises(StoreError, match="could not be written"):
            ws.drafts.keep(new_id(), "daily", flow(), 1)
    finally:
        (ws.root / ".flowbook").chmod(0o700)


def test_a_place_that_is_no_folder_is_said(ws: Workspace) -> None:
    (ws.root / ".flowbook" / "drafts").write_text("")
    with pytest.raises(StoreError, match="could not be written"):
        ws.drafts.keep(new_id(), "daily", flow(), 1)


def test_a_kernel_that_is_killed_while_it_writes_leaves_a_whole_draft(ws: Workspace) -> None:
    code = """
    import itertools, sys
    from flowbook import Workflow, Workspace
    from flowbook.workspace.drafts import new_id
    ws, id = Workspace(sys.argv[1]), new_id()
    for n in itertools.count():
        flow = Workflow(name="daily")
        flow.add("say", "core.set", params={"values": {"text": f"{n} " * 20_000}})
        ws.drafts.keep(id, "daily", flow, n)
        print(n, flush=True)
    """
    for _ in range(4):
        command = [sys.executable, "-c", textwrap.dedent(code), str(ws.root)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        for _ in range(3):
            assert child.stdout.readline()
        child.kill()
        child.communicate()
        found = until(lambda: ws.drafts.look("daily"))
        assert (len(found.drafts), found.elsewhere, found.unreadable) == (1, [], [])
        (draft,) = found.drafts
        assert said(draft.workflow) == f"{draft.base} " * 20_000
        ws.drafts.drop(draft.id)
    assert list((ws.root / ".flowbook" / "drafts").iterdir()) == []


def test_a_draft_holds_the_workflow_and_nothing_of_credentials(ws: Workspace) -> None:
    ws.drafts.keep(new_id(), "daily", flow(), 1)
    (path,) = (ws.root / ".flowbook" / "drafts").iterdir()
    document = json.loads(path.read_text())
    assert set(document) == {"flowbook_draft", "subject", "base", "saved_at", "owner", "workflow"}
    assert document["workflow"] == flow().to_document()
