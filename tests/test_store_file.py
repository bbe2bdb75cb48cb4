"""What the store in a file promises besides: it opens after any crash, a damaged file is never overwritten."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import BaseFileLock, Timeout
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.errors import StoreDamaged, StoreError
from flowbook.models import Workflow
from flowbook.store import Store, writing
from flowbook.store.files import FileMedium
from tests.permissions import permissions_count
from tests.stored import flow, with_integration

HERE = Path(__file__).parent


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flowbook.json"


def test_the_stored_workflow_is_exactly_its_document_in_its_order(path):
    Store(path).save_workflow(flow())
    (record,) = json.loads(path.read_text())["workflows"].values()
    assert json.dumps(record["document"]) == json.dumps(flow().to_document())


def test_renaming_an_integration_carries_every_reference_along_in_one_write(path):
    store = with_integration(Store(path))
    store.save_workflow(flow(integration="My Slack"))
    store.save_workflow(flow("other"))
    assert store.rename_integration("My Slack", "Team Slack") == ["daily-report"]
    assert store.integration("Team Slack").id == "1"
    assert store.workflow("daily-report").nodes["fetch"].integration == "Team Slack"
    assert store.workflow_revision("daily-report") == 2
    assert store.workflow_revision("other") == 1
    before = json.loads(path.with_suffix(".json.bak").read_text())
    assert [record["name"] for record in before["integrations"].values()] == ["My Slack"]
    assert "Team Slack" not in json.dumps(before["workflows"])


def test_a_transaction_is_one_write(path):
    store = Store(path)
    store.save_workflow(flow("first"))
    with store.transaction():
        store.save_workflow(flow("second"))
        store.save_workflow(flow("third"))
    names = {record["name"] for record in json.loads(Path(f"{path}.bak").read_text())["workflows"].values()}
    assert names == {"first"}


def test_a_store_in_memory_touches_no_disk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = with_integration(Store(None))
    assert store.path is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError):
        store.recover()


def test_a_pickled_store_opens_the_same_file_and_one_in_memory_refuses(path):
    Store(path).save_workflow(flow())
    assert pickle.loads(pickle.dumps(Store(path))).workflow("daily-report") == flow()
    with pytest.raises(TypeError):
        pickle.dumps(Store(None))


# -- the file ------------------------------------------------------------------------------------------------------


def test_the_files_are_for_their_owner_alone_whatever_the_umask(path):
    old = os.umask(0)
    try:
        store = Store(path)
        store.save_workflow(flow())
        store.save_workflow(flow())
    finally:
        os.umask(old)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert {path.name, f"{path.name}.bak"} <= set(modes)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b'{"workflows": {"1"', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"workflows": [1]}', "'workflows'"),
        (b'{"meta": {"1": {"key": "a", "value": NaN}}}', "NaN"),
        (b'{"workflows": {"1": {"name": "a", "revision": "x"}}}', "not complete"),
        (b"\xff\xfe\x00", "not"),
    ],
)
def test_a_damaged_file_is_reported_with_what_can_be_recovered_and_never_overwritten(path, content, why):
    store = Store(path)
    store.save_workflow(flow("kept"))
    store.save_workflow(flow("lost"))
    path.write_bytes(content)
    for use in (lambda s: s.workflows(), lambda s: s.save_workflow(flow()), lambda s: s.set_meta("a", 1)):
        for opened in (store, Store(path)):
            with pytest.raises(StoreDamaged, match=why) as caught:
                use(opened)
            assert "1 workflows" in caught.value.hint
            assert "recover()" in caught.value.hint
    assert path.read_bytes() == content


def test_recover_restores_the_last_good_copy_and_keeps_the_damaged_file(path):
    store = Store(path)
    store.save_workflow(flow("kept"))
    store.save_workflow(flow("lost"))
    path.write_bytes(b"{broken")
    aside = store.recover()
    assert aside is not None
    assert aside.read_bytes() == b"{broken"
    assert [summary.name for summary in store.workflows()] == ["kept"]
    store.save_workflow(flow("more"))
    assert [summary.name for summary in Store(path).workflows()] == ["kept", "more"]
    assert aside.read_bytes() == b"{broken"


def test_a_file_that_vanished_is_not_taken_for_a_new_store(path):
    store = Store(path)
    store.save_workflow(flow("kept"))
    store.save_workflow(flow("lost"))
    path.unlink()
    with pytest.raises(StoreDamaged, match="missing"):
        store.save_workflow(flow())
    assert store.recover() is None
    assert [summary.name for summary in store.workflows()] == ["kept"]


def test_recover_does_nothing_to_a_store_that_is_well_and_says_so_without_a_copy(path):
    store = Store(path)
    store.save_workflow(flow())
    with pytest.raises(StoreError, match="not damaged"):
        store.recover()
    path.write_bytes(b"{broken")
    with pytest.raises(StoreDamaged, match="no usable last-good copy"):
        store.recover()
    assert path.read_bytes() == b"{broken"


def test_a_document_that_is_none_is_named(path):
    store = Store(path)
    store.save_workflow(flow())
    path.write_text(path.read_text().replace('"slack.list_channels"', '"nonsense"'))
    with pytest.raises(StoreDamaged, match=r"daily-report.*nonsense"):
        store.workflow("daily-report")
    assert store.workflows()[0].nodes == 2


@pytest.mark.parametrize("text", ['"description":"kept"', '"notes":"kept"'])
def test_half_a_character_that_an_earlier_version_stored_is_one_workflow_s_problem(path, text):
    store = Store(path)
    for name in ("broken", "whole"):
        made = flow(name)
        made.describe("kept" if name == "broken" else "")
        made.change(next(iter(made.nodes)), notes="kept" if name == "broken" else "")
        store.save_workflow(made)
    stored = path.read_text()
    assert text in stored
    path.write_text(stored.replace(text, text.replace("kept", "\\ud83d")))
    with pytest.raises(StoreDamaged, match=r"'broken'.*half a character") as caught:
        store.workflow("broken")
    assert ".." not in caught.value.message
    assert [one.name for one in store.workflows()] == ["broken", "whole"]
    assert store.workflow("whole") is not None
    store.delete_workflow("broken")
    assert [one.name for one in store.workflows()] == ["whole"]


def test_a_number_put_in_by_hand_that_is_too_large_is_not_written_on_as_infinity(path):
    store = Store(path)
    store.set_meta("limit", 12345)
    path.write_text(path.read_text().replace("12345", "1e400"))
    content = path.read_bytes()
    with pytest.raises(StoreError, match="JSON"):
        store.save_workflow(flow())
    assert path.read_bytes() == content


def test_a_store_of_a_newer_format_is_refused(path):
    path.write_text('{"flowbook": {"1": {"format": 99}}}')
    with pytest.raises(StoreError, match="99"):
        Store(path).workflows()


def test_a_change_by_hand_is_seen_at_the_next_use(path):
    store = Store(path)
    store.save_workflow(flow())
    path.write_text(path.read_text().replace("Every day", "By hand!!"))
    assert store.workflow("daily-report").description == "By hand!!"


def _odd(name: str, text: str) -> Workflow:
    """A workflow whose text looks like the store's own lines."""
    made = flow(name)
    made.describe(text)
    return made


