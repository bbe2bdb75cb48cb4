"""A workflow as a Jupyter notebook: its script, a cell a part, with the inputs in a cell that papermill fills in.

The format is https://nbformat.readthedocs.io/en/latest/format_description.html, version 4.5; what the tag "parameters"
does, https://papermill.readthedocs.io/en/latest/usage-parameterize.html.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from flowbook.formats.python.phrases import is_argument, literal
from flowbook.formats.python.writer import FLOW, Script, readable
from flowbook.models import Workflow

_PLAIN_LINK = re.compile(r"""\]\((?:https?://|mailto:)[^\s()<>]*(?:\s+"[^"<>]*")?\)""")
_BEYOND_LATEX = r"\\(?:href|require|html|style|class|cssId)"  # what MathJax makes HTML of
_BEYOND_TEXT = re.compile(rf"<|!\[|\]\s*[(:]|{_BEYOND_LATEX}")
"""HTML, pictures from elsewhere, links that are none of the web's or stand apart."""


def only_shows(markdown: str) -> bool:
    """Whether a text that is set as Markdown runs and fetches nothing: it may be another's words."""
    return not _BEYOND_TEXT.search(_PLAIN_LINK.sub("", markdown))


def only_sets(latex: str) -> bool:
    """Whether a text that is set as LaTeX is no more than that."""
    return not re.search(_BEYOND_LATEX, latex)


def dumps(workflow: Workflow) -> str:
    """The notebook's JSON. Raises FileFormatError for a workflow that no script can hold."""
    script = readable(workflow)
    notebook = {
        "cells": list(_cells(workflow, script)),
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cells(workflow: Workflow, script: Script) -> Iterator[dict[str, Any]]:
    about = workflow.description
    if not only_shows(about):  # its source, as an indented block: nothing in it ends that
        about = "\n".join(f"    {line}" for line in about.splitlines())
    title = f"# {workflow.name}" + (f"\n\n{about}" if about else "")
    yield {"id": "title", "cell_type": "markdown", "metadata": {}, "source": _lines(title)}
    yield _code("imports", script.head.replace("import Workflow", "import Workflow, Workspace", 1))
    names = _variables(workflow, script)
    if names:
        given = "\n".join(f"{names[name]} = {literal(one.default)}" for name, one in workflow.inputs.items())
        yield _code("parameters", f"# the inputs\n{given}", ["parameters"])
    yield _code("workflow", "\n\n".join(part for part in (script.flow, script.handles) if part))
    for place, function in enumerate(script.functions):
        yield _code(f"node-{place + 1}", function)
    if script.arrangement:
        yield _code("arrangement", script.arrangement)
    yield _code("graph", FLOW)
    given = ", ".join(f"{literal(name)}: {names[name]}" for name in workflow.inputs)
    yield _code("run", f"run = Workspace().run({FLOW}{f', {{{given}}}' if given else ''})\nrun")


def _variables(workflow: Workflow, script: Script) -> dict[str, str]:
    """A variable for each input, which the functions' names leave alone."""
    taken, found = {*script.names, "run", "Workspace"}, {}
    for name in workflow.inputs:
        found[name] = name
        while found[name] in taken or not is_argument(found[name]):
            found[name] += "_"
        taken.add(found[name])
    return found


def _code(id: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    metadata = {"tags": tags} if tags else {}
    return {
        "id": id, "cell_type": "code", "metadata": metadata, "source": _lines(source), "outputs": [],
        "execution_count": None,
    }  # fmt: skip


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
