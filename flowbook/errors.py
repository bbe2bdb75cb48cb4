"""Every error that Flowbook raises, in one tree.

::

    FlowbookError                 anything that Flowbook itself reports           exit code
    ├── InputError                what a person gave cannot be used                      2
    │   ├── InvalidName           a name that breaks the naming rule
    │   ├── NotFound              nothing has that name; suggests the nearest one
    │   ├── AlreadyExists         the name, node or edge is there already
    │   ├── InUse                 refused, since something else needs it
    │   ├── FileFormatError       a file that cannot be read as what it should be
    │   ├── InvalidWorkflow       the workflow has problems; carries the report
    │   ├── InvalidInputs         the inputs given to a run do not fit the workflow's
    │   ├── AlreadyRunning        another run of the workflow goes on, and this one was to be alone
    │   ├── RunHeld               a run is resumed only once a person has said what became of some nodes
    │   └── UnfitCredentials      credentials that do not fit their integration type
    ├── ExpressionError           a ${{ }} expression could not be read or evaluated     2
    │   ├── ExpressionSyntaxError it is not an expression of the language
    │   ├── ExpressionLookupError it names something that is not there
    │   └── ExpressionLimitError  it went over one of its budgets
    ├── CatalogError              an integration folder could not be used                2
    ├── TaskFailed                raised by a task to fail with a clear message          1
    ├── VaultError                credentials cannot be had                              3
    │   ├── VaultLocked           there is no key to open the vault with
    │   ├── WrongKey              the store was encrypted with another key
    │   ├── MissingCredentials    an integration that a node needs is not there
    │   │   └── SignInNeeded      it is there, and somebody has to sign in (again)
    │   ├── SignInFailed          signing in did not come to its end
    │   └── Untrusted             a workflow from a file asks for what needs consent
    ├── StoreError                the workspace's files cannot be read or written        2
    │   ├── StoreDamaged          the file is damaged; nothing was overwritten
    │   └── Conflict              a newer revision was saved meanwhile
    └── RunError                  a run did not succeed
        ├── RunFailed             at least one node failed unhandled                     1
        └── RunCancelled          somebody cancelled it                                130

Each one says what happened and where in its message, what to do in ``hint``, and in ``page`` which page of the
documentation explains it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from flowbook.internal import internal
from flowbook.slips import nearest as nearest  # integrations call them by this module
from flowbook.slips import suggest as suggest

if TYPE_CHECKING:
    from typing_extensions import Self


class FlowbookError(Exception):
    """Anything that Flowbook itself reports.

    ``message`` says what happened and where, ``hint`` what to do about it (may be empty), and
    ``page`` names the page of the documentation that explains it: ``flowbook docs PAGE`` shows it. ``fields`` maps the
    fields that it is about to what is wrong with each, where it is about fields. ``permanent`` says that the same would
    come of another try: nothing but a person changes that. ``subject`` is the file or workflow that the message begins
    with; empty where it begins with none.
    """

    exit_code: ClassVar[int] = 2
    page: ClassVar[str] = "errors"
    fields: Mapping[str, str] = {}
    permanent = False
    subject = ""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @classmethod
    @internal
    def about(cls, subject: object, what: str, hint: str = "", *, at: str = "") -> Self:
        """An error of a file or a workflow, whose message begins with that; ``at`` is its line and column there."""
        made = cls(f"{subject}:{at}: {what}" if at else f"{subject}: {what}", hint=hint)
        made.subject = str(subject)
        return made

    @internal
    def apart_from(self, subject: object) -> str:
        """The message for who shows beside it already that it is about ``subject``."""
        return self.message.removeprefix(f"{subject}:").lstrip() if self.subject == str(subject) else self.message

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip() if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """How it reaches another process, as out of a pool: whole, but for a run or an answer, which stays here."""
        here = [name for name in ("run", "response") if not isinstance(self.__dict__.get(name), str)]
        state = {**self.__dict__, **{name: None for name in here if name in self.__dict__}}
        return _same, (type(self), self.args), state

    @property
    def explained(self) -> str:
        """Where to read on, for the end of what is shown to a person."""
        return f"Explained in: flowbook docs {self.page}"

    def _render_traceback_(self) -> list[str]:
        """What IPython shows for this error: itself, not the way through Flowbook's code that led to it.

        https://ipython.readthedocs.io/en/stable/config/integrating.html (custom exception tracebacks).
        """
        return [f"{type(self).__name__}: {self} ({self.explained})"]


def _same(kind: type[FlowbookError], args: tuple[Any, ...]) -> FlowbookError:
    """An error as it was made, without its kind being asked to make it again: each kind takes other things."""
    made = kind.__new__(kind)
    made.args = args
    return made


class InputError(FlowbookError):
    """What a person gave cannot be used."""

    permanent = True


class InvalidName(InputError):
    """A name that breaks the naming rule of its kind."""


class NotFound(InputError):
    """Nothing has that name.

    ``what`` is the kind of thing ("workflow"), ``known`` the names there are; the nearest is suggested.
    """

    def __init__(self, what: str, name: str, known: Iterable[str] = (), hint: str = "") -> None:
        self._known = tuple(known)
        super().__init__(f"there is no {what} {name!r}.", hint or suggest(name, self._known, what))
        self.what = what
        self.name = name

    @property
    def nearest(self) -> str:
        """A sentence that names the nearest of those there are; empty when none is near."""
        close = nearest(self.name, self._known)
        return f"Did you mean {close!r}?" if close else ""


class AlreadyExists(InputError):
    """The name, node or edge is there already."""


class InUse(InputError):
    """Refused, since something else needs it; the message names what."""


class FileFormatError(InputError):
    """A file that cannot be read as what it should be; the message says where."""

    page = "reference/file-format"


class InvalidWorkflow(InputError):
    """The workflow has problems. ``report`` lists them all (see :mod:`flowbook.validation`)."""

    page = "checking"

    def __init__(self, message: str, report: Any = None, hint: str = "") -> None:
        super().__init__(message, hint)
        self.report = report


class InvalidInputs(InputError):
    """The inputs given to a run do not fit the workflow's inputs."""

    page = "how-to/inputs"


