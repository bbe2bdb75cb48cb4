"""A real JupyterLab in a real Chromium, driven with a real mouse.

One server and one browser serve all tests of a session; each test gets its own notebook, and a kernel that knows of no
other: a new one, or one that has forgotten what it did for a test before.
"""

from __future__ import annotations

import inspect
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.jupyterlab import Lab, NotebookPage, new_context, running_lab, write_notebook
from tests.live_widgets import dangling

# What each kernel is asked at the end of a test. One that has made no widget need not load them for that.
WALK = f"""
import sys
{inspect.getsource(dangling)}
if "ipywidgets" in sys.modules:
    print("\\n".join(dangling()), end="")
"""

# Makes a kernel as a new one is, but for the libraries that it has loaded; and says so, unless a run goes on in it.
RENEW = """
import os, sys
if "ipywidgets" in sys.modules:
    sys.modules["ipywidgets"].Widget.close_all()
if "flowbook.vault" in sys.modules:
    sys.modules["flowbook.vault"].forget_environment()
if "matplotlib.pyplot" in sys.modules:
    sys.modules["matplotlib.pyplot"].close("all")
for name, module in list(sys.modules.items()):
    if str(getattr(module, "__file__", None)).startswith({root!r}):
        del sys.modules[name]
os.environ.update({own!r})
os.chdir({folder!r})
get_ipython().reset(new_session=True)  # which counts its cells from 1, too
import threading
if not any(thread.name.startswith("flowbook-run") for thread in threading.enumerate()):
    print("renewed")
del threading
"""
FREE = "free-"  # with its id, the folder, which is none, of a kernel that no notebook has
USABLE = "'jupyterapp' in window && !document.querySelector('.jp-Dialog')"
DANGLES = "a page that is loaded again shows nothing at all when a live widget refers to a closed one"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, showing an empty temporary folder."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as lab:
        yield lab


class Pages:
    """Pages of JupyterLab in which tests open one notebook after another: loading it anew takes seconds of each."""

    USES = 24  # so many notebooks, and a page is closed, with what it may have kept of them

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._free: list[Page] = []
        self._uses: Counter[Page] = Counter()
        self._kept: list[Page] = []  # those that modules keep for all of their tests

    def take(
        self, lab: Lab, folder: Path, width: int, height: int, *, fresh: bool = False, address: str = ""
    ) -> NotebookPage:
        """The notebook in ``folder``, for a free page; for a new one when none is free, or it is to be ``fresh``."""
        page = self._free.pop() if self._free and not fresh else self._context.new_page()
        page.bring_to_front()
        page.set_viewport_size({"width": width, "height": height})
        self._uses[page] += 1
        return NotebookPage(lab, page, folder, address)

    def open(self, book: NotebookPage) -> NotebookPage:
        """Open the notebook in its page."""
        return book.open() if self._uses[book.page] == 1 else book.open_beside()

    def keep(self, book: NotebookPage) -> None:
        """Have the page in front whenever another, which was taken meanwhile, is given back."""
        self._kept.append(book.page)

    def give_back(self, book: NotebookPage, *, failed: bool) -> None:
        """Let another test have the page, unless its test failed or left it with a question or without JupyterLab."""
        page = book.page
        if page in self._kept:
            self._kept.remove(page)
        if failed or self._uses[page] == self.USES or not page.evaluate(USABLE):
            page.close()
        else:
            book.leave()
            self._free.append(page)
        if self._kept:
            self._kept[-1].bring_to_front()


class Kernels:
    """Kernels that one notebook has after another: to start one, and to load what it needs, takes seconds of each."""

    USES = 12  # so many notebooks, and a kernel ends, with what it may have kept of them

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._free: list[str] = []
        self._uses: Counter[str] = Counter()

    def give(self, folder: Path) -> None:
        """Have the notebook in ``folder`` get a free kernel when there is one. Else JupyterLab starts one."""
        running = self._lab.kernels() if self._free else []
        while self._free:
            kernel = self._free.pop()
            if kernel in running and self._renewed(kernel, folder):
                self._lab.give_kernel(kernel, folder.name)
                return

    def take_back(self, folder: Path, *, failed: bool) -> None:
        """Let another notebook have the kernel, unless a test failed with it or it does something still."""
        kernels = self._lab.kernels(folder.name)
        if failed or len(kernels) != 1 or self._uses[kernels[0]] + 1 >= self.USES:
            self._lab.stop_kernels(folder.name)
            return
        self._uses[kernels[0]] += 1
        self._lab.give_kernel(kernels[0], FREE + kernels[0])
        self._free.append(kernels[0])

    def _renewed(self, kernel: str, folder: Path) -> bool:
        around = self._lab.root.parent
        own = {"FLOWBOOK_CONFIG_DIR": str(around / "keys"), "FLOWBOOK_TRUST": f"{around}/*"}
        source = RENEW.format(root=str(self._lab.root), own=own, folder=str(folder))
        if self._lab.said_by_kernels(FREE + kernel, source) == ["renewed"]:
            return True
        self._lab.stop_kernels(FREE + kernel)
        return False


