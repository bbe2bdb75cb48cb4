"""Who the bot is, who is in a server, and their roles. Facts: https://docs.discord.com/developers/resources/guild."""

from __future__ import annotations

from flowbook import Result, TaskFailed, task

from .client import Bot, Webhook
from .models import Credentials, FindMember, ListMembers, OneServer, RoleOf, TestConnection

MEMBERS = 1000
"""People on one page."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the bot's token and the webhook, without sending anything."""
    if not credentials.bot_token and not credentials.webhook_url:
        raise TaskFailed("Missing webhook_url and bot_token.", hint="Give one of them, or both.", permanent=True)
    said, data = ["Successfully connected to Discord!"], {}
    if credentials.bot_token:
        with Bot(credentials, "to test it") as bot:
            data["bot"] = bot.one("GET", "users/@me")
        said.append(f"The bot is {data['bot'].get('username')}.")
    if credentials.webhook_url:
        with Webhook(credentials) as hook:
            data["webhook"] = hook.about()
        said.append(f"The webhook {data['webhook'].get('name')} is there.")
    return Result.ok(" ".join(said), data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_members(credentials: Credentials, params: ListMembers) -> Result:
    """List the people in a server; needs the Server Members intent. Data: a list of Discord's members (user, roles).

    https://docs.discord.com/developers/resources/guild#list-guild-members
    """
    with Bot(credentials, "to list people") as bot:
        path = f"guilds/{bot.server_id(params.server)}/members"
        found, more = bot.all_after(path, MEMBERS, params.wanted, lambda one: str(one["user"]["id"]))
    words = f"{len(found)} member{'' if len(found) == 1 else 's'}{'; there may be more' if more else ''}."
    return Result.ok(words, found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_member(credentials: Credentials, params: FindMember) -> Result:
    """Find one person in a server by ID or name: user name, display name or nickname. Data: Discord's member.

    https://docs.discord.com/developers/resources/guild#search-guild-members
    """
    with Bot(credentials, "to find a person") as bot:
        member = bot.member(bot.server_id(params.server), params.user)
    user = member.get("user") or {}
    return Result.ok(f"{user.get('username')} is {user.get('id')}.", member)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_roles(credentials: Credentials, params: OneServer) -> Result:
    """List the roles of a server. Data: a list of Discord's roles (id, name, permissions)."""
    with Bot(credentials, "to list roles") as bot:
        found = bot.many(f"guilds/{bot.server_id(params.server)}/roles")
    return Result.ok(f"{len(found)} role{'' if len(found) == 1 else 's'}.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_role(credentials: Credentials, params: RoleOf) -> Result:
    """Give somebody a role; needs Manage Roles, and a role of the bot above it.

    https://docs.discord.com/developers/resources/guild#add-guild-member-role
    """
    return _role(credentials, params, "PUT", "given to")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_role(credentials: Credentials, params: RoleOf) -> Result:
    """Take a role from somebody; needs Manage Roles, and a role of the bot above it."""
    return _role(credentials, params, "DELETE", "taken from")


def _role(credentials: Credentials, params: RoleOf, method: str, done: str) -> Result:
    with Bot(credentials, "for roles") as bot:
        server = bot.server_id(params.server)
        user, role = bot.user_id(params.user, server), bot.role_id(server, params.role)
        bot.done(method, f"guilds/{server}/members/{user}/roles/{role}")
    return Result.ok(f"{params.role} {done} {params.user}.", {"server": server, "user_id": user, "role_id": role})
