"""What a person does in a page reaches the kernel in the order in which it was done, one thing after the other.

JupyterLab sends widgets' messages to a subshell of the kernel; ipykernel 7.4 has some of them handled there and others
in the main thread, at the same time, unless the widget says otherwise. And ipywidgets keeps a changed state back while
the kernel handles the one before, but no click.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.jupyterlab import enter, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FORM = """
import json, time
from flowbook.models import Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import button, column, framed

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
            enter(page.get_by_label(name), f"{name} of turn {turn}")
        press(page, "Save")
        book.wait_for_record(lambda record, turn=turn: record["turn"] == turn)
    assert [(record["name"], record["place"], record["token"]) for record in book.records()] == [
        (f"name of turn {turn}", f"place of turn {turn}", f"token of turn {turn}") for turn in range(4)
    ]


CHANGING = """
import time
from flowbook.models import Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import framed

def text(about):
    return Parameter(name="text", type="json", description=about)

def more(choices):
    return Parameter(name="more", type="select", choices=choices)

form = Form([Field(Parameter(name="kind", type="select", choices=("a", "b"))), Field(text("")), Field(more(("none",)))])

def changed(name):
    if name == "kind":
        time.sleep(1)  # as on a busy machine: a person is at the next field already
        form.update_field("text", parameter=text(f"What {form.value('kind')} is given"), placeholder="{}")
        form.update_field("more", parameter=more(("one", "two")), suggestions=("x",))

form.on_change(changed)
framed(form.widget)
"""


def test_a_field_that_changes_while_somebody_types_into_it_keeps_the_text_and_the_focus(
    make_notebook: Callable[..., Any],
) -> None:
    book = make_notebook(CHANGING, "form.values()")
    book.run(0)
    page = book.page
    field = page.get_by_label("text")
    page.get_by_label("kind").select_option("b")
    field.click()
    page.keyboard.type('{"be')
    expect(page.get_by_text("What b is given")).to_be_visible()
    page.keyboard.type('fore": 1}')
    expect(field).to_be_focused()
    expect(field).to_have_text('{"before": 1}')
    page.get_by_label("more", exact=True).select_option("two")
    book.run(1)
    expect(book.cell(1).locator(".jp-OutputArea-output")).to_have_text(
        "{'kind': 'b', 'text': {'before': 1}, 'more': 'two'}"
    )
