"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, tunnels, typed

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_AS = (
    "extended: MongoDB Extended JSON, which comes back as it was; canonical: with the kinds of numbers too; "
    "plain: ids and dates as text"
)
_FILTER = 'Which documents, as MongoDB asks: {"city": "Paris"}, {"age": {"$gt": 30}}; an id is {"$oid": "…"}'
_UPDATE = 'What becomes of it, by operators: {"$set": {"city": "Paris"}, "$inc": {"visits": 1}}; or a pipeline, a list'

Name = Annotated[str, StringConstraints(min_length=1)]
Document = dict[str, Any]
Projection = Annotated[list[str] | dict[str, Any] | None, typed.BlankIsNone]


class Server(typed.Credentials):
    """How to reach the server: by its name, or by a connection string."""

    host: str = Field(
        min_length=1,
        description="Server name or address; several of a replica set with commas between: a.test:27017,b.test",
    )
    port: int = Field(27017, ge=1, le=65535, description="Port of the server, where host names none")
    srv: bool = Field(False, description="host is a name whose servers are found in DNS (mongodb+srv), always with TLS")
    username: str | None = Field(None, description="User to sign in as; empty for a server without users")
    password: Secret | None = Field(None, description="The user's password")
    auth_source: str | None = Field(None, description="Database that knows the user; else admin")
    database: str | None = Field(None, description="Database of the tasks, when they name none")
    replica_set: str | None = Field(None, description="Name of the replica set; its members are found by themselves")
    tls: Literal["disable", "require", "verify-ca", "verify-full"] = Field(
        "disable", description="verify-full is the safe choice over the internet"
    )
    tls_ca: str | None = Field(
        None, description="File with the certificate authority to trust; else the system's", json_schema_extra=_FILE
    )
    tls_cert: str | None = Field(
        None, description="File with a client certificate and its key", json_schema_extra=_FILE
    )
    connection_string: Secret | None = Field(
        None, description="mongodb:// or mongodb+srv://, instead of the others; host names the servers in it"
    )
    timeout: float = Field(
        30, gt=0, le=3600, description="Seconds to wait for the server, and for all that a task asks"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.password is not None and self.connection_string is None and self.username is None:
            raise ValueError("a password needs a username")
        return self


class Credentials(tunnels.Tunnel, Server):
    """How to reach the server, directly or by another machine."""

    @model_validator(mode="after")
    def _one_behind_a_tunnel(self) -> Self:
        if not self.ssh_host:
            return self
        if self.connection_string or self.srv or self.replica_set or "," in self.host:
            raise ValueError("an SSH tunnel leads to one server: give its host and port, and no more of them")
        if self.tls == "verify-full":
            raise ValueError("behind an SSH tunnel a certificate's name cannot be checked: set tls to verify-ca")
        return self


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class Timed(typed.Params):
    """When to give up."""

    timeout: float | None = Field(None, gt=0, description="Seconds after which it is given up; else the integration's")


class InDatabase(Timed):
    """A database."""

    database: Annotated[str | None, typed.BlankIsNone] = Field(
        None, description="Database, when it is not the integration's"
    )


class InCollection(InDatabase):
    """A collection."""

    collection: Name = Field(description="The collection")


class Filtered(InCollection):
    """Which documents."""

    filter: Document = Field(default_factory=dict, description=_FILTER, json_schema_extra=_JSON)


class Read(typed.Params):
    """In which form documents come."""

    as_: Literal["extended", "canonical", "plain"] = Field("extended", alias="as", description=_AS)


class _Found(Read, Filtered):
    projection: Projection = Field(
        None, description='Fields to get: ["name", "city"], or {"name": 1, "_id": 0}', json_schema_extra=_JSON
    )
    sort: Document = Field(
        default_factory=dict, description='Order: {"name": 1}, descending {"age": -1}', json_schema_extra=_JSON
    )
    skip: int = Field(0, ge=0, description="Documents to pass over first; with sort, or they are any")


class Find(_Found):
    """Documents to read."""

    limit: int = Field(100_000, ge=1, description="Most documents; the message says when there are more")
    all: bool = Field(False, description="All of them, however many; limit is ignored")
    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "filter", "projection", "sort"]})


