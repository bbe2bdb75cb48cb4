"""The inputs that a run is given, against those that its workflow asks for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from flowbook.errors import InvalidInputs
from flowbook.models import Parameter, Workflow
from flowbook.slips import suggest
from flowbook.validation.values import coerced, misfit


def bind_inputs(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each input of the workflow: the given one, else the default, else None.

    Text becomes a number, true, false or JSON where the input's type asks for it and the text leaves no doubt (a
    command line gives only text), and stays what it is where the type is text: ``3.10``, ``007``, ``null``. Raises
    InvalidInputs, which lists everything that is wrong: unknown, missing and badly typed inputs, those that are not
    among the choices, and what was :class:`~flowbook.validation.Typed` for JSON, begins like it and is none. Values
    are not repeated in it.
    """
    problems = [
        f"{name}: there is no such input. {suggest(name, workflow.inputs, 'input')}".rstrip()
        for name in given
        if name not in workflow.inputs
    ]
    bound = {}
    for name, parameter in workflow.inputs.items():
        value, problem = _bound(parameter, given.get(name))
        bound[name] = value
        if problem:
            problems.append(f"{name}: {problem}")
    if problems:
        hint = "Give the inputs that the workflow asks for." if workflow.inputs else "This workflow has no inputs."
        raise InvalidInputs(f"{workflow.name}: the inputs do not fit: " + " ".join(problems), hint)
    return bound


def _bound(parameter: Parameter, given: Any) -> tuple[Any, str]:
    value = coerced(parameter, given)
    null = isinstance(value, str) and value == "null"  # a table compares cell by cell
    if value is None or (null and parameter.type in ("integer", "number", "boolean")):
        if parameter.default is not None:
            return copy.deepcopy(parameter.default), ""
        return None, "is required." if parameter.required else ""
    wrong = misfit(parameter, value)
    return value, f"{wrong[0]} {wrong[1]}" if wrong else ""
