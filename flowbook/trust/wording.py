"""A review in words, safe to print: what it tells of came from a stranger's file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowbook.trust.needs import ANY, NOT_HERE, Need

if TYPE_CHECKING:
    from flowbook.trust.review import Review

_PLAIN = frozenset("\n\t")

# Letters and marks that show nothing: those with the property Default_Ignorable_Code_Point whose category does not say
# so (https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt), and the blank of braille. Code has been
# hidden in them: names of Hangul fillers, and texts of variation selectors that are decoded and run.
_BLANK = frozenset(map(chr, (
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
    *range(0xE0100, 0xE01F0),
)))  # fmt: skip


def escaped(text: object, *, lines: bool = False) -> str:
    """``text`` with all that a terminal would obey, turns the direction of reading or shows nothing, as escapes.

    With ``lines`` line breaks and tabs stay.
    """
    return "".join(letter if _shows_itself(letter, lines) else _escape(letter) for letter in str(text))


def _shows_itself(letter: str, lines: bool) -> bool:
    if letter in _PLAIN:
        return lines
    if letter in _BLANK:
        return False
    return letter == " " or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")


def lines_of(review: Review) -> Iterator[str]:
    """What a workflow is able to do here, line by line; the code in full."""
    yield f"{escaped(review.name)}  ({escaped(_place(review.target))})"
    if review.changes:
        yield ""
        yield "Changed since you trusted it:"
        yield from (f"  {escaped(change)}" for change in review.changes)
    if not review.needs:
        yield "It uses no credentials, runs no code and reaches nothing outside of the workspace: it needs no consent."
        return
    yield from _uses(review)
    yield from _listed(
        "Servers it calls without credentials:", [(node, _server(host)) for node, host in review.talking]
    )
    yield from _listed("What it changes:", list(review.writing))
    reached = [("reads" if kind == "reads" else "writes", place) for kind, place in review.places]
    yield from _listed("Places outside of the workspace:", reached)
    yield from _listed("Files that could be executed later, or whose names are computed, are written by:", [
        (node, "") for node in review.programs
    ])  # fmt: skip
    yield from _listed("Tasks that may do anything, as their author does not say what they do:", list(review.unsaid))
    ran = [(name, _version(hash)) for name, hash in review.workflows if name != ANY]
    yield from _listed("Workflows it runs:", ran)
    if review.any_workflow:
        yield "It runs workflows whose names are computed: any workflow of this workspace."
    yield from _listed("Integration folders whose code was not trusted by itself:", [
        (name, _version(digest)) for name, digest in review.folders
    ])  # fmt: skip
    yield from _code(review)


def _place(target: str) -> str:
    """Where it came from, in words; a file's path as it is."""
    kind, colon, name = target.partition(":")
    words = {"stored": "stored in this workspace", "text": "as it is shown here", "recorded": "as a run has kept it"}
    return words.get(kind, target) if colon and name else target


def missing_lines(review: Review) -> list[str]:
    """What nobody consented to yet, a line each."""
    names = {use.meaning.id: use.meaning.name for use in review.uses if use.meaning is not None}
    return [_need(need, names) for need in sorted(review.missing)]


def _need(need: Need, names: dict[str, str]) -> str:
    kind, what = need
    words = {
        "integration": _credentials(what, names),
        "host": "servers whose names are computed" if what == ANY else f"the server {what}",
        "code": "running code",
        "reads": f"reading files in {what}",
        "writes": f"writing files in {what}",
        "program": "writing files that could be executed later",
        "workflow": "running any workflow of this workspace",
    }
    return escaped(words.get(kind, f"{kind} {what}"))


def _credentials(what: str, names: dict[str, str]) -> str:
    if what.startswith(NOT_HERE) and what not in names:
        return f"the credentials of {what.removeprefix(NOT_HERE)!r}, which is not here"
    return f"the credentials of {names.get(what, what)!r}"


def _uses(review: Review) -> Iterator[str]:
    if not review.uses:
        return
    yield ""
    yield "Integrations, and the servers they may be used with:"
    for use in review.uses:
        label = escaped(use.label)
        if use.meaning is None:
            yield f"  {label}: there is no such integration here"
            continue
        meaning = use.meaning
        shown = "" if meaning.name == use.label else f" is {escaped(meaning.name)}"
        hosts = ", ".join(map(escaped, meaning.hosts)) or "no server"
        yield f"  {label}{shown} ({escaped(meaning.type)}) → {hosts}; used by {', '.join(map(escaped, use.tasks))}"


def _listed(head: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield head
    for one, other in rows:
        yield f"  {escaped(one)}{f': {escaped(other)}' if other else ''}"


def _code(review: Review) -> Iterator[str]:
    for snippet in review.code:
        yield ""
        yield f"Code of {escaped(snippet.node)} ({escaped(snippet.task)}):"
        yield from (f"  | {line}" for line in escaped(snippet.text, lines=True).split("\n"))


def _server(host: str) -> str:
    return "any server: the address is computed" if host == ANY else host


def _version(hash: str) -> str:
    return f"version {hash[:12]}" if len(hash) == 64 else hash
