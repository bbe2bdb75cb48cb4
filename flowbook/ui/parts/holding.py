"""Who owns a widget's life: the box that shows it.

A page that is loaded again asks for every live widget, and shows nothing at all when one of them refers to a widget
that was closed. So only :func:`swap` and :func:`take_out` change what a box shows, and only :func:`dispose` closes
widgets: what holds others first, then what was in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ipywidgets import Widget

from flowbook.ui.parts.plain import is_shared, tell_leaving


def swap(box: Any, *children: Any) -> None:
    """Have ``box`` show these in place of what it shows; what is not among them any more is closed, for good."""
    before = box.children
    box.children = children
    for one in before:
        if one not in children:
            dispose(one)


def take_out(box: Any) -> None:
    """Have ``box`` show nothing; what it showed lives on, until whoever knows it hands it to :func:`dispose`."""
    box.children = ()


def dispose(*widgets: Any) -> None:
    """Close widgets with all that is in them. They must not be in a box that lives, unless it is among them."""
    leaving = dict.fromkeys(inner for widget in widgets for inner in _all_in(widget))
    tell_leaving(leaving)
    for one in leaving:
        one.close()


def _all_in(widget: Any) -> list[Any]:
    """A widget and what it holds, at any depth, each after all that hold it."""
    seen, done = {widget}, []
    path = [(widget, _held_by(widget))]
    while path:
        here, rest = path[-1]
        inner = next((one for one in rest if one not in seen), None)
        if inner is None:
            done.append(here)
            path.pop()
        else:
            seen.add(inner)
            path.append((inner, _held_by(inner)))
    return done[::-1]


def _held_by(widget: Any) -> Iterator[Any]:
    for name in widget.keys:
        yield from _widgets_in(getattr(widget, name))


def _widgets_in(value: Any) -> Iterator[Any]:
    if isinstance(value, Widget):
        if not is_shared(value):
            yield value
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _widgets_in(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _widgets_in(inner)
