"""Whether data fits a JSON Schema, by the library ``jsonschema``, which is loaded when it is first asked."""

from __future__ import annotations

import importlib
import sys
import threading
from types import ModuleType
from typing import Any

_GRAMMAR = "rfc3987_syntax"
_loading = threading.Lock()


def load() -> ModuleType:
    """The library ``jsonschema``.

    Where its extras are installed, as JupyterLab has them, it loads ``rfc3987_syntax``, which takes a second or more to
    read a grammar that only the formats ``iri`` and ``iri-reference`` need. Here that is done when one of them is met.
    """
    with _loading:
        if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
            return importlib.import_module("jsonschema")
        stand_in = ModuleType(_GRAMMAR)
        vars(stand_in)["is_valid_syntax"] = _is_valid_syntax
        sys.modules[_GRAMMAR] = stand_in
        try:
            return importlib.import_module("jsonschema")
        finally:
            sys.modules.pop(_GRAMMAR, None)


def _is_valid_syntax(rule: str, value: str) -> bool:
    try:
        grammar = importlib.import_module(_GRAMMAR)
    except ImportError:  # formats that nothing here can check are not checked
        return True
    return bool(grammar.is_valid_syntax(rule, value))


def fault_in(value: Any, schema: dict[str, Any]) -> str:
    """What of ``value`` does not fit the schema, as a sentence that begins small; "" when all does.

    Raises ValueError when ``schema`` is no JSON Schema.
    """
    jsonschema = load()
    try:
        jsonschema.validate(value, schema)
    except RecursionError:
        return "it is nested too deeply."
    except jsonschema.ValidationError as error:
        place = "/".join(map(str, error.absolute_path))
        return f"{f'at {place}: ' if place else ''}{error.message[:300]}."
    except jsonschema.SchemaError as error:
        raise ValueError(f"it is no JSON Schema: {error.message[:300]}.") from None
    return ""
