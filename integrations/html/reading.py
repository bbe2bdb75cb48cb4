"""Elements of pages, and what is taken from them, as Beautiful Soup and lxml read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flowbook import TaskFailed, how_to_install

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

    from .models import Wanted

HIDDEN = ("script", "style", "template", "noscript", "head")
_BLOCKS = frozenset(
    """address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
    header hr li main nav ol p pre section table tr ul""".split()  # noqa: SIM905 - a list of words reads better as words
)
_SPACES, _CELLS = re.compile(r"[ \t\r\n\f\v]+"), re.compile(r" *\t[\t ]*")
_WIDEST = 10_000  # columns
_SPAN = 1000  # columns and rows that a cell can take, as in browsers: https://html.spec.whatwg.org/#dom-tdth-colspan


def page(html: str) -> BeautifulSoup:
    """The page that the text is; whatever it is, it can be read, as in a browser."""
    try:
        import lxml.etree  # noqa: F401 - which Beautiful Soup looks for by name
        from bs4 import BeautifulSoup
    except ImportError:
        raise TaskFailed(
            "Beautiful Soup or lxml is not installed.", hint=how_to_install("bs4"), permanent=True
        ) from None
    return BeautifulSoup(html, "lxml")


def found(inside: BeautifulSoup | Tag, selector: str) -> list[Tag]:
    """The elements that a selector finds, in their order. TaskFailed for what is no CSS selector."""
    from soupsieve import SelectorSyntaxError

    try:
        return list(inside.select(selector))
    except SelectorSyntaxError as error:
        words = str(error).splitlines()[0]
        raise TaskFailed(f"{selector!r} is no CSS selector: {words}", permanent=True) from None


def first(html: str, selector: str) -> BeautifulSoup | Tag:
    """The first element that is found, else the whole page."""
    whole = page(html)
    return next(iter(found(whole, selector)), whole)


def value(inside: BeautifulSoup | Tag, wanted: Wanted) -> Any:
    """What is wanted: of the first that is found (None without any), or a list of that of all."""
    elements = found(inside, wanted.selector)
    if wanted.all:
        return [_value(one, wanted) for one in elements]
    return _value(elements[0], wanted) if elements else None


def _value(element: Tag, wanted: Wanted) -> Any:
    if wanted.what == "html":
        return element.decode_contents()
    if wanted.what == "text":
        return text(element)
    if wanted.what == "value":
        return _form_value(element)
    given = element.get(wanted.attribute)
    return " ".join(given) if isinstance(given, list) else given


def _form_value(element: Tag) -> Any:
    """What a form would send of an element."""
    if element.name == "textarea":
        return element.get_text()
    if element.name == "select":
        options = element.find_all("option")
        element = next((one for one in options if one.has_attr("selected")), options[0] if options else element)
    return element.get("value", element.get_text() if element.name == "option" else None)


def text(element: BeautifulSoup | Tag) -> str:
    """The text as it reads: blocks on lines of their own, cells apart by tabs, scripts and styles left out."""
    from bs4 import Tag
    from bs4.element import PreformattedString

    parts: list[str] = []
    waiting: list[Any] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Tag):
            edge = "\n" if one.name in _BLOCKS else "\t" if one.name in ("td", "th") else ""
            waiting += [] if one.name in HIDDEN else [edge, *reversed(one.contents), edge]
        elif type(one) is str:  # an edge
            parts.append(one)
        elif not isinstance(one, PreformattedString):  # which comments and doctypes are
            parts.append(_SPACES.sub(" ", one))
    lines = (_CELLS.sub("\t", line).strip() for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def rows(table: Tag) -> list[list[str]]:
    """The rows of a table, as long as each other; a cell that spans several places stands in each of them."""
    grid: list[list[str]] = []
    reaching: dict[int, tuple[int, str]] = {}  # by column: rows that a cell above still takes, and its text
    for row in table.find_all("tr"):
        if row.find_parent("table") is not table:
            continue
        line: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            _take(line, reaching)
            said, down = text(cell), _span(cell, "rowspan") - 1
            for _ in range(_span(cell, "colspan")):
                reaching |= {len(line): (down, said)} if down else {}
                line.append(said)
            if len(line) > _WIDEST:
                raise TaskFailed(f"The table has more than {_WIDEST:,} columns.", permanent=True)
        _take(line, reaching)
        grid.append(line)
    width = max(map(len, grid), default=0)
    return [line + [""] * (width - len(line)) for line in grid]


def _take(line: list[str], reaching: dict[int, tuple[int, str]]) -> None:
    """Put in what the cells of rows above leave for the places that come next."""
    while len(line) in reaching:
        left, said = reaching.pop(len(line))
        reaching |= {len(line): (left - 1, said)} if left > 1 else {}
        line.append(said)


def _span(cell: Tag, name: str) -> int:
    given = str(cell.get(name, "1")).strip()
    return min(max(int(given), 1), _SPAN) if given.isascii() and given.isdigit() else 1


def columns(names: list[str]) -> list[str]:
    """Names of columns of which none is empty and no two are the same."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        base = new = " ".join(name.split()) or f"column {place}"
        number = 2
        while new in found:
            new, number = f"{base} {number}", number + 1
        found.append(new)
    return found
