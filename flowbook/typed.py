"""What the pydantic models of a typed task build on: :class:`Params`, :class:`Credentials`, :class:`OAuth2`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.functional_validators import ModelWrapValidatorHandler  # pydantic itself has it since 2.10
from typing_extensions import Self

from flowbook.internal import internal
from flowbook.json_text import TooDeep, parse_json
from flowbook.tasks.contract import well_formed
from flowbook.tasks.oauth2 import OAuth2
from flowbook.tasks.secret import Secret
from flowbook.tasks.signature import optional_names

__all__ = ["BlankIsNone", "Credentials", "Listed", "OAuth2", "Params", "Parted", "Token", "from_json"]


class Params(BaseModel):
    """The base of a task's params: what is given is what the fields name, and of their types.

    ::

        from pydantic import Field

        from flowbook import typed

        class ListIssues(typed.Params):
            repo: str = Field(description="Repository, as owner/name")
            as_: str = Field("rows", alias="as", description="rows or dataframe")

    An unknown name is a mistake, and is named. A number where a text is wanted, as an expression may give one, is that
    number's text; fields of type Any keep what they are given. A field with an alias takes its own name too.
    """

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, populate_by_name=True, defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _escape_what_is_no_text(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Lone surrogates, which nothing that texts are sent to takes, become escapes (``\\ud800``)."""
        if given and isinstance(given, Mapping) and any(map(_is_malformed, given.values())):
            given = {name: well_formed(value) if _is_malformed(value) else value for name, value in given.items()}
        try:
            return read(given)
        except ValidationError as error:
            if all(one["type"] != "string_unicode" for one in error.errors(include_url=False, include_input=False)):
                raise
        return read(_escaped(given))

    __test__ = False  # a subclass called TestConnection is no test of a test runner

    @staticmethod
    @internal
    def blank_is_none(value: Any) -> Any:
        """None for a text of nothing but spaces, else ``value``: an expression that finds nothing often gives one.

        For fields where nothing and an empty text are the same: ``Annotated[str | None, typed.BlankIsNone] = None``
        """
        return None if isinstance(value, str) and not value.strip() else value


def from_json(value: Any) -> Any:
    """What JSON text says, None for a text of nothing but spaces; what is no text as it is.

    For the validator of a field that takes a value or the JSON of one. Raises ValueError, in words that follow the
    field's name, for what is no JSON or nests too deeply.
    """
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        return parse_json(value)
    except TooDeep:
        raise ValueError("is nested too deeply") from None
    except ValueError:
        raise ValueError("is not JSON") from None


def _parted(value: Any) -> Any:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    return value


BlankIsNone = BeforeValidator(Params.blank_is_none)
"""Makes None of an empty text: ``since: Annotated[str | None, typed.BlankIsNone] = None``."""

Parted = BeforeValidator(_parted)
"""Makes a list of a text with commas in it: ``labels: Annotated[list[str], typed.Parted]``."""


def _is_malformed(value: Any) -> bool:
    return isinstance(value, str) and not value.isascii() and well_formed(value) != value


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {_escaped(key): _escaped(inner) for key, inner in value.items()}
    return [_escaped(inner) for inner in value] if isinstance(value, list) else value


def _token(secret: Secret) -> Secret:
    text = secret.reveal().strip()
    if not text:
        raise ValueError("must not be empty")
    return Secret(text)


Token = Annotated[Secret, AfterValidator(_token)]
"""A secret that is there, without the spaces and line breaks that were pasted around it: ``token: typed.Token``."""


class Listed(Params):
    """The base of the params of a task that lists something: ``limit`` of them, or ``all``."""

    limit: int = Field(100, ge=1, description="How many at most.")
    all: bool = Field(False, description="All of them, however many; limit is ignored.")

    @property
    def wanted(self) -> int | None:
        """How many to get; None for all."""
        return None if self.all else self.limit


class Credentials(BaseModel):
    """The base of a folder's credentials: a field of the form that was left empty is one that was not given.

    ::

        from pydantic import Field

        from flowbook import Secret, typed

        class Credentials(typed.Credentials):
            token: Secret = Field(description="Access token")
            base_url: str = Field("https://api.example.com", description="Address of the API")

    None, or a text of nothing but spaces, leaves an optional field at its default. Names without a field are passed
    over: an integration type may have more parameters than the folder reads. A value that is refused may be a secret,
    so pydantic's error does not show it.
    """

    model_config = ConfigDict(populate_by_name=True, hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_not_given(cls, given: Any) -> Any:
        if not given or not isinstance(given, (dict, Mapping)):
            return given
        optional = optional_names(cls)
        return {
            name: value
            for name, value in given.items()
            if name not in optional or Params.blank_is_none(value) is not None
        }
