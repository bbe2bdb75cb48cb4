"""The store's integrations are signed as records: no change made by something else than Flowbook is ever used."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import AlreadyExists, InputError, StoreDamaged, UnfitCredentials, VaultError, VaultLocked
from flowbook.models import Parameter
from flowbook.sharing import Template, take_in
from flowbook.vault import forget_environment, integrity
from flowbook.workspace import Workspace

SECRET = "tok-9fk2-sd83-aa"
PARAMETERS = [
    Parameter(name="token", type="password", required=True),
    Parameter(name="backup_token", type="password"),
    Parameter(name="base_url", type="url"),
]
TYPED = '''
from flowbook import Secret
from pydantic import BaseModel

class Credentials(BaseModel):
    token: Secret
    host: str = ""

def test_connection(credentials: Credentials):
    """Try."""
    return {"success": True, "message": ""}
'''


@pytest.fixture
def two(ws: Workspace) -> Workspace:
    """A workspace with two integrations of one type."""
    ws.create_type("demo", PARAMETERS)
    for name in ("One", "Two"):
        given = {"token": f"{SECRET}-{name}", "backup_token": f"spare-{SECRET}", "base_url": f"https://{name}.example"}
        ws.create_integration(name, "demo", given)
    return ws


def rewrite(ws: Workspace, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the store's file as something else than Flowbook would."""
    assert ws.folder is not None
    path = ws.folder / "flowbook.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    ws.store.reload()


