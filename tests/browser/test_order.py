"""What a person does in a page reaches the kernel in the order in which it was done, one thing after the other.

JupyterLab sends widgets' messages to a subshell of the kernel; ipykernel 7.4 has some of them handled there and others
in the main thread, at the same time, unless the widget says otherwise. And ipywidgets keeps a changed state back while
the kernel handles the one before, but no click.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

FORM = """
import json, time
from flowbook.models import Parameter
from flowbook.ui.fields import Field
from flowbook.ui.forms import Form
from flowbook.ui.theme import button, column, framed

turn = 0
texts = [Field(Parameter(name="name")), Field(Parameter(name="place"))]
form = Form([Field(Parameter(name="token", type="password")), *texts])

form.on_change(lambda name: time.sleep(0.1))  # a slow listener: what comes after it has to wait for it

def save():
    global turn
    with open("intents.jsonl", "a") as file:
        file.write(json.dumps({**form.values(), "turn": turn}) + "\\n")
    turn += 1

framed(column(form.widget, button("Save", save)))
"""


def test_a_button_pressed_right_after_typing_finds_what_was_typed(make_notebook: Callable[..., Any]) -> None:
    book = make_notebook(FORM)
    book.run(0)
    page = book.page
    for turn in range(4):
        for name in ("token", "name", "place") if turn % 2 else ("name", "place", "token"):
            page.get_by_label(name).fill(f"{name} of turn {turn}")
        page.get_by_role("button", name="Save", exact=True).click()
        book.wait_for_record(lambda record, turn=turn: record["turn"] == turn)
    assert [(record["name"], record["place"], record["token"]) for record in book.records()] == [
        (f"name of turn {turn}", f"place of turn {turn}", f"token of turn {turn}") for turn in range(4)
    ]
