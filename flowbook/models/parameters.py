"""Parameters, and the integration types and integrations that are made of them."""

# Annotations are made at once here, not kept as text: pydantic would compile each of them again.
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from flowbook.errors import InvalidWorkflow
from flowbook.hosts import checked_host
from flowbook.models.base import Frozen, Json, checked, mapping
from flowbook.models.names import TypeName

ParameterType = Literal[
    "string", "text", "password", "integer", "number", "boolean", "select", "json", "url", "email", "file"
]
PARAMETER_TYPES: tuple[str, ...] = ParameterType.__args__  # type: ignore[attr-defined]


Host = Annotated[str, AfterValidator(checked_host)]
"""A pattern of :mod:`flowbook.hosts`, in its one spelling."""


class Parameter(Frozen):
    """One field of a form: a credential of an integration type, an input of a workflow, or a param of a task.

    ``choices`` belong to ``select``; a text that has some takes no other either. Not stored in types or workflows are
    ``json_schema``, which describes nested values, ``language``, in which a text is written ("python", "sql",
    "markdown"), and ``group``, its heading.
    """

    name: str = Field(min_length=1, max_length=100)
    type: ParameterType = "string"
    required: bool = False
    description: str = ""
    default: Json = None
    choices: Annotated[tuple[str, ...], Field(strict=False)] = ()
    json_schema: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)
    language: str = Field(default="", exclude=True, repr=False)
    group: str = Field(default="", exclude=True, repr=False)

    @property
    def secret(self) -> bool:
        """Whether its value is hidden everywhere."""
        return self.type == "password"

    @model_validator(mode="after")
    def _consistent(self) -> "Parameter":
        if self.type == "select" and not self.choices:
            raise ValueError("a select parameter needs choices")
        if self.choices and self.default is not None and self.default not in self.choices:
            raise ValueError(f"the default {self.default!r} is not among the choices {list(self.choices)}")
        if self.secret and self.default is not None:
            raise ValueError("a password has no default: it would be stored in clear")
        return self

    def to_document(self) -> dict[str, Any]:
        """Its fields without the name, leaving out what equals the default."""
        document: dict[str, Any] = {"type": self.type}
        if self.required:
            document["required"] = True
        if self.description:
            document["description"] = self.description
        if self.default is not None:
            document["default"] = self.default
        if self.choices:
            document["choices"] = list(self.choices)
        return document


def input_from_document(name: str, document: Any, where: str) -> Parameter:
    """The workflow input of a document; InvalidWorkflow, which begins with ``where``, names what is wrong."""
    fields = mapping(document)
    if "name" in fields:
        raise InvalidWorkflow(f"{where}: name: there is no such field.", hint="The input's name is its key.")
    parameter: Parameter = checked(Parameter, where, InvalidWorkflow, name=name, **fields)
    return parameter


class IntegrationType(Frozen):
    """What the credentials of a service look like. ``name`` equals the integration folder's."""

    name: TypeName
    description: str = ""
    parameters: Annotated[tuple[Parameter, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "IntegrationType":
        names = [parameter.name for parameter in self.parameters]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the parameter {sorted(twice)[0]!r} is there twice")
        return self

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class Integration(Frozen):
    """A named set of credentials of one type; never holds a plaintext secret.

    ``fields`` maps each credential's name to what is stored of it: the plain value, or for a secret a sealed
    record that only the vault opens. ``id`` never changes, so a rename keeps the ciphertext valid. ``hosts`` are the
    servers that it may be used with (patterns of :mod:`flowbook.hosts`): those that its fields name, unless a person
    chose others (``hosts_chosen``). None is what was saved by a Flowbook that knew no hosts.
    """

    id: str
    name: str = Field(min_length=1, max_length=200)
    type: TypeName
    fields: dict[str, Any] = Field(default_factory=dict, repr=False)
    hosts: Annotated[tuple[Host, ...] | None, Field(strict=False)] = None
    hosts_chosen: bool = False
    tested_at: str | None = None
    tested_ok: bool | None = None
    tested_message: str = ""
