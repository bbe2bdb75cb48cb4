"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from flowbook import Secret, typed

Format = Literal["auto", "text", "json", "csv", "parquet", "bytes"]

_BUCKET = Field(min_length=1, description="Name of the bucket")
_KEY = Field(min_length=1, description="Key of the object, e.g. reports/2026/january.csv")


class Credentials(typed.Credentials):
    """An access key, and where it is valid."""

    access_key: str = Field(min_length=1, description="Access key id, e.g. AKIA…")
    secret_key: Secret = Field(description="Secret access key")
    endpoint_url: str | None = Field(
        None,
        description="Address of an S3-compatible server (MinIO, SeaweedFS, R2, …); empty for Amazon S3",
        json_schema_extra={"flowbook_type": "url"},
    )
    region: str | None = Field(None, description="Region, e.g. eu-central-1; us-east-1 when empty")
    session_token: Secret | None = Field(None, description="Session token, with temporary credentials")
    addressing_style: Literal["auto", "path", "virtual"] = Field(
        "auto", description="How bucket names go into addresses; auto: path with endpoint_url, else Amazon's way"
    )


class TestConnection(typed.Params):
    """A bucket to look into, for keys that may not list all buckets."""

    bucket: str | None = Field(None, description="A bucket to try; without it, listing all buckets is tried")


class ListBuckets(typed.Params):
    """Which buckets to list."""

    prefix: str = Field("", description="Only buckets whose name starts with this")
    limit: int = Field(1000, ge=1, description="Most buckets to list")


class ListObjects(typed.Params):
    """Which objects to list."""

    bucket: str = _BUCKET
    prefix: str = Field("", description="Only keys that start with this, e.g. reports/")
    delimiter: str = Field("", description='With "/" only this folder\'s own objects; deeper folders are named apart')
    limit: int = Field(1000, ge=1, description="Most objects to list")
    all: bool = Field(False, description="List all of them, whatever the limit")


class CreateBucket(typed.Params):
    """The bucket to make."""

    bucket: str = _BUCKET
    region: str | None = Field(None, description="Where to make it; without it, the credentials' region")


class ObjectParams(typed.Params):
    """An object in a bucket."""

    bucket: str = _BUCKET
    key: str = _KEY


class UploadFile(typed.Params):
    """A file for a bucket."""

    bucket: str = _BUCKET
    file_path: str = Field(min_length=1, description="The file to upload", json_schema_extra={"flowbook_type": "file"})
    key: str | None = Field(None, description="Key to store it under; the file's name when empty")
    content_type: str | None = Field(None, description="Content type; guessed from the key when empty")
    metadata: dict[str, str] = Field(default_factory=dict, description="Metadata of your own, as text")
    storage_class: str | None = Field(None, description="Storage class, e.g. STANDARD_IA")


class DownloadFile(ObjectParams):
    """An object for a file."""

    file_path: str = Field(
        min_length=1,
        description="File to write, or a folder to write into",
        json_schema_extra={"flowbook_type": "file"},
    )
    version_id: str | None = Field(None, description="A version of it; the newest when empty")
    overwrite: bool = Field(True, description="Whether an existing file may be replaced")


class PutObject(ObjectParams):
    """Data to store as an object."""

    data: Any = Field(
        description="Text, bytes, a DataFrame, or anything that JSON holds", json_schema_extra={"flowbook_type": "json"}
    )
    format: Format = Field("auto", description="How to write it; auto: by the data and the key's ending")
    encoding: str = Field("utf-8", description="Encoding of text, JSON and CSV")
    safe: bool = Field(
        False,
        description="CSV: put ' before cells that a spreadsheet would run as a formula: for files that people open",
    )
    content_type: str | None = Field(None, description="Content type; by the format when empty")
    metadata: dict[str, str] = Field(default_factory=dict, description="Metadata of your own, as text")


class GetObject(ObjectParams):
    """An object to read."""

    as_: Format = Field(
        "auto", alias="as", description="How to read it; auto: by its content type and the key's ending"
    )
    table_as: Literal["dataframe", "rows"] = Field(
        "dataframe", description="What CSV and Parquet become: a DataFrame, or a list of objects"
    )
    encoding: str = Field("utf-8", description="Encoding of text, JSON and CSV")
    max_bytes: int = Field(100_000_000, ge=1, description="Largest object to read into memory")
    version_id: str | None = Field(None, description="A version of it; the newest when empty")


class HeadObject(ObjectParams):
    """An object to look at."""

    version_id: str | None = Field(None, description="A version of it; the newest when empty")


class CopyObject(typed.Params):
    """From where to where."""

    source_bucket: str = Field(min_length=1, description="Bucket to copy from")
    source_key: str = Field(min_length=1, description="Key to copy")
    bucket: str | None = Field(None, description="Bucket to copy to; the same when empty")
    key: str | None = Field(None, description="Key to copy to; the same when empty")
    metadata: dict[str, str] | None = Field(None, description="New metadata; the old one is kept when empty")
    content_type: str | None = Field(None, description="New content type, with new metadata")

    @model_validator(mode="after")
    def _elsewhere(self) -> CopyObject:
        same = (self.bucket or self.source_bucket, self.key or self.source_key) == (self.source_bucket, self.source_key)
        if same and self.metadata is None:
            raise ValueError("give another 'bucket' or 'key' to copy to, or new 'metadata'")
        return self


class DeleteObjects(typed.Params):
    """What to delete: these keys, or all that start with a prefix."""

    bucket: str = _BUCKET
    keys: list[str] = Field(default_factory=list, description="Keys to delete")
    prefix: str | None = Field(None, description="Delete everything whose key starts with this")

    @model_validator(mode="after")
    def _one_way(self) -> DeleteObjects:
        if bool(self.keys) == bool(self.prefix):
            raise ValueError("give either 'keys' or a 'prefix' that is not empty")
        return self


class PresignUrl(ObjectParams):
    """A link to an object that works without credentials for a while."""

    method: Literal["get", "put"] = Field("get", description="Whether the link downloads or uploads")
    expires: int = Field(3600, ge=1, le=604_800, description="Seconds that it works; a week at most")
    filename: str | None = Field(None, description="Name that a browser saves the download under")
    content_type: str | None = Field(None, description="Content type that an upload must have")
