"""The params of the core tasks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_TEXT = {"flowbook_type": "text"}
_JSON = {"flowbook_type": "json"}


class Credentials(BaseModel):
    """None: nothing here talks to a service."""


class Nothing(BaseModel):
    """No params."""

    model_config = ConfigDict(extra="forbid")


class Set(BaseModel):
    """The values to set."""

    model_config = ConfigDict(extra="forbid")

    values: Any = Field(description="Any value; later nodes find it as this node's data", json_schema_extra=_JSON)


class Wait(BaseModel):
    """How long to wait."""

    model_config = ConfigDict(extra="forbid")

    seconds: float = Field(ge=0, allow_inf_nan=False, description="Seconds to wait")


class Fail(BaseModel):
    """Why to fail."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    message: str = Field(min_length=1, description="What the run is to say", json_schema_extra=_TEXT)


class Python(BaseModel):
    """Code, and the item it is for."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        min_length=1,
        description="Python code with inputs and nodes in scope; the value of its last line is this node's data",
        json_schema_extra=_TEXT,
    )
    item: Any = Field(
        None, description='In a for_each node: "${{ item }}", which the code then has as item', json_schema_extra=_JSON
    )


class RunWorkflow(BaseModel):
    """Which workflow, with which inputs."""

    model_config = ConfigDict(extra="forbid")

    workflow: str = Field(min_length=1, description="Name of a workflow of this workspace")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Its inputs: name and value of each")
