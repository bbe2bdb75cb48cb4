"""Holds the one data key of a store: finds it by a key slot, makes it, adds ways to open it, renews it."""

from __future__ import annotations

import os
import secrets
import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from typing_extensions import Self

from flowbook.errors import VaultError, VaultLocked
from flowbook.paths import config_folder
from flowbook.vault import persons, retiring, slots
from flowbook.vault.keys import (
    Key,
    environment_key,
    key_file,
    read_key_file,
    remove_key_file,
    take_from_environment,
    write_key_file,
)
from flowbook.vault.slots import FORMAT, SlotKind

Passphrase = str | Callable[[], str | None] | None
"""A passphrase, or what asks a person for it when it is needed (None: they gave none)."""


class KeyHolder:
    """The data key of one store, and the ways to it: the part of a :class:`~flowbook.vault.Vault` that knows keys.

    Made by :meth:`open`; no key is looked for, and ``cryptography`` is not imported, before the first call that needs
    the key. May be used from any number of threads. Never shows, pickles or copies what it holds.
    """

    def __init__(
        self, header: dict[str, Any] | None, environ: Mapping[str, str], config_dir: Path, passphrase: Passphrase
    ) -> None:
        self._header = header
        self._environ = environ
        self._given = take_from_environment(environ)
        self._config_dir = config_dir
        self._passphrase = passphrase
        self._typed: str | None = None
        self._key: Key | None = None
        self._made: str | None = None
        self._opening = threading.RLock()

    @classmethod
    def open(
        cls,
        header: dict[str, Any] | None,
        *,
        environ: Mapping[str, str] | None = None,
        config_dir: Path | None = None,
        passphrase: Passphrase = None,
    ) -> Self:
        """The vault of the store whose vault header is ``header``; None when the store has none yet.

        Without a header a key is made at the first need, and :attr:`header` is then what the store must keep.
        ``FLOWBOOK_KEY`` and ``FLOWBOOK_KEY_FILE`` are taken out of the process's environment here. Raises VaultError
        for a header that cannot be one.
        """
        if header is not None and (problem := slots.header_problem(header)):
            raise VaultError(
                f"the vault's header in the store is not usable: {problem}.",
                "Restore the store's last-good copy, or update Flowbook if the store is a newer one's.",
            )
        environ = os.environ if environ is None else environ
        folder = config_dir if config_dir is not None else config_folder(environ)
        return cls(_copied(header) if header is not None else None, environ, Path(folder), passphrase)

    @property
    def header(self) -> dict[str, Any] | None:
        """What the store keeps for the vault: format, store id, key id, check value, key slots. Nothing secret.

        None as long as no key was needed for a new store.
        """
        return _copied(self._header) if self._header is not None else None

    @property
    def key_id(self) -> str | None:
        """The id of the data key, None as long as there is none."""
        return str(self._header["key_id"]) if self._header is not None else None

    @property
    def is_unlocked(self) -> bool:
        """Whether the key is at hand already."""
        return self._key is not None

    def unlock(self, passphrase: str | None = None) -> None:
        """Find the key now: what is at hand, else ``passphrase`` (empty: nobody is asked for one).

        Raises VaultLocked without one, WrongKey when what is there is another store's.
        """
        with self._opening:
            before = self._passphrase
            self._passphrase = before if passphrase is None else passphrase
            try:
                self._data_key()
            finally:
                self._passphrase = before

    def status(self) -> dict[str, Any]:
        """For ``flowbook key status``: ``key_id``, ``store_id``, ``unlocked``, ``slots``, ``kept``; nothing secret.

        Each slot has its ``kind``, ``where`` its key is, and ``gone``: a key file that is not there. ``kept`` are the
        ids of the keys from before. Looks for no key.
        """
        header = self._header or {"key_id": None, "store_id": None, "slots": []}
        path = key_file(self._config_dir, header["key_id"]) if header["key_id"] else None
        places = {
            "file": str(path or ""),
            "environment": "FLOWBOOK_KEY or FLOWBOOK_KEY_FILE",
            "passphrase": "a passphrase",
            "keyring": "the operating system's keyring",
        }
        gone = path is None or not os.path.lexists(path)
        return {
            "key_id": header["key_id"],
            "store_id": header["store_id"],
            "unlocked": self.is_unlocked,
            "kept": retiring.kept_ids(header),
            "slots": [
                {
                    "kind": slot["kind"],
                    "where": slot["name"] if slot["kind"] == slots.PERSON else places.get(slot["kind"], ""),
                    "gone": slot["kind"] == "file" and gone,
                }
                for slot in header["slots"]
            ],
        }

    def environment_key(self) -> Key | None:
        """The key that the environment gave and that opens this vault from there; None without one."""
        given = environment_key(self._given)
        if given is None or self._header is None:
            return None
        return given if self._unwrap(self._header, ("environment",), given) is not None else None

    def add_slot(self, kind: SlotKind, *, passphrase: str | None = None, by: Key | None = None) -> str | None:
        """Add one more way to open the vault, replacing the one of the same kind; :attr:`header` is then to be stored.

        ``environment`` uses the key ``by``, else the one that ``FLOWBOOK_KEY`` gives, else makes one and returns it: it
        is shown this once. Raises VaultLocked when the vault does not open, VaultError when the slot cannot be made,
        NotFound for a kind that there is not.
        """
        slots.check_kind(kind)
        with self._opening:
            if self._header is None:
                return self._create(kind, passphrase)
            data_key = self._data_key()
            slot, text = self._make_slot(kind, data_key, self._header, passphrase, by)
            kept = [other for other in self._header["slots"] if other["kind"] != kind]
            self._header = {**self._header, "slots": [*kept, slot]}
            return text

    def public_key(self) -> str:
        """The public half of this person's own key, which is made when they have none yet; nothing secret."""
        own = persons.own_key(self._config_dir, make=True)
        assert own is not None
        return persons.public_text(own)

    def add_person(self, name: str, public: str | None = None) -> None:
        """Let a person open the vault by their own key; :attr:`header` is then to be stored.

        ``public`` is what :meth:`public_key` gives them; without it this person is meant. Raises InputError for what is
        none, or when there is another key under that name; VaultLocked when the vault does not open.
        """
        raw = persons.public_bytes(self.public_key() if public is None else public)
        with self._opening:
            data_key = self._data_key()
            assert self._header is not None
            slot = persons.wrap(data_key, persons.check_name(name), raw, self._header)
            self._header = {**self._header, "slots": persons.joined(self._header["slots"], slot)}

    def is_of(self, header: Any) -> bool:
        """Whether ``header`` names the same key as this vault's does."""
        return isinstance(header, Mapping) and header.get("key_id") == self.key_id

    def follow(self, header: dict[str, Any]) -> None:
        """Take over the ways to the same key that the store has now; others may have added some."""
        with self._opening:
            if header != self._header and self.is_of(header) and not slots.header_problem(header):
                self._header = _copied(header)

    def reopened(self, header: dict[str, Any]) -> Self:
        """A vault for another version of this store's header (after a rotation elsewhere), opened by the same means."""
        vault = type(self).open(header, environ=self._environ, config_dir=self._config_dir, passphrase=self._passphrase)
        vault._given, vault._typed = dict(self._given), self._typed
        return vault

    def renewed(self, *, drop: Collection[SlotKind] = (), without: Collection[str] = ()) -> Self:
        """A vault with a new data key for the same store, with the same kinds of key slots except those in ``drop``.

        The persons ``without`` have none any more; those of the others are made anew by their public keys.

        Nothing of the store is changed: see :func:`flowbook.vault.rotate`. The passphrase of a passphrase slot stays.
        Raises VaultLocked for a slot that cannot be carried over, NotFound for a kind or person that there is not.
        """
        for kind in drop:
            slots.check_kind(kind)
        with self._opening:
            self.unlock()
            old = self.header
            assert old is not None
            persons.check_known(old, without)
            kept = [slot for slot in old["slots"] if slot["kind"] not in drop and slot["kind"] != slots.PERSON]
            staying = [slot for slot in persons.of(old) if slot["name"] not in without]
            for slot in kept:
                self._check_carried(slot, old)
            data_key, header = new_header(old["store_id"])
            new = self.reopened({**header, "slots": []})
            new._made = header["key_id"]
            try:
                own = persons.own_key(self._config_dir)
                for slot in staying:
                    header["slots"].append(persons.rewrapped(slot, self._data_key(), old, data_key, header))
                alone = not any(persons.is_of(slot, own) for slot in staying)
                for kind in [slot["kind"] for slot in kept] or (["file"] if alone else []):
                    header["slots"].append(new._make_slot(kind, data_key, header)[0])
            except BaseException:
                new.discard_key()
                raise
            new._header, new._key = header, data_key
            return new

    def discard_key(self) -> None:
        """Remove the key file and keyring entry that :meth:`renewed` made; a vault opened from a store has none.

        What is encrypted with that key already is lost to this machine then.
        """
        if self._made is not None:
            remove_key_file(key_file(self._config_dir, self._made))
            slots.keyring_remove(self._made)

    def retirement(self) -> dict[str, Any]:
        """What a store keeps to say that this vault's key is needed no more: proven by that key itself."""
        data_key = self._data_key()
        assert self._header is not None
        return retiring.retirement(data_key, self._header)

    def discard_retired(self, entry: Any) -> None:
        """Remove a key of this store from this machine, when ``entry`` is its own :meth:`retirement`."""
        if self._header is not None:
            retiring.discard_retired(entry, self._header, self._config_dir)

    def __repr__(self) -> str:
        state = "unlocked" if self.is_unlocked else "locked"
        return f"<{type(self).__name__} {self.key_id or 'without a key yet'}, {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a vault holds keys and cannot be pickled or copied")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _data_key(self) -> Key:
        if self._key is not None:
            return self._key
        with self._opening:
            if self._key is None and self._header is None:
                self._create("environment" if environment_key(self._given) else "file")
            if self._key is None:
                assert self._header is not None
                self._key = self._find_key(self._header)
            return self._key

    def _create(self, kind: SlotKind, passphrase: str | None = None) -> str | None:
        """Make the data key of a store that has none; the new key as text when a person must keep it."""
        data_key, header = new_header(uuid.uuid4().hex)
        slot, text = self._make_slot(kind, data_key, header, passphrase)
        self._header, self._key = {**header, "slots": [slot]}, data_key
        return text

    def _find_key(self, header: dict[str, Any]) -> Key:
        tried: list[str] = []
        given = environment_key(self._given)
        if given is not None:
            # The content of a key file may be handed over as FLOWBOOK_KEY, so both kinds of slot are tried.
            if (key := self._unwrap(header, ("environment", "file"), given)) is not None:
                return key
            tried.append("the key from the environment")
        kinds = {slot["kind"] for slot in header["slots"]}
        kept = read_key_file(key_file(self._config_dir, header["key_id"])) if "file" in kinds else None
        if kept is not None:
            if (key := self._unwrap(header, ("file",), kept)) is not None:
                return key
            tried.append("the key file")
        if (key := persons.opened(header, self._config_dir)) is not None:
            return key
        entry = slots.keyring_get(header["key_id"]) if "keyring" in kinds else None
        if entry is not None:
            if (key := self._unwrap(header, ("keyring",), entry)) is not None:
                return key
            tried.append("the keyring's key")
        if (key := self._try_passphrase(header, tried)) is not None:
            return key
        raise slots.wrong_key(header, list(dict.fromkeys(tried))) if tried else slots.locked(header)

    def _unwrap(self, header: dict[str, Any], kinds: tuple[str, ...], by: Key) -> Key | None:
        for slot in header["slots"]:
            if slot["kind"] in kinds and (key := slots.unwrap(slot, by, header)) is not None:
                return key
        return None

    def _try_passphrase(self, header: dict[str, Any], tried: list[str]) -> Key | None:
        found = [slot for slot in header["slots"] if slot["kind"] == "passphrase"]
        for passphrase in self._passphrases() if found else ():
            for slot in found:
                if (key := slots.unwrap_by_passphrase(slot, passphrase, header)) is not None:
                    self._typed = passphrase
                    return key
            tried.append("the passphrase")
        return None

    def _passphrases(self) -> Iterator[str]:
        """The one that opened this store before, then the one that is given or asked for."""
        if self._typed:
            yield self._typed
        if (given := self._ask()) and given != self._typed:
            yield given

    def _check_carried(self, slot: dict[str, Any], header: dict[str, Any]) -> None:
        """Refuse a rotation that would quietly shut out whoever uses this slot, or give it a mistyped passphrase."""
        if slot["kind"] == "file" and persons.of(header):
            if read_key_file(key_file(self._config_dir, header["key_id"])) is None:
                raise _cannot_carry("file", "the key file is another person's, on their machine", _OWN_FIRST)
        elif slot["kind"] == "environment":
            given = environment_key(self._given)
            if given is None or slots.unwrap(slot, given, header) is None:
                raise _cannot_carry("environment", "FLOWBOOK_KEY is not set to its key")
        elif slot["kind"] == "passphrase" and self._typed is None:
            typed = self._ask()
            if not typed or slots.unwrap_by_passphrase(slot, typed, header) is None:
                raise _cannot_carry("passphrase", "its passphrase was not given")
            self._typed = typed

    def _ask(self) -> str | None:
        return self._passphrase() if callable(self._passphrase) else self._passphrase

    def _make_slot(
        self,
        kind: SlotKind,
        data_key: Key,
        header: dict[str, Any],
        passphrase: str | None = None,
        by: Key | None = None,
    ) -> tuple[dict[str, Any], str | None]:
        """A new slot, its key put where it belongs; and the key as text when a person must keep it."""
        store_id, key_id = header["store_id"], header["key_id"]
        if kind == "passphrase":
            phrase = passphrase or self._typed or self._ask()
            slot = slots.wrap_by_passphrase(data_key, phrase or "", store_id, key_id)
            self._typed = phrase
            return slot, None
        if kind == "environment":
            given = by or environment_key(self._given)
            by = given or Key.random()
            return slots.wrap(data_key, kind, by, store_id, key_id), None if given else by.text()
        path = key_file(self._config_dir, key_id)
        kept = slots.keyring_get(key_id) if kind == "keyring" else read_key_file(path)
        if kept is not None and self._unwrap(header, (kind,), kept) is None:
            # The store names the key id, and anyone may have made the store: the key there may be another store's.
            where = "the system's keyring" if kind == "keyring" else f"the file {path}"
            raise VaultError(
                f"there is a key for key id {key_id} in {where} already, and it does not open this store.",
                "Another workspace may need it. Rotate this one's key ('flowbook key rotate'), then try again.",
            )
        by = kept or Key.random()
        if kept is None and kind == "keyring":
            slots.keyring_set(key_id, by)
        elif kept is None:
            write_key_file(path, by)
        return slots.wrap(data_key, kind, by, store_id, key_id), None


def new_header(store_id: str) -> tuple[Key, dict[str, Any]]:
    """A new data key and the header that goes with it, still without slots."""
    data_key, key_id = Key.random(), secrets.token_hex(8)
    header = {
        "format": FORMAT,
        "store_id": store_id,
        "key_id": key_id,
        "check": slots.check_value(data_key, store_id, key_id),
        "slots": [],
    }
    return data_key, header


_GIVE_IT = "Give it, or drop the slot (--drop {0}) and make a new one afterwards with 'flowbook key init'."
_OWN_FIRST = "Have them add themselves ('flowbook key add-person NAME') first, or shut that file out: --drop {0}."


def _cannot_carry(kind: str, why: str, hint: str = _GIVE_IT) -> VaultLocked:
    return VaultLocked(f"the key slot {kind!r} cannot be carried over to the new key: {why}.", hint.format(kind))


def _copied(header: dict[str, Any]) -> dict[str, Any]:
    return {**header, "slots": [dict(slot) for slot in header["slots"]]}
