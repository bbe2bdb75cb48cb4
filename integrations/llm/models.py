"""The credentials and params of the tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from flowbook import Secret, typed


def _object(value: Any) -> Any:
    """A mapping, also out of JSON text; None for nothing."""
    return typed.from_json(value) or None


def _several(value: Any) -> Any:
    """A list, also out of one text; blanks are nothing."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    return value or []


Blank = BeforeValidator(typed.Params.blank_is_none)


class Credentials(typed.Credentials):
    """Where the service is, and how it knows you. A model on this machine needs no key."""

    base_url: str = Field(
        "https://api.openai.com/v1",
        description="Address of the API, such as http://localhost:11434/v1 for Ollama.",
        json_schema_extra={"flowbook_type": "url"},
    )
    api_key: Secret | None = Field(None, description="API key, sent as a bearer token.")
    model: str = Field("", description="The model that nodes use which name none.", examples=["gpt-5-mini"])


class Nothing(typed.Params):
    """No params."""


class Message(typed.Params):
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Chat(typed.Params):
    """What to ask, and how."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["prompt", "system", "model"]})

    prompt: str = Field("", description="What to ask.", json_schema_extra={"flowbook_type": "text"})
    system: str = Field("", description="Who the model is to be.", json_schema_extra={"flowbook_type": "text"})
    messages: list[Message] = Field([], description="What was said before: role (system, user, assistant), content.")
    images: Annotated[list[str], BeforeValidator(_several)] = Field([], description="Files of images to look at.")
    output_schema: Annotated[dict[str, Any] | None, BeforeValidator(_object)] = Field(
        None, description="A JSON Schema: the answer is data that fits it.", json_schema_extra={"flowbook_type": "json"}
    )
    repairs: int = Field(1, ge=0, le=5, description="How often the model may mend an answer that does not fit.")
    model: Annotated[str | None, Blank] = Field(None, description="The model; by default the integration's.")
    temperature: float | None = Field(None, ge=0, le=2, description="0 for the likeliest answer, more for variety.")
    max_tokens: int | None = Field(None, ge=1, description="The most tokens of an answer.")
    seed: int | None = Field(None, description="The same one gives the same answer, as far as the service can.")
    stream: bool = Field(True, description="Show the answer in the node's output while it is written.")
    timeout: float = Field(120, gt=0, le=3600, description="Seconds for one answer.")

    @model_validator(mode="after")
    def _asks_something(self) -> Chat:
        if not self.prompt.strip() and not self.messages and not self.images:
            raise ValueError("there is nothing to ask: give a prompt or messages")
        return self


class Agent(Chat):
    """What to ask, how, and with which tools."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["prompt", "system", "model"]})

    workflows: Annotated[list[str], BeforeValidator(_several)] = Field(
        min_length=1, description="Names of workflows that the model may run, with inputs that it chooses."
    )
    rounds: int = Field(10, ge=1, le=100, description="How often the model may ask for tools before it answers.")


class Embed(typed.Params):
    """What to turn into vectors."""

    texts: Annotated[list[str], BeforeValidator(_several)] = Field(min_length=1, description="The texts.")
    model: Annotated[str | None, Blank] = Field(None, description="The model; by default the integration's.")
    dimensions: int | None = Field(None, ge=1, description="Numbers in a vector, where the model can choose.")
    batch: int = Field(100, ge=1, le=2048, description="Texts in one request.")
