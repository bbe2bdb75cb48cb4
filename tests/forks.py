"""How tests have Python programs begun quickly: by ``forking.py``, one process of which is here for all that asks."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.waiting import until

_PROGRAM = str(Path(__file__).with_name("forking.py"))
# What commands, scripts and servers of a workspace have loaded before they have done anything.
_MODULES = (
    *(f"flowbook.cli.{name}" for name in ("common", "running", "runs", "workflows", "check", "catalog", "report")),
    *(f"flowbook.cli.{name}" for name in ("types", "integrations", "workspace")),
    *(f"flowbook.workspace.facade.{name}" for name in ("history", "workflows", "integrations", "key", "trust")),
    *("flowbook.testing", "flowbook.expressions.functions", "flowbook.formats.python.reader", "flowbook.view.graph"),
    *("flowbook.formats.python.writer", "flowbook.store.tiny", "flowbook.http.session", "flowbook.calling.following"),
    *("flowbook.formats.flowfile.reader", "flowbook.reports.contents", "flowbook.typed", "yaml", "tinydb", "requests"),
)


@functools.cache
def _asking() -> list[str]:
    """What asks for a fork, begun with the process that forks; that ends when this one does."""
    folder = tempfile.TemporaryDirectory(prefix="forks-")
    address = f"{folder.name}/asked"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    forks = subprocess.Popen(
        [sys.executable, _PROGRAM, "fork", address, *_MODULES], stdin=subprocess.PIPE,
        env={**kept, "PYDANTIC_DISABLE_PLUGINS": "__all__"}, cwd="/",
    )  # fmt: skip
    until(lambda: os.path.exists(address) or forks.poll() is not None)
    _asking.kept = folder, forks  # type: ignore[attr-defined]
    return [sys.executable, "-I", "-S", _PROGRAM, "ask", address, sys.executable]


def python(*arguments: str) -> list[str]:
    """The command that does what ``python ARGUMENT…`` does, in a fork."""
    return [*_asking(), *arguments]
