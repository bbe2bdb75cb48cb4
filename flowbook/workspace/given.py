"""Credentials that the environment gives for an integration, fitted to what it is here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flowbook import vault
from flowbook.catalog import Catalog
from flowbook.errors import MissingCredentials, UnfitCredentials
from flowbook.models import Integration, IntegrationType
from flowbook.slips import suggest
from flowbook.store import WorkspaceStore
from flowbook.workspace.kinds import Credentials, Kinds

if TYPE_CHECKING:
    from flowbook.vault import Given


class GivenHere:
    """What the environment gives, in one workspace."""

    def __init__(self, store: WorkspaceStore, catalog: Catalog, kinds: Kinds) -> None:
        self._store = store
        self._catalog = catalog
        self._kinds = kinds

    def fitting(self, name: str, stored: Integration | None, folder: str, given: Given) -> tuple[str, Credentials]:
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
        parameters = self._kinds.parameters(type_name)
        if not given.type and stored is None and not parameters:
            raise MissingCredentials(
                f"{given.variable} does not say of which type the credentials of {name!r} are.",
                f'Add the type to its JSON object: "integration_type": "{folder or "…"}".',
            )
        if not parameters:
            self._check_type_known(given)
            return type_name, given.values
        try:
            return type_name, self._kinds.check(IntegrationType(name=type_name, parameters=parameters), given.values)
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
            other = by_slug.setdefault(vault.integration_slug(name), name)
            if other != name and (given := vault.variables_given(name)):
                raise MissingCredentials(f"{given[0]} means {other!r} and {name!r} alike.", "Rename one of them.")
