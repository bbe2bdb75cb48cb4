"""A workspace whose key is behind a passphrase is opened by it, once, while it is in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowbook.errors import VaultLocked, WrongKey
from flowbook.workspace import Workspace

PHRASE = "correct horse battery"
TOKEN = "right-token"


@pytest.fixture
def locked(ws: Workspace) -> Workspace:
    """Another look at a workspace that a passphrase protects."""
    ws.init_key(passphrase=PHRASE)
    ws.create_type("demo")
    ws.create_integration("My Demo", "demo", {"token": TOKEN})
    return Workspace(ws.root, passphrase="")


def test_it_asks_for_the_passphrase_until_it_is_given(locked: Workspace) -> None:
    assert locked.wants_passphrase()
    with pytest.raises(VaultLocked):
        locked.unlock()
    with pytest.raises(WrongKey, match="passphrase"):
        locked.unlock("wrong horse")
    assert locked.wants_passphrase()
    locked.unlock(PHRASE)
    assert not locked.wants_passphrase()
    assert locked.test_integration("My Demo").success


def test_it_stays_open_when_the_key_is_changed_elsewhere(locked: Workspace, ws: Workspace) -> None:
    locked.unlock(PHRASE)
    ws.rotate_key()
    assert locked.test_integration("My Demo").success


def test_a_workspace_opened_with_it_asks_for_nothing(locked: Workspace) -> None:
    assert not Workspace(locked.root, passphrase=PHRASE).wants_passphrase()
    assert Workspace(locked.root, passphrase="wrong horse").wants_passphrase()


def test_a_workspace_without_a_passphrase_asks_for_none(ws: Workspace) -> None:
    assert not ws.wants_passphrase()
    ws.init_key()
    assert not Workspace(ws.root).wants_passphrase()


def test_nobody_is_asked_only_to_find_out(locked: Workspace) -> None:
    def ask() -> str:
        raise AssertionError("somebody was asked")

    assert Workspace(Path(locked.root), passphrase=ask).wants_passphrase()
