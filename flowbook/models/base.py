"""What all models share: frozen, strict, plain JSON inside, and errors that name the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from flowbook.errors import FlowbookError, InputError
from flowbook.models.alone import without_plugins

MAX_DEPTH = 40
_MAX_BITS = 8192
HALF = "holds half a character (a lone surrogate)"


def plain_json(value: Any, path: str = "", depth: int = 0) -> Any:
    """A copy of ``value`` made of plain JSON (finite numbers, text keys, lists), else ValueError that names the path.

    A copy, so that what was given can change later without changing a frozen model. Tuples become lists; more than
    40 levels are refused (a structure that holds itself has no end).
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value, path)
    if isinstance(value, (int, float)):
        return _plain_number(value, path)
    if not isinstance(value, (Mapping, list, tuple)):
        raise ValueError(f"{path or 'value'} is a {type(value).__name__}, which JSON cannot hold")
    if depth >= MAX_DEPTH:
        raise ValueError(f"{path[:60]}… is nested more than {MAX_DEPTH} levels deep")
    if not isinstance(value, Mapping):
        return [plain_json(inner, f"{path}[{i}]", depth + 1) for i, inner in enumerate(value)]
    copy = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            raise ValueError(f"{path or 'value'} has the key {key!r}; keys must be text")
        copy[_plain_text(key, path)] = plain_json(inner, f"{path}.{key}" if path else key, depth + 1)
    return copy


def _plain_text(value: str, path: str) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{path or 'value'} {HALF}") from None
    return str(value)


def _plain_number(value: Any, path: str) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path or 'value'} is {value}, which JSON cannot hold")
        return float(value)
    if value.bit_length() > _MAX_BITS:
        raise ValueError(f"{path or 'value'} is a number of more than {_MAX_BITS} bits")
    return int(value)


Finite = Annotated[float, Field(allow_inf_nan=False)]
Json = Annotated[Any, AfterValidator(plain_json)]


class Frozen(BaseModel):
    """The settings of every frozen model. Each is made ready when it is first used: a run uses few of them."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", populate_by_name=True, defer_build=True,
        str_min_length=0,  # without any bound pydantic takes texts that hold half a character
    )  # fmt: skip

    @classmethod
    def model_rebuild(cls, **options: Any) -> bool | None:
        """As pydantic's, which builds a model at its first use, without its plug-ins."""
        depth = options.pop("_parent_namespace_depth", 2) + 1
        with without_plugins():
            return super().model_rebuild(_parent_namespace_depth=depth, **options)


class Predicate(str):
    """A message that goes on from the name of what it is about: "must be text.", which makes "url must be text."."""

    __slots__ = ()


def mapping(value: Any) -> dict[str, Any]:
    """``value`` as keyword arguments; what is no mapping becomes a field that no model has."""
    return {str(key): inner for key, inner in value.items()} if isinstance(value, Mapping) else {"": value}


def checked(
    model: Any, where: str, error: type[FlowbookError] = InputError, workflow: str = "", /, **fields: Any
) -> Any:
    """An instance of ``model``; a validation error becomes ``error``, of that workflow, with one sentence a field."""
    try:
        return model(**fields)
    except ValidationError as problem:
        what = f"{where}: {explain(problem)}."
        refused = error.about(workflow, what) if workflow else error(what)
        refused.fields = dict(field_errors(problem))
        raise refused from None


def explain(problem: ValidationError) -> str:
    """One line that names each field of a pydantic error and what is wrong with it."""
    return "; ".join(f"{field}: {text}" if field else text for field, text in field_errors(problem))


def field_errors(problem: ValidationError) -> list[tuple[str, str]]:
    """(field path, what is wrong) for each error that pydantic found, without repeating the values."""
    found = []
    for error in problem.errors(include_url=False, include_input=False):
        path = ""
        for part in error["loc"]:
            part = "str" if part == "constrained-str" else part  # of several kinds that a field may be
            path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else str(part))
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            text = "there is no such field"
        elif error["type"] == "string_unicode":
            text = Predicate(HALF)
        elif error["type"] == "missing":
            text = Predicate("is required")
        found.append((path, text))
    return found
