"""Language models, against a stand-in that answers as OpenAI's API does.

The bytes are those of https://platform.openai.com/docs/api-reference/chat/object and .../chat-streaming.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.events import NodeOutput
from flowbook.testing import Answer, FakeService, run_task
from integrations import llm

KEY = "sk-verysecret-key-4711"
USAGE = {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}
SCHEMA = {
    "type": "object", "properties": {"city": {"type": "string"}, "degrees": {"type": "number"}},
    "required": ["city", "degrees"], "additionalProperties": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def quick(pauses: list[float]) -> list[float]:
    """No test waits."""
    return pauses


def said(text: str | None, finish: str = "stop", **message: Any) -> Answer:
    """An answer in one piece."""
    whole = {"role": "assistant", "content": text, "refusal": None, "annotations": [], **message}
    return Answer(
        json={
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
            "model": "gpt-4.1-2025-04-14", "service_tier": "default",
            "choices": [{"index": 0, "message": whole, "logprobs": None, "finish_reason": finish}],
            "usage": {**USAGE, "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0}},
        }
    )  # fmt: skip


def streamed(*texts: str, finish: str | None = "stop") -> Answer:
    """An answer in pieces, each an event."""
    head = ('{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini",'
            '"system_fingerprint":"fp_44709d6fcb","choices":')  # fmt: skip
    events = [
        f'{head}[{{"index":0,"delta":{{"role":"assistant","content":""}},"logprobs":null,"finish_reason":null}}]}}'
    ]
    for text in texts:
        delta = json.dumps({"content": text})
        events.append(f'{head}[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null}}]}}')
    if finish:
        events.append(f'{head}[{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"{finish}"}}]}}')
        events.append(f'{head}[],"usage":{json.dumps(USAGE)}}}')
        events.append("[DONE]")
    body = "".join(f"data: {event}\n\n" for event in events)
    return Answer(body=body.encode(), headers={"Content-Type": "text/event-stream; charset=utf-8"})


def ask(service: FakeService, answers: Any, **params: Any) -> Any:
    service.on("POST", "/v1/chat/completions", answers)
    credentials = {"base_url": f"{service.url}/v1", "api_key": KEY, "model": "m"}
    result = run_task(llm.chat, credentials, {"prompt": "Weather in Oslo?", "stream": False, **params})
    assert KEY not in json.dumps([result.message, result.data])
    return result


def test_a_prompt_is_answered(service: FakeService) -> None:
    result = ask(service, said("Snow."), system="Be brief.", temperature=0, seed=7,
                 messages=[{"role": "assistant", "content": "Hello"}])  # fmt: skip
    assert result.data == {"text": "Snow.", "value": None, "model": "m", "usage": USAGE, "requests": 1}
    (request,) = service.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.json == {
        "model": "m", "temperature": 0, "seed": 7,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hello"},
                     {"role": "user", "content": "Weather in Oslo?"}],
    }  # fmt: skip


def test_an_answer_is_shown_while_it_is_written(service: FakeService, tmp_path: Path) -> None:
    """In the output of the node, and put together as its data."""
    service.on("POST", "/v1/chat/completions", streamed("It ", "snows", ' in "Ösló".'))
    ws = Workspace(tmp_path)
    ws.create_type("llm")
    ws.create_integration("Model", "llm", {"base_url": f"{service.url}/v1", "api_key": KEY, "model": "m"})
    flow = Workflow("weather")
    flow.add("ask", "llm.chat", "Model", {"prompt": "Weather?"})
    shown: list[str] = []
    run = ws.run(flow, watch=lambda event: shown.append(str(event.text)) if isinstance(event, NodeOutput) else None)
    assert run["ask"].data["text"] == 'It snows in "Ösló".'
    assert run["ask"].data["usage"] == USAGE
    assert 'It snows in "Ösló".' in "".join(shown)
    assert service.requests[0].json["stream_options"] == {"include_usage": True}


def test_a_service_that_does_not_stream_is_understood(service: FakeService) -> None:
    assert ask(service, said("Snow."), stream=True).data["text"] == "Snow."


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_does_not_fit_the_schema_is_mended(service: FakeService, stream: bool) -> None:
    say = streamed if stream else said
    answers = [say('Sure! {"city"'), say('```json\n{"city": "Oslo", "degrees": -3}\n```')]
    result = ask(service, answers, output_schema=SCHEMA, stream=stream)
    assert result.data["value"] == {"city": "Oslo", "degrees": -3}
    assert result.data["usage"]["total_tokens"] == 58
    assert [one["role"] for one in service.requests[1].json["messages"]] == ["user", "assistant", "user"]
    assert service.requests[0].json["response_format"]["json_schema"]["schema"] == SCHEMA


def test_an_answer_that_never_fits_fails(service: FakeService) -> None:
    result = ask(service, said('{"city": 5}'), output_schema=SCHEMA, repairs=2)
    assert not result.success
    assert "output_schema" in result.message
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (said("half", "length"), "max_tokens"),
        (said("", "content_filter"), "filter"),
        (said(None, refusal="I can't help with that."), "I can't help with that."),
        (said(None), "no text"),
        (Answer(json={"ok": True}), "no choices"),
        (Answer(401, json={"error": {"message": f"Incorrect API key provided: {KEY}.", "type": "invalid_request_error",
                                     "param": None, "code": "invalid_api_key"}}), "Incorrect API key provided: ***"),
    ],
)  # fmt: skip
def test_what_is_no_answer_fails_and_says_why(service: FakeService, answer: Answer, says: str) -> None:
    result = ask(service, answer)
    assert not result.success
    assert says in result.message


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (streamed("half", finish=None), "ended in the middle"),
        (streamed("half", finish="length"), "max_tokens"),
        (Answer(body=b'data: {"error": {"message": "overloaded"}}\n\n', headers={"Content-Type": "text/event-stream"}),
         "overloaded"),
    ],
)  # fmt: skip
def test_a_stream_that_breaks_off_fails(service: FakeService, answer: Answer, says: str) -> None:
    result = ask(service, answer, stream=True)
    assert not result.success
    assert says in result.message


def test_a_rate_limit_is_waited_for(service: FakeService, pauses: list[float]) -> None:
    limited = Answer(429, json={"error": {"message": "Rate limit reached"}}, headers={"Retry-After": "2"})
    assert ask(service, [limited, streamed("Snow.")], stream=True).data["text"] == "Snow."
    assert pauses == [2.0]


def test_images_are_looked_at(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    ask(service, said("A dot."), images=str(tmp_path / "a.png"))
    (message,) = service.requests[0].json["messages"]
    assert message["content"][1]["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()


def test_texts_become_vectors_in_their_order(service: FakeService) -> None:
    def answer(request: Any) -> Answer:
        texts = request.json["input"]
        data = [{"object": "embedding", "index": i, "embedding": [float(len(text))]} for i, text in enumerate(texts)]
        return Answer(
            json={"object": "list", "data": data[::-1], "model": "e", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
        )

    service.on("POST", "/v1/embeddings", answer)
    result = run_task(
        llm.embed, {"base_url": f"{service.url}/v1"}, {"texts": ["a", "bb", "ccc"], "batch": 2, "model": "e"}
    )
    assert result.data == {
        "vectors": [[1.0], [2.0], [3.0]],
        "model": "e",
        "usage": {"prompt_tokens": 4, "total_tokens": 4},
    }


def test_what_is_no_vector_is_said_and_not_handed_on(service: FakeService) -> None:
    service.on("POST", "/v1/embeddings", json={"data": [{"object": "embedding", "index": 0, "embedding": None}]})
    result = run_task(llm.embed, {"base_url": f"{service.url}/v1"}, {"texts": ["a"], "model": "e"})
    assert not result.success
    assert "something other than a vector" in result.message


def test_the_connection_is_tried_by_the_list_of_models(service: FakeService) -> None:
    service.on("GET", "/v1/models", json={"object": "list", "data": [
        {"id": "gpt-4o", "object": "model", "created": 1686935002, "owned_by": "openai"}]})  # fmt: skip
    assert run_task(llm.test_connection, {"base_url": f"{service.url}/v1", "api_key": KEY}).data == {
        "models": ["gpt-4o"]
    }
    assert run_task(llm.list_models, {"base_url": f"{service.url}/v1"}).data == ["gpt-4o"]
    assert not run_task(llm.test_connection, {"base_url": f"{service.url}/v1", "model": "other"}).success
