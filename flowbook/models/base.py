"""What all models share: frozen, strict, plain JSON inside, and errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from flowbook.errors import FlowbookError, InputError


def _check_json(value: Any) -> Any:
    """``value`` if it is made of plain JSON (finite numbers, text keys), else ValueError that names the path."""
    stack: list[tuple[Any, str]] = [(value, "")]
    while stack:
        item, path = stack.pop()
        if item is None or isinstance(item, (str, bool, int)):
            continue
        if isinstance(item, float):
            if item != item or item in (float("inf"), float("-inf")):
                raise ValueError(f"{path or 'value'} is {item}, which JSON cannot hold")
        elif isinstance(item, dict):
            for key, inner in item.items():
                if not isinstance(key, str):
                    raise ValueError(f"{path or 'value'} has the key {key!r}; keys must be text")
                stack.append((inner, f"{path}.{key}" if path else key))
        elif isinstance(item, (list, tuple)):
            stack.extend((inner, f"{path}[{i}]") for i, inner in enumerate(item))
        else:
            raise ValueError(f"{path or 'value'} is a {type(item).__name__}, which JSON cannot hold")
    return value


Json = Annotated[Any, AfterValidator(_check_json)]


class Frozen(BaseModel):
    """The settings of every frozen model."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=True)


def mapping(value: Any) -> dict[str, Any]:
    """``value`` as keyword arguments; what is no mapping becomes a field that no model has."""
    return dict(value) if isinstance(value, Mapping) else {"": value}


def checked(model: Any, where: str, error: type[FlowbookError] = InputError, **fields: Any) -> Any:
    """An instance of ``model``; a validation error becomes ``error`` with one sentence a field."""
    try:
        return model(**fields)
    except ValidationError as problem:
        raise error(f"{where}: {explain(problem)}.") from None


def explain(problem: ValidationError) -> str:
    """One line that names each field of a pydantic error and what is wrong with it."""
    return "; ".join(f"{field}: {text}" if field else text for field, text in field_errors(problem))


def field_errors(problem: ValidationError) -> list[tuple[str, str]]:
    """(field path, what is wrong) for each error that pydantic found, without repeating the values."""
    found = []
    for error in problem.errors(include_url=False, include_input=False):
        path = ""
        for part in error["loc"]:
            path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else str(part))
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            text = "there is no such field"
        elif error["type"] == "missing":
            text = "is required"
        found.append((path, text))
    return found
