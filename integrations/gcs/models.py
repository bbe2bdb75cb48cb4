"""The credentials and params of the Google Cloud Storage tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, google, typed

MAX_BYTES = 100_000_000
Format = Literal["auto", "text", "json", "csv", "parquet", "bytes"]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
# https://docs.cloud.google.com/storage/docs/buckets#naming and /storage/docs/objects#naming
Bucket = Annotated[Name, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=222)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\r\n]+$")]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
BUCKET = "Name of the bucket."
KEY = "Name of the object, e.g. reports/2026/january.csv."


class Credentials(google.Account):
    """Who signs in, or a service account."""

    project: str | None = Field(
        None, description="ID of the project, for listing and making buckets.", examples=["my-project"]
    )
    oauth2: Annotated[Secret | None, google.sign_in("devstorage.read_write")] = google.token()
    base_url: str = google.address("https://storage.googleapis.com")


class TestConnection(typed.Params):
    """What to try."""

    bucket: Annotated[Bucket | None, typed.BlankIsNone] = Field(
        None, description="A bucket to look into; without one the project's buckets are listed."
    )


class ListBuckets(typed.Listed):
    """Which buckets to list."""

    prefix: str = Field("", description="Only buckets whose names begin so.")


class OneBucket(typed.Params):
    """A bucket."""

    bucket: Bucket = Field(description=BUCKET)


class CreateBucket(OneBucket):
    """A bucket to make."""

    location: OptionalName = Field(None, description="Where it is kept, e.g. EU or europe-west1; US when empty.")
    storage_class: OptionalName = Field(None, description="STANDARD, NEARLINE, COLDLINE or ARCHIVE.")


class ListObjects(typed.Listed, OneBucket):
    """Which objects to list."""

    prefix: str = Field("", description="Only objects whose names begin so.")
    delimiter: str = Field("", description="/ lists one level: deeper folders come as one entry each.")


class OneObject(OneBucket):
    """An object."""

    key: Key = Field(description=KEY)


class HeadObject(OneObject):
    """An object to look at."""


class GetObject(OneObject):
    """An object to read, and what is in it."""

    as_: Format = Field("auto", alias="as", description="What is in it; auto goes by its name and content type.")
    encoding: str = Field("utf-8", description="Of texts.")
    table_as: Literal["dataframe", "rows"] = Field("dataframe", description="How CSV and Parquet are wanted.")
    max_bytes: int = Field(MAX_BYTES, ge=1, description="Most bytes to read.")


class Stored(OneObject):
    """How an object is stored."""

    content_type: OptionalName = Field(None, description="Content type; guessed when empty.")
    metadata: dict[str, str] = Field(default_factory=dict, description="Texts by name that are kept with it.")
    cache_control: OptionalName = Field(None, description="How long others may keep it, e.g. max-age=300.")
    overwrite: bool = Field(True, description="Whether an object of that name may be replaced.")


class PutObject(Stored):
    """Data for an object."""

    data: Any = Field(description="Text, JSON, bytes, or a table.", json_schema_extra=_JSON)
    format: Format = Field("auto", description="What is made of it; auto goes by the data and the name.")
    encoding: str = Field("utf-8", description="Of texts.")
    safe: bool = Field(False, description="CSV: put ' before cells that a spreadsheet would run as a formula.")


class UploadFile(Stored):
    """A file for an object."""

    key: Annotated[Key | None, typed.BlankIsNone] = Field(  # type: ignore[assignment]
        None, description="Name of the object; the file's name when empty."
    )
    file_path: str = Field(min_length=1, description="The file to upload.", json_schema_extra=_FILE)


class DownloadFile(OneObject):
    """Where an object goes."""

    file_path: str = Field(
        min_length=1,
        description="File to write; in a folder it has the last part of the name.",
        json_schema_extra=_FILE,
    )
    overwrite: bool = Field(False, description="Whether an existing file may be replaced.")


class CopyObject(OneObject):
    """An object and its copy's place."""

    to_bucket: Annotated[Bucket | None, typed.BlankIsNone] = Field(None, description="The same bucket when empty.")
    to_key: Annotated[Key | None, typed.BlankIsNone] = Field(None, description="The same name when empty.")

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if not self.to_bucket and not self.to_key:
            raise ValueError("give to_bucket or to_key: the copy would be the object itself")
        return self


class DeleteObjects(OneBucket):
    """Which objects to delete."""

    keys: Annotated[list[Key], typed.Parted] = Field(default_factory=list, description="Names of the objects.")
    prefix: str = Field("", description="In place of names: all objects whose names begin so.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.keys) == bool(self.prefix):
            raise ValueError("give either keys or a prefix")
        return self


class SignUrl(OneObject):
    """A link to an object."""

    method: Literal["GET", "PUT", "DELETE"] = Field("GET", description="What may be done with the link.")
    expires: int = Field(3600, ge=1, le=604_800, description="Seconds that it works; a week at most.")