class RunHeld(InputError):
    """A run is not resumed before a person says what became of some of its nodes.

    ``nodes`` maps each of them to why it is held.
    """

    page = "how-to/resuming"

    def __init__(self, message: str, nodes: Mapping[str, str], hint: str = "") -> None:
        super().__init__(message, hint)
        self.nodes = dict(nodes)


class AlreadyRunning(InputError):
    """Another run of the workflow goes on, and this one was not to begin beside it. ``run`` is its id, if known."""

    page = "how-to/unattended"
    permanent = False

    def __init__(self, workflow: str, run: str) -> None:
        known = f" (run {run})" if run else ""
        super().__init__(
            f"{workflow} is running already{known}.",
            "Wait for it: --if-running wait. Without --if-running runs may go on side by side.",
        )
        self.run = run


class UnfitCredentials(InputError):
    """Credentials that do not fit their integration type. ``fields`` maps each name to what is wrong with it."""

    page = "how-to/credentials"

    def __init__(self, type: str, fields: Mapping[str, str]) -> None:
        listed = " ".join(f"{name}: {text}" for name, text in fields.items())
        super().__init__(f"the credentials do not fit the integration type {type!r}: {listed}")
        self.fields = dict(fields)


class ExpressionError(FlowbookError):
    """A ``${{ }}`` expression could not be read or evaluated. ``source`` is its text."""

    page = "expressions"
    permanent = True

    def __init__(self, message: str, source: str = "", hint: str = "") -> None:
        super().__init__(message, hint)
        self.source = source


class ExpressionSyntaxError(ExpressionError):
    """The text is not an expression of the language."""


class ExpressionLookupError(ExpressionError):
    """The expression names something that is not there."""


class ExpressionLimitError(ExpressionError):
    """The expression went over one of its budgets; the message names the limit."""


class CatalogError(FlowbookError):
    """An integration folder could not be found, imported or used."""

    page = "adding-an-integration"
    permanent = True