class FindOne(_Found):
    """A document to read."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "filter", "projection", "sort"]})


class Count(Filtered):
    """What is counted."""


class Distinct(Read, Filtered):
    """Whose values."""

    field: Name = Field(description="The field, as city or address.city")


class Aggregate(Read, InCollection):
    """A pipeline that reads."""

    pipeline: list[Document] = Field(
        description='Stages in order: [{"$match": …}, {"$group": …}]; $out and $merge are refused',
        json_schema_extra=_JSON,
    )
    limit: int = Field(100_000, ge=1, description="Most documents; the message says when there are more")
    all: bool = Field(False, description="All of them, however many; limit is ignored")
    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "pipeline"]})


class InsertOne(InCollection):
    """A document."""

    document: Document = Field(description="The document; without _id it gets one", json_schema_extra=_JSON)


class InsertMany(InCollection):
    """Documents."""

    documents: Any = Field(description="A list of documents, or a DataFrame", json_schema_extra=_JSON)
    ordered: bool = Field(True, description="End at the first that is refused; else insert all that can be")


class _Chosen(InCollection):
    filter: Document = Field(description=_FILTER, json_schema_extra=_JSON)


class _AllOrSome(_Chosen):
    all: bool = Field(False, description="Every document: wanted where filter is empty, so that none is by mistake")

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if not self.filter and not self.all:
            raise ValueError("filter is empty: that is every document, for which 'all' has to be on")
        return self


class _Update(typed.Params):
    update: Document | list[Document] = Field(min_length=1, description=_UPDATE, json_schema_extra=_JSON)
    upsert: bool = Field(False, description="Insert one where no document fits")


class UpdateOne(_Update, _Chosen):
    """A document, and how it changes."""


class UpdateMany(_Update, _AllOrSome):
    """Documents, and how they change."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "filter", "update"]})


class ReplaceOne(_Chosen):
    """A document, and what it is to be."""

    document: Document = Field(description="The whole new document; its _id stays", json_schema_extra=_JSON)
    upsert: bool = Field(False, description="Insert it where no document fits")


class DeleteOne(_Chosen):
    """A document."""


class DeleteMany(_AllOrSome):
    """Documents."""


class FindOneAndUpdate(Read, _Update, _Chosen):
    """A document that is changed and read in one."""

    projection: Projection = Field(None, description="Fields to get; empty for all", json_schema_extra=_JSON)
    sort: Document = Field(
        default_factory=dict, description='Which one, where several fit: {"created": 1}', json_schema_extra=_JSON
    )
    get: Literal["after", "before"] = Field("after", description="The document as it is then, or as it was")
    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "filter", "update", "sort"]})


class ListDatabases(Timed):
    """Nothing: all that the user may see."""


class ListCollections(InDatabase):
    """Of which database."""


class CreateIndex(InCollection):
    """An index."""

    keys: Document = Field(min_length=1, description='Fields: {"email": 1}, {"city": 1, "age": -1}, {"text": "text"}')
    name: Annotated[str | None, typed.BlankIsNone] = Field(None, description="Its name; else made of the fields")
    unique: bool = Field(False, description="Whether no two documents may have the same")
    sparse: bool = Field(False, description="Whether documents without the fields are left out")
    expire_after: Annotated[Annotated[int, Field(ge=0)] | None, typed.BlankIsNone] = Field(
        None, description="Seconds after the date in the field at which a document is deleted (TTL)"
    )
    where: Document = Field(
        default_factory=dict, description="Only documents like these (partial index)", json_schema_extra=_JSON
    )
    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["collection", "keys", "unique"]})


class DropCollection(InCollection):
    """A collection with all that is in it."""
