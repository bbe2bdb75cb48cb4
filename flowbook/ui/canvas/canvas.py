"""The graph canvas: shows nodes, edges and notes, and says what a person does to them.

A canvas decides nothing. What a person does arrives as an *intent* (``connect``, ``delete``, ``move`` …); whoever owns
the workflow changes it and tells the canvas by :meth:`Canvas.patch`. ipycytoscape draws; the graph itself travels in
one companion widget, since one widget for each node takes seconds to appear (measured: 9–12 s for 500 nodes).
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import ipywidgets
import traitlets

from flowbook.counting import counted
from flowbook.errors import FlowbookError, InputError
from flowbook.ui.canvas.marks import Line, Marks, Progress, kept
from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.holding import dispose
from flowbook.ui.parts.ordering import CytoscapeWidget
from flowbook.ui.parts.wire import Wire
from flowbook.view.graph.drawing import outline, svg
from flowbook.view.graph.elements import Change, Elements, Keyed, changed, keyed, listed, look

Handler: TypeAlias = Callable[[dict[str, Any]], object]

VIEW_INTENTS = frozenset({"select", "edge", "open"})
EDIT_INTENTS = frozenset(
    {"connect", "extend", "insert", "reconnect", "delete", "move", "drop", "background", "command", "key"}
)
READ_ONLY_KEYS = frozenset({"copy", "run"})
STATUS_DELAY = 0.1  # seconds within which changes of status travel together


def _module() -> str:
    """The browser's side as one ES module: the parts are joined here, so that there is no build step."""
    vendored = text_of("canvas/vendor/cytoscape-edgehandles-4.0.1.js")
    own = widget("canvas/canvas.js")
    return (
        f"const LOOK = {json.dumps(look())};\n"
        f"function edgehandlesModule(require, module, exports) {{\n{vendored}\nreturn module.exports;\n}}\n{own}"
    )


class _Companion(Wire):
    """Carries the graph to the browser and the intents back."""

    _esm = _module()
    _css = text_of("canvas/canvas.css")

    target = traitlets.Unicode().tag(sync=True)
    read_only = traitlets.Bool(False).tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)


