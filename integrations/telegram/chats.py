"""The bot itself, chats, and who is in them. Facts: https://core.telegram.org/bots/api, the method of the same name."""

from __future__ import annotations

from flowbook import Result, task

from .client import Telegram
from .models import Credentials, GetMember, Nothing, OneChat


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Ask who the bot is. Data: Telegram's user of it (id, username, first_name, can_read_all_group_messages).

    https://core.telegram.org/bots/api#getme
    """
    with Telegram(credentials) as bot:
        me = bot.get("getMe")
    return Result.ok(f"Successfully connected to Telegram as @{me.get('username')}.", me)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_chat(credentials: Credentials, params: OneChat) -> Result:
    """Ask about a chat. Data: Telegram's chat (id, type, title, username, permissions).

    https://core.telegram.org/bots/api#getchat
    """
    with Telegram(credentials) as bot:
        chat = bot.get("getChat", chat_id=params.chat)
    name = chat.get("title") or chat.get("username") or chat.get("first_name")
    return Result.ok(f"{name} is the {chat.get('type')} chat {chat.get('id')}.", chat)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_member(credentials: Credentials, params: GetMember) -> Result:
    """Ask whether somebody is in a chat, and as what. Data: Telegram's member (status, user).

    The status is creator, administrator, member, restricted, left or kicked.
    https://core.telegram.org/bots/api#getchatmember
    """
    with Telegram(credentials) as bot:
        member = bot.get("getChatMember", chat_id=params.chat, user_id=params.user_id)
    return Result.ok(f"{params.user_id} in {params.chat}: {member.get('status')}.", member)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_administrators(credentials: Credentials, params: OneChat) -> Result:
    """List the people who run a chat. Data: a list of Telegram's members (status, user).

    https://core.telegram.org/bots/api#getchatadministrators
    """
    with Telegram(credentials) as bot:
        found = bot.get("getChatAdministrators", chat_id=params.chat)
    return Result.ok(f"{len(found)} administrator{'' if len(found) == 1 else 's'}.", found)
