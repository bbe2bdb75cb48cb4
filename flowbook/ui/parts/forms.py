"""A typed form made of parameters: credentials, a task's params, a workflow's inputs.

>>> form = Form([Parameter(name="repo", required=True), Parameter(name="token", type="password")], {"repo": "a/b"})
>>> display(framed(form.widget))
>>> if form.check():                 # errors stand at their fields, and the first of them gets the focus
...     form.values()
{'repo': 'a/b', 'token': '…'}

One widget carries the whole form, so that showing another node's form is one message. Labels, hints and errors are
shown as text. What is typed into a password's field never becomes widget state (see :mod:`flowbook.ui.parts.secret`).
"""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from flowbook.errors import NotFound
from flowbook.models import Parameter
from flowbook.ui.parts import library
from flowbook.ui.parts.fields import (
    Field,
    Mark,
    Meant,
    Raw,
    braced,
    is_empty,
    is_expression,
    plain,
    problem,
    problems,
    read,
    shown,
)
from flowbook.ui.parts.form_past import Late, PastForm, PastForms
from flowbook.ui.parts.form_widget import FormWidget
from flowbook.ui.parts.secret import TypedSecrets
from flowbook.ui.parts.theme import Tone

OnChange: TypeAlias = Callable[[str], object]
Scope: TypeAlias = Callable[[], Mapping[str, Any]]

_PAGES = 15  # more than show one form at once