class TaskFailed(FlowbookError):
    """Raised by a task to fail with a clear message (and no traceback). ``data`` is kept.

    Raised ``from`` another exception, it shows in the node's output where that one comes from.
    ``permanent`` says that another try would fail as well, so that a node's ``retry`` makes none.
    """

    exit_code = 1
    page = "run-semantics"

    def __init__(self, message: str, data: Any = None, hint: str = "", *, permanent: bool = False) -> None:
        super().__init__(message, hint)
        self.data = data
        self.permanent = permanent

    def half_done(self, what: str) -> None:
        """Say what was done before the failure, and would be done twice by another try: none is made by itself."""
        self.message = f"{self.message} {what}"
        self.args = (self.message,)
        self.data = {**(self.data or {}), "may_have_taken_effect": True}
        self.permanent = True

    def warn(self) -> None:
        """Say that what was asked for may have been done; for what must not simply be repeated.

        ``data["may_have_taken_effect"]`` is True then.
        """
        self.message = f"{self.message} It may have taken effect all the same."
        look = "Look whether it did before you do it again."
        self.hint = f"{self.hint} {look}".strip()
        self.args = (self.message,)
        self.data = {**(self.data or {}), "may_have_taken_effect": True}


class VaultError(FlowbookError):
    """Credentials cannot be had."""

    exit_code = 3
    page = "security"
    permanent = True


class VaultLocked(VaultError):
    """There is no key to open the vault with."""


class WrongKey(VaultError):
    """The store was encrypted with another key."""


class MissingCredentials(VaultError):
    """An integration that a node needs is not there, or lacks a required credential."""


class SignInNeeded(MissingCredentials):
    """An integration is there, and somebody has to sign in to its service: nobody did, or it has ended."""

    page = "how-to/signing-in"


class SignInFailed(VaultError):
    """Signing in to a service did not come to its end: it was refused, not answered in time, or cannot be asked for."""

    page = "how-to/signing-in"
    permanent = False


class Untrusted(VaultError):
    """A workflow, or the code of a workspace, came from elsewhere and asks for something that needs consent first.

    ``missing`` says what, a sentence each; ``sha256`` stands for just what was looked at (empty: it is about code).
    """

    page = "trust"
    missing: tuple[str, ...] = ()
    sha256: str = ""


class StoreError(FlowbookError):
    """The workspace's files cannot be read or written."""

    page = "reliability"

    @classmethod
    @internal
    def no_lock(cls, file: object, error: Exception) -> Self:
        """The lock ``file`` could not be made or locked: a bad folder, a full disk, a file system that has no locks."""
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return cls(
            f"{file} could not be locked: {why}.",
            "Check that its folder is writable and has space left. To keep nothing: FLOWBOOK_MEMORY_ONLY=1, or "
            "Workspace(memory=True).",
        )


class StoreDamaged(StoreError):
    """The store's file is damaged. Nothing was overwritten; the message says what can be recovered."""

    permanent = True


class Conflict(StoreError):
    """A newer revision was saved meanwhile. ``mine`` and ``theirs`` are revision numbers, 0 for those of a file."""

    def __init__(self, message: str, mine: int, theirs: int, hint: str = "") -> None:
        super().__init__(message, hint)
        self.mine = mine
        self.theirs = theirs


class RunError(FlowbookError):
    """A run did not succeed. ``run`` is the run, with every node's result."""

    exit_code = 1
    page = "run-semantics"

    def __init__(self, message: str, run: Any = None, hint: str = "") -> None:
        super().__init__(message, hint)
        self.run = run

    def _render_traceback_(self) -> list[str]:
        """Its first line; the whole message of each node is in the run, which a notebook shows just above."""
        first, _, more = str(self).strip().partition("\n")
        return [f"{type(self).__name__}: {first.rstrip()}{' …' if more else ''} ({self.explained})"]


class RunFailed(RunError):
    """At least one node failed and nothing handled the failure."""


class RunCancelled(RunError):
    """Somebody cancelled the run."""

    exit_code = 130
