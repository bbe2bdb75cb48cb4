"""How a task is called: which of the two signatures it has, and what its type hints ask for."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import sys
import threading
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

import typing_extensions
from pydantic import TypeAdapter, ValidationError

from flowbook.errors import CatalogError, TaskFailed
from flowbook.models import field_errors
from flowbook.records import NamedTuple

_CACHE_ATTRIBUTE = "__flowbook_signature__"
_MAKING = threading.RLock()


class Signature(NamedTuple):
    """``takes`` is how many of (credentials, params) the function takes: 1 or 2.

    ``credentials_type`` and ``params_type`` are the pydantic model, TypedDict or dataclass it was annotated with, else
    None.
    """

    takes: int
    credentials_type: type | None = None
    params_type: type | None = None

    def arguments(self, credentials: Any, params: Any) -> tuple[Any, ...]:
        """The positional arguments for a call; TaskFailed names each field that does not fit."""
        if self.credentials_type is not None:
            credentials = _coerce(self.credentials_type, credentials, "credentials")
        if self.takes == 1:
            return (credentials,)
        if self.params_type is not None:
            params = _coerce(self.params_type, params, "params")
        return (credentials, params)


def signature_of(function: Callable[..., Any]) -> Signature:
    """The signature of a task; CatalogError when it is neither (credentials) nor (credentials, params)."""
    attributes = getattr(function, "__dict__", None)
    known = attributes.get(_CACHE_ATTRIBUTE) if isinstance(attributes, dict) else None
    # functools.wraps copies the attributes of what it wraps, so an answer counts only for the function it was made for
    if known is not None and known[0] is function:
        found: Signature = known[1]
        return found
    signature = _read(function)
    if isinstance(attributes, dict):
        attributes[_CACHE_ATTRIBUTE] = (function, signature)
    return signature


def _read(function: Callable[..., Any]) -> Signature:
    name = getattr(function, "__name__", type(function).__name__)
    parameters = _parameters(function, name)
    if any(p.kind is inspect.Parameter.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise CatalogError(f"{name} has required keyword-only arguments.", _REMEDY)
    plain = [p for p in parameters if p.kind in _POSITIONAL]
    starred = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    needed = [p for p in plain if p.default is p.empty]
    if len(needed) > 2 or (not plain and not starred):
        shown = ", ".join(p.name for p in plain)
        raise CatalogError(f"{name}({shown}) does not have the signature of a task.", _REMEDY)
    takes = 2 if starred else min(len(plain), 2)
    hints = _hints(function, plain[:2])
    structured = [_structured(hints.get(p.name)) for p in plain[:2]]
    return Signature(takes, *[*structured, None, None][:2])


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _parameters(function: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    """What a caller may pass. A decorator's own signature counts, unless it hands everything on (``*args``)."""
    try:
        own = list(inspect.signature(function, follow_wrapped=False).parameters.values())
        if any(p.kind in _POSITIONAL for p in own):
            return own
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise CatalogError(f"the signature of {name} cannot be read.", _REMEDY) from None


def _hints(function: Callable[..., Any], parameters: list[inspect.Parameter]) -> dict[str, Any]:
    """The type hints of ``parameters``; one that cannot be resolved does not cost the others theirs."""
    with contextlib.suppress(Exception):  # a hint may be any expression, and fail in any way
        return typing.get_type_hints(function)
    inner = inspect.unwrap(function)
    names = getattr(inner, "__globals__", {})
    hints: dict[str, Any] = {}
    for parameter in parameters:
        hint = parameter.annotation
        if isinstance(hint, str):
            with contextlib.suppress(Exception):
                hints[parameter.name] = typing.get_type_hints(_Annotated({parameter.name: hint}), names)[parameter.name]
        elif hint is not parameter.empty:
            hints[parameter.name] = hint
    return hints


class _Annotated:
    """Something for :func:`typing.get_type_hints` to look at that has just these annotations."""

    def __init__(self, annotations: dict[str, Any]) -> None:
        self.__annotations__ = annotations


_REMEDY = "Write it as name(credentials, params), or test_connection(credentials)."


