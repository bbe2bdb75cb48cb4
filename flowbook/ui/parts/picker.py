"""A list of groups of things to click, searched in the browser; and the palette of tasks that is one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import traitlets

from flowbook.catalog import Folder
from flowbook.tasks import TaskSpec
from flowbook.ui.parts.files import module, text_of
from flowbook.ui.parts.ordering import OwnWidget
from flowbook.ui.parts.theme import sentence
from flowbook.view.graph.badges import badge

Group = dict[str, Any]


class _PickerWidget(OwnWidget):
    _esm = module("parts/picker.js")
    _css = text_of("editor/editor.css")

    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    empty = traitlets.Unicode().tag(sync=True)
    searching = traitlets.Bool(True).tag(sync=True)
    draggable = traitlets.Bool(False).tag(sync=True)
    folded = traitlets.Bool(False).tag(sync=True)
    fleeting = traitlets.Bool(False).tag(sync=True)


class Picker:
    """The list; ``on_pick(id)`` hears of clicks and Enter.

    A ``fleeting`` one tells ``on_leave()`` when a person turns to something else, or presses Escape.

    Groups are ``{"label", "badge", "about", "problem", "items"}``, items ``{"id", "label", "detail", "about", "tone",
    "badge"}``; all of it is shown as text. ``folded`` groups are closed at first.
    """

    def __init__(
        self, label: str, on_pick: Callable[[str], object], on_leave: Callable[[], object] = lambda: None, **traits: Any
    ) -> None:
        self._on_pick, self._on_leave = on_pick, on_leave
        self.widget = _PickerWidget(label=label, **traits)
        self.widget.on_msg(self._receive)

    @property
    def groups(self) -> list[Group]:
        """What is listed."""
        return list(self.widget.groups)

    def show(self, groups: Sequence[Group], **traits: Any) -> None:
        """List these groups."""
        with self.widget.hold_sync():
            self.widget.groups = list(groups)
            for name, value in traits.items():
                setattr(self.widget, name, value)

    def ask(self) -> None:
        """Begin a search: empty, and with the keyboard."""
        self.widget.send({"kind": "ask"})

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("kind") == "leave":
            self._on_leave()
        if not isinstance(content, dict) or content.get("kind") != "pick":
            return
        known = {item["id"] for group in self.widget.groups for item in group["items"]}
        if content.get("id") in known:
            self._on_pick(str(content["id"]))


def palette_groups(folders: Sequence[Folder], in_use: Collection[str] = ()) -> list[Group]:
    """The tasks by integration folder; a folder that cannot be used is there with its problem.

    The folders that are ``in_use``, as there is an integration of theirs, come first.
    """
    groups: list[Group] = []
    for folder in sorted(folders, key=lambda one: one.name not in in_use):
        problem = folder.problem
        broken = problem is not None and problem.kind == "error"
        if not folder.tasks and not broken:
            continue
        groups.append(
            {
                "label": folder.name,
                "badge": badge(folder.name, folder.icon),
                "about": folder.description,
                "problem": sentence(f"{problem.what} {problem.remedy}".strip()) if broken and problem else "",
                "items": [_task_item(spec) for name, spec in folder.tasks.items() if name != "test_connection"]
                + [_task_item(spec) for name, spec in folder.tasks.items() if name == "test_connection"],
            }
        )
    return groups


def _task_item(spec: TaskSpec) -> dict[str, Any]:
    return {"id": spec.name, "label": spec.function_name, "about": spec.description}
