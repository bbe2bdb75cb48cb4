"""``flowbook lab``: JupyterLab on the workspace's notebook."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from flowbook.cli.common import workspace
from flowbook.cli.jupyter import PRESET, become, running
from flowbook.installing import check_studio

NOTEBOOK = "flowbook.ipynb"
_PRESET_SAID = (
    "A token of your own is set (JUPYTER_TOKEN): JupyterLab prints its address with token=... in place of it, and the "
    "page asks for it."
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--no-browser", is_flag=True, help="Do not open a browser window; the address is printed.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB OPTIONS]...")
def lab(no_browser: bool, options: tuple[str, ...]) -> None:
    """Open JupyterLab on the workspace's notebook; it is written when there is none.

    Other options are JupyterLab's own, for example --port=9999.
    """
    check_studio("flowbook lab")
    ws = workspace()
    notebook = ws.root / NOTEBOOK
    if not notebook.exists():
        notebook.write_text(json.dumps(first_notebook(), indent=1) + "\n", encoding="utf-8")
    ws.close()
    if any(os.environ.get(preset) for preset in PRESET):
        click.echo(_PRESET_SAID, err=True)
    become("JupyterLab", command(ws.root, options, browser=not no_browser), "pip install jupyterlab")


def command(root: Path, options: tuple[str, ...], *, browser: bool) -> list[str]:
    """What starts JupyterLab so that the address it prints, and the window it opens, are the notebook's."""
    return [
        *running("jupyterlab"), f"--notebook-dir={root}",
        f"--LabApp.default_url=/lab/tree/{quote(NOTEBOOK)}", *options, *([] if browser else ["--no-browser"]),
    ]  # fmt: skip


def first_notebook() -> dict[str, Any]:
    """A notebook whose one cell shows the studio, with what JupyterLab would else add when a kernel starts.

    It would then be changed before a person has done anything.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        shown = str(KernelSpecManager().get_kernel_spec("python3").display_name)
    except NoSuchKernel:
        shown = "Python 3"
    major = sys.version_info[0]
    # as ipykernel says it, in IPythonKernel.language_info
    language = {
        "codemirror_mode": {"name": "ipython", "version": major}, "file_extension": ".py", "mimetype": "text/x-python",
        "name": "python", "nbconvert_exporter": "python", "pygments_lexer": f"ipython{major}",
        "version": platform.python_version(),
    }  # fmt: skip
    studio: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "studio",
        "metadata": {},
        "outputs": [],
    }
    about = "# Flowbook\nRun the cell below: it opens the studio."
    cell = "from flowbook import Workspace\n\nws = Workspace()\nws.studio()"
    return {
        "cells": [
            {"cell_type": "markdown", "id": "about", "metadata": {}, "source": about},
            {**studio, "source": cell},
        ],
        "metadata": {
            "kernelspec": {"display_name": shown, "language": "python", "name": "python3"}, "language_info": language,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
