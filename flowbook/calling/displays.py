"""Rich displays of a node where no kernel takes them: in a terminal, a plain script, a scheduled run.

IPython's ``display`` asks ``InteractiveShell`` for a shell, and prints when there is none. While a call goes on it gets
one that makes MIME bundles as a kernel does and hands them to the call's sink. Nothing else sees that shell:
``get_ipython()`` answers as before, so that no library takes the process for a notebook.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any

from flowbook.calling.replacing import Undo
from flowbook.calling.routing import kernel_publisher, sink

_ASKING = "IPython.core.display_functions"
_shells = threading.local()


def answer_display(module: ModuleType) -> Undo | None:
    """Have ``display`` find a shell during calls; ``module`` is ``IPython.core.interactiveshell``."""
    shell_class: Any = getattr(module, "InteractiveShell", None)
    if shell_class is None or {"initialized", "instance"} & set(vars(shell_class)):
        return None

    def initialized(cls: Any) -> bool:
        return _asked_in_call() or super(shell_class, cls).initialized()

    def instance(cls: Any, *arguments: Any, **options: Any) -> Any:
        return _shell() if _asked_in_call() else super(shell_class, cls).instance(*arguments, **options)

    answers = {"initialized": classmethod(initialized), "instance": classmethod(instance)}

    def undo() -> None:
        for name, answer in answers.items():
            if vars(shell_class).get(name) is answer:
                delattr(shell_class, name)

    for name, answer in answers.items():
        setattr(shell_class, name, answer)
    return undo


def _asked_in_call() -> bool:
    """Whether it is ``display`` or one of its kin that asks, in a call that no kernel takes the displays of."""
    asking = sys._getframe(2).f_globals.get("__name__")
    return asking == _ASKING and sink.get() is not None and kernel_publisher() is None


def _shell() -> Shell:
    """This thread's shell: IPython's formatters are not made for several threads."""
    if not hasattr(_shells, "one"):
        _shells.one = Shell()
    shell: Shell = _shells.one
    return shell


class Shell:
    """As much of a shell as ``display`` uses: what formats an object, and what publishes a bundle."""

    def __init__(self) -> None:
        from IPython.core.formatters import DisplayFormatter

        self.display_formatter: Any = DisplayFormatter()
        # By name: nothing is imported until a figure is displayed. A kernel shows them as PNG too.
        self.display_formatter.formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", _png)

    @property
    def display_pub(self) -> Shell:
        """What publishes."""
        return self

    def publish(self, data: dict[str, Any], metadata: Any = None, **options: Any) -> None:
        """Hand a MIME bundle to the call that displays it."""
        target = sink.get()
        if target is not None and data:
            target.display({str(kind): content for kind, content in data.items()})

    def clear_output(self, wait: bool = False) -> None:
        """What a node displayed stays: it is recorded."""


def _png(figure: Any) -> Any:
    from IPython.core.pylabtools import print_figure

    return print_figure(figure, fmt="png", base64=True)  # type: ignore[no-untyped-call]
