"""Executes the notebooks and keeps their outputs, for those who read them on a code host.

``python notebooks/renew.py [NAME …]`` works on a copy of this folder. A notebook whose outputs differ from those it has
only in what differs every time (times, run ids, pictures of timings) is left as it is. The exit status is 1 when a
notebook failed. With ``--check`` nothing is written, and the status is also 1 when outputs are out of date.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

HERE = Path(__file__).resolve().parent
LEFT_OUT = shutil.ignore_patterns(".flowbook", ".ipynb_checkpoints", "__pycache__", "output")
SECONDS_PER_CELL = 120
WIDGET = "application/vnd.jupyter.widget-view+json"

_INNER_TABLE = re.compile(r"<table(?:(?!<table).)*?</table>", re.DOTALL)
_ENDED = re.compile(r"(?:^[\w.-]+: (?:succeeded|failed|skipped)\b.*\n){2,}", re.MULTILINE)
_VOLATILE = (
    (re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{8}\b"), "RUN"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "MOMENT"),
    (re.compile(r"\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"), "MOMENT"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"X-Amz-[A-Za-z]+=[^&\s'\"]+"), "SIGNED"),
    (re.compile(r'style="[^"]*"'), ""),
    (re.compile(r"\s*\b\d+(\.\d+)?( ms| s| min)\b"), " TIME"),
    (re.compile(r"\b\d[\d,]* bytes\b"), "SIZE"),  # of what libraries write, each version a little differently
    (re.compile(r"\b\d+\.\d+\.\d+@"), "MESSAGE@"),
    (re.compile(r"'?seconds'?: [\d.e-]+"), "SECONDS"),
    (re.compile(r"(?<=\S) {2,}(?=\S)"), "  "),  # columns are as wide as their longest time
)


def main(arguments: list[str]) -> int:
    """Renew the notebooks of these names, or all; the exit status."""
    check, names = "--check" in arguments, [name for name in arguments if name != "--check"]
    status = 0
    for path in sorted(HERE.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        print(f"{path.name} …", end=" ", flush=True)
        with tempfile.TemporaryDirectory(prefix="flowbook-renew-", ignore_cleanup_errors=True) as temporary:
            renewed, failed = execute(path, Path(temporary))
        if failed:
            print("failed", flush=True)
            print(f"{path.name}: {failed}", file=sys.stderr)
            status = 1
        elif same(nbformat.read(path, as_version=4), renewed):
            print("up to date")
        elif check:
            print("out of date", flush=True)
            print(f"{path.name}: its outputs are out of date; run: make notebooks", file=sys.stderr)
            status = 1
        else:
            nbformat.write(renewed, path)
            print("renewed")
    return status


def execute(path: Path, temporary: Path) -> tuple[nbformat.NotebookNode, str]:
    """A notebook executed in a copy of its folder, its outputs tidied; and what failed, or an empty text."""
    folder = temporary / "notebooks"
    shutil.copytree(path.parent, folder, ignore=LEFT_OUT)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    environ |= {"FLOWBOOK_CONFIG_DIR": str(temporary / "config"), "PYTHONHASHSEED": "0"}
    notebook = nbformat.read(folder / path.name, as_version=4)
    client = NotebookClient(
        notebook, timeout=SECONDS_PER_CELL, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # without a warning of its transport
    )  # fmt: skip
    try:
        client.execute(env=environ)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return notebook, str(error)
    tidy(notebook, temporary)
    return notebook, ""


def tidy(notebook: nbformat.NotebookNode, temporary: Path) -> None:
    """Leave out what only lives in a kernel, what differs every time, and where on this machine it was executed."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = _joined(cell.outputs)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            data.pop(WIDGET, None)
            if isinstance(data.get("text/html"), str):
                data["text/html"] = _INNER_TABLE.sub(_plainer, data["text/html"])
            output.pop("transient", None)
        if "outputs" in cell:
            text = json.dumps(cell.outputs)
            for place in {str(temporary.resolve()), str(temporary)}:
                text = text.replace(json.dumps(place)[1:-1] + "/", "")
            cell.outputs = [nbformat.from_dict(output) for output in json.loads(text)]


def _plainer(table: re.Match[str]) -> str:
    """A table of data without the look of each cell, which makes nine tenths of its size."""
    return re.sub(r'<t([dhr]) style="[^"]*"', r"<t\1", table[0])


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with what was printed in one piece: in how many it arrived differs every time."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and output["name"] == last.get("name"):
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def same(before: nbformat.NotebookNode, after: nbformat.NotebookNode) -> bool:
    """Whether two notebooks differ in nothing but what differs every time."""
    return _lasting(before) == _lasting(after)


def difference(before: nbformat.NotebookNode, after: nbformat.NotebookNode) -> str:
    """The lines in which two notebooks differ, apart from what differs every time."""
    texts = [
        json.dumps(_lasting(one), indent=1, sort_keys=True).replace(r"\n", "\n").splitlines() for one in (before, after)
    ]
    return "\n".join(difflib.unified_diff(*texts, "shown", "executed", n=1, lineterm=""))


def _lasting(notebook: nbformat.NotebookNode) -> list[Any]:
    cells = []
    for cell in notebook.cells:
        outputs = []
        for output in cell.get("outputs", []):
            data = output.get("data") or {"text": output.get("text", "")}
            pictures = {"image/png", "image/jpeg"}  # of timings, or drawn in the fonts of a machine
            shown = {kind: "" if kind in pictures else _steady(text) for kind, text in data.items()}
            outputs.append((output["output_type"], output.get("name", ""), shown))
        cells.append((cell.cell_type, cell.source, cell.get("execution_count"), outputs))
    return cells


def _steady(text: Any) -> str:
    words = text if isinstance(text, str) else json.dumps(text)
    words = re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+", "IMAGE", words)
    for pattern, instead in _VOLATILE:
        words = pattern.sub(instead, words)
    # Of nodes that run beside each other, now one ends first and now the other.
    return _ENDED.sub(lambda lines: "".join(sorted(lines[0].splitlines(keepends=True))), words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
