"""The editor's toolbar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flowbook.counting import counted
from flowbook.ui.parts.plain import Label, Line
from flowbook.ui.parts.theme import Tone, button, row, sentence, show, status_tone
from flowbook.view.wording import clock, duration

_SPLIT = ""
_LEFT = (
    ("run", "▶ Run", "primary", "Run what is in the editor, saved or not (Ctrl-Enter)"),
    ("cancel", "Cancel", "plain", "Cancel: stop the run"),
    ("save", "Save", "plain", "Ctrl-S"),
    ("rehearse", "Dry Run", "quiet", "Dry run: show what a run would change, and change nothing"),
    (_SPLIT, "", "", ""),
    ("add", "Add Node", "plain", ""),
    ("note", "Note", "quiet", "Note: put one on the canvas"),
    ("undo", "Undo", "quiet", ""),
    ("redo", "Redo", "quiet", ""),
    ("layout", "Layout", "quiet", "Layout: arrange the nodes from left to right"),
    ("fit", "Fit", "quiet", "Fit: bring the whole graph into view (F)"),
)
_RIGHT = (
    ("inputs", "Inputs", "quiet", "Inputs: what a run is asked for, and the workflow's description"),
    ("versions", "Versions", "quiet", "Versions: what was saved before"),
    ("triggers", "Triggers", "quiet", "Triggers: schedules, hooks and forms that start it"),
    ("import", "Import", "quiet", "Import: take the content of a .flow.yaml file"),
    ("export", "Export", "quiet", "Export as a .flow.yaml file"),
)
_TONES: Mapping[Tone, str] = {"success": "good", "error": "bad", "warning": "warn"}


class Toolbar:
    """Buttons that call ``commands`` by their names, the workflow's name, and chips: how the run went, the problems."""

    def __init__(self, commands: Mapping[str, Callable[[], object]], back: Callable[[], object] | None = None) -> None:
        self._name = Label(_dom_classes=["fb-name"])
        self._dot = Label(_dom_classes=["fb-dot"])
        self.buttons: dict[str, Any] = {}
        left = [self._made(one, commands) for one in _LEFT]
        right = [self._made(one, commands) for one in _RIGHT]
        self.problems = button(
            "No problems", commands["problems"], tooltip="What is wrong with the workflow",
            name="fb-chip-button fb-icon-good",
        )  # fmt: skip
        self.draft = Label(_dom_classes=["fb-draft"])
        tools = row(self.problems, *right, name="fb-tools fb-tools-right")
        self.run = button(
            "", commands["show_run"], tooltip="How the last run went; a click shows it",
            name="fb-chip-button fb-run-chip",
        )  # fmt: skip
        show(self.run, False)
        leading = [button("← All Workflows", back, kind="quiet", name=_icon("back"))] if back else []
        acts = row(*left, name="fb-tools")
        self.widget = row(*leading, self._name, self._dot, acts, self.run, self.draft, tools, name="fb-toolbar")
        self.show_running(False)

    def _made(self, one: tuple[str, str, Any, str], commands: Mapping[str, Callable[[], object]]) -> Any:
        name, label, kind, tooltip = one
        if name == _SPLIT:
            return Line(_dom_classes=["fb-split"])
        icon = "" if kind == "primary" else _icon(name, early=kind == "quiet")
        made = self.buttons[name] = button(label, commands[name], kind=kind, tooltip=tooltip, name=icon)
        return made

    def show_state(self, name: str, title: str, dirty: bool, undo: str, redo: str) -> None:
        """Show the title, whether there is something to save, and what could be undone and redone."""
        self._name.value = title
        self._name.tooltip = name if title == name else f"{title} ({name})"
        self._dot.value = "●" if dirty else ""
        self._dot.tooltip = "Not saved yet" if dirty else ""
        for key, label in (("undo", undo), ("redo", redo)):
            self.buttons[key].disabled = not label
            self.buttons[key].tooltip = f"{key.capitalize()}: {label}" if label else key.capitalize()

    def show_draft(self, at: datetime | None, error: str) -> None:
        """Show when the draft was kept last, or why it could not be."""
        self.draft.value = "draft not saved" if error else f"draft saved {clock(at)}" if at else ""
        self.draft.tooltip = error or ("Kept if the kernel ends or the page is loaded again" if at else "")

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return bool(self._dot.value)

    def show_running(self, running: bool) -> None:
        """Show whether a run goes on."""
        self.buttons["run"].disabled = running
        self.buttons["cancel"].disabled = not running
        if running:
            self._chip(self.run, "● running", "busy")

    def show_run(self, status: str, seconds: float, message: str, *, rehearsed: bool = False) -> None:
        """Show how a run went."""
        what = "dry run " if rehearsed else ""
        self._chip(self.run, f"● {what}{status} {duration(seconds)}", _TONES.get(status_tone(status), "busy"))
        self.run.tooltip = sentence(message) or "How the last run went; a click shows it"

    def show_problems(self, errors: int, warnings: int) -> None:
        """Show how many problems there are."""
        if errors:
            text, tone = f"{counted(errors, 'problem')}", "bad"
        elif warnings:
            text, tone = f"{counted(warnings, 'warning')}", "warn"
        else:
            text, tone = "No problems", "good"
        self._chip(self.problems, text, tone)

    @staticmethod
    def _chip(chip: Any, text: str, tone: str) -> None:
        chip.description = text
        show(chip, True)
        for other in ("good", "warn", "bad", "busy"):
            (chip.add_class if other == tone else chip.remove_class)(f"fb-chip-{other}")


def _icon(name: str, *, early: bool = True) -> str:
    """The classes of a button that is an icon where there is no room for its word; ``early`` before the others."""
    return f"fb-icon-{name} fb-iconed" if early else f"fb-icon-{name}"
