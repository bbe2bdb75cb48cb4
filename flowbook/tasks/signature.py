"""How a task is called: which of the two signatures it has, and what its type hints ask for."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flowbook.errors import CatalogError, TaskFailed

_CACHE_ATTRIBUTE = "__flowbook_signature__"


@dataclass(frozen=True)
class Signature:
    """``takes`` is how many of (credentials, params) the function takes: 1 or 2.

    ``credentials_type`` and ``params_type`` are the pydantic model or TypedDict it was annotated with, else None.
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
    known: Signature | None = function.__dict__.get(_CACHE_ATTRIBUTE)
    if known is None:
        known = _read(function)
        function.__dict__[_CACHE_ATTRIBUTE] = known
    return known


def _read(function: Callable[..., Any]) -> Signature:
    name = getattr(function, "__name__", "task")
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = list(inspect.signature(function).parameters.values())
    if any(p.kind is inspect.Parameter.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise CatalogError(f"{name} has required keyword-only arguments.", _REMEDY)
    plain = [p for p in parameters if p.kind in positional]
    starred = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    needed = [p for p in plain if p.default is p.empty]
    if len(needed) > 2 or (not plain and not starred):
        shown = ", ".join(p.name for p in plain)
        raise CatalogError(f"{name}({shown}) does not have the signature of a task.", _REMEDY)
    takes = 2 if starred else min(len(plain), 2)
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError, SyntaxError):
        hints = {}
    types = [_structured(hints.get(p.name)) for p in plain[:2]]
    return Signature(takes, *[*types, None, None][:2])


_REMEDY = "Write it as name(credentials, params), or test_connection(credentials)."


def _structured(hint: Any) -> type | None:
    """``hint`` when it says which fields there are (a pydantic model, a TypedDict), else None."""
    if not isinstance(hint, type):
        return None
    if typing.is_typeddict(hint) or hasattr(hint, "model_validate"):
        return hint
    return None


@functools.lru_cache(maxsize=1024)
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _coerce(kind: type, given: Any, what: str) -> Any:
    from pydantic import ValidationError

    from flowbook.models import field_errors

    if isinstance(given, kind) and not isinstance(given, dict):
        return given
    if isinstance(given, Mapping):
        given = dict(given)
    try:
        return _adapter(kind).validate_python(given)
    except ValidationError as error:
        problems = "; ".join(f"{field}: {text}" if field else text for field, text in field_errors(error))
        raise TaskFailed(f"{what} do not fit: {problems}.") from None
