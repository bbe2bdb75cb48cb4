"""Gives each call its own pyplot figures, and where there is no kernel shows them in their node.

``plt.show()`` shows all figures that there are, of every thread. pyplot keeps the open figures in one table
(``matplotlib._pylab_helpers.Gcf.figs``), which is replaced by one that answers for the call that asks. Outside calls
it is the table that was there before.
"""

from __future__ import annotations

import functools
import importlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from flowbook.calling.replacing import Undo
from flowbook.calling.routing import kernel_publisher, sink

_own: ContextVar[tuple[Any, OrderedDict[Any, Any]] | None] = ContextVar("flowbook_figures", default=None)


class Figures(MutableMapping[Any, Any]):
    """The open figures (number → manager) of the call that asks."""

    def __init__(self, outside: OrderedDict[Any, Any]) -> None:
        self._outside = outside

    def _mine(self) -> OrderedDict[Any, Any]:
        call = sink.get()
        if call is None:
            return self._outside
        held = _own.get()
        if held is None or held[0] is not call:
            held = (call, OrderedDict())
            _own.set(held)
        return held[1]

    def __getitem__(self, number: Any) -> Any:
        return self._mine()[number]

    def __setitem__(self, number: Any, manager: Any) -> None:
        self._mine()[number] = manager

    def __delitem__(self, number: Any) -> None:
        del self._mine()[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._mine())

    def __reversed__(self) -> Iterator[Any]:
        yield from reversed(self._mine())

    def __len__(self) -> int:
        return len(self._mine())

    def keys(self) -> Any:
        """The numbers, in order; can be reversed."""
        return self._mine().keys()

    def values(self) -> Any:
        """The managers, in order; can be reversed."""
        return self._mine().values()

    def items(self) -> Any:
        """Both; can be reversed."""
        return self._mine().items()

    def move_to_end(self, number: Any, last: bool = True) -> None:
        """Make a figure the current one."""
        self._mine().move_to_end(number, last)


def separate(module: ModuleType) -> Undo | None:
    """Keep figures apart from now on; ``module`` is ``matplotlib._pylab_helpers``."""
    keeper = getattr(module, "Gcf", None)
    table = getattr(keeper, "figs", None)
    if keeper is None or not isinstance(table, OrderedDict):
        return None

    def undo() -> None:
        if isinstance(keeper.figs, Figures):
            keeper.figs = table

    keeper.figs = Figures(table)
    return undo


def show_in_node(pyplot: ModuleType) -> Undo | None:
    """Have ``plt.show()`` display the figures of a call as PNG where no kernel does; ``pyplot`` is the module.

    Figures of a call get a canvas without a window then, whatever backend there is: windows belong to the main thread.
    """
    original = getattr(pyplot, "_get_backend_mod", None)
    if original is None:
        return None

    def chosen() -> Any:
        return original() if sink.get() is None or kernel_publisher() is not None else backend()

    def undo() -> None:
        if pyplot._get_backend_mod is chosen:
            pyplot._get_backend_mod = original  # type: ignore[attr-defined]

    pyplot._get_backend_mod = chosen  # type: ignore[attr-defined]
    return undo


@functools.cache
def backend() -> type:
    """A backend of pyplot whose figures are displayed when they are shown, and closed as in a notebook."""
    from matplotlib._pylab_helpers import Gcf
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    class Manager(FigureManagerBase):
        def show(self) -> None:
            importlib.import_module("IPython.display").display(self.canvas.figure)

    class Canvas(FigureCanvasAgg):
        manager_class = Manager

    class Backend:
        FigureCanvas = Canvas
        FigureManager = Manager

        @staticmethod
        def new_figure_manager(num: int, *arguments: Any, **options: Any) -> Any:
            figure_class: Any = options.pop("FigureClass", Figure)
            return Canvas.new_manager(figure_class(*arguments, **options), num)

        @staticmethod
        def new_figure_manager_given_figure(num: int, figure: Any) -> Any:
            return Canvas.new_manager(figure, num)

        @staticmethod
        def draw_if_interactive() -> None:
            """Figures are shown when the code says so."""

        @staticmethod
        def show(*arguments: Any, **options: Any) -> None:
            try:
                for manager in Gcf.get_all_fig_managers():
                    manager.show()
            finally:
                Gcf.destroy_all()

    return Backend
