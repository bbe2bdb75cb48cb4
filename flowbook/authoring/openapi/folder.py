"""``flowbook new integration NAME --openapi``: a folder made of a description, and renewed when that changes."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flowbook.authoring.openapi.changes import Changes, changes, own_texts
from flowbook.authoring.openapi.document import Description, listed, mapping, read_description
from flowbook.authoring.openapi.operations import Entry, Operation, entries, operation_of
from flowbook.authoring.openapi.security import security_of
from flowbook.authoring.openapi.source import own_sources, sources
from flowbook.authoring.renewing import Made, check_new, record_of, write_folder
from flowbook.counting import counted
from flowbook.errors import FileFormatError, InputError
from flowbook.models import check_type_name

MOST = 40
MOST_CHOSEN = 20_000
RECORD = "api/made-of.json"


@dataclass(frozen=True)
class Choice:
    """Which operations: those with one of the ``tags``, and a name or "METHOD /path" of one of the ``patterns``."""

    tags: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def of(self, found: Sequence[Entry]) -> list[Entry]:
        """The chosen ones. InputError names the tags there are when it is none, or too many without a choice."""
        if not found:
            raise InputError(
                "it describes no operation that could be called.",
                "What a service calls itself (webhooks) is a hook of a workflow: flowbook docs how-to/serving.",
            )
        chosen = self.among(found)
        if len(chosen) > MOST_CHOSEN:
            raise InputError(
                f"{counted(len(chosen), 'operation')} are chosen, and a folder has at most {MOST_CHOSEN:,}.",
                "Choose fewer, with --tag or --operations.",
            )
        if chosen and (len(chosen) <= MOST or self.tags or self.patterns):
            return chosen
        what = f"there are {counted(len(found), 'operation')}" if chosen else "no operation is of that choice"
        tags = Counter(tag for one in found for tag in one.tags)
        known = ", ".join(f"{tag} ({count})" for tag, count in tags.most_common(60))
        hint = f"Choose some with --tag: {known}." if known else "Choose some with --operations, such as 'list*'."
        raise InputError(
            f"{what}{', more than are made at once' if chosen else ''}.", f"{hint} Or all: --operations '*'."
        )

    def among(self, found: Sequence[Entry]) -> list[Entry]:
        """Those of the operations that are meant, however many."""
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
    return _write(folder, _description(source), choice)


def update_from_description(
    parent: Path, name: str, source: str = "", *, tags: Collection[str] = (), patterns: Collection[str] = ()
) -> Made:
    """Renew the generated files of a folder, and no others; what is not given is as it was.

    Raises NotFound when it was not made of a description, and InputError when a generated file was edited since, or
    when the description was handed over as a text and no ``source`` is given.
    """
    return renewal_from_description(parent, name, source, tags=tags, patterns=patterns).write()


@dataclass(frozen=True)
class Recorded:
    """What a folder was made of: where its description is ("" when it was handed over), its version, the choice."""

    source: str
    version: str
    choice: Choice

    def chosen(self, found: Sequence[Entry]) -> list[Entry]:
        """The operations that the choice takes of these."""
        return self.choice.among(found)


def recorded(parent: Path, name: str) -> Recorded:
    """What the folder ``parent/name`` was made of.

    Raises NotFound when it was not made of a description, FileFormatError for a damaged record, and InputError when a
    generated file was edited since.
    """
    record = record_of(Path(parent) / check_type_name(name), RECORD, "description")
    choice = Choice(_texts(record.get("tags")), _texts(record.get("operations")))
    return Recorded(str(record["source"]), str(record.get("version") or ""), choice)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, listed(value)))


@dataclass(frozen=True)
class Renewal:
    """The generated files of a folder as they would be; nothing is written yet. ``changes`` says what becomes of it."""

    folder: Path
    changes: Changes
    tasks: tuple[str, ...]
    left_out: tuple[str, ...]
    facts: Mapping[str, Any] = field(repr=False)
    texts: Mapping[str, str] = field(repr=False)

    def write(self) -> Made:
        """Write them. Raises what :func:`recorded` raises, when somebody changed the folder meanwhile."""
        record_of(self.folder, RECORD, "description")
        return Made(write_folder(self.folder, RECORD, self.facts, self.texts, {}), self.tasks, self.left_out)


def renewal_from_description(
    parent: Path,
    name: str,
    source: str | Description = "",
    *,
    tags: Collection[str] = (),
    patterns: Collection[str] = (),
    choice: Choice | None = None,
) -> Renewal:
    """What :func:`update_from_description` writes, to look at before; it raises the same. A ``choice`` replaces that
    which the folder was made with as a whole."""
    folder, was = Path(parent) / name, recorded(parent, name)
    choice = choice or Choice(tuple(tags) or was.choice.tags, tuple(patterns) or was.choice.patterns)
    where = source or was.source
    if not where:
        raise InputError(
            f"{folder} was made of a file that was handed over in the studio, and where it is now is not known.",
            f"Say where: flowbook new integration {name} --openapi FILE --update",
        )
    description = _description(where)
    made, left_out = _made(description, choice.of(entries(description)))
    texts = sources(description.title or name, security_of(description), made)
    before = {path: (folder / path).read_text(encoding="utf-8") for path in texts if (folder / path).is_file()}
    return Renewal(
        folder, changes(before, texts, own_texts(folder)), tuple(one.name for one in made), tuple(left_out),
        _facts(description, choice), texts,
    )  # fmt: skip


def _facts(description: Description, choice: Choice) -> dict[str, Any]:
    return {
        "source": description.found_at, "version": str(mapping(description.document.get("info")).get("version") or ""),
        "tags": list(choice.tags), "operations": list(choice.patterns),
    }  # fmt: skip


def _write(folder: Path, description: Description, choice: Choice) -> Made:
    made, left_out = _made(description, choice.of(entries(description)))
    title, security = description.title or folder.name, security_of(description)
    own = own_sources(folder.name, title, made, security)
    files = write_folder(folder, RECORD, _facts(description, choice), sources(title, security, made), own)
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
            left_out.append(f"{entry.method} {entry.path}: {error.apart_from(description.source)}")
    if fault is not None and not made:
        raise fault
    return made, left_out