@pytest.fixture(scope="session")
def kernels(lab: Lab) -> Kernels:
    """The kernels that notebooks have one after another."""
    return Kernels(lab)


@pytest.fixture(scope="session")
def pages(chromium: Browser) -> Iterator[Pages]:
    """The pages that tests have one after another."""
    context = new_context(chromium)
    yield Pages(context)
    context.close()


@pytest.fixture
def make_notebook(
    lab: Lab, pages: Pages, kernels: Kernels, request: pytest.FixtureRequest
) -> Iterator[Callable[..., NotebookPage]]:
    """Make a notebook with these code cells and open it: ``make_notebook("1 + 1", "2 + 2")``.

    It has a kernel to itself, and a page in which the notebooks of other tests may have been open, unless ``fresh``. A
    kernel begins again in the folder of its first notebook: a test that has it begin again takes a ``new_kernel``.
    """
    books: list[NotebookPage] = []

    def make(
        *cells: str,
        files: dict[str, str] | None = None,
        width: int = 1280,
        height: int = 860,
        fresh: bool = False,
        new_kernel: bool = False,
    ) -> NotebookPage:
        folder = _folder(lab, request, cells, files)
        if not new_kernel:
            kernels.give(folder)
        books.append(pages.take(lab, folder, width, height, fresh=fresh))
        return pages.open(books[-1])

    yield make
    wrong, failed = _end(books, request), getattr(request.node, "failed_in_call", False)
    for book in books:
        pages.give_back(book, failed=failed)
        kernels.take_back(book.folder, failed=failed)
    assert wrong == [], DANGLES


@pytest.fixture(scope="module")
def make_lasting_notebook(
    lab: Lab, chromium: Browser, pages: Pages, kernels: Kernels, request: pytest.FixtureRequest
) -> Iterator[Callable[..., NotebookPage]]:
    """The same for a notebook that the tests of a module share; ``alone``, in a page and a context of its own."""
    contexts: list[BrowserContext] = []
    books: list[NotebookPage] = []
    failed_before = request.session.testsfailed

    def make(
        *cells: str,
        files: dict[str, str] | None = None,
        width: int = 1280,
        height: int = 860,
        scale: int = 1,
        alone: bool = False,
        new_kernel: bool = False,
    ) -> NotebookPage:
        folder = _folder(lab, request, cells, files)
        if not new_kernel:
            kernels.give(folder)
        if not alone and scale == 1:
            books.append(pages.take(lab, folder, width, height))
            pages.keep(books[-1])
            return pages.open(books[-1])
        contexts.append(new_context(chromium, viewport={"width": width, "height": height}, device_scale_factor=scale))
        books.append(NotebookPage(lab, contexts[-1].new_page(), folder))
        return books[-1].open()

    yield make
    wrong, failed = _end(books, request), request.session.testsfailed > failed_before
    for book in books:
        if book.page.context not in contexts:
            pages.give_back(book, failed=failed)
    for context in contexts:
        context.close()
    for book in books:
        kernels.take_back(book.folder, failed=failed)
    assert wrong == [], DANGLES


def _folder(lab: Lab, request: pytest.FixtureRequest, cells: tuple[str, ...], files: dict[str, str] | None) -> Path:
    """A folder with a notebook of these cells, and these files beside it."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:60]
    folder = lab.root / f"{name}-{secrets.token_hex(3)}"
    folder.mkdir()
    for path, text in (files or {}).items():
        (folder / path).write_text(text)
    write_notebook(folder, *cells)
    return folder


def _end(books: list[NotebookPage], request: pytest.FixtureRequest) -> list[str]:
    """What is wrong with the widgets in the kernels of these notebooks; tells what was seen when their test failed."""
    wrong = []
    for book in books:
        if getattr(request.node, "failed_in_call", False):
            book.tell_failure(request.node.name)
        wrong += book.lab.said_by_kernels(book.folder.name, WALK)
    return wrong
