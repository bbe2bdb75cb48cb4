"""What is wrong among the widgets of a kernel: those that live and refer to one that was closed."""

from __future__ import annotations


def dangling() -> list[str]:
    """A line for each live widget whose state refers to a widget that does not live; its source runs in kernels too."""
    from ipywidgets import Widget
    from ipywidgets.widgets.widget import _instances

    def held(value: object) -> list[Widget]:
        if isinstance(value, Widget):
            return [value]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
        return [one for part in inner for one in held(part)]

    found = []
    for widget in list(_instances.values()):
        for name in widget.keys:
            gone = [one for one in held(getattr(widget, name)) if one.comm is None]
            found += [f"{type(widget).__name__}.{name} refers to a closed {type(one).__name__}" for one in gone]
    return found
