"""Markdown to the Atlassian document format, which Jira Cloud wants for descriptions and comments.

``from_markdown`` and ``from_text`` give a whole document. What the format does not allow somewhere (a heading in a
list, a quote in a quote) becomes the nearest thing that it does allow, so that Jira never refuses a text.

Facts: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ and the pages below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

Node = dict[str, Any]

_URL = re.compile(r"https?://[^\s<>\"'`|]*[^\s<>\"'`|.,;:!?)\]}]")
_ADDRESS = re.compile(r"(https?|ftp|mailto|tel):", re.IGNORECASE)
_MARKS = {"strong": "strong", "em": "em", "s": "strike"}
_IN_ITEM = frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"})
_IN_QUOTE = frozenset({"paragraph", "bulletList", "orderedList", "codeBlock"})


def from_text(text: str) -> Node:
    """A document of plain text: blank lines part paragraphs, and nothing in it is read as markup."""
    parts = re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n").strip("\n"))
    return _document([_paragraph(_plain(part.strip("\n"))) for part in parts if part.strip()])


def from_markdown(text: str) -> Node:
    """A document of Markdown (CommonMark, with tables and ~~strike~~). A line break stays a line break."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tree = SyntaxTreeNode(reader.parse(text))
    return _document(_blocks(tree.children))


def _document(content: list[Node]) -> Node:
    return {"version": 1, "type": "doc", "content": content or [_paragraph([])]}


def _blocks(nodes: Iterable[SyntaxTreeNode]) -> list[Node]:
    return [block for node in nodes for block in _block(node)]


def _block(node: SyntaxTreeNode) -> list[Node]:
    kind = node.type
    if kind == "paragraph":
        return [_paragraph(_inline_of(node))]
    if kind == "heading":
        return [{"type": "heading", "attrs": {"level": int(node.tag[1:])}, "content": _inline_of(node)}]
    if kind in ("fence", "code_block"):
        return [_code(node)]
    if kind == "hr":
        return [{"type": "rule"}]
    if kind in ("bullet_list", "ordered_list"):
        return [_list(node)]
    if kind == "blockquote":
        return [{"type": "blockquote", "content": _fitted(_blocks(node.children), _IN_QUOTE) or [_paragraph([])]}]
    if kind == "table":
        return [_table(node)]
    return _blocks(node.children)


def _paragraph(content: list[Node]) -> Node:
    return {"type": "paragraph", "content": content}


def _code(node: SyntaxTreeNode) -> Node:
    block: Node = {"type": "codeBlock"}
    language = node.info.split()[0] if node.info.split() else ""
    if language:
        block["attrs"] = {"language": language}
    text = node.content.removesuffix("\n")
    return {**block, "content": [{"type": "text", "text": text}] if text else []}


def _list(node: SyntaxTreeNode) -> Node:
    items = [{"type": "listItem", "content": _item(item)} for item in node.children]
    if node.type == "bullet_list":
        return {"type": "bulletList", "content": items}
    start = int(node.attrs.get("start", 1))
    return {"type": "orderedList", "attrs": {"order": start}, "content": items}


def _item(item: SyntaxTreeNode) -> list[Node]:
    content = _fitted(_blocks(item.children), _IN_ITEM)
    # An item starts with a paragraph or code; a list directly in a list needs one before it.
    if not content or content[0]["type"] not in ("paragraph", "codeBlock"):
        content.insert(0, _paragraph([]))
    return content


def _fitted(blocks: list[Node], allowed: frozenset[str]) -> list[Node]:
    """``blocks`` with what is not allowed here replaced by what is nearest to it."""
    fitted: list[Node] = []
    for block in blocks:
        kind = block["type"]
        if kind in allowed:
            fitted.append(block)
        elif kind == "heading":
            fitted.append(_paragraph([_marked(node, {"type": "strong"}) for node in block["content"]]))
        elif kind == "rule":
            fitted.append(_paragraph([{"type": "text", "text": "———"}]))
        elif kind == "table":
            fitted += [_paragraph(_row_line(row)) for row in block["content"]]
        else:
            fitted += _fitted(block.get("content", []), allowed)
    return fitted


