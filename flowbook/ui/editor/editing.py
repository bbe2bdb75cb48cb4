"""A workflow under edit, without widgets: its history, selection and problems, and what the canvas shows of it.

What a person does on the canvas comes in as the calls of :class:`Editing`; what follows from it goes out as small
changes (see :func:`flowbook.view.graph.elements.changed`) to whoever listens.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flowbook import edits
from flowbook.edits import Action, Clip, EdgeKey, History, Place, Step
from flowbook.errors import FlowbookError, InputError, NotFound
from flowbook.models import Node, Workflow
from flowbook.ui.editor.home import Home, StoredHome
from flowbook.ui.parts.theme import Tone
from flowbook.validation import Problem
from flowbook.view.graph.badges import badge
from flowbook.view.graph.elements import Badge, Change, Keyed
from flowbook.view.graph.showing import changes_between, edge_id, elements_of, place_missing
from flowbook.view.titles import called
from flowbook.view.wording import problem_words
from flowbook.workspace import Workspace
from flowbook.workspace.drafts import Base

VALIDATE_AFTER = 0.25  # seconds without an edit

Listener = Callable[[], object]
_NONE: Mapping[str, str] = {}


class Clipboard:
    """What was copied last, for all editors of this kernel."""

    def __init__(self) -> None:
        self.clip: Clip | None = None


CLIPBOARD = Clipboard()


class Subject:
    """A node that something is about, under the id that it has at the moment."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.told = False  # whether it was said that what was being typed into it is kept


