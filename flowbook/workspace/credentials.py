"""Which credentials an integration's name means here, and how they get in and out of the store.

The environment's win over the store's (:func:`flowbook.vault.credentials_for` decides). Only the vault seals and opens.
"""

from __future__ import annotations

import getpass
import sys
import threading
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from flowbook import environment
from flowbook.catalog import Catalog
from flowbook.errors import (
    FlowbookError,
    InputError,
    MissingCredentials,
    NotFound,
    StoreError,
    UnfitCredentials,
    VaultError,
    suggest,
)
from flowbook.hosts import checked_host
from flowbook.models import Integration, IntegrationType, Parameter
from flowbook.redaction import access_in, texts_in
from flowbook.store import WorkspaceStore
from flowbook.validation.values import coerced, misfit
from flowbook.vault import (
    Given,
    Vault,
    credentials_from_environment,
    export_key,
    finish_rotation,
    given_by,
    how_to_set,
    init_key,
    integration_slug,
    integrity,
    is_sealed,
    rotate,
    variables_given,
)
from flowbook.vault.integrity import HEADER
from flowbook.vault.keys import Key, remove_key_file
from flowbook.workspace.meanings import Meanings
from flowbook.workspace.safe import Safe

Credentials = dict[str, Any]
Passphrase = str | Callable[[], str | None] | None


