"""Executes the quickstart notebook without a browser, and says what each of its nodes did.

``python notebooks/demo.py`` works on a copy of this folder, so that it neither finds nor leaves anything here. The exit
status is 1 when a cell failed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

HERE = Path(__file__).resolve().parent
LEFT_OUT = shutil.ignore_patterns(".flowbook", ".ipynb_checkpoints", "__pycache__", "output")
SECONDS_PER_CELL = 120


def main() -> int:
    """Execute the notebook, show the run, and tell where the report is; the exit status."""
    folder = Path(tempfile.mkdtemp(prefix="flowbook-demo-")) / "notebooks"
    shutil.copytree(HERE, folder, ignore=LEFT_OUT)
    # A key of its own for the copy's credentials: the demonstration leaves nothing in the user's configuration.
    os.environ["FLOWBOOK_CONFIG_DIR"] = str(folder.parent / "config")
    os.environ.pop("FLOWBOOK_WORKSPACE", None)
    notebook = folder / "quickstart.ipynb"
    print(f"Executing {notebook.name} in {folder}", flush=True)
    failed = execute(notebook)
    print(flush=True)
    shown = show_runs(folder)
    if failed:
        print(f"\nThe notebook failed: {failed}", file=sys.stderr)
        return 1
    for report in sorted((folder / "output").glob("*.md")):
        print(f"\nThe report is {report}")
    print(f"The executed notebook is {notebook}")
    return shown


def execute(notebook: Path) -> str:
    """Execute a notebook in its own folder, telling its sections, and save it; what failed, or an empty text."""
    content = nbformat.read(notebook, as_version=4)
    kernel = {"metadata": {"path": str(notebook.parent)}}
    client = NotebookClient(
        content, timeout=SECONDS_PER_CELL, kernel_name="python3", resources=kernel,
        extra_arguments=["--IPKernelApp.log_level=40"],  # without a warning of its transport
        on_cell_start=tell_section,
    )  # fmt: skip
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return str(error)
    finally:
        nbformat.write(content, notebook)
    return ""


def tell_section(cell: nbformat.NotebookNode, cell_index: int) -> None:
    """Print the heading of a section that is begun: it takes some seconds in all."""
    heading = cell.source.partition("\n")[0]
    if cell.cell_type == "markdown" and heading.startswith("## "):
        print(f"  {heading[3:]} …", flush=True)


def show_runs(folder: Path) -> int:
    """Print the last two runs, each node with its outcome, from the workspace's history; the exit status."""
    flowbook = [sys.executable, "-m", "flowbook", "-C", str(folder), "runs"]
    listed = subprocess.run([*flowbook, "list", "--json"], capture_output=True, text=True, check=False)
    if listed.returncode:
        print(listed.stderr, file=sys.stderr)
        return 1
    for run in reversed(json.loads(listed.stdout)):
        status = subprocess.run([*flowbook, "show", run["run"]], check=False).returncode
        if status:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
