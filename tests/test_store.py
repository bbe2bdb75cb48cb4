"""What every store promises: nothing lost, nothing overwritten unseen, and all or nothing of what belongs together.

A store of another kind joins as one more entry of ``KINDS``.
"""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.errors import AlreadyExists, Conflict, InUse, InvalidName, NotFound, StoreError, WrongKey
from flowbook.store import TinyStore, WorkflowSummary, WorkspaceStore
from flowbook.store.postgres import PostgresStore
from tests.databases import emptied_schema
from tests.stored import SEALED, SLACK, flow, slack, with_integration

Opens = Callable[[], WorkspaceStore]
"""Opens one and the same store each time, as another process would where there can be another."""


def in_a_file(folder: Path) -> Opens:
    return lambda: TinyStore(folder / "flowbook.json")


def in_memory(folder: Path) -> Opens:
    store = TinyStore(None)
    return lambda: store


@functools.cache
def stores_in_postgres() -> Iterator[PostgresStore]:
    """As of three processes, each with what it knows; connecting anew for each use would take long."""
    return itertools.cycle([PostgresStore(emptied_schema()) for _ in range(3)])


def in_postgres(folder: Path) -> Opens:
    emptied_schema()
    return lambda: next(stores_in_postgres())


KINDS = {"file": in_a_file, "memory": in_memory, "postgres": in_postgres}


@pytest.fixture(params=list(KINDS))
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Opens:
    return KINDS[request.param](tmp_path)


@pytest.fixture
def store(opens: Opens) -> WorkspaceStore:
    return opens()


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


def test_whoever_opens_it_next_reads_the_same(opens):
    with_integration(opens()).save_workflow(flow())
    again = opens()
    assert again.types() == [SLACK]
    assert again.integrations() == [slack()]
    assert again.workflow("daily-report") == flow()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example saves over the last
@given(value=st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_survives_a_store_and_a_new_reader(opens, value):
    opens().save_workflow(flow(value=value))
    opens().set_meta("value", value)
    assert opens().workflow("daily-report").nodes["fetch"].params == {"value": value}
    assert opens().meta("value") == value


def test_text_that_utf8_cannot_hold_survives(opens):
    opens().set_meta("text", "\ud800 lone")
    assert opens().meta("text") == "\ud800 lone"


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
