"""What a run and its nodes were given, as plain JSON without secrets.

The inputs of a run are kept whole, to run again with; the params of a node in a bounded size, to look at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.journal.contents import is_short, json_of, unseen
from flowbook.journal.protocol import damaged
from flowbook.json_text import parse_json
from flowbook.results import Stored

PARAMS_LIMIT = 20_000
TEXT_LIMIT = 4_000
MAX_DEPTH = 20
_FEW = 20  # short keys and texts that are within the limit whatever is in them
_PLAIN = 10**15  # an integer below that has no form that JSON lacks
_encoded = json.JSONEncoder(ensure_ascii=False).encode
_LEAST = 8  # characters that even an empty entry is counted as, so that a million of them come to an end


class Given(Stored):
    """What a node of the run ``run`` was given, as JSON; read when it is asked for."""

    __slots__ = ("_run", "_text")

    def __init__(self, text: str, run: str = "") -> None:
        self._text = text
        self._run = run

    def load(self) -> Any:
        """The params again, as short as they were kept. Raises StoreDamaged when they cannot be read any more."""
        try:
            return parse_json(self._text)
        except (ValueError, TypeError) as error:
            raise damaged(self._run, error) from None


def keep_inputs(inputs: Mapping[str, Any], redact_json: Callable[[Any], Any]) -> tuple[str, str]:
    """The inputs of a run as a JSON object, and the names of those that are not in it as they were given, as a list.

    Those are the ones that hold a secret, or what JSON has no form for.
    """
    kept: dict[str, Any] = {}
    withheld: list[str] = []
    for name, value in inputs.items():
        try:
            plain = parse_json(json_of(value))
            changed = False
        except Exception:  # noqa: BLE001 - what JSON has no form for, or whatever an object does when it is looked at
            plain, changed = _in_words(value, redact_json), True
        kept[name] = redact_json(plain)
        if changed or kept[name] is not plain:
            withheld.append(name)
    return json_of(kept), json_of(withheld)


def _in_words(value: Any, redact_json: Callable[[Any], Any]) -> Any:
    try:
        return parse_json(json.dumps(value, default=repr), parse_constant=str)
    except Exception:  # noqa: BLE001 - it refers to itself, is nested without end, or cannot say what it is
        return _shortened(value, redact_json)


def keep_display(bundle: Mapping[str, Any]) -> str:
    """A display (MIME type → content) as JSON; what JSON has no form for as text, a number that is none as its word."""
    try:
        return json_of(dict(bundle), default=str)
    except Exception:  # noqa: BLE001 - NaN, keys of other kinds, or whatever an object does when it is looked at
        return json_of({str(kind): _in_words(content, lambda value: value) for kind, content in bundle.items()})


def keep_params(params: Any, redact_json: Callable[[Any], Any] | None) -> str | None:
    """``params`` as JSON of about 20,000 characters at most, without secrets; None when there are none.

    What is too long is cut and says so; what JSON has no form for becomes a word about it, such as
    ``<DataFrame, 1000 rows × 3 columns>``. Never raises for what a value is like, and never asks for its repr, since
    that may take any time.
    """
    if params is None:
        return None
    if _is_small(params) and (redact_json is None or redact_json(params) is params):
        return json_of(params)
    return json_of(_shortened(params, redact_json or _as_it_is))


def _as_it_is(value: Any) -> Any:
    return value


def _shortened(value: Any, redact_json: Callable[[Any], Any]) -> Any:
    try:
        return _Shortener(redact_json).short(value, MAX_DEPTH)
    except Exception as error:  # noqa: BLE001 - it stands there: that a run began, or a node ended, is recorded anyhow
        return f"<{unseen(value, error)}>"


def _is_small(params: Any) -> bool:
    """Whether params are all kept as they are, which is told without looking at each of them by itself."""
    if type(params) is not dict or len(params) > _FEW:
        return False
    for key, value in params.items():
        if not (type(key) is str and is_short(key) and (value is None or is_short(value))):
            return False
    return True


class _Shortener:
    """Copies a value until its room (in characters of JSON) is used up."""

    def __init__(self, redact_json: Callable[[Any], Any]) -> None:
        self._redact_json = redact_json
        self._room = PARAMS_LIMIT

    def short(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple)):
            return self._list(value, depth)
        leaf = self._leaf(value)
        self._room -= max(len(leaf) + 2 if type(leaf) is str and leaf.isalnum() else len(_encoded(leaf)), _LEAST)
        return leaf

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, inner in self._affordable(value.items(), depth):
            text = self._text(key if isinstance(key, str) else str(key))
            self._room -= len(text)
            result[text] = self.short(inner, depth - 1)
        if len(result) < len(value):
            result["…"] = f"{len(value) - len(result):,} more"
        return result

    def _list(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        result = [self.short(inner, depth - 1) for inner in self._affordable(value, depth)]
        if len(result) < len(value):
            result.append(f"… {len(value) - len(result):,} more")
        return result

    def _affordable(self, values: Iterable[Any], depth: int) -> Iterable[Any]:
        for value in values if depth else ():
            if self._room <= 0:
                return
            self._room -= 2
            yield value

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self._number(value)
        return self._text(_described(value))

    def _number(self, value: int | float) -> Any:
        if type(value) is int and -_PLAIN < value < _PLAIN:
            return self._redact_json(value)
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            return _described(value) if isinstance(value, int) else str(value)
        return self._redact_json(value)

    def _text(self, text: str) -> str:
        clean = str(self._redact_json(text))
        allowed = max(min(TEXT_LIMIT, self._room), 40)
        if len(clean) <= allowed:
            return clean
        return f"{clean[:allowed]}… ({counted(len(clean), 'character')})"


def _described(value: Any) -> str:
    """A word about a value that JSON has no form for."""
    kind = type(value)
    if kind.__module__ in ("datetime", "decimal", "uuid", "pathlib"):
        return str(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and len(shape) == 2:
        return f"<{kind.__name__}, {shape[0]} rows × {shape[1]} columns>"
    if isinstance(value, (bytes, bytearray)):
        return f"<{counted(len(value), 'byte')}>"
    return f"<{kind.__name__}>"
