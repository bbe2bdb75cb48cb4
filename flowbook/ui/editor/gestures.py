"""What a person does on the canvas, turned into edits: its intents, its menu and its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowbook import edits
from flowbook.counting import counted
from flowbook.edits import Place
from flowbook.errors import FlowbookError, InvalidName
from flowbook.models import check_node_id
from flowbook.models.notes import note_text
from flowbook.ui.editor import steering
from flowbook.ui.editor.curl_paste import is_curl
from flowbook.ui.editor.framing import framed, kept_around
from flowbook.view.graph.elements import look

if TYPE_CHECKING:
    from flowbook.ui.editor.editor import Editor

Payload = Mapping[str, Any]
Act = Callable[[dict[str, Any]], object]


class Gestures:
    """Listens to the canvas of an editor. What is refused is said on the canvas."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._editing, self._canvas = editor.editing, editor.canvas
        intents: Mapping[str, Act] = {
            "connect": lambda p: self._editing.connect(str(p["source"]), str(p["target"])),
            "extend": editor.adding.ask,
            "insert": self._insert,
            "reconnect": self._reconnect,
            "delete": lambda p: self._editing.delete(p.get("nodes", ()), p.get("edges", ()), p.get("notes", ())),
            "move": self._moved,
            "drop": self._drop,
            "background": lambda p: editor.add_node(),
            "select": editor.selecting.take,
            "edge": lambda p: editor.selecting.edge(str(p["id"])),
            "open": editor.selecting.opened,
            "command": self._command,
            "key": self._key,
        }
        for intent, act in intents.items():
            self._canvas.on(intent, self._refusable(act))
        self._commands: Mapping[str, Act] = {
            "run-node": lambda p: editor.run_part("only", _node(p)),
            "run-to": lambda p: editor.run_part("to", _node(p)),
            "rename": self._rename,
            "replace": self._replace,
            "add": self._add,
            "disable": lambda p: self._editing.do(edits.disable(p["nodes"], bool(p["disabled"]))),
            "delete-keep": lambda p: self._editing.do(edits.remove_keeping_lines(p["nodes"])),
            "note": lambda p: editor.selecting.note(self._editing.add_note(_place(p))),
            "frame": self._frame,
            "size": self._size,
            "colour": self._colour,
        }

    def _refusable(self, act: Act) -> Act:
        def handle(payload: dict[str, Any]) -> None:
            try:
                act(payload)
            except FlowbookError as error:
                self._editor.tell_refusal(error)

        return handle

    # -- lines -----------------------------------------------------------------------------------------------------

    def _insert(self, payload: Payload) -> None:
        self._editor.adding.ask_between(payload, str(payload["edge"]))

    def _reconnect(self, payload: Payload) -> None:
        key = self._editing.edge(str(payload["edge"]))
        ends = {end: str(payload[end]) for end in ("source", "target") if payload.get(end)}
        self._editing.do(edits.reconnect(key, **ends))

    def _drop(self, payload: Payload) -> None:
        self._editor.adding.pick(str(payload["task"]), _place(payload), into=str(payload.get("edge") or ""))

    # -- nodes -----------------------------------------------------------------------------------------------------

    def _add(self, payload: Payload) -> None:
        asked = {"source": payload.get("after", ""), "left": payload["left"], "top": payload["top"]}
        if payload.get("here"):
            asked.update(x=payload["x"], y=payload["y"])
        self._editor.adding.ask(asked)

    def _rename(self, payload: Payload) -> None:
        """Give a node the name that was typed: what can be an id becomes its id, all else its label."""
        node, text = _node(payload), str(payload["text"])
        try:
            check_node_id(text)
        except InvalidName:
            self._editing.do(edits.change_node(node, label=text), label=f"Rename {node}")
            return
        self._editing.do(edits.rename_node(node, text), edits.change_node(text, label=""), label=f"Rename {node}")

    def _replace(self, payload: Payload) -> None:
        node = _node(payload)

        def replace(item: str) -> None:
            way = steering.way(item)
            spec = self._editing.workspace.task(item if way is None else way.gives)
            integration = self._editing.only_integration(spec.folder, self._editing.workflow.nodes[node].integration)
            self._editing.do(edits.replace_task(node, spec, integration))
            self._editor.select_node(node)
            self._canvas.take_keyboard()

        self._editor.adding.ask_instead(payload, node, lambda item: self._refusable(lambda _: replace(item))({}))

    # -- notes and frames ------------------------------------------------------------------------------------------

    def _frame(self, payload: Payload) -> None:
        """Put a frame around what is selected, else at the place."""
        frame = look()["frame"]
        box = framed(self._editing.workflow, payload["nodes"], payload["notes"])
        at, size = (_place(payload), (frame["width"], frame["height"])) if box is None else (box.middle, box.size)
        self._editor.selecting.note(self._editing.add_note(at, note_text("", size=size)))

    def _moved(self, payload: Payload) -> None:
        """Take over where nodes and notes were put; frames go along when the whole graph was arranged."""
        if not payload.get("arranged"):
            self._editing.move(payload.get("positions", {}), payload.get("notes", {}))
            return
        flow = self._editing.workflow
        positions = {id: at for id, at in payload["positions"].items() if id in flow.nodes}
        notes = kept_around(flow, positions)
        papers = (edits.set_note(id, note.text, note.at) for id, note in notes.items())
        self._editing.do(edits.move(positions), *papers, label="Layout")
        if notes:
            self._canvas.fit()

    def _size(self, payload: Payload) -> None:
        """Give a frame another size; its upper left corner stays."""
        id = str(payload["notes"][0])
        note = self._editing.workflow.notes[id]
        now = note.but(size=(float(payload["width"]), float(payload["height"])))
        if note.size is None or now.size is None:
            return
        (x, y), (width, height), (wide, high) = note.at, note.size, now.size
        self._editing.do(edits.set_note(id, now.text, (x + (wide - width) / 2, y + (high - height) / 2)))

    def _colour(self, payload: Payload) -> None:
        notes = self._editing.workflow.notes
        found = [(id, notes[id].but(color=str(payload["colour"]))) for id in payload["notes"] if id in notes]
        self._editing.do(*(edits.set_note(id, note.text, note.at) for id, note in found), label="Colour a note")

    # -- keys ------------------------------------------------------------------------------------------------------

    def _command(self, payload: dict[str, Any]) -> None:
        act = self._commands.get(str(payload.get("name")))
        if act is not None:
            act(payload)

    def _key(self, payload: Payload) -> None:
        editor, editing = self._editor, self._editing
        known: Mapping[str, Callable[[], object]] = {
            "undo": editor.undo, "redo": editor.redo, "save": editor.save, "run": editor.start, "copy": self._copy,
            "cut": self._cut,
            "paste": lambda: self._paste(payload),
            "duplicate": lambda: self._show_selection(editing.duplicate()),
        }  # fmt: skip
        act = known.get(str(payload.get("name")))
        if act is not None:
            act()

    def _copy(self) -> None:
        count = self._editing.copy()
        if count:
            self._canvas.give_clip(self._editing.clip_text())
            self._canvas.tell(f"Copied {counted(count, 'thing')}.", "info")

    def _cut(self) -> None:
        if self._editing.cut():
            self._canvas.give_clip(self._editing.clip_text())

    def _paste(self, payload: Payload) -> None:
        text = str(payload.get("text") or "")
        if is_curl(text):
            self._editor.adding.curl(text, _place(payload))
        else:
            self._show_selection(self._editing.paste(_place(payload), text))

    def _show_selection(self, _nodes: list[str]) -> None:
        self._editor.selecting.all_of_it()


def _place(payload: Payload) -> Place:
    return (float(payload.get("x", 0.0)), float(payload.get("y", 0.0)))


def _node(payload: Payload) -> str:
    return str(payload["nodes"][0])
