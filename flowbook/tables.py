"""Tables of pandas as integrations take them in, and rows as they give them back.

    from flowbook import tables

    rows = tables.rows(given) if tables.is_frame(given) else given

pandas and numpy are recognised by what a value is, never imported: if a value is theirs, they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowbook.errors import TaskFailed
from flowbook.tasks.contract import well_formed

__all__ = ["column_names", "is_foreign", "is_frame", "no_formula", "no_formulas", "rows", "scalar", "well_formed"]

CHUNK = 10_000


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
        raise TaskFailed("Two columns of the DataFrame have the same name.", hint="Rename one of them.")
    for start in range(0, len(frame), CHUNK):
        part = frame.iloc[start : start + CHUNK].astype(object)
        for row in part.where(part.notna(), None).itertuples(index=False, name=None):
            yield dict(zip(names, row, strict=True))


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


_FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # https://owasp.org/www-community/attacks/CSV_Injection


def no_formula(text: str) -> str:
    """Text that a spreadsheet shows and does not run; a number stays one."""
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


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
