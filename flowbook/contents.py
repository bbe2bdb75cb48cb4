"""Whole files that integrations are given and leave behind: a path or the content itself, read within a limit.

from flowbook import contents

name, book = contents.read(params.path, params.content, params.max_bytes)
with contents.replacing(params.target) as unfinished:
    unfinished.write_bytes(made)

target = contents.landing(params.file_path, params.overwrite)  # before anything is asked for
with contents.replacing(target(name_that_the_service_gives)) as unfinished:
    ...
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flowbook.errors import TaskFailed
from flowbook.tasks import current
from flowbook.whole_files import hand_over, name_beside

__all__ = ["as_data", "beside", "landing", "name_beside", "place", "read", "replacing"]

_BYTES = (bytes, bytearray, memoryview)
_PARTS = re.compile(r"[/\\]")


def read(path: str | None, content: Any = None, max_bytes: int = 100_000_000) -> tuple[str, bytes]:
    """The name and the bytes of a file that params give by its path, or as its content (bytes, or base64).

    A relative path starts at the workspace's folder. TaskFailed when both or neither are given, when there is no such
    file, and when it is larger than ``max_bytes``.
    """
    if (path is None) == (content is None):
        both = "Both a path and a content are given." if path is not None else "No file is given."
        raise TaskFailed(both, hint="Give its path, or its content (bytes, or base64).", permanent=True)
    name, held = ("the content", _bytes_of(content)) if path is None else (path, _bytes_in(path, max_bytes))
    if len(held) > max_bytes:
        size = current().file(path).stat().st_size if path is not None else len(held)
        hint = "Raise max_bytes to read it all the same."
        raise TaskFailed(f"{name} has {size:,} bytes, more than {max_bytes:,}.", hint=hint, permanent=True)
    return name, held


def _bytes_in(path: str, max_bytes: int) -> bytes:
    with _in_words(path, "read"), open(current().file(path), "rb") as file:
        return file.read(max_bytes + 1)


def _bytes_of(content: Any) -> bytes:
    if isinstance(content, _BYTES):
        return bytes(content)
    if isinstance(content, str):
        with suppress(ValueError):
            return base64.b64decode(content, validate=True)
    hint = "Give bytes, such as http.request gives with response: bytes, or base64 text."
    raise TaskFailed("The content is neither bytes nor base64.", hint=hint, permanent=True)


def as_data(content: bytes, encoding: str = "utf-8") -> dict[str, str]:
    """What a task gives of a file's bytes: {"content"}, their text, or {"content_base64"} where they are none."""
    try:
        return {"content": content.decode(encoding)}
    except UnicodeDecodeError:
        return {"content_base64": base64.b64encode(content).decode()}


def place(path: str, overwrite: bool = True) -> Path:
    """The file that a task is about to write, by the path that a param gives; the folders before it are made.

    InputError for a place that may not be written; TaskFailed for a folder, and for a file that is there already
    unless ``overwrite`` is set.
    """
    target = _free(path, overwrite)
    with _in_words(path, "written"):
        target.parent.mkdir(parents=True, exist_ok=True)
    return target


def landing(path: str, overwrite: bool = False) -> Callable[[str], Path]:
    """Where a download goes (:func:`place`), as a function of the name that the service gives it.

    ``path`` names the file itself, or a folder (with a / at its end, or one that is there) in which it gets that name.
    What can be refused beforehand is refused here: a place that may not be written, and a file that is there already
    unless ``overwrite`` is set.
    """
    if not (current().path(path).is_dir() or path.endswith(("/", os.sep))):
        _free(path, overwrite)
        return lambda name: place(path, overwrite)
    return lambda name: place(f"{path.rstrip('/')}/{_PARTS.split(name)[-1]}", overwrite)


def _free(path: str, overwrite: bool) -> Path:
    target = current().path(path, writing=True)
    if target.is_dir():
        raise TaskFailed(f"{path} is a folder.", hint="Name a file in it.", permanent=True)
    if not overwrite and target.exists():
        hint = "Turn on overwrite, or name another."
        raise TaskFailed(f"The file {path} is there already.", hint=hint, permanent=True)
    return target


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A free name to write a file at, which takes the place of ``path`` when the block ends well.

    That is what a param gives, or a :func:`place`. Who reads meanwhile, and who finds the file after a crash, has the
    old content or the new one; a block that fails leaves nothing behind. TaskFailed for what the system refuses.
    """
    target = path if isinstance(path, Path) else place(path)
    with _in_words(str(path), "written"), beside(target) as unfinished:
        yield unfinished


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """As :func:`replacing`, for a file that is known to be one to write, and with an OSError as it is."""
    unfinished = target.with_name(name_beside(target.name))
    try:
        yield unfinished
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
            if target.exists():
                hand_over(file.fileno(), target)
        if target.exists():
            os.chmod(unfinished, target.stat().st_mode & 0o7777)
        os.replace(unfinished, target)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


@contextmanager
def _in_words(path: str, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno is None or isinstance(error, (ConnectionError, TimeoutError)):
            raise  # of the line that what is written comes by: it is for who reads from it to tell
        raise TaskFailed(f"{path} cannot be {done}: {error.strerror or error}.", hint="Check its path.") from None
