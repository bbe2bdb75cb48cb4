"""What a field of a form shows for a value, and the value that what was entered stands for. No widgets here."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flowbook.errors import FlowbookError
from flowbook.expressions import FUNCTIONS, compile_expression
from flowbook.expressions.lookup import SCOPE_NAMES
from flowbook.json_text import TooDeep, parse_json
from flowbook.models import Parameter
from flowbook.parsing import parse_expression
from flowbook.records import NamedTuple
from flowbook.validation.values import coerced, misfit

Raw: TypeAlias = str | bool | None

_READS = re.compile(rf"\b({'|'.join(SCOPE_NAMES)})\b")
_WORDS = {
    "integer": "Enter a whole number, such as 3.",
    "number": "Enter a number, such as 2.5.",
    "url": "Enter a URL with its scheme, such as https://example.com/path.",
    "email": "Enter an e-mail address, such as name@example.com.",
}


class Meant(str):
    """An empty text that is given as such: a field in which nothing was entered gives none."""

    __slots__ = ()


class Mark(NamedTuple):
    """A place in a text where something is wrong, in characters from its beginning."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Field:
    """A parameter in a form.

    ``label`` is shown in place of its name and type; ``suggestions`` are offered while typing, other text is possible.
    ``stored`` says that a value which is not shown (a secret) is kept when nothing is entered; ``disabled`` that
    the value is shown and cannot be changed. ``expression`` says that the text as a whole is an expression, such as a
    condition, which can use nothing named in
    ``without``; ``group`` is the heading under which it stands, and ``folded`` that its group is closed at first.
    ``counted`` says that the heading tells how many there are. ``may_be_empty`` lets a person say that the text is
    given and empty, which is another thing than not given: a button beside the field says so.
    ``action`` is what a button beside the field does with what is entered, as ``Form.on_action`` hears.
    """

    parameter: Parameter
    label: str = ""
    placeholder: str = ""
    suggestions: tuple[str, ...] = field(default=())
    stored: bool = False
    disabled: bool = False
    expression: bool = False
    without: tuple[str, ...] = field(default=())
    group: str = ""
    folded: bool = False
    counted: bool = False
    may_be_empty: bool = False
    action: str = ""

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    def spec(self, expressions: bool = False) -> dict[str, Any]:
        """What the browser needs to draw it."""
        parameter = self.parameter
        return {
            "name": parameter.name,
            "label": self.label or parameter.name,
            "type": parameter.type,
            "show_type": not self.label,
            "required": parameter.required,
            "hint": parameter.description,
            "placeholder": self.placeholder or self._default_shown(),
            "choices": list(parameter.choices),
            "suggestions": list(self.suggestions),
            "disabled": self.disabled,
            "expressions": expressions and not self.expression,
            "language": self.language,
            "without": list(self.without),
            "group": self.group,
            "folded": self.folded,
            "counted": self.counted,
            "may_be_empty": self.takes_empty,
            "action": self.action,
        }

    @property
    def takes_empty(self) -> bool:
        """Whether its text can be given and be empty."""
        kind = self.parameter
        return self.may_be_empty and kind.type in ("string", "text") and not kind.choices and not self.disabled

    @property
    def language(self) -> str:
        """What is written in it: "expression", "python", "sql", "json", "markdown" or "text"; "" for a single line."""
        if self.expression:
            return "expression"
        if self.parameter.type == "json":
            return "json"
        return self.parameter.language or ("text" if self.parameter.type == "text" else "")

    def _default_shown(self) -> str:
        default = shown(self.parameter, self.parameter.default)
        if isinstance(default, str) and self.parameter.type != "select":
            return default
        return "folder/file" if self.parameter.type == "file" else ""


def is_expression(value: object) -> bool:
    """Whether a value is text with a ``${{ }}`` expression in it."""
    return isinstance(value, str) and "${{" in value


