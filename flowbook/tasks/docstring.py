"""What a docstring says about a plain task's params: the ``params:`` block.

The block is what people write down of a JSON object, not JSON: trailing remarks in parentheses, comments, missing
commas and trailing commas are all read::

    params:
    {
        "text": "Hello from workflow!",
        "channel": "#general" (optional if using webhook)
        "color": "danger" (good, warning, danger)
    }

A list of ``name: what it is`` lines, indented below ``params:``, is read too.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from flowbook.json_text import parse_json
from flowbook.parsing import parse_value
from flowbook.records import NamedTuple

_HEADINGS = {
    "params": re.compile(r"^[ \t]*(?:\w+[ \t]+){0,3}(?:params|parameters)[ \t]*:[ \t]*(?=$|\{)", re.I | re.M),
    "credentials": re.compile(r"^[ \t]*(?:\w+[ \t]+){0,3}credentials[ \t]*:[ \t]*(?=$|\{)", re.I | re.M),
}
_KEY = re.compile(r"""\s*,?\s*(?:"(?P<double>[^"\n]{1,100})"|'(?P<single>[^'\n]{1,100})'|(?P<bare>\w{1,100}))\s*:\s*""")
_STRING = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""")
_BARE_VALUE = re.compile(r"[^\s,(){}\[\]#]+")
_LISTED = re.compile(
    r"^[ \t]*[-*]?[ \t]*`{0,2}(?P<name>\w{1,100})`{0,2}[ \t]*(?:\((?P<kind>[^)\n]*)\))?[ \t]*:[ \t]*(?P<text>.*)$"
)
_DEFAULT = re.compile(r"\bdefaults?(?:\s+(?:is|to))?\s*[:=]?\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;)]+)", re.I)
_CHOICE = re.compile(r"[\w.+#-]+\Z")
_MISSING: Any = object()


class Entry(NamedTuple):
    """One line of a block. ``example`` and ``default`` are :data:`NOTHING` when there is none."""

    name: str
    example: Any = _MISSING
    default: Any = _MISSING
    optional: bool = False
    choices: tuple[str, ...] = ()
    description: str = ""


NOTHING: Any = _MISSING


def entries(doc: str | None, block: str) -> list[Entry]:
    """The entries of the docstring's ``block`` ("params" or "credentials"), in order; [] when it has none."""
    text = inspect.cleandoc(doc or "")
    heading = _HEADINGS[block].search(text)
    if heading is None:
        return []
    rest = text[heading.end() :]
    body = rest.lstrip()
    found = _braced(body[1:]) if body.startswith("{") else _listed(rest)
    return list({entry.name: entry for entry in found}.values())


def _braced(text: str) -> Iterator[Entry]:
    at = 0
    while match := _KEY.match(text, at):
        name = match["double"] or match["single"] or match["bare"]
        example, at = _value(text, match.end())
        remark, at = _remark(text, at)
        yield _entry(name, example, remark)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The example value that starts at ``at``, and where it ends."""
    if text[at : at + 1] in ("{", "["):
        end = _closing(text, at)
        return _literal(text[at:end], {} if text[at] == "{" else []), end
    match = _STRING.match(text, at) or _BARE_VALUE.match(text, at)
    if match is None:
        return _MISSING, at
    return _literal(match[0], match[0]), match.end()


def _literal(source: str, otherwise: Any) -> Any:
    for read in (parse_json, parse_value):
        try:
            value = read(source)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, float) and value - value != 0:
            return otherwise
        if value is None or isinstance(value, (str, bool, int, float, list, dict)):
            return value
    return {"true": True, "false": False, "null": None}.get(source.lower(), otherwise) if source else otherwise


def _closing(text: str, at: int) -> int:
    """Where the bracket that opens at ``at`` has been closed; the end of the text when it never is."""
    depth, i = 0, at
    while i < len(text):
        quoted = _STRING.match(text, i)
        if quoted:
            i = quoted.end()
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[i], 0)
        i += 1
        if depth == 0:
            return i
    return len(text)


def _remark(text: str, at: int) -> tuple[str, int]:
    """What is said behind a value, up to the next entry, and where that starts."""
    match = re.compile(r"[ \t]*,?[ \t]*").match(text, at)
    at = match.end() if match else at
    if text[at : at + 1] == "(":
        end = _closing(text, at)
        return " ".join(text[at:end].strip("()").split()), end
    if text[at : at + 1] in ("}", "") or _KEY.match(text, at):
        return "", at
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return text[at:end].strip().lstrip("#/-—– ").strip(), end


def _listed(text: str) -> Iterator[Entry]:
    """Entries of the form ``name (type): text``, up to the first line that is not one."""
    lines = text.splitlines()[1:] if text.startswith("\n") else text.splitlines()
    for line in lines:
        match = _LISTED.match(line)
        if not match or not line.startswith((" ", "\t", "-", "*")):
            return
        kind = (match["kind"] or "").lower()
        remark = match["text"].strip()
        entry = _entry(match["name"], _EXAMPLES.get(kind.split(",")[0].strip(), _MISSING), remark)
        optional = entry.optional or "optional" in kind
        yield Entry(entry.name, entry.example, entry.default, optional, entry.choices, remark)


_EXAMPLES: dict[str, Any] = {
    "str": "", "string": "", "int": 0, "integer": 0, "float": 0.5, "number": 0.5, "bool": True, "boolean": True,
    "list": [], "array": [], "dict": {}, "object": {},
}  # fmt: skip


def _entry(name: str, example: Any, remark: str) -> Entry:
    default: Any = _MISSING
    said = _DEFAULT.search(remark)
    if said:
        default = _literal(said["value"], said["value"])
        if isinstance(example, str) and not isinstance(default, str):
            default = said["value"]
    optional = bool(re.search(r"\boptional\b", remark, re.I)) or default is not _MISSING
    choices = _choices(remark, example)
    return Entry(name, example, default, optional, choices, "" if choices else _described(remark))


def _choices(remark: str, example: Any) -> tuple[str, ...]:
    """``(good, warning, danger)`` behind the example "danger" lists what may be chosen."""
    bare = re.sub(r"^(?:optional|required|one of|either)\b[\s,:;-]*", "", _DEFAULT.sub("", remark), flags=re.I)
    bare = re.sub(r"^(?:one of|either)\b[\s:]*", "", bare, flags=re.I)
    parts = [part.strip().strip("\"'`") for part in re.split(r",|\||/|;|\bor\b", bare)]
    parts = [part for part in parts if part and part.lower() not in ("optional", "required")]
    if len(parts) < 2 or example not in parts or not all(_CHOICE.match(part) for part in parts):
        return ()
    return tuple(dict.fromkeys(parts))


def _described(remark: str) -> str:
    bare = re.sub(r"^(?:optional|required)\W*\Z", "", remark, flags=re.I)
    return bare[:1].upper() + bare[1:]
