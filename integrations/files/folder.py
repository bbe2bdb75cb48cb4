"""The folder that all paths stay inside: reading within a size limit, writing all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from flowbook import TaskFailed, contents, current, errors, paths

from .models import Credentials


class Folder:
    """The files of one node. TaskFailed when the folder is not there."""

    def __init__(self, credentials: Credentials) -> None:
        base = current().root or Path.cwd()
        self.root = paths.folder_of(base / credentials.root if credentials.root else base)
        if not self.root.is_dir():
            what = "is not a folder" if self.root.exists() else "does not exist"
            raise TaskFailed(f"The folder {self.root} {what}.", hint="Correct root in the integration.")

    def name(self, path: Path) -> str:
        """A path as it is shown: relative to the folder, with "/"; whole when it is in a place outside."""
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    def find(self, path: str, *, follow: bool = True, writing: bool = False) -> Path:
        """The absolute path of something inside; InputError when it is outside, TaskFailed when it is not there."""
        target = paths.inside(self.root, path, follow=follow, writing=writing)
        if not os.path.lexists(target):
            raise TaskFailed(f"There is no {path!r} in {self.root}.", hint=self._nearby(target))
        return target

    def _nearby(self, target: Path) -> str:
        with suppress(OSError):
            stems = {Path(name).stem: name for name in os.listdir(target.parent)}
            close = errors.nearest(target.stem, stems)  # the ends alone would make any two tables near
            if close:
                return f"Did you mean {self.name(target.parent / stems[close])!r}?"
        return "Check the path; a relative one starts at that folder."

    def read(self, path: str, max_bytes: int) -> bytes:
        """A file's content; TaskFailed when it is larger than ``max_bytes``."""
        target = self.find(path)
        with failing(path), open(target, "rb") as file:
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise TaskFailed(
                f"{path} has {target.stat().st_size:,} bytes, more than {max_bytes:,}.",
                hint="Raise max_bytes to read it all the same.",
            )
        return content

    def target(self, path: str, moved: Path | None = None) -> Path:
        """Where to write a file, or to move another one to; the folders before it are made."""
        target = paths.inside(self.root, path, writing=True)
        if target.is_dir():
            raise TaskFailed(f"{path} is a folder.", hint="Name a file in it.")
        if moved is None:
            current().about_to("file", self.name(target), "write")
        else:
            over = ", in place of what is there" if target.exists() else ""
            current().about_to("file", self.name(moved), f"move to {self.name(target)}{over}")
        with failing(path):
            target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write(self, path: str, content: bytes) -> dict[str, Any]:
        """Replace a file's content, or make the file; what was written as {"path", "bytes"}."""
        return self.write_by(path, lambda file: file.write(content))

    def write_by(self, path: str, write: Callable[[IO[bytes]], object]) -> dict[str, Any]:
        """As :meth:`write`, with the content written by a function.

        It goes to a new file beside the target, which takes its place once it is whole and on disk: whoever reads
        meanwhile, and whoever finds it after a crash, has the old content or the new one.
        """
        target = self.target(path)
        with failing(path), contents.beside(target) as unfinished, open(unfinished, "xb") as file:
            write(file)
            size = file.tell()
        return {"path": self.name(target), "bytes": size}


_WORDS = {
    FileNotFoundError: "is not there",
    IsADirectoryError: "is a folder, not a file",
    NotADirectoryError: "leads through something that is not a folder",
    PermissionError: "cannot be accessed: permission denied",
    FileExistsError: "is in the way of a folder, or there already",
}


@contextmanager
def failing(path: str) -> Iterator[None]:
    """Say what the operating system refused as TaskFailed, with ``path`` as the workflow named it."""
    try:
        yield
    except OSError as error:
        why = _WORDS.get(type(error)) or f"cannot be used: {error.strerror or error}"
        raise TaskFailed(f"{path} {why}.") from None


def decoded(content: bytes, encoding: str, path: str) -> str:
    """Text out of bytes, without a byte order mark; TaskFailed names the first byte that does not fit."""
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        place = f"byte {content[error.start]:#04x} at position {error.start:,}"
        raise TaskFailed(
            f"{path} is not {encoding.removesuffix('-sig')} text: {place} does not fit.",
            hint="Name its encoding, such as cp1252 or latin-1.",
        ) from None


def encoded(text: str, encoding: str, path: str) -> bytes:
    """Bytes out of text; TaskFailed names the first character that the encoding does not have.

    Lone surrogates are no characters, so that no encoding has them: they are written as escapes (``\\ud800``).
    """
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        character = text[error.start]
        raise TaskFailed(
            f"{path} was not written: {encoding} has no character {character!r} (position {error.start:,}).",
            hint="Use utf-8.",
        ) from None
