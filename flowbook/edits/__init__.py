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
    move,
    remove,
    rename_node,
    set_inputs,
    set_note,
)
from flowbook.edits.copying import PASTE_SHIFT, Clip, copied, paste
from flowbook.edits.history import STEPS_KEPT, Action, History, Step
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
    "connect",
    "copied",
    "describe",
    "free_id",
    "free_place",
    "move",
    "paste",
    "pin",
    "pinnable",
    "place_above",
    "remove",
    "rename_node",
    "set_inputs",
    "set_note",
    "unpin",
]