def _structured(hint: Any) -> type | None:
    """``hint`` when it says which fields there are (a pydantic model, TypedDict, dataclass), else None."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        hint = kinds[0] if len(kinds) == 1 else None
    if not isinstance(hint, type):
        return None
    if is_typed_dict(hint) or hasattr(hint, "model_validate") or dataclasses.is_dataclass(hint):
        return hint
    return None


def is_typed_dict(kind: Any) -> bool:
    """Whether ``kind`` is a TypedDict, of ``typing`` or of ``typing_extensions``."""
    return isinstance(kind, type) and issubclass(kind, dict) and hasattr(kind, "__total__")


@functools.lru_cache(maxsize=256)
def adapter_of(kind: type) -> Any:
    """The pydantic TypeAdapter of a model, TypedDict or dataclass, made ready: two threads may not do that at once."""
    with _MAKING:
        adapter = TypeAdapter(_for_pydantic(kind))
        adapter.validator.validate_python  # noqa: B018 -- pydantic makes what is put off ready when it is looked at
    return adapter


def _for_pydantic(hint: Any) -> Any:
    """``hint`` with each ``typing.TypedDict`` in it made the ``typing_extensions`` one, which pydantic can read.

    Before Python 3.12 pydantic refuses the one of ``typing``
    (https://docs.pydantic.dev/latest/errors/usage_errors/#typed-dict-version).
    """
    if is_typed_dict(hint) and sys.version_info < (3, 12):
        fields: dict[str, Any] = {}
        for name, inner in typing.get_type_hints(hint, include_extras=True).items():
            marker: Any = typing_extensions.get_origin(inner)
            if marker in (typing_extensions.Required, typing_extensions.NotRequired):
                inner = typing_extensions.get_args(inner)[0]
            else:
                is_required = name in hint.__required_keys__
                marker = typing_extensions.Required if is_required else typing_extensions.NotRequired
            fields[name] = marker[_for_pydantic(inner)]
        make: Any = typing_extensions.TypedDict
        twin = make(hint.__name__, fields)
        twin.__doc__ = hint.__doc__
        return twin
    if typing.get_origin(hint) is list:
        return list[tuple(_for_pydantic(inner) for inner in typing.get_args(hint))]  # type: ignore[misc]
    return hint


class _Fit:
    """What is looked up about a type once, for all calls of the tasks that ask for it."""

    __slots__ = ("kind", "typed_dict", "validate")

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.typed_dict = is_typed_dict(kind)
        self.validate: Callable[[Any], Any] = adapter_of(kind).validator.validate_python


@functools.lru_cache(maxsize=256)
def _fit(kind: type) -> _Fit:
    return _Fit(kind)


def _coerce(kind: type, given: Any, what: str) -> Any:
    fit = _fit(kind)
    if type(given) is not dict:
        if not fit.typed_dict and isinstance(given, kind):
            return given
        given = dict(given) if isinstance(given, Mapping) else given
    if given and what == "credentials" and isinstance(given, dict):
        given = _without_blanks(kind, given)
    try:
        return fit.validate(given)
    except ValidationError as error:
        refused = {place["loc"][0] for place in error.errors(include_input=False) if place["loc"]}
        empty = {
            key for key in refused & optional_names(kind) if isinstance(given, dict) and _is_nothing(given.get(key))
        }
        problems = "; ".join(f"{field}: {text}" if field else text for field, text in field_errors(error))
    if not empty:
        raise TaskFailed(f"{what} do not fit: {problems}.", permanent=True)
    # Nothing, for an optional field that has to be something, is what an expression gives for what was left out.
    return _coerce(kind, {key: value for key, value in given.items() if key not in empty}, what)


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value)


@functools.lru_cache(maxsize=256)
def optional_names(kind: type) -> frozenset[Any]:
    """The names, and other names, of the fields that may be left out."""
    fields: Mapping[str, Any] = getattr(kind, "model_fields", {})
    return frozenset(
        key for name, field in fields.items() if not field.is_required() for key in (name, field.alias) if key
    )


def _without_blanks(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    """``given`` without empty texts for optional fields: a form sends them for what was left out."""
    blank = {key for key, value in given.items() if isinstance(value, str) and not value}
    if not blank:
        return given
    blank &= optional_names(kind)
    return {key: value for key, value in given.items() if key not in blank}


def doc_of(function: Callable[..., Any]) -> str:
    """The docstring that the author wrote; not the one that an object's class or ``functools.partial`` brings along."""
    doc = getattr(inspect.unwrap(function), "__doc__", None)
    if not inspect.isroutine(inspect.unwrap(function)):
        inner = getattr(function, "func", None)
        doc = getattr(inner, "__doc__", None) if inner is not None else getattr(function, "__dict__", {}).get("__doc__")
    return doc if isinstance(doc, str) else ""
