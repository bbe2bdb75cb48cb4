"""Files to, from and on a machine, by SFTP.

Facts: draft-ietf-secsh-filexfer-02, which OpenSSH speaks, with its extension posix-rename@openssh.com.
"""

from __future__ import annotations

import io
import posixpath
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any

from flowbook import Result, TaskFailed, contents, current, task
from flowbook.counting import counted
from flowbook.ssh import paramiko, place_of, signed_in

from .models import Credentials, DownloadFile, ListFiles, MoveFile, OnePath, UploadFile


@contextmanager
def _files(credentials: Credentials) -> Iterator[Any]:
    with signed_in(credentials) as client:
        try:
            sftp = client.open_sftp()
        except paramiko().SSHException as error:
            if isinstance(error, paramiko().ChannelException) or not client.get_transport().is_active():
                raise
            raise TaskFailed("The machine offers no SFTP.", {"kind": "invalid"}, permanent=True) from None
        sftp.get_channel().settimeout(max(credentials.timeout, 60))
        yield sftp


@contextmanager
def _told(path: str, done: str) -> Iterator[None]:
    """What the machine says about a path, in words."""
    try:
        yield
    except FileNotFoundError:
        raise TaskFailed(
            f"There is no {path} there.", {"kind": "not_found"}, "Check its path.", permanent=True
        ) from None
    except PermissionError:
        words = f"The user may not do that: {path} cannot be {done}."
        hint = "Sign in as a user who may, or have the permissions changed (chmod, chown)."
        raise TaskFailed(words, {"kind": "forbidden"}, hint, permanent=True) from None
    except UnicodeError:
        words, hint = f"A name in {path} there is no UTF-8, which SFTP needs.", "Rename it there: the task run_command."
        raise TaskFailed(words, {"kind": "invalid"}, hint, permanent=True) from None
    except OSError as error:
        if isinstance(error, (TimeoutError, ConnectionError)) or error.args in ((), ("Socket is closed",)):
            raise
        if error.errno is not None:  # this machine's own: its disk may be full
            raise
        said = " ".join(str(error.args[-1]).split()).rstrip(".")
        raise TaskFailed(f"{path} cannot be {done}: {said}.", {"kind": "refused"}, _WHY) from None


_WHY = (
    "SFTP does not say why. Look whether there is room on its disk, whether the name is too long, and, for a move, "
    "whether both are on one file system."
)


@contextmanager
def _into(path: str) -> Iterator[None]:
    """Tell that it is the folder of a new ``path`` which is missing."""
    folder = posixpath.dirname(path) or "."
    try:
        yield
    except FileNotFoundError:
        hint = "Make it first: the task make_folder."
        raise TaskFailed(f"There is no folder {folder} there.", {"kind": "not_found"}, hint, permanent=True) from None


def _about_to(credentials: Credentials, action: str, **detail: Any) -> None:
    current().about_to("sftp", place_of(credentials), action, **detail)


