"""What a run may do: everything that a person may whose workflow it is, or what was consented to."""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.errors import Untrusted
from flowbook.limits import Limits
from flowbook.records import NamedTuple
from flowbook.trust.content import Meaning
from flowbook.trust.needs import ANY, Need
from flowbook.trust.review import Review


class Permit(NamedTuple):
    """``own`` may do all; else ``needs`` is what it may do, ``pairs`` which task may use which integration (its id).

    ``workflows`` are the hashes of those it may run, by name (``*``: any). It is asked on every call.
    """

    own: bool
    needs: frozenset[Need] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    workflows: Mapping[str, str] = {}

    @classmethod
    def of(cls, review: Review) -> Permit:
        """To do what a review says, and nothing else."""
        return cls(False, review.needs, review.pairs, dict(review.workflows))

    def limits(self, task: str, meaning: Meaning | None) -> Limits:
        """What one call may reach, with the integration that its node's label means now.

        Raises Untrusted when that, or a server of it, is not what was consented to.
        """
        if meaning is not None and not self.own:
            self._check(task, meaning)
        name, servers = ("", None) if meaning is None else (meaning.name, meaning.hosts)
        if self.own or Need("code") in self.needs:
            return Limits(name, servers)
        reads = tuple(sorted(need.what for need in self.needs if need.kind in ("reads", "writes")))
        writes = tuple(sorted(need.what for need in self.needs if need.kind == "writes"))
        return Limits(name, servers, reads, writes, Need("program") in self.needs)

    def _check(self, task: str, meaning: Meaning) -> None:
        hosts = frozenset(Need("host", host) for host in meaning.hosts)
        granted = Need("integration", meaning.id) in self.needs and (task, meaning.id) in self.pairs
        if not granted or any(not host.is_met_by(self.needs) for host in hosts):
            raise Untrusted(
                f"{task} was not trusted with the integration {meaning.name!r} as it is now, so it was not called.",
                "Look at the workflow again, and trust it: flowbook trust WORKFLOW",
            )

    def may_run(self, name: str) -> bool:
        """Whether it may run the workflow of that name at all."""
        return self.own or name in self.workflows or ANY in self.workflows


OWN = Permit(True)
