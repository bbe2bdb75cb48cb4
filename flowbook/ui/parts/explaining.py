"""The documentation's page that explains an error, laid out for the studio."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

from flowbook import documentation
from flowbook.errors import NotFound

_NOT_INSTALLED = "The documentation is not installed here."


@cache
def explanation(name: str) -> dict[str, str]:
    """``{"page", "title", "html"}`` of one page. HTML in its text is shown as text; pictures are left out.

    A link to another page carries that page's name in ``data-page``; those to the web open beside the notebook.
    """
    try:
        page = documentation.page(name)
    except NotFound as error:
        return {"page": name, "title": "Not here", "html": f"<p>{escape(error.hint or _NOT_INSTALLED)}</p>"}
    return {"page": page.name, "title": page.title, "html": _laid_out(page.name, page.markdown)}


def _laid_out(name: str, text: str) -> str:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.add_render_rule("image", _nothing)
    tokens = reader.parse(text)
    for token in tokens:
        for part in token.children or ():
            if part.type == "link_open":
                part.attrs = _led(str(part.attrs.get("href", "")), name)
    return str(reader.renderer.render(tokens, reader.options, {}))


def _led(address: str, name: str) -> dict[str, Any]:
    path, _, _ = address.partition("#")
    if "://" in path:
        return {"href": address, "target": "_blank", "rel": "noopener noreferrer"}
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name + ".md"
    if target.endswith(".md") and not target.startswith(".."):
        return {"href": "#", "data-page": target.removesuffix(".md")}
    return {}


def _nothing(renderer: Any, tokens: Sequence[Any], index: int, options: Any, env: Any) -> str:
    return ""
