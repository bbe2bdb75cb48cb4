"""A workflow's graph as a Mermaid flowchart, which GitHub, GitLab and others draw inside of Markdown.

https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

from flowbook.models import Edge, Workflow

LABEL_SHOWN = 60


def dumps(workflow: Workflow) -> str:
    """The text of the flowchart: a node with its label and its task, an edge with its outcome and its condition."""
    lines = ["flowchart LR"]
    for id, node in workflow.nodes.items():
        lines.append(f'    {_name(id)}["{_text(node.label or id)}<br/><small>{_text(node.task)}</small>"]')
    lines += [f"    {_name(edge.source)} {_arrow(edge)} {_name(edge.target)}" for edge in workflow.edges]
    skipped = [_name(id) for id, node in workflow.nodes.items() if node.disabled]
    if skipped:
        lines += ["    classDef disabled stroke-dasharray: 4 4", f"    class {','.join(skipped)} disabled"]
    return "\n".join(lines) + "\n"


def _name(id: str) -> str:
    """A node's name there: some ids, such as ``end``, are words of Mermaid itself."""
    return f"n_{id}"


def _arrow(edge: Edge) -> str:
    words: list[str] = [] if edge.on == "success" else [edge.on]
    if edge.when is not None:
        words.append(f"when {edge.when}")
    arrow = "-->" if edge.on == "success" else "-.->"
    return f'{arrow}|"{_text(", ".join(words))}"|' if words else arrow


def _text(text: str) -> str:
    """A text inside of double quotes: what could end it or be markup is written by its number."""
    line = " ".join(text.split())
    line = line if len(line) <= LABEL_SHOWN else f"{line[: LABEL_SHOWN - 1]}…"
    return "".join(letter if letter.isalnum() or letter in " .,_-/:()=!?…" else f"#{ord(letter)};" for letter in line)
