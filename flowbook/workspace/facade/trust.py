"""What a workspace offers for trust: looking at what came from elsewhere, and consenting to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.errors import StoreError, Untrusted
from flowbook.models import Workflow
from flowbook.trust.grants import Grant, Reach
from flowbook.workspace.facade.parts import Parts
from flowbook.workspace.location import make_folder
from flowbook.workspace.reading import Given, Origin
from flowbook.workspace.trusting import FolderReview

if TYPE_CHECKING:
    from flowbook.trust.review import Review


class TrustFacade(Parts):
    """What may run, and what a person has to look at first."""

    def review(self, workflow: Given, *, restricted: bool = False) -> Review:
        """All that a workflow is able to do here, and what of it (``missing``) nobody consented to yet.

        ``print(review)`` shows it, code in full; ``review.sha256`` stands for just that. Nothing of it is run. Raises
        Untrusted when the code of this workspace's own ``integrations/`` has to be looked at first. A Workflow object
        is trusted, unless it is said to be ``restricted``: then it is looked at as one from elsewhere. Raises NotFound
        and FileFormatError as :meth:`read`.
        """
        reading = self._reader.read(workflow)
        if restricted and reading.workflow is not None:
            reading = reading._replace(origin=Origin("text", reading.workflow.name))
        return self._trust.review(reading)

    def trust(self, workflow: Given, sha256: str, *, reach: Reach = "version") -> Review:
        """Consent to what :meth:`review` showed: ``sha256`` is that of what was looked at.

        ``reach`` is how far it goes: this "version", this "file" from now on (asked again only for what it could not do
        before), or every workflow file of its "folder". Raises Untrusted when it is not what was looked at,
        InputError for another reach, and as :meth:`review`; returns what was consented to.
        """
        looked = self.review(workflow)
        if sha256 != looked.sha256:
            raise Untrusted(
                f"{looked.name} is not what was looked at: its SHA-256 is {looked.sha256}, not {sha256}.",
                "Look at it again: print(ws.review(…)), or flowbook trust --print …",
            )
        self._trust.grant(looked, reach)
        return looked

    def vouch(self, workflow: Workflow) -> None:
        """Trust a workflow because a person made or changed it here, or looked at all of it, as in the studio."""
        self._trust.sign(workflow)

    def review_folder(self) -> FolderReview:
        """What this workspace brings along: the code of its ``integrations/``, and workflows that nobody made here.

        ``code`` and ``workflows`` are what there is to look at, ``sha256`` stands for all of it, and ``trusted`` says
        whether the code may be imported already.
        """
        return self._trust.review_folder()

    def trust_folder(self, sha256: str, *, version: bool = False) -> FolderReview:
        """Trust the code of this workspace's ``integrations/`` and the workflows stored in it, all together.

        With ``version`` only the code as it is now. Raises Untrusted when it is not what :meth:`review_folder` showed.
        """
        looked = self._trust.review_folder()
        if looked.sha256 != sha256:
            raise Untrusted(
                f"{self.root} is not what was looked at: its SHA-256 is {looked.sha256}, not {sha256}.",
                "Look at it again: flowbook trust --print FOLDER",
            )
        if self.folder is not None:
            make_folder(self.root)
        self._trust.grant_folder(looked, version=version)
        return looked

    def is_trusted(self, workflow: Given) -> bool:
        """Whether a workflow may run without a question; False for one of which no workflow can be made.

        Raises NotFound, and FileFormatError for a file that is not readable as a document.
        """
        reading = self._reader.read(workflow)
        return reading.workflow is not None and self._trust.is_trusted(reading.workflow, reading.origin)

    def grants(self) -> list[Grant]:
        """What this user trusts, in every workspace: a Grant for each decision, of ``kind`` "code" or "workflow".

        Raises StoreError when the file that says it cannot be read or was changed.
        """
        found = self._trust.grants.all()
        self._check_grants()
        return found

    def revoke(self, name: str) -> list[Grant]:
        """Take back what was granted: to a workflow by its name, a file or a workspace by its path.

        Returns the grants that are gone, [] for what nothing was granted to. Raises StoreError when the file that says
        what was granted cannot be read or was changed: nothing counts then.
        """
        gone = self._trust.revoke(name)
        self._check_grants()
        return gone

    def _check_grants(self) -> None:
        if self._trust.grants.problem:
            raise StoreError(self._trust.grants.problem, "What you trust next begins a new one; this one is kept.")
