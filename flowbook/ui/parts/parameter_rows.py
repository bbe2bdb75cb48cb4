"""The parameters of an integration type as rows that can be added, filled in and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from flowbook.models import PARAMETER_TYPES, Parameter, field_errors
from flowbook.ui.parts.fields import Field, problem, read, shown
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, button, column, row, sentence, show

COLUMNS = ("Name", "Type", "Required", "Description", "Default", "Choices")


class ParameterRows:
    """A row of fields for each parameter, and **Add Parameter**; ``empty`` says what could be there.

    ``submit()`` is called on Enter in one of them.
    """

    def __init__(
        self,
        submit: Callable[[], object],
        heading: str = "Parameters",
        empty: str = "One for each credential that the service needs.",
        add: str = "Add Parameter",
    ) -> None:
        self.submit = submit
        self._rows: list[_Row] = []
        self._empty = empty
        self._heading = Heading(text=heading)
        self._heads = Heading(columns=list(COLUMNS))
        self._box = column(self._heads, name="fb-parameters")
        self.widget = column(self._heading, self._box, row(button(add, self.add)), name="fb-parameter-list")
        self._arrange()

    def fill(self, parameters: Iterable[Parameter]) -> None:
        """Show these parameters in place of all rows."""
        self._rows = [_Row(self, parameter) for parameter in parameters]
        self._arrange()

    def fill_in(self, parameters: Iterable[Parameter]) -> None:
        """Show these parameters beside the rows that a person typed, in place of others that were filled in so."""
        typed = [one for one in self._rows if not one.filled_in]
        names = {one.form.value("name") for one in typed}
        new = [_Row(self, parameter, filled_in=True) for parameter in parameters if parameter.name not in names]
        self._rows = [*new, *typed]
        self._arrange()

    def add(self) -> None:
        """A new, empty row, with the focus in it."""
        self._rows.append(_Row(self))
        self._arrange()
        self._rows[-1].form.focus("name")

    def remove(self, gone: _Row) -> None:
        """Take a row away."""
        self._rows = [one for one in self._rows if one is not gone]
        self._arrange()

    def named(self, by: _Row) -> None:
        """A name was typed into a row: it replaces an untouched one of that name that was filled in by itself.

        It takes over what was not typed yet, so that what the folder calls a password does not become readable text.
        """
        name = by.form.value("name")
        twins = [one for one in self._rows if one is not by and one.filled_in and one.form.value("name") == name]
        if name and not by.filled_in and twins:
            by.take_over(twins[0])
            self._rows = [one for one in self._rows if one not in twins]
            for one in twins:  # hidden, and not taken out: what stands after them would lose the focus
                show(one.widget, False)
            self._count()

    def read(self, *, focus: bool = True) -> tuple[Parameter, ...] | None:
        """The parameters; None when something is wrong, which then stands at its field (the first with the focus)."""
        found: list[Parameter | None] = []
        for one in self._rows:
            found.append(one.read(focus=focus and None not in found))
        names = [parameter.name for parameter in found if parameter is not None]
        for one, parameter in zip(self._rows, found, strict=True):
            if parameter is not None and names.count(parameter.name) > 1:
                one.form.show_errors({"name": f"“{parameter.name}” is there twice."})
        fits = None not in found and len(set(names)) == len(names)
        return tuple(parameter for parameter in found if parameter is not None) if fits else None

    def show_error(self, name: str, field: str, text: str) -> None:
        """Show an error at a field of the row of the parameter called ``name``."""
        for one in self._rows:
            if one.form.value("name") == name:
                one.form.show_errors({field: text})

    def _arrange(self) -> None:
        self._count()
        swap(self._box, self._heads, *(one.widget for one in self._rows))

    def _count(self) -> None:
        show(self._box, bool(self._rows))
        self._heading.detail = "" if self._rows else self._empty
        for number, one in enumerate(self._rows, 1):
            one.form.widget.title = f"Parameter {number}"


class _Row:
    def __init__(self, rows: ParameterRows, parameter: Parameter | None = None, *, filled_in: bool = False) -> None:
        self._owner = rows
        self.filled_in = filled_in
        self._typed: set[str] = set()
        self._described = ""  # the folder's description, which counts while nobody has typed another
        self.form = Form(_fields(), _values(parameter), compact=True)
        self.form.widget.add_class("fb-grow")
        self.form.on_submit(rows.submit)
        self.form.on_change(self._changed)
        remove = button("Remove", lambda: rows.remove(self), kind="quiet", tooltip="Remove this parameter")
        self.widget = row(self.form.widget, remove, name="fb-parameter")
        self._enable()

    def take_over(self, other: _Row) -> None:
        """Take from another row what was not typed into this one."""
        taken = {field.name: other.form.value(field.name) for field in self.form.fields}
        for name in list(taken):
            # several fields may arrive together, the name first: what is no longer as in an empty row was typed too
            if name in self._typed or self.form.value(name) not in (None, False, "string"):
                del taken[name]
        # as text in the field it would be in the way of who is about to type a description, and end up mixed with it
        self._described = str(taken.pop("description", None) or "")
        self.form.update_field("description", placeholder=self._described)
        self.form.set_values(taken)
        self._enable()

    def _changed(self, name: str) -> None:
        self.filled_in = False
        self._typed.add(name)
        if name == "type":
            self._enable()
        elif name == "name":
            self._owner.named(self)

    def _enable(self) -> None:
        """A password has no default, since that would be stored in clear; only a choice has choices."""
        kind = self.form.value("type")
        self.form.update_field("default", disabled=kind == "password")
        choices = kind == "select"
        self.form.update_field("choices", disabled=not choices, placeholder="a, b, c" if choices else "")

    def read(self, *, focus: bool) -> Parameter | None:
        if not self.form.check(focus=focus):
            return None
        values = self.form.values()
        kind = values["type"]
        default = values.get("default") if kind != "password" else None
        fields: dict[str, Any] = {
            "name": values["name"],
            "type": kind,
            "required": values.get("required", False),
            "description": values.get("description") or self._described,
            "choices": _split(values.get("choices", "")) if kind == "select" else (),
        }
        try:
            bare = Parameter(**fields)
        except ValidationError as error:
            self.form.show_errors(_placed(error), focus=focus)
            return None
        if default is None:
            return bare
        wrong = problem(Field(bare), default)
        if wrong:
            self.form.show_errors({"default": wrong}, focus=focus)
            return None
        return Parameter(**fields, default=read(bare, default))


def _fields() -> list[Field]:
    names = ("name", "type", "required", "description", "default", "choices")
    made: dict[str, Parameter] = {name: Parameter(name=name) for name in names}
    made["name"] = Parameter(name="name", required=True)
    made["type"] = Parameter(
        name="type", type="select", choices=PARAMETER_TYPES, default="string", required=True
    )  # fmt: skip
    made["required"] = Parameter(name="required", type="boolean")
    return [Field(made[name], label=label) for name, label in zip(names, COLUMNS, strict=True)]


def _values(parameter: Parameter | None) -> dict[str, Any]:
    if parameter is None:
        return {}
    default = shown(parameter, parameter.default)
    return {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description or None,
        "default": str(default).lower() if isinstance(default, bool) else default,
        "choices": ", ".join(parameter.choices) or None,
    }


def _split(text: str) -> tuple[str, ...]:
    """The choices in a text with commas, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _placed(error: ValidationError) -> dict[str, str]:
    """Each error at the field that it is about; what is about a whole parameter is about its choices."""
    return {(path or "choices").partition("[")[0]: f"{sentence(text)}." for path, text in field_errors(error)}
