"""The workflows of the gallery that ask a model, or need no account, run by the real engine.

The model is a stand-in that answers as OpenAI's API does: https://platform.openai.com/docs/api-reference/chat/object
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowbook import RunFailed, Workspace
from flowbook.gallery import add
from flowbook.testing import Answer, FakeService, Request, fake_service


def whole(message: dict[str, Any], finish: str = "stop") -> Answer:
    """An answer of a model, in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "refusal": None, "annotations": [], **message},
              "logprobs": None, "finish_reason": finish}  # fmt: skip
    return Answer(
        json={"id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": "chat.completion", "created": 1741569952,
              "model": "gpt-4.1-2025-04-14", "choices": [choice],
              "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29}}
    )  # fmt: skip


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as running:
        yield running


@pytest.fixture
def asked(ws: Workspace, service: FakeService) -> Callable[[Callable[[list[dict[str, Any]]], Answer]], None]:
    """Have the model answer a conversation (its messages) in some way."""
    ws.create_type("llm")
    ws.create_integration("My Model", "llm", {"base_url": f"{service.url}/v1", "model": "m"})

    def answer_by(answer: Callable[[list[dict[str, Any]]], Answer]) -> None:
        def answering(request: Request) -> Answer:
            return answer(request.json["messages"])

        service.on("POST", "/v1/chat/completions", answering)

    return answer_by


def write(ws: Workspace, name: str, text: str) -> None:
    path = ws.root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_page_is_summed_up(ws: Workspace, service: FakeService, asked: Any) -> None:
    service.on("GET", "/page", body="Pigeons carry packets. " * 2000)
    asked(lambda messages: whole({"content": f"- {len(messages[-1]['content'])} letters"}))
    add(ws, "summarize-page")
    ws.run("summarize-page", {"url": f"{service.url}/page", "file": "out.md"})
    assert (ws.root / "out.md").read_text() == f"# {service.url}/page\n\n- 20000 letters\n"


def test_messages_are_sorted_by_what_the_model_says_of_each(ws: Workspace, asked: Any) -> None:
    write(ws, "data/messages.csv", "id,text\n1,I want to buy a lamp\n2,It burns!\n3,My bill is wrong\n")
    found = {"buy": ("sales", False), "burns": ("support", True), "bill": ("billing", False)}

    def judge(messages: list[dict[str, Any]]) -> Answer:
        team, urgent = next(said for word, said in found.items() if word in messages[-1]["content"])
        return whole({"content": json.dumps({"team": team, "urgent": urgent})})

    asked(judge)
    add(ws, "sort-messages")
    ws.run("sort-messages", {"output": "out.csv"})
    with (ws.root / "out.csv").open(encoding="utf-8") as file:
        assert [(row["id"], row["team"]) for row in csv.DictReader(file)] == [
            ("2", "support"), ("3", "billing"), ("1", "sales"),
        ]  # fmt: skip


def test_a_model_looks_up_rows_before_it_answers(ws: Workspace, asked: Any) -> None:
    write(ws, "data/orders.csv", "id,article,paid\n1,Lamp,true\n2,lamp,false\n3,chair,false\n")

    def answer(messages: list[dict[str, Any]]) -> Answer:
        if messages[-1]["role"] != "tool":
            function = {"name": "find-rows", "arguments": '{"text": "LAMP"}'}
            call = {"id": "call_12345xyz", "type": "function", "function": function}
            return whole({"content": None, "tool_calls": [call]}, "tool_calls")
        unpaid = [row["id"] for row in json.loads(messages[-1]["content"])["find"] if not row["paid"]]
        return whole({"content": f"Order {unpaid}."})

    asked(answer)
    assert add(ws, "answer-question") == ["answer-question", "find-rows"]
    run = ws.run("answer-question")
    assert run["report"].data == {"answer": "Order [2].", "looked_for": [{"text": "LAMP"}]}
    assert len(ws.runs(workflow="find-rows")) == 1


def test_two_files_are_compared(ws: Workspace) -> None:
    write(ws, "data/before.csv", "id,name\n1,Ada\n2,Bob\n3,Cy\n")
    write(ws, "data/after.csv", "id,name\n1,Ada\n3,Cyrus\n4,Dan\n")
    add(ws, "compare-two-files")
    with pytest.raises(RunFailed, match="1 rows are new, 1 are gone, 1 changed"):
        ws.run("compare-two-files", {"output": "out.json"})
    found = json.loads((ws.root / "out.json").read_text())
    assert [row["name"] for row in found["only_left"] + found["only_right"]] == ["Bob", "Dan"]
    run = ws.run("compare-two-files", {"after": "data/before.csv"})
    assert run["save"].status == "skipped"


def test_sales_are_summed_up(ws: Workspace) -> None:
    write(ws, "data/sales.csv", "region,amount\nnorth,2\nsouth,5\nnorth,4\n")
    add(ws, "sum-up-sales")
    ws.run("sum-up-sales", {"folder": "out"})
    assert (ws.root / "out/sales.csv").read_text().splitlines()[1:] == ["north,6,2", "south,5,1"]
    assert "| north | 6 | 2 |\n| south | 5 | 1 |" in (ws.root / "out/sales.md").read_text()
