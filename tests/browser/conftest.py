"""A real JupyterLab in a real Chromium, driven with a real mouse.

One server and one browser serve all tests of a session; each test gets its own notebook, kernel and page.
"""

from __future__ import annotations

import inspect
import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.jupyterlab import ACTION, Lab, NotebookPage, running_lab, write_notebook
from tests.live_widgets import dangling

# What each kernel is asked at the end of a test. One that has made no widget need not load them for that.
WALK = f"""
import sys
{inspect.getsource(dangling)}
if "ipywidgets" in sys.modules:
    print("\\n".join(dangling()), end="")
"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, showing an empty temporary folder."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as lab:
        yield lab


@pytest.fixture
def make_notebook(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., NotebookPage]]:
    """Make a notebook with these code cells and open it: ``make_notebook("1 + 1", "2 + 2")``."""
    yield from _notebooks(lab, chromium, request)


@pytest.fixture(scope="module")
def make_lasting_notebook(
    lab: Lab, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., NotebookPage]]:
    """The same for a notebook that the tests of a module share, which saves them seconds each."""
    yield from _notebooks(lab, chromium, request)


def _notebooks(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., NotebookPage]]:
    contexts: list[BrowserContext] = []
    books: list[NotebookPage] = []

    def make(
        *cells: str, files: dict[str, str] | None = None, width: int = 1280, height: int = 860, scale: int = 1
    ) -> NotebookPage:
        folder = lab.root / f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower())[:60]}-{secrets.token_hex(3)}"
        folder.mkdir()
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        write_notebook(folder, *cells)
        context = chromium.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
        contexts.append(context)
        context.set_default_timeout(ACTION)
        books.append(NotebookPage(lab, context.new_page(), folder))
        return books[-1].open()

    yield make
    wrong = []
    for book in books:
        if getattr(request.node, "failed_in_call", False):
            book.tell_failure(request.node.name)
        wrong += lab.said_by_kernels(book.folder.name, WALK)
        lab.stop_kernels(book.folder.name)
    for context in contexts:
        context.close()
    assert wrong == [], "a page that is loaded again shows nothing at all when a live widget refers to a closed one"
