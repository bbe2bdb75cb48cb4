"""What the palette lists: the recently used, the ways to steer, and the tasks of the integration folders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from flowbook.catalog import Listed, TaskBrief
from flowbook.tasks import TaskSpec
from flowbook.ui.editor import steering
from flowbook.ui.parts.picker import Group
from flowbook.ui.parts.theme import sentence
from flowbook.view.graph.badges import badge

MORE = "More integrations"
RECENT_SHOWN = 5
TAKING_AWAY = ("delete_", "remove_")  # tasks that are found after others
TRIAL = "test_connection"
# Other folders' tasks have the file in their name, and would come first, though these need no credentials.
CALLED = {
    "files.copy": ["copy file"],
    "files.delete": ["delete file", "remove file"],
    "files.exists": ["file exists"],
    "files.glob": ["list files", "find files", "list folder", "list directory"],
    "files.move": ["move file", "rename file"],
    "files.read_text": ["read file", "open file"],
    "files.write_text": ["write file", "create file", "save file"],
}


def needs_account(folder: Listed) -> bool:
    """Whether its tasks do nothing without credentials: one is required, or they are those of one certain service.

    That is told by a secret beside hosts that the folder names, or an address that has a default. Where the address is
    a person's own (``http``), a secret is for those services that want one.
    """
    if any(one.required for one in folder.credentials):
        return True
    secret = any(one.secret for one in folder.credentials)
    known = any(one.type == "url" and one.default is not None for one in folder.credentials)
    return secret and (known or bool(folder.hosts))


def offered(folder: Listed) -> list[TaskSpec | TaskBrief]:
    """The tasks that a node is made for: all but the one that tries credentials."""
    return [spec for name, spec in folder.tasks.items() if name != TRIAL]


def in_order(folders: Iterable[Listed], in_use: Collection[str]) -> list[tuple[str, list[Listed]]]:
    """The folders as they are offered: those that are set up, those that need no account, the others."""
    parts: dict[str, list[Listed]] = {"Set up": [], "Needs no account": [], MORE: []}
    for folder in folders:
        free = MORE if needs_account(folder) else "Needs no account"
        parts["Set up" if folder.name in in_use else free].append(folder)
    return list(parts.items())


def palette_groups(
    folders: Sequence[Listed],
    in_use: Collection[str] = (),
    recent: Sequence[str] = (),
    kinds: Collection[steering.Kind] = (),
) -> list[Group]:
    """The groups of the palette. ``in_use`` are the folders of which there is an integration, ``recent`` tasks.

    A folder that cannot be used is there with its problem. With ``kinds`` only those ways to steer are listed.
    """
    groups: list[Group] = [{"label": "Ways to steer", "items": steering.items(kinds)}]
    for label, part in in_order(folders, in_use):
        items = [_item(spec, folder) for folder in part for spec in offered(folder)]
        more = label == MORE
        if items:
            count = len([folder for folder in part if offered(folder)])
            groups.append({"label": f"{label} ({count})" if more else label, "items": items, "shut": more})
    known = {item["id"]: item for group in groups[1:] for item in group["items"]}
    last = [known[name] for name in recent if name in known][:RECENT_SHOWN]
    if last:
        groups.insert(0, {"label": "Recently used", "items": last, "again": True})
    return [*groups, *(broken for folder in folders if (broken := _broken(folder)))]


def _item(spec: TaskSpec | TaskBrief, folder: Listed) -> dict[str, Any]:
    return {
        "id": spec.name, "label": spec.function_name, "detail": folder.name, "about": spec.description,
        "badge": badge(folder.name, folder.icon),
        **({"words": CALLED[spec.name]} if spec.name in CALLED else {}),
        **({"late": True} if spec.function_name.startswith(TAKING_AWAY) else {}),
    }  # fmt: skip


def _broken(folder: Listed) -> Group | None:
    problem = folder.problem
    if problem is None or problem.kind != "error":
        return None
    return {
        "label": folder.name, "badge": badge(folder.name, folder.icon), "about": folder.description, "items": [],
        "problem": sentence(f"{problem.what} {problem.remedy}".strip()),
    }  # fmt: skip
