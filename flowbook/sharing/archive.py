"""An integration folder in a zip: read whole and looked through before anything of it is written or run."""

from __future__ import annotations

import io
import os
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from flowbook.errors import AlreadyExists, FileFormatError, InputError, NotFound
from flowbook.models import check_type_name
from flowbook.sharing.reading import imports_of, tasks_of
from flowbook.whole_files import content_at

MAX_FILES = 500
MAX_BYTES = 20 * 1024 * 1024
"""Of all files together, unpacked; and of the zip itself."""
MAX_PATH = 200
_COMPILED = (".so", ".pyd", ".dll", ".dylib", ".exe")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Archive:
    """What is in a zip: ``files`` (path below the folder → bytes), ``left_out`` what is not taken along and why.

    ``tasks`` and ``imports`` are read from the source, nothing is run; ``warnings`` are what one should look at.
    """

    name: str
    files: dict[str, bytes] = field(repr=False)
    tasks: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def extract(self, parent: Path, *, replace: bool = False) -> Path:
        """Write the folder ``parent/name``, whole or not at all. Raises AlreadyExists unless ``replace``."""
        target = parent / self.name
        if os.path.lexists(target) and not replace:
            raise AlreadyExists(f"{target} is there already.", "Give --replace to put this one in its place.")
        made = parent / f".{self.name}.{uuid.uuid4().hex}.tmp"
        try:
            for relative, data in self.files.items():
                path = made / relative
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            _swap(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return target


def _swap(made: Path, target: Path) -> None:
    old = made.with_suffix(".old")
    if os.path.lexists(target):
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        with suppress(FileNotFoundError):
            old.rename(target)
        raise
    if old.is_symlink() or old.is_file():
        old.unlink()
    else:
        shutil.rmtree(old, ignore_errors=True)


def read_archive(path: Path, name: str | None = None) -> Archive:
    """The integration folder in a zip: its one folder with ``tasks.py``, or all of it when that is at its top.

    ``name`` overrides the folder's (the zip's own name when there is no folder). Raises NotFound; FileFormatError for
    what is no zip, is too large, or leads out of the folder: absolute paths, "..", links, devices.
    """
    path = Path(path)
    members = dict(_members(path))
    top = _top(members, path)
    chosen = check_type_name(name or top or path.stem)
    files, left_out, warnings = {}, [], []
    for member, data in members.items():
        inside = member.removeprefix(f"{top}/") if top else member
        why = _unwanted(member, top)
        if why:
            left_out.append(f"{member} ({why})")
            continue
        files[inside] = data
        if inside.lower().endswith(_COMPILED):
            warnings.append(f"{inside} is compiled code, which cannot be read here")
    found, unreadable = imports_of(files)
    return Archive(chosen, files, tasks_of(files), found, tuple(left_out), (*warnings, *unreadable))


def _unwanted(member: str, top: str) -> str:
    parts = member.split("/")
    if top and parts[0] != top:
        return "beside the folder"
    if "__pycache__" in parts or member.endswith((".pyc", ".pyo")):
        return "compiled; Python makes it anew"
    if member.endswith(".pth"):
        return "Python runs such files where it finds them; no integration needs one"
    return "hidden" if any(part.startswith(".") for part in parts) else ""


def _top(members: dict[str, bytes], path: Path) -> str:
    """The folder that holds the integration; "" when the zip itself does."""
    if "tasks.py" in members or "__init__.py" in members:
        return ""
    tops = {m.split("/")[0] for m in members if m.count("/") == 1 and m.endswith(("/tasks.py", "/__init__.py"))}
    if len(tops) == 1:
        return tops.pop()
    if tops:
        raise FileFormatError(f"{path}: it holds several folders: {', '.join(sorted(tops))}.", "Make a zip of each.")
    raise FileFormatError(f"{path}: there is no integration in it.", "It must hold a folder with tasks.py.")


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        content = content_at(path, MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise FileFormatError(f"{path}: it is larger than {MAX_BYTES // 1024**2} MiB.", "Take out what is no code.")
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            yield from _read(file, path)
    except FileNotFoundError:
        raise NotFound("file", str(path), hint="Check the path.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise FileFormatError(f"{path}: this is not a sound zip file: {error}.", "Make it again.") from None


def _read(file: zipfile.ZipFile, path: Path) -> Iterator[tuple[str, bytes]]:
    infos = file.infolist()
    if len(infos) > MAX_FILES:
        raise FileFormatError(f"{path}: it holds more than {MAX_FILES} files.", "An integration needs fewer.")
    left = MAX_BYTES
    seen: set[str] = set()
    for info in infos:
        name = _safe_name(info, path)
        if info.is_dir():
            continue
        if name.casefold() in seen:
            raise FileFormatError(f"{path}: {name!r} is in it twice.", "Make it again.")
        seen.add(name.casefold())
        with file.open(info) as member:
            data = member.read(left + 1)  # what the zip says of sizes may be a lie
        left -= len(data)
        if left < 0:
            raise FileFormatError(
                f"{path}: unpacked it is larger than {MAX_BYTES // 1024**2} MiB.", "Take out what is no code."
            )
        yield name, data


def _safe_name(info: zipfile.ZipInfo, path: Path) -> str:
    """The member's path, when writing it can only end up below the folder."""
    name = info.orig_filename
    parts = PurePosixPath(name).parts
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    wrong = ""
    if not name or name.startswith("/") or "\\" in name or ":" in name or ".." in parts:
        wrong = "leads out of the folder"
    elif len(name) > MAX_PATH or not name.isprintable():
        wrong = "is no name for a file"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        wrong = "is a link or device"
    elif info.flag_bits & 0x1:
        wrong = "is encrypted"
    elif info.compress_type not in _METHODS:
        wrong = "is compressed in an unusual way"
    if wrong:
        raise FileFormatError(f"{path}: {name[:MAX_PATH]!r} {wrong}; nothing was unpacked.", "Do not trust this file.")
    return "/".join(parts)
