"""Integration types and integrations of one workspace: made, changed, tested."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.catalog import Catalog
from flowbook.errors import InputError, MissingCredentials, NotFound
from flowbook.limits import Limits
from flowbook.models import Integration, IntegrationType, Parameter, check_integration_name
from flowbook.store import WorkspaceStore
from flowbook.workspace.credentials import CredentialBook
from flowbook.workspace.kinds import secrets_among

if TYPE_CHECKING:
    from flowbook.results import NodeResult
    from flowbook.workspace.starting import Starter
    from flowbook.workspace.trial import Trial

TEST_SECONDS = 60.0


class Integrations:
    """What :class:`~flowbook.workspace.Workspace` does with integration types and integrations."""

    def __init__(self, store: WorkspaceStore, catalog: Catalog, credentials: CredentialBook, starter: Starter) -> None:
        self._store = store
        self._catalog = catalog
        self._credentials = credentials
        self._starter = starter

    def create_type(self, name: str, parameters: list[Parameter] | None, description: str | None) -> IntegrationType:
        """Create an integration type; what is not given is taken from its folder."""
        try:
            folder = self._catalog.folder(name)
        except NotFound as error:
            there = f"The folders there are: {', '.join(sorted(self._catalog.names()))}."
            raise NotFound(error.what, name, hint=f"{error.nearest} {there}".strip()) from None
        kind = IntegrationType(
            name=name,
            description=folder.description if description is None else description,
            parameters=folder.credentials if parameters is None else tuple(parameters),
        )
        self._credentials.kinds.check_secrets(kind)
        self._store.save_type(kind, revision=0)
        return kind

    def type(self, name: str) -> IntegrationType:
        """The type of that name; NotFound says how to make it where its folder is there."""
        try:
            return self._credentials.kinds.kind(name)
        except NotFound as error:
            if name in self._catalog.names():
                raise NotFound(
                    "integration type", name, hint=f"Create it first: flowbook types create {name} --from-folder"
                ) from None
            raise error

    def create(
        self, name: str, type: str, credentials: Mapping[str, Any], hosts: Collection[str] | None = None
    ) -> Integration:
        """Create an integration, its secrets encrypted."""
        return self._credentials.create(check_integration_name(name), self.type(type), credentials, hosts)

    def update(
        self,
        name: str,
        credentials: Mapping[str, Any],
        clear: Collection[str],
        revision: int | None,
        hosts: Collection[str] | None = None,
    ) -> Integration:
        """Change some credentials, take those of ``clear`` away, choose ``hosts``."""
        stored = self._credentials.safe.integration(name)
        kind = self.type(stored.type)
        return self._credentials.update(stored, kind, credentials, clear=clear, revision=revision, hosts=hosts)

    def hosts(self, name: str) -> tuple[str, ...]:
        """The servers that an integration may be used with."""
        return self._credentials.meanings.hosts(self._credentials.safe.integration(name))

    def set_hosts(self, name: str, hosts: Collection[str] | None) -> tuple[str, ...]:
        """Choose those servers, or have them follow the credentials again (None)."""
        stored = self._credentials.safe.integration(name)
        if hosts is None:
            stored = stored.model_copy(update={"hosts_chosen": False})
        self._credentials.update(stored, self.type(stored.type), {}, hosts=hosts)
        return self.hosts(name)

    def duplicate(self, name: str, new_name: str) -> Integration:
        """Create an integration with the same credentials under another name."""
        stored = self._store.integration(name)
        chosen = stored.hosts if stored.hosts_chosen else None
        return self.create(new_name, stored.type, self._without_sign_in(stored), chosen)

    def _without_sign_in(self, stored: Integration) -> dict[str, Any]:
        """What a person entered: two integrations with the same tokens would take them away from each other."""
        found = self._credentials.sign_in(stored.type)
        opened = self._credentials.opened(stored)
        if found is None:
            return opened
        return {name: value for name, value in opened.items() if name not in (found.field, found.said.refresh_token)}

    # -- testing -----------------------------------------------------------------------------------------------------

    def test(self, name: str) -> NodeResult:
        """Test an integration as it is, and remember how that went."""
        values, secrets = self._credentials.of(name)
        stored, _ = self._credentials.stored(name)
        type_name = self._credentials.type_of(name)
        if not type_name:
            raise MissingCredentials(
                f"the integration {name!r} is only in the environment, so its type is not known.",
                'Name it there ("integration_type": "…" in the JSON object), or create it in the workspace.',
            )
        meaning = self._credentials.meanings.of(name, type_name)
        trial = self._try(
            type_name, values, secrets, name, () if meaning is None else meaning.hosts, stored is not None
        )
        if stored is not None:
            self._credentials.safe.put(stored.model_copy(update=trial.remembered))
        return trial.result

    def try_out(
        self,
        type: str,
        credentials: Mapping[str, Any],
        of: str | None,
        clear: Collection[str],
        hosts: Collection[str] | None = None,
    ) -> Trial:
        """Test credentials; with ``of``, those of that integration with these in place of its own, and none cleared."""
        stored = None if of is None else self._store.integration(of)
        kept = {} if stored is None else self._credentials.opened(stored)
        merged = {**{name: value for name, value in kept.items() if name not in clear}, **credentials}
        kind = self.type(type)
        values = self._credentials.kinds.check(kind, merged)
        if hosts is None and stored is not None and stored.hosts_chosen:
            hosts = stored.hosts
        servers = self._credentials.meanings.default(type, values) if hosts is None else tuple(hosts)
        name = "this one" if stored is None else stored.name
        self._check_saved(type, values, kept)
        usable, hidden = self._credentials.sign_ins.usable(name, type, values, stored, fresh=True)
        secrets = [*secrets_among(kind.parameters, usable), *hidden]
        return self._try(type, usable, secrets, of or name, servers, stored is not None, merged)

    def _check_saved(self, type: str, values: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        """InputError for a refresh token that is not stored: its first use replaces it, and that would be lost."""
        found = self._credentials.sign_in(type)
        if found is None or not found.said.refresh_token:
            return
        given = values.get(found.said.refresh_token)
        if given and given != kept.get(found.said.refresh_token) and not values.get(found.field):
            raise InputError(
                f"a {found.said.refresh_token} is tried once it is saved: services replace it when it is used.",
                "Save it, and test it then.",
            )

    def remember(self, name: str, trial: Trial) -> bool:
        """Let an integration remember a trial of what it holds; whether it does hold that."""
        stored = self._store.integration(name)
        if stored.type != trial.type:
            return False
        opened = self._credentials.opened(stored)
        if {**opened, **trial.tried} != opened:
            return False
        self._credentials.safe.put(stored.model_copy(update=trial.remembered))
        return True

    def _try(
        self,
        type: str,
        values: Mapping[str, Any],
        secrets: list[str],
        name: str,
        hosts: tuple[str, ...],
        stored: bool,
        tried: Mapping[str, Any] | None = None,
    ) -> Trial:
        from flowbook.workspace.trial import Trial  # a dataclass, which a run need not make

        folder = self._catalog.folder(type)
        if folder.test_connection is None:
            raise InputError(
                f"the integration folder {type!r} has no test_connection.", "Add one: test_connection(credentials)."
            )
        result = self._starter.test(
            f"{type}.test_connection", TEST_SECONDS, values, secrets, Limits(name, hosts), stored
        )
        return Trial(type, result, tried=tried or {})
