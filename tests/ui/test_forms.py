"""A form of parameters: what its fields show, what they stand for, and where its errors stand."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import NotFound
from flowbook.models import PARAMETER_TYPES, Parameter
from flowbook.ui.parts import forms as forms_module
from flowbook.ui.parts.fields import Field, problem, read, shown
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.parameter_rows import ParameterRows
from flowbook.ui.parts.secret import TypedSecrets
from tests.entering import enter, leave_empty

CHOICES = ("good", "danger")


def parameter(kind: str, **more: Any) -> Parameter:
    return Parameter(name="it", type=kind, choices=CHOICES if kind == "select" else (), **more)  # type: ignore[arg-type]


def type_secret(form: Form, name: str, value: Any) -> None:
    form.widget._handle_custom_msg({"kind": "secret", "name": name, "value": value}, [])


def switch(form: Form, name: str, expression: bool) -> None:
    """What the browser does when ƒx is pressed."""
    form.widget._handle_custom_msg({"kind": "mode", "name": name, "expression": expression}, [])


PLAIN = st.text().filter(lambda text: text.strip() and "${{" not in text)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
VALUES = {
    "string": PLAIN.map(str.strip).filter(bool),
    "text": PLAIN,
    "integer": st.integers(-(10**15), 10**15),
    "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**15), 10**15),
    "boolean": st.booleans(),
    "select": st.sampled_from(CHOICES),
    "json": JSON.filter(lambda value: value is not None),
    "url": st.just("https://example.com/a?b=c"),
    "email": st.just("a@example.com"),
    "file": PLAIN,
    "password": PLAIN,
}


@given(st.data())
def test_what_a_field_shows_stands_for_the_value_itself(data: Any) -> None:
    kind = data.draw(st.sampled_from(sorted(VALUES)))
    value = data.draw(VALUES[kind])
    one = parameter(kind)
    assert read(one, shown(one, value)) == value
    assert problem(Field(one), shown(one, value)) == ""


def test_every_type_of_parameter_has_values_that_were_tried() -> None:
    assert set(VALUES) == set(PARAMETER_TYPES)


@pytest.mark.parametrize(
    ("kind", "entered", "said"),
    [
        ("integer", "many", "whole number"),
        ("integer", "2.5", "whole number"),
        ("number", "1,5", "2.5"),
        ("url", "hooks.slack.com", "https://"),
        ("email", "nobody", "name@example.com"),
        ("json", '{"a": ', "line 1, column 7"),
        ("json", "hello", "double quotes"),
        ("select", "other", "not among the choices"),
    ],
)
def test_what_does_not_fit_is_said_in_words_without_repeating_it(kind: str, entered: str, said: str) -> None:
    text = problem(Field(parameter(kind)), entered)
    assert said in text
    assert entered not in text


def test_plain_text_in_a_field_for_json_is_text_where_that_fits() -> None:
    listed = Parameter(name="it", type="json", json_schema={"type": "array"})
    parted = Parameter(name="it", type="json", json_schema={"type": "array", "flowbook_before": True})
    assert "double quotes" in problem(Field(listed), "bug, urgent")
    anything = Parameter(name="it", type="json", json_schema={})
    for one in (parted, anything):
        assert (problem(Field(one), "bug, urgent"), read(one, "bug, urgent")) == ("", "bug, urgent")
        assert "not JSON" in problem(Field(one), '["bug"')
        assert read(one, '["bug"]') == ["bug"]


@pytest.mark.parametrize("kind", PARAMETER_TYPES)
@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_field_is_a_problem_only_when_it_is_required(kind: str, empty: str | None) -> None:
    assert problem(Field(parameter(kind)), empty) == ""
    assert "required" in problem(Field(parameter(kind, required=True), label="It"), empty)
    assert problem(Field(parameter(kind, required=True), stored=True), empty) == ""


def test_a_default_stands_in_for_what_is_not_entered() -> None:
    one = Parameter(name="limit", type="integer", default=50, required=True)
    form = Form([one])
    assert form.check()
    assert form.values() == {}
    assert form.widget.fields[0]["placeholder"] == "50"


def test_values_are_typed_and_without_what_is_empty() -> None:
    kinds = {"name": "string", "count": "integer", "rate": "number", "on": "boolean", "body": "json", "note": "text"}
    form = Form([Parameter(name=name, type=kind) for name, kind in kinds.items()])
    enter(form, name=" a/b ", count="3", rate="2.5", on=True, body='{"a": [1]}', note="")
    assert form.values() == {"name": "a/b", "count": 3, "rate": 2.5, "on": True, "body": {"a": [1]}}
    form.set_values({"count": 7, "body": None})
    assert form.value("count") == 7
    assert form.value("body") is None


def test_errors_stand_at_their_fields_until_these_are_changed() -> None:
    form = Form([Parameter(name="count", type="integer"), Parameter(name="to", required=True)])
    enter(form, count="many")
    assert not form.check()
    assert set(form.widget.errors) == {"count", "to"}
    assert form.widget.focus_on["name"] == "count"
    enter(form, count="3")
    assert set(form.widget.errors) == {"to"}
    assert form.show_errors({"to": "Nobody has that address.", "elsewhere": "x"}) == {"to": "Nobody has that address."}
    form.clear_errors()
    assert form.widget.errors == {}


def test_listeners_hear_of_a_persons_changes_and_not_of_the_programs() -> None:
    heard: list[str] = []
    form = Form([Parameter(name="a"), Parameter(name="b", type="password")])
    form.on_change(heard.append)
    form.set_values({"a": "1"})
    assert heard == []
    enter(form, a="2")
    type_secret(form, "b", "hush")
    assert heard == ["a", "b"]


def test_the_focus_is_asked_for_once_so_that_a_page_loaded_again_does_not_take_it() -> None:
    form = Form([Parameter(name="a")])
    form.focus("a")
    turn = form.widget.focus_on["turn"]
    form.widget._handle_custom_msg({"kind": "focused", "turn": turn}, [])
    assert form.widget.focus_on == {}


def test_a_secret_is_a_value_and_in_no_state_and_no_repr() -> None:
    form = Form([Parameter(name="token", type="password", required=True), Parameter(name="host")])
    assert not form.check()
    type_secret(form, "token", "hush-hush")
    assert form.check()
    assert form.values() == {"token": "hush-hush"}
    assert form.widget.secrets["token"] == "entered"
    assert "hush-hush" not in json.dumps(form.widget.get_state(), default=str) + repr(form)
    form.widget._handle_custom_msg({"kind": "forget", "name": "token"}, [])
    assert form.values() == {}


def test_a_stored_secret_is_shown_as_stored_and_kept_when_nothing_is_entered() -> None:
    form = Form([Field(Parameter(name="token", type="password", required=True), stored=True)], {"token": "hush"})
    assert form.check()
    assert form.values() == {}
    assert form.emptied() == []
    assert form.widget.secrets == {"token": "stored"}
    type_secret(form, "token", "new")
    form.forget_secrets()
    assert form.widget.secrets == {"token": "stored"}


@pytest.mark.parametrize(
    "message",
    [None, "secret", {}, {"kind": "secret"}, {"kind": "secret", "name": ["x"]}, {"kind": "mode", "name": "a"}],
)
def test_messages_that_are_none_of_the_forms_change_nothing(message: Any) -> None:
    form = Form([Parameter(name="a"), Parameter(name="b", type="password")])
    form.widget._handle_custom_msg(message, [])
    type_secret(form, "a", "not a secret's field")
    type_secret(form, "b", 5)
    assert form.values() == {}


def test_typed_secrets_cannot_be_copied_or_pickled_and_hide_themselves() -> None:
    typed = TypedSecrets()
    typed.receive("token", "hush-hush")
    assert "hush" not in repr(typed)
    with pytest.raises(TypeError):
        pickle.dumps(typed)
    with pytest.raises(TypeError):
        copy.deepcopy(typed)


@pytest.mark.parametrize("kind", ["string", "text"])
@pytest.mark.parametrize("required", [True, False])
def test_an_empty_text_is_given_when_a_person_says_so(kind: str, required: bool) -> None:
    form = Form([Field(parameter(kind, required=required, default=None if required else "x"), may_be_empty=True)])
    heard: list[str] = []
    form.on_change(heard.append)
    assert form.values() == {}
    leave_empty(form, "it", True)
    assert (form.values(), form.problems(), form.emptied(), heard) == ({"it": ""}, {}, [], ["it"])
    enter(form, it="a")
    assert form.values() == {"it": "a"}
    leave_empty(form, "it", True)  # it was pressed before the text came
    assert form.values() == {"it": "a"}
    enter(form, it="")
    assert form.values() == {}
    leave_empty(form, "it", True)
    leave_empty(form, "it", False)
    assert form.values() == {}


def test_an_empty_text_that_is_filled_in_is_given_and_stays_so() -> None:
    form = Form([Field(Parameter(name="topic", required=True), may_be_empty=True)], {"topic": ""}, expressions=True)
    assert (form.values(), form.problems()) == ({"topic": ""}, {})
    enter(form, topic="")  # a page that tells what it shows
    assert form.values() == {"topic": ""}
    form.set_values({"topic": None})
    assert form.values() == {}
    form.set_values({"topic": ""})
    switch(form, "topic", True)
    assert form.values() == {}  # an expression that is yet to be written


@pytest.mark.parametrize("one", [
    Field(parameter("select"), may_be_empty=True), Field(parameter("password"), may_be_empty=True),
    Field(parameter("integer"), may_be_empty=True), Field(parameter("string")),
    Field(parameter("string"), may_be_empty=True, disabled=True),
], ids=["choice", "secret", "number", "not offered", "not to be changed"])  # fmt: skip
def test_what_cannot_be_an_empty_text_is_not_made_one(one: Field) -> None:
    form = Form([one])
    leave_empty(form, "it", True)
    assert (form.values(), form.widget.empties) == ({}, {})
    assert not form.widget.fields[0]["may_be_empty"]


def test_a_form_made_of_other_fields_forgets_what_was_entered() -> None:
    form = Form([Parameter(name="a"), Parameter(name="token", type="password")], {"a": "1"})
    type_secret(form, "token", "hush")
    form.set_fields([Parameter(name="token", type="password"), Parameter(name="c", type="boolean", default=True)])
    assert form.values() == {"c": True}


def test_a_field_can_be_switched_to_an_expression_which_is_text() -> None:
    fields = [parameter("integer"), Parameter(name="flag", type="boolean")]
    form = Form(fields, {"it": "${{ len(nodes.a.data) }}", "flag": True}, expressions=True)
    assert form.widget.modes == {"it": True}
    assert form.check()
    assert form.values() == {"it": "${{ len(nodes.a.data) }}", "flag": True}
    switch(form, "it", False)
    assert form.value("it") is None
    switch(form, "flag", True)
    assert form.value("flag") is True


@pytest.mark.parametrize("kind", PARAMETER_TYPES)
def test_a_field_that_was_switched_to_an_expression_stays_one_when_it_is_emptied(kind: str) -> None:
    made = [parameter(kind)]
    form = Form(made, expressions=True)
    switch(form, "it", True)
    enter(form, it="${{ nodes.a.data }}")
    enter(form, it="")
    form.set_values({"it": None})  # as after a run, or another edit
    assert form.is_expression("it")
    form.set_fields(made, {}, anew=False)
    assert form.is_expression("it")
    assert form.value("it") is None
    form.set_fields(made, {})
    assert not form.is_expression("it")


def test_json_with_expressions_inside_is_json_and_is_not_lost_by_switching_there_and_back() -> None:
    value = {"text": "Dear ${{ nodes.first.data.who }}", "more": [1]}
    form = Form([parameter("json"), Parameter(name="flag", type="boolean")], {"it": value}, expressions=True)
    assert not form.is_expression("it")
    form.set_values({"it": value})
    assert not form.is_expression("it")
    for expression in (True, False):
        switch(form, "it", expression)
        assert form.is_expression("it") is expression
        assert form.value("it") == value
    for expression in (True, False):
        switch(form, "flag", expression)
        form.set_values({"flag": True})
        assert form.raw("flag") == ("true" if expression else True)


def test_a_secret_in_clear_is_not_shown_in_a_field_that_was_an_expression() -> None:
    form = Form([Parameter(name="token", type="password")], expressions=True)
    switch(form, "token", True)
    form.set_values({"token": "hush"})
    form.set_fields([Parameter(name="token", type="password")], {"token": "hush"}, anew=False)
    assert "hush" not in str(form.widget.get_state())


def test_without_expressions_their_text_is_a_value_like_others() -> None:
    form = Form([parameter("integer")])
    enter(form, it="${{ 1 }}")
    assert not form.check()


def test_a_field_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(NotFound, match="there is no field 'limt'"):
        Form([Parameter(name="limit")]).value("limt")


def test_what_is_typed_is_taken_in_the_order_of_messages_for_the_form_it_was_typed_into() -> None:
    form = Form([Parameter(name="name"), Parameter(name="token", type="password")])
    heard: list[str] = []
    form.on_change(heard.append)
    made = form.widget.fields[0]["form"]
    form._receive(None, {"kind": "typed", "form": made, "values": {"name": "Ada", "token": "x", "other": "y"}}, [])
    assert (form.values(), heard) == ({"name": "Ada"}, ["name"])
    assert set(form.widget.values) == {"name"}  # a secret is no state, whatever a page sends
    form.set_fields([Parameter(name="name")], {"name": "Bo"})
    form._receive(None, {"kind": "typed", "form": made, "values": {"name": "late"}}, [])
    assert form.values() == {"name": "Bo"}


def test_values_that_are_sent_say_how_far_each_page_is_part_of_them() -> None:
    form = Form([Parameter(name="name"), Parameter(name="required", type="boolean")])
    made = form.widget.fields[0]["form"]

    def typed(page: str, turn: int, **values: Any) -> None:
        form._receive(None, {"kind": "typed", "form": made, "values": values, "page": page, "turn": turn}, [])

    typed("one", 1, name="chan")
    typed("two", 1, name="chann")
    typed("one", 2, name="channel")
    assert form.widget.heard == {"one": 2, "two": 1}  # each page is told what was typed in the others
    assert form.widget.values["name"] == "channel"
    form.on_change(lambda name: form.set_values({"required": True}))  # as a folder's own description does
    typed("two", 2, name="channel_id")
    assert form.widget.heard == {"one": 2, "two": 2}
    assert form.widget.values == {"name": "channel_id", "required": True}


def test_what_is_typed_while_fields_are_filled_in_by_another_thread_is_never_lost() -> None:
    form = Form([Parameter(name="typed"), Parameter(name="filled")])
    started = threading.Event()

    def fill() -> None:
        started.set()
        for turn in range(400):
            form.set_values({"filled": str(turn)})

    filling = threading.Thread(target=fill)
    filling.start()
    started.wait()
    lost = 0
    for turn in range(400):
        enter(form, typed=str(turn))
        lost += form.value("typed") != str(turn)
    filling.join()
    assert (lost, form.values()) == (0, {"typed": "399", "filled": "399"})


def forms_without_enter() -> list[str]:
    """The classes in which a form stands beside a button that does something with it, and Enter does not."""
    found = []
    for path in sorted(Path(forms_module.__file__).parents[1].rglob("*.py")):
        for scope in ast.walk(ast.parse(path.read_text())):
            if not isinstance(scope, ast.ClassDef):
                continue
            calls = [call for call in ast.walk(scope) if isinstance(call, ast.Call)]
            names = [
                call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func) for call in calls
            ]
            acts = any(
                key.arg == "kind" and ast.unparse(key.value) == "'primary'" for one in calls for key in one.keywords
            )
            if "Form" in names and acts and "on_submit" not in names:
                found.append(f"{path.name}: {scope.name}")
    return found


def test_enter_does_in_every_form_what_its_first_button_does() -> None:
    assert forms_without_enter() == ["review.py: ReviewPanel"]  # its form is choices, each of which counts at once
    rows = ParameterRows(lambda: None)
    rows.add()
    assert rows._rows[0].form.widget.submits