def _row_line(row: Node) -> list[Node]:
    line: list[Node] = []
    for number, cell in enumerate(row["content"]):
        if number:
            line.append({"type": "text", "text": " | "})
        line += cell["content"][0]["content"]
    return line


def _table(node: SyntaxTreeNode) -> Node:
    rows = [row for part in node.children for row in part.children]
    return {
        "type": "table",
        "content": [{"type": "tableRow", "content": list(map(_cell, row.children))} for row in rows],
    }


def _cell(node: SyntaxTreeNode) -> Node:
    kind = "tableHeader" if node.type == "th" else "tableCell"
    return {"type": kind, "attrs": {}, "content": [_paragraph(_inline_of(node))]}


def _inline_of(node: SyntaxTreeNode) -> list[Node]:
    return _joined(part for inline in node.children for child in inline.children for part in _inline(child, ()))


def _inline(node: SyntaxTreeNode, marks: tuple[Node, ...]) -> list[Node]:
    kind = node.type
    if kind == "text":
        return _linked(node.content, marks)
    if kind == "code_inline":
        return _text(node.content, (*marks, {"type": "code"}))
    if kind in ("softbreak", "hardbreak"):
        return [{"type": "hardBreak"}]
    if kind == "image":
        return _link(node, str(node.attrs.get("src", "")), _text(node.content or str(node.attrs.get("src", "")), marks))
    inner = [part for child in node.children for part in _inline(child, _with(marks, _MARKS.get(kind)))]
    return _link(node, str(node.attrs.get("href", "")), inner) if kind == "link" else inner


def _with(marks: tuple[Node, ...], name: str | None) -> tuple[Node, ...]:
    mark = {"type": name}
    return marks if name is None or mark in marks else (*marks, mark)


def _link(node: SyntaxTreeNode, address: str, inner: list[Node]) -> list[Node]:
    """``inner`` as a link; an address that leads nowhere from Jira (a relative one) is written after the text."""
    if not _ADDRESS.match(address):
        return [*inner, *_text(f" ({address})", ())] if address else inner
    mark = {"type": "link", "attrs": {"href": address}}
    return [_marked(part, mark, first=True) for part in inner]


def _marked(node: Node, mark: Node, first: bool = False) -> Node:
    """``node`` with one mark more, where the format allows it: code goes with a link only, and there is one link."""
    if node["type"] != "text":
        return node
    marks = [one for one in node.get("marks", []) if one["type"] != mark["type"]]
    if mark["type"] != "link" and any(one["type"] == "code" for one in marks):
        return node
    return {**node, "marks": [mark, *marks] if first else [*marks, mark]}


def _text(text: str, marks: tuple[Node, ...]) -> list[Node]:
    if not text:
        return []
    if any(mark["type"] == "code" for mark in marks):
        marks = tuple(mark for mark in marks if mark["type"] in ("code", "link"))
    node: Node = {"type": "text", "text": text}
    return [{**node, "marks": list(marks)}] if marks else [node]


def _linked(text: str, marks: tuple[Node, ...]) -> list[Node]:
    """Text in which web addresses are links."""
    parts: list[Node] = []
    end = 0
    for match in _URL.finditer(text):
        parts += _text(text[end : match.start()], marks)
        mark = {"type": "link", "attrs": {"href": match.group()}}
        parts += _text(match.group(), (mark, *marks))
        end = match.end()
    return [*parts, *_text(text[end:], marks)]


def _plain(text: str) -> list[Node]:
    parts: list[Node] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            parts.append({"type": "hardBreak"})
        parts += _linked(line, ())
    return parts


def _joined(parts: Iterable[Node]) -> list[Node]:
    """Neighbouring texts of the same marks as one."""
    joined: list[Node] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last and last["type"] == part["type"] == "text" and last.get("marks") == part.get("marks"):
            joined[-1] = {**last, "text": last["text"] + part["text"]}
        else:
            joined.append(part)
    return joined
