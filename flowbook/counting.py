"""Numbers of things as they are said: "1 node", "2 nodes", "1,000 entries"."""

from __future__ import annotations


def counted(count: int, noun: str, more: bool = False) -> str:
    """So many of what ``noun``, in the singular, is: ``counted(1, "entry")`` is "1 entry", of 2 it is "2 entries".

    With ``more`` there are more than these: "100 rows, and there are more".
    """
    return f"{count:,} {noun if count == 1 else plural(noun)}{', and there are more' if more else ''}"


def plural(noun: str) -> str:
    """Of what a noun, or a name of what is of something, is: "status", "entry", "field of a node"."""
    first, link, rest = noun.partition(" of ") if " of " in noun else noun.partition(" in ")
    if first.endswith(("s", "x", "ch", "sh")):
        many = f"{first}es"
    else:
        many = f"{first[:-1]}ies" if first.endswith("y") and first[-2:-1] not in "aeiou" else f"{first}s"
    return many + link + rest


def cut(more: bool) -> str:
    """What follows a count when there are more than were fetched: how to get them."""
    return " (there are more: raise limit, or set all)" if more else ""


def cut_at(limit: int | None, more: bool) -> str:
    """As :func:`cut`, for rows and the like: it says where the list was cut."""
    return f", cut at the limit of {limit:,}: there are more (raise 'limit', or turn on 'all')" if more else ""
