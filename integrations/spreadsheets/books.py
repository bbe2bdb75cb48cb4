"""Workbooks: opened within limits, and saved as a whole or not at all."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowbook import TaskFailed, contents, current, how_to_install

LARGEST_UNPACKED = 1_000_000_000
_OLD = b"\xd0\xcf\x11\xe0"
# https://openpyxl.readthedocs.io: "openpyxl does currently not read all possible items in an Excel file"
_LOST = ("xl/charts/", "xl/drawings/", "xl/media/", "xl/slicers/", "xl/ctrlProps/", "xl/activeX/", "xl/embeddings/",
         "xl/threadedComments/", "xl/pivotTables/", "xl/timelines/")  # fmt: skip


def openpyxl() -> Any:
    """The library; TaskFailed says how to get it."""
    try:
        import openpyxl as library
    except ImportError:
        raise TaskFailed("openpyxl is not installed.", hint=how_to_install("openpyxl"), permanent=True) from None
    return library


@contextmanager
def opened(name: str, content: bytes, **options: Any) -> Iterator[Any]:
    """A workbook; TaskFailed when the content is none, or unpacks to more than a gigabyte."""
    library = openpyxl()
    _check(name, content)
    try:
        book = library.load_workbook(io.BytesIO(content), **options)
    except Exception:  # noqa: BLE001 - openpyxl raises errors of many kinds for a damaged file
        raise _no_book(name) from None
    try:
        yield book
    finally:
        book.close()


def _check(name: str, content: bytes) -> None:
    if content.startswith(_OLD):
        hint = "Save it as .xlsx, without a password."
        raise TaskFailed(f"{name} is an old .xls file, or has a password.", hint=hint, permanent=True)
    try:
        size = sum(one.file_size for one in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise _no_book(name) from None
    if size > LARGEST_UNPACKED:
        raise TaskFailed(f"{name} unpacks to {size:,} bytes: too large.", permanent=True)


def _no_book(name: str) -> TaskFailed:
    return TaskFailed(f"{name} is no workbook that can be read.", hint="It has to be .xlsx or .xlsm.", permanent=True)


def sheet_of(book: Any, name: str | None) -> Any:
    """The sheet of that name, or the first; TaskFailed names those there are."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is None and sheets:
        return next(iter(sheets.values()))
    if name not in sheets:
        hint = f"There are: {', '.join(sheets)}."
        raise TaskFailed(f"There is no sheet {name!r}.", hint=hint, permanent=True)
    return sheets[name]


@contextmanager
def changing(path: str, lossy: bool, largest: int) -> Iterator[Any]:
    """The workbook at ``path``, or a new one without a sheet, saved when the block ends well."""
    library = openpyxl()
    place = current().path(path, writing=True)
    macros = path.lower().endswith(".xlsm")
    if not path.lower().endswith(".xlsx") and not (macros and place.is_file()):
        raise TaskFailed(f"{path} does not end with .xlsx.", hint="Name it like report.xlsx.", permanent=True)
    if not place.is_file():
        book = library.Workbook()
        book.remove(book.active)
        yield book
        _save(book, path)
        return
    name, content = contents.read(path, None, largest)
    with opened(name, content, keep_vba=macros) as book:
        _check_nothing_is_lost(name, content, lossy)
        yield book
        _save(book, path)


def _save(book: Any, path: str) -> None:
    with contents.replacing(path) as unfinished:
        book.save(unfinished)


def _check_nothing_is_lost(name: str, content: bytes, lossy: bool) -> None:
    parts = zipfile.ZipFile(io.BytesIO(content)).namelist()
    found = sorted({part.split("/")[1] for part in parts if part.startswith(_LOST)})
    if found and not lossy:
        hint = "Write to another file, or set lossy to change it without them."
        raise TaskFailed(f"{name} has {', '.join(found)}, which would be lost.", hint=hint, permanent=True)
