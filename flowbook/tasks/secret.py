"""A credential that hides itself wherever it might be shown or stored."""

from __future__ import annotations

import hmac
from typing import Any, NoReturn

HIDDEN = "***"


class Secret:
    """A secret text. ``reveal()`` gives it; every other way of looking at it shows ``***``.

    Used as the type of a field in a credentials model: ``bot_token: Secret``. It cannot be pickled or copied into
    JSON, so it cannot reach a file by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str | Secret) -> None:
        self._value: str = value.reveal() if isinstance(value, Secret) else value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({HIDDEN!r})"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Accept text or a Secret; show ``***`` when serialized."""
        from pydantic_core import core_schema

        def validate(value: Any) -> Secret:
            if isinstance(value, (str, Secret)):
                return Secret(value)
            raise ValueError("must be text")

        return core_schema.no_info_plain_validator_function(
            validate, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: HIDDEN)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Its JSON Schema: a write-only password."""
        return {"type": "string", "format": "password", "writeOnly": True}
