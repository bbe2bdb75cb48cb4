"""What the vault promises: only the right key opens, only in the right place, and nothing shows a secret."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import subprocess
import sys
import traceback
import types
from pathlib import Path

import platformdirs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import InputError, MissingCredentials, VaultError, VaultLocked, WrongKey
from flowbook.models import Integration, IntegrationType, Parameter
from flowbook.paths import config_folder
from flowbook.store import Store
from flowbook.vault import (
    Vault,
    credentials_from_environment,
    finish_rotation,
    forget_environment,
    init_key,
    integration_slug,
    integrity,
    is_sealed,
    remove_old_keys,
    rotate,
    slots,
)
from flowbook.vault.keys import Key

SECRET = "xoxb-hunter2-hunter2"
PLACE = {"integration_id": "i1", "type_name": "slack", "field": "token"}
SLACK = IntegrationType(
    name="slack", parameters=(Parameter(name="token", type="password"), Parameter(name="channel"))
)  # fmt: skip
HERE = Path(__file__).parent
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.urlsafe_b64encode(bytes(32)).decode()
COSTS = dict(slots._SCRYPT)  # what is paid for trying a passphrase: half a second


@pytest.fixture(autouse=True)
def no_keys_of_this_process(monkeypatch):
    monkeypatch.delenv("FLOWBOOK_KEY", raising=False)
    monkeypatch.delenv("FLOWBOOK_KEY_FILE", raising=False)
    forget_environment()
    yield
    forget_environment()


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


def new(config: Path, **environ: str) -> Vault:
    """A vault opened anew, with a key made."""
    vault = Vault.open(None, environ=environ, config_dir=config)
    vault.unlock()
    return vault


def reopen(vault: Vault, config: Path, passphrase=None, **environ: str) -> Vault:
    return Vault.open(vault.header, environ=environ, config_dir=config, passphrase=passphrase)


def key_files(config: Path) -> list[Path]:
    return sorted((config / "keys").glob("*")) if config.exists() else []


# -- sealing -------------------------------------------------------------------------------------------------------

VAULT = Vault.open(None, environ={"FLOWBOOK_KEY": KEY}, config_dir=Path("unused"))


@given(value=st.text(st.characters(exclude_categories=[])))
def test_any_text_opens_to_what_was_sealed(value):
    record = VAULT.seal(value, **PLACE)
    assert VAULT.unseal(json.loads(json.dumps(record)), **PLACE) == value


@given(other=st.fixed_dictionaries({name: st.text(max_size=8) for name in PLACE}))
def test_a_record_opens_only_for_its_own_integration_type_and_field(other):
    record = VAULT.seal(SECRET, **PLACE)
    if other != PLACE:
        with pytest.raises(VaultError):
            VAULT.unseal(record, **other)


def test_parts_of_the_place_cannot_be_shifted_into_each_other():
    record = VAULT.seal(SECRET, integration_id="ab", type_name="c", field="d")
    with pytest.raises(VaultError):
        VAULT.unseal(record, integration_id="a", type_name="bc", field="d")


@given(position=st.integers(min_value=0), part=st.sampled_from(["nonce", "data"]))
def test_a_record_of_which_any_bit_changed_does_not_open(position, part):
    record = VAULT.seal(SECRET, **PLACE)
    raw = bytearray(base64.b64decode(record[part]))
    raw[position // 8 % len(raw)] ^= 1 << position % 8
    with pytest.raises(VaultError, match="does not open"):
        VAULT.unseal({**record, part: base64.b64encode(raw).decode()}, **PLACE)


@pytest.mark.parametrize("record", [{}, {"sealed": 3, "data": ""}, {"sealed": 1, "data": "%", "nonce": None}, "text"])
def test_what_is_no_record_is_a_clear_error(record):
    with pytest.raises(VaultError, match="'token'"):
        VAULT.unseal(record, **PLACE)


def test_the_same_secret_sealed_twice_looks_different():
    assert VAULT.seal(SECRET, **PLACE)["data"] != VAULT.seal(SECRET, **PLACE)["data"]


def test_another_stores_record_says_wrong_key_and_not_garbage(config):
    with pytest.raises(WrongKey, match="another key"):
        new(config).unseal(VAULT.seal(SECRET, **PLACE), **PLACE)


def test_only_the_secret_parameters_of_a_type_are_sealed():
    fields = VAULT.seal_fields(SLACK, "i1", {"token": SECRET, "channel": "#general", "unknown": "x"})
    assert fields["channel"] == "#general"
    assert is_sealed(fields["token"])
    assert is_sealed(fields["unknown"])
    integration = Integration(id="i1", name="My Slack", type="slack", fields=fields)
    assert VAULT.open_fields(integration) == {"token": SECRET, "channel": "#general", "unknown": "x"}
    assert SECRET not in repr(integration)


# -- nothing shows a secret ----------------------------------------------------------------------------------------


def test_a_vault_shows_no_key_and_cannot_be_pickled_or_copied(config):
    vault = new(config, FLOWBOOK_KEY=KEY)
    shown = repr(vault) + str(vault) + repr(vars(vault)["_key"]) + repr(vars(vault)["_given"])
    assert KEY not in shown
    assert KEY not in json.dumps([vault.header, vault.status()])
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            attempt(vault)
        with pytest.raises(TypeError):
            attempt(vars(vault)["_key"])


def test_errors_show_neither_secret_nor_key(config):
    bad = "not-a-key-" + SECRET
    with pytest.raises(VaultError) as caught:
        new(config, FLOWBOOK_KEY=bad)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("home", ["/home/ada", "/home/ada/", "relative", "", None])
@pytest.mark.parametrize("config_home", ["/etc/ada", "relative", "", None])
def test_keys_are_where_the_system_keeps_configuration(monkeypatch, home, config_home):
    for name, value in (("HOME", home), ("XDG_CONFIG_HOME", config_home)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    place = Path(platformdirs.user_config_dir("flowbook"))
    if place.is_absolute():
        assert config_folder({}) == place
    else:  # older ones took a relative one, which the specification of these folders says to ignore
        with pytest.raises(InputError):
            config_folder({})


@pytest.mark.parametrize("said", [RuntimeError("no home"), "~/.config/flowbook"])
def test_a_user_without_a_home_folder_is_told_what_to_set(monkeypatch, said):
    """As platformdirs says it: what containers run as may have no entry among the system's users, and no HOME."""

    def user_config_dir(name):
        if isinstance(said, Exception):
            raise said
        return said

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(platformdirs, "user_config_dir", user_config_dir)
    with pytest.raises(InputError, match="no home folder") as caught:
        config_folder({})
    assert "FLOWBOOK_CONFIG_DIR" in caught.value.hint


