"""The magics themselves, and their completion."""

from __future__ import annotations

import contextlib
import re
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from flowbook.errors import FlowbookError, NotFound
from flowbook.formats.python.names import imports_of_values
from flowbook.magics.cells import put, wired
from flowbook.magics.words import VERBS, inputs_of, place_of, verb_of, words_of
from flowbook.models import Workflow
from flowbook.workspace import Workspace

_LINE = re.compile(r"\s*%{1,2}flow\b")


@magics_class
class FlowMagics(Magics):
    """``%flow`` and ``%%flow``."""

    @no_var_expand  # else IPython fills in what looks like a variable of its own: $name and {name}
    @line_cell_magic
    def flow(self, line: str, cell: str | None = None) -> Any:
        """Run, edit and list the workflows of the notebook's workspace; a cell becomes a node.

        %flow run NAME key=value …   run it, and show the run; $name as a value is a variable of the notebook
        %flow edit NAME              its editor
        %flow runs [NAME]            the run history
        %flow list, %flow check NAME

        %%flow NAME.NODE             the cell becomes the code of that node, or replaces it: its variables that are
                                     called as nodes or inputs of the workflow are these
        """
        words = words_of(line)
        if cell is not None:
            return self._node(*place_of(words), cell)
        verb, rest = verb_of(words)
        act: Any = getattr(self, f"_{verb}")
        return act(*rest)

    def _run(self, name: str, *pairs: str) -> Any:
        return self._workspace().run(name, inputs_of(list(pairs), self._names))

    def _edit(self, name: str) -> Any:
        return self._workspace().edit(name)

    def _runs(self, name: str | None = None) -> Any:
        ws = self._workspace()
        if name is not None and name not in {*(one.name for one in ws.workflows()), *ws.workflows_run()}:
            ws.workflow(name)  # says that there is none, and which is near
        runs = ws.runs(name)
        with contextlib.suppress(FlowbookError):  # without pandas they are a list
            return runs.to_frame()
        return runs

    def _list(self) -> list[str]:
        return [one.name for one in self._workspace().workflows()]

    def _check(self, name: str) -> Any:
        report = self._workspace().check(name)
        for problem in report:
            print(problem.text(name))
        return report

    def _node(self, name: str, node: str, cell: str) -> Workflow:
        ws = self._workspace()
        try:
            flow, trusted = ws.workflow(name), ws.is_trusted(name)  # a cell says nothing of the other nodes
        except NotFound:
            flow, trusted = Workflow(name), True
        put(flow, node, wired(flow, node, cell, imports_of_values(self._names)))
        ws.save(flow, trusted=trusted)
        for problem in ws.check(flow):
            if problem.node == node:
                print(problem.text(name))
        return flow

    @property
    def _names(self) -> dict[str, Any]:
        """The variables of the notebook."""
        return {} if self.shell is None else self.shell.user_ns

    def _workspace(self) -> Workspace:
        """The notebook's own, where it has one in ``ws``, else the nearest."""
        found = self._names.get("ws")
        return found if isinstance(found, Workspace) else Workspace()


def load(shell: Any) -> None:
    """Give an IPython the magics and their completion."""
    magics = FlowMagics(shell)
    shell.register_magics(magics)

    def complete(_: Any, event: Any) -> list[str]:
        with contextlib.suppress(Exception):  # a key press is no place to fail
            return completions(magics._workspace(), event.line)
        return []

    shell.set_hook("complete_command", complete, re_key=_LINE)


def unload(shell: Any) -> None:
    """Take the magics away again."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("flow", None)


def completions(ws: Workspace, line: str) -> list[str]:
    """What may stand where the last word of a line is being written."""
    words = _LINE.sub("", line, count=1).split(" ")[1:]
    before, word = [one for one in words[:-1] if one], words[-1] if words else ""
    names = [one.name for one in ws.workflows()]
    if line.lstrip().startswith("%%"):
        name, dot, _ = word.partition(".")
        found = [f"{name}.{node}" for node in ws.workflow(name).nodes] if dot else [f"{name}." for name in names]
    elif not before:
        found = list(VERBS)
    elif len(before) == 1:
        found = names if before[0] in VERBS and before[0] != "list" else []
    else:
        found = [f"{name}=" for name in ws.workflow(before[1]).inputs] if before[0] == "run" else []
    return [one for one in found if one.startswith(word)]
