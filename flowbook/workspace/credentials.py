"""Which credentials an integration's name means here, and how they get in and out of the store.

The environment's win over the store's (:func:`flowbook.vault.credentials_for` decides). Only the vault seals and opens.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from contextvars import Context
from typing import Any

from flowbook import environment, vault
from flowbook.catalog import Catalog
from flowbook.errors import FlowbookError, InputError, MissingCredentials, NotFound, VaultError
from flowbook.hosts import checked_host
from flowbook.models import Integration, IntegrationType
from flowbook.redaction import texts_in
from flowbook.store import WorkspaceStore
from flowbook.tasks.oauth2 import SignInField
from flowbook.tasks.renewing import Renew
from flowbook.workspace.given import GivenHere
from flowbook.workspace.key import Passphrase, WorkspaceKey
from flowbook.workspace.kinds import Credentials, Kinds, secrets_among
from flowbook.workspace.locks import Locks
from flowbook.workspace.meanings import Meanings
from flowbook.workspace.safe import Safe
from flowbook.workspace.sign_ins import SignIns


class CredentialBook:
    """The credentials of one workspace.

    With ``memory`` their key is a new one that is never written anywhere and is known to this object alone.
    """

    def __init__(
        self, store: WorkspaceStore, catalog: Catalog, passphrase: Passphrase = None, *, locks: Locks, memory: bool
    ) -> None:
        self._store = store
        self._catalog = catalog
        self.key = WorkspaceKey(store, passphrase, memory=memory)
        self.kinds = Kinds(store, catalog)
        self.given = GivenHere(store, catalog, self.kinds)
        self.meanings = Meanings(catalog, self)
        self.safe = Safe(store, self.key.vault, self.signed_in_for)
        self.sign_ins = SignIns(self, locks)

    # -- putting in ----------------------------------------------------------------------------------------------

    def create(
        self, name: str, kind: IntegrationType, given: Mapping[str, Any], hosts: Collection[str] | None = None
    ) -> Integration:
        """Store a new integration, its secrets sealed. Raises InputError, AlreadyExists, VaultError.

        ``hosts`` are the servers that it may be used with, by default those that its credentials name.
        """
        values = self.kinds.check(kind, given)
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
        changes_sign_in = self.signed_in_for(kind.name) in {*clear, *given}
        if clear:
            left = {name: value for name, value in integration.fields.items() if name not in clear}
            integration = integration.model_copy(update={"fields": left})
        changed = {name: value for name, value in given.items() if value is not None and value != ""}
        values = self.kinds.check(kind, changed, kept=integration.fields)
        kept = set(integration.fields) - set(changed)
        untested = integration.model_copy(update={"tested_at": None, "tested_ok": None, "tested_message": ""})
        new = {name: value for name, value in values.items() if name not in kept}
        return self._save(untested, kind, new, revision, signing_in=changes_sign_in)

    def _save(
        self,
        integration: Integration,
        kind: IntegrationType,
        values: Credentials,
        revision: int | None = None,
        *,
        signing_in: bool = False,
    ) -> Integration:
        with self._store.transaction():
            opened = self.key.vault()
            sealed = opened.seal_fields(kind, integration.id, values)
            self.key.keep_if_new(opened)
            hosts = integration.hosts
            if not integration.hosts_chosen:
                hosts = self.meanings.default(kind.name, {**self.meanings.addresses(integration), **values})
            filled = integration.model_copy(update={"fields": {**integration.fields, **sealed}, "hosts": hosts})
            self.safe.put(filled, revision, signing_in=signing_in)
        return filled

    # -- taking out ----------------------------------------------------------------------------------------------

    def opened(self, integration: Integration) -> Credentials:
        """The plain values of a stored integration. Raises VaultError when its record is not as it was saved."""
        return self.key.steadily(lambda: self._opened(integration.id))

    def _opened(self, id: str) -> Credentials:
        checked = self.safe.integration(id)
        self._check_types(checked)
        return self.key.vault().open_fields(checked)

    def _check_types(self, integration: Integration) -> None:
        """Raise VaultError when the type in the store and what is kept do not agree on what is a secret."""
        kind = self.kinds.kind(integration.type)
        for name, value in integration.fields.items():
            parameter = kind.parameter(name)
            if vault.is_sealed(value) and parameter is not None and not parameter.secret:
                raise VaultError(
                    f"the integration type {kind.name!r} was changed outside of Flowbook: {name!r} of "
                    f"{integration.name!r} is a secret, and the type says that it is none.",
                    "Make it a password again, and find out who wrote to the store's file.",
                )
        said = self._store.type(integration.type)
        for name, value in integration.fields.items():
            parameter = said.parameter(name)
            if not vault.is_sealed(value) and parameter is not None and parameter.secret:
                raise VaultError(
                    f"{integration.name!r} was changed outside of Flowbook: its {name!r} is a password, and is kept in "
                    "clear.",
                    "Enter it again, and find out who wrote to the store's file.",
                )

    def of(
        self, name: str, folder: str = "", *, fresh: bool = True, refused: str = ""
    ) -> tuple[Credentials, list[str]]:
        """(credentials, the secret ones among their values) of the integration called ``name``.

        The environment's win over the store's, which are then not opened. ``folder`` is the integration folder they are
        for. With ``fresh`` what somebody signed in for is renewed if it ends soon, which asks the service, or if it is
        ``refused``. Raises
        MissingCredentials, VaultLocked or WrongKey, and then SignInFailed and ServiceError.
        """
        stored, near = self.stored(name)
        given = vault.credentials_from_environment(name)
        if given is not None:
            type_name, values = self.given.fitting(name, stored, folder, given)
        elif stored is not None:
            type_name, values = stored.type, self.opened(stored)
        else:
            hint = f"{near} Create it in the Integrations tab, or {vault.how_to_set(name)}.".strip()
            raise MissingCredentials(f"there are no credentials for the integration {name!r}.", hint)
        if folder and type_name != folder:
            raise MissingCredentials(
                f"the integration {name!r} is of type {type_name!r}, and the task is one of {folder!r}.",
                f"Use an integration of type {folder!r}.",
            )
        parameters = self.kinds.parameters(type_name)
        missing = [p.name for p in parameters if p.required and values.get(p.name) in (None, "")]
        if missing:
            raise MissingCredentials(
                f"the integration {name!r} lacks the required {', '.join(missing)}.", "Edit it and fill that in."
            )
        usable, hidden = self.sign_ins.usable(
            name, type_name, values, None if given else stored, fresh=fresh, refused=refused
        )
        return usable, [*secrets_among(parameters, usable), *hidden]

    def renewing(self, name: str, folder: str, hide: Callable[[str], object]) -> Renew | None:
        """What gets a new access token for the integration called ``name``; None when nobody signs in to its service.

        ``hide`` is told the secrets that it comes by.
        """
        field = self.signed_in_for(folder)
        if field is None:
            return None

        def renew(refused: str, /, *, again: bool = False) -> str:
            if again:
                self.sign_ins.refused_again(name, refused)
                return ""
            # In no call: what it asks the service is not the task's, is on no cassette, and no part of a dry run.
            values, secrets = Context().run(self.of, name, folder, refused=refused)
            for secret in secrets:
                hide(secret)
            return str(values.get(field) or "")

        return renew

    def sign_in(self, type_name: str) -> SignInField | None:
        """The credential of a type that somebody signs in for, and how; None for most."""
        try:
            return self._catalog.folder(type_name).sign_in
        except FlowbookError:
            return None

    def signed_in_for(self, type_name: str) -> str | None:
        """The name of that credential."""
        found = self.sign_in(type_name)
        return None if found is None else found.field

    def always_signed_in(self, type_name: str) -> bool:
        """Whether no integration of a type can be used before somebody, or a service account, is signed in."""
        found = self.sign_in(type_name)
        return found is not None and found.needed

    def keep_sign_in(self, id: str, text: str | None) -> None:
        """Store what came of a sign-in, sealed, with all else as it is in the store now; None takes it away."""
        with self._store.transaction():
            stored = self.safe.integration(id)
            found = self.sign_in(stored.type)
            if found is None:
                return
            # Who signs out has no refresh token left either: the first use has replaced what a person gave.
            gone = {found.field} if text is not None else {found.field, found.said.refresh_token}
            fields = {name: value for name, value in stored.fields.items() if name not in gone}
            if text is not None:
                opened = self.key.vault()
                fields[found.field] = opened.seal(text, integration_id=id, type_name=stored.type, field=found.field)
                self.key.keep_if_new(opened)
            self.safe.put(stored.model_copy(update={"fields": fields}), signing_in=True)

    def stored(self, name: str) -> tuple[Integration | None, str]:
        """(the stored integration of that name, None when there is none; which name is like it)."""
        try:
            return self._store.integration(name), ""
        except NotFound as error:
            return None, error.nearest

    def all_secrets(self) -> dict[str, list[str]]:
        """Every secret value that this workspace knows, by the integration (or variable) that it belongs to.

        Raises VaultLocked or WrongKey when the stored ones do not open.
        """
        found: dict[str, list[str]] = {}
        for one in self._store.integrations():
            found[one.name] = self._secrets_of(one)
        for variable, text in environment.take().items():
            if variable.startswith(environment.CREDENTIALS):
                found[variable] = texts_in(vault.given_by(variable, text).values)
            elif variable != environment.KEYS[1]:  # the key, a database's address, or what is misspelt
                found[variable] = [text]
        return found

    def _secrets_of(self, integration: Integration) -> list[str]:
        opened = self.opened(integration)
        secrets = secrets_among(self.kinds.parameters(integration.type), opened)
        return [*secrets, *self.sign_ins.secrets(integration.type, opened)]

    def type_of(self, name: str) -> str:
        """The type of an integration that is stored, or whose credentials in the environment name it; else empty."""
        stored, _ = self.stored(name)
        given = vault.credentials_from_environment(name) if stored is None else None
        return stored.type if stored is not None else given.type if given is not None else ""

    def misfit(self, name: str, folder: str) -> tuple[str, str] | None:
        """What is wrong with what the environment gives for an integration, and the remedy; None when nothing is."""
        if not vault.variables_given(name):
            return None
        try:
            self.of(name, folder, fresh=False)
        except MissingCredentials as error:
            return error.message, error.hint
        return None


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