# -- key slots -----------------------------------------------------------------------------------------------------


def test_nothing_is_made_before_a_key_is_needed(config):
    vault = Vault.open(None, environ={}, config_dir=config)
    assert vault.header is None
    assert vault.status()["slots"] == []
    assert not vault.verify("data", "consent", "00")
    assert not config.exists()


def test_opening_a_vault_imports_no_cryptography(config):
    code = (
        "import sys; from pathlib import Path; from flowbook.vault import Vault;"
        f"v = Vault.open({new(config).header!r}, config_dir=Path({str(config)!r})); v.status();"
        "print([m for m in ('cryptography', 'platformdirs', 'keyring') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_key_file_is_made_at_first_need_and_opens_the_vault_again(config):
    vault = new(config)
    record = vault.seal(SECRET, **PLACE)
    (path,) = key_files(config)
    assert path.name == f"{vault.key_id}.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert reopen(vault, config).unseal(record, **PLACE) == SECRET


def test_the_configuration_folder_can_be_chosen_by_the_environment(tmp_path):
    vault = Vault.open(None, environ={"FLOWBOOK_CONFIG_DIR": str(tmp_path / "chosen")})
    vault.unlock()
    assert len(key_files(tmp_path / "chosen")) == 1


def test_without_a_key_the_vault_is_locked_and_says_what_to_do(config, tmp_path):
    with pytest.raises(VaultLocked, match="FLOWBOOK_KEY") as caught:
        reopen(new(config), tmp_path / "elsewhere").unlock()
    assert "key file" in caught.value.hint


def test_a_wrong_key_says_with_which_the_store_was_encrypted(config, tmp_path):
    vault = new(config)
    with pytest.raises(WrongKey, match=vault.key_id):
        reopen(vault, tmp_path / "elsewhere", FLOWBOOK_KEY=OTHER_KEY).unlock()
    key_files(config)[0].write_text(OTHER_KEY)
    with pytest.raises(WrongKey, match=vault.key_id):
        reopen(vault, config).unlock()
    with pytest.raises(WrongKey):
        reopen(vault, config).seal(SECRET, **PLACE)


def test_the_content_of_a_key_file_can_be_handed_over_as_the_environments_key(config, tmp_path):
    vault = new(config)
    text = key_files(config)[0].read_text()
    record = vault.seal(SECRET, **PLACE)
    assert reopen(vault, tmp_path / "ci", FLOWBOOK_KEY=text).unseal(record, **PLACE) == SECRET
    named = reopen(vault, tmp_path / "ci", FLOWBOOK_KEY_FILE=str(key_files(config)[0]))
    assert named.unseal(record, **PLACE) == SECRET


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_may_read_or_write_is_refused(config, mode):
    vault = new(config)
    key_files(config)[0].chmod(mode)
    with pytest.raises(VaultError, match="other users"):
        reopen(vault, config).unlock()


def test_a_key_file_that_is_a_link_or_no_file_is_refused(config, tmp_path):
    vault = new(config)
    (path,) = key_files(config)
    path.rename(tmp_path / "real.key")
    path.symlink_to(tmp_path / "real.key")
    with pytest.raises(VaultError, match="symbolic link"):
        reopen(vault, config).unlock()
    path.unlink()
    path.mkdir()
    with pytest.raises(VaultError, match="not a regular file"):
        reopen(vault, config).unlock()
    path.rmdir()
    os.mkfifo(path, 0o600)
    with pytest.raises(VaultError, match="not a regular file"):
        reopen(vault, config).unlock()


def test_a_key_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match="could not be written"):
        new(tmp_path / "file")


