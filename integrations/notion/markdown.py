"""Markdown as Notion's blocks, and blocks as Markdown. Facts: https://developers.notion.com/reference/block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .properties import PIECE

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

DEEPEST = 2
"""Levels of children that one request may hold: https://developers.notion.com/reference/patch-block-children."""
_TODO = re.compile(r"\[([ xX])\]\s+")
_MARKS = {"strong": "bold", "em": "italic", "s": "strikethrough", "code_inline": "code"}
_LANGUAGES = {"py": "python", "js": "javascript", "ts": "typescript", "sh": "shell", "yml": "yaml", "": "plain text"}


def blocks_of(text: str) -> list[dict[str, Any]]:
    """The blocks of a Markdown text."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(text))
    return [block for node in tree.children for block in _blocks(node, 0)]


def _blocks(node: SyntaxTreeNode, depth: int) -> Iterator[dict[str, Any]]:
    if node.type == "heading":
        yield _block(f"heading_{min(3, int(node.tag[1:]))}", rich_text=_inlines(node))
    elif node.type in ("bullet_list", "ordered_list"):
        kind = "bulleted_list_item" if node.type == "bullet_list" else "numbered_list_item"
        for item in node.children:
            yield from _item(item, kind, depth)
    elif node.type == "blockquote":
        yield from (_block("quote", rich_text=_inlines(child)) for child in node.children)
    elif node.type in ("fence", "code_block"):
        language = node.info.split()[0].lower() if node.info.split() else ""
        yield _block("code", rich_text=_pieces(node.content.rstrip("\n"), {}, None),
                     language=_LANGUAGES.get(language, language))  # fmt: skip
    elif node.type == "hr":
        yield _block("divider")
    elif node.type == "table":
        yield _table(node)
    else:
        yield _block("paragraph", rich_text=_inlines(node))


def _item(item: SyntaxTreeNode, kind: str, depth: int) -> Iterator[dict[str, Any]]:
    first, rest = (item.children[:1], item.children[1:]) if item.children else ([], [])
    rich = _inlines(first[0]) if first else []
    content: dict[str, Any] = {"rich_text": rich}
    if rich and (box := _TODO.match(rich[0]["text"]["content"])):
        rich[0]["text"]["content"] = rich[0]["text"]["content"][box.end() :]
        kind, content = "to_do", {"rich_text": rich, "checked": box[1] != " "}
    inner = [block for node in rest for block in _blocks(node, depth + 1)]
    if inner and depth < DEEPEST - 1:
        content["children"] = inner
        inner = []
    yield _block(kind, **content)
    yield from inner  # what is nested more deeply than one request may be follows on this level


def _table(node: SyntaxTreeNode) -> dict[str, Any]:
    rows = [row for part in node.children for row in part.children]
    cells = [[_inlines(cell) for cell in row.children] for row in rows]
    children = [_block("table_row", cells=row) for row in cells]
    return _block("table", table_width=len(cells[0]), has_column_header=True, children=children)


def _block(kind: str, **content: Any) -> dict[str, Any]:
    return {"object": "block", "type": kind, kind: content}


def _inlines(node: SyntaxTreeNode) -> list[dict[str, Any]]:
    """The rich text of what is in a node."""
    return [piece for child in node.children for piece in _inline(child, {}, None)]


def _inline(node: SyntaxTreeNode, marks: dict[str, bool], link: str | None) -> Iterator[dict[str, Any]]:
    if node.type == "text" or node.type in ("code_inline", "html_inline"):
        found = {**marks, "code": True} if node.type == "code_inline" else marks
        yield from _pieces(node.content, found, link)
    elif node.type in ("softbreak", "hardbreak"):
        yield from _pieces(" " if node.type == "softbreak" else "\n", marks, link)
    elif node.type == "image":
        yield from _pieces(node.content or str(node.attrs.get("src")), marks, str(node.attrs.get("src")))
    else:
        inner = {**marks, _MARKS[node.type]: True} if node.type in _MARKS else marks
        href = str(node.attrs.get("href")) if node.type == "link" else link
        for child in node.children:
            yield from _inline(child, inner, href)


def _pieces(text: str, marks: dict[str, bool], link: str | None) -> list[dict[str, Any]]:
    linked = link if link and link.startswith(("http://", "https://", "mailto:")) else None
    return [
        {
            "type": "text",
            "text": {"content": text[at : at + PIECE], **({"link": {"url": linked}} if linked else {})},
            **({"annotations": marks} if marks else {}),
        }
        for at in range(0, len(text), PIECE)
    ]


_BEFORE = {
    "heading_1": "# ", "heading_2": "## ", "heading_3": "### ", "bulleted_list_item": "- ",
    "numbered_list_item": "1. ", "quote": "> ", "toggle": "- ", "callout": "> ",
}  # fmt: skip
_LISTS = frozenset({"bulleted_list_item", "numbered_list_item", "to_do", "toggle"})


def markdown_of(blocks: Sequence[Mapping[str, Any]], indent: str = "") -> str:
    """Blocks (with their ``children`` in them, as far as they were read) as Markdown."""
    lines: list[str] = []
    before = ""
    for block in blocks:
        kind = str(block.get("type"))
        if lines and not (kind in _LISTS and before in _LISTS):
            lines.append("")
        lines.append(_lines_of(kind, block.get(kind) or {}, block, indent))
        before = kind
    return "\n".join(lines)


def _lines_of(kind: str, content: Mapping[str, Any], block: Mapping[str, Any], indent: str) -> str:
    children: list[Mapping[str, Any]] = block.get("children") or []
    if kind == "table":
        return indent + f"\n{indent}".join(_table_lines(children))
    text = _marked(content.get("rich_text"))
    if kind == "code":
        text = f"```{content.get('language', '')}\n{text}\n```"
    elif kind == "divider":
        text = "---"
    elif kind == "to_do":
        text = f"- [{'x' if content.get('checked') else ' '}] {text}"
    elif "rich_text" in content:
        text = _BEFORE.get(kind, "") + text
    else:
        text = _other(kind, content)
    inner = markdown_of(children, "  ") if children else ""
    text = f"{text}\n{inner}" if inner else text
    return "\n".join(indent + line if line else line for line in text.split("\n"))


def _other(kind: str, content: Mapping[str, Any]) -> str:
    """What has no text: a link to it where there is one."""
    inner = content.get(str(content.get("type"))) or {}
    url = content.get("url") or (inner.get("url") if isinstance(inner, Mapping) else None)
    if kind in ("child_page", "child_database"):
        return f"[{content.get('title', '')}]"
    if kind == "equation":
        return f"$${content.get('expression', '')}$$"
    if url is None:
        return f"<!-- {kind} -->"
    return f"![{kind}]({url})" if kind == "image" else f"[{kind}]({url})"


def _table_lines(rows: list[Mapping[str, Any]]) -> list[str]:
    cells = [[_marked(cell) for cell in (row.get("table_row") or {}).get("cells") or []] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells]
    return [*lines[:1], *([f"|{' --- |' * len(cells[0])}"] if cells else []), *lines[1:]]


def _marked(rich: Any) -> str:
    return "".join(_marked_piece(one) for one in rich or [] if isinstance(one, Mapping))


def _marked_piece(one: Mapping[str, Any]) -> str:
    text, marks = str(one.get("plain_text", "")), one.get("annotations") or {}
    if not text.strip():
        return text
    for name, mark in (("code", "`"), ("bold", "**"), ("italic", "*"), ("strikethrough", "~~")):
        if marks.get(name):
            text = f"{mark}{text}{mark}"
    return f"[{text}]({one['href']})" if one.get("href") else text
