"""Text out of PDFs, and pages out of them and together."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, contents, current, task
from flowbook.counting import counted

from .models import Credentials, File, Merge, Nothing, ReadText, TakePages
from .reading import about, chosen, fields, opened, pypdf, size_of, text_of


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: look whether the library that reads PDFs is installed."""
    return Result.ok(f"pypdf {pypdf().__version__} is ready.")


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_text(credentials: Credentials, params: ReadText) -> Result:
    """Read the text of a PDF. A page that was scanned is a picture, and has none.

    Data: {"text": that of all pages, "pages": a list of {"number", "text"}, "page_count"}.
    """
    name, content = contents.read(params.path, params.content, params.max_bytes)
    pages: list[dict[str, Any]] = []
    with opened(credentials, name, content) as reader:
        count = len(reader.pages)
        numbers = chosen(reader, params.pages, name)
        for done, index in enumerate(numbers, 1):
            if current().cancelled:
                raise TaskFailed("Cancelled.", {"kind": "cancelled"})
            pages.append({"number": index + 1, "text": text_of(reader.pages[index], params.mode)})
            current().progress(done, len(numbers), "pages")
    empty = sum(not page["text"].strip() for page in pages)
    note = f" {empty:,} of them without text: a picture, as of a scan, has none." if empty else ""
    text = "\n\n".join(page["text"] for page in pages)
    message = f"{len(pages):,} page{'' if len(pages) == 1 else 's'}, {counted(len(text), 'character')}.{note}"
    return Result.ok(message, {"text": text, "pages": pages, "page_count": count})


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def describe(credentials: Credentials, params: File) -> Result:
    """Say what a PDF is: its pages, what it says of itself, and the values of its form.

    Data: {"page_count", "pages": a list of {"width", "height" (in points, 1/72 inch), "rotation"}, "encrypted",
    "title", "author", "subject", "keywords", "creator", "producer", "created", "modified", "fields", "attachments"}.
    """
    name, content = contents.read(params.path, params.content, params.max_bytes)
    with opened(credentials, name, content) as reader:
        data = {
            "page_count": len(reader.pages),
            "pages": [size_of(page) for page in reader.pages],
            "encrypted": reader.is_encrypted,
            **about(reader),
            "fields": fields(reader),
            "attachments": sorted(map(str, reader.attachments)),
        }
    count = data["page_count"]
    return Result.ok(f"{name} has {count:,} page{'' if count == 1 else 's'}.", data)


@task(
    effects="idempotent",
    network=False,
    reads_files="path",
    writes_files="target",
    runs_code=False,
    example={"path": "part.pdf", "page_count": 1},
)
def take_pages(credentials: Credentials, params: TakePages) -> Result:
    """Write some pages of a PDF, in the order that is given, to another one. Data: {"path", "page_count"}."""
    _check_target(params.target)
    name, content = contents.read(params.path, params.content, params.max_bytes)
    writer = pypdf().PdfWriter()
    with opened(credentials, name, content) as reader:
        numbers = chosen(reader, params.pages, name)
        for index in numbers:
            writer.add_page(reader.pages[index])
        _write(writer, params.target)
    return _written(params.target, len(numbers))


@task(
    effects="idempotent",
    network=False,
    reads_files="files",
    writes_files="target",
    runs_code=False,
    example={"path": "all.pdf", "page_count": 3},
)
def merge(credentials: Credentials, params: Merge) -> Result:
    """Put PDFs together, one after the other, with their bookmarks. Data: {"path", "page_count"}."""
    _check_target(params.target)
    writer = pypdf().PdfWriter()
    for number, given in enumerate(params.files, 1):
        path, held = (given, None) if isinstance(given, str) else (None, given)
        name, content = contents.read(path, held, params.max_bytes)
        with opened(credentials, name if path else f"File {number}", content) as reader:
            writer.append(reader)
        current().progress(number, len(params.files), "files")
    count = len(writer.pages)
    _write(writer, params.target)
    return _written(params.target, count)


def _check_target(target: str) -> None:
    if not current().rehearsing:
        current().path(target, writing=True)  # a place that may not be written is refused before anything is read
    if not target.lower().endswith(".pdf"):
        raise TaskFailed(f"{target} does not end with .pdf.", hint="Name it like all.pdf.", permanent=True)


def _write(writer: Any, target: str) -> None:
    with contents.replacing(target) as unfinished, unfinished.open("wb") as file:
        writer.write(file)


def _written(target: str, count: int) -> Result:
    data = {"path": target, "page_count": count}
    return Result.ok(f"{count:,} page{'' if count == 1 else 's'} written to {target}.", data)
