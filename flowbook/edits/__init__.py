"""Every edit of a workflow as an action with its inverse, and the history of them: the studio and scripts edit by them.

>>> from flowbook.models import Workflow
>>> flow = Workflow(name="daily-report")
>>> flow.add("fetch", "http.request")
>>> history = History(flow)
>>> _ = history.do(rename_node("fetch", "load"))
>>> list(history.workflow.nodes), history.undo_label
(['load'], 'Rename fetch')
"""

from flowbook.edits.actions import (
    EdgeKey,
    add_node,
    become,
    change_edge,
    change_node,
    connect,
    describe,
    disable,
    move,
    remove,
    rename_node,
    replace_task,
    set_inputs,
    set_note,
)
from flowbook.edits.copying import PASTE_SHIFT, Clip, clip_of, clip_text, copied, paste
from flowbook.edits.history import STEPS_KEPT, Action, History, Step
from flowbook.edits.lines import into, kept_lines, reconnect, remove_keeping_lines, splice, splice_with_room
from flowbook.edits.pinning import PIN_LIMIT, pin, pinnable, unpin
from flowbook.edits.places import Place, free_id, free_place, place_above

__all__ = [
    "PASTE_SHIFT",
    "PIN_LIMIT",
    "STEPS_KEPT",
    "Action",
    "Clip",
    "EdgeKey",
    "History",
    "Place",
    "Step",
    "add_node",
    "become",
    "change_edge",
    "change_node",
    "clip_of",
    "clip_text",
    "connect",
    "copied",
    "describe",
    "disable",
    "free_id",
    "free_place",
    "into",
    "kept_lines",
    "move",
    "paste",
    "pin",
    "pinnable",
    "place_above",
    "reconnect",
    "remove",
    "remove_keeping_lines",
    "rename_node",
    "replace_task",
    "set_inputs",
    "set_note",
    "splice",
    "splice_with_room",
    "unpin",
]
