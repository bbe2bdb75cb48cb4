"""Each person's own way to the credentials of a workspace that several have, and how it is taken away."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.cli.main import run as command
from flowbook.errors import InputError, NotFound, VaultError, VaultLocked
from flowbook.models import Parameter
from flowbook.vault import forget_environment, persons

SECRET = "tok-5hq1-is-secret"
As = Callable[[str], Workspace]
"""The workspace as somebody has it, with keys of their own."""


@pytest.fixture
def as_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> As:
    def become(name: str) -> Workspace:
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / f"config-{name}"))
        forget_environment()
        ws = Workspace(tmp_path / "work")
        ws.key_status()  # from now on it looks for keys in that folder
        return ws

    (tmp_path / "work").mkdir()
    ada = become("ada")
    ada.create_type("slack", [Parameter(name="bot_token", type="password", required=True)])
    ada.create_integration("Team", "slack", {"bot_token": SECRET})
    return become


def opens(ws: Workspace) -> bool:
    try:
        return bool(ws.credentials.of("Team")[0]["bot_token"] == SECRET)
    except VaultError:
        return False


def names(ws: Workspace) -> list[str]:
    return [slot["where"] for slot in ws.key_status()["slots"] if slot["kind"] == "person"]


def test_who_was_added_opens_the_credentials_by_their_own_key(as_: As) -> None:
    with pytest.raises(VaultLocked, match="no key") as caught:
        as_("ben").credentials.of("Team")
    assert "flowbook key" in (caught.value.hint or "")
    public = as_("ben").public_key()
    as_("ada").add_person("ben", public)
    assert opens(as_("ben"))
    assert not opens(as_("eve"))
    assert names(as_("ben")) == ["ben"]


def test_who_was_removed_does_not_and_those_who_stay_do(as_: As) -> None:
    for name in ("ben", "cleo"):
        public = as_(name).public_key()
        as_("ada").add_person(name, public)
    before = as_("ben").store.meta("vault")
    as_("ada").rotate_key(without=["ben"])
    assert [opens(as_(name)) for name in ("ada", "ben", "cleo")] == [True, False, True]
    assert names(as_("ada")) == ["cleo"]
    # nor with a header that they kept: what is sealed now is sealed with another key
    as_("ben").store.set_meta("vault", before)
    assert not opens(as_("ben"))


def test_anybody_who_stays_can_remove_the_one_who_began(as_: As) -> None:
    public = as_("ben").public_key()
    as_("ada").add_person("ben", public)
    as_("ada").add_person("ada")
    with pytest.raises(VaultLocked, match="another person's"):
        as_("ben").rotate_key(without=["ada"])  # the first key file is still on her machine
    as_("ben").rotate_key(without=["ada"], drop=["file"])
    assert [opens(as_(name)) for name in ("ada", "ben")] == [False, True]


def test_a_key_that_was_put_in_anothers_place_gets_nothing(as_: As) -> None:
    public = as_("ben").public_key()
    as_("ada").add_person("ben", public)
    forged = persons.public_bytes(as_("eve").public_key())
    header = as_("eve").store.meta("vault")
    slot = next(one for one in header["slots"] if one["kind"] == "person")
    slot["public"] = base64.b64encode(forged).decode()
    as_("eve").store.set_meta("vault", header)
    with pytest.raises(VaultError, match="changed outside"):
        as_("ada").rotate_key()
    as_("ada").rotate_key(without=["ben"])
    assert opens(as_("ada"))


def test_the_same_name_is_not_given_to_another_key(as_: As) -> None:
    ben, eve = as_("ben").public_key(), as_("eve").public_key()
    ada = as_("ada")
    ada.add_person("ben", ben)
    ada.add_person("ben", ben)
    with pytest.raises(InputError, match="another one"):
        ada.add_person("ben", eve)
    assert names(ada) == ["ben"]


def test_two_who_add_somebody_at_the_same_time_lose_nobody(as_: As) -> None:
    ben, cleo = as_("ben"), as_("cleo")
    keys = {name: as_(name).public_key() for name in ("ben", "cleo")}
    one, other = as_("ada"), as_("ada")
    assert [opens(ws) for ws in (one, other, ben, cleo)] == [True, True, False, False]
    one.add_person("ben", keys["ben"])
    other.add_person("cleo", keys["cleo"])
    assert names(one) == ["ben", "cleo"]
    assert [opens(ben), opens(cleo)] == [True, True]


@pytest.mark.parametrize("change", [lambda text: text[:-1], lambda text: text.swapcase(), lambda text: "", str.upper])
def test_a_public_key_with_a_letter_wrong_is_refused(as_: As, change: Callable[[str], str]) -> None:
    ada = as_("ada")
    with pytest.raises(InputError, match="public key"):
        ada.add_person("ben", change(ada.public_key()))


def test_a_name_that_nobody_has_is_refused_before_anything_changes(as_: As) -> None:
    ada = as_("ada")
    before = ada.key_status()["key_id"]
    with pytest.raises(NotFound, match="ben"):
        ada.rotate_key(without=["ben"])
    with pytest.raises(InputError, match="name of a person"):
        ada.add_person("../ben")
    assert ada.key_status()["key_id"] == before


def test_the_commands(as_: As, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(as_("ben").root)
    assert command(["-C", root, "key", "mine"]) == 0
    public = capsys.readouterr().out.strip()
    as_("ada")
    assert command(["-C", root, "key", "add-person", "ada"]) == 0
    assert command(["-C", root, "key", "add-person", "ben", public]) == 0
    assert "person (ben)" in capsys.readouterr().out
    assert command(["-C", root, "key", "status", "--json"]) == 0
    assert [slot["kind"] for slot in json.loads(capsys.readouterr().out)["slots"]] == ["file", "person", "person"]
    assert opens(as_("ben"))
    as_("ada")
    assert command(["-C", root, "key", "remove-person", "ben"]) == 0
    assert "at the services too" in capsys.readouterr().out
    assert not opens(as_("ben"))
