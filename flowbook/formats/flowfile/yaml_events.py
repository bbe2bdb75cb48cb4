"""What PyYAML's parser reads in a text, event by event, and what is wrong with it in words of the file.

The text may be JSON, too, all of which is read (RFC 8259).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from flowbook.errors import FileFormatError
from flowbook.formats.files import MERGE, MERGE_REMEDY, marks_of_a_merge
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple

MAX_DEPTH = 50
_HALVES = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_JSON_ALONE = re.compile(_HALVES + "|[\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_IN_JSON = re.compile(rf"({_JSON_ALONE.pattern})|\\.", re.DOTALL)
_LONGEST_KEY = 1024
_FLOW = r"\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[\[\]{}]"
_UNREADABLE = "Remove it, or write it inside double quotes as \\u and four digits."
# Not compiled here: that takes longer than to read a small file, and only a file that cannot be read needs it.
_ODD = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"


def refuse(source: str, mark: Any, what: str, remedy: str) -> NoReturn:
    """Raise FileFormatError for what stands at ``mark`` (None: nowhere in particular)."""
    where = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
    raise FileFormatError.about(source, f"{what}.", remedy, at=where)


def refuse_as_too_deep(source: str, mark: Any) -> NoReturn:
    """Raise FileFormatError for what lies too deep at ``mark``."""
    refuse(source, mark, f"this is nested more than {MAX_DEPTH} levels deep", "Make it flatter.")


def events(text: str, source: str) -> Iterator[Any]:
    """The events of PyYAML's parser. Raises FileFormatError (``source:line:column: …``) where they end too early."""
    import yaml

    text = _as_yaml(text)
    try:
        yield from yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if (deep := _too_deep(text, mark)) is not None:
            refuse_as_too_deep(source, deep)
        if (line := marks_of_a_merge(text)) is not None:
            refuse(source, _Mark(line - 1, 0), MERGE, MERGE_REMEDY)
        what, remedy = _explain(text, mark, error.problem or error.context or "this is not YAML")
        refuse(source, mark, what, remedy)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        character = _odd_character(text)
        remedy = _UNREADABLE if character else str(error)
        refuse(source, character, "there is a character that YAML does not allow", remedy)


def _too_deep(text: str, mark: Any) -> Any:
    """Where the brackets before ``mark`` open one level too many, if they do; else None.

    A parser reads ahead as far as a key can reach, before it tells what it has read, and may have a limit of its own.
    """
    if mark is None:
        return None
    start = max(text.rfind("\n", 0, mark.index) + 1, mark.index - _LONGEST_KEY)
    levels = 0
    for found in re.finditer(_FLOW, text[start : mark.index + 1]):
        levels += (found[0] in "[{") - (found[0] in "]}")
        if levels > MAX_DEPTH:
            return _Mark(mark.line, mark.column - (mark.index - start - found.start()))
    return None


class _Mark(NamedTuple):
    line: int
    column: int


def _odd_character(text: str) -> _Mark | None:
    found = re.search(_ODD, text)
    if found is None:
        return None
    start = found.start()
    return _Mark(text.count("\n", 0, start), start - text.rfind("\n", 0, start) - 1)


def _explain(text: str, mark: Any, problem: str) -> tuple[str, str]:
    """What is wrong at ``mark`` in words of the file rather than of the parser, and how to mend it."""
    rows = text.splitlines()
    row = rows[mark.line] if mark is not None and mark.line < len(rows) else ""
    before, here = (row[: mark.column], row[mark.column : mark.column + 1]) if row else ("", "")
    if "\t" in (here, *row[: len(row) - len(row.lstrip())]):
        return "this line begins with a tab", "Indent with spaces; YAML does not allow tabs there."
    if here == ":" and ": " in before:
        return "there is a second ': ' in this line", "Put the text with the colon into quotes."
    if here in ("@", "`", "%"):
        return "a value cannot begin with this character", "Put the value into quotes."
    return f"this cannot be read as YAML ({problem})", "Look for a missing quote, bracket, colon or space before it."


def _as_yaml(text: str) -> str:
    """The same document, where it is JSON that YAML would refuse or change: with YAML's escapes for some characters.

    JSON escapes some in two halves, and has others in texts that YAML does not allow, or takes for the end of a line.
    https://www.rfc-editor.org/rfc/rfc8259#section-7, https://yaml.org/spec/1.1/#id868518
    """
    if not _JSON_ALONE.search(text):
        return text

    try:
        parse_json(text)
    except ValueError:
        return text  # in what is no JSON, a backslash may be one

    def escaped(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0]
        character = parse_json(f'"{found[1]}"')
        return f"\\U{ord(character):08X}"

    return _IN_JSON.sub(escaped, text)
