"""What whoever owns a workspace says of it in ``.flowbook/settings.json``; what a setting is about reads it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from flowbook.errors import InputError
from flowbook.json_text import parse_json
from flowbook.paths import SETTINGS
from flowbook.whole_files import hand_over, text_in


def settings_in(folder: Path) -> dict[str, Any]:
    """The settings in a workspace's ``.flowbook`` folder, none when there is no such file. Raises InputError."""
    file = folder / SETTINGS
    try:
        found = parse_json(text_in(file))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise InputError(
            f"the settings {str(file)!r} cannot be read: {getattr(error, 'strerror', '') or error}."
        ) from None
    if not isinstance(found, dict):
        raise InputError(f"the settings {str(file)!r} are not understood.", "Write a JSON object.")
    return found


def text_setting(folder: Path | None, name: str, example: str) -> str | None:
    """A setting that is a text; None for a workspace in memory. Raises InputError, with an ``example`` of it."""
    given = None if folder is None else settings_in(folder).get(name)
    if folder is not None and given is not None and not isinstance(given, str):
        raise InputError(
            f"the settings {str(folder / SETTINGS)!r} are not understood.", f"Write {json.dumps({name: example})}."
        )
    return given


def keep_setting(folder: Path, name: str, value: Any) -> None:
    """Write one setting (None takes it away), and leave the others as they are. Raises InputError."""
    others = {key: kept for key, kept in settings_in(folder).items() if key != name}
    settings = {**others, **({} if value is None else {name: value})}
    unfinished = folder / f".{SETTINGS}.{os.getpid()}"
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            hand_over(file.fileno(), folder)
            file.write(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        os.replace(unfinished, folder / SETTINGS)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise InputError(f"the settings {str(folder / SETTINGS)!r} cannot be written: {error.strerror}.") from None
