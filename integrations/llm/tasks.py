"""The tasks. Facts: https://platform.openai.com/docs/api-reference, which other services keep to."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted

from .asking import add, listed, model_of, session
from .models import Agent, Chat, Credentials, Embed, Nothing
from .talking import Talk
from .tools import Tools


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Try the address and the key by asking which models there are."""
    names = _models(credentials)
    if credentials.model and credentials.model not in names:
        raise TaskFailed(
            f"The service answers, but has no model {credentials.model!r}.", {"models": names}, permanent=True
        )
    return Result.ok(f"Connected: there are {counted(len(names), 'model')}.", {"models": names})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_models(credentials: Credentials, params: Nothing) -> Result:
    """The names of the models there are. Data: a list of names."""
    names = _models(credentials)
    return Result.ok(f"{counted(len(names), 'model')}", names)


@task(effects="read", network=True, reads_files=["images"], writes_files=False, runs_code=False, reusable=True)
def chat(credentials: Credentials, params: Chat) -> Result:
    """Ask a model.

    Data: {"text", "value", "model", "usage" (prompt_tokens, completion_tokens, total_tokens), "requests"}; value is the
    answer as data when there is an output_schema. An answer that does not fit it is given back to be mended.
    """
    model = model_of(credentials, params.model)
    talk = Talk(credentials, params, model)
    with talk:
        data = talk.to_the_end()
    return Result.ok(f"{model} answered with {talk.usage.get('completion_tokens', 0)} tokens", data)


@task(effects="write", network=True, reads_files=["images"], writes_files=False, runs_code=False)
def agent(credentials: Credentials, params: Agent) -> Result:
    """Ask a model that may run some workflows of this workspace as its tools.

    Data: as that of chat, and "calls": a list of {"workflow", "arguments", "run", "data" or "error"}. Each call is a
    run of its own in the history. A call that fails is told to the model, which may try otherwise.
    """
    model = model_of(credentials, params.model)
    tools = Tools(params.workflows)
    talk = Talk(credentials, params, model, tools, params.rounds)
    with talk:
        data = talk.to_the_end()
    calls = f"{len(tools.calls)} call{'' if len(tools.calls) == 1 else 's'}"
    return Result.ok(f"{model} answered after {calls}", {**data, "calls": tools.calls})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False, reusable=True)
def embed(credentials: Credentials, params: Embed) -> Result:
    """Turn texts into vectors. Data: {"vectors" (in the order of the texts), "model", "usage"}."""
    model = model_of(credentials, params.model)
    more = {} if params.dimensions is None else {"dimensions": params.dimensions}
    vectors: list[list[float]] = []
    usage: dict[str, int] = {}
    with session(credentials, 120) as service:
        for start in range(0, len(params.texts), params.batch):
            texts = params.texts[start : start + params.batch]
            answer = service.post("embeddings", json={"model": model, "input": texts, **more}, retry=True).json
            found = sorted(listed(answer, "data"), key=lambda one: one.get("index", 0))
            if len(found) != len(texts):
                raise TaskFailed(f"The service gave {counted(len(found), 'vector')} for {counted(len(texts), 'text')}.")
            vectors += map(_vector, found)
            add(usage, answer)
            current().progress(len(vectors), len(params.texts))
    return Result.ok(f"{counted(len(vectors), 'vector')}", {"vectors": vectors, "model": model, "usage": usage})


def _vector(one: dict[str, Any]) -> list[float]:
    vector = one.get("embedding")
    if not isinstance(vector, list):
        raise TaskFailed("The service gave something other than a vector.", hint="Is the model one for embeddings?")
    return vector


def _models(credentials: Credentials) -> list[str]:
    with session(credentials, 30) as service:
        return sorted(str(one.get("id")) for one in listed(service.get("models").json, "data"))
