"""Names that somebody may have meant: which of those there are a wrong one is a slip of, and what to say then."""

from __future__ import annotations

from collections.abc import Iterable

from flowbook.counting import plural


def nearest(name: str, known: Iterable[str]) -> str:
    """The one of ``known`` that ``name`` may be a slip of; empty when none is that near.

    Near is what a slip of the fingers makes: of seven letters one is wrong, missing, too much or changed with the next;
    of eight two are, of twelve three; of two none. Case, spaces, ``-`` and ``_`` make no difference.
    """
    import difflib  # every run would load it

    names = sorted(set(known))
    wanted, bare = _bare(name), {_bare(each) for each in names}
    alike = difflib.get_close_matches(wanted, bare, n=4, cutoff=0.6)
    slips = sorted((count, place) for place, each in enumerate(alike) if (count := _slips(wanted, each)) is not None)
    close = [each for each in names if slips and _bare(each) == alike[slips[0][1]]]
    return difflib.get_close_matches(str(name), close, n=1, cutoff=0)[0] if close else ""


def _slips(one: str, other: str) -> int | None:
    """How many slips make ``other`` of ``one``; None when they are too many for words of that length."""
    longer = max(len(one), len(other))
    allowed = 0 if longer < 3 else min(max(longer // 4, 1), 3)
    if abs(len(one) - len(other)) > allowed:
        return None
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        before, last, row = row, before, [i + 1]
        for j, facing in enumerate(other):
            cost = min(before[j] + (letter != facing), before[j + 1] + 1, row[j] + 1)
            if i and j and letter == other[j - 1] and one[i - 1] == facing:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
    return row[-1] if row[-1] <= allowed else None


def _bare(name: object) -> str:
    return "".join(letter for letter in str(name).casefold() if letter not in " -_")


def suggest(name: str, known: Iterable[str], what: str = "name") -> str:
    """A sentence that names the nearest of ``known``, else lists some; empty when there are none."""
    names = sorted(set(known))
    if not names:
        return ""
    close = nearest(name, names)
    if close:
        return f"Did you mean {close!r}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"Known {plural(what)}: {shown}."
