"""The gate before a run, and what is trusted in one workspace."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from flowbook.catalog import Catalog
from flowbook.errors import FlowbookError, InputError, NotFound, Untrusted
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.store import WorkspaceStore
from flowbook.tasks import TaskSpec
from flowbook.trust.content import Meaning, content_hash
from flowbook.trust.folders import Code, FolderTrust, not_heeded, trusted_by_environment
from flowbook.trust.grants import REACHES, Grant, Grants, Reach
from flowbook.trust.needs import ANY, Need, unmet
from flowbook.trust.permit import OWN, Permit
from flowbook.trust.review import Review, review
from flowbook.trust.shipped import is_shipped
from flowbook.trust.signing import Signatures
from flowbook.workspace.meanings import Meanings
from flowbook.workspace.reading import Origin, Reading


class FolderReview(NamedTuple):
    """What a workspace that came from elsewhere brings along: its ``code``, and what of its stored ``workflows`` needs
    consent, with the hash of each one's content. ``sha256`` stands for all; ``trusted`` is whether the code may be
    imported already."""

    root: Path
    code: Code
    workflows: tuple[tuple[Review, str], ...]
    trusted: bool
    sha256: str


class Trusting:
    """What this user trusts in one workspace."""

    def __init__(
        self,
        root: Path,
        folder: Path | None,
        catalog: Catalog,
        store: WorkspaceStore,
        meanings: Meanings,
        folders: FolderTrust,
        grants: Grants,
    ) -> None:
        self.root = root
        self.folders = folders
        self.grants = grants
        self.signatures = Signatures(root, folder, grants.key)
        self.meanings = meanings
        self._catalog = catalog
        self._store = store
        self._real = os.path.realpath(root)

    # -- what a workflow means here (Surroundings) -------------------------------------------------------------------

    def meaning(self, label: str, folder: str, /) -> Meaning | None:
        """Which integration a label means here."""
        return self.meanings.of(label, folder)

    def task(self, name: str, /) -> TaskSpec:
        """The task of that name."""
        return self._catalog.task(name)

    def code_of(self, folder: str, /) -> str:
        """The hash of an integration folder that is neither built in, nor installed, nor trusted as a folder."""
        try:
            found = self._catalog.folder(folder)
        except FlowbookError:
            return ""
        if found.source in ("built in", "package") or (found.source == "workspace" and self.folders.admission().all):
            return ""
        from flowbook.catalog.loading import Snapshot, stamp_of

        return Snapshot.read(found.path, stamp_of(found.path)).digest

    def stored(self, name: str, /) -> Workflow:
        """The stored workflow of that name."""
        return self._store.workflow(name)

    # -- the gate ------------------------------------------------------------------------------------------------------

    def check_code(self, workflow: Workflow | None) -> None:
        """Untrusted when a workflow uses an integration folder whose code may not be imported."""
        tasks = {node.task for node in workflow.nodes.values()} if workflow is not None else ()
        for name in sorted({task.partition(".")[0] for task in tasks}):
            try:
                problem = self._catalog.folder(name).problem
            except FlowbookError:
                continue
            if problem is not None and problem.untrusted:
                raise Untrusted(f"the integration folder {name!r} is not trusted: {problem.what}", problem.remedy)

    def admit(
        self,
        workflow: Workflow,
        origin: Origin,
        hash: str,
        *,
        parent: Permit | None = None,
        sha256: str | None = None,
    ) -> Permit:
        """What a run of a workflow may do; ``hash`` is that of its content.

        ``parent`` is what the run may do that it is a part of, ``sha256`` what somebody looked at who wants just that
        to run. Raises Untrusted, which says all that is missing and how to look and decide.
        """
        if parent is not None and not parent.own:
            return self._inside(workflow, origin, hash, parent)
        if origin.kind == "object":
            self.signatures.add(hash)  # code that runs here can do all that a person can
            return OWN
        if self._is_own(origin, hash):
            return OWN
        looked = review(workflow, self.target(origin), self)
        if not looked.needs or (sha256 is not None and sha256 == looked.sha256):
            return Permit.of(looked)
        if sha256 is not None:
            raise Untrusted(
                f"{workflow.name} is not what was looked at: its SHA-256 is {looked.sha256}, not {sha256}.",
                f"Look at it again: {self._look(origin)}",
            )
        missing = self._missing(looked)
        if missing:
            raise self._refusal(looked._replace(missing=missing), origin)
        return Permit.of(looked)

    def _inside(self, workflow: Workflow, origin: Origin, hash: str, parent: Permit) -> Permit:
        """What a workflow may do that one runs which may not do everything."""
        if not parent.may_run(workflow.name):
            raise Untrusted(
                f"the workflow {workflow.name!r} is not among those that this run was trusted to run.",
                "Name it in so many words, or trust it to run any: flowbook trust WORKFLOW",
            )
        looked = review(workflow, self.target(origin), self)
        known = parent.workflows.get(workflow.name)
        within = not unmet(looked.needs, parent.needs)
        if known == looked.sha256 or (within and self.is_trusted(workflow, origin)):
            return Permit(
                False, parent.needs, parent.pairs | looked.pairs, {**dict(looked.workflows), **parent.workflows}
            )
        return self.admit(workflow, origin, hash)

    def _is_own(self, origin: Origin, hash: str) -> bool:
        """Whether nothing is asked: it was made here, comes with Flowbook, or its folder is trusted for everything."""
        if is_shipped(hash) or self.signatures.holds(hash):
            return True
        file = origin.kind == "file"
        return trusted_by_environment(Path(os.path.realpath(origin.name)).parent if file else self.root)

    def _missing(self, looked: Review) -> frozenset[Need]:
        """What of a review nobody consented to."""
        missing = looked.needs
        for grant in self._about(looked):
            if grant.sha256 == looked.sha256:
                return frozenset()
            if grant.reach != "version" and self._only_edited_here(looked, grant):
                missing = unmet(missing, grant.needs)
        return missing

    def _only_edited_here(self, looked: Review, grant: Grant) -> bool:
        """Whether what a standing answer is about was changed, since then, by the person alone who gave it.

        They edit the file that it names. What is *stored* they sign when they change it; what is stored without that,
        by an import or an agent, is as it was looked at, or is asked about.
        """
        from flowbook.trust.changes import kept_version

        then = kept_version(self.grants.path.parent, grant.sha256) or {}
        parts = ("nodes", "edges", "inputs")
        if looked.target.startswith("stored:") and any(then.get(one) != looked.document[one] for one in parts):
            return False
        before = then.get("workflows", {})
        return all(before.get(name) == hash or self._is_signed(name) for name, hash in looked.workflows if name != ANY)

    def _is_signed(self, name: str) -> bool:
        """Whether a stored workflow was made, or changed last, by this person."""
        try:
            workflow = self._store.workflow(name)
        except FlowbookError:
            return False
        return self._is_own(Origin("stored", name), content_hash(workflow))

    def _about(self, looked: Review) -> list[Grant]:
        return [
            grant
            for grant in self.grants.all()
            if grant.kind == "workflow" and grant.root == self._real
            and grant.covers(looked.target, looked.sha256, looked.name)
        ]  # fmt: skip

    def _refusal(self, looked: Review, origin: Origin) -> Untrusted:
        from flowbook.trust.wording import missing_lines

        listed = "\n".join(f"  {line}" for line in missing_lines(looked))
        damaged = f"\n{self.grants.problem}" if self.grants.problem else ""
        refusal = Untrusted(
            f"{looked.name} is not trusted yet. It asks for:\n{listed}{damaged}",
            self._how_to_decide(looked.sha256, origin),
        )
        refusal.sha256 = looked.sha256
        refusal.missing = tuple(missing_lines(looked))
        return refusal

    def _how_to_decide(self, sha256: str, origin: Origin) -> str:
        at_once = f"{self._command('', origin)} --sha256 {sha256}"
        decide = f"Look at it, and decide: {self._command('', origin)}"
        if origin.kind == "recorded":  # by a run, which may have been of a file
            at_once = f"flowbook runs resume RUN --trust {sha256}"
            if origin.name not in self._store.workflow_names():
                decide = "Look at the file that the run was of, and decide: flowbook trust FILE"
        file = origin.kind == "file"
        apart = not_heeded(Path(os.path.realpath(origin.name)).parent if file else self.root)
        return "\n".join(filter(None, (decide, f"Without a question, once you looked at just this: {at_once}", apart)))

    def _look(self, origin: Origin) -> str:
        return "flowbook runs resume RUN" if origin.kind == "recorded" else self._command("--print", origin)

    def _command(self, option: str, origin: Origin) -> str:
        words = ["flowbook", "trust", *([option] if option else []), origin.name]
        return " ".join(map(shlex.quote, words))

    def target(self, origin: Origin) -> str:
        """What stands for where a workflow came from: a real path, or ``stored:NAME``."""
        return os.path.realpath(origin.name) if origin.kind == "file" else f"{origin.kind}:{origin.name}"

    # -- looking and deciding ------------------------------------------------------------------------------------------

    def review(self, reading: Reading) -> Review:
        """A workflow as it was read, with what nobody consented to yet. Raises its problems when it makes none."""
        workflow = reading.workflow
        if workflow is None:
            raise reading.refusal(what="be trusted")
        self.check_code(workflow)
        looked = review(workflow, self.target(reading.origin), self)
        own = reading.origin.kind == "object" or self._is_own(reading.origin, content_hash(workflow))
        missing = frozenset() if own else self._missing(looked)
        return looked._replace(missing=missing, changes=tuple(self._changes(looked)) if missing else ())

    def _changes(self, looked: Review) -> list[str]:
        from flowbook.trust.changes import changes_between, kept_version

        about = [
            grant
            for grant in self.grants.all()
            if grant.kind == "workflow" and grant.root == self._real
            and (grant.target == looked.target or grant.name == looked.name)
        ]  # fmt: skip
        for grant in reversed(about):
            old = kept_version(self.grants.path.parent, grant.sha256)
            if old is not None and grant.sha256 != looked.sha256:
                return list(changes_between(old, looked.document))
        return []

    def grant(self, looked: Review, reach: Reach) -> None:
        """Consent to what a review says."""
        from flowbook.trust.changes import keep_version

        if reach not in REACHES:
            raise InputError(f"{reach!r} is no reach.", f"Use one of: {', '.join(REACHES)}.")
        target = looked.target
        if reach == "folder":
            if not os.path.isabs(target):
                raise InputError(f"{looked.name} is in no folder: it is stored in the workspace.", "Use reach 'file'.")
            target = os.path.dirname(target)
        keep_version(self.grants.path.parent, looked.document)
        self.grants.add(Grant("workflow", self._real, reach, target, looked.name, looked.sha256, needs=looked.needs))

    def sign(self, workflow: Workflow) -> None:
        """Trust a workflow because a person made it, or changed it, here."""
        self.signatures.add(content_hash(workflow))

    def is_own(self, workflow: Workflow, origin: Origin | None = None) -> bool:
        """Whether it was made here, comes with Flowbook, or lies in a folder that is trusted for everything."""
        return self._is_own(origin or Origin("stored", workflow.name), content_hash(workflow))

    def is_trusted(self, workflow: Workflow, origin: Origin) -> bool:
        """Whether a workflow may run without a question."""
        if self._is_own(origin, content_hash(workflow)):
            return True
        return not self._missing(review(workflow, self.target(origin), self))

    # -- the workspace as a whole --------------------------------------------------------------------------------------

    def review_folder(self) -> FolderReview:
        """The code of this workspace, and its stored workflows that nobody signed here."""
        from flowbook.models.documents import hash_of

        code = self.folders.read()
        found = []
        for name in self._store.workflow_names():
            try:
                workflow = self._store.workflow(name)
            except NotFound:  # another process has deleted it
                continue
            origin = Origin("stored", name)
            hash = content_hash(workflow)
            if not self._is_own(origin, hash):
                looked = review(workflow, self.target(origin), self)
                looked = looked._replace(missing=self._missing(looked))
                if looked.missing:
                    found.append((looked, hash))
        whole = hash_of([code.sha256, [(one.name, hash) for one, hash in found]])
        return FolderReview(self.root, code, tuple(found), self.folders.admission().all, whole)

    def grant_folder(self, looked: FolderReview, *, version: bool = False) -> None:
        """Trust the code of this workspace (or this version of it only), and what was stored in it, together."""
        if looked.code.files:
            self.folders.grant(looked.code if version else None)
        self.signatures.add(*(hash for _, hash in looked.workflows))

    def revoke(self, name: str) -> list[Grant]:
        """Take back what was granted under a name: a workflow's, a file's path, or a workspace's folder."""
        real = os.path.realpath(name)
        return self.grants.remove(
            lambda one: (
                (one.kind == "workflow" and (one.name == name or one.target in (real, f"stored:{name}")))
                or (one.kind == "code" and one.root == real)
            )
        )


__all__ = ["FolderReview", "Trusting"]