class Form:
    """A form; put ``widget`` into a box inside :func:`flowbook.ui.parts.theme.framed`.

    ``fields`` are parameters, or :class:`~flowbook.ui.parts.fields.Field` where one needs more than its parameter says;
    ``values`` what is filled in at first (not into secrets: ``Field.stored`` says that there is one). ``title`` is
    what a screen reader calls the form. ``compact`` sets the fields beside each other without labels and hints, as a
    row under a heading. ``live`` reports changes while typing, a little later than the last key; otherwise when a
    field is left. With ``expressions`` each field can be switched to a ``${{ }}`` expression, which is text.

    Nothing waits for a browser; all methods may be called from any thread.
    """

    def __init__(
        self,
        fields: Iterable[Field | Parameter],
        values: Mapping[str, Any] | None = None,
        *,
        title: str = "",
        compact: bool = False,
        live: bool = False,
        expressions: bool = False,
    ) -> None:
        self._expressions = expressions
        self._typed = TypedSecrets()
        self._listeners: list[OnChange] = []
        self._submit: Callable[[], object] | None = None
        self._act: Callable[[str], object] | None = None
        self._scope: Scope | None = None
        self._paste: Callable[[str], object] | None = None
        self._made = 0  # how often it became another form
        self._fields: dict[str, Field] = {}
        self._late: Late | None = None
        self._past = PastForms()
        self._turns = itertools.count(1)
        self._changing = threading.RLock()  # what is typed and what is filled in are taken one after the other
        self._heard: dict[str, int] = {}  # of each page, how far what it typed is part of the values
        self.widget = FormWidget(title=title, compact=compact, live=live, library=library.name())
        self.set_fields(fields, values)
        self.widget.on_msg(self._receive)

    def __repr__(self) -> str:
        return f"<Form of {', '.join(self._fields)}>"

    # -- what it is made of --------------------------------------------------------------------------------------

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in their order."""
        return tuple(self._fields.values())

    def set_fields(
        self,
        fields: Iterable[Field | Parameter],
        values: Mapping[str, Any] | None = None,
        *,
        anew: bool = True,
        late: Late | None = None,
    ) -> None:
        """Make it a form of other fields, with these values; secrets that were typed are forgotten.

        Without ``anew`` it stays the same form, about the same thing: whoever is typing into a field that is still
        there keeps it, with the focus, and one that was switched to an expression and holds nothing yet stays one.
        ``late(name, value)`` hears of what was being typed in a page when this became another form from elsewhere; the
        listeners do not, for what they ask is about another thing by then. Without it that is dropped.
        """
        if anew:
            self._become_another(late)
        switched: Mapping[str, bool] = {} if anew else self.widget.modes
        made = [Field(one) if isinstance(one, Parameter) else one for one in fields]
        self._fields = {one.name: one for one in made}
        self._typed.forget()
        given = values or {}
        modes = {name: True for name in self._fields if self._becomes_expression(name, given.get(name), switched)}
        raws = {name: self._first(one, given.get(name), name in modes) for name, one in self._fields.items()}
        open_raws = {name: raw for name, raw in raws.items() if name in modes or not self._is_secret(name)}
        self._set(
            modes=modes, empties={name: True for name in self._fields if self._is_meant(name, given.get(name))},
            values=open_raws, secrets={name: self._secret_state(name) for name in self._fields},
            errors={}, notes={}, marks={}, fields=self._specs(),
        )  # fmt: skip

    def update_field(self, name: str, **changes: Any) -> None:
        """Change how one field is shown: any of :class:`~flowbook.ui.parts.fields.Field`'s attributes."""
        self._fields[self._known(name)] = dataclasses.replace(self._fields[name], **changes)
        self._set(fields=self._specs())

    # -- values ----------------------------------------------------------------------------------------------------

    def values(self) -> dict[str, Any]:
        """What was entered, typed as the parameters say, secrets in clear; without the fields that are empty."""
        read_values = {
            name: read(one.parameter, self._entered(name), expressions=self._expressions)
            for name, one in self._fields.items()
        }
        return {name: value for name, value in read_values.items() if value is not None}

    def value(self, name: str) -> Any:
        """What was entered into one field, typed; None when it is empty."""
        return read(self._fields[self._known(name)].parameter, self._entered(name), expressions=self._expressions)

    def raw(self, name: str) -> Raw:
        """What a field holds as it was entered: text, or a tick."""
        return self._raw(self._known(name))

    def is_expression(self, name: str) -> bool:
        """Whether a field that may hold a value or an expression holds an expression."""
        return bool(self.widget.modes.get(self._known(name)))

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill in some fields (None empties one); not those of secrets. Listeners are not called."""
        with self._changing:
            before = self.widget.modes
            turned = [name for name, value in values.items() if self._becomes_expression(name, value, before)]
            modes = {**before, **{name: name in turned for name in values if before.get(name) or name in turned}}
            raws = {
                name: self._shown(name, value, name in turned)
                for name, value in values.items()
                if not self._is_secret(name) or name in turned
            }
            self._set(modes=modes, empties=self._empties_after(values), values={**self.widget.values, **raws})

    def emptied(self) -> list[str]:
        """The fields in which nothing is entered, apart from those with a stored secret that is kept."""
        return [name for name, one in self._fields.items() if not one.stored and is_empty(self._raw(name))]

    def forget_secrets(self) -> None:
        """Forget what was typed into secret fields: after it was saved, or when the form is given up."""
        self._typed.forget()
        self._set(secrets={name: self._secret_state(name) for name in self._fields})

    # -- telling -----------------------------------------------------------------------------------------------------

    def problems(self) -> dict[str, str]:
        """What is wrong with what was entered, by the field's name, without showing it."""
        raws = {name: self._entered(name) for name in self._fields}
        return problems(self._fields, raws, expressions=self._expressions)

    def check(self, *, focus: bool = True) -> bool:
        """Whether everything fits; shows the errors, and takes away those that no longer hold."""
        return not self.show_errors(self.problems(), focus=focus)

    def show_errors(self, errors: Mapping[str, str], *, focus: bool = True) -> dict[str, str]:
        """Show errors at their fields in place of earlier ones, unless ``focus`` is false with the focus at the first.

        Returns those that were shown: names that are no field here are left out.
        """
        mine = {name: errors[name] for name in self._fields if errors.get(name)}
        self._set(errors=mine)
        if mine and focus:
            self.focus(next(iter(mine)))
        return mine

    def clear_errors(self) -> None:
        """Take all errors away."""
        self._set(errors={})

    def show_notes(self, notes: Mapping[str, str | tuple[str, Tone]], *, patient: bool = False) -> None:
        """Show remarks under their fields in place of earlier ones: a text, or (text, tone).

        ``patient`` is a form that has just come: what is wrong with an empty field is said once a person has left it.
        """
        made = {name: (note, "info") if isinstance(note, str) else note for name, note in notes.items()}
        self._set(notes={name: {"text": text, "tone": tone} for name, (text, tone) in made.items()}, patient=patient)

    def show_marks(self, marks: Mapping[str, Sequence[Mark]]) -> None:
        """Underline places in the texts of fields, in place of earlier ones."""
        self._set(marks={name: [mark._asdict() for mark in given] for name, given in marks.items() if given})

    def set_scope(self, scope: Scope | None) -> None:
        """What expressions in this form can use, for completion and to be inserted by mouse.

        ``scope()`` gives :meth:`flowbook.ui.editor.scope.Scope.tree`; it is called when the browser asks for it, once
        for each time that this is called.
        """
        self._scope = scope
        self._set(scope_turn=next(self._turns) if scope is not None else 0)

    def on_submit(self, listener: Callable[[], object], told: str = "goes on", *, enter: bool = True) -> None:
        """Call ``listener()`` on Ctrl-Enter in a field of several lines, which says so, and unless ``enter`` is false
        on Enter in one of one line."""
        self._submit = listener
        self._set(submits=told, enters=enter)

    def on_action(self, listener: Callable[[str], object]) -> None:
        """Call ``listener(name)`` when the button beside a field is pressed, which has that name."""
        self._act = listener

    def on_paste(self, pattern: str, listener: Callable[[str], object]) -> None:
        """Call ``listener(text)`` in place of pasting text that a pattern fits into a field; with "" all is pasted."""
        self._paste = listener
        self._set(takes=pattern)

    def focus(self, name: str = "") -> None:
        """Move the keyboard focus to a field, without a name to the first; also of a form that is about to appear."""
        self._set(focus_on={"name": name, "turn": next(self._turns)})

    def on_change(self, listener: OnChange) -> None:
        """Call ``listener(name)`` after a person has changed a field."""
        self._listeners.append(listener)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _become_another(self, late: Late | None) -> None:
        """Remember what it was, for what is on its way; of a later one ``late`` is to hear."""
        with self._changing:
            if self._late is not None:
                self._past.keep(self._made, PastForm(self._fields, self.widget.modes, self._late))
            self._made, self._late = self._made + 1, late

    def _known(self, name: str) -> str:
        if name not in self._fields:
            raise NotFound("field", name, self._fields)
        return name

    def _is_secret(self, name: str) -> bool:
        return self._fields[name].parameter.secret

    def _becomes_expression(self, name: str, value: Any, before: Mapping[str, bool]) -> bool:
        """Whether a field with this value is an expression; one that a person has switched stays one.

        Only a secret's does not when it gets a value in clear, which is never shown.
        """
        stays = before.get(self._known(name), False) and (value is None or not self._is_secret(name))
        return self._expressions and (stays or is_expression(value))

    def _first(self, one: Field, value: Any, expression: bool) -> Raw:
        if value is None and one.parameter.type in ("boolean", "select") and not expression:
            value = one.parameter.default  # these have no placeholder that could show it
        return self._shown(one.name, value, expression)

    def _shown(self, name: str, value: Any, expression: bool) -> Raw:
        raw = shown(self._fields[name].parameter, value)
        return str(raw).lower() if expression and isinstance(raw, bool) else raw

    def _raw(self, name: str) -> Raw:
        if self._is_secret(name) and not self.widget.modes.get(name):
            return self._typed.reveal(name)
        raw: Raw = self.widget.values.get(name)
        return Meant() if raw == "" and self.widget.empties.get(name) else raw

    def _is_meant(self, name: str, value: Any) -> bool:
        """Whether a value is an empty text that is given as such."""
        return value == "" and self._fields[name].takes_empty

    def _empties_after(self, values: Mapping[str, Any]) -> dict[str, bool]:
        """Which fields hold an empty text that is meant, when some get other values."""
        others = {name: True for name in self.widget.empties if name not in values}
        return {**others, **{name: True for name, value in values.items() if self._is_meant(name, value)}}

    def _entered(self, name: str) -> Raw:
        raw = self._raw(name)
        return braced(raw) if self.widget.modes.get(name) else raw

    def _specs(self) -> list[dict[str, Any]]:
        return [
            {**one.spec(self._expressions and not one.disabled), "form": self._made} for one in self._fields.values()
        ]

    def _secret_state(self, name: str) -> str:
        if not self._is_secret(name):
            return ""
        return "entered" if name in self._typed else "stored" if self._fields[name].stored else ""

    def _set(self, **traits: Any) -> None:
        with self._changing, self.widget.hold_sync():
            if "values" in traits:
                self.widget.heard = dict(self._heard)
            for name, value in traits.items():
                setattr(self.widget, name, value)

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        self._receive_of_form(content)
        name = content.get("name")
        if not isinstance(name, str) or name not in self._fields:
            return
        if content.get("kind") == "secret" and self._is_secret(name):
            if content.get("form", self._made) != self._made:
                return  # that of another integration's field of this name
            received = self._typed.receive(name, content.get("value"))
        elif content.get("kind") == "action":
            if self._act is not None and self._fields[name].action:
                self._act(name)
            return
        elif content.get("kind") == "forget" and self._is_secret(name):
            self._typed.forget(name)
            received = True
        elif content.get("kind") == "mode" and self._expressions:
            received = self._switch(name, content.get("expression") is True, content.get("text"))
        elif content.get("kind") == "empty" and self._fields[name].takes_empty:
            received = self._leave_empty(name, content.get("form"), content.get("empty") is True)
        else:
            return
        if received:
            self._set(secrets={**self.widget.secrets, name: self._secret_state(name)})
            self._changed(name)

    def _receive_of_form(self, content: dict[str, Any]) -> None:
        kind = content.get("kind")
        if kind == "focused" and content.get("turn") == self.widget.focus_on.get("turn"):
            self._set(focus_on={})
        elif kind == "typed":
            self._take_typed(content)
        elif kind == "library":
            self.widget.send({"kind": "library", "name": library.name()}, buffers=[library.packed()])
        elif kind == "scope" and self._scope is not None:
            self.widget.send({"kind": "scope", "turn": self.widget.scope_turn, "scope": self._scope()})
        elif kind == "pasted" and self._paste is not None and isinstance(content.get("text"), str):
            self._paste(content["text"])
        elif kind == "submit" and self._submit is not None:
            self._submit()

    def _take_typed(self, content: dict[str, Any]) -> None:
        """Take what was typed, which comes as messages do, so that a click cannot overtake it.

        ipywidgets keeps a changed state back for as long as the kernel handles the one before. What is sent to the page
        says which turns of that page it holds already: those that were on their way stay there.
        """
        given, page, turn = content.get("values"), content.get("page"), content.get("turn")
        with self._changing:
            if isinstance(page, str) and isinstance(turn, int):
                self._heard = {**dict(list(self._heard.items())[-_PAGES:]), page: turn}
            form = content.get("form")
            past = self._past.of(form)
            if not isinstance(given, dict) or (form != self._made and past is None):
                return
        if past is not None:
            past.take(given, expressions=self._expressions)
            return
        with self._changing:
            before = self.widget.values
            raws = {
                name: raw
                for name, raw in given.items()
                if name in self._fields and (not self._is_secret(name) or self.widget.modes.get(name))
                if raw is None or isinstance(raw, (str, bool))
            }
            empties = {name: True for name in self.widget.empties if not raws.get(name)}
            self._set(empties=empties, values={**before, **raws})  # also to the other pages that show it
        for name in [name for name, raw in raws.items() if before.get(name) != raw]:
            self._changed(name)

    def _switch(self, name: str, expression: bool, text: object = None) -> bool:
        """Make a field an expression (with that text) or a plain one again; what cannot be carried over is emptied."""
        with self._changing:
            raw: Raw = self.widget.values.get(name)
            if expression:
                raw = None if raw is None else str(raw).lower() if isinstance(raw, bool) else raw
            else:
                raw = plain(self._fields[name].parameter, raw)
            if expression and isinstance(text, str):
                raw = text
            empties = {other: True for other in self.widget.empties if other != name}
            modes = {**self.widget.modes, name: expression}
            self._set(modes=modes, empties=empties, values={**self.widget.values, name: raw})
        self.focus(name)
        return True

    def _leave_empty(self, name: str, form: object, empty: bool) -> bool:
        """Make the empty text the one that is meant, or no longer; what was typed meanwhile stays."""
        with self._changing:
            if form != self._made or self.widget.modes.get(name) or self.widget.values.get(name):
                return False
            raw = "" if empty else None
            self._set(empties=self._empties_after({name: raw}), values={**self.widget.values, name: raw})
        return True

    def _changed(self, name: str) -> None:
        if name in self.widget.errors:
            self._set(errors=self._errors_after(name))
        for listener in list(self._listeners):
            listener(name)

    def _errors_after(self, name: str) -> dict[str, str]:
        """The errors when a field was changed: its own goes when it is mended, and says what else is wrong with it."""
        still = problem(self._fields[name], self._entered(name), expressions=self._expressions)
        found = {**self.widget.errors, name: still}
        return {key: text for key, text in found.items() if text}
