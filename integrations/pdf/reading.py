"""PDFs opened, and what is in them as plain data.

Facts: ISO 32000-1, and https://pypdf.readthedocs.io.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowbook import TaskFailed, how_to_install, tables

from .models import Credentials


def pypdf() -> Any:
    """The library; TaskFailed says how to get it."""
    try:
        import pypdf as library
    except ImportError:
        raise TaskFailed("pypdf is not installed.", hint=how_to_install("pypdf"), permanent=True) from None
    return library


@contextmanager
def opened(credentials: Credentials, name: str, content: bytes) -> Iterator[Any]:
    """A reader of the file, unlocked; TaskFailed when it is no PDF, or has another password.

    What is found to be damaged inside of the block is said too: pypdf reads pages only when they are asked for.
    """
    library = pypdf()
    with _readable(name):
        reader = library.PdfReader(io.BytesIO(content))
        locked = reader.is_encrypted
    if locked:
        _unlock(credentials, name, reader)
    try:
        with _readable(name):
            yield reader
    finally:
        reader.close()


def _unlock(credentials: Credentials, name: str, reader: Any) -> None:
    """Many files are encrypted with an empty password, to say what may be done with them; those open without one."""
    given = credentials.password.reveal() if credentials.password else ""
    with _readable(name):
        unlocked = any(reader.decrypt(password) for password in dict.fromkeys((given, "")))
    if not unlocked:
        words = f"{name} has another password." if given else f"{name} has a password."
        hint = "Give it in an integration of the type pdf."
        raise TaskFailed(words, {"kind": "unauthorized"}, hint, permanent=True)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except TaskFailed:
        raise
    except pypdf().errors.DependencyError as error:
        words = " ".join(str(error).split()).rstrip(".")
        raise TaskFailed(f"{name} needs something that is not installed: {words}.", permanent=True) from None
    except (MemoryError, pypdf().errors.LimitReachedError):
        raise TaskFailed(f"{name} unpacks to more than can be read.", permanent=True) from None
    except OSError:
        raise  # of a file that is written
    except Exception:  # noqa: BLE001 - pypdf raises errors of many kinds for a damaged file
        hint = "Open it in a PDF program, and save it anew."
        raise TaskFailed(f"{name} is no PDF that can be read.", hint=hint, permanent=True) from None


def chosen(reader: Any, pages: str | None, name: str) -> list[int]:
    """The indices (from 0) of the pages that are named. TaskFailed for one that is not there."""
    count = len(reader.pages)
    if pages is None:
        return list(range(count))
    found: list[int] = []
    for part in pages.replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        start, end = int(first), int(last) if last else count if dash else int(first)
        if start < 1 or max(start, end) > count or start > end:
            has = f"{name} has {count:,} page{'' if count == 1 else 's'}"
            raise TaskFailed(f"There is no page {part}: {has}.", {"kind": "not_found"}, permanent=True)
        found += range(start - 1, end)
    return found


def text_of(page: Any, mode: str) -> str:
    """The text of a page; what has no character becomes none."""
    said = page.extract_text(extraction_mode=mode)
    return tables.well_formed("\n".join(line.rstrip() for line in said.split("\n")).strip("\n"))


def about(reader: Any) -> dict[str, Any]:
    """{"title", "author", "subject", "keywords", "creator", "producer", "created", "modified"}; null where unsaid."""
    said = reader.metadata or {}
    names = ("title", "author", "subject", "keywords", "creator", "producer")
    data: dict[str, Any] = {name: _plain(said.get(f"/{name.capitalize()}")) for name in names}
    for name, key in (("created", "creation_date"), ("modified", "modification_date")):
        data[name] = _moment(said, key)
    return data


def _moment(said: Any, key: str) -> str | None:
    try:
        value = getattr(said, key, None)
    except ValueError:  # what is written there is no date
        return None
    return None if value is None else str(value.isoformat())


def fields(reader: Any) -> dict[str, Any]:
    """The values of the fields of a form, by their names."""
    return {str(name): _plain(field.get("/V")) for name, field in (reader.get_fields() or {}).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return tables.well_formed(str(value).removeprefix("/") if type(value).__name__ == "NameObject" else str(value))


def size_of(page: Any) -> dict[str, Any]:
    """{"width", "height"} in points (1/72 inch) as it is shown, {"rotation"} in degrees."""
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    rotation = int(page.rotation) % 360
    width, height = (height, width) if rotation in (90, 270) else (width, height)
    return {"width": round(width, 2), "height": round(height, 2), "rotation": rotation}
