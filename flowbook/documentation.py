"""The pages of the documentation, as text: what errors name, and ``flowbook docs`` shows.

A wheel carries them beside the package; in a checkout they are in ``docs/``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flowbook.errors import NotFound

__all__ = ["Page", "page", "pages", "words"]

_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_WORDS = re.compile(r"^\| ([^|]+) \| \[[^]]+\]\(([\w/-]+)\.md[^)]*\) \|$", re.MULTILINE)
_SITE_ONLY = {
    "reference/command-line": "'flowbook --help', and '--help' after each command",
    "reference/python": "'help(flowbook.Workspace)' in Python",
    "reference/gallery": "'flowbook workflows gallery'",
    "reference/integrations": "'flowbook catalog', and 'flowbook catalog NAME' for one of them",
}
"""What is made when the site is built, and what shows the same without it."""


@dataclass(frozen=True)
class Page:
    """One page: its name (the path below ``docs/`` without ``.md``), its title and its Markdown."""

    name: str
    title: str
    markdown: str


def pages() -> list[Page]:
    """Every page, by name; empty when the documentation was not installed along."""
    folder = _folder()
    if folder is None:
        return []
    return [_read(folder, path) for path in sorted(folder.rglob("*.md"), key=lambda path: (len(path.parts), path))]


def page(name: str) -> Page:
    """One page, by its name or by a word that people look for (the page "words" says which leads where).

    Raises :class:`~flowbook.errors.NotFound` with the nearest name, or with what shows the same.
    """
    found = {one.name: one for one in pages()}
    short = {one.rpartition("/")[2]: one for one in found}
    wanted = name.strip("/").removesuffix(".md")
    if (known := found.get(wanted) or found.get(short.get(wanted, ""))) is not None:
        return known
    elsewhere = _shown_elsewhere(wanted)
    meant = found.get(words().get(wanted.lower(), ""))
    if elsewhere or meant is None:
        raise NotFound("page", name, found, elsewhere)
    return meant


def words() -> dict[str, str]:
    """The words that people look for, in lower case, and the page that each leads to."""
    listed = next((one.markdown for one in pages() if one.name == "words"), "")
    return {word.strip(): target for row, target in _WORDS.findall(listed) for word in row.split(",") if word.strip()}


def _shown_elsewhere(wanted: str) -> str:
    for page, command in _SITE_ONLY.items():
        if wanted == page or wanted.startswith(page + "/") or page == "reference/" + wanted:
            return f"It is part of the site that 'make docs' builds. The same is shown by {command}."
    return ""


def _folder() -> Path | None:
    package = Path(__file__).resolve().parent
    for path, proof in ((package / "_docs", package), (package.parent / "docs", package.parent / "mkdocs.yml")):
        if path.is_dir() and proof.exists():
            return path
    return None


def _read(folder: Path, path: Path) -> Page:
    text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    title = text.lstrip().partition("\n")[0].lstrip("# ").strip()
    return Page(path.relative_to(folder).with_suffix("").as_posix(), title, text)
