"""What a running task may know of its run, and say to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from flowbook import paths
from flowbook.errors import FlowbookError, TaskFailed
from flowbook.internal import internal
from flowbook.limits import NONE, Limits
from flowbook.tasks.abandoning import Abandonable
from flowbook.tasks.intent import Intent, Rehearsal
from flowbook.tasks.renewing import Renew
from flowbook.tasks.shared import Owner, Shared
from flowbook.tasks.stop import Stop

if TYPE_CHECKING:
    from flowbook.tasks.children import Child

T = TypeVar("T")

_LOOK_AGAIN = 0.1  # seconds


class SubWorkflows(Protocol):
    """The workflows that a call can run as a part of its run: called, it runs one for the call ``parent``."""

    def __call__(self, name: str, inputs: Mapping[str, Any], parent: Context, /) -> Any:
        """Run it, as :meth:`Context.run_workflow`."""

    def describe(self, name: str) -> dict[str, Any]:
        """What it is for, as :meth:`Context.describe_workflow`."""


class Context:
    """The run that a task is part of; outside of a run everything is empty and harmless.

    ``run_id``, ``workflow`` and ``node_id`` name where it runs; ``attempt`` counts from 1; ``index`` is the position in
    a ``for_each`` list, else None; ``root`` is the workspace's folder, None outside of one; ``inputs`` and ``nodes``
    are what expressions see.
    """

    __slots__ = ("_limits", "_owner", "_progress", "_rehearsal", "_renew", "_run_workflow", "_shared", "_stop",
                 "attempt", "index", "inputs", "node_id", "nodes", "root", "run_id", "workflow")  # fmt: skip

    def __init__(
        self,
        run_id: str = "",
        workflow: str = "",
        node_id: str = "",
        attempt: int = 1,
        index: int | None = None,
        root: Path | None = None,
        inputs: Mapping[str, Any] | None = None,
        nodes: Mapping[str, Any] | None = None,
        stop: Stop | None = None,
        progress: Callable[[float, float | None, str], None] | None = None,
        run_workflow: SubWorkflows | None = None,
        shared: Shared | None = None,
        owner: Owner = ("", ""),
        limits: Limits = NONE,
        rehearsal: Rehearsal | None = None,
        renew: Renew | None = None,
    ) -> None:
        self.run_id = run_id
        self.workflow = workflow
        self.node_id = node_id
        self.attempt = attempt
        self.index = index
        self.root = root
        self.inputs = inputs if inputs is not None else {}
        self.nodes = nodes if nodes is not None else {}
        self._stop = stop
        self._progress = progress
        self._run_workflow = run_workflow
        self._shared = shared
        self._owner = owner
        self._limits = limits
        self._rehearsal = rehearsal
        self._renew = renew

    @property
    def idempotency_key(self) -> str:
        """A key for services that take one: the same for each attempt of this call, another for every other call."""
        if not self.run_id:
            return ""
        return f"{self.run_id}.{self.node_id}" + ("" if self.index is None else f".{self.index}")

    @property
    def rehearsing(self) -> bool:
        """Whether this is a dry run, in which nothing outside is changed."""
        return self._rehearsal is not None

    def about_to(self, kind: str, target: str, action: str, **detail: Any) -> None:
        """In a dry run, remember this call (see :class:`~flowbook.tasks.intent.Intent`) and end the task; else nothing.

        To be asked right before anything outside is changed. ``detail`` is plain data, without credentials.
        """
        if self._rehearsal is not None:
            self._rehearsal.about_to(Intent(kind, target, action, detail))

    def note_intents(self, intents: Iterable[Intent]) -> None:
        """In a dry run, count what a run inside of this one would do as what this task would."""
        if self._rehearsal is not None:
            self._rehearsal.intents.extend(intents)

    @property
    def cancelled(self) -> bool:
        """Whether the run was cancelled or this call timed out: a long task looks at it and returns."""
        return self._stop is not None and self._stop.is_set()

    def progress(self, done: float, total: float | None = None, text: str = "") -> None:
        """Say how far the task is: ``done`` of ``total`` (any unit), with an optional text beside the bar."""
        if self._progress is not None:
            self._progress(done, total, text)

    def sleep(self, seconds: float) -> bool:
        """Wait, but no longer than until the run is cancelled; True when the whole time has passed."""
        if self._stop is None:
            time.sleep(seconds)
            return True
        return not self._stop.wait(seconds)

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Something that the calls of this run with this integration share, such as the cookies of a sign-in.

        ``make()`` makes it for the first call that asks for ``name``. It is in memory only, ends with the run, and is
        not there again when the run is resumed; calls at the same time get the same one. Outside of a run it is made
        for each call.
        """
        return make() if self._shared is None else self._shared.keep(self._owner, name, make)

    def at_end(self, action: Callable[[], object]) -> bool:
        """Have something that :meth:`keep` keeps given back when this run, with all that it is inside of, has ended.

        False when nobody will tell of that, as outside of a run and in a process of its own: ``action`` is not called.
        """
        return self._shared is not None and self._shared.at_end(action)

    def hide(self, secret: str) -> None:
        """Keep a secret that the task came by (a token that it was given) out of what this run records and shows."""
        if self._shared is not None:
            self._shared.hide(secret)

    def renewed(self, refused: str, *, again: bool = False) -> str:
        """A new access token, when the service ended the one that this call works with before its time.

        For the integrations that people sign in for. Ask once for a request (or sign-in) that was refused, and send it
        once more with what this gives; empty means that there is no other token. When that one is refused at once, say
        so by ``again``: no other is got in its place. :class:`flowbook.http.Session` does all of it by itself. Raises
        TaskFailed when the service gives none, and says why.
        """
        if self._renew is None or not refused:
            return ""
        try:
            token = self._renew(refused, again=again)
        except TaskFailed:
            raise
        except FlowbookError as error:
            raise TaskFailed(error.message, hint=error.hint, permanent=error.permanent) from None
        if not token or token == refused:
            return ""
        self.hide(token)
        return token

    def path(self, name: str | os.PathLike[str], *, writing: bool = False) -> Path:
        """The file on this machine that a param names: a relative one starts at ``root``, ``~`` is the home folder.

        In a run it is inside the workspace's folder, with links followed, else InputError; with ``writing`` it is also
        nothing that would run by itself (:func:`flowbook.paths.inside`). Outside of a run a path stays as it is. The
        file need not exist.
        """
        path = paths.expanded(name)
        if self.root is not None:
            path = paths.inside(self.root, path if str(name) else "", writing=writing)
        if writing:
            self.about_to("file", os.fspath(name), "write", path=os.fspath(name))
        return path

    def file(self, name: str | os.PathLike[str]) -> Path:
        """The file to read that a param names, as :meth:`path` finds it; TaskFailed when there is none."""
        path = self.path(name)
        if path.is_file():
            return path
        relative = not paths.expanded(name).is_absolute()
        hint = f"A relative path starts at {self.root or Path.cwd()}." if relative else "Check its path."
        raise TaskFailed(f"There is no file {os.fspath(name)!r}.", hint=hint)

    def credential_file(self, name: str | os.PathLike[str]) -> Path:
        """The file that a field of the credentials names, such as a certificate; a relative one starts at ``root``.

        It may be anywhere: credentials are written by whoever owns the workspace, never by a workflow. For what params
        name there is :meth:`path`.
        """
        path = paths.expanded(name)
        return path if self.root is None else self.root / path

    def check_host(self, host: str, port: int | None = None) -> None:
        """TaskFailed unless the integration of this call may be used with that server; ask before connecting to it.

        :class:`flowbook.http.Session` does so by itself, for each redirect and page too; this is for a task that
        connects in another way (from threads of its own by the ``current()`` that it took along). Outside of a run, and
        for a node without an integration, every server is allowed.
        """
        self._limits.check_host(host, port)

    @contextmanager
    def on_cancel(self, callback: Callable[[], object]) -> Iterator[None]:
        """Have ``callback`` called (from another thread) when the run is cancelled inside the ``with`` block.

        For what blocks and cannot look at ``cancelled``: ``with current().on_cancel(connection.cancel): ...``. When the
        process ends meanwhile, it waits a moment for the block to be left.
        """
        if not isinstance(self._stop, Stop):
            yield  # nobody stops it, or only by what is looked at
            return
        self._stop.add(callback)
        try:
            yield
        finally:
            self._stop.remove(callback)

    def wait_for(self, call: Callable[[], T], doing: str, let_go: Callable[[T], object] | None = None) -> T:
        """What ``call()`` gives, waited for no longer than until the run is cancelled.

        For a library that connects, or asks something, and cannot be interrupted meanwhile:
        ``line = current().wait_for(lambda: connect(host), f"connecting to {host}", close)``. It is called in a thread
        of its own, which goes on until it ends by itself; what it gives when nobody waits any more is handed to
        ``let_go``. What it raises is raised. TaskFailed (``{"kind": "cancelled"}``, "Cancelled while ``doing``") when
        the run is cancelled meanwhile; when it was before, nothing is called.
        """
        if self._stop is None:
            return call()
        left = Abandonable(call, "flowbook-waited-for", let_go)
        if not self._stop.is_set():
            left.start()
        look_again = None if isinstance(self._stop, Stop) else _LOOK_AGAIN  # who stops it by a sign wakes it, too
        try:
            with self.on_cancel(left.woken.set):
                while not self._stop.is_set() and not left.woken.wait(look_again):
                    pass
        except BaseException:  # a notebook's Stop
            left.abandon()
            raise
        if self._stop.is_set():
            left.abandon()
            raise TaskFailed(f"Cancelled while {doing}.", {"kind": "cancelled"})
        return left.outcome()

    @internal
    def adopt(self, child: Child, *, hold: bool = False) -> None:
        """Have a process that this call started end when the call is given up, with those that it starts.

        Processes of ``subprocess``, ``multiprocessing`` and ``os`` are adopted as they start. ``hold`` is for a child
        that nobody else keeps.
        """
        if isinstance(self._stop, Stop):
            self._stop.adopt(child, hold=hold)

    def run_workflow(self, name: str, inputs: Mapping[str, Any] | None = None) -> Any:
        """Run another workflow of the same workspace, as part of this run; the finished run is returned.

        Raises FlowbookError outside of a run, NotFound for an unknown name, RunFailed when it fails.
        """
        if self._run_workflow is None:
            raise FlowbookError("a sub-workflow can only be run from inside a run of a workspace.")
        return self._run_workflow(name, dict(inputs or {}), self)

    def describe_workflow(self, name: str) -> dict[str, Any]:
        """What a workflow of the same workspace is for: {"description", "parameters" (a JSON Schema), "ends" (nodes)}.

        Raises FlowbookError outside of a run, NotFound for an unknown name.
        """
        if self._run_workflow is None:
            raise FlowbookError("workflows can only be looked up from inside a run of a workspace.")
        return self._run_workflow.describe(name)


_DETACHED = Context()
_current: ContextVar[Context] = ContextVar("flowbook_current", default=_DETACHED)


def current() -> Context:
    """The context of the task that is running here; a harmless empty one outside of a run."""
    return _current.get()


@contextmanager
def running_as(context: Context) -> Iterator[Context]:
    """Make ``context`` the current one inside the ``with`` block (for the engine and for tests)."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
