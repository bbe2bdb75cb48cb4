"""The studio in a real JupyterLab in headless Chromium, beside stock ipycytoscape and ipywidgets in the same page.

Seconds count from the key press that runs a cell until the page shows what was asked for, the kernel's part included.
Messages and bytes are those of widgets, as they arrive over the page's websocket.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import print_rows
from tests.jupyterlab import ACTION, Lab, NotebookPage, chromium_path, running_chromium, running_lab, write_notebook

NODES = 500
LINES = 5_000
FEW_LINES = 500  # what Output.append_stdout shows in a time that one can wait for
ROUNDS = 3

SETUP = f"""
import ipycytoscape, ipywidgets, os, threading
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.editor.editor import Editor
ws = Workspace(".")
many = Workflow(name="many")
for i in range({NODES}):
    many.add(f"n{{i}}", "core.noop", at=(i % 25 * 260, i // 25 * 90))
    if i:
        many.connect(f"n{{i - 1}}", f"n{{i}}")
ws.save(many)
nodes = [{{"id": f"n{{i}}", "task": "core.noop", "x": i % 25 * 260, "y": i // 25 * 90}} for i in range({NODES})]
edges = [{{"id": f"e{{i}}", "source": f"n{{i}}", "target": f"n{{i + 1}}"}} for i in range({NODES} - 1)]
stock_graph = {{
    "nodes": [{{"data": {{"id": n["id"]}}, "position": {{"x": n["x"], "y": n["y"]}}}} for n in nodes],
    "edges": [{{"data": edge}} for edge in edges],
}}
talk = Workflow(name="talk")
talk.add("talk", "core.python", params={{"code": "for i in range({LINES}):\\n    print('line', i)"}})
out = ipywidgets.Output()
ws.catalog.folders()
"""
STOCK = """stock = ipycytoscape.CytoscapeWidget()
stock.set_layout(name="preset")
stock.graph.add_graph_from_json(stock_graph)
stock"""
APPEND = f"for i in range({FEW_LINES}):\n    out.append_stdout(f'line {{i}}\\n')\nout"
EDIT = """value = {"id": "new", "task": "core.noop", "x": 0, "y": -90}
canvas.patch([{"op": "add", "kind": "node", "value": value}])"""
CELLS = {
    "setup": SETUP,
    "canvas": "canvas = Canvas({'nodes': nodes, 'edges': edges, 'notes': []})\ncanvas",
    "one status": "canvas.set_status({'n0': 'running'})",
    "statuses": "for node in nodes:\n    canvas.set_status({node['id']: 'succeeded'})",
    "edit": EDIT,
    "editor": "ws.edit('many')",
    "stock": STOCK,
    "stock statuses": "for node in stock.graph.nodes:\n    node.classes = 'done'",
    "lines": "ws.start(talk)",
    "print": f"for i in range({LINES}):\n    print('line', i)",
    "append_stdout": APPEND,
}
GRAPH = """([cell, wanted]) => {
  const graphs = [...document.querySelectorAll('.jp-Notebook .jp-Cell')[cell].querySelectorAll('div')]
    .filter((one) => one._cyreg?.cy && !one.dataset.old).map((one) => one._cyreg.cy);
  return graphs.some((cy) => Object.entries(wanted).every(([what, count]) => cy.elements(what).length === count));
}"""
TEXT = """([cell, wanted]) => {
  const shown = document.querySelectorAll('.jp-Notebook .jp-Cell')[cell].querySelector('.jp-OutputArea');
  return shown?.textContent.includes(wanted);
}"""
FORGET = """(cell) => document.querySelectorAll('.jp-Notebook .jp-Cell')[cell].querySelectorAll('div')
  .forEach((one) => { if (one._cyreg) one.dataset.old = '1'; })"""


class Bench:
    """The notebook of the benchmark, open in JupyterLab."""

    def __init__(self, book: NotebookPage) -> None:
        self.book = book
        self.index = {name: i for i, name in enumerate(CELLS)}

    def seconds(self, cell: str, shown: str, wanted: object, *, at: str = "") -> float:
        """How long it takes from running a cell until ``shown`` holds in the cell ``at`` (default: the same)."""
        page, index = self.book.page, self.index[cell]
        page.evaluate(FORGET, index)
        self.book.cell(index).locator(".jp-InputArea-prompt").click()
        page.wait_for_timeout(700)
        self.book.frames.clear()
        began = time.perf_counter()
        page.keyboard.press("Control+Enter")
        page.wait_for_function(shown, arg=[self.index[at or cell], wanted], polling="raf", timeout=60_000)
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.perf_counter() - began

    def sent(self) -> str:
        """The messages of widgets since the last cell was run, and their bytes."""
        self.book.page.wait_for_timeout(700)
        frames = [frame for frame in self.book.frames if b'"comm_msg"' in frame or b'"comm_open"' in frame]
        return f"{len(frames):,} / {sum(map(len, frames)):,}"


def graphs(bench: Bench) -> list[list[str]]:
    """What it takes to show a graph, and to change it."""
    whole = {"node": NODES, "edge": NODES - 1}
    rows = []
    for label, cell in (("canvas", "canvas"), ("editor, whole", "editor"), ("stock ipycytoscape", "stock")):
        rounds = 1 if cell == "stock" else ROUNDS
        taken = statistics.median(bench.seconds(cell, GRAPH, whole) for _ in range(rounds))
        rows.append([f"show {NODES} nodes: {label}", f"{taken:.2f}", bench.sent()])
    changes = [
        ("one status", "one status", {'[status="running"]': 1}, "canvas"),
        ("one edit", "edit", {"node": NODES + 1}, "canvas"),
        (f"{NODES} statuses", "statuses", {'[status="succeeded"]': NODES}, "canvas"),
        (f"{NODES} statuses: stock ipycytoscape", "stock statuses", {".done": NODES}, "stock"),
    ]
    for label, cell, wanted, at in changes:
        taken = bench.seconds(cell, GRAPH, wanted, at=at)
        rows.append([label, f"{taken:.2f}", bench.sent()])
    return rows


def lines(bench: Bench) -> list[list[str]]:
    """What it takes to show what a node prints."""
    shown = [
        (f"{LINES:,} lines: run panel", "lines", LINES),
        (f"{LINES:,} lines: print in a cell", "print", LINES),
        (f"{FEW_LINES} lines: Output.append_stdout", "append_stdout", FEW_LINES),
    ]
    rows = []
    for label, cell, count in shown:
        taken = bench.seconds(cell, TEXT, f"line {count - 1}")
        rows.append([label, f"{taken:.2f}", bench.sent()])
    return rows


def opened(lab: Lab, page: object) -> NotebookPage:
    """The notebook, its first cell run."""
    folder = lab.root / "studio"
    folder.mkdir()
    write_notebook(folder, *CELLS.values())
    book = NotebookPage(lab, page, folder).open()  # type: ignore[arg-type]
    book.run(0)
    return book


def main() -> None:
    """Print the table."""
    path = chromium_path()
    if path is None:
        print("\nThe studio is not measured: there is no Chromium on the PATH (apt-get install chromium).")
        return
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, running_chromium(path) as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(ACTION)
        bench = Bench(opened(lab, context.new_page()))
        rows = [*graphs(bench), *lines(bench)]
    print_rows("The studio in JupyterLab, headless Chromium", ["what", "seconds", "messages / bytes"], rows)


if __name__ == "__main__":
    main()
