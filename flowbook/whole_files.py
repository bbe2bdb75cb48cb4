"""Reads files, and replaces them, as a whole or not at all: Flowbook's own, and those that a person names.

Those of its own are never a pipe or a device, and belong to whom their folder belongs; those of a person may be either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import uuid
from pathlib import Path
from typing import BinaryIO

SILENT_SECONDS = 30.0
"""How long a pipe that a person names may be silent."""
MAX_GIVEN = 1 << 30
"""Bytes of a file that a person names, where nothing else is said."""
MAX_OWN = 64 << 20
"""Bytes of a small file of Flowbook's own: settings, grants, drafts."""


def opened(path: str | os.PathLike[str]) -> BinaryIO:
    """A file of Flowbook's own, open to be read; OSError also for a pipe or a device, which might never give an end."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file")
    return os.fdopen(descriptor, "rb")


def text_in(path: str | os.PathLike[str]) -> str:
    """The text, in UTF-8, of a small file of Flowbook's own. Raises as :func:`opened`, and UnicodeDecodeError.

    OSError also for one of more than :data:`MAX_OWN`, which somebody else must have made: reading it takes the memory.
    """
    with opened(path) as file:
        read = file.read(MAX_OWN + 1)
    if len(read) > MAX_OWN:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_OWN >> 20} MiB")
    return read.decode("utf-8")


def content_at(path: str | os.PathLike[str], most: int = MAX_GIVEN, seconds: float = SILENT_SECONDS) -> bytes:
    """Up to ``most`` bytes of a file that a person names, or of what comes out of a pipe.

    OSError also for a folder or a socket, and for a pipe or a device out of which nothing came for ``seconds``.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        content = bytearray()
        came = True
        while len(content) < most:
            piece = _piece(descriptor, min(most - len(content), 1 << 20))
            if piece:
                content += piece
            elif piece is not None and (content or stat.S_ISREG(kind) or not came):
                break
            else:  # nothing yet; or nobody has opened the pipe yet to write into it
                came = False
                if not select.select([descriptor], [], [], seconds)[0]:
                    raise TimeoutError(errno.ETIMEDOUT, f"it is no file, and nothing came out of it for {seconds:g} s")
        return bytes(content)
    finally:
        os.close(descriptor)


def _piece(descriptor: int, most: int) -> bytes | None:
    """Some bytes, none at the end; None when there are none yet."""
    try:
        return os.read(descriptor, most)
    except BlockingIOError:
        return None


def replace_content(path: str | os.PathLike[str], content: bytes | None) -> None:
    """Write ``content`` to the file that a person names, which is replaced as a whole or not at all. Raises OSError.

    A pipe or a device (``/dev/stdout``, ``/dev/null``) is written to, and never replaced by a file. None only finds out
    whether it can be written.
    """
    try:
        kind = os.stat(path).st_mode
    except FileNotFoundError:
        kind = stat.S_IFREG
    target = Path(os.path.realpath(path))
    if stat.S_ISDIR(kind) or target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(kind):
        if content is None:
            return
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))  # else a pipe nobody reads is waited for
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        return
    beside = target.with_name(name_beside(target.name))
    try:
        with beside.open("xb") as file:
            if content is None:
                return
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            if target.exists():
                os.chmod(beside, target.stat().st_mode & 0o777)
                hand_over(file.fileno(), target)
        beside.replace(target)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def name_beside(name: str) -> str:
    """A new name for what will take the place of a file, in its folder: with a part of its name and its ending, and no
    longer than the 255 bytes that file systems take."""
    start, end = (
        part.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
        for part, most in ((name, 100), (Path(name).suffix, 40))
    )
    return f".{start}.{uuid.uuid4().hex}.tmp{end}"


def hand_over(descriptor: int, to: str | os.PathLike[str]) -> None:
    """Have a file that was just made belong to whom ``to`` belongs, a file that it replaces or its folder.

    Only the administrator has any use for it: what they make in a workspace of somebody else would shut that person
    out. By the descriptor, as a path may lead elsewhere by then.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):  # gone, or a file system that knows no owners
        whose = os.stat(to)
        if whose.st_uid != 0:
            os.fchown(descriptor, whose.st_uid, whose.st_gid)


def make_empty(path: Path, mode: int = 0o600) -> None:
    """Make an empty file of Flowbook's own, for a library that opens it, where the administrator's would be in the way
    of the person to whom the folder belongs; see :func:`hand_over`. Nobody else's is made here.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        hand_over(descriptor, path.parent)
        os.close(descriptor)


def make_own_folder(path: Path, mode: int = 0o777) -> None:
    """Make a folder of Flowbook's own, if it is not there, for whom the folder around it belongs to. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        return
    if os.name == "posix" and os.geteuid() == 0:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        hand_over(descriptor, path.parent)
        os.close(descriptor)
