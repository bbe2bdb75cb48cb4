"""``flowbook new integration NAME --openapi``: a folder made of a description, and renewed when that changes."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowbook.authoring.openapi.document import Description, mapping, read_description
from flowbook.authoring.openapi.operations import Entry, Operation, entries, operation_of
from flowbook.authoring.openapi.security import security_of
from flowbook.authoring.openapi.source import own_sources, sources
from flowbook.authoring.renewing import Made, check_new, record_of, write_folder
from flowbook.counting import counted
from flowbook.errors import FileFormatError, InputError
from flowbook.models import check_type_name

MOST = 40
RECORD = "api/made-of.json"


@dataclass(frozen=True)
class Choice:
    """Which operations: those with one of the ``tags``, and a name or "METHOD /path" of one of the ``patterns``."""

    tags: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def of(self, found: Sequence[Entry]) -> list[Entry]:
        """The chosen ones. InputError names the tags there are when it is none, or too many without a choice."""
        chosen = self._among(found)
        if chosen and (len(chosen) <= MOST or self.tags or self.patterns):
            return chosen
        what = f"there are {counted(len(found), 'operation')}" if chosen else "no operation is of that choice"
        tags = Counter(tag for one in found for tag in one.tags)
        known = ", ".join(f"{tag} ({count})" for tag, count in tags.most_common(60))
        hint = f"Choose some with --tag: {known}." if known else "Choose some with --operations, such as 'list*'."
        raise InputError(
            f"{what}{', more than are made at once' if chosen else ''}.", f"{hint} Or all: --operations '*'."
        )

    def _among(self, found: Sequence[Entry]) -> list[Entry]:
        plain = {unescaped for one in self.patterns if (unescaped := _plain(one)) is not None}
        likes = [re.compile(fnmatch.translate(one)) for one in self.patterns if _plain(one) is None]

        def has(one: Entry) -> bool:
            names = (one.name, one.place, str(one.node.get("operationId") or one.name))
            by_pattern = not self.patterns or any(
                name in plain or any(like.match(name) for like in likes) for name in names
            )
            return by_pattern and (not self.tags or any(tag in self.tags for tag in one.tags))

        return [one for one in found if has(one)]


def _plain(pattern: str) -> str | None:
    """The one text that a pattern stands for; None when it may stand for others."""
    text = re.sub(r"\[([*?\[])\]", r"\1", pattern)
    return text if glob.escape(text) == pattern else None


def operations_in(source: str | Description) -> list[Entry]:
    """The operations of a description (a file, or an address), for somebody to choose among; nothing is written.

    Raises NotFound, FileFormatError, and ServiceError for an address.
    """
    return entries(_description(source))


def patterns_of(chosen: Collection[Entry], found: Collection[Entry]) -> tuple[str, ...]:
    """The patterns of the ``chosen`` operations of a description; "*" for all that it has, and will have."""
    if len(chosen) == len(found):
        return ("*",)
    return tuple(glob.escape(one.place) for one in chosen)


def _description(source: str | Description) -> Description:
    return source if isinstance(source, Description) else read_description(source)


def write_from_description(
    parent: Path, name: str, source: str | Description, *, tags: Collection[str] = (), patterns: Collection[str] = ()
) -> Made:
    """Write the integration folder ``parent/name`` of a description: that in a file, at an address, or read before.

    Raises InvalidName, AlreadyExists when there is such a folder, InputError when there are too many operations without
    a choice, and what reading the description raises; nothing is written then.
    """
    folder = Path(parent) / check_type_name(name)
    check_new(folder)
    choice = Choice(tuple(tags), tuple(patterns))
    return _write(folder, _description(source), choice, own=True)


def update_from_description(
    parent: Path, name: str, source: str = "", *, tags: Collection[str] = (), patterns: Collection[str] = ()
) -> Made:
    """Renew the generated files of a folder, and no others; what is not given is as it was.

    Raises NotFound when it was not made of a description, and InputError when a generated file was edited since, or
    when the description was handed over as a text and no ``source`` is given.
    """
    folder = Path(parent) / check_type_name(name)
    record = record_of(folder, RECORD, "description")
    choice = Choice(
        tuple(tags) or tuple(map(str, record.get("tags", ()))),
        tuple(patterns) or tuple(map(str, record.get("operations", ()))),
    )
    where = source or str(record["source"])
    if not where:
        raise InputError(
            f"{folder} was made of a file that was handed over in the studio, and where it is now is not known.",
            f"Say where: flowbook new integration {name} --openapi FILE --update",
        )
    return _write(folder, read_description(where), choice, own=False)


def _write(folder: Path, description: Description, choice: Choice, *, own: bool) -> Made:
    chosen = choice.of(entries(description))
    made, left_out = _made(description, chosen)
    security = security_of(description)
    texts = sources(description.title or folder.name, security, made)
    facts = {
        "source": description.found_at, "version": str(mapping(description.document.get("info")).get("version") or ""),
        "tags": list(choice.tags), "operations": list(choice.patterns),
    }  # fmt: skip
    by_hand = own_sources(folder.name, description.title or folder.name, made, security) if own else {}
    files = write_folder(folder, RECORD, facts, texts, by_hand)
    return Made(files, tuple(one.name for one in made), tuple(left_out))


def _made(description: Description, chosen: Sequence[Entry]) -> tuple[list[Operation], list[str]]:
    """The operations; those that are described wrongly are left out, and told of, unless all of them are."""
    made: list[Operation] = []
    left_out: list[str] = []
    fault: FileFormatError | None = None
    for entry in chosen:
        try:
            made.append(operation_of(description, entry))
        except FileFormatError as error:
            fault = fault or error
            left_out.append(f"{entry.method} {entry.path}: {error.message.removeprefix(description.source + ': ')}")
    if fault is not None and not made:
        raise fault
    return made, left_out
