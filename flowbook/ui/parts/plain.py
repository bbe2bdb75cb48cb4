"""The layout and the style that widgets share as long as they need none of their own.

ipywidgets gives each widget a layout and each button a style of its own: two of three models of the studio said nothing
but that, and each of them is a message of two kilobytes that kernel, server and page take in before anything is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import anywidget
import ipywidgets
import traitlets

from flowbook.ui.parts.catching_up import Told
from flowbook.ui.parts.files import widget


class _Shared(ipywidgets.Widget):
    """Many widgets have it, so nobody may change it."""

    _made = False

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._made = True

    def __setattr__(self, name: str, value: object) -> None:
        if self._made and name != "comm" and name in self.keys:
            raise AttributeError(f"{name} would change for all widgets of that look: give this one a look of its own")
        super().__setattr__(name, value)


class _SharedLayout(_Shared, ipywidgets.Layout):
    """As ipywidgets'."""


class _SharedStyle(_Shared, ipywidgets.ButtonStyle):
    """As ipywidgets'."""


class _Looks(anywidget.AnyWidget):
    """Never displayed: sees to it that pages let go of views with shared looks, and of widgets that are closed."""

    _esm = widget("parts/looks.js")

    looks = traitlets.List(traitlets.Unicode()).tag(sync=True)


_alive: dict[str, Any] = {}


def _shared(name: str, make: Any) -> Any:
    if name not in _alive or _alive[name].comm is None:  # somebody has closed all widgets of the kernel
        look = _alive[name] = make()
        known = _looks()
        known.looks = [*known.looks, look.model_id]
    return _alive[name]


def _looks() -> _Looks:
    layout = plain_layout()
    known = _alive.get("looks")
    if known is None or known.comm is None:
        known = _alive["looks"] = _Looks(layout=layout)
    return known


def plain_layout() -> Any:
    """The layout of what the stylesheet alone arranges."""
    return _shared("layout", _SharedLayout)


def hidden_layout() -> Any:
    """The layout of what is not to be seen, and has :func:`plain_layout` otherwise."""
    return _shared("hidden", partial(_SharedLayout, display="none"))


def tell_leaving(widgets: Iterable[Any]) -> None:
    """Have pages let go of widgets that are about to be closed."""
    known = _alive.get("looks")
    if known is not None and known.comm is not None:
        known.send({"leaving": [one.model_id for one in widgets if one.comm is not None]})


def is_shared(look: object) -> bool:
    """Whether this is the look of many widgets, which outlives each of them."""
    return isinstance(look, _Shared)


class Plain(Told, ipywidgets.DOMWidget):
    """A widget that shares its layout."""

    @traitlets.default("layout")
    def _share_layout(self) -> Any:
        return plain_layout()


class PlainButton(Plain):
    """A button that shares its style too."""

    @traitlets.default("style")
    def _share_style(self) -> Any:
        return _shared("style", _SharedStyle)


class Column(Plain, ipywidgets.VBox):
    """As ipywidgets' VBox."""


class Row(Plain, ipywidgets.HBox):
    """As ipywidgets' HBox."""


class Line(Plain, ipywidgets.Box):
    """As ipywidgets' Box."""


class Label(Plain, ipywidgets.Label):
    """As ipywidgets'."""
