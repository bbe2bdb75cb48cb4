"""How tests have Python programs begun quickly: by ``forking.py``, one process of which is here for all that asks."""

from __future__ import annotations

import functools
import json
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
    *("flowbook.serving.server", "flowbook.workspace.drafts", "nbformat", "nbclient", "jupyter_client"),
)


_OF_KERNELS = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell")


@functools.cache
def _asking(*modules: str) -> list[str]:
    """What asks for a fork with these modules, begun with the process that forks; that ends when this one does."""
    folder = tempfile.TemporaryDirectory(prefix="forks-")
    address = f"{folder.name}/asked"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    forks = subprocess.Popen(
        [sys.executable, _PROGRAM, "fork", address, *modules], stdin=subprocess.PIPE,
        env={**kept, "PYDANTIC_DISABLE_PLUGINS": "__all__", "JPY_PARENT_PID": "1"}, cwd="/",  # read by imports
    )  # fmt: skip
    _kept.append((folder, forks))
    until(lambda: os.path.exists(address) or forks.poll() is not None)
    return [sys.executable, "-I", "-S", _PROGRAM, "ask", address, sys.executable]


_kept: list[object] = []  # as long as this process lasts


def python(*arguments: str) -> list[str]:
    """The command that does what ``python ARGUMENT…`` does, in a fork."""
    return [*_asking(*_MODULES), *arguments]


@functools.cache
def kernels() -> Path:
    """A place that, on ``JUPYTER_PATH``, has ``python3`` be a kernel that begins in a fork."""
    asking = _asking(*_MODULES, *_OF_KERNELS)
    place = Path(asking[asking.index("ask") + 1]).parent
    (place / "kernels" / "python3").mkdir(parents=True)
    argv = [*asking, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"argv": argv, "display_name": "Python 3", "language": "python"}
    (place / "kernels" / "python3" / "kernel.json").write_text(json.dumps(about))
    return place
