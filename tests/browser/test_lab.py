"""``flowbook lab``: JupyterLab opens on a notebook that shows the studio."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.jupyterlab import ACTION, Lab, NotebookPage, environment, free_port, serving


def test_it_opens_a_notebook_that_shows_the_studio(tmp_path: Path, chromium: Browser) -> None:
    root, port, token = tmp_path / "my-automation", free_port(), secrets.token_hex(16)
    root.mkdir()
    command = [sys.executable, "-m", "flowbook", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    lab = Lab(f"http://127.0.0.1:{port}", token, root)
    with serving(lab, [*command, f"--port={port}"], environment(tmp_path, token), tmp_path / "server.log"):
        context = chromium.new_context(viewport={"width": 1280, "height": 860})
        context.set_default_timeout(ACTION)
        book = NotebookPage(lab, context.new_page(), root, f"{lab.url}/lab/tree/flowbook.ipynb?token={token}").open()
        book.run(1)
        for tab in ("Integration Types", "Integrations", "Workflows", "Runs"):
            expect(book.page.get_by_role("tab", name=tab, exact=True)).to_be_visible()
        context.close()
    assert (root / ".flowbook").is_dir()
