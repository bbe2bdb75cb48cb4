"""The JSON Schema of workflow files, made from the models, for editors."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from flowbook.models import FORMAT_VERSION, Edge, Node, Note, Parameter, Retry
from flowbook.models.names import TASK_NAME

NAME = "^[a-z][a-z0-9_]*$"
WORKFLOW_NAME = "^[a-z0-9]+(-[a-z0-9]+)*$"

DESCRIPTIONS: dict[str, dict[str, str]] = {
    "Workflow": {
        "flowbook": "The version of the format.",
        "name": "The workflow's name, in kebab-case.",
        "description": "What it is for.",
        "inputs": "What a run may be given: a parameter for each name, used as `${{ inputs.<name> }}`.",
        "nodes": "The steps, by id. An id is lowercase letters, digits and underscores: expressions name it.",
        "edges": "The arrows between nodes. They must not form a cycle.",
        "layout": "The place of each node on the canvas, in pixels. It does not change what a run does.",
        "notes": "Free text on the canvas, by id. It does not change what a run does.",
    },
    "Node": {
        "task": "The task to run: `folder.function`, for example `slack.send_message`.",
        "integration": "The integration whose credentials the task gets, by its name. Some tasks need none.",
        "params": "What the task is given. Every text in it may hold `${{ … }}`.",
        "label": "The name shown on the canvas; the id when it is left out.",
        "notes": "Free text about the node.",
        "when": "An expression. When it is false the node is skipped.",
        "for_each": "A list, or an expression that gives one. The task is called for each `item` and its `index`.",
        "max_parallel": "How many calls of a `for_each` go on at once. Default: as many as the run has workers.",
        "retry": "When and how the task is tried again.",
        "timeout": "Seconds after which one attempt has failed.",
        "isolate": "Whether the task runs in a process of its own, which a timeout or Cancel ends for certain.",
        "where": "Where the task is called: `here`, in `processes`, on the `cluster`. Default: as the run says.",
        "cache": "`true`, or for how long (`12h`, `1d`): what it gave earlier is used while nothing has changed.",
        "on_error": "`stop`: a failure fails the run, unless an edge handles it. `continue`: go on along every edge.",
        "join": "When it runs. Default: an edge is taken and none is blocked. `all`: every edge is. `any`: one is.",
        "disabled": "The task is not called. The node hands on the result of the first node before it, in the order of "
        "the plan, whose edge was taken.",
        "pinned": "Data that are used in place of running the task.",
    },
    "Retry": {
        "attempts": "How often the task is called at most, the first time included.",
        "wait": "Seconds before the second attempt.",
        "backoff": "What the wait is multiplied by for each later attempt.",
        "max_wait": "The longest wait in seconds; a day when it is left out.",
        "until": "An expression that also sees `result`. A success for which it is false is tried again.",
    },
    "Edge": {
        "from": "The id of the node that it leaves.",
        "to": "The id of the node that it leads to.",
        "on": "The outcome of `from` for which the edge is taken.",
        "when": "An expression. When it is false the edge is not taken.",
    },
    "Note": {"text": "The text.", "at": "The place on the canvas: x and y in pixels."},
    "Parameter": {
        "type": "What kind of value it is.",
        "required": "Whether it must be given.",
        "description": "What it means, shown in forms.",
        "default": "The value when none is given. A `password` has none.",
        "choices": "The values of a `select`; a text with choices takes no other either.",
    },
}


class Document(BaseModel):
    """The kinds of what stands in a workflow's document (see :mod:`flowbook.models.documents`)."""

    name: str
    description: str = ""
    inputs: dict[str, Parameter] = Field(default_factory=dict)
    nodes: dict[str, Node] = Field(default_factory=dict)
    edges: list[Edge] = []
    layout: dict[str, tuple[float, float]] = Field(default_factory=dict)
    notes: dict[str, Note] = Field(default_factory=dict)


def flow_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a ``.flow.yaml`` file."""
    made = Document.model_json_schema(by_alias=True)
    definitions = {
        name: _described(name, made["$defs"][name]) for name in ("Edge", "Node", "Note", "Parameter", "Retry")
    }
    for name in ("name", "json_schema", "language", "group"):
        del definitions["Parameter"]["properties"][name]  # the key is the name; the others are never written to a file
    del definitions["Parameter"]["required"]
    definitions["Node"]["properties"]["task"]["pattern"] = "^" + TASK_NAME.pattern.replace("\\Z", "$")
    workflow = _described("Workflow", made)
    properties = {"flowbook": {"const": FORMAT_VERSION, "description": DESCRIPTIONS["Workflow"]["flowbook"]}}
    properties |= workflow["properties"]
    properties["name"]["pattern"] = WORKFLOW_NAME
    for name in ("inputs", "nodes", "notes", "layout"):
        properties[name]["propertyNames"] = {"pattern": NAME}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Flowbook workflow",
        "description": "A workflow file (*.flow.yaml).",
        "type": "object",
        "additionalProperties": False,
        "required": ["flowbook", "name"],
        "properties": properties,
        "$defs": definitions,
    }


def schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(flow_schema(), indent=2, ensure_ascii=False) + "\n"


def models() -> dict[str, Any]:
    """The models that a file is made of, by the name of their definition."""
    return {"Workflow": Document, "Node": Node, "Retry": Retry, "Edge": Edge, "Note": Note, "Parameter": Parameter}


def _described(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """A definition with a sentence for each field, and without pydantic's titles and empty defaults."""
    found = {key: value for key, value in definition.items() if key not in ("title", "$defs", "description")}
    found["properties"] = {field: _property(name, field, value) for field, value in definition["properties"].items()}
    return found


def _property(name: str, field: str, given: dict[str, Any]) -> dict[str, Any]:
    described = {"description": DESCRIPTIONS[name][field]} if field in DESCRIPTIONS[name] else {}
    kept = {key: value for key, value in given.items() if key != "title"}
    if kept.get("default") is None:
        kept.pop("default", None)
    return {**described, **kept}
