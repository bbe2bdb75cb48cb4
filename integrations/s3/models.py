"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import Self

from flowbook import Secret, typed
from flowbook.counting import counted

Format = Literal["auto", "text", "json", "csv", "parquet", "bytes"]

Acl = Literal[
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
]

_BUCKET = Field(min_length=1, description="Name of the bucket")
_KEY = Field(min_length=1, description="Key of the object, e.g. reports/2026/january.csv")


def _check_tags(tags: dict[str, str]) -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
    if len(tags) > 10:
        raise ValueError(f"{counted(len(tags), 'tag')} are too many: an object has ten at most")
    long = [name for name, value in tags.items() if not 0 < len(name) <= 128 or len(value) > 256]
    if long:
        raise ValueError(f"the tag {long[0][:140]!r} is too long or has no name: 128 characters, and 256 of value")


class Credentials(typed.Credentials):
    """Who asks: an access key; or what this machine has (a profile, its environment, a sign-in); and a role to take."""

    access_key: str | None = Field(
        None, description="Access key id, e.g. AKIA…; empty: what this machine has", examples=["AKIAIOSFODNN7EXAMPLE"]
    )
    secret_key: Secret | None = Field(None, description="Secret access key")
    endpoint_url: str | None = Field(
        None,
        description="Address of an S3-compatible server (MinIO, SeaweedFS, R2, …); empty for Amazon S3",
        json_schema_extra={"flowbook_type": "url"},
    )
    region: str | None = Field(
        None, description="Region, e.g. eu-central-1; empty: that of the profile or environment, else us-east-1"
    )
    session_token: Secret | None = Field(None, description="Session token, with temporary credentials")
    profile: str | None = Field(
        None, description="In place of keys: a profile of ~/.aws/config, one that signs in (SSO) too"
    )
    role_arn: str | None = Field(None, description="A role to take, e.g. arn:aws:iam::123456789012:role/reports")
    external_id: str | None = Field(None, description="External id, where the role asks for one")
    sts_endpoint_url: str | None = Field(
        None,
        description="Address of the service that hands out roles; empty for Amazon's",
        json_schema_extra={"flowbook_type": "url"},
    )
    addressing_style: Literal["auto", "path", "virtual"] = Field(
        "auto", description="How bucket names go into addresses; auto: path with endpoint_url, else Amazon's way"
    )
    timeout: float | None = Field(
        None, gt=0, le=3600, description="Seconds that the server has for each answer, of three tries; 40 when empty"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Credentials:
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together: give both, or neither")
        if self.access_key and self.profile:
            raise ValueError("give access_key and secret_key, or a profile, not both")
        if self.session_token and not self.access_key:
            raise ValueError("session_token belongs to access_key and secret_key: give them too")
        if self.external_id and not self.role_arn:
            raise ValueError("external_id belongs to a role: give role_arn too")
        return self


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


class DeleteBucket(typed.Params):
    """The bucket to delete."""

    bucket: str = _BUCKET
    empty: bool = Field(False, description="Delete all that is in it first, old versions too")


class ObjectParams(typed.Params):
    """An object in a bucket."""

    bucket: str = _BUCKET
    key: str = _KEY


class Keeping(typed.Params):
    """How the service keeps an object, and who may reach it."""

    storage_class: str | None = Field(None, description="Storage class, e.g. STANDARD_IA")
    acl: Acl | None = Field(None, description="Who may reach it, e.g. public-read; where the bucket allows ACLs")
    encryption: Literal["AES256", "aws:kms", "aws:kms:dsse"] | None = Field(
        None, description="Encryption by the service: with its own key (AES256) or one of KMS; the bucket's when empty"
    )
    kms_key: str | None = Field(None, description="KMS: id or ARN of the key; the account's own when empty")

    @model_validator(mode="after")
    def _with_kms(self) -> Self:
        if self.kms_key and not (self.encryption or "").startswith("aws:kms"):
            raise ValueError("kms_key belongs to encryption: aws:kms")
        return self


class Storing(Keeping):
    """What is stored with an object beside its content."""

    metadata: dict[str, str] = Field(default_factory=dict, description="Metadata of your own, as text")
    cache_control: str | None = Field(None, description="How long browsers may keep it, e.g. max-age=3600")
    content_disposition: str | None = Field(None, description='What browsers do with it, e.g. attachment; filename="x"')
    content_encoding: str | None = Field(None, description="How it is compressed already, e.g. gzip")
    tags: dict[str, str] = Field(default_factory=dict, description="Tags of the object, ten at most")

    @model_validator(mode="after")
    def _few_tags(self) -> Self:
        _check_tags(self.tags)
        return self


class _File(typed.Params):
    bucket: str = _BUCKET
    file_path: str = Field(min_length=1, description="The file to upload", json_schema_extra={"flowbook_type": "file"})
    key: str | None = Field(None, description="Key to store it under; the file's name when empty")
    content_type: str | None = Field(None, description="Content type; guessed from the key when empty")


class UploadFile(Storing, _File):
    """A file for a bucket."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["key"]})


class _Folder(typed.Params):
    bucket: str = _BUCKET
    folder_path: str = Field(min_length=1, description="Folder of the workspace")
    prefix: str = Field("", description="What its keys begin with, e.g. reports/2026/")
    pattern: str = Field("", description="Only files whose name or path in the folder is like this, e.g. *.csv")


class UploadFolder(Storing, _Folder):
    """A folder's files for a bucket; content types are guessed from their names."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["prefix"]})

    hidden: bool = Field(False, description="Files and folders whose name begins with a dot, too")


class DownloadFolder(_Folder):
    """Objects for a folder: all whose key begins with the prefix, below it as their keys say."""

    overwrite: bool = Field(True, description="Whether existing files may be replaced")


class DownloadFile(ObjectParams):
    """An object for a file."""

    file_path: str = Field(
        min_length=1,
        description="File to write, or a folder to write into",
        json_schema_extra={"flowbook_type": "file"},
    )
    version_id: str | None = Field(None, description="A version of it; the newest when empty")
    overwrite: bool = Field(True, description="Whether an existing file may be replaced")


class _Data(ObjectParams):
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


class PutObject(Storing, _Data):
    """Data to store as an object."""


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


class _Copy(typed.Params):
    source_bucket: str = Field(min_length=1, description="Bucket to copy from")
    source_key: str = Field(min_length=1, description="Key to copy")
    bucket: str | None = Field(None, description="Bucket to copy to; the same when empty")
    key: str | None = Field(None, description="Key to copy to; the same when empty")
    metadata: dict[str, str] | None = Field(None, description="New metadata; the old one is kept when empty")
    content_type: str | None = Field(None, description="New content type, with new metadata")


class CopyObject(Keeping, _Copy):
    """From where to where."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["bucket", "key"]})

    @model_validator(mode="after")
    def _elsewhere(self) -> CopyObject:
        same = (self.bucket or self.source_bucket, self.key or self.source_key) == (self.source_bucket, self.source_key)
        new = (self.metadata, self.storage_class, self.encryption)
        if same and all(one is None for one in new):
            raise ValueError("give another 'bucket' or 'key' to copy to, or new 'metadata' or storage")
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


class GetTags(ObjectParams):
    """An object whose tags are asked for."""

    version_id: str | None = Field(None, description="A version of it; the newest when empty")


class SetTags(ObjectParams):
    """Tags for an object."""

    tags: dict[str, str] = Field(description="Tags, ten at most; {} takes all away")
    keep_others: bool = Field(False, description="Keep the tags that it has under other names")

    @model_validator(mode="after")
    def _few(self) -> Self:
        _check_tags(self.tags)
        return self


class GetAcl(ObjectParams):
    """An object of which is asked who may reach it."""


class SetAcl(ObjectParams):
    """Who may reach an object."""

    acl: Acl = Field(description="Who may reach it, e.g. private or public-read; where the bucket allows ACLs")


class PresignUrl(ObjectParams):
    """A link to an object that works without credentials for a while."""

    method: Literal["get", "put"] = Field("get", description="Whether the link downloads or uploads")
    expires: int = Field(3600, ge=1, le=604_800, description="Seconds that it works; a week at most")
    filename: str | None = Field(None, description="Name that a browser saves the download under")
    content_type: str | None = Field(None, description="Content type that an upload must have")
