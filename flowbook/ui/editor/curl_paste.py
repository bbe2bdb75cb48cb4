"""A curl command that was pasted, as a node of ``http.request``; its secrets go into an integration."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowbook import edits
from flowbook.edits import Place
from flowbook.formats.curl import FromCurl, read_curl
from flowbook.formats.curl.words import PROMPT
from flowbook.ui.editor.editing import Editing
from flowbook.workspace.pasting import keep_credentials

TASK = "http.request"
_SETS = r"@?(?:export|declare|local|readonly|set|setlocal|echo|printf|cat|rem)\b[^\n;&|]*|\$?(?:env:)?\w+ ?=[^\n;&|]*"
COMMAND = (
    rf"^\s*{PROMPT}?"
    rf"(?:(?:{_SETS})(?:\n|;|&&?|\|)\s*)*"
    r"(?:(?:sudo|time|exec|command|\w+=\S*) +)*@?(?:[^\s|;&=:]*[/\\])?curl(?:\.exe)?(?:[\s^`]|$)"
)
"""How a text begins that is a curl command, with what shells have before it; read alike by Python and by browsers."""


@dataclass(frozen=True)
class Pasted:
    """What came of it: the node, what is to be said, and whether something is left to be done."""

    node: str
    said: str
    complete: bool


def is_curl(text: str) -> bool:
    """Whether a text that is pasted is a curl command."""
    return re.match(COMMAND, text) is not None


def add(editing: Editing, text: str, at: Place) -> Pasted:
    """Add a node for a command. Raises FileFormatError for what is none, and what keeping its secrets raises."""
    found = read_curl(text)
    kept = _keep(editing, found)
    id = edits.free_id(found.id, editing.workflow.nodes)
    editing.do(*_inputs(editing, found), edits.add_node(id, found.node, at), label=f"Paste {id}")
    return _told(id, found, kept)


def fill(editing: Editing, node: str, text: str) -> Pasted:
    """Give a node the params of a command in place of its own; it raises what :func:`add` does."""
    found = read_curl(text)
    kept = _keep(editing, found)
    integration = found.node.integration or editing.workflow.nodes[node].integration
    change = edits.change_node(node, params=found.node.params, integration=integration)
    editing.do(*_inputs(editing, found), change, label=f"Paste into {node}")
    return _told(node, found, kept)


def _keep(editing: Editing, found: FromCurl) -> bool:
    return found.needs_integration and keep_credentials(editing.workspace, found)


def _inputs(editing: Editing, found: FromCurl) -> list[edits.Action]:
    there = editing.workflow.inputs
    more = [one for one in found.inputs if one.name not in there]
    return [edits.set_inputs([*there.values(), *more])] if more else []


def _told(node: str, found: FromCurl, kept: bool) -> Pasted:
    said = []
    if found.needs_integration:
        name = found.node.integration
        said.append(f"Its secrets are in the new integration “{name}”." if kept else f"It uses “{name}”.")
    left = [f"Fill in, in the integration: {', '.join(found.missing)}."] if found.missing else []
    if found.inputs:
        left.append(f"A run asks for: {', '.join(one.name for one in found.inputs)}.")
    left += [f"Not carried over: {note}." for note in found.notes]
    return Pasted(node, " ".join([f"{node} is made of the curl command.", *said, *left]), not left)
