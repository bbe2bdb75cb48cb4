"""What of a description becomes Python source: names that are nothing else than names, and texts that stay texts.

Everything that a description says reaches a source file by one of these functions, and by no other way.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Collection
from typing import Any

LONGEST = 60
_RESERVED = frozenset([
    "self", "cls", "copy", "dict", "json", "schema", "schema_json", "fields", "construct", "validate", "parse_obj",
    "parse_raw", "parse_file", "from_orm", "update_forward_refs", "blank_is_none", "str", "int", "float", "bool",
    "list", "bytes", "params", "credentials", "annotations",
])  # fmt: skip
"""What a field or a task cannot be called: it would hide what its class, or the source around it, uses."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def identifier(text: str, taken: set[str]) -> str:
    """A name in snake_case that is made of ``text``, and added to ``taken``, of which it is none."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    plain = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").lower()[:LONGEST].strip("_") or "value"
    if plain[0].isdigit():
        plain = f"n_{plain}"
    if keyword.iskeyword(plain) or keyword.issoftkeyword(plain) or plain in _RESERVED or plain.startswith("model_"):
        plain += "_"
    return _free(plain, taken, "_")


def name_for(title: str) -> str:
    """A short name in snake_case for an API of that title: "Swagger Petstore - OpenAPI 3.0" is petstore."""
    said = re.sub(r"(?i)\b(?:swagger|openapi|rest|api|v?\d+(?:\.\d+)*)\b", " ", title)
    return identifier(said if re.search(r"[A-Za-z]", said) else title, set())[:40].strip("_")


def class_name(text: str, taken: set[str]) -> str:
    """A name in CamelCase for what is called ``text`` (an identifier), added to ``taken``."""
    plain = "".join(part[:1].upper() + part[1:] for part in text.split("_")) or "Params"
    if keyword.iskeyword(plain):  # None, True and False
        plain += "Params"
    return _free(plain, taken, "")


def _free(name: str, taken: Collection[str] | set[str], joint: str) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}{joint}{number}", number + 1
    assert isinstance(taken, set)
    taken.add(found)
    return found


def literal(value: Any) -> str:
    """The Python literal of a plain value: text, number, truth value, None, or a list, tuple or mapping of these."""
    if isinstance(value, str):
        return repr(value) if "\\" in repr(value) else _double(repr(value))
    if value is None or isinstance(value, (bool, int)):
        return repr(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, (list, tuple)):
        inner = ", ".join(literal(item) for item in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(inner)}" for key, inner in value.items()) + "}"
    raise ValueError(f"{type(value).__name__} has no literal")


def _double(written: str) -> str:
    """A text's literal in double quotes, where that takes no escapes."""
    return f'"{written[1:-1]}"' if written[0] == "'" and '"' not in written else written


def docstring(text: str) -> str:
    """The literal of a docstring of one line."""
    plain = "\\" not in text and '"' not in text and text.isprintable()
    return f'"""{text}"""' if plain else literal(text)


def one_line(value: Any, longest: int = 160) -> str:
    """The first sentence of a text, without markup and line breaks; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    text = re.sub(r"<[^<>]{0,200}>", "", value[:5000])
    text = re.sub(r"\[([^\[\]]{1,200})\]\([^()]{0,500}\)", r"\1", text).replace("`", "").replace("**", "")
    text = " ".join(_CONTROL.sub(" ", text).split())
    sentence = re.match(r".{15,}?[.!?](?= |$)", text)
    if sentence is not None and len(sentence[0]) <= longest:
        return sentence[0]
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def words(name: str) -> str:
    """A name as words: ``perPage`` is "Per page"."""
    text = re.sub(r"[^A-Za-z0-9]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).strip().lower()
    return text[:1].upper() + text[1:] if text else "A value"
