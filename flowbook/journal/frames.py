"""Tables without secrets: in their cells, whatever these hold, in labels, categories and attributes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.redaction import HIDDEN

Clean = Callable[[Any], Any]


def cleaned(frame: Any, clean: Clean) -> Any:
    """A DataFrame without secrets; the same one when there are none in it.

    ``clean`` takes them out of plain data. What is neither plain nor a container is looked at as the text it shows.
    """
    result = frame.copy(deep=False)
    changed = False
    for place in range(frame.shape[1]):
        cells = frame.iloc[:, place]
        shown = _column(cells, clean)
        if shown is not cells:
            result.isetitem(place, shown)
            changed = True
    for axis in ("columns", "index"):
        labels = getattr(frame, axis)
        shown = _labels(labels, clean)
        if shown is not labels:
            setattr(result, axis, shown)
            changed = True
    attrs = _value(dict(frame.attrs), clean)
    if attrs != frame.attrs:
        result.attrs = attrs
        changed = True
    return result if changed else frame


def is_table(value: Any) -> bool:
    """Whether that is a DataFrame or a Series of pandas."""
    kind = type(value)
    return kind.__name__ in ("DataFrame", "Series") and kind.__module__.partition(".")[0] == "pandas"


def shown_of(value: Any, clean: Clean) -> Any:
    """A DataFrame or Series without secrets, to be shown: its own repr would cut through them."""
    if value.ndim == 2:
        return cleaned(value, clean)
    frame = value.to_frame(name="" if value.name is None else value.name)
    shown = cleaned(frame, clean)
    return value if shown is frame else shown.iloc[:, 0]


def _column(cells: Any, clean: Clean) -> Any:
    if cells.dtype.kind in "bmM":
        return cells
    if cells.dtype.name == "category":
        categories = cells.cat.categories.tolist()
        if all(_value(one, clean) is one for one in categories):
            return cells
        cells = cells.astype(object)
    values = cells.tolist()
    shown = [_value(one, clean) for one in values]
    if all(new is old for new, old in zip(shown, values, strict=True)):
        return cells
    import pandas as pd

    return pd.Series(shown, index=cells.index, dtype=object)


def _labels(labels: Any, clean: Clean) -> Any:
    """An index, of rows or of columns, without secrets; labels that become equal stay apart by a number."""
    import pandas as pd

    values, names = labels.tolist(), list(labels.names)
    shown, called = [_value(one, clean) for one in values], [_value(one, clean) for one in names]
    same = all(new is old for new, old in zip([*shown, *called], [*values, *names], strict=True))
    if same and _levels_are_clean(labels, clean):
        return labels
    if isinstance(labels, pd.MultiIndex):
        return pd.MultiIndex.from_tuples(shown, names=called)
    return pd.Index(_apart(shown, values), name=called[0])


def _levels_are_clean(labels: Any, clean: Clean) -> bool:
    """Whether what an index keeps without using it, categories and levels, holds no secret either."""
    kept = [*getattr(labels, "levels", ()), *([labels.categories] if hasattr(labels, "categories") else ())]
    return all(_value(one, clean) is one for level in kept for one in level.tolist())


def _apart(shown: list[Any], values: list[Any]) -> list[Any]:
    seen: set[Any] = set()
    apart = []
    for new, old in zip(shown, values, strict=True):
        label, number = new, 1
        while new is not old and label in seen:
            number += 1
            label = f"{new} ({number})"
        seen.add(label)
        apart.append(label)
    return apart


def _value(value: Any, clean: Clean) -> Any:
    """A cell or label without secrets; the same object when there is none in it."""
    if value is None or isinstance(value, (str, bytes, bytearray, int, float, dict, list, tuple, set, frozenset)):
        shown = clean(value)
        if shown is not value or not isinstance(value, (dict, list, tuple, set, frozenset)):
            return shown
        inner = value.items() if isinstance(value, dict) else value
        return value if all(_value(one, clean) is one for one in inner) else HIDDEN
    if is_table(value):
        return value if shown_of(value, clean) is value else HIDDEN
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        plain = value.tolist()
        return value if _value(plain, clean) is plain else HIDDEN
    text = str(value)
    return value if clean(text) is text else HIDDEN
