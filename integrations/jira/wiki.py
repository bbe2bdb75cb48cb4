"""From the Atlassian document format to wiki markup (what Jira Data Center wants) and to plain text (for reading).

Facts: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

Node = dict[str, Any]

_FENCES = {"strong": "*", "em": "_", "strike": "-"}
# Braces, brackets, bars and backslashes mean something everywhere; the other signs only at the start of a word.
_ALWAYS = re.compile(r"([{}\[\]|\\])")
_AT_EDGE = re.compile(r"(?<![\w\\])([*_+^~!-])(?=\S)")
_LANGUAGE = re.compile(r"[\w+#-]+")
_LINE_START = re.compile(r"^(\s*)([#*-](?=\s|-))", re.MULTILINE)


def to_wiki(document: Node) -> str:
    """The document in wiki markup."""
    return "\n\n".join(_block(block) for block in document.get("content", []))


def to_text(document: Any) -> str:
    """The document's text without its format; a text stays as it is, None becomes an empty text."""
    if not isinstance(document, dict):
        return "" if document is None else str(document)
    kind = document.get("type")
    if kind == "text":
        return str(document.get("text", ""))
    if kind == "hardBreak":
        return "\n"
    attributes = document.get("attrs") or {}
    if kind in ("mention", "emoji", "status", "inlineCard", "date"):
        return str(attributes.get("text") or attributes.get("url") or attributes.get("timestamp") or "")
    between = "" if kind in ("paragraph", "heading", "codeBlock") else "\n"
    return between.join(to_text(child) for child in document.get("content", []))


def _block(node: Node, bullets: str = "") -> str:
    kind = node["type"]
    content = node.get("content", [])
    if kind == "heading":
        return f"h{node['attrs']['level']}. {_inline(content)}"
    if kind in ("bulletList", "orderedList"):
        return "\n".join(_item(item, bullets + ("*" if kind == "bulletList" else "#")) for item in content)
    if kind == "codeBlock":
        language = node.get("attrs", {}).get("language", "")
        text = "".join(child["text"] for child in content)
        named = f":{language}" if _LANGUAGE.fullmatch(language) else ""
        return f"{{code{named}}}\n{text}\n{{code}}"
    if kind == "blockquote":
        return "{quote}\n" + "\n\n".join(_block(child) for child in content) + "\n{quote}"
    if kind == "rule":
        return "----"
    if kind == "table":
        return "\n".join(_row(row) for row in content)
    if kind == "paragraph":
        return _inline(content)
    return "\n\n".join(_block(child) for child in content)


def _item(item: Node, bullets: str) -> str:
    first, *rest = item["content"]
    lines = [f"{bullets} {_block(first, bullets)}".rstrip()]
    return "\n".join([*lines, *(_block(child, bullets) for child in rest)])


def _row(row: Node) -> str:
    bar = "||" if all(cell["type"] == "tableHeader" for cell in row["content"]) else "|"
    cells = [_cell(cell) or " " for cell in row["content"]]
    return bar + bar.join(cells) + bar


def _cell(cell: Node) -> str:
    return "\n".join(_block(block) for block in cell["content"]).replace("\n", " \\\\ ")


def _inline(content: list[Node]) -> str:
    """Texts and line breaks; what has the same link becomes one link."""
    written = ""
    for address, nodes in groupby(content, _address):
        part = list(nodes)
        words = "".join(_text(node) if node["type"] == "text" else to_text(node) for node in part)
        if address is None or address == "".join(node.get("text", "") for node in part):
            written += words if address is None else address
        else:
            written += f"[{words.replace(chr(92) + '|', '&#124;')}|{address}]"
    return written


def _address(node: Node) -> str | None:
    return next((mark["attrs"]["href"] for mark in node.get("marks", []) if mark["type"] == "link"), None)


def _text(node: Node) -> str:
    marks = {mark["type"] for mark in node.get("marks", [])}
    text = node["text"]
    written = _escaped(text)
    if "code" in marks:
        written = f"{{{{{written}}}}}"
    for name, fence in _FENCES.items():
        if name in marks and text.strip():
            before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            written = f"{before}{fence}{written.strip()}{fence}{after}"
    return written


def _escaped(text: str) -> str:
    text = _ALWAYS.sub(r"\\\1", text)
    text = _AT_EDGE.sub(r"\\\1", text)
    return _LINE_START.sub(lambda match: f"{match.group(1)}\\{match.group(2)}", text)
