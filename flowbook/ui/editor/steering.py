"""The ways to steer a workflow, as people call them: If, For each, Merge, Retry; and what each of them does here.

Other tools have a node for each of these. Here some are nodes of ``core``, some the condition of a line, some settings
of a node, and some stand outside of the workflow. The palette offers all of them by their words.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from flowbook.records import NamedTuple
from flowbook.view.graph.badges import badge

PREFIX = "way:"
COLOR = "#6b4fbb"

Kind = Literal["node", "line", "setting", "panel", "page"]


class Way(NamedTuple):
    """One of them: ``gives`` is the task, the setting of a node, the panel or the page that it leads to.

    ``values`` is what the node that is added sets, with ``{before}`` for the id of the node before it; ``words`` are
    others that people look for it by. ``follows`` is the task, with a param ``item``, of the node that is added after
    one whose data the setting is about: who asks for a loop there means a loop over them.
    """

    id: str
    label: str
    kind: Kind
    gives: str
    about: str
    words: tuple[str, ...] = ()
    sign: str = "◇"
    values: str = ""
    follows: str = ""

    def fields(self, before: str) -> dict[str, Any]:
        """The fields of the node that is added after another one; none where there is no such node."""
        if self.follows:
            return {self.gives: f"${{{{ nodes.{before}.data }}}}", "params": {"item": "${{ item }}"}}
        return {"params": {"values": self.values.replace("{before}", before)}} if self.values and before else {}


WAYS = (
    Way(
        "if", "If: condition on a line", "line", "when",
        "A line is taken only if its condition is true. Select a line or the node before it.",
        ("if", "condition", "branch", "if else", "otherwise", "only when"),
    ),
    Way(
        "switch", "Switch", "line", "when",
        "Several lines leave a node, and each is taken only if its own condition is true.",
        ("switch", "case", "route", "router", "choose", "match"), sign="⋔",
    ),
    Way(
        "filter", "Filter a list", "node", "core.set",
        "Keep the items of a list for which an expression is true.",
        ("filter", "filter rows", "keep", "where", "only those"), sign="▽",
        values="${{ [one for one in nodes.{before}.data if one] }}",
    ),
    Way(
        "for_each", "For each item", "setting", "for_each",
        "A node runs once for each item of a list, several at the same time if wanted.",
        ("for each", "loop", "iterate", "repeat", "split in batches", "map", "list"), sign="↻",
        follows="core.python",
    ),
    Way(
        "merge", "Merge branches", "node", "core.noop",
        "A place where branches meet again: it runs once one of them has come, or all, as its setting says.",
        ("merge", "join", "combine", "meet"), sign="⋎",
    ),
    Way(
        "wait", "Wait", "node", "core.wait", "Wait for some seconds; cancelling the run ends the wait.",
        ("wait", "sleep", "delay", "pause"), sign="◷",
    ),
    Way(
        "stop", "Stop with an error", "node", "core.fail", "End this branch as failed, with a message.",
        ("stop", "fail", "exit", "end", "abort", "throw", "raise"), sign="■",
    ),
    Way(
        "code", "Code", "node", "core.python", "Python code that sees the data of the nodes before it.",
        ("code", "python", "script", "function", "custom code"), sign="›_",
    ),
    Way(
        "sub_workflow", "Sub-workflow", "node", "core.run_workflow",
        "Run another workflow of this workspace as one step.",
        ("sub workflow", "subworkflow", "execute workflow", "call workflow", "child workflow"), sign="≡",
    ),
    Way(
        "retry", "Retry", "setting", "attempts", "A node that fails is tried again, after a wait that may grow.",
        ("retry", "try again", "attempts", "backoff"), sign="⟳",
    ),
    Way(
        "on_error", "Error handling", "setting", "on_error",
        "What a node's failure means: the run fails, it goes on, or a line for failures is taken.",
        ("error handling", "on error", "catch", "try", "failure", "continue on error", "error trigger"), sign="!",
    ),
    Way(
        "timeout", "Timeout", "setting", "timeout", "A node that takes longer than so many seconds has failed.",
        ("timeout", "time limit", "deadline"), sign="◴",
    ),
    Way(
        "schedule", "Schedule", "panel", "triggers",
        "When a server starts the workflow: each hour, on weekdays at seven.",
        ("schedule", "cron", "every day", "daily", "timer", "trigger", "interval"), sign="◔",
    ),
    Way(
        "webhook", "Webhook", "panel", "triggers", "An address at which a request, or a form, starts the workflow.",
        ("webhook", "trigger", "event", "listen", "on message", "form"), sign="⤷",
    ),
    Way(
        "remember", "Only what is new", "page", "how-to/cookbook",
        "How to act only upon what was not there at the last run, or has changed since.",
        ("remember", "new items", "changed", "on change", "remove duplicates", "deduplicate", "previous run", "state"),
        sign="≠",
    ),
)  # fmt: skip
"""In the order in which they are listed."""

_BY_ID = {PREFIX + way.id: way for way in WAYS}


def way(id: str) -> Way | None:
    """The way to steer of an item of the palette; None for a task."""
    return _BY_ID.get(id)


def items(kinds: Collection[Kind] = ()) -> list[dict[str, Any]]:
    """The palette's items; those of some kinds only, when any are named."""
    return [_item(one) for one in WAYS if not kinds or one.kind in kinds]


def _item(one: Way) -> dict[str, Any]:
    mark = {**badge(one.id, None), "text": one.sign, "color": COLOR, "icon": ""}
    return {
        "id": PREFIX + one.id, "label": one.label, "about": one.about, "words": list(one.words), "badge": mark,
        "fixed": one.kind != "node",
    }  # fmt: skip
