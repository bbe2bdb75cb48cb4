"""What is known of one integration folder: its tasks, its credentials, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from flowbook.catalog.places import Source
from flowbook.models import IntegrationType, Parameter, check_type_name
from flowbook.records import NamedTuple
from flowbook.tasks.oauth2 import SignInField
from flowbook.tasks.spec import TaskSpec


class FolderProblem(NamedTuple):
    """Something wrong with a folder. ``what`` happened, and the ``remedy``.

    An "error" means that the folder, or its last edit, or one of its tasks cannot be used; with a "warning" all of
    it can be tried; a "note" only tells. ``traceback`` is that of a failed import, else empty. ``task`` names the
    function it is about, if it is about one. ``library`` is one that is not installed, and ``needed_by`` the functions
    that may need it. ``untrusted`` says that the folder's code was not imported because nobody trusted it yet.
    """

    folder: str
    what: str
    remedy: str = ""
    traceback: str = ""
    kind: Literal["error", "warning", "note"] = "error"
    task: str = ""
    library: str = ""
    needed_by: tuple[str, ...] = ()
    untrusted: bool = False

    def __str__(self) -> str:
        return f"{self.folder}: {self.what} {self.remedy}".rstrip()


class Folder(NamedTuple):
    """One integration folder, as its files are now (or as its last good version was, when they cannot be imported).

    ``tasks`` maps function names to their specs, ``test_connection`` among them; ``credentials`` are the parameters of
    its integration type, ``declares_credentials`` says whether a model declares them (else they were read out of plain
    code); ``icon`` is SVG text; ``shadows`` are the folders of the same name that it hides;
    ``hosts`` the servers of the service itself, as its ``HOSTS`` names them (patterns of :mod:`flowbook.hosts`);
    ``sign_in`` is the credential that people sign in for, and how; ``takes`` maps a task to the answers of its service
    that look like failures and are documented as successes, as its ``TAKES`` names them (patterns of the names in
    ``flowbook.testing.HTTP_FAULTS``).
    """

    name: str
    path: Path
    source: Source
    description: str = ""
    tasks: Mapping[str, TaskSpec] = MappingProxyType({})
    credentials: tuple[Parameter, ...] = ()
    icon: str | None = None
    problems: tuple[FolderProblem, ...] = ()
    shadows: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    declares_credentials: bool = False
    sign_in: SignInField | None = None
    takes: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    @property
    def test_connection(self) -> TaskSpec | None:
        """The task that tries the credentials, or None when the folder lacks it."""
        return self.tasks.get("test_connection")

    @property
    def problem(self) -> FolderProblem | None:
        """The most serious thing that is wrong, or None. Notes are not counted."""
        return most_serious(self.problems)

    def integration_type(self) -> IntegrationType:
        """What **Create Integration Type** fills itself in with. Raises InvalidName when the folder's name is none."""
        return IntegrationType(
            name=check_type_name(self.name), description=self.description, parameters=self.credentials
        )


def most_serious(problems: Iterable[FolderProblem]) -> FolderProblem | None:
    """The first error, else the first warning, or None."""
    found = [problem for problem in problems if problem.kind != "note"]
    return next((problem for problem in found if problem.kind == "error"), found[0] if found else None)
