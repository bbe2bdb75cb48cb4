"""Becoming one of Jupyter's servers, with Flowbook's part of it where that server looks."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import flowbook
from flowbook import environment
from flowbook.errors import FlowbookError

PRESET = ("JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE")
"""What a person sets to choose the token."""

_PATH = "JUPYTER_PATH"
# Holds labextensions/, so that the extension is found as it is in the package, also where no wheel was installed.
EXTENSIONS = Path(flowbook.__file__).parent / "ui"


def running(module: str) -> list[str]:
    """What runs a module as ``python -m`` does, but for modules of the folder that it is started in: that may be a
    stranger's.
    """
    code = (
        "import sys; sys.path[:] = filter(None, sys.path); import runpy;"
        f" runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-c", code]


def become(server: str, command: list[str], hint: str = "") -> NoReturn:
    """End this process by becoming a server: its name, its command line, and what helps where it cannot be started.

    Raises FlowbookError when it cannot be started.
    """
    os.environ[_PATH] = os.pathsep.join(filter(None, [str(EXTENSIONS), os.environ.get(_PATH)]))
    environment.give_back()
    try:
        os.execv(sys.executable, command)  # noqa: S606 - the interpreter that runs Flowbook
    except OSError as error:
        raise FlowbookError(f"{server} cannot be started: {error.strerror}.", hint) from None
