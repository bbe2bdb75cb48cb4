"""What the label of an integration means in a workspace: which one it is, and which servers it may be used with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowbook import vault
from flowbook.catalog import Catalog
from flowbook.errors import FlowbookError, MissingCredentials
from flowbook.models import Integration
from flowbook.trust.content import Meaning
from flowbook.trust.hosts import default_hosts, names_server

if TYPE_CHECKING:
    from flowbook.workspace.credentials import CredentialBook


class Meanings:
    """The meanings of labels in one workspace, as it is whenever it is asked."""

    def __init__(self, catalog: Catalog, credentials: CredentialBook) -> None:
        self._catalog = catalog
        self._credentials = credentials

    def of(self, label: str, folder: str) -> Meaning | None:
        """What ``label`` means for the tasks of ``folder``; None when there is no such integration.

        Credentials of the environment are an integration of their own, whatever is stored under that name.
        """
        stored, _ = self._credentials.stored(label)
        if vault.variables_given(label):
            return self._of_environment(label, folder if stored is None else stored.type)
        if stored is None:
            return None
        return Meaning(stored.id, stored.name, stored.type, self.hosts(stored))

    def _of_environment(self, label: str, type: str) -> Meaning:
        values: Mapping[str, Any] = {}
        try:
            given = vault.credentials_from_environment(label)
        except MissingCredentials:
            given = None  # it is said when they are to be used
        if given is not None:
            type, values = given.type or type, given.values
        return Meaning(f"environment {vault.integration_slug(label)}", label, type, self.default(type, values))

    def hosts(self, integration: Integration) -> tuple[str, ...]:
        """The servers that a stored integration may be used with."""
        if integration.hosts is not None:
            return integration.hosts
        return self.default(integration.type, self.addresses(integration))

    def addresses(self, integration: Integration) -> dict[str, Any]:
        """The fields of an integration that say where the service is, in clear; secret ones as far as they open."""
        parameters = self._credentials.kinds.parameters(integration.type)
        found: dict[str, Any] = {}
        for name, value in integration.fields.items():
            if not vault.is_sealed(value):
                found[name] = value
            elif names_server(name, parameters):
                alone = integration.model_copy(update={"fields": {name: value}})
                try:
                    found |= self._credentials.opened(alone)
                except FlowbookError:
                    continue
        return found

    def default(self, type: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The servers that credentials of a type name themselves."""
        vendor, sign_in = self._of_folder(type)
        named = default_hosts(self._credentials.kinds.parameters(type), values, vendor)
        return tuple(dict.fromkeys((*named, *sign_in)))

    def _of_folder(self, type: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The service's own servers, and those where people sign in to it."""
        try:
            folder = self._catalog.folder(type)
        except FlowbookError:
            return (), ()
        return folder.hosts, () if folder.sign_in is None else folder.sign_in.said.hosts
