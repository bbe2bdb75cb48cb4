"""Texts for Jira: Markdown becomes the Atlassian document format, and that becomes wiki markup or plain text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.jira.adf import from_markdown, from_text
from integrations.jira.wiki import to_text, to_wiki


def text(words: str, *marks: str | dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "text", "text": words}
    return {**node, "marks": [{"type": one} if isinstance(one, str) else one for one in marks]} if marks else node


def link(address: str) -> dict[str, Any]:
    return {"type": "link", "attrs": {"href": address}}


def node(type: str, *content: dict[str, Any], **attrs: Any) -> dict[str, Any]:
    return {"type": type, **({"attrs": attrs} if attrs else {}), "content": list(content)}


P = "paragraph"
ITEM = "listItem"

MARKDOWN = [
    ("# One", [node("heading", text("One"), level=1)]),
    ("###### Six", [node("heading", text("Six"), level=6)]),
    ("one\ntwo", [node(P, text("one"), {"type": "hardBreak"}, text("two"))]),
    ("**b** _i_ ~~s~~ `c`", [node(P, text("b", "strong"), text(" "), text("i", "em"), text(" "), text("s", "strike"),
                                  text(" "), text("c", "code"))]),
    ("**_both_**", [node(P, text("both", "strong", "em"))]),
    ("**`c`**", [node(P, text("c", "code"))]),
    ("[a **b**](https://x.y)", [node(P, text("a ", link("https://x.y")), text("b", link("https://x.y"), "strong"))]),
    ("[a](docs/a.md)", [node(P, text("a (docs/a.md)"))]),
    ("[a](javascript:alert)", [node(P, text("[a](javascript:alert)"))]),
    ("See https://x.y/z.", [node(P, text("See "), text("https://x.y/z", link("https://x.y/z")), text("."))]),
    ("![chart](https://x.y/c.png)", [node(P, text("chart", link("https://x.y/c.png")))]),
    ("- a\n- b", [node("bulletList", node(ITEM, node(P, text("a"))), node(ITEM, node(P, text("b"))))]),
    ("3. a\n   - b", [node("orderedList", node(ITEM, node(P, text("a")),
                                               node("bulletList", node(ITEM, node(P, text("b"))))), order=3)]),
    ("- - a", [node("bulletList", node(ITEM, node(P), node("bulletList", node(ITEM, node(P, text("a"))))))]),
    ("- # a", [node("bulletList", node(ITEM, node(P, text("a", "strong"))))]),
    ("- > a\n  ***", [node("bulletList", node(ITEM, node(P, text("a")), node(P, text("———"))))]),
    ("```py\nx = 1\n```", [node("codeBlock", text("x = 1"), language="py")]),
    ("    plain", [node("codeBlock", text("plain"))]),
    ("```\n```", [node("codeBlock")]),
    ("> a\n>> b", [node("blockquote", node(P, text("a")), node(P, text("b")))]),
    ("---", [{"type": "rule"}]),
    ("<b>x</b> &amp; \\*", [node(P, text("<b>x</b> & *"))]),
    ("", [node(P)]),
]  # fmt: skip


@pytest.mark.parametrize(("markdown", "content"), MARKDOWN, ids=[one[0] for one in MARKDOWN])
def test_markdown_becomes_the_document_that_it_means(markdown: str, content: list[Any]) -> None:
    assert from_markdown(markdown) == {"version": 1, "type": "doc", "content": content}


def test_a_table_has_header_and_cells() -> None:
    (table,) = from_markdown("| a | b |\n|---|---|\n| 1 | **2** |")["content"]
    kinds = [[cell["type"] for cell in row["content"]] for row in table["content"]]
    assert kinds == [["tableHeader", "tableHeader"], ["tableCell", "tableCell"]]
    assert table["content"][1]["content"][1]["content"] == [node(P, text("2", "strong"))]


def test_plain_text_keeps_its_lines_and_its_signs() -> None:
    paragraphs = [node(P, text("# a"), {"type": "hardBreak"}, text("*b*")), node(P, text("c"))]
    assert from_text("# a\r\n*b*\n\n\n c".replace(" c", "c"))["content"] == paragraphs
    assert from_text("\n")["content"] == [node(P)]


# What the format allows inside what, from its published description.
INLINE = {"text", "hardBreak"}
LISTS = {"bulletList", "orderedList"}
INSIDE = {
    "doc": {"paragraph", "heading", "codeBlock", "blockquote", "rule", "table"} | LISTS,
    "paragraph": INLINE,
    "heading": INLINE,
    "codeBlock": {"text"},
    "blockquote": {"paragraph", "codeBlock"} | LISTS,
    "bulletList": {"listItem"},
    "orderedList": {"listItem"},
    "listItem": {"paragraph", "codeBlock"} | LISTS,
    "table": {"tableRow"},
    "tableRow": {"tableHeader", "tableCell"},
    "tableHeader": {"paragraph"},
    "tableCell": {"paragraph"},
}
MAY_BE_EMPTY = {"paragraph", "heading", "codeBlock"}


def check(document: dict[str, Any]) -> None:
    """Assert that a node and all below it are as the format allows."""
    kind = document["type"]
    if kind == "text":
        assert document["text"]
        marks = [mark["type"] for mark in document.get("marks", [])]
        assert len(marks) == len(set(marks))
        assert "marks" not in document or marks
        assert "code" not in marks or set(marks) <= {"code", "link"}
        return
    if kind in ("hardBreak", "rule"):
        assert set(document) == {"type"}
        return
    content = document["content"]
    assert {child["type"] for child in content} <= INSIDE[kind]
    assert content or kind in MAY_BE_EMPTY
    if kind == "listItem":
        assert content[0]["type"] in ("paragraph", "codeBlock")
    if kind == "codeBlock":
        assert all("marks" not in child for child in content)
    for child in content:
        check(child)


PIECES = ["# ", "- ", "12. ", "> ", "```\n", "```py\n", "\n", "\n\n", "    ", "  ", "a", "b c", "*", "**", "_", "`",
          "~~", "[x](http://a.b)", "![y](u)", "[](http://a.b)", "[**q**`r`](http://c)", "---\n", "|a|b|\n|-|-|\n|c|",
          "|", "https://a.b/c", "<b>", "&amp;", "\\", "\t", "{x}"]  # fmt: skip


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.text(max_size=40)))
def test_any_text_becomes_a_valid_document_that_can_be_written_otherwise_too(source: str) -> None:
    for document in (from_markdown(source), from_text(source)):
        check(document)
        assert isinstance(to_wiki(document), str)
        assert isinstance(to_text(document), str)


WIKI = [
    ("## Two", "h2. Two"),
    ("**b** _i_ ~~s~~ `c{}`", "*b* _i_ -s- {{c\\{\\}}}"),
    ("[a **b**](https://x.y)", "[a *b*|https://x.y]"),
    ("https://x.y/a_b", "https://x.y/a_b"),
    ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
    ("- a\n  - b\n    1. c", "* a\n** b\n**# c"),
    ("```\nx|y\n```", "{code}\nx|y\n{code}"),
    ("> a\n>\n> b", "{quote}\na\n\nb\n{quote}"),
    ("---", "----"),
    ("| a | b |\n|---|---|\n| 1 |  |", "||a||b||\n|1| |"),
    ("snake_case {x} [y] 2 * 3 \\*no\\*", "snake_case \\{x\\} \\[y\\] 2 * 3 \\*no*"),
    ("\\# no\n\\- no", "\\# no\n\\- no"),
]  # fmt: skip


@pytest.mark.parametrize(("markdown", "wiki"), WIKI, ids=[one[0] for one in WIKI])
def test_data_center_gets_the_same_in_wiki_markup(markdown: str, wiki: str) -> None:
    assert to_wiki(from_markdown(markdown)) == wiki


def test_a_document_with_more_than_markdown_can_say_is_written_as_well_as_it_can_be() -> None:
    mention = {"type": "mention", "attrs": {"id": "1", "text": "@Ann"}}
    panel = node("panel", node(P, text("Look, "), mention), panelType="info")
    table = node("table", node("tableRow", node("tableCell", node(P, text("a")), node(P, text("b|c")))))
    assert to_wiki(node("doc", panel, table)) == "Look, @Ann\n\n|a \\\\ b\\|c|"


def test_what_jira_hands_over_is_read_as_text() -> None:
    mention = {"type": "mention", "attrs": {"id": "1", "text": "@Ann"}}
    document = node(
        "doc", node(P, text("Hi "), mention), {"type": "rule"}, node("bulletList", node(ITEM, node(P, text("x"))))
    )
    assert to_text(document) == "Hi @Ann\n\nx"
    assert (to_text(None), to_text("wiki *text*")) == ("", "wiki *text*")
