"""Chats, with one person or several.

Facts: https://learn.microsoft.com/graph/api/chat-list, /graph/api/chat-post and /graph/api/chat-post-messages.
"""

from __future__ import annotations

from flowbook import Result, http, task
from flowbook.counting import counted

from .client import PAGE, Graph, check_size
from .messages import content
from .models import Credentials, ListChatMessages, ListChats, SendChatMessage


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "1616991463150", "chatId": "19:2da4c29f6d7041eca70b638b43d45437@thread.v2"},
)
def send_chat_message(credentials: Credentials, params: SendChatMessage) -> Result:
    """Send a message to a chat, or to one person, as the person who signed in. Data: Graph's message (id, chatId)."""
    body = {"body": content(params.text, params.format)}
    check_size(body)
    with Graph(credentials, "to write to a chat") as graph:
        chat = params.chat or _with(graph, str(params.user))
        message = graph.one("POST", f"chats/{http.segment(chat)}/messages", json=body, expect=(201,))
    return Result.ok(f"Message sent to {params.user or 'the chat'}.", message)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_chats(credentials: Credentials, params: ListChats) -> Result:
    """List the chats of the person who signed in. Data: a list of Graph's chats (id, topic, chatType, members)."""
    size = PAGE if params.wanted is None else min(PAGE, params.wanted)
    with Graph(credentials, "to list chats") as graph:
        found, more = graph.several("me/chats", params.wanted, {"$expand": "members", "$top": size})
    return Result.ok(f"{counted(len(found), 'chat', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_chat_messages(credentials: Credentials, params: ListChatMessages) -> Result:
    """Read the messages of a chat, newest first. Data: a list of Graph's messages."""
    size = PAGE if params.wanted is None else min(PAGE, params.wanted)
    with Graph(credentials, "to read a chat") as graph:
        found, more = graph.several(f"chats/{http.segment(params.chat)}/messages", params.wanted, {"$top": size})
    return Result.ok(f"{counted(len(found), 'message', more)}.", found)


def _with(graph: Graph, user: str) -> str:
    """The chat with one person; Graph makes it, or gives the one that is there."""
    me = graph.one("GET", "me")
    members = [graph.member(str(me["id"])), graph.member(user)]
    body = {"chatType": "oneOnOne", "members": members}
    return str(graph.one("POST", "chats", json=body, expect=(200, 201), retry=True)["id"])