class CredentialBook:
    """The credentials of one workspace.

    With ``memory`` their key is a new one that is never written anywhere and is known to this object alone.
    """

    def __init__(
        self, store: WorkspaceStore, catalog: Catalog, passphrase: Passphrase = None, *, memory: bool = False
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._passphrase: Passphrase = passphrase if passphrase is not None else _ask
        self._environ = {"FLOWBOOK_KEY": Key.random().text()} if memory else None
        self._vault: Vault | None = None
        self._lock = threading.RLock()
        self.meanings = Meanings(store, catalog, self)
        self.safe = Safe(store, self.vault)

    # -- the vault ---------------------------------------------------------------------------------------------

    def vault(self) -> Vault:
        """The vault as the store's header says it is now; it looks for a key only when one is needed."""
        with self._lock:
            header = self._store.meta(HEADER)
            known = self._vault
            if known is None:
                known = Vault.open(header, environ=self._environ, passphrase=self._passphrase)
            elif header is not None and not known.is_of(header):
                known = known.reopened(header)
            self._vault = known
            if header is not None and header.get("retired"):
                self._tidy(known)
            return known

    def _tidy(self, vault: Vault) -> None:
        """Finish what a rotation that was killed left to do, when that is possible here."""
        try:
            finish_rotation(self._store, vault)
        except (StoreError, FlowbookError):
            # A folder that cannot be written or a vault that is locked here: the next one who can will do it.
            return

    def init_key(self, passphrase: str | None = None, kind: str | None = None) -> tuple[dict[str, Any], str | None]:
        """Make the key, or add one more way to open it: (its status, the key as text if one is to be handed over)."""
        with self._lock, self._store.transaction():
            before = self._store.meta(HEADER)
            vault, text = init_key(
                before,
                kind=kind or self._usual_slot(passphrase),  # type: ignore[arg-type]
                passphrase=passphrase,
                environ=self._environ,
                unlock_with=self._passphrase,
            )
            self._keep_new_key(vault)
            if before is not None:
                self._store.set_meta(HEADER, vault.header)
            self._vault = vault
        return vault.status(), text

    def _keep_new_key(self, vault: Vault) -> None:
        """Keep a key that was just made, and sign by it what has no secrets and was stored before there was one."""
        if vault.header is not None and self._store.meta(HEADER) is None:
            self._store.set_meta(HEADER, vault.header)
            integrity.sign_all(self._store, vault)

    def export_key(self, path: Path, *, replace: bool = False) -> dict[str, Any]:
        """Write a key for ``FLOWBOOK_KEY_FILE`` to a new file that its owner alone can read; the key's status."""
        written = False
        with self._lock:
            try:
                with self._store.transaction():
                    vault = self.vault()
                    export_key(vault, path, replace=replace)
                    written = True
                    self._store.set_meta(HEADER, vault.header)
            except BaseException:
                self._vault = None
                if written:
                    remove_key_file(path)
                raise
            return vault.status()

    def key_status(self) -> tuple[dict[str, Any], VaultError | None]:
        """(the key's status, why nothing that is at hand here opens it); nobody is asked for a passphrase."""
        with self._lock:
            vault = self.vault()
            problem: VaultError | None = None
            if vault.header is not None:
                try:
                    vault.unlock("")
                except VaultError as error:
                    problem = error
            return vault.status(), problem

    def _usual_slot(self, passphrase: str | None) -> str:
        if passphrase:
            return "passphrase"
        return "file" if self._environ is None else "environment"

    def unlock(self, passphrase: str | None = None) -> None:
        """Find the key now; a passphrase that opens the vault is kept in memory, for when the key changes."""
        with self._lock:
            self.vault().unlock(passphrase)
            self._passphrase = passphrase or self._passphrase

    def wants_passphrase(self) -> bool:
        """Whether the vault is locked here, and a passphrase would open it; asks nobody for it."""
        with self._lock:
            vault = self.vault()
            if vault.is_unlocked or all(slot["kind"] != "passphrase" for slot in vault.status()["slots"]):
                return False
            try:
                vault.unlock(self._passphrase if isinstance(self._passphrase, str) else "")
            except VaultError:
                return True
            return False

    def rotate_key(self) -> dict[str, Any]:
        """Encrypt every secret with a new key; the new key's status."""
        with self._lock:
            self._vault = rotate(self._store, self.vault())
            return self._vault.status()

    # -- putting in ----------------------------------------------------------------------------------------------

    def check(self, kind: IntegrationType, given: Mapping[str, Any], *, kept: Collection[str] = ()) -> Credentials:
        """``given`` with the right types, without what is empty; UnfitCredentials lists all that does not fit.

        ``kept`` are the names that have a stored value already and so are not missing. Values are never repeated.
        """
        problems = {
            name: f"{kind.name} has no such credential. {suggest(name, [p.name for p in kind.parameters])}".strip()
            for name in given
            if kind.parameter(name) is None
        }
        values: Credentials = {}
        for parameter in kind.parameters:
            value = given.get(parameter.name)
            value = parameter.default if value is None or value == "" else coerced(parameter, value)
            if value is None:
                if parameter.required and parameter.name not in kept:
                    problems[parameter.name] = "is required."
                continue
            wrong = misfit(parameter, value)
            if wrong:
                problems[parameter.name] = f"{wrong[0]} {wrong[1]}".strip()
            values[parameter.name] = value
        if problems:
            raise UnfitCredentials(kind.name, problems)
        return values

    def check_change(self, kind: IntegrationType) -> None:
        """Raise UnfitCredentials when a changed type does not fit what its integrations hold, or its folder's schema.

        What they hold in clear cannot become a password, nor what they hold sealed a plain value; nor can what the
        folder says is a password.
        """
        held = [one for one in self._store.integrations() if one.type == kind.name]
        problems = {}
        for parameter in kind.parameters:
            having = [one for one in held if parameter.name in one.fields]
            holders = [one.name for one in having if is_sealed(one.fields[parameter.name]) != parameter.secret]
            if holders:
                problems[parameter.name] = _unlike(parameter, holders)
        if problems:
            raise UnfitCredentials(kind.name, problems)
        self.check_secrets(kind)

    def check_secrets(self, kind: IntegrationType) -> None:
        """Raise UnfitCredentials for a parameter that the type's folder declares to be a password, and the type not."""
        problems = {
            parameter.name: "is a password of the integration folder, and cannot be another kind here."
            for parameter in kind.parameters
            if not parameter.secret and parameter.name in self._declared_secrets(kind.name)
        }
        if problems:
            raise UnfitCredentials(kind.name, problems)

    def create(
        self, name: str, kind: IntegrationType, given: Mapping[str, Any], hosts: Collection[str] | None = None
    ) -> Integration:
        """Store a new integration, its secrets sealed. Raises InputError, AlreadyExists, VaultError.

        ``hosts`` are the servers that it may be used with, by default those that its credentials name.
        """
        values = self.check(kind, given)
        new = choosing(Integration(id=str(uuid.uuid4()), name=name, type=kind.name), hosts)
        return self._save(new, kind, values, revision=0)

    def update(
        self,
        integration: Integration,
        kind: IntegrationType,
        given: Mapping[str, Any],
        *,
        clear: Collection[str] = (),
        revision: int | None = None,
        hosts: Collection[str] | None = None,
    ) -> Integration:
        """Store an integration with the values given; what is not given, or empty, stays as it is stored.

        What ``clear`` names is taken away (a default comes in its place). With ``revision`` (the one that was read)
        saving over a newer one raises Conflict. ``hosts`` are chosen from then on; without, those chosen before stay,
        and those that the credentials name follow them.
        """
        integration = choosing(integration, hosts)
        if clear:
            left = {name: value for name, value in integration.fields.items() if name not in clear}
            integration = integration.model_copy(update={"fields": left})
        changed = {name: value for name, value in given.items() if value is not None and value != ""}
        values = self.check(kind, changed, kept=integration.fields)
        kept = set(integration.fields) - set(changed)
        untested = integration.model_copy(update={"tested_at": None, "tested_ok": None, "tested_message": ""})
        return self._save(untested, kind, {name: value for name, value in values.items() if name not in kept}, revision)

    def _save(
        self, integration: Integration, kind: IntegrationType, values: Credentials, revision: int | None = None
    ) -> Integration:
        with self._lock, self._store.transaction():
            vault = self.vault()
            sealed = vault.seal_fields(kind, integration.id, values)
            self._keep_new_key(vault)
            hosts = integration.hosts
            if not integration.hosts_chosen:
                hosts = self.meanings.default(kind.name, {**self.meanings.addresses(integration), **values})
            filled = integration.model_copy(update={"fields": {**integration.fields, **sealed}, "hosts": hosts})
            self.safe.put(filled, revision)
        return filled

    # -- taking out ----------------------------------------------------------------------------------------------

    def opened(self, integration: Integration) -> Credentials:
        """The plain values of a stored integration. Raises VaultError when its record is not as it was saved."""
        checked = self.safe.integration(integration.id)
        self._check_types(checked)
        return self.vault().open_fields(checked)

    def _check_types(self, integration: Integration) -> None:
        """Raise VaultError when the type in the store says that a value is no secret which was sealed as one."""
        kind = self.kind(integration.type)
        for name, value in integration.fields.items():
            parameter = kind.parameter(name)
            if is_sealed(value) and parameter is not None and not parameter.secret:
                raise VaultError(
                    f"the integration type {kind.name!r} was changed outside of Flowbook: {name!r} of "
                    f"{integration.name!r} is a secret, and the type says that it is none.",
                    "Make it a password again, and find out who wrote to the store's file.",
                )

    def of(self, name: str, folder: str = "") -> tuple[Credentials, list[str]]:
        """(credentials, the secret ones among their values) of the integration called ``name``.

        The environment's win over the store's, which are then not opened. ``folder`` is the integration folder they are
        for. Raises MissingCredentials, VaultLocked or WrongKey.
        """
        stored, near = self._stored(name)
        given = credentials_from_environment(name)
        if given is not None:
            type_name, values = self._fitting(name, stored, folder, given)
        elif stored is not None:
            type_name, values = stored.type, self.opened(stored)
        else:
            hint = f"{near} Create it in the Integrations tab, or {how_to_set(name)}.".strip()
            raise MissingCredentials(f"there are no credentials for the integration {name!r}.", hint)
        if folder and type_name != folder:
            raise MissingCredentials(
                f"the integration {name!r} is of type {type_name!r}, and the task is one of {folder!r}.",
                f"Use an integration of type {folder!r}.",
            )
        parameters = self.parameters(type_name)
        missing = [p.name for p in parameters if p.required and values.get(p.name) in (None, "")]
        if missing:
            raise MissingCredentials(
                f"the integration {name!r} lacks the required {', '.join(missing)}.", "Edit it and fill that in."
            )
        return values, secrets_among(parameters, values)

    def _stored(self, name: str) -> tuple[Integration | None, str]:
        try:
            return self._store.integration(name), ""
        except NotFound as error:
            return None, error.nearest

    def _fitting(self, name: str, stored: Integration | None, folder: str, given: Given) -> tuple[str, Credentials]:
        """(the type, what the environment gives for ``name``), checked as what is stored was when it was entered.

        Raises MissingCredentials, which never repeats a value, for what does not fit.
        """
        self.check_twins([name, *(each.name for each in self._store.integrations())])
        type_name = given.type or (stored.type if stored is not None else folder)
        if stored is not None and type_name != stored.type:
            raise MissingCredentials(
                f"{given.variable} is of type {type_name!r}, and the integration {name!r} of type {stored.type!r}.",
                f"Correct {given.variable}, or rename one of them.",
            )
        parameters = self.parameters(type_name)
        if not given.type and stored is None and not parameters:
            raise MissingCredentials(
                f"{given.variable} does not say of which type the credentials of {name!r} are.",
                f'Add the type to its JSON object: "integration_type": "{folder or "…"}".',
            )
        if not parameters:
            self._check_type_known(given)
            return type_name, given.values
        try:
            return type_name, self.check(IntegrationType(name=type_name, parameters=parameters), given.values)
        except UnfitCredentials as error:
            listed = " ".join(f"{field}: {text}" for field, text in error.fields.items())
            raise MissingCredentials(
                f"{given.variable} (the credentials of {name!r}) does not fit {type_name!r}: {listed}",
                f"Correct {given.variable}.",
            ) from None

    def _check_type_known(self, given: Given) -> None:
        known = {*self._catalog.names(), *(kind.name for kind in self._store.types())}
        if given.type and given.type not in known:
            raise MissingCredentials(
                f"{given.variable} names the integration type {given.type!r}, which is not there.",
                suggest(given.type, known) or f"There are: {', '.join(sorted(known))}.",
            )

    def check_twins(self, names: Iterable[str]) -> None:
        """Raise MissingCredentials when one variable that is set means two of these integrations."""
        by_slug: dict[str, str] = {}
        for name in names:
            other = by_slug.setdefault(integration_slug(name), name)
            if other != name and (given := variables_given(name)):
                raise MissingCredentials(f"{given[0]} means {other!r} and {name!r} alike.", "Rename one of them.")

    def all_secrets(self) -> dict[str, list[str]]:
        """Every secret value that this workspace knows, by the integration (or variable) that it belongs to.

        Raises VaultLocked or WrongKey when the stored ones do not open.
        """
        found: dict[str, list[str]] = {}
        for one in self._store.integrations():
            found[one.name] = secrets_among(self.parameters(one.type), self.opened(one))
        for variable, text in environment.take().items():
            if variable not in environment.KEYS:
                found[variable] = texts_in(given_by(variable, text).values)
            elif variable == environment.KEYS[0]:
                found[variable] = [text]
        return found

    def type_of(self, name: str) -> str:
        """The type of an integration that is stored, or whose credentials in the environment name it; else empty."""
        stored, _ = self._stored(name)
        given = credentials_from_environment(name) if stored is None else None
        return stored.type if stored is not None else given.type if given is not None else ""

    def misfit(self, name: str, folder: str) -> tuple[str, str] | None:
        """What is wrong with what the environment gives for an integration, and the remedy; None when nothing is."""
        if not variables_given(name):
            return None
        try:
            self.of(name, folder)
        except MissingCredentials as error:
            return error.message, error.hint
        return None

    def parameters(self, type_name: str) -> tuple[Parameter, ...]:
        """The parameters of an integration type; of its folder when the type is not stored."""
        try:
            return self.kind(type_name).parameters
        except NotFound:
            return self._of_folder(type_name)

    def kind(self, name: str) -> IntegrationType:
        """The stored integration type, but what its folder declares a password is one whatever is stored."""
        kind = self._store.type(name)
        secret = self._declared_secrets(name)
        if all(parameter.secret or parameter.name not in secret for parameter in kind.parameters):
            return kind
        parameters = [_as_password(one) if one.name in secret else one for one in kind.parameters]
        return kind.model_copy(update={"parameters": tuple(parameters)})

    def _declared_secrets(self, name: str) -> set[str]:
        try:
            folder = self._catalog.folder(name)
        except FlowbookError:
            return set()
        return {one.name for one in folder.credentials if one.secret} if folder.declares_credentials else set()

    def _of_folder(self, name: str) -> tuple[Parameter, ...]:
        try:
            return self._catalog.folder(name).credentials
        except FlowbookError:
            return ()


def choosing(integration: Integration, hosts: Collection[str] | None) -> Integration:
    """The integration with these servers chosen (None: as it is). InputError names the one that cannot be one."""
    if hosts is None:
        return integration
    chosen = []
    for host in hosts:
        try:
            chosen.append(checked_host(host))
        except ValueError as error:
            raise InputError(
                f"{host!r} cannot be an allowed host: {error}.", "Give hosts, such as api.example.com."
            ) from None
    return integration.model_copy(update={"hosts": tuple(dict.fromkeys(chosen)), "hosts_chosen": True})


def _as_password(parameter: Parameter) -> Parameter:
    return Parameter(
        name=parameter.name, type="password", required=parameter.required, description=parameter.description
    )


def _unlike(parameter: Parameter, holders: list[str]) -> str:
    """Why a parameter cannot become a password, or no password any more."""
    shown = ", ".join(f"“{holder}”" for holder in holders)
    how = "in clear" if parameter.secret else "as a secret"
    those = "that" if len(holders) == 1 else "those"
    return f"{shown} keeps this {how}. Add a new parameter for it, or delete {those} first."


def secrets_among(parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> list[str]:
    """The values that must never be shown: those of passwords, and of names that no parameter describes.

    Of what is open, such as an address or a JSON value, the parts that give access.
    """
    open_names = {parameter.name for parameter in parameters if not parameter.secret}
    found: list[str] = []
    for name, value in values.items():
        found += access_in(value) if name in open_names else texts_in(value)
    return found


def _ask() -> str | None:
    """The passphrase from the person at the terminal, if there is one."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    return getpass.getpass("Passphrase of this workspace's key: ")
