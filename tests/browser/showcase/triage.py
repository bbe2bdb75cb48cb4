"""The shop's own integration: what it does with issues."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pandas as pd
from pydantic import BaseModel, Field


class Oldest(BaseModel):
    """Which issues to rank, and how many to keep."""

    headline: str = Field(description="What the list is called")
    issues: Any = Field(description="Issues as GitHub gives them")
    keep: int = Field(10, ge=1, description="How many")


def test_connection(credentials: dict[str, Any]) -> dict[str, Any]:
    """Nothing is connected to."""
    return {"success": True, "message": "Ready"}


def oldest(credentials: dict[str, Any], params: Oldest) -> dict[str, Any]:
    """Rank issues by how long they have waited."""
    now = datetime.now(timezone.utc)
    rows = [
        {
            "number": issue["number"],
            "title": issue["title"],
            "assignee": issue["assignee"]["login"],
            "days open": (now - datetime.fromisoformat(issue["created_at"].replace("Z", "+00:00"))).days,
        }
        for issue in params.issues
    ]
    table = pd.DataFrame(rows).sort_values("days open", ascending=False)
    print(f"ranked {len(table)} issues by age")
    print(f"kept the {params.keep} oldest")
    return {"success": True, "message": params.headline, "data": table.head(params.keep)}