def _progress(done: int, total: int) -> None:
    current().progress(done, total, "bytes")


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"remote_path": "/srv/in/report.csv", "size": 120},
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Put a file, a text or bytes onto the machine. Data: {"remote_path", "size"}.

    It takes the place of the old file when all of it is there: who reads meanwhile has the old one or the new one.
    """
    if (params.file_path is None) == (params.content is None):
        both = "Both file_path and content are given." if params.file_path else "Nothing to upload is given."
        raise TaskFailed(both, hint="Give file_path, or content.", permanent=True)
    if params.file_path is not None:
        path = current().file(params.file_path)
        source: Callable[[], Any] = lambda: path.open("rb")  # noqa: E731
        size = path.stat().st_size
    else:
        given = params.content.encode() if isinstance(params.content, str) else bytes(params.content or b"")
        source, size = (lambda: io.BytesIO(given)), len(given)
    target = params.remote_path
    _about_to(credentials, f"write {target}", size=size)
    unfinished = posixpath.join(posixpath.dirname(target), contents.name_beside(posixpath.basename(target)))
    with _files(credentials) as sftp, source() as file, _told(target, "written"):
        if params.make_folders:
            _make(sftp, posixpath.dirname(target))
        try:
            with _into(target):
                sftp.putfo(file, unfinished, size, callback=_progress, confirm=False)
                about = sftp.stat(unfinished)
            if about.st_size != size:  # writes are not waited for one by one, so that which failed is not told
                raise _cut_off(target, about.st_size or 0, size)
            mode = int(params.mode, 8) if params.mode else _mode_of(sftp, target)
            if mode is not None:
                sftp.chmod(unfinished, mode)
            _replace(sftp, unfinished, target)
        except BaseException:
            with suppress(OSError, paramiko().SSHException, EOFError):
                sftp.remove(unfinished)
            raise
    return Result.ok(f"{counted(size, 'byte')} written to {target}.", {"remote_path": target, "size": size})


def _cut_off(target: str, there: int, size: int) -> TaskFailed:
    words = f"{target} cannot be written: only {there:,} of {counted(size, 'byte')} got there. It is as it was."
    hint = "Look whether there is room on its disk (df), or in the user's quota."
    return TaskFailed(words, {"kind": "full"}, hint)


def _mode_of(sftp: Any, path: str) -> int | None:
    with suppress(FileNotFoundError):
        return stat.S_IMODE(sftp.stat(path).st_mode or 0) or None
    return None


def _replace(sftp: Any, source: str, target: str) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(sftp.stat(target).st_mode or 0):
            raise TaskFailed(f"{target} is a folder there.", hint="Name a file in it.", permanent=True)
    sftp.posix_rename(source, target)


@task(effects="read", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Fetch a file from the machine. Data: {"remote_path", "file_path", "size"}, or without file_path its content:
    a text where it is UTF-8, else bytes.
    """
    if params.file_path is not None:
        current().path(params.file_path, writing=True)  # a place that may not be written is refused first
    with _files(credentials) as sftp, _told(params.remote_path, "read"):
        about = sftp.stat(params.remote_path)
        _check(params, about)
        if params.file_path is None:
            held = io.BytesIO()
            sftp.getfo(params.remote_path, held, callback=_progress, max_concurrent_prefetch_requests=64)
            return Result.ok(f"{counted(len(held.getvalue()), 'byte')} read.", _content(held.getvalue()))
        with (
            contents.replacing(params.file_path) as unfinished,
            unfinished.open("wb") as file,
            _told(params.remote_path, "read"),
        ):
            size = sftp.getfo(params.remote_path, file, callback=_progress, max_concurrent_prefetch_requests=64)
    data = {"remote_path": params.remote_path, "file_path": params.file_path, "size": size}
    return Result.ok(f"{counted(size, 'byte')} saved as {params.file_path}.", data)


def _check(params: DownloadFile, about: Any) -> None:
    if not stat.S_ISREG(about.st_mode or 0):
        hint = "The task list_files shows what is in a folder."
        raise TaskFailed(f"{params.remote_path} is no file.", {"kind": "invalid"}, hint, permanent=True)
    if (about.st_size or 0) > params.max_bytes:
        hint = "Raise max_bytes to fetch it all the same."
        words = f"{params.remote_path} has {about.st_size:,} bytes, more than {params.max_bytes:,}."
        raise TaskFailed(words, hint=hint, permanent=True)


def _content(held: bytes) -> str | bytes:
    try:
        return held.decode()
    except UnicodeDecodeError:
        return held


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_files(credentials: Credentials, params: ListFiles) -> Result:
    """List what is in a folder of the machine, sorted by path.

    Data: a list of {"path", "name", "type": file, folder, link or other, "size", "modified" (ISO, UTC), "mode"}.
    """
    with _files(credentials) as sftp:
        found = sorted(_listed(sftp, params), key=lambda one: str(one["path"]))
    more = f", cut at the limit of {params.limit:,}: there are more" if len(found) > params.limit else ""
    kept = found[: params.limit]
    return Result.ok(f"{len(kept):,} found{more}.", kept)


