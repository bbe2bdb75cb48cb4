"""Integration templates: files with an integration type and an integration's shape, and never a secret.

::

    flowbook_integration: 1
    name: Team database
    type:
      name: postgres
      description: PostgreSQL
      parameters:
      - {name: host, type: string, required: true}
      - {name: password, type: password, required: true}
    values: {host: db.example.org}        # only when asked for, and never those of secret parameters
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from flowbook.errors import AlreadyExists, FileFormatError, InputError, NotFound
from flowbook.formats.flowfile import read_document
from flowbook.models import Integration, IntegrationType, Parameter
from flowbook.models.base import Frozen, Json, checked

if TYPE_CHECKING:
    from flowbook.workspace import Workspace

FORMAT = 1
Ask = Callable[[Parameter], Any]


class Template(Frozen):
    """What a template file holds: the ``type``, the integration's ``name`` and maybe plain ``values``."""

    name: str = Field(min_length=1, max_length=200)
    type: IntegrationType
    values: dict[str, Json] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _open(self) -> Template:
        for name in self.values:
            parameter = self.type.parameter(name)
            if parameter is None:
                raise ValueError(f"values: the type {self.type.name} has no parameter {name!r}")
            if parameter.secret:
                raise ValueError(f"values: {name!r} is a secret; a template holds none")
        return self

    def dumps(self) -> str:
        """The text of its file: equal templates give equal text."""
        import yaml

        kind = self.type
        document: dict[str, Any] = {
            "flowbook_integration": FORMAT,
            "name": self.name,
            "type": {
                "name": kind.name,
                "description": kind.description,
                "parameters": [{"name": p.name, **p.to_document()} for p in kind.parameters],
            },
        }
        if self.values:
            document["values"] = dict(self.values)
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)

    def missing(self, given: Mapping[str, Any]) -> list[Parameter]:
        """The parameters that have no value yet: neither given, nor in the template, nor by default."""
        known = {**self.values, **given}
        return [p for p in self.type.parameters if known.get(p.name) in (None, "") and p.default is None]

    def differences(self, other: IntegrationType) -> list[str]:
        """How ``other`` asks for other credentials than this template's type, in words; descriptions do not count."""
        found = []
        theirs = {parameter.name: parameter for parameter in other.parameters}
        for mine in self.type.parameters:
            here = theirs.pop(mine.name, None)
            if here is None:
                found.append(f"{mine.name} is only in the template")
                continue
            for what, a, b in _compared(mine, here):
                if a != b:
                    found.append(f"{mine.name}: {what} is {a} in the template and {b} here")
        return [*found, *(f"{name} is only here" for name in theirs)]


def _compared(mine: Parameter, here: Parameter) -> list[tuple[str, Any, Any]]:
    return [
        ("its type", mine.type, here.type),
        ("whether it is required", _yes(mine.required), _yes(here.required)),
        ("its default", repr(mine.default), repr(here.default)),
        ("the list of choices", list(mine.choices), list(here.choices)),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def template_of(integration: Integration, kind: IntegrationType, *, with_values: bool = False) -> Template:
    """The template of an integration; ``with_values`` takes plain values along (a host, a region).

    Never taken along: values of secret parameters, sealed ones, and addresses that carry a password.
    """
    values = {}
    for parameter in kind.parameters if with_values else ():
        value = integration.fields.get(parameter.name)
        if value is not None and not parameter.secret and not _holds_secret(value):
            values[parameter.name] = value
    return Template(name=integration.name, type=kind, values=values)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):  # sealed, or a structure that may hold anything
        return True
    if not isinstance(value, str) or "://" not in value:
        return False
    try:
        return urlsplit(value).password is not None
    except ValueError:
        return True


def read_template(path: Path) -> Template:
    """The template in a YAML or JSON file. Raises NotFound, FileFormatError."""
    document, _ = read_document(Path(path))
    version = document.pop("flowbook_integration", None)
    if version is None:
        raise FileFormatError(
            f"{path}: this is not an integration template.", "Make one: flowbook integrations template export NAME"
        )
    if version != FORMAT:
        raise FileFormatError(
            f"{path}: it has the format {version!r}, and this Flowbook reads {FORMAT}.", "Update Flowbook."
        )
    template: Template = checked(Template, str(path), FileFormatError, **document)
    return template


def take_in(
    ws: Workspace,
    template: Template,
    *,
    name: str | None = None,
    given: Mapping[str, Any] | None = None,
    ask: Ask | None = None,
) -> tuple[Integration, bool]:
    """Create the template's integration, and its type when that is missing: (the integration, was the type made).

    ``given`` are credentials, ``ask`` is called for each one that is missing (return None or "" to leave an optional
    one out). All or nothing. Raises NotFound when no integration folder has the type's name, AlreadyExists for the
    name, InputError that lists the differences to the type that is here, or what is missing and nobody can be asked.
    """
    name = name or template.name
    _check_free(ws, name)
    kind = _type_here(ws, template)
    values = {**template.values, **(given or {})}
    missing = template.missing(values)
    if ask is not None:
        values |= {p.name: value for p in missing if (value := ask(p)) not in (None, "")}
    elif lacking := [p for p in missing if p.required]:
        raise InputError(
            f"the integration {name!r} needs more: {'; '.join(map(_described, lacking))}.",
            "Give it as a JSON object: --credentials FILE, or --credentials - for standard input.",
        )
    with ws.transaction():
        if kind is None:
            ws.create_type(template.type.name, list(template.type.parameters), template.type.description)
        return ws.create_integration(name, template.type.name, values), kind is None


def _check_free(ws: Workspace, name: str) -> None:
    if any(known.name.casefold() == name.casefold() for known in ws.integrations()):
        raise AlreadyExists(f"there is an integration {name!r} already.", "Choose another name with --name.")


def _type_here(ws: Workspace, template: Template) -> IntegrationType | None:
    name = template.type.name
    here = next((kind for kind in ws.types() if kind.name == name), None)
    if here is None:
        if name not in ws.integration_folder_names():
            hint = f"Add its folder first: install its package, or flowbook integrations add {name}.zip."
            raise NotFound("integration folder", name, hint=hint)
        _check_secrets(template.type, ws.integration_folder(name).credentials)
        return None
    different = template.differences(here)
    if different:
        raise InputError(
            f"there is another integration type {name!r} here: {'; '.join(different)}.",
            "Make them equal, or delete the one that is here if nothing uses it.",
        )
    return here


def _check_secrets(kind: IntegrationType, of_folder: tuple[Parameter, ...]) -> None:
    """InputError when the template would keep in clear what the folder takes for a secret."""
    for theirs in of_folder:
        mine = kind.parameter(theirs.name)
        if theirs.secret and mine is not None and not mine.secret:
            raise InputError(
                f"the template says that {theirs.name!r} is no secret, and the integration folder {kind.name!r} says "
                "that it is one.",
                f"Make the type from its folder first: flowbook types create {kind.name} --from-folder",
            )


def _described(parameter: Parameter) -> str:
    return f"{parameter.name} ({parameter.description})" if parameter.description else parameter.name
