"""What the store promises: nothing lost, nothing overwritten unseen, and it opens after any crash."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import AlreadyExists, Conflict, InUse, InvalidName, NotFound, StoreDamaged, StoreError, WrongKey
from flowbook.models import Integration, IntegrationType, Parameter, Workflow
from flowbook.store import Store, WorkflowSummary

SLACK = IntegrationType(
    name="slack",
    description="Messages",
    parameters=(
        Parameter(name="token", type="password", required=True, description="Bot token"),
        Parameter(name="level", type="select", choices=("low", "high"), default="low"),
    ),
)
HEADER = {"key_id": "k1"}
SEALED = {"sealed": 1, "key": "k1", "nonce": "AA==", "data": "AA=="}
HERE = Path(__file__).parent


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    return Store(tmp_path / "flowbook.json" if request.param == "file" else None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "flowbook.json"


def flow(name: str = "daily-report", integration: str | None = None, **params) -> Workflow:
    workflow = Workflow(name=name, description="Every day")
    workflow.add("fetch", "slack.list_channels", integration=integration, params=params, at=(80, 120))
    workflow.add("notify", "slack.send_message", params={"text": "${{ nodes.fetch.data }}"})
    workflow.connect("fetch", "notify")
    return workflow


def slack(id: str = "1", name: str = "My Slack", **fields) -> Integration:
    return Integration(id=id, name=name, type="slack", fields=fields or {"token": SEALED, "level": "high"})


def with_integration(store: Store) -> Store:
    store.save_type(SLACK)
    store.set_meta("vault", HEADER)
    store.save_integration(slack())
    return store


# -- what is saved is what is read -------------------------------------------------------------------------------


def test_a_new_store_is_empty(store):
    assert (store.types(), store.integrations(), store.workflows()) == ([], [], [])
    assert store.meta("anything", "default") == "default"


def test_what_was_saved_is_read_back_equal(store):
    with_integration(store).save_workflow(flow())
    assert store.type("slack") == SLACK
    assert store.types() == [SLACK]
    assert store.integration("My Slack") == store.integration("1") == slack()
    assert store.workflow("daily-report") == flow()


def test_another_process_reads_the_same(path):
    with_integration(Store(path)).save_workflow(flow())
    again = Store(path)
    assert again.types() == [SLACK]
    assert again.integrations() == [slack()]
    assert again.workflow("daily-report") == flow()


def test_the_stored_workflow_is_exactly_its_document_in_its_order(path):
    Store(path).save_workflow(flow())
    (record,) = json.loads(path.read_text())["workflows"].values()
    assert json.dumps(record["document"]) == json.dumps(flow().to_document())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_survives_a_store_and_a_new_reader(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("any") / "flowbook.json"
    Store(path).save_workflow(flow(value=value))
    Store(path).set_meta("value", value)
    assert Store(path).workflow("daily-report").nodes["fetch"].params == {"value": value}
    assert Store(path).meta("value") == value


def test_text_that_utf8_cannot_hold_survives(path):
    Store(path).set_meta("text", "\ud800 lone")
    assert Store(path).meta("text") == "\ud800 lone"


def test_changing_what_was_read_changes_nothing_stored(store):
    store.save_workflow(flow(deep={"list": [1]}))
    store.workflow("daily-report").nodes["fetch"].params["deep"]["list"].append(2)
    store.set_meta("consents", {"list": [1]})
    store.meta("consents")["list"].append(2)
    assert store.workflow("daily-report").nodes["fetch"].params["deep"] == {"list": [1]}
    assert store.meta("consents") == {"list": [1]}


def test_summaries_list_workflows_by_name(store):
    for name in ("b", "a"):
        store.save_workflow(flow(name))
    first, second = store.workflows()
    assert isinstance(first, WorkflowSummary)
    assert (first.name, first.description, first.nodes, first.revision) == ("a", "Every day", 2, 1)
    assert second.name == "b"


def test_nan_is_refused_and_nothing_is_written(store):
    with pytest.raises(StoreError, match="JSON compliant"):
        store.set_meta("value", float("nan"))
    assert store.meta("value") is None


# -- names and revisions -----------------------------------------------------------------------------------------


def test_a_name_that_is_not_there_suggests_the_nearest(store):
    store.save_workflow(flow())
    with pytest.raises(NotFound, match="daily-report"):
        store.workflow("daily-reprt")
    for missing in (store.type, store.integration, store.delete_type, store.delete_integration, store.delete_workflow):
        with pytest.raises(NotFound):
            missing("nothing")


def test_each_save_gives_the_next_revision(store):
    assert [store.save_workflow(flow()) for _ in range(3)] == [1, 2, 3]
    assert store.workflow_revision("daily-report") == 3
    assert store.workflow_with_revision("daily-report") == (flow(), 3)
    assert [store.save_type(SLACK), store.save_type(SLACK), store.type_revision("slack")] == [1, 2, 2]


def test_saving_over_a_newer_revision_is_a_conflict_that_names_both(store):
    store.save_workflow(flow())
    store.save_workflow(flow(), revision=1)
    with pytest.raises(Conflict, match=r"revision 1.*revision 2") as caught:
        store.save_workflow(flow(), revision=1)
    assert (caught.value.mine, caught.value.theirs) == (1, 2)
    assert store.save_workflow(flow(), revision="any") == 3


def test_saving_what_was_deleted_meanwhile_is_a_conflict(store):
    store.save_workflow(flow())
    store.delete_workflow("daily-report")
    with pytest.raises(Conflict, match="deleted"):
        store.save_workflow(flow(), revision=1)


def test_a_name_that_comes_back_does_not_pass_for_its_old_revision(store):
    store.save_workflow(flow())
    store.delete_workflow("daily-report")
    assert store.save_workflow(flow()) == 2
    with pytest.raises(Conflict):
        store.save_workflow(flow(), revision=1)


def test_revision_zero_only_creates(store):
    assert store.save_workflow(flow(), revision=0) == 1
    with pytest.raises(AlreadyExists):
        store.save_workflow(flow(), revision=0)


def test_integrations_differ_in_more_than_case(store):
    with_integration(store)
    with pytest.raises(AlreadyExists, match="My Slack"):
        store.save_integration(slack("2", "MY SLACK"))
    assert store.save_integration(slack("1", "MY SLACK")) == 2


def test_a_type_in_use_is_not_deleted_and_names_its_integrations(store):
    with_integration(store)
    with pytest.raises(InUse, match="My Slack"):
        store.delete_type("slack")
    store.delete_integration("My Slack")
    store.delete_type("slack")
    assert store.types() == []


def test_an_integration_of_an_unknown_type_is_refused(store):
    with pytest.raises(NotFound, match="slack"):
        store.save_integration(slack())


def test_deleting_an_integration_says_which_workflows_used_it(store):
    with_integration(store).save_workflow(flow(integration="My Slack"))
    assert store.delete_integration("My Slack") == ["daily-report"]
    assert store.integrations() == []


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


def test_renaming_a_workflow_keeps_its_content_and_its_revisions(store):
    store.save_workflow(flow())
    store.save_workflow(flow("taken"))
    with pytest.raises(AlreadyExists):
        store.rename_workflow("daily-report", "taken")
    with pytest.raises(InvalidName):
        store.rename_workflow("daily-report", "Not Kebab")
    assert store.rename_workflow("daily-report", "weekly-report") == 2
    assert store.workflow("weekly-report") == flow("weekly-report")
    with pytest.raises(Conflict, match="renamed"):
        store.save_workflow(flow(), revision=1)


# -- secrets -------------------------------------------------------------------------------------------------------


def test_a_secret_in_clear_is_refused_without_being_shown(store):
    with_integration(store)
    with pytest.raises(StoreError) as caught:
        store.save_integration(slack("2", "Other", token="hunter2-hunter2"))
    assert "hunter2" not in str(caught.value)
    assert len(store.integrations()) == 1


def test_a_secret_that_another_key_sealed_is_refused(store):
    with_integration(store)
    with pytest.raises(WrongKey, match="k2"):
        store.save_integration(slack("2", "Other", token={**SEALED, "key": "k2"}))


# -- transactions --------------------------------------------------------------------------------------------------


def test_a_transaction_that_fails_leaves_everything_as_it_was(store):
    store.save_workflow(flow())

    def change_and_fail() -> None:
        with store.transaction() as inside:
            inside.save_workflow(flow("second"))
            inside.set_meta("a", 1)
            assert inside.workflow("second") == flow("second")
            inside.delete_workflow("daily-report")
            raise KeyError("stop")

    with pytest.raises(KeyError):
        change_and_fail()
    assert [summary.name for summary in store.workflows()] == ["daily-report"]
    assert store.meta("a") is None


def test_a_transaction_is_one_write(path):
    store = Store(path)
    store.save_workflow(flow("first"))
    with store.transaction():
        store.save_workflow(flow("second"))
        store.save_workflow(flow("third"))
    names = {record["name"] for record in json.loads(Path(f"{path}.bak").read_text())["workflows"].values()}
    assert names == {"first"}


def test_threads_may_share_a_store(store):
    failed = []

    def save(part: int) -> None:
        try:
            for number in range(10):
                store.save_workflow(flow(f"w{part}-{number}"))
                store.workflow(f"w{part}-{number}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=save, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(store.workflows()) == 40


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


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be") as caught:
        Store(tmp_path / "file" / "flowbook.json").save_workflow(flow())
    assert "writable" in caught.value.hint


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_can_be_read_and_says_so_when_written(path):
    Store(path).save_workflow(flow())
    path.parent.chmod(0o500)
    try:
        store = Store(path)
        assert store.workflow("daily-report") == flow()
        with pytest.raises(StoreError, match="ermission"):
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


def test_importing_the_store_imports_neither_tinydb_nor_filelock():
    code = "import sys, flowbook.store; print([m for m in ('tinydb', 'filelock', 'cryptography') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