def test_the_environments_key_is_removed_once_read_and_remembered_for_this_process(config, monkeypatch):
    monkeypatch.setenv("FLOWBOOK_KEY", KEY)
    vault = Vault.open(None, config_dir=config)
    assert "FLOWBOOK_KEY" not in os.environ
    record = vault.seal(SECRET, **PLACE)
    assert key_files(config) == []
    assert Vault.open(vault.header, config_dir=config).unseal(record, **PLACE) == SECRET
    forget_environment()
    with pytest.raises(VaultLocked):
        Vault.open(vault.header, config_dir=config).unseal(record, **PLACE)


def test_a_key_file_named_by_the_environment_may_be_gone_after_its_first_use(config, monkeypatch, tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    monkeypatch.setenv("FLOWBOOK_KEY_FILE", str(tmp_path / "key"))
    vault = Vault.open(None, config_dir=config)
    vault.unlock()
    assert "FLOWBOOK_KEY_FILE" not in os.environ
    (tmp_path / "key").unlink()
    Vault.open(vault.header, config_dir=config).unlock()


def test_a_key_file_named_by_the_environment_that_is_not_there_is_said(config):
    with pytest.raises(VaultLocked, match="FLOWBOOK_KEY_FILE"):
        new(config, FLOWBOOK_KEY_FILE=str(config / "nothing"))


def test_a_passphrase_opens_the_vault_and_another_does_not(config, tmp_path, monkeypatch):
    monkeypatch.setitem(slots._SCRYPT, "n", COSTS["n"])
    vault, text = init_key(None, kind="passphrase", passphrase="correct horse", environ={}, config_dir=config)
    assert text is None
    assert key_files(config) == []
    record = vault.seal(SECRET, **PLACE)
    assert {name: vault.header["slots"][0][name] for name in COSTS} == {"n": 2**17, "r": 8, "p": 1}
    assert reopen(vault, config, passphrase=lambda: "correct horse").unseal(record, **PLACE) == SECRET
    with pytest.raises(WrongKey, match="passphrase"):
        reopen(vault, config, passphrase="wrong horse").unlock()
    with pytest.raises(VaultLocked, match="passphrase"):
        reopen(vault, config).unlock()
    with pytest.raises(VaultError, match="empty"):
        init_key(None, kind="passphrase", environ={}, config_dir=config)


def test_a_passphrase_slot_with_senseless_costs_is_refused_before_any_work(config):
    vault, _ = init_key(None, kind="passphrase", passphrase="correct horse", environ={}, config_dir=config)
    for costs in ({"n": 2**40}, {"n": 2**20, "r": 16}, {"n": 2**20, "r": 8, "p": 4}, {"p": 16}, {"n": "2"}, {"r": 0}):
        header = vault.header
        header["slots"][0].update(costs)
        with pytest.raises(VaultError, match="damaged"):
            Vault.open(header, environ={}, config_dir=config, passphrase="correct horse").unlock()


def test_a_slot_is_added_to_a_vault_that_has_one(config, tmp_path):
    first = new(config)
    record = first.seal(SECRET, **PLACE)
    vault, text = init_key(first.header, kind="environment", environ={}, config_dir=config)
    assert [slot["kind"] for slot in vault.status()["slots"]] == ["file", "environment"]
    assert text not in json.dumps(vault.header)
    assert reopen(vault, tmp_path / "ci", FLOWBOOK_KEY=text).unseal(record, **PLACE) == SECRET
    assert reopen(vault, config).unseal(record, **PLACE) == SECRET


@pytest.fixture
def keyring(monkeypatch):
    """The interface of the optional package, over a dict: test machines have no system keyring to ask."""
    entries: dict[tuple[str, str], str] = {}
    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    module.errors = errors
    module.get_password = lambda service, name: entries.get((service, name))
    module.set_password = lambda service, name, value: entries.update({(service, name): value})
    module.delete_password = lambda service, name: entries.pop((service, name), None)
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return entries


def test_the_keyring_opens_the_vault(config, keyring):
    vault, _ = init_key(None, kind="keyring", environ={}, config_dir=config)
    record = vault.seal(SECRET, **PLACE)
    assert key_files(config) == []
    assert reopen(vault, config).unseal(record, **PLACE) == SECRET
    keyring.clear()
    with pytest.raises(VaultLocked, match="keyring"):
        reopen(vault, config).unlock()


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2}, {"check": None}, {"slots": {}}, {"slots": [1]}, {"key_id": 5}, {"retired": 5}, {"retired": "00"},
        {"check": "\x1b]0;title\x07"}, {"store_id": "\x1b[2J"}, {"store_id": "a\nb"}, {"slots": [{"kind": ["file"]}]},
        {"slots": [{"kind": "\x1b[2J"}]}, {"slots": [{"kind": "passphrase"}] * 1000}, {"slots": [{}]},
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_one_is_said(config, change):
    with pytest.raises(VaultError, match="header"):
        Vault.open({**new(config).header, **change}, environ={}, config_dir=config)