class Editing:
    """One workflow being edited. ``home`` is where it is kept (default: the workspace's store), and ``revision`` which
    of its versions there it began with, 0 or "" for a new workflow. It is ``restricted`` while nobody has trusted it.

    ``on_canvas(changes, renames)`` hears of what the canvas has to change, and which nodes it shows under another id
    (old → new) are the same; ``on_edit()`` of every edit, undo and redo,
    ``on_problems()`` of each new report, shortly after the last edit, ``on_say(text, tone)`` of what is to be said.
    Methods may be called from any thread.
    """

    def __init__(self, workspace: Workspace, workflow: Workflow, revision: Base = 0, home: Home | None = None) -> None:
        self.workspace = workspace
        self.home = home or StoredHome(workspace, workflow.name)
        self.revision = revision
        self.restricted = bool(revision) and not self.home.is_trusted()
        self.fresh = (
            ""  # the node that was added last, as long as nobody has gone on to another, or has tried to run it
        )
        self.selected: dict[str, list[str]] = {"nodes": [], "edges": [], "notes": []}
        self._badges: dict[str, Badge] = {}
        self._problems: tuple[Problem, ...] = ()
        self._turns, self._validated = itertools.count(1), 0  # of what looks for them; the latest that has ended
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._on_canvas: list[Callable[[list[Change], Mapping[str, str]], object]] = []
        self._renames: Mapping[str, str] = {}
        self._subjects: weakref.WeakSet[Subject] = weakref.WeakSet()
        self._on_edit: list[Listener] = []
        self._on_problems: list[Listener] = []
        self._say: Callable[[str, Tone], object] = lambda text, tone: None
        whole = workflow.clone()
        place_missing().change(whole)
        self.history = History(whole, saved=bool(revision))
        self._shown = self._elements()
        self.validate()

    # -- reading ---------------------------------------------------------------------------------------------------

    @property
    def workflow(self) -> Workflow:
        """The workflow as it is now; never changed in place."""
        return self.history.workflow

    @property
    def dirty(self) -> bool:
        """Whether it differs from what is stored."""
        return self.history.dirty

    @property
    def elements(self) -> dict[str, list[dict[str, Any]]]:
        """What the canvas shows."""
        with self._lock:
            return {group: list(values.values()) for group, values in self._shown.items()}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong, as of the last validation: errors and warnings."""
        return self._problems

    def problems_of(self, node: str) -> tuple[Problem, ...]:
        """What is wrong with one node."""
        return tuple(problem for problem in self._problems if problem.node == node)

    def edge(self, id: str) -> EdgeKey:
        """(source, target, on) of an edge of the canvas. Raises NotFound."""
        for edge in self.workflow.edges:
            if edge_id((edge.source, edge.target, edge.on)) == id:
                return (edge.source, edge.target, edge.on)
        raise NotFound("edge", id)

    # -- listening -------------------------------------------------------------------------------------------------

    def on_canvas(self, listener: Callable[[list[Change], Mapping[str, str]], object]) -> None:
        """Hear of what the canvas has to change."""
        self._on_canvas.append(listener)

    def on_edit(self, listener: Listener) -> None:
        """Hear of every edit, undo and redo."""
        self._on_edit.append(listener)

    def on_say(self, listener: Callable[[str, Tone], object]) -> None:
        """Hear of what a person is to be told of an edit that nobody sees being made."""
        self._say = listener

    def on_problems(self, listener: Listener) -> None:
        """Hear of each new report."""
        self._on_problems.append(listener)

    # -- edits -----------------------------------------------------------------------------------------------------

    def do(self, *edits: Action, label: str = "", merge: str | None = None) -> Step | None:
        """Make edits as one step. Raises what the workflow's methods raise; then nothing has changed."""
        with self._lock:
            step = self.history.do(*edits, place_missing(), label=label, merge=merge)
        if step is not None:
            self._edited(step.renames)
        return step

    def undo(self) -> Step | None:
        """Take the last step back."""
        return self._travelled(self.history.undo)

    def redo(self) -> Step | None:
        """Do again what was undone last."""
        return self._travelled(self.history.redo)

    def _travelled(self, travel: Callable[[], Step | None]) -> Step | None:
        with self._lock:
            step = travel()
        if step is not None:
            self._edited(step.renames)
        return step

    def connect(self, source: str, target: str) -> None:
        """Connect two nodes, or say why they cannot be."""
        self.do(edits.connect(source, target))

    def move(self, positions: Mapping[str, Sequence[float]], notes: Mapping[str, Sequence[float]]) -> None:
        """Put nodes and notes where they were dragged."""
        known = {id: at for id, at in positions.items() if id in self.workflow.nodes}
        self.do(edits.move(known, notes))

    def delete(self, nodes: Iterable[str] = (), edges: Iterable[str] = (), notes: Iterable[str] = ()) -> None:
        """Delete nodes, edges (by their ids on the canvas) and notes, as one step."""
        flow = self.workflow
        gone = [id for id in nodes if id in flow.nodes]
        cut = [self.edge(id) for id in edges if id in self._shown["edges"]]
        papers = [id for id in notes if id in flow.notes]
        if gone or cut or papers:
            self.do(edits.remove(gone, cut, papers))

    def add_task(self, task: str, at: Place | None = None, *, after: str = "", into: str = "", **fields: Any) -> str:
        """Add a node for a task, with the integration if only one fits; its id. ``fields`` are the node's others.

        With ``after`` the node is connected to that one, with ``into`` (an edge's id on the canvas) it is put into that
        line; one undo takes all back.
        """
        self.workspace.task(task)
        folder, _, function = task.partition(".")
        if "integration" not in fields:
            fields["integration"] = self.only_integration(folder)
        id = edits.free_id(function, self.workflow.nodes)
        node = Node(task=task, **fields)
        if into:
            self.do(*edits.splice_with_room(self.workflow, self.edge(into), id, node, at))
        else:
            made = [edits.add_node(id, node, at or self.free_place(after))]
            self.do(*made, *([edits.connect(after, id)] if after else []))
        return id

    def only_integration(self, folder: str, before: str | None = None) -> str | None:
        """The integration that a node of this folder uses: ``before`` if it fits, else the only one there is."""
        fitting = self.integrations_for(folder)
        return before if before in fitting else fitting[0] if len(fitting) == 1 else None

    def integrations_for(self, folder: str) -> list[str]:
        """The names of the integrations of a type."""
        return [one.name for one in self.workspace.integrations() if one.type == folder]

    def free_place(self, after: str = "") -> Place:
        """Where a new node stands: right of ``after``, the selected one, else right of all, below what is there."""
        return edits.free_place(self.workflow.layout, [after] if after else self.selected["nodes"])

    def add_note(self, at: Place | None = None, text: str = "") -> str:
        """Put a note on the canvas; its id."""
        id = edits.free_id("note", [*self.workflow.notes, *self.workflow.nodes])
        at = edits.place_above(self.workflow.layout) if at is None else at
        self.do(edits.set_note(id, text, at))
        return id

    # -- copying ---------------------------------------------------------------------------------------------------

    def copy(self) -> int:
        """Copy what is selected; how many things that are."""
        nodes, notes = self.selected["nodes"], self.selected["notes"]
        if nodes or notes:
            CLIPBOARD.clip = edits.copied(self.workflow, nodes, notes)
        return len(nodes) + len(notes)

    def cut(self) -> int:
        """Copy what is selected and delete it; how many things that are."""
        count = self.copy()
        if count:
            self.delete(self.selected["nodes"], (), self.selected["notes"])
        return count

    def clip_text(self) -> str:
        """What was copied last, as text for the system's clipboard."""
        return "" if CLIPBOARD.clip is None else edits.clip_text(CLIPBOARD.clip)

    def paste(self, at: Place | None = None, text: str = "") -> list[str]:
        """Add what was copied, also in another workflow, around a place; the new nodes' ids. They are selected.

        ``text`` is what the system's clipboard holds: a piece of a flow file is pasted, from wherever it is; with any
        other text, what was copied last in this kernel is. Raises InputError when there is neither.
        """
        clip = edits.clip_of(text) or CLIPBOARD.clip
        if clip is None:
            raise InputError("Nothing has been copied yet.", "Select nodes and press Ctrl-C first.")
        return self._paste(clip, at)

    def duplicate(self) -> list[str]:
        """Add a copy of what is selected beside it; the new nodes' ids. They are selected."""
        clip = edits.copied(self.workflow, self.selected["nodes"], self.selected["notes"])
        return self._paste(clip, None) if clip.nodes or clip.notes else []

    def _paste(self, clip: Clip, at: Place | None) -> list[str]:
        action, nodes, notes = edits.paste(clip, self.workflow, at)
        self.do(action)
        self.selected = {"nodes": nodes, "edges": [], "notes": notes}
        return nodes

    # -- storing ---------------------------------------------------------------------------------------------------

    def save(self, *, overwrite: bool = False) -> None:
        """Keep it where it came from. Raises Conflict when another version is there meanwhile, unless ``overwrite``."""
        flow = self.workflow
        self.revision = self.home.save(flow, self.revision, overwrite=overwrite, trusted=not self.restricted)
        self.history.mark_saved(flow)
        self._tell(self._on_edit)

    def save_copy(self, name: str, title: str) -> None:
        """Keep it under another id and title, which it has from now on. Raises InputError when the id is taken."""
        copy = called(self.workflow, name, title)
        self.home, revision = self.home.save_copy(copy, trusted=not self.restricted)
        self._begin(copy, revision)

    def reload(self) -> None:
        """Throw the edits away and take what is kept. Raises NotFound."""
        kept = self.home.read()
        self.restricted = not self.home.is_trusted()
        self._begin(*kept)

    def follow(self) -> bool | None:
        """Take what is kept now, if nothing was changed here; whether that was done, None where nothing is new.

        Raises NotFound when it is not there any more.
        """
        kept = self.home.read()
        if kept[1] == self.revision:
            return None
        if self.dirty:
            return False
        self.reload()
        return True

    def restrict(self) -> None:
        """From now on it is a workflow from elsewhere: asked about before it runs, and not trusted by being saved."""
        self.restricted = True
        self._tell(self._on_edit)

    def trust(self) -> None:
        """Trust it as it is now, and what is changed here from now on: somebody has looked at all of it."""
        self.workspace.vouch(self.workflow)
        self.restricted = False
        self._tell(self._on_edit)

    def ask_trust(self) -> None:
        """Look whether what is kept is trusted meanwhile; what was put here and is not kept stays restricted."""
        self.restricted = self.restricted and (self.dirty or not self.home.is_trusted())
        self._tell(self._on_edit)

    def recover(self, workflow: Workflow, revision: Base, label: str = "Recover unsaved changes") -> None:
        """Go on with ``workflow``, which began as ``revision``; one step, that can be undone."""
        with self._lock:
            self.revision = revision
        self.do(edits.become(workflow, label))

    @property
    def state(self) -> tuple[Workflow, Base]:
        """The workflow as it is now, and which version it began with."""
        with self._lock:
            return self.workflow, self.revision

    def _begin(self, workflow: Workflow, revision: Base) -> None:
        whole = workflow.clone()
        place_missing().change(whole)
        with self._lock:
            self.history = History(whole)
            self.revision = revision
        self._edited()

    # -- what follows from an edit ---------------------------------------------------------------------------------

    def validate(self) -> None:
        """Find out what is wrong, now."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            turn = next(self._turns)
        try:
            found = self.workspace.check(self.workflow).problems
        except FlowbookError as error:
            found = (Problem("error", "", "", str(error), "", "check"),)
        with self._lock:
            if turn < self._validated:
                return  # what began later has found it out already, of what is there since
            self._validated, self._problems = turn, found
        self._show()
        self._tell(self._on_problems)

    def close(self) -> None:
        """Stop what waits."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    @property
    def renames(self) -> Mapping[str, str]:
        """The nodes to which the last edit, undo or redo has given another id: old → new."""
        return self._renames

    def now_called(self, node: str) -> str:
        """The id of a node after the last edit, undo or redo, which may have given it another."""
        return self._renames.get(node, node)

    def subject(self, node: str) -> Subject:
        """A node, to be told apart from others also after it has got another id."""
        made = Subject(node)
        self._subjects.add(made)
        return made

    def late(self, node: Subject, edit: Action, field: str) -> None:
        """Make an edit that was being typed in a page when another turned to something else, and say so."""
        there = self.workflow.nodes.get(node.id)
        title = there.label or node.id if there is not None else node.id
        try:
            done = self.do(edit, merge=f"{node.id}.{field}")
        except FlowbookError as error:
            self._say(f"What was being typed into “{title}” does not fit: {error}", "warning")
            return
        if done is not None and not node.told:
            node.told = True
            self._say(f"What was being typed into “{title}” is kept there.", "info")

    def _edited(self, renames: Mapping[str, str] = _NONE) -> None:
        flow = self.workflow
        self._renames = renames
        for one in list(self._subjects):
            one.id = self.now_called(one.id)
        self.selected["nodes"] = [self.now_called(id) for id in self.selected["nodes"]]
        known = {"nodes": flow.nodes, "notes": flow.notes}
        for group, there in known.items():
            self.selected[group] = [id for id in self.selected[group] if id in there]
        self._show(renames)
        self.selected["edges"] = [id for id in self.selected["edges"] if id in self._shown["edges"]]
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(VALIDATE_AFTER, self.validate)
            self._timer.daemon = True
            self._timer.start()
        self._tell(self._on_edit)

    def _show(self, renames: Mapping[str, str] = _NONE) -> None:
        with self._lock:
            new = self._elements()
            changes = changes_between(self._shown, new)
            self._shown = new
            if changes:
                for listener in self._on_canvas:
                    listener(changes, renames)

    @staticmethod
    def _tell(listeners: list[Listener]) -> None:
        for listener in list(listeners):
            listener()

    def _elements(self) -> Keyed:
        wrong: dict[str, str] = {}
        for problem in self._problems:
            wrong.setdefault(problem.node, problem_words(problem))
        return elements_of(self.workflow, self._badge, wrong)

    def _badge(self, folder: str) -> Badge:
        if folder not in self._badges:
            try:
                icon = self.workspace.integration_folder(folder).icon
            except FlowbookError:
                icon = None
            self._badges[folder] = badge(folder, icon)
        return self._badges[folder]
