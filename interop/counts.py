"""A count: how many of how many, and how many it is to be."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Count:
    """How many of ``total`` are ``good``; ``least`` is the part of them that is to be."""

    what: str
    least: float = 1.0
    good: int = 0
    total: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, name: str, good: bool) -> None:
        """Count one more; ``name`` is shown of what is not good."""
        self.total += 1
        self.good += good
        if not good:
            self.failures.append(name)

    @property
    def met(self) -> bool:
        """Whether as many are good as are to be."""
        return self.total > 0 and self.good >= self.least * self.total

    def line(self) -> str:
        """For people."""
        part = f"{100 * self.good / self.total:.1f} %" if self.total else "none"
        failed = f"; not: {', '.join(self.failures[:10])}" if self.failures else ""
        return f"{'ok  ' if self.met else 'MISS'} {self.what}: {self.good} of {self.total} ({part}){failed}"