def test_a_key_id_cannot_lead_out_of_the_key_folder(config):
    with pytest.raises(VaultError, match="key_id"):
        Vault.open({**new(config).header, "key_id": "../../etc/passwd"}, environ={}, config_dir=config)


# -- signatures ----------------------------------------------------------------------------------------------------


def test_a_signature_holds_for_its_data_its_purpose_and_its_store(config):
    signature = VAULT.sign("definition", "consent")
    assert VAULT.verify(b"definition", "consent", signature)
    assert not VAULT.verify("another", "consent", signature)
    assert not VAULT.verify("definition", "other", signature)
    assert not VAULT.verify("definition", "consent", "é")
    assert not new(config).verify("definition", "consent", signature)


# -- credentials from the environment ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Slack Workspace", "MY_SLACK_WORKSPACE"),
        ("  my--github (prod) ", "MY_GITHUB_PROD"),
        ("Büro №1", "BURO_NO1"),
        ("中文", "U4E2D_U6587"),
    ],
)
def test_an_integrations_name_becomes_part_of_a_variable(name, slug):
    assert integration_slug(name) == slug


@given(st.text())
def test_a_slug_is_always_usable_in_a_variable(name):
    assert set(integration_slug(name)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


@pytest.mark.parametrize("written", ["BÜRO_中文", "BU\u0308RO_中文", "büro-中文", "BURO_U4E2D_U6587", "🚀"])
def test_a_variable_may_spell_a_name_with_its_own_letters(written):
    name = "🚀" if written == "🚀" else "Büro 中文"
    environ = {f"FLOWBOOK_CREDENTIALS__{written}": '{"token": "t"}', "FLOWBOOK_CREDENTIALS__🔥": "{}"}
    assert credentials_from_environment(name, environ).values == {"token": "t"}
    twice = {**environ, f"FLOWBOOK_CREDENTIALS__{integration_slug(name)}": '{"token": "other"}'}
    if len(twice) > len(environ):
        with pytest.raises(MissingCredentials, match="both give"):
            credentials_from_environment(name, twice)


@pytest.mark.parametrize(
    "text",
    ["hunter2", '["hunter2"]', '{"a": "hunter2"', "", '{"a": NaN, "b": "hunter2"}', '{"hunter2": 1, "hunter2": 2}'],
)
def test_malformed_credentials_are_refused_without_being_shown(text):
    with pytest.raises(MissingCredentials, match="FLOWBOOK_CREDENTIALS__X") as caught:
        credentials_from_environment("x", {"FLOWBOOK_CREDENTIALS__X": text})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None


# -- rotation ------------------------------------------------------------------------------------------------------


def filled(tmp_path: Path, vault: Vault) -> Store:
    store = Store(tmp_path / "flowbook.json")
    with store.transaction():
        store.save_type(SLACK)
        for id in ("i1", "i2"):
            fields = vault.seal_fields(SLACK, id, {"token": f"{SECRET}-{id}", "channel": "#x"})
            store.set_meta("vault", vault.header)
            put(store, vault, Integration(id=id, name=f"Slack {id}", type="slack", fields=fields))
    return store


def put(store: Store, vault: Vault, integration: Integration) -> None:
    store.save_integration(integration)
    integrity.sign_integration(store, vault, integration)


def opened(store: Store, vault: Vault) -> dict[str, str]:
    return {found.id: vault.open_fields(found)["token"] for found in store.integrations()}


EXPECTED = {"i1": f"{SECRET}-i1", "i2": f"{SECRET}-i2"}


def test_the_store_file_and_its_copy_hold_no_secret(tmp_path, config):
    store = filled(tmp_path, new(config))
    store.set_meta("more", 1)
    for file in tmp_path.glob("flowbook.json*"):
        assert b"hunter2" not in file.read_bytes()


def test_after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing_of_it(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)
    before = {found.id: found.fields["token"] for found in store.integrations()}
    rotated = rotate(store, vault)
    assert rotated.key_id != vault.key_id
    assert opened(store, rotated) == EXPECTED
    assert "retired" not in store.meta("vault")
    for file in tmp_path.glob("flowbook.json*"):  # the last-good copy too
        text = file.read_text()
        assert not any(record["data"] in text for record in before.values())
    anew = Vault.open(store.meta("vault"), environ={}, config_dir=config)
    assert opened(Store(store.path), anew) == EXPECTED
    with pytest.raises(WrongKey):
        opened(store, vault)


def test_a_vault_from_before_a_rotation_can_no_longer_save(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)
    rotate(store, reopen(vault, config))
    with pytest.raises(WrongKey):
        store.save_integration(
            Integration(id="i3", name="Late", type="slack", fields=vault.seal_fields(SLACK, "i3", {"token": SECRET}))
        )


def test_every_key_slot_is_carried_over_or_the_rotation_refused(tmp_path, config):
    vault = new(config)
    vault.add_slot("environment")
    vault.add_slot("passphrase", passphrase="correct horse")
    store = filled(tmp_path, vault)
    content = store.path.read_bytes()
    with pytest.raises(VaultLocked, match="'environment'"):
        rotate(store, reopen(vault, config))
    with pytest.raises(VaultLocked, match="'passphrase'"):
        rotate(store, reopen(vault, config, passphrase="wrong horse"), drop=["environment"])
    assert store.path.read_bytes() == content
    assert [file.stem for file in key_files(config)] == [vault.key_id]
    rotated = rotate(store, reopen(vault, config, passphrase="correct horse"), drop=["environment"])
    assert [slot["kind"] for slot in rotated.status()["slots"]] == ["file", "passphrase"]
    elsewhere = Vault.open(
        store.meta("vault"), environ={}, config_dir=tmp_path / "other", passphrase="correct horse"
    )  # fmt: skip
    assert opened(store, elsewhere) == EXPECTED


def test_a_record_that_does_not_open_stops_the_rotation_before_anything_changes(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)
    second = store.integration("i2")
    swapped = second.model_copy(update={"fields": {**second.fields, "token": store.integration("i1").fields["token"]}})
    put(store, vault, swapped)
    content = store.path.read_bytes()
    with pytest.raises(VaultError, match="does not open"):
        rotate(store, vault)
    assert store.path.read_bytes() == content
    assert [file.stem for file in key_files(config)] == [vault.key_id]


def test_a_copy_of_the_store_opens_after_a_rotation_of_either_of_them(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)
    copied = tmp_path / "copied"
    copied.mkdir()
    (copied / "flowbook.json").write_bytes(store.path.read_bytes())
    other = Store(copied / "flowbook.json")
    first = rotate(other, reopen(vault, config))
    assert opened(store, Vault.open(store.meta("vault"), environ={}, config_dir=config)) == EXPECTED
    second = rotate(store, reopen(vault, config))
    for one, key in ((store, second), (other, first)):
        assert opened(one, Vault.open(one.meta("vault"), environ={}, config_dir=config)) == EXPECTED
        assert key.status()["kept"] == [vault.key_id]


def test_old_keys_go_when_somebody_says_so_and_no_other_does(tmp_path, config, keyring):
    vault = new(config)
    vault.add_slot("keyring")
    another = new(config)
    store = filled(tmp_path, vault)
    second = rotate(store, reopen(vault, config))
    third = rotate(store, second)
    assert third.status()["kept"] == [vault.key_id, second.key_id]
    assert remove_old_keys(store, third) == [vault.key_id, second.key_id]
    assert {file.stem for file in key_files(config)} == {third.key_id, another.key_id}
    assert {id for _, id in keyring} == {third.key_id}
    assert opened(store, third.reopened(store.meta("vault"))) == EXPECTED
    assert remove_old_keys(store, third) == []
    assert {"kept", "retired"}.isdisjoint(store.meta("vault"))


def test_a_rotation_may_sign_again_in_the_same_write(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)

    def resign(old: Vault, fresh: Vault) -> None:
        assert old.key_id == vault.key_id
        store.set_meta("consents", fresh.sign("definition", "consent"))

    rotated = rotate(store, vault, resign=resign)
    assert rotated.verify("definition", "consent", store.meta("consents"))


def test_a_store_without_a_key_has_nothing_to_rotate(config):
    with pytest.raises(VaultLocked, match="no key yet"):
        rotate(Store(None), Vault.open(None, environ={}, config_dir=config))


def test_what_was_killed_before_an_old_key_went_is_finished_by_the_next(tmp_path, config):
    vault = new(config)
    store = filled(tmp_path, vault)
    rotated = rotate(store, vault)
    store.set_meta("vault", {**store.meta("vault"), "retired": [vault.retirement()]})
    assert finish_rotation(store, rotated)
    assert [file.stem for file in key_files(config)] == [rotated.key_id]
    assert not finish_rotation(store, rotated)


def crafted(victim: Vault, own: Vault) -> dict[str, object]:
    """What somebody who knows all of a victim's store but its key can write into a store of theirs, by name."""
    header = victim.header
    stolen = own.retirement() | {"key_id": victim.key_id, "slots": header["slots"]}
    return {
        "a bare id": victim.key_id,
        "another's proof": stolen,
        "another's check value": stolen | {"check": header["check"]},
        "no proof": {"key_id": victim.key_id, "check": header["check"], "slots": header["slots"]},
        "own slots": own.retirement() | {"key_id": victim.key_id},
        "nonsense": [1, None, {"key_id": "../x"}, {"slots": 5}],
    }


@pytest.mark.parametrize(
    "forgery", ["a bare id", "another's proof", "another's check value", "no proof", "own slots", "nonsense"]
)
@pytest.mark.parametrize("same_store", [False, True])
@pytest.mark.parametrize("named", ["retired", "kept"])
def test_a_crafted_store_cannot_have_another_stores_key_removed(tmp_path, config, keyring, forgery, same_store, named):
    victim = new(config)
    init = init_key(victim.header, kind="keyring", environ={}, config_dir=config)[0]
    store = filled(tmp_path, Vault.open(None, environ={}, config_dir=config))
    header = store.meta("vault")
    if same_store:  # the id of the victim's store is no secret
        own, _ = init_key(None, kind="passphrase", passphrase="known", environ={}, config_dir=config)
        key, header = Key.random(), {**own.header, "store_id": victim.header["store_id"]}
        header["check"] = slots.check_value(key, header["store_id"], header["key_id"])
        header["slots"] = [slots.wrap_by_passphrase(key, "known", header["store_id"], header["key_id"])]
        for found in store.integrations():
            store.delete_integration(found.name)
    vault = Vault.open(header, environ={}, config_dir=config, passphrase="known")
    vault.unlock()
    store.set_meta("vault", {**header, named: [crafted(init, vault)[forgery]]})
    remove_old_keys(store, vault)
    assert f"{victim.key_id}.key" in [file.name for file in key_files(config)]
    assert ("flowbook", victim.key_id) in keyring
    assert "retired" not in store.meta("vault")


@pytest.mark.parametrize("kind", ["file", "keyring"])
def test_a_store_that_takes_another_stores_key_id_neither_uses_nor_replaces_its_key(tmp_path, config, keyring, kind):
    victim, _ = init_key(None, kind=kind, environ={}, config_dir=config)
    kept = dict(keyring), [file.read_bytes() for file in key_files(config)]
    key, header = Key.random(), {**victim.header, "slots": []}
    header["check"] = slots.check_value(key, header["store_id"], header["key_id"])
    header["slots"] = [slots.wrap_by_passphrase(key, "known", header["store_id"], header["key_id"])]
    with pytest.raises(VaultError, match="does not open this store"):
        init_key(header, kind=kind, environ={}, config_dir=config, unlock_with="known")
    vault = Vault.open(header, environ={}, config_dir=config, passphrase="known")
    store = filled(tmp_path, vault)
    rotate(store, vault)
    assert kept == (dict(keyring), [file.read_bytes() for file in key_files(config)])


def test_a_rotation_is_not_finished_by_one_who_cannot_open_the_store_and_nobody_is_asked(tmp_path, config):
    vault, _ = init_key(None, kind="passphrase", passphrase="correct horse", environ={}, config_dir=config)
    store = Store(tmp_path / "flowbook.json")
    store.set_meta("vault", {**vault.header, "retired": [new(config).retirement()]})
    with pytest.raises(VaultLocked):
        finish_rotation(store, reopen(vault, config, lambda: pytest.fail("asked for a passphrase")))
    assert store.meta("vault")["retired"]


def test_a_kind_of_key_slot_that_there_is_not_is_refused_before_it_locks_anybody_out(tmp_path, config):
    """Such a slot was written, and nothing opened it: a slip in a script locked the credentials."""
    with pytest.raises(InputError, match=r"'enviroment'.*Did you mean 'environment'"):
        init_key(None, kind="enviroment", environ={}, config_dir=config)
    assert not config.exists() or not list(config.rglob("*.key"))
    vault, _ = init_key(None, environ={}, config_dir=config)
    with pytest.raises(InputError, match=r"'files'.*Did you mean 'file'"):
        vault.renewed(drop=["files"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its writers")
def test_after_kill_nine_at_any_moment_of_a_rotation_every_credential_opens(tmp_path):
    done = subprocess.run(
        [sys.executable, str(HERE / "killed_writers.py"), "rotation", str(tmp_path), "25"],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [found.get("opened") for found in rounds] == [[True, True]] * 25
    assert len({found["key"] for found in rounds}) > 2  # the writers did rotate
