"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from flowbook import Secret, typed

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_AS = "text (bytes where it is no UTF-8), json to read each value as JSON, or bytes"
_TTL = "Seconds after which the key is gone; empty: as long as before, or for ever"
_VALUE = "A text, number or bytes; what else JSON holds is kept as JSON"


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Key = Annotated[str, StringConstraints(min_length=1)]
Keys = Annotated[list[Key], BeforeValidator(_listed), Field(min_length=1)]
Values = Annotated[list[Any], BeforeValidator(_listed), Field(min_length=1)]
Seconds = Annotated[Annotated[float, Field(gt=0)] | None, typed.BlankIsNone]
Count = Annotated[Annotated[int, Field(ge=1)] | None, typed.BlankIsNone]


class Credentials(typed.Credentials):
    """How to reach the server."""

    host: str = Field(min_length=1, description="Server name or address")
    port: int = Field(6379, ge=1, le=65535, description="Port of the server")
    username: str | None = Field(None, description="User (ACL) to sign in as; empty for the default user")
    password: Secret | None = Field(None, description="The user's password, if it has one")
    database: int = Field(0, ge=0, description="Number of the database")
    tls: Literal["disable", "require", "verify-ca", "verify-full"] = Field(
        "disable", description="verify-full is the safe choice over the internet"
    )
    tls_ca: str | None = Field(
        None, description="File with the certificate authority to trust; else the system's", json_schema_extra=_FILE
    )
    tls_cert: str | None = Field(None, description="File with a client certificate", json_schema_extra=_FILE)
    tls_key: str | None = Field(None, description="File with the client certificate's key", json_schema_extra=_FILE)
    timeout: float = Field(10, gt=0, le=600, description="Seconds to wait for the connection, and for each answer")


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class Read(typed.Params):
    """In which form values come."""

    as_: Literal["text", "json", "bytes"] = Field("text", alias="as", description=_AS)


class GetValue(Read):
    """Which keys."""

    key: Key | list[Key] = Field(description="The key, or a list of keys")


class SetValue(typed.Params):
    """What a key is to hold."""

    key: Key = Field(description="The key")
    value: Any = Field(description=_VALUE, json_schema_extra=_JSON)
    ttl: Seconds = Field(None, description="Seconds after which the key is gone; empty: for ever")
    when: Literal["always", "missing", "present"] = Field(
        "always",
        description="missing: only where there is no such key yet, as for a lock; present: only where there is",
    )


class DeleteKeys(typed.Params):
    """Which keys."""

    keys: Keys = Field(description="A key, or a list of keys")


class Increment(typed.Params):
    """A counter, and by how much."""

    key: Key = Field(description="The key; counts from 0 when it is not there")
    by: int | float = Field(1, description="What is added; may be negative, or a fraction")
    ttl: Seconds = Field(None, description="Seconds after which a counter that this makes is gone, as for a rate limit")


class Expire(typed.Params):
    """When a key is gone."""

    key: Key = Field(description="The key")
    ttl: Seconds = Field(description="Seconds after which it is gone; empty: it stays for ever")


class ListKeys(typed.Params):
    """Which keys."""

    match: str = Field("*", min_length=1, description="What keys are like: * any text, ? a letter, [ab] one of them")
    type: Literal["", "string", "list", "hash", "set", "zset", "stream"] = Field("", description="Only of this type")
    limit: Count = Field(10_000, description="Most keys; the message says when there are more. Empty: all")


class Push(typed.Params):
    """What is put into a list."""

    key: Key = Field(description="The list; made when it is not there")
    values: Values = Field(description=f"A value, or a list of values: {_VALUE}", json_schema_extra=_JSON)
    end: Literal["last", "first"] = Field("last", description="Where they are put")
    max_length: Count = Field(None, description="Keep no more values than this: those at the other end go")


class Pop(Read):
    """What is taken out of a list."""

    key: Key = Field(description="The list")
    end: Literal["first", "last"] = Field("first", description="Where it is taken; what was pushed last is last")
    count: Count = Field(None, description="Most values to take, given as a list; empty for a single one")
    wait: float = Field(0, ge=0, description="Seconds to wait for a value where there is none")


class ListItems(Read):
    """Which part of a list."""

    key: Key = Field(description="The list")
    start: int = Field(0, description="From which one on, from 0; negative counts from the end")
    limit: Count = Field(10_000, description="Most values. Empty: all")


class GetHash(Read):
    """Which fields of a hash."""

    key: Key = Field(description="The hash")
    fields: Annotated[list[Key], typed.Parted] = Field(default_factory=list, description="Fields; empty for all")


class SetHash(typed.Params):
    """What a hash is to hold."""

    key: Key = Field(description="The hash; made when it is not there")
    fields: dict[str, Any] = Field(
        min_length=1,
        description="Fields and their values; null takes a field out. Others stay",
        json_schema_extra=_JSON,
    )
    ttl: Seconds = Field(None, description=_TTL)


class ListMembers(Read):
    """Which set."""

    key: Key = Field(description="The set")


class ChangeMembers(typed.Params):
    """Members of a set."""

    key: Key = Field(description="The set")
    members: Values = Field(description=f"A member, or a list of members: {_VALUE}", json_schema_extra=_JSON)


class AddToStream(typed.Params):
    """An entry."""

    stream: Key = Field(description="The stream; made when it is not there")
    fields: dict[str, Any] = Field(min_length=1, description="Fields and their values", json_schema_extra=_JSON)
    max_length: Count = Field(None, description="Keep about so many entries: the oldest go")


class ReadStream(Read):
    """Which entries of a stream."""

    stream: Key = Field(description="The stream")
    after: Annotated[str, StringConstraints(pattern=r"^\d+(-\d+)?$")] = Field(
        "0", description="Id of the last entry that is known; 0 for all"
    )
    limit: int = Field(1000, ge=1, description="Most entries")
    wait: float = Field(0, ge=0, description="Seconds to wait for an entry where there is none")


class Publish(typed.Params):
    """A message."""

    channel: Key = Field(description="The channel")
    message: Any = Field(description=_VALUE, json_schema_extra=_JSON)


class WaitForMessage(Read):
    """What is waited for."""

    channels: Keys = Field(description="A channel, or a list; with * or ? in it, those that are like it")
    wait: float = Field(60, gt=0, description="Seconds to wait")
    count: int = Field(1, ge=1, description="How many messages to wait for")


class Command(Read):
    """A command as it is."""

    arguments: list[Any] = Field(
        min_length=1, description='The command and its arguments: ["ZADD", "scores", 7, "ada"]', json_schema_extra=_JSON
    )
