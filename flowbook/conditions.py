"""Which rows of a table are meant: conditions as data, made into SQL of quoted names and parameters.

    from flowbook.conditions import Statement

    made = Statement("orders", columns, quoted)
    query = f"SELECT * FROM {quoted('orders')} {made.where(params.where)}"
    cursor.execute(query, made.parameters)

For integrations that speak SQL with ``%(name)s`` as placeholders, and fill a list that is alone in ``IN (%(name)s)`` in
as its items.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from flowbook import tables
from flowbook.errors import TaskFailed

__all__ = ["Statement"]

COMPARING = {"=": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
MATCHING = {"like": "LIKE", "not like": "NOT LIKE"}
AMONG = {"in": "IN", "not in": "NOT IN"}
OTHERS = ("between", "is null")


class Statement:
    """SQL that is put together with its parameters; ``columns`` are those that the table has.

    ``quoted`` makes an identifier of any name, as the database wants it, and ``matching`` are operators that it has
    beside LIKE: their names and their SQL. ``whole`` are the columns that take whole numbers.
    """

    def __init__(
        self,
        table: str,
        columns: Iterable[str],
        quoted: Callable[[str], str],
        matching: Mapping[str, str] | None = None,
        whole: Collection[str] = (),
    ) -> None:
        self.table = table
        self._whole = whole
        self.columns = tuple(columns)
        self._quoted = quoted
        self._matching = {**MATCHING, **(matching or {})}
        self.parameters: dict[str, Any] = {}

    def name(self, column: str) -> str:
        """A column's quoted name; TaskFailed when the table has none of that name."""
        if column not in self.columns:
            hint = f"Its columns are: {', '.join(self.columns)}."
            raise TaskFailed(f"{self.table} has no column {column!r}.", {"kind": "invalid"}, hint, permanent=True)
        return self._quoted(column)

    def value(self, given: Any) -> str:
        """The placeholder of a new parameter with that value."""
        name = f"flowbook {len(self.parameters)}"
        self.parameters[name] = given
        return f"%({name})s"

    def setting(self, values: Mapping[str, Any]) -> str:
        """What comes after SET; TaskFailed where a number that is not whole would be rounded into a column."""
        return ", ".join(
            f"{self.name(column)} = {self.value(self._fit(column, one))}" for column, one in values.items()
        )

    def _fit(self, column: str, value: Any) -> Any:
        if column not in self._whole:
            return value
        try:
            return tables.whole(tables.scalar(value))
        except TaskFailed as error:
            raise TaskFailed(f"Column {column!r}: {error.message}", hint=error.hint, permanent=True) from None

    def where(self, given: Mapping[str, Any] | list[dict[str, Any]]) -> str:
        """WHERE for what ``given`` says; nothing when it says nothing."""
        alternatives = [given] if isinstance(given, Mapping) else given
        made = [" AND ".join(self._fitting(one)) for one in alternatives if one]
        if not made:
            return ""
        return f"WHERE {made[0]}" if len(made) == 1 else f"WHERE {' OR '.join(f'({one})' for one in made)}"

    def order(self, given: Iterable[str]) -> str:
        """ORDER BY for columns, each of which may say its direction."""
        made = [self._direction(one) for one in given]
        return f"ORDER BY {', '.join(made)}" if made else ""

    def returning(self, columns: list[str]) -> str:
        """RETURNING those columns."""
        return f"RETURNING {', '.join(map(self.name, columns))}" if columns else ""

    def _direction(self, given: str) -> str:
        if given in self.columns:
            return self._quoted(given)
        column, _, direction = given.rpartition(" ")
        if direction.lower() in ("asc", "desc") and column.strip() in self.columns:
            return f"{self._quoted(column.strip())} {direction.upper()}"
        return f"{self.name(given.removeprefix('-'))} DESC" if given.startswith("-") else self.name(given)

    def _fitting(self, given: Mapping[str, Any]) -> Iterable[str]:
        for column, wanted in given.items():
            name = self.name(column)
            for operator, value in self._operators(column, wanted).items():
                yield self._condition(name, column, operator, value)

    def _condition(self, name: str, column: str, operator: str, value: Any) -> str:
        if operator == "is null":
            return f"{name} IS {'NULL' if value else 'NOT NULL'}"
        if value is None and operator in ("=", "!=", "<>"):
            return f"{name} IS {'NULL' if operator == '=' else 'NOT NULL'}"
        if value is None:
            hint = 'To ask for an empty one give null alone, or {"is null": true}.'
            raise _wrong(column, f"{operator!r} has nothing to compare with (null)", hint)
        if operator in AMONG:
            return f"{name} {AMONG[operator]} ({self.value(_list(column, operator, value))})"
        if operator == "between":
            limits = _list(column, operator, value)
            if len(limits) != 2:
                raise _wrong(column, "'between' wants a list of two values", 'Such as {"between": [1, 5]}.')
            return f"{name} BETWEEN {self.value(limits[0])} AND {self.value(limits[1])}"
        return f"{name} {COMPARING.get(operator) or self._matching[operator]} {self.value(value)}"

    def _operators(self, column: str, wanted: Any) -> dict[str, Any]:
        """What a column is compared by and with; a value alone is compared by "=", a list by "in"."""
        if isinstance(wanted, Mapping):
            known = (*COMPARING, *self._matching, *AMONG, *OTHERS)
            found = {" ".join(str(name).lower().replace("_", " ").split()): value for name, value in wanted.items()}
            unknown = [name for name in found if name not in known]
            if unknown or not found:
                hint = f'There are: {", ".join(known)}. To compare with an object, give {{"=": object}}.'
                raise _wrong(column, f"{unknown[0]!r} is no operator" if unknown else "it names no operator", hint)
            return found
        return {"in" if _is_list(wanted) else "=": wanted}


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple, set)) or bool(getattr(value, "shape", ()))


def _list(column: str, operator: str, value: Any) -> list[Any]:
    if not _is_list(value):
        raise _wrong(column, f"{operator!r} wants a list", f'Such as {{"{operator}": [1, 5]}}.')
    found: list[Any] = value.tolist() if hasattr(value, "tolist") else list(value)
    if any(one is None for one in found):
        raise _wrong(column, f"{operator!r} has a null in its list, which fits nothing", 'Ask with {"is null": true}.')
    return found


def _wrong(column: str, what: str, hint: str) -> TaskFailed:
    return TaskFailed(f"where, column {column!r}: {what}.", {"kind": "invalid"}, hint, permanent=True)
