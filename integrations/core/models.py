"""The params of the core tasks."""

from typing import Any

from pydantic import ConfigDict, Field

from flowbook import typed

_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_PYTHON = {**_TEXT, "flowbook_language": "python"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


class Credentials(typed.Credentials):
    """None: nothing here talks to a service."""


class Nothing(typed.Params):
    """No params."""


class Set(typed.Params):
    """The values to set."""

    values: Any = Field(description="Any value; later nodes find it as this node's data", json_schema_extra=_JSON)


class Wait(typed.Params):
    """How long to wait."""

    seconds: float = Field(ge=0, allow_inf_nan=False, description="Seconds to wait")


class Fail(typed.Params):
    """Why to fail."""

    message: str = Field(min_length=1, description="What the run is to say", json_schema_extra=_TEXT)


class Python(typed.Params):
    """Code, and the item it is for."""

    code: str = Field(
        min_length=1,
        description="Python code with inputs and nodes in scope; the value of its last line is this node's data",
        json_schema_extra=_PYTHON,
    )
    item: Any = Field(
        None, description='In a for_each node: "${{ item }}", which the code then has as item', json_schema_extra=_JSON
    )


class RunWorkflow(typed.Params):
    """Which workflow, with which inputs."""

    workflow: str = Field(min_length=1, description="Name of a workflow of this workspace")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Its inputs: name and value of each")


class Repeat(RunWorkflow):
    """Which workflow, with which inputs at first, and what goes from one round into the next."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["inputs", "carry"]})

    again: str = Field(
        min_length=1,
        description="Place in a round's data (node, or node.key) that says whether another round follows: one that is "
        "empty, false or 0 ends the loop",
    )
    carry: dict[str, str] = Field(
        default_factory=dict, description="Inputs of the next round: name, and the place in this round's data"
    )
    collect: list[str] = Field(
        default_factory=list, description="Places in a round's data whose values of all rounds are gathered"
    )
    most: int = Field(100, ge=1, le=10_000, description="Rounds after which the loop fails, rather than go on for ever")
    wait: float = Field(0, ge=0, allow_inf_nan=False, description="Seconds between two rounds")