@pytest.mark.parametrize("text", ['"workflows":{', "a\nb", '},\n"integrations":{\n', ",", "{", "\u2028", "ä€😀", ""])
def test_a_process_that_saves_first_writes_down_nothing_but_what_it_changes(path, text, monkeypatch):
    first = Store(path)
    for number in range(4):
        first.save_workflow(_odd(f"flow-{number}", text))
    before = path.read_bytes().split(b"\n")
    written: list[object] = []
    real = writing.json_of
    monkeypatch.setattr(writing, "json_of", lambda value: written.append(value) or real(value))
    second = Store(path)
    second.save_workflow(_odd("flow-2", "changed"))
    assert [value["name"] for value in written if isinstance(value, dict) and "revision" in value] == ["flow-2"]
    after = path.read_bytes().split(b"\n")
    changed = [number for number, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert len(changed) == 2  # the head, and the workflow
    told = [Store(path).workflow(f"flow-{number}").description for number in range(4)]
    assert told == [text, text, "changed", text]
    first.save_workflow(_odd("flow-3", "too"))  # in turn with others, which wrote in between
    assert Store(path).workflow("flow-2").description == "changed"


@pytest.mark.parametrize("indent", [None, 1])
def test_what_was_changed_by_hand_is_written_down_anew(path, indent):
    """However it was laid out: nothing of it is taken over as it stands."""
    for number in range(3):
        Store(path).save_workflow(flow(f"flow-{number}"))
    content = json.loads(path.read_text())
    for record in content["workflows"].values():
        record["document"]["description"] = "by\nhand"
    by_hand = path.read_text().replace('"name":"flow-1"', '"name":"flow-1"\n') if indent is None else ""
    path.write_text(by_hand or json.dumps(content, indent=indent))
    Store(path).save_workflow(flow("flow-3"))
    store = Store(path)
    assert [one.name for one in store.workflows()] == [f"flow-{number}" for number in range(4)]
    assert len(path.read_bytes().split(b"\n")) == 3 + 4  # the head, the table, its records, the end
    if indent:
        assert store.workflow("flow-1").description == "by\nhand"


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be") as caught:
        Store(tmp_path / "file" / "flowbook.json").save_workflow(flow())
    assert "writable" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")
@pytest.mark.parametrize("name", ["flowbook.json", "flowbook.json.bak"])
def test_a_pipe_in_place_of_a_file_is_told_and_does_not_hang(path, name):
    store = Store(path)
    store.save_workflow(flow("kept"))
    store.save_workflow(flow("more"))
    path.with_name(name).unlink()
    os.mkfifo(path.with_name(name), 0o600)
    if name.endswith(".bak"):
        path.write_bytes(b"{broken")
    for use in (lambda s: s.workflows(), lambda s: s.save_workflow(flow()), lambda s: s.set_meta("a", 1)):
        for opened in (store, Store(path)):
            with pytest.raises(StoreError, match=r"is no file|no usable last-good copy|not JSON"):
                use(opened)
    with pytest.raises(StoreError):
        store.recover()
    assert path.with_name(name).is_fifo()


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are others there")
def test_a_read_only_folder_can_be_read_and_says_so_when_written(path):
    Store(path).save_workflow(flow())
    path.parent.chmod(0o500)
    try:
        store = Store(path)
        assert store.workflow("daily-report") == flow()
        with permissions_count(), pytest.raises(StoreError, match="ermission"):
            store.save_workflow(flow())
    finally:
        path.parent.chmod(0o700)


def test_an_error_while_writing_keeps_the_old_file_and_leaves_no_temporary_one(path, monkeypatch):
    store = Store(path)
    store.save_workflow(flow())

    def full(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            store.save_workflow(flow("second"))
    assert [summary.name for summary in store.workflows()] == ["daily-report"]
    assert not path.with_name("flowbook.json.tmp").exists()
    assert store.save_workflow(flow("second")) == 1


# -- several processes, and crashes --------------------------------------------------------------------------------


def test_two_processes_saving_four_hundred_times_lose_nothing(path):
    savers = [
        subprocess.Popen(
            [sys.executable, str(HERE / "busy_saver.py"), str(path), prefix, "100"], stderr=subprocess.PIPE, text=True
        )
        for prefix in ("left", "right")
    ]
    for saver in savers:
        _, errors = saver.communicate(timeout=100)
        assert (saver.returncode, errors) == (0, "")
    store = Store(path)
    assert {s.name for s in store.workflows()} == {f"{side}-{n}" for side in ("left", "right") for n in range(100)}
    assert store.meta("counter") == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its writers")
def test_after_kill_nine_at_any_moment_of_a_save_the_store_opens(tmp_path):
    done = subprocess.run(
        [sys.executable, str(HERE / "killed_writers.py"), "saves", str(tmp_path), "25"],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(rounds) == 25
    assert all("before" in found["names"] for found in rounds)
    assert len(rounds[-1]["names"]) > 2  # the writers did write


def test_who_saves_again_and_again_keeps_nobody_out(path, monkeypatch):
    """Whoever asks for the lock while it is held gets it before the one who holds it does once more."""
    busy, other, turns, asking = FileMedium(path), FileMedium(path), [], threading.Event()
    acquire = BaseFileLock.acquire

    def noticed(lock, *args, **options):
        if threading.current_thread() is waiting and lock.lock_file.endswith(".lock"):
            asking.set()
        return acquire(lock, *args, **options)

    def waits():
        with other.lock():
            turns.append("the other")

    waiting = threading.Thread(target=waits)
    monkeypatch.setattr(BaseFileLock, "acquire", noticed)
    with busy.lock():
        waiting.start()
        assert asking.wait(60)
    with busy.lock():
        turns.append("once more")
    waiting.join()
    assert turns == ["the other", "once more"]


def test_a_lock_is_waited_for_as_long_as_others_get_on(path, monkeypatch):
    medium, asked = FileMedium(path), []
    medium.write(b"{}", replace_backup=False)

    def never(lock, *args, **options):
        if lock.lock_file.endswith(".next"):
            return acquire(lock, *args, **options)
        asked.append(None)
        if len(asked) < 4:
            medium.write(b"{}", replace_backup=False)  # by others
        raise Timeout(lock.lock_file)

    acquire = BaseFileLock.acquire
    monkeypatch.setattr(BaseFileLock, "acquire", never)
    with pytest.raises(StoreError, match=r"kept .* locked for 30 seconds"), medium.lock():
        raise AssertionError("it is not held")
    assert len(asked) == 4


def test_importing_the_store_imports_neither_tinydb_nor_filelock():
    code = "import sys, flowbook.store; print([m for m in ('tinydb', 'filelock', 'cryptography') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(["save", "delete", "rename", "undone", "by hand"]), st.sampled_from("abc")),
        max_size=12,
    )
)
def test_after_any_changes_the_file_holds_what_the_store_says(tmp_path_factory, changes):
    path = tmp_path_factory.mktemp("changes") / "flowbook.json"
    store = Store(path)

    def change_and_fail(name, text):
        with store.transaction():
            store.save_workflow(flow(name, text=text))
            raise KeyError

    for number, (what, name) in enumerate(changes):
        if what == "save":
            store.save_workflow(flow(name, text=f"{number}"))
        elif what == "undone":
            with pytest.raises(KeyError):
                change_and_fail(name, "undone")
        elif what == "by hand":
            Store(path).save_workflow(flow(name, text=f"other {number}"))
        elif name in store.workflow_names():
            if what == "delete":
                store.delete_workflow(name)
            elif "d" not in store.workflow_names():
                store.rename_workflow(name, "d")
        again = Store(path)
        assert store.workflows() == again.workflows()
        for known in store.workflow_names():
            assert store.workflow_text(known) == again.workflow_text(known)


def test_a_record_without_one_of_its_fields_is_damage_whatever_the_field(tmp_path):
    """A flipped bit in a field's name makes it another field."""
    file = tmp_path / "store.json"
    store = Store(file)
    store.save_workflow(flow("a"))
    store.set_meta("key", "value")
    whole = json.loads(file.read_text())
    places = [
        (table, id, field)
        for table, rows in whole.items()
        if table != "flowbook"
        for id, row in rows.items()
        for field in row
    ]
    assert "value" in {field for _, _, field in places}
    assert len(places) >= 6
    for table, id, field in places:
        document = json.loads(json.dumps(whole))
        document[table][id][field[:-1] + "~"] = document[table][id].pop(field)
        file.write_text(json.dumps(document))
        with pytest.raises(StoreDamaged, match="is not complete"):
            Store(file).meta("key")
