"""Workflows as the tools of a model. Facts: https://platform.openai.com/docs/guides/function-calling."""

from __future__ import annotations

import json
import re
from typing import Any

from flowbook import FlowbookError, RunFailed, TaskFailed, current
from flowbook.counting import counted
from flowbook.json_text import parse_json

_MOST_TEXT = 100_000
_LONGEST_NAME = 64


class Tools:
    """Those of one conversation; ``described`` is what the service is told of them, ``calls`` what came of them."""

    def __init__(self, workflows: list[str]) -> None:
        self.calls: list[dict[str, Any]] = []
        self._workflows: dict[str, str] = {}
        self._ends: dict[str, list[str]] = {}
        self.described: list[dict[str, Any]] = []
        for workflow in workflows:
            name = re.sub(r"[^A-Za-z0-9_-]", "_", workflow)[:_LONGEST_NAME]
            if name in self._workflows:
                raise TaskFailed(f"{self._workflows[name]!r} and {workflow!r} have one name as tools.", permanent=True)
            self._workflows[name] = workflow
            found = current().describe_workflow(workflow)
            self._ends[name] = found["ends"]
            about = {"name": name, "description": found["description"], "parameters": found["parameters"]}
            self.described.append({"type": "function", "function": about})

    def answer(self, call: dict[str, Any]) -> dict[str, Any]:
        """Make a call that the model wants made; the message that tells it what came of it."""
        function = call.get("function") or {}
        name, written = str(function.get("name")), function.get("arguments") or "{}"
        made: dict[str, Any] = {"workflow": self._workflows.get(name, name), "arguments": written}
        try:
            made["arguments"] = parse_json(written)
            made |= self._run(name, made["arguments"])
        except ValueError:
            made["error"] = "The arguments are no JSON."
        except RunFailed as error:
            made |= {"run": error.run.id, "error": str(error)}
        except FlowbookError as error:
            made["error"] = str(error)
        if current().cancelled:
            raise TaskFailed("The run was cancelled.")
        self.calls.append(made)
        told = {"error": made["error"]} if "error" in made else made["data"]
        text = json.dumps(told, ensure_ascii=False, default=str)
        if len(text) > _MOST_TEXT:
            text = json.dumps(
                {"error": f"The result has {counted(len(text), 'character')}, more than can be told. Ask for less."}
            )
        return {"role": "tool", "tool_call_id": call.get("id"), "content": text}

    def _run(self, name: str, arguments: Any) -> dict[str, Any]:
        if name not in self._workflows:
            raise FlowbookError(f"there is no tool {name!r}.", f"There are: {', '.join(self._workflows)}.")
        if not isinstance(arguments, dict):
            raise FlowbookError("the arguments are no object.")
        run = current().run_workflow(self._workflows[name], arguments)
        nodes = run.to_dict()["nodes"]  # as the history has them: without secrets
        return {"run": run.id, "data": {end: nodes[end]["data"] for end in self._ends[name] if end in nodes}}
