"""Tables of pandas as integrations take them in, and rows as they give them back.

    from flowbook import tables

    rows = tables.rows(given) if tables.is_frame(given) else given

pandas and numpy are recognised by what a value is, never imported: if a value is theirs, they are there.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flowbook.errors import TaskFailed
from flowbook.tasks.contract import well_formed

__all__ = [
    "column_names",
    "columns_of",
    "is_foreign",
    "is_frame",
    "listed",
    "mappings",
    "no_formula",
    "no_formulas",
    "objects",
    "rows",
    "scalar",
    "well_formed",
    "whole",
]

CHUNK = 10_000
_WITHOUT_FRACTION = re.compile(r"(?<=[0-9])\.0*(?=\s*\Z)")  # of a whole number


def whole(value: Any) -> Any:
    """``value`` for a column of whole numbers: 10.0, as a merge of DataFrames leaves it, as 10; so the text "10.0", as
    such a table is written in a CSV file, as "10".

    Raises TaskFailed for 10.5, also as a text: a database may round it without a word. What is no number is left to it.
    """
    number = value
    if isinstance(value, str):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return value
    if not isinstance(number, (float, Decimal)):
        return value
    if not (number.is_integer() if isinstance(number, float) else _is_whole(number)):
        raise TaskFailed(
            f"{value} is no whole number, which the column wants.",
            hint="Round it, or widen the column.",
            permanent=True,
        )
    if isinstance(value, str):
        return _WITHOUT_FRACTION.sub("", value)
    return value if number > 1e30 else int(number)


def _is_whole(number: Decimal) -> bool:
    return number.is_finite() and number == number.to_integral_value()


def is_frame(value: Any) -> bool:
    """Whether a value is a DataFrame."""
    return hasattr(value, "columns") and hasattr(value, "iloc")


def is_foreign(value: Any) -> bool:
    """Whether a value is one of numpy's or pandas' own."""
    return type(value).__module__.partition(".")[0] in ("numpy", "pandas")


def rows(frame: Any) -> Iterator[dict[str, Any]]:
    """The rows of a DataFrame by the names of its columns, one by one; a missing cell is None.

    Raises TaskFailed when two columns have the same name, since a row could hold one of them only.
    """
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise TaskFailed("Two columns of the DataFrame have the same name.", hint="Rename one of them.", permanent=True)
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK].astype(object)
        for row in part.where(part.notna(), None).itertuples(index=False, name=None):
            yield dict(zip(names, row, strict=True))


def listed(given: Any) -> Sequence[Any] | Iterator[dict[str, Any]]:
    """What a param gives one by one: the items of a list, or the rows of a DataFrame. TaskFailed for anything else."""
    if is_frame(given):
        return rows(given)
    if isinstance(given, Sequence) and not isinstance(given, (str, bytes)):
        return given
    kind = "nothing" if given is None else f"a {type(given).__name__}"
    hint = "Give a list of objects, or a DataFrame."
    raise TaskFailed(f"The rows are {kind}, not a list.", hint=hint, permanent=True)


def mappings(given: Any) -> Iterator[Mapping[str, Any]]:
    """As :func:`listed`, for rows that are to be objects; TaskFailed names the first that is none."""
    for number, row in enumerate(listed(given), 1):
        if not isinstance(row, Mapping):
            hint = 'Each row is {"column": value, ...}.'
            raise TaskFailed(f"Row {number} is a {type(row).__name__}, not an object.", hint=hint, permanent=True)
        yield row


def columns_of(given: Any) -> list[str]:
    """The columns that rows have (:func:`mappings`), in the order in which they first appear."""
    names: dict[str, None] = dict.fromkeys(map(str, given.columns)) if is_frame(given) else {}
    for row in () if is_frame(given) else mappings(given):
        names.update(dict.fromkeys(row))
    return list(names)


def objects(names: Iterable[str], given: Iterable[Iterable[Any]]) -> list[dict[str, Any]]:
    """Rows as objects: the values of each by the names of the columns (:func:`column_names`)."""
    names = column_names(names)
    return [dict(zip(names, row, strict=True)) for row in given]


def scalar(value: Any) -> Any:
    """``value`` without what only numpy and pandas know: their scalars as Python's, times as ISO text."""
    if not is_foreign(value):
        return value
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.tolist() if hasattr(value, "tolist") else value


def column_names(given: Iterable[str]) -> list[str]:
    """Names of columns; one that comes again gets ``_2``, ``_3``, …, so that no value is lost."""
    names: list[str] = []
    for column in given:
        name, count = column, 1
        while name in names:
            count += 1
            name = f"{column}_{count}"
        names.append(name)
    return names


# What begins a formula (https://owasp.org/www-community/attacks/CSV_Injection), in full width too, as Japanese
# spreadsheets take it, and after what is left out of a cell: a byte order mark, a quote.
_FORMULA = re.compile(r'[\s"\x00-\x20\x7f-\xa0\xad\u200b-\u200f\u2060-\u2064\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]')
_WRITTEN = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*")
_ENDS = {",": re.compile(r"([;\t\r\n])"), "": re.compile(r"([,;\t\r\n])")}


def no_formula(text: str, delimiter: str = ",") -> str:
    """Text that a spreadsheet shows and does not run; a number stays one.

    ``delimiter`` parts the cells of the file. A spreadsheet of another country takes another for that, and then quotes
    inside of a line for letters: what stands after such a mark, or in a new line, is a cell of its own there.
    """
    if _is_number(text):
        return text
    parts = map(_not_run, _ENDS.get(delimiter, _ENDS[""]).split(text))
    shown = _not_run("".join(parts))  # as a whole too: "-1;text" is no number, whatever parts cells
    return "'" + shown if shown.startswith(("\t", "\r", "\n")) else shown


def _not_run(part: str) -> str:
    return "'" + part if _FORMULA.match(part) else part


def _is_number(text: str) -> bool:
    """Whether a text is a number and nothing else, in the way of a program or of people: ``-1.5e3``, ``-1.234,56``."""
    if text != text.strip():
        return False
    with contextlib.suppress(ValueError):
        float(text)
        return True
    return _WRITTEN.fullmatch(text) is not None


def no_formulas(frame: Any) -> Any:
    """A DataFrame whose texts, and names of columns, are as :func:`no_formula` has them; itself when all are."""

    def shown(cell: Any) -> Any:
        return no_formula(cell) if isinstance(cell, str) else cell

    made = frame.copy()
    made.columns = [shown(name) for name in frame.columns]
    for place, kind in enumerate(frame.dtypes):
        if kind.kind in "OSUT" or str(kind) in ("string", "str", "category"):
            made.isetitem(place, frame.iloc[:, place].astype(object).map(shown))
    return made
