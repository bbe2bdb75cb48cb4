"""What the package index shows: README.md without links into a repository, which an index page does not have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Readme(MetadataHookInterface):
    """Says in words where each thing is that README.md links to: in ``flowbook docs``, or in the sources."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put the text where hatchling looks for it."""
        sys.path.insert(0, self.root)
        try:
            from flowbook.documentation import in_words, standing_alone
        finally:
            sys.path.remove(self.root)
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": standing_alone(text, "README.md", in_words),
        }
