"""What a page does when a person has filled in fields of a form and left them, without a browser."""

from __future__ import annotations

import itertools
from typing import Any

from flowbook.ui.parts.forms import Form

_TURNS = itertools.count(1)


def enter(form: Form, **raws: Any) -> None:
    """Fill these fields in, one after the other."""
    for name, raw in raws.items():
        made = form.widget.fields[0]["form"]
        message = {"kind": "typed", "form": made, "values": {name: raw}, "page": "page", "turn": next(_TURNS)}
        form.widget._handle_custom_msg(message, [])


def leave_empty(form: Form, name: str, empty: bool = True) -> None:
    """Press the button beside a field that gives it as an empty text, or no longer."""
    made = form.widget.fields[0]["form"]
    form.widget._handle_custom_msg({"kind": "empty", "form": made, "name": name, "empty": empty}, [])
