"""A model that uses workflows as its tools, against a stand-in that answers as OpenAI's API does.

The bytes are those of https://platform.openai.com/docs/guides/function-calling (the answers in one piece, and
"Streaming" there) and https://platform.openai.com/docs/api-reference/chat-streaming.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import RunFailed, Workflow, Workspace
from flowbook.events import NodeOutput
from flowbook.testing import Answer, FakeService

HEAD = (
    '{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-4o-mini",'
    '"system_fingerprint":"fp_44709d6fcb","choices":'
)
USAGE = {"prompt_tokens": 82, "completion_tokens": 17, "total_tokens": 99}


def wants(*calls: tuple[str, str]) -> Answer:
    """An answer that asks for tools: (name, arguments) of each."""
    made = [
        {"id": f"call_{number}xyz", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": None, "tool_calls": made, "refusal": None, "annotations": []}
    return whole(message, "tool_calls")


def said(text: str) -> Answer:
    return whole({"role": "assistant", "content": text, "refusal": None, "annotations": []}, "stop")


def whole(message: dict[str, Any], finish: str) -> Answer:
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return Answer(
        json={"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
              "model": "gpt-4.1-2025-04-14", "choices": [choice], "usage": USAGE}
    )  # fmt: skip


def streamed(*choices: str) -> Answer:
    events = [f"{HEAD}[{choice}]}}" for choice in choices] + [f'{HEAD}[],"usage":{json.dumps(USAGE)}}}', "[DONE]"]
    body = "".join(f"data: {event}\n\n" for event in events)
    return Answer(body=body.encode(), headers={"Content-Type": "text/event-stream; charset=utf-8"})


CALL_IN_PIECES = streamed(
    '{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_DdmO9pD3xa9XTPNJ32zg2hcA",'
    '"type":"function","function":{"name":"stock","arguments":""}}],"refusal":null},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\""}}]},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"article\\": \\"lamp\\"}"}}]},'
    '"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}',
)
TEXT_IN_PIECES = streamed(
    '{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{"content":"Three "},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{"content":"lamps."},"logprobs":null,"finish_reason":null}',
    '{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}',
)


@pytest.fixture
def ws(tmp_path: Path, service: FakeService) -> Iterator[Workspace]:
    """A workspace with a workflow that tells the stock of a lamp, and fails for anything else."""
    with Workspace(tmp_path) as ws:
        ws.create_type("llm")
        ws.create_integration("Model", "llm", {"base_url": f"{service.url}/v1", "api_key": "sk-1", "model": "m"})
        inputs = {"article": {"type": "string", "required": True}}
        stock = Workflow("stock", description="How many of an article there are", inputs=inputs)
        stock.add("look", "core.set", params={"values": "looked"})
        stock.add("count", "core.set", params={"values": "${{ {'lamp': 3}[inputs.article] }}"})
        stock.connect("look", "count")
        ws.save(stock)
        yield ws


def asking(**params: Any) -> Workflow:
    flow = Workflow("asking")
    flow.add("ask", "llm.agent", "Model", {"prompt": "Lamps?", "workflows": ["stock"], "stream": False, **params})
    return flow


def answers(service: FakeService, *given: Answer) -> None:
    service.on("POST", "/v1/chat/completions", list(given))


def test_a_model_runs_a_workflow_and_hears_what_its_end_gave(ws: Workspace, service: FakeService) -> None:
    answers(service, wants(("stock", '{"article": "lamp"}')), said("Three."))
    run = ws.run(asking())
    data = run["ask"].data
    assert (data["text"], data["requests"], data["usage"]["total_tokens"]) == ("Three.", 2, 198)
    [call] = data["calls"]
    assert (call["workflow"], call["arguments"], call["data"]) == ("stock", {"article": "lamp"}, {"count": 3})
    assert ws.run_record(call["run"]).summary.parent == f"{run.id}.ask"
    first, second = [request.json for request in service.requests]
    assert first["tools"] == [{"type": "function", "function": {
        "name": "stock", "description": "How many of an article there are",
        "parameters": {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"],
                       "additionalProperties": False}}}]  # fmt: skip
    assert second["messages"][1]["tool_calls"][0]["id"] == "call_0xyz"
    assert second["messages"][2] == {"role": "tool", "tool_call_id": "call_0xyz", "content": '{"count": 3}'}


def test_calls_and_answers_are_shown_while_they_are_written(ws: Workspace, service: FakeService) -> None:
    answers(service, CALL_IN_PIECES, TEXT_IN_PIECES)
    shown: list[str] = []
    run = ws.run(
        asking(stream=True), watch=lambda event: shown.append(event.text) if isinstance(event, NodeOutput) else None
    )
    assert run["ask"].data["text"] == "Three lamps."
    assert run["ask"].data["calls"][0]["data"] == {"count": 3}
    assert "".join(shown) == '[stock] {"article": "lamp"}\nThree lamps.\n'
    sent = service.requests[1].json["messages"][1]["tool_calls"]
    assert sent == [{"id": "call_DdmO9pD3xa9XTPNJ32zg2hcA", "type": "function",
                     "function": {"name": "stock", "arguments": '{"article": "lamp"}'}}]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("stock", '{"article": "unicorn"}', "count"),
        ("stock", "{", "no JSON"),
        ("stock", "[]", "no object"),
        ("stock", '{"colour": "red"}', "colour"),
        ("delete-all", "{}", "no tool"),
    ],
)
def test_a_call_that_goes_wrong_is_told_to_the_model(
    ws: Workspace, service: FakeService, name: str, arguments: str, says: str
) -> None:
    answers(service, wants((name, arguments), ("stock", '{"article": "lamp"}')), said("Only lamps."))
    wrong, right = ws.run(asking())["ask"].data["calls"]
    assert says in wrong["error"]
    assert right["data"] == {"count": 3}
    told = json.loads(service.requests[1].json["messages"][2]["content"])
    assert told == {"error": wrong["error"]}


def test_a_model_that_asks_without_end_fails(ws: Workspace, service: FakeService) -> None:
    answers(service, *[wants(("stock", '{"article": "lamp"}'))] * 3)
    with pytest.raises(RunFailed, match="again and again"):
        ws.run(asking(rounds=2))
    assert len(service.requests) == 3


def test_an_answer_after_calls_fits_the_schema_too(ws: Workspace, service: FakeService) -> None:
    schema = {"type": "object", "properties": {"lamps": {"type": "integer"}}, "required": ["lamps"]}
    answers(service, wants(("stock", '{"article": "lamp"}')), said("three"), said('{"lamps": 3}'))
    assert ws.run(asking(output_schema=schema))["ask"].data["value"] == {"lamps": 3}


def test_a_workflow_that_is_not_there_is_found_before_anything_runs(ws: Workspace) -> None:
    [problem] = [one for one in ws.check(asking(workflows=["stock", "stok"])).problems if one.node == "ask"]
    assert (problem.code, problem.field) == ("unknown-workflow", "params.workflows")


def test_the_consent_counts_what_the_workflows_can_do(ws: Workspace) -> None:
    """A workflow from elsewhere that lets a model run code asks for consent to that code."""
    risky = Workflow("risky")
    risky.add("code", "core.python", params={"code": "1"})
    ws.save(risky, trusted=False)
    flow = asking(workflows=["risky"])
    ws.save(flow, trusted=False)
    assert "code" in {need.kind for need in ws.review("asking").needs}
    ws.save(asking(workflows=["stock"]), overwrite=True)
    assert "code" not in {need.kind for need in ws.review("asking").needs}
