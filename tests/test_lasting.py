"""Objects that live on are made without looking for garbage, and afterwards it is looked for as before."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from flowbook import Workflow, Workspace
from flowbook.lasting import lasting


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Whatever a test does to it, garbage is looked for afterwards."""
    yield
    gc.enable()


def test_garbage_is_looked_for_again_after_the_outermost_block_whatever_happened_in_it() -> None:
    def fail() -> None:
        with lasting():
            with lasting():
                assert not gc.isenabled()
            assert not gc.isenabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert gc.isenabled()


def test_whoever_looks_for_none_at_all_is_left_alone() -> None:
    gc.disable()
    with lasting():
        pass
    assert not gc.isenabled()


def test_the_last_thread_that_leaves_turns_it_on_again() -> None:
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with lasting():
            inside.set()
            leave.wait()

    other = threading.Thread(target=stay)
    other.start()
    inside.wait()
    with lasting():
        pass
    assert not gc.isenabled()
    leave.set()
    other.join()
    assert gc.isenabled()


def test_a_run_leaves_it_on(ws: Workspace) -> None:
    flow = Workflow(name="one")
    flow.add("only", "core.set", params={"values": {"a": 1}})
    assert ws.run(flow)["only"].data == {"a": 1}
    assert gc.isenabled()
    flow.add("broken", "core.nothing")
    with pytest.raises(Exception, match=r"core\.nothing"):
        ws.run(flow)
    assert gc.isenabled()
