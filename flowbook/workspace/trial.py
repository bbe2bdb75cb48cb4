"""What is known once credentials were tested."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.results import NodeResult


@dataclass(frozen=True)
class Trial:
    """A test of credentials that may not be saved yet: how it ended, and when. What was tried is not shown."""

    type: str
    result: NodeResult
    at: str = field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    tried: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def remembered(self) -> dict[str, Any]:
        """What an integration remembers of it."""
        return {"tested_at": self.at, "tested_ok": self.result.success, "tested_message": self.result.message}