def records(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The integrations' records by name."""
    return {record["name"]: record for record in document["integrations"].values()}


def meta(document: dict[str, Any], key: str) -> dict[str, Any]:
    return next(record for record in document["meta"].values() if record["key"] == key)


def fields(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = records(document)[name]["document"]["fields"]
    return found


def swap_names(document: dict[str, Any]) -> None:
    one, two = records(document)["One"], records(document)["Two"]
    one["name"], two["name"] = "Two", "One"
    one["document"]["name"], two["document"]["name"] = "Two", "One"


def swap_secrets(document: dict[str, Any]) -> None:
    held = fields(document, "One")
    held["token"], held["backup_token"] = held["backup_token"], held["token"]


def swap_rows(document: dict[str, Any]) -> None:
    one, two = records(document)["One"], records(document)["Two"]
    one["name"], two["name"] = "Two", "One"


def swap_ids(document: dict[str, Any]) -> None:
    """Each record whole, and kept where the other was: found by its name, it would open as the other."""
    rows = document["integrations"]
    one, two = (next(id for id, row in rows.items() if row["name"] == name) for name in ("One", "Two"))
    rows[one], rows[two] = rows[two], rows[one]


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "the names of two swapped": swap_names,
    "the names that records are found by": swap_rows,
    "the ids that records are kept under": swap_ids,
    "another address": lambda d: fields(d, "One").update(base_url="https://evil.example"),
    "plain text for a secret": lambda d: fields(d, "One").update(token="tok-of-somebody-else"),
    "a secret taken away": lambda d: fields(d, "One").pop("backup_token"),
    "a field added": lambda d: fields(d, "One").update(proxy="https://evil.example"),
    "another's fields": lambda d: records(d)["One"]["document"].update(fields=fields(d, "Two")),
    "two secrets of one swapped": swap_secrets,
    "said to be tested": lambda d: records(d)["One"]["document"].update(tested_ok=True),
    "the signature taken away": lambda d: meta(d, "seals").update(key="other"),
    "another digest": lambda d: meta(d, "seals")["value"]["digests"].update(dict.fromkeys(d["integrations"], "0")),
    "no digests": lambda d: meta(d, "seals")["value"].update(digests={}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_integration_whose_record_was_changed_is_neither_used_nor_saved_again(two, change):
    rewrite(two, change)
    for attempt in (
        lambda: two.credentials.of("One"),
        lambda: two.update_integration("One", {"token": "tok-new-value"}),
        lambda: two.rename_integration("One", "Three"),
        lambda: two.duplicate_integration("One", "Three"),
        lambda: two.test_integration("One"),
        lambda: two.rotate_key(),
    ):
        with pytest.raises((VaultError, StoreDamaged), match=r"changed|does not open|another (name|id)"):
            attempt()
    for name in ("One", "Two"):
        two.delete_integration(name)
    two.create_integration("One", "demo", {"token": SECRET})
    assert two.credentials.of("One")[0]["token"] == SECRET


@pytest.mark.parametrize("back", ["replaced", "deleted"])
def test_a_record_put_back_as_it_was_before_is_found_out(two, back):
    before: dict[str, Any] = {}
    rewrite(two, lambda document: before.update(json.loads(json.dumps(document["integrations"]))))
    if back == "replaced":
        two.update_integration("One", {"base_url": "https://new.example", "token": "tok-renewed-1"})
    else:
        two.delete_integration("One")
    rewrite(two, lambda document: document.update(integrations=before))
    with pytest.raises(VaultError, match="put back as it was before"):
        two.credentials.of("One")
    assert two.credentials.of("Two")[0]["token"] == f"{SECRET}-Two"


@pytest.mark.parametrize("anew", [False, True], ids=["by who knew the key", "by another"])
@pytest.mark.parametrize("plain", [False, True], ids=["secrets as they were", "secrets in clear"])
def test_a_store_whose_key_and_signature_were_taken_away_gives_nothing_for_what_it_held(two, anew, plain):
    """Who had opened the vault before went on with it, and signed what was there as ours at the next save."""
    assert two.credentials.of("One")[0]["token"] == f"{SECRET}-One"

    def strip(document: dict[str, Any]) -> None:
        for key in [key for key, row in document["meta"].items() if row["key"] in ("vault", "seals")]:
            del document["meta"][key]
        fields(document, "One").update(base_url="https://evil.example")
        if plain:
            fields(document, "One").update(token="tok-of-somebody-else")

    rewrite(two, strip)
    ws = Workspace(two.root) if anew else two
    for _ in range(2):
        with pytest.raises(VaultError, match="changed outside"):
            ws.credentials.of("One")
        if not plain:
            ws.create_integration(f"New {_}", "demo", {"token": SECRET})
    if anew:
        ws.close()


def test_no_integration_is_called_as_the_id_of_another(two):
    with pytest.raises(AlreadyExists):
        two.rename_integration("Two", two.integration("One").id)


def test_what_another_process_saves_is_used(two, folder):
    other = Workspace(folder)
    other.update_integration("One", {"base_url": "https://moved.example"})
    other.rename_integration("Two", "Second")
    assert two.credentials.of("One")[0]["base_url"] == "https://moved.example"
    assert two.credentials.of("Second")[0]["token"] == f"{SECRET}-Two"
    two.rotate_key()
    assert other.credentials.of("One")[0]["token"] == f"{SECRET}-One"
    other.close()


def test_an_integration_without_secrets_is_signed_once_the_store_has_a_key(ws, caplog):
    ws.create_type("demo", PARAMETERS[2:])
    ws.create_integration("Plain", "demo", {"base_url": "https://good.example"})
    assert ws.key_status()["key_id"] is None
    ws.update_type(ws.type("demo").model_copy(update={"parameters": tuple(PARAMETERS[1:])}))
    ws.create_integration("Secret", "demo", {"backup_token": SECRET})
    assert "signed from now on" not in caplog.text
    assert ws.credentials.of("Plain")[0] == {"base_url": "https://good.example"}
    rewrite(ws, lambda document: fields(document, "Plain").update(base_url="https://evil.example"))
    with pytest.raises(VaultError, match="'Plain' was changed outside"):
        ws.credentials.of("Plain")


def test_a_deletion_needs_no_key_and_lets_nothing_else_in(two, monkeypatch, tmp_path):
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path / "elsewhere"))
    forget_environment()
    locked = Workspace(two.root)
    with pytest.raises(VaultLocked):
        locked.rename_integration("One", "Three")
    locked.delete_integration("One")
    assert [one.name for one in locked.integrations()] == ["Two"]
    locked.close()
    assert two.credentials.of("Two")[0]["token"] == f"{SECRET}-Two"


# -- from before ---------------------------------------------------------------------------------------------------


def age(ws: Workspace) -> None:
    """Make the store what an older Flowbook left: secrets of format 1, and no signature."""
    from unittest import mock

    with mock.patch("flowbook.vault.sealing.SEALED", 1), ws.store.transaction(replace_backup=True):
        vault = ws.credentials.key.vault()
        for one in ws.store.integrations():
            ws.store.save_integration(integrity.resealed(one, vault.open_fields(one), vault))
        ws.store.set_meta("seals", None)


def test_a_store_from_before_is_brought_along_at_its_first_use_and_that_is_told_once(two, caplog):
    age(two)
    with caplog.at_level(logging.WARNING, "flowbook"):
        assert two.credentials.of("One")[0]["token"] == f"{SECRET}-One"
        assert two.credentials.of("Two")[0]["token"] == f"{SECRET}-Two"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "One, Two" in caplog.text
    assert SECRET not in caplog.text
    rewrite(two, lambda document: fields(document, "One").update(base_url="https://evil.example"))
    with pytest.raises(VaultError, match="changed outside"):
        two.credentials.of("One")


def test_a_store_from_before_is_brought_along_by_a_rotation_too(two):
    age(two)
    two.rotate_key()
    assert two.credentials.of("One")[0]["token"] == f"{SECRET}-One"


# -- what a type says ----------------------------------------------------------------------------------------------


def make_string(document: dict[str, Any]) -> None:
    for record in document["integration_types"].values():
        record["document"]["parameters"][0].update(type="string")


def test_a_type_that_was_made_to_say_that_a_secret_is_none_is_found_out(two):
    rewrite(two, make_string)
    with pytest.raises(VaultError, match="'token' of 'One' is a secret"):
        two.credentials.of("One")


def test_a_password_does_not_become_a_plain_value_while_it_is_held_as_a_secret(two):
    kind = two.type("demo")
    plain = (Parameter(name="token"), *kind.parameters[1:])
    with pytest.raises(UnfitCredentials, match="as a secret"):
        two.update_type(kind.model_copy(update={"parameters": plain}))


class TestWhatTheFolderDeclares:
    """The folder's schema decides what is a secret: no type, no template and no file can make it plain."""

    @pytest.fixture
    def typed(self, tmp_path: Path) -> Workspace:
        folder = tmp_path / "integrations" / "typed"
        folder.mkdir(parents=True)
        (folder / "tasks.py").write_text(TYPED)
        return Workspace(tmp_path)

    def test_no_type_is_made_or_changed_against_it(self, typed):
        with pytest.raises(UnfitCredentials, match="is a password of the integration folder"):
            typed.create_type("typed", [Parameter(name="token"), Parameter(name="host")])
        typed.create_type("typed")
        with pytest.raises(UnfitCredentials, match="is a password of the integration folder"):
            typed.update_type(typed.type("typed").model_copy(update={"parameters": (Parameter(name="token"),)}))

    def test_it_wins_over_the_file_of_the_store(self, typed):
        typed.create_type("typed")
        rewrite(typed, make_string)
        typed.create_integration("Mine", "typed", {"token": SECRET})
        assert SECRET in typed.credentials.of("Mine")[1]
        assert SECRET not in (typed.root / ".flowbook" / "flowbook.json").read_text()

    @pytest.mark.parametrize("which", ["typed", "demo"])
    def test_no_template_is_taken_in_against_it(self, typed, folder, which):
        made = Template.model_validate({"name": "Mine", "type": {"name": which, "parameters": [{"name": "token"}]}})
        with pytest.raises(InputError, match="'token' is no secret"):
            take_in(typed, made, given={"token": SECRET})
        assert typed.types() == []
