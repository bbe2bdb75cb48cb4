"""All that a workspace keeps, into another place: from files into a database, back, or from one to the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from flowbook.counting import counted
from flowbook.errors import InputError
from flowbook.paths import expanded, real
from flowbook.records import NamedTuple
from flowbook.triggers.copying import copy_triggers, fits
from flowbook.triggers.rows import Rows
from flowbook.vault.integrity import HEADER
from flowbook.workspace.backends import Backends, in_files, in_postgres, open_triggers, reached
from flowbook.workspace.location import FOLDER

if TYPE_CHECKING:
    from flowbook.store.records import Contents


class Copied(NamedTuple):
    """What was copied, and where it is now."""

    place: str
    types: int
    integrations: int
    workflows: int
    runs: int


def is_database(place: str) -> bool:
    """Whether a place is the address of a database, not a folder."""
    return place.startswith(("postgresql://", "postgres://"))


def backends_at(place: str | os.PathLike[str]) -> tuple[Backends, Rows]:
    """Those of a database by its address, else of the files of the workspace in that folder."""
    if isinstance(place, str) and is_database(place):
        address = reached(place)
        return in_postgres(address), open_triggers(None, address).rows
    folder = real(expanded(place)) / FOLDER
    if not folder.is_dir():
        raise InputError(f"there is no workspace in {str(folder.parent)!r}.", "Make it first: flowbook init DIR")
    return in_files(folder), open_triggers(folder).rows


def copy_all(source: Backends, triggers: Rows, target: Backends, there: Rows) -> Copied:
    """Copy types, integrations, workflows, history and what starts runs (``triggers``) into an empty place.

    Ids, revisions and numbers stay as they are; secrets stay sealed, for the keys that open them now. Each of the three
    is whole or not at all, the store last: when this was killed, the same again goes on where it was. Raises InputError
    when runs go on, or when there is something else in the ``target``, which is as it was then.
    """
    going_on = source.journal.runs(status="running", limit=None)
    if going_on:
        raise InputError(
            f"{counted(len(going_on), 'run')} go on, the first of them {going_on[0].id}.", "Copy when they have ended."
        )
    with target.store.transaction():
        contents = source.store.contents()
        target.store.fill(contents)
        fits(triggers, there)
        runs = target.journal.fill_from(source.journal)
        copy_triggers(triggers, there, lambda: _check_same_key(source, contents))
    types, integrations, workflows = (len(records) for records in contents.records.values())
    return Copied(target.store.place, types, integrations, workflows, runs)


def _check_same_key(source: Backends, contents: Contents) -> None:
    """Raise InputError when the key changed since: hooks are sealed for the new one then, and integrations are not."""
    if source.store.meta(HEADER) != contents.meta.get(HEADER):
        raise InputError("the key of the credentials changed meanwhile.", "Copy again.")
