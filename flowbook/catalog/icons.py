"""What an integration folder's icon may be: a small SVG that is nothing but a picture.

What a picture is made of is listed, by the names of SVG 2 (https://www.w3.org/TR/SVG2/eltindex.html): what is not
known to be harmless is not shown. It is read as a browser reads it, so that no spelling hides anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowbook.counting import counted

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

LIMIT = 65_536
"""Bytes that an icon may have."""
DRAWN = 10_000
"""Shapes that may be drawn of it: ``use`` and patterns draw others again."""

_SVG = "http://www.w3.org/2000/svg"
_PARTS = frozenset(
    [
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "metadata",
        "style",
        "switch",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "image",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "pattern",
        "marker",
        "filter",
        "feGaussianBlur",
        "feOffset",
        "feColorMatrix",
        "feBlend",
        "feFlood",
        "feComposite",
        "feMerge",
        "feMergeNode",
        "feDropShadow",
        "feComponentTransfer",
        "feFuncR",
        "feFuncG",
        "feFuncB",
        "feFuncA",
        "feTile",
    ]
)
_GRADIENTS = frozenset({"linearGradient", "radialGradient"})
_OTHER_DOCUMENTS = ("http://www.w3.org/1999/xhtml", "http://www.w3.org/1998/Math/MathML")
_SCRIPTS = frozenset({"script", "handler", "listener"})
_MOVES = re.compile(r"(?:animate|set$|discard$|mpath$)")
_HERE = re.compile(r"\s*(?:#|data:image/(?:png|jpeg|gif);base64,|$)", re.IGNORECASE)
_URL = re.compile(r"""\burl\s*\(\s*(["']?)\s*(?P<to>[^)"']*)""", re.IGNORECASE)
_FETCHES = re.compile(r"@\s*import|\\|\b(?:image-set|image|src|cross-fade|element|paint)\s*\(", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_DECLARES = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def icon_problem(content: bytes) -> str:
    """Why that is no icon; empty when it is one."""
    if len(content) > LIMIT:
        return f"it has {counted(len(content), 'byte')}, more than {LIMIT:,}"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if _DECLARES.search(content):
        return "it declares a document type or entities"
    if b"<?xml-stylesheet" in content:
        return "it fetches something"
    from xml.etree import ElementTree as ET  # what is listed by its brief needs no parser

    try:
        root = ET.fromstring(content.lstrip(b"\xef\xbb\xbf \t\r\n"))  # noqa: S314 - without entities
    except (ET.ParseError, ValueError, LookupError):
        return "it is no SVG"
    if root.tag == "svg":
        return f'its <svg> lacks xmlns="{_SVG}", without which no page draws it'
    if root.tag != f"{{{_SVG}}}svg":
        return "it is no SVG"
    return next((why for element in root.iter() if (why := _problem(element))), "") or _heaviness(root)


def _problem(element: ET.Element) -> str:
    space, _, name = element.tag.rpartition("}")
    if space[1:] in _OTHER_DOCUMENTS or name in ("foreignObject", "iframe", "object", "embed"):
        return "it holds a document of its own"
    if name in _SCRIPTS:
        return "it holds a script"
    if space[1:] == _SVG and name not in _PARTS:
        return "it moves" if _MOVES.match(name) else f"it holds <{name[:40]}>, which is no part of a picture"
    for attribute, value in element.attrib.items():
        of, _, named = attribute.rpartition("}")
        if named.lower().startswith("on") or "javascript:" in "".join(value.split()).lower():
            return "it holds a script"
        followed = named.lower() in ("href", "src", "data") and not _HERE.match(value)
        if followed or (named == "base" and of) or _fetches(value):
            return "it fetches something"
    return "it fetches something" if name == "style" and _fetches("".join(element.itertext())) else ""


def _fetches(css: str) -> bool:
    css = _COMMENT.sub("", css)
    return bool(_FETCHES.search(css)) or any(not _HERE.match(found["to"]) for found in _URL.finditer(css))


def _heaviness(root: ET.Element) -> str:
    """Why it takes too long to draw."""
    by_id = {element.attrib["id"]: element for element in root.iter() if "id" in element.attrib}

    def heavy(ids: Iterable[str]) -> list[ET.Element]:
        found = [by_id[id] for id in dict.fromkeys(ids) if id in by_id]
        return [one for one in found if one.tag.rpartition("}")[2] not in _GRADIENTS]

    by_style = heavy(id for sheet in root.iter(f"{{{_SVG}}}style") for id in _referred("".join(sheet.itertext())))
    known: dict[ET.Element, int] = {}
    above: set[ET.Element] = set()

    def drawn(element: ET.Element) -> int:
        if element in above:
            raise RecursionError
        if element not in known:
            above.add(element)
            named = heavy(id for value in element.attrib.values() for id in _referred(value))
            styled = [one for one in by_style if one not in above]  # which of them a sheet means is not looked into
            known[element] = 1 + sum(map(drawn, [*element, *named, *styled]))
            above.discard(element)
        return known[element]

    try:
        count = drawn(root)
    except RecursionError:
        return "parts of it are drawn inside of themselves"
    return f"more than {DRAWN:,} shapes would be drawn" if count > DRAWN else ""


def _referred(value: str) -> Iterator[str]:
    """The ids of this picture that a value names."""
    if value.lstrip().startswith("#"):
        yield value.strip()[1:]
    for found in _URL.finditer(value):
        if found["to"].startswith("#"):
            yield found["to"][1:].strip()
