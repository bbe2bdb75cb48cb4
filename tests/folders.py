"""Integration folders that tests write."""

from __future__ import annotations

from pathlib import Path


def add_folder(root: Path, name: str, tasks: str) -> None:
    """Put an integration folder with these tasks into the workspace at ``root``."""
    folder = root / "integrations" / name
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "tasks.py").write_text(tasks)
