"""The HTML and Markdown tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowbook import Result, TaskFailed, how_to_install, task
from flowbook.counting import counted

from . import reading
from .models import Credentials, FromMarkdown, Nothing, Select, Table, Text, ToMarkdown


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: this always succeeds."""
    return Result.ok("Nothing to connect to: these tasks need no credentials.")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def select(credentials: object, params: Select) -> Result:
    """Take values out of a page, by CSS selectors.

    A value is the text, the inner HTML, an attribute, or what a form would send of the first element that is found
    (null without any), or a list of that of all. Data: an object of the values; with ``each`` a list of objects.
    """
    with _not_too_deep():
        whole = reading.page(params.html)
        places = [whole] if params.each is None else reading.found(whole, params.each)
        data = [{wanted.name: reading.value(place, wanted) for wanted in params.values} for place in places]
    if params.each is not None:
        return Result.ok(f"{len(data):,} found.", data)
    missing = [name for name, value in data[0].items() if value is None or value == []]
    return Result.ok(f"Nothing was found for {', '.join(missing)}." if missing else "Values taken.", data[0])


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def table(credentials: object, params: Table) -> Result:
    """Read a table of a page. Data: a list of objects by the names of the columns, or of lists without a header.

    A cell that spans rows or columns stands in each of them. Columns of one name get numbers.
    """
    with _not_too_deep():
        found = reading.found(reading.page(params.html), params.selector)
        if len(found) < params.number:
            raise TaskFailed(
                f"There is no table {params.number} for {params.selector!r}; {len(found)} were found.",
                hint="Check the selector; a page that a script fills has no table in its HTML.",
                permanent=True,
            )
        rows = reading.rows(found[params.number - 1])
    if not params.header:
        return Result.ok(f"{counted(len(rows), 'row')}.", rows)
    names = reading.columns(rows[0]) if rows else []
    return Result.ok(f"{max(len(rows) - 1, 0):,} rows.", [dict(zip(names, row, strict=True)) for row in rows[1:]])


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def to_text(credentials: object, params: Text) -> Result:
    """Take the text of a page: headings, paragraphs and rows on lines of their own. Data: the text."""
    with _not_too_deep():
        said = reading.text(reading.first(params.html, params.selector))
    return Result.ok(f"{counted(len(said), 'character')}.", said)


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def to_markdown(credentials: object, params: ToMarkdown) -> Result:
    """Write a page down as Markdown, as for a language model or an issue. Data: the Markdown."""
    try:
        from markdownify import MarkdownConverter
    except ImportError:
        raise TaskFailed("markdownify is not installed.", hint=how_to_install("markdownify"), permanent=True) from None
    with _not_too_deep():
        part = reading.first(params.html, params.selector)
        for hidden in part.find_all(list(reading.HIDDEN)):
            hidden.decompose()
        said = MarkdownConverter(heading_style="ATX", bullets="-").convert_soup(part).strip()
    return Result.ok(f"{counted(len(said), 'character')}.", said)


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def from_markdown(credentials: object, params: FromMarkdown) -> Result:
    """Make HTML of Markdown (CommonMark, tables, strikethrough), as for a mail. Data: the HTML."""
    from markdown_it import MarkdownIt

    options: dict[str, Any] = {"html": params.html}
    made = MarkdownIt("commonmark", options).enable(["table", "strikethrough"]).render(params.markdown)
    return Result.ok(f"{counted(len(made), 'character')}.", made)


@contextmanager
def _not_too_deep() -> Iterator[None]:
    try:
        yield
    except RecursionError:
        raise TaskFailed("The elements are nested too deeply.", permanent=True) from None
