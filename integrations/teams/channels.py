"""Teams, their channels and members.

Facts: https://learn.microsoft.com/graph/api/user-list-joinedteams, /graph/api/channel-list and /graph/api/channel-post.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, http, task
from flowbook.counting import counted

from .client import Graph
from .models import CreateChannel, Credentials, ListMembers, ListTeams, OneTeam


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_teams(credentials: Credentials, params: ListTeams) -> Result:
    """List the teams that the person who signed in is in. Data: a list of Graph's teams (id, displayName)."""
    with Graph(credentials, "to list teams") as graph:
        found, more = graph.several("me/joinedTeams", params.wanted)
    return Result.ok(f"{counted(len(found), 'team', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_channels(credentials: Credentials, params: OneTeam) -> Result:
    """List the channels of a team. Data: a list of Graph's channels (id, displayName, membershipType)."""
    with Graph(credentials, "to list channels") as graph:
        found, more = graph.several(f"teams/{http.segment(graph.team_id(params.team))}/channels", None)
    return Result.ok(f"{counted(len(found), 'channel', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_members(credentials: Credentials, params: ListMembers) -> Result:
    """List the people in a team. Data: a list of Graph's members (userId, displayName, email, roles)."""
    with Graph(credentials, "to list people") as graph:
        found, more = graph.several(f"teams/{http.segment(graph.team_id(params.team))}/members", params.wanted)
    return Result.ok(f"{counted(len(found), 'member', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "19:4b6bed8d24574f6a9e436813cb2617d8@thread.tacv2",
        "displayName": "Architecture",
        "webUrl": "https://teams.microsoft.com/l/channel/19%3A4b6bed8d24574f6a9e436813cb2617d8%40thread.tacv2/Architecture",
    },
)
def create_channel(credentials: Credentials, params: CreateChannel) -> Result:
    """Make a channel in a team. Data: Graph's channel (id, displayName, webUrl).

    https://learn.microsoft.com/graph/api/channel-post
    """
    body: dict[str, Any] = {
        "displayName": params.name,
        "membershipType": "private" if params.private else "standard",
        **({"description": params.description} if params.description else {}),
    }
    with Graph(credentials, "to make a channel") as graph:
        if params.private:
            body["members"] = [graph.member(str(graph.one("GET", "me")["id"]))]
        path = f"teams/{http.segment(graph.team_id(params.team))}/channels"
        channel = graph.one("POST", path, json=body, expect=(201,))
    return Result.ok(f"Channel {params.name} made.", channel)
