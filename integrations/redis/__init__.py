"""Redis and Valkey: values, counters, queues, hashes, sets, streams, messages and any command, over redis-py."""

from .collections import (
    add_members,
    add_to_stream,
    get_hash,
    list_items,
    list_members,
    pop,
    push,
    read_stream,
    remove_members,
    set_hash,
)
from .keys import delete_keys, expire, get_value, increment, list_keys, set_value
from .tasks import command, publish, test_connection, wait_for_message

__all__ = [
    "add_members",
    "add_to_stream",
    "command",
    "delete_keys",
    "expire",
    "get_hash",
    "get_value",
    "increment",
    "list_items",
    "list_keys",
    "list_members",
    "pop",
    "publish",
    "push",
    "read_stream",
    "remove_members",
    "set_hash",
    "set_value",
    "test_connection",
    "wait_for_message",
]