def _listed(sftp: Any, params: ListFiles) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = [params.remote_path]
    while waiting and len(found) <= params.limit and not current().cancelled:
        folder = waiting.pop()
        with _told(folder, "listed"):
            inside = sftp.listdir_attr(folder)
        for one in inside:
            path = one.filename if folder == "." else posixpath.join(folder, one.filename)
            if params.recursive and stat.S_ISDIR(one.st_mode or 0):
                waiting.append(path)
            if fnmatchcase(one.filename, params.pattern):
                found.append(_described(path, one))
    return found


def _described(path: str, one: Any) -> dict[str, Any]:
    mode = one.st_mode or 0
    kinds = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link"))
    changed = None if one.st_mtime is None else datetime.fromtimestamp(one.st_mtime, timezone.utc)
    return {
        "path": path,
        "name": one.filename,
        "type": next((kind for fits, kind in kinds if fits(mode)), "other"),
        "size": one.st_size,
        "modified": None if changed is None else changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mode": f"{stat.S_IMODE(mode):o}",
    }


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_file(credentials: Credentials, params: OnePath) -> Result:
    """Delete a file or an empty folder on the machine, if it is there. Data: {"deleted"}."""
    _about_to(credentials, f"delete {params.remote_path}")
    with _files(credentials) as sftp:
        try:
            with _told(params.remote_path, "deleted"):
                folder = stat.S_ISDIR(sftp.lstat(params.remote_path).st_mode or 0)
                (sftp.rmdir if folder else sftp.remove)(params.remote_path)
        except TaskFailed as error:
            if isinstance(error.data, dict) and error.data.get("kind") == "not_found":
                return Result.ok(f"There was no {params.remote_path}.", {"deleted": False})
            raise
    return Result.ok("Deleted.", {"deleted": True})


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"created": True},
)
def make_folder(credentials: Credentials, params: OnePath) -> Result:
    """Make a folder on the machine, with those above it, unless it is there. Data: {"created"}."""
    _about_to(credentials, f"make the folder {params.remote_path}")
    with _files(credentials) as sftp, _told(params.remote_path, "made"):
        made = _make(sftp, params.remote_path)
    return Result.ok("Created." if made else "It is there already.", {"created": made})


def _make(sftp: Any, path: str) -> bool:
    """Whether a folder had to be made."""
    missing: list[str] = []
    while path and path != "/":
        try:
            if not stat.S_ISDIR(sftp.stat(path).st_mode or 0):
                raise TaskFailed(f"{path} is no folder there.", {"kind": "invalid"}, permanent=True)
            break
        except FileNotFoundError:
            missing.append(path)
            path = posixpath.dirname(path.rstrip("/"))
    for one in reversed(missing):
        try:
            sftp.mkdir(one)
        except OSError:
            if not _is_folder(sftp, one):  # somebody else may have made it meanwhile
                raise
    return bool(missing)


def _is_folder(sftp: Any, path: str) -> bool:
    with suppress(FileNotFoundError, PermissionError):
        return stat.S_ISDIR(sftp.stat(path).st_mode or 0)
    return False


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"remote_path": "/srv/done/report.csv"},
)
def move_file(credentials: Credentials, params: MoveFile) -> Result:
    """Give a file or a folder on the machine another path. Data: {"remote_path": the new one}."""
    _about_to(credentials, f"move {params.remote_path} to {params.to_path}")
    with _files(credentials) as sftp, _told(params.remote_path, f"moved to {params.to_path}"):
        sftp.lstat(params.remote_path)
        with _into(params.to_path):
            if params.overwrite:
                _replace(sftp, params.remote_path, params.to_path)
            else:
                _check_free(sftp, params.to_path)
                sftp.rename(params.remote_path, params.to_path)
    return Result.ok(f"Moved to {params.to_path}.", {"remote_path": params.to_path})


def _check_free(sftp: Any, path: str) -> None:
    with suppress(FileNotFoundError):
        sftp.lstat(path)
        hint = "Set overwrite to replace it."
        raise TaskFailed(f"There is a {path} already.", {"kind": "conflict"}, hint, permanent=True)
