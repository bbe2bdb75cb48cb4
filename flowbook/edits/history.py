"""An edit as an action that becomes a step with an inverse, and the history that undoes it and does it again.

An :class:`Action` is a recipe. Done, it becomes a :class:`Step`, which knows its inverse since it holds the workflow
before and after: nodes, edges and notes are frozen, so the two share all that has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flowbook.models import Workflow

STEPS_KEPT = 200


@dataclass(frozen=True)
class Action:
    """One edit: ``label`` says what it does, ``change`` does it to a workflow, raising what its methods raise.

    ``renames`` are the nodes that are the same with another id after it, old → new: what a person has selected follows.
    """

    label: str
    change: Callable[[Workflow], None]
    renames: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """An edit that was made, with the workflow ``before`` and ``after`` it, and the nodes that it gave other ids."""

    label: str
    before: Workflow
    after: Workflow
    renames: Mapping[str, str] = field(default_factory=dict)

    def inverse(self) -> Step:
        """The step that takes this one back."""
        return Step(self.label, self.after, self.before, {new: old for old, new in self.renames.items()})


class History:
    """A workflow under edit: what was done to it, what was undone, and whether it differs from what is saved.

    ``workflow`` is never changed in place: each edit gives a new one, so whoever holds it may keep it.
    """

    def __init__(self, workflow: Workflow, *, saved: bool = True) -> None:
        self.workflow = workflow.clone()
        self._saved: Workflow | None = self.workflow if saved else None
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._merging: str | None = None

    @property
    def dirty(self) -> bool:
        """Whether the workflow differs from the one that was saved."""
        saved = self._saved
        return saved is None or not (self.workflow is saved or self.workflow == saved)

    @property
    def undo_label(self) -> str:
        """What :meth:`undo` would take back; empty when there is nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What :meth:`redo` would do again; empty when there is nothing."""
        return self._undone[-1].label if self._undone else ""

    def do(self, *actions: Action, label: str = "", merge: str | None = None) -> Step | None:
        """Make these edits as one step: all, or, when one is refused, none. None when they change nothing.

        ``merge`` names a field that is being typed in: edits with the same name in a row are one step to undo.
        """
        before, after = self.workflow, self.workflow.clone()
        for action in actions:
            action.change(after)
        if after == before:
            return None
        renames = {old: new for action in actions for old, new in action.renames.items()}
        step = Step(label or (actions[0].label if actions else ""), before, after, renames)
        self.workflow = after
        self._undone.clear()
        if merge is not None and merge == self._merging and self._done:
            self._done[-1] = Step(step.label, self._done[-1].before, after)
        else:
            self._done.append(step)
            del self._done[:-STEPS_KEPT]
        self._merging = merge
        return step

    def undo(self) -> Step | None:
        """Take the last step back; the step that this was, None when there is nothing to undo."""
        return self._travel(self._done, self._undone)

    def redo(self) -> Step | None:
        """Do again what was undone last; the step that this was, None when there is nothing."""
        return self._travel(self._undone, self._done)

    def _travel(self, source: list[Step], target: list[Step]) -> Step | None:
        self._merging = None
        if not source:
            return None
        step = source.pop().inverse()
        target.append(step)
        self.workflow = step.after
        return step

    def mark_saved(self, workflow: Workflow | None = None) -> None:
        """Remember ``workflow`` (the present one) as the saved state."""
        self._merging = None
        self._saved = self.workflow if workflow is None else workflow
