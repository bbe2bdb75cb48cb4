"""The pages of the documentation, as text: what errors name, and ``flowbook docs`` shows.

A wheel carries them beside the package; in a checkout they are in ``docs/``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flowbook.errors import NotFound

__all__ = ["Page", "in_words", "page", "pages", "standing_alone", "words"]

# Code is found too, so that what looks like a link in it is passed over.
_CODE_OR_LINK = re.compile(
    r"(?P<code>^( *)(```+|~~~+).*?^\2\3\s*?$|`[^`\n]+`)|(?P<picture>!?)\[(?P<text>[^\]]+)\]\((?P<target>[^()\s]+)\)",
    re.MULTILINE | re.DOTALL,
)
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

    def in_words(self) -> str:
        """Its Markdown for a place without links: each says what shows the thing, by command or by path."""
        folder = _folder()

        def words(target: str) -> str:
            file = folder and folder / target.removeprefix("docs/")
            if file and target.startswith("docs/") and not target.endswith(".md") and file.is_file():
                return f"`{file}`"
            return in_words(target)

        return standing_alone(self.markdown, f"docs/{self.name}.md", words)


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
    listed = words()
    meant = next((found.get(listed[form]) for form in _forms(wanted) if form in listed), None)
    if elsewhere or meant is None:
        raise NotFound("page", name, found, elsewhere)
    return meant


def _forms(word: str) -> Iterator[str]:
    """A word as it is asked for, and as it may be listed: "Secrets" is "secret", "retrying" is "retry"."""
    word = " ".join(re.split(r"[\s_-]+", word.lower()))
    yield word
    yield word.replace(" ", "-")
    for ending, instead in (("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e")):
        if word.endswith(ending):
            yield word[: -len(ending)] + instead
    yield f"{word}s"


def words() -> dict[str, str]:
    """The words that people look for, in lower case, and the page that each leads to."""
    folder = _folder()
    path = folder and folder / "words.md"
    listed = _read(folder, path).markdown if folder and path and path.is_file() else ""
    return {word.strip(): target for row, target in _WORDS.findall(listed) for word in row.split(",") if word.strip()}


def standing_alone(markdown: str, place: str, instead: Callable[[str], str]) -> str:
    """Markdown whose links need no other file: each says in words where the thing is.

    ``place`` is the text's own path in the repository, and ``instead`` gives the words for a target's, or "" for none.
    Addresses on the web stay links, headings of the same page become text, pictures their description.
    """

    def say(found: re.Match[str]) -> str:
        text, target = found["text"], found["target"]
        if found["code"] or re.match(r"[a-z]+:", target):
            return found[0]
        if found["picture"]:
            return f"*(Picture: {text})*"
        path = target.partition("#")[0]
        words = instead(posixpath.normpath(posixpath.join(posixpath.dirname(place), path))) if path else ""
        return f"{text} ({words})" if words else text

    return _CODE_OR_LINK.sub(say, markdown)


def in_words(target: str) -> str:
    """What shows the file that has this path in the repository, where only Flowbook is installed; "" for nothing."""
    name = target.removeprefix("docs/").removesuffix(".md").removesuffix("/index")
    if target.startswith("docs/") and (command := _command(name)):
        return command
    if target.startswith("docs/") and target.endswith(".md"):
        return f"`flowbook docs {name}`"
    return f"`{target}` in the sources" if target != "LICENSE" else ""


def _command(name: str) -> str:
    """What shows what is on a page that only the site has; "" for other pages."""
    for page, command in _SITE_ONLY.items():
        if name == page or name.startswith(page + "/"):
            return command.replace("'", "`")
    return ""


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