def braced(raw: Raw) -> Raw:
    """What stands in a field that a person has made an expression: with its ``${{ }}`` also where it was left out.

    Any other text stays text: what uses nothing of a run, or what no expression could mean.
    """
    if not isinstance(raw, str) or "${{" in raw or not _READS.search(raw):
        return raw
    try:
        tree = parse_expression(raw.strip())
        compile_expression(raw.strip())
    except (SyntaxError, ValueError, RecursionError, FlowbookError):
        return raw
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    alone = isinstance(tree, ast.Name) and tree.id not in ("item", "index")
    known = names <= {*SCOPE_NAMES, *FUNCTIONS, *_bound(tree)}
    return f"${{{{ {raw.strip()} }}}}" if known and not alone and names & set(SCOPE_NAMES) else raw


def _bound(tree: ast.AST) -> set[str]:
    """The names that comprehensions in it give."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def shown(parameter: Parameter, value: Any) -> Raw:
    """A value as it stands in the field: a tick, else text. None when there is none."""
    if value is None:
        return None
    if is_expression(value):
        return str(value)
    if parameter.type == "boolean":
        return value if isinstance(value, bool) else coerced(parameter, value) is True
    if parameter.type == "json":
        return json.dumps(value, indent=2, ensure_ascii=False)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_empty(raw: Raw) -> bool:
    """Whether nothing was entered."""
    return raw is None or (isinstance(raw, str) and not raw.strip() and not isinstance(raw, Meant))


def read(parameter: Parameter, raw: Raw, *, expressions: bool = False) -> Any:
    """The value that was entered; None when the field is empty, the text itself when it stands for no such value."""
    if is_empty(raw):
        return None
    if isinstance(raw, Meant):
        return ""
    if parameter.type in ("string", "url", "email", "integer", "number") and isinstance(raw, str):
        raw = raw.strip()
    if expressions and is_expression(raw) and parameter.type != "json":
        return raw
    return coerced(parameter, raw)


def plain(parameter: Parameter, raw: Raw) -> Raw:
    """What stands in a field that was an expression and is none any more; None when that cannot be carried over."""
    value = read(parameter, raw, expressions=True)
    if value is None or parameter.secret or is_expression(value):
        return None
    if parameter.type in ("boolean", "select"):
        return None if misfit(parameter, value) else shown(parameter, value)
    return raw


def problem(field: Field, raw: Raw, *, expressions: bool = False) -> str:
    """What is wrong with what was entered, as a sentence; empty when nothing is. The value is not repeated."""
    parameter = field.parameter
    value = read(parameter, raw, expressions=expressions)
    if value is None:
        missing = parameter.required and parameter.default is None and not field.stored
        return f"{_article(field)} is required." if missing else ""
    if expressions and is_expression(value):
        return ""
    if parameter.type == "json" and isinstance(raw, str) and isinstance(value, str):
        broken = _json_problem(raw)
        if broken and (_begins_like_json(raw) or not _may_be_text(parameter, value)):
            return broken
    wrong = misfit(parameter, value)
    if wrong is None:
        return ""
    return _WORDS.get(parameter.type) or " ".join(f"This {wrong[0]} {wrong[1]}".split())


def _article(field: Field) -> str:
    return f"“{field.label or field.name}”"


def _may_be_text(parameter: Parameter, value: Any) -> bool:
    """Whether a task is known to take plain text where JSON is entered."""
    return parameter.json_schema is not None and misfit(parameter, value) is None


def _begins_like_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "[", '"'))


def _json_problem(text: str) -> str:
    try:
        parse_json(text)
    except json.JSONDecodeError as error:
        more = "" if _begins_like_json(text) else " Put text into double quotes."
        return f"This is not JSON: {error.msg} (line {error.lineno}, column {error.colno}).{more}"
    except TooDeep:
        return "This is nested too deeply."
    return ""


def problems(fields: Mapping[str, Field], raws: Mapping[str, Raw], *, expressions: bool = False) -> dict[str, str]:
    """What is wrong, by the field's name; empty when everything fits."""
    found = {name: problem(one, raws.get(name), expressions=expressions) for name, one in fields.items()}
    return {name: text for name, text in found.items() if text}
