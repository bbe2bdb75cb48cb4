"""``flowbook init`` and ``flowbook lab``."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from flowbook.cli.common import existing, workspace
from flowbook.errors import FlowbookError
from flowbook.workspace import Workspace

_NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "about", "metadata": {},
         "source": "# Flowbook\nRun the cell below: it opens the studio."},
        {"cell_type": "code", "id": "studio", "metadata": {}, "execution_count": None, "outputs": [],
         "source": "from flowbook import Workspace\n\nws = Workspace()\nws.studio()"},
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def init(directory: Path | None) -> None:
    """Make a workspace in DIR (default: the current folder)."""
    chosen: Path | None = directory or click.get_current_context().find_root().obj
    root = (chosen or Path.cwd()).resolve()
    root.mkdir(parents=True, exist_ok=True)
    existed = (root / ".flowbook").is_dir()
    ws = Workspace(root)
    looked = ws.review_folder()
    ws.close()
    (root / "integrations").mkdir(exist_ok=True)
    click.echo(f"{'There is a workspace' if existed else 'Made a workspace'} in {root}")
    if looked.code.files and not looked.trusted:
        click.echo(
            f"There is code in it already, which runs once you trust it: flowbook trust {shlex.quote(str(root))}"
        )


@click.command()
def recover() -> None:
    """Restore the last-good copy of a damaged store; the damaged file is kept beside it."""
    recovered = existing().recover()
    click.echo(f"Restored the last-good copy of {recovered.store}")
    if recovered.damaged is not None:
        click.echo(f"The damaged file is kept as {recovered.damaged}")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB OPTIONS]...")
def lab(no_browser: bool, options: tuple[str, ...]) -> None:
    """Open JupyterLab on the workspace's notebook; it is written when there is none.

    Other options are JupyterLab's own, for example --port=9999.
    """
    import json

    ws = workspace()
    notebook = ws.root / "flowbook.ipynb"
    if not notebook.exists():
        notebook.write_text(json.dumps(_NOTEBOOK, indent=1) + "\n", encoding="utf-8")
    ws.close()
    arguments = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={ws.root}", str(notebook), *options]
    if no_browser:
        arguments.append("--no-browser")
    try:
        os.execv(sys.executable, arguments)  # noqa: S606 - the interpreter that runs Flowbook
    except OSError as error:
        raise FlowbookError(f"JupyterLab cannot be started: {error.strerror}.", "pip install jupyterlab") from None
