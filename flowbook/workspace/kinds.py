"""The integration types of one workspace, and what fits them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flowbook import vault
from flowbook.catalog import Catalog
from flowbook.errors import FlowbookError, NotFound, UnfitCredentials
from flowbook.models import IntegrationType, Parameter
from flowbook.redaction import access_in, texts_in
from flowbook.slips import suggest
from flowbook.store import WorkspaceStore
from flowbook.validation.values import Typed, coerced, misfit

Credentials = dict[str, Any]


class Kinds:
    """What the store's types and the folders' declarations say together of the credentials of each type."""

    def __init__(self, store: WorkspaceStore, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

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
            value = Typed(value) if isinstance(value, str) else value
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
            holders = [one.name for one in having if vault.is_sealed(one.fields[parameter.name]) != parameter.secret]
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