class Canvas:
    """A graph in a notebook. Display it, or put ``widget`` into a box of your own.

    ``read_only`` leaves selecting, zooming and opening, and sends no intent that edits. ``hint`` is shown on a canvas
    with nothing on it.
    All methods may be called from any thread, with or without a front end.
    """

    def __init__(
        self,
        elements: Elements | Mapping[str, Any] | None = None,
        *,
        read_only: bool = False,
        height: str = "470px",
        hint: str = "",
    ) -> None:
        self._lock = threading.RLock()
        self._handlers: dict[str, list[Handler]] = {}
        self._timer: threading.Timer | None = None
        self.read_only = read_only
        self._surface = CytoscapeWidget(
            cytoscape_layout={"name": "preset", "fit": False},
            cytoscape_style=[],
            auto_unselectify=False,
            auto_ungrabify=read_only,
            box_selection_enabled=True,
            user_zooming_enabled=True,  # by two fingers; the wheel is the companion's
            min_zoom=0.05,
            max_zoom=3.0,
            tooltip_source="-",  # ipycytoscape would show this data field as HTML
            layout=ipywidgets.Layout(width="100%", height=height),
            _dom_classes=["flowbook-canvas"],
        )
        self._elements: Keyed = keyed(elements or {})
        self._marks = Marks()
        self._selected: dict[str, list[str]] = {"nodes": [], "edges": [], "notes": []}
        self._companion = _Companion(
            self._whole, self._hear, self._lock, target=self._surface.model_id or "", read_only=read_only, hint=hint
        )
        self.widget = ipywidgets.VBox([self._surface], layout=ipywidgets.Layout(width="100%"))

    def __repr__(self) -> str:
        nodes, edges = len(self._elements["nodes"]), len(self._elements["edges"])
        return f"<Canvas of {counted(nodes, 'node')} and {counted(edges, 'edge')}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        elements, status = self.elements, self.status
        bundle: dict[str, Any] = dict(self.widget._repr_mimebundle_(**kwargs) or {})
        return {**bundle, "text/plain": outline(elements, status), "image/svg+xml": svg(elements, status)}

    @property
    def elements(self) -> Elements:
        """The graph as it is shown, with every node's place."""
        with self._lock:
            return listed(self._elements)

    @property
    def status(self) -> dict[str, str]:
        """The status of each node that has one."""
        with self._lock:
            return dict(self._marks.status)

    @property
    def selected(self) -> dict[str, list[str]]:
        """The ids of what is selected, as ``{"nodes": […], "edges": […], "notes": […]}``."""
        with self._lock:
            return {group: list(ids) for group, ids in self._selected.items()}

    def patch(self, changes: Iterable[Change], renames: Mapping[str, str] | None = None) -> None:
        """Make small changes (see :func:`flowbook.view.graph.elements.changed`): all, or, when one is refused, none.

        ``renames`` names the nodes that go and are there again under another id: what is selected, and the statuses,
        follow.
        """
        changes = [dict(change) for change in changes]
        if not changes:
            return
        with self._lock:
            state, renames = changed(self._elements, changes), renames or {}
            self._selected["nodes"] = [renames.get(id, id) for id in self._selected["nodes"]]
            self._take(state, renames)
            self._companion.change("patch", changes=changes, **({"renames": renames} if renames else {}))
            self._tell_soon()

    def set_status(self, status: Mapping[str, str], *, replace: bool = False) -> None:
        """Show the status of nodes; ``""`` takes it away, ``replace`` that of all nodes not named.

        What is given within a tenth of a second reaches the browser as one message.
        """
        with self._lock:
            self._marks.set_status(status, replace=replace)
            self._tell_soon()

    def set_progress(self, progress: Mapping[str, Progress | None]) -> None:
        """Show on cards how far nodes are; None takes it away. It travels as statuses do."""
        with self._lock:
            self._marks.set_progress({id: far for id, far in progress.items() if id in self._elements["nodes"]})
            self._tell_soon()

    def set_workers(self, workers: Mapping[str, str]) -> None:
        """Show, with what a card says of itself, who made the calls of nodes elsewhere; "" takes it away."""
        with self._lock:
            self._marks.set_workers({id: worker for id, worker in workers.items() if id in self._elements["nodes"]})
            self._tell_soon()

    def mark_lines(self, lines: Mapping[str, Line | None]) -> None:
        """Show which edges (by their ids) a run took, and with how many items; None takes it away."""
        with self._lock:
            self._marks.set_lines({id: line for id, line in lines.items() if id in self._elements["edges"]})
            self._tell_soon()

    @property
    def lines(self) -> dict[str, Line]:
        """What is shown of the last run on each edge."""
        with self._lock:
            return dict(self._marks.lines)

    @property
    def progress(self) -> dict[str, Progress]:
        """What is shown on each card of how far it is."""
        with self._lock:
            return dict(self._marks.progress)

    def select(self, nodes: Iterable[str] = (), *, edges: Iterable[str] = (), notes: Iterable[str] = ()) -> None:
        """Select these and nothing else. No ``select`` intent follows."""
        with self._lock:
            wanted = {"nodes": list(nodes), "edges": list(edges), "notes": list(notes)}
            self._selected = kept(wanted, self._elements)
            self._companion.sign("select", ids=self._selected)

    def fit(self) -> None:
        """Bring the whole graph into view."""
        self._companion.sign("fit")

    def arrange(self) -> None:
        """Have the browser arrange the nodes from left to right; it answers with a ``move`` intent (``arranged``)."""
        self._companion.sign("arrange")

    def focus_node(self, id: str) -> None:
        """Bring one node into the middle of the view and select it."""
        self.select([id])
        self._companion.sign("focus", id=id)

    def reveal(self, id: str, group: Literal["node", "edge", "note"] = "node") -> None:
        """Bring one of a group into the view if it is not in it, moving the view no further than needed."""
        self._companion.sign("reveal", id=id, group=group)

    def take_keyboard(self) -> None:
        """Give the canvas the keyboard, as a click on it would."""
        self._companion.sign("keyboard")

    def give_clip(self, text: str) -> None:
        """Put ``text`` onto the clipboard of whoever pressed Ctrl-C or Ctrl-X on the canvas last."""
        self._companion.sign("clip", text=text)

    def tell(self, text: str, kind: str = "error") -> None:
        """Show ``text`` on the canvas for some seconds; ``kind`` is error, warning, success or info."""
        self._companion.sign("tell", text=text, tone=kind)

    def on(self, intent: str, handler: Handler) -> Callable[[], None]:
        """Call ``handler(payload)`` at each ``intent``; the result takes it away again.

        Intents (places are in the graph's coordinates)::

            connect     {source, target}                       a line was drawn from one node to another
            extend      {source, left, top, x?, y?}            a line ended on an empty place; left and top are it in
                                                               pixels of the canvas; no x and y: a click on the handle
            insert      {edge, x, y, left, top}                a node is wanted between the ends of a line
            reconnect   {edge, source? | target?}              an end of a line was led to another node
            delete      {nodes, edges, notes}                  lists of ids; one message for all
            move        {positions: {node: [x, y]}, notes: {note: [x, y]}}   once, when a drag ends
            drop        {task, x, y, edge?}                    a task was dragged here from a palette; edge: upon a line
            select      {nodes, edges, notes}                  the whole selection
            edge        {id, x, y}                             an edge was clicked
            open        {id, kind: "node" | "note" | "edge"}   double click, or Enter
            background  {x, y}                                 double click on the empty canvas
            command     {name, nodes, edges, notes, x, y, left, top, …}   chosen in the menu, or by its key, for what is
                                                               selected: run-node, run-to, rename (text), replace, add
                                                               (after, here), disable (disabled), delete-keep, note,
                                                               frame or colour (colour)
            key         {name, x, y, text?}                    undo, redo, copy, cut, paste (text: of the clipboard),
                                                               duplicate, save or run; x and y are the mouse's place,
                                                               or the view's middle

        A :class:`~flowbook.errors.FlowbookError` that a handler raises is shown on the canvas by :meth:`tell`.
        """
        if intent not in VIEW_INTENTS | EDIT_INTENTS:
            known = ", ".join(sorted(VIEW_INTENTS | EDIT_INTENTS))
            raise InputError(f"the canvas has no intent {intent!r}.", f"Use one of: {known}.")
        handlers = self._handlers.setdefault(intent, [])
        handlers.append(handler)
        return lambda: handlers.remove(handler) if handler in handlers else None

    def close(self) -> None:
        """Take the canvas off every page."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        dispose(self.widget, self._companion, *self._surface.replaced)

    def _take(self, state: Keyed, renames: Mapping[str, str] = MappingProxyType({})) -> None:
        """Have another graph; what is said of nodes that are not in it is forgotten. The lock is held."""
        self._marks.follow(self._elements, state, renames)
        self._elements = state
        self._selected = kept(self._selected, state)

    def _whole(self) -> dict[str, Any]:
        """All that a page shows; what is changed in place is copied, so that a change cannot disturb the sending."""
        return {"elements": dict(self._elements), **self._marks.whole, "selected": self._selected}

    def _tell_soon(self) -> None:
        """See to it that what is said of a run is told within a tenth of a second. The lock is held."""
        if self._marks.waiting and self._timer is None:
            self._timer = threading.Timer(STATUS_DELAY, self._flush)
            self._timer.daemon = True
            self._timer.start()

    def _flush(self) -> None:
        with self._lock:
            self._timer = None
            pending = self._marks.take_pending()
            if pending:
                self._companion.change("status", **pending)

    def _hear(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "intent" and _well_formed(content.get("payload")):
            self._intend(str(content.get("intent")), content["payload"])

    def _intend(self, intent: str, payload: dict[str, Any]) -> None:
        looking = intent in VIEW_INTENTS or (intent == "key" and payload.get("name") in READ_ONLY_KEYS)
        if self.read_only and not looking:
            return
        if intent == "select":
            with self._lock:
                self._selected = kept(payload, self._elements)
                payload = self.selected
        for handler in list(self._handlers.get(intent, ())):
            try:
                handler(payload)
            except FlowbookError as error:
                self.tell(str(error))


def _well_formed(payload: Any) -> bool:
    """Whether a payload is a dict without a number that JSON cannot hold (a division by a view of size 0)."""
    if isinstance(payload, dict):
        return all(isinstance(key, str) and _finite(value) for key, value in payload.items())
    return False


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_finite(inner) for inner in value.values())
    if isinstance(value, list):
        return all(_finite(inner) for inner in value)
    return True
