"""The credentials and params of the Azure Blob Storage tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, typed

MAX_BYTES = 100_000_000
Format = Literal["auto", "text", "json", "csv", "parquet", "bytes"]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
Container = Annotated[Name, StringConstraints(pattern=r"^(\$root|\$web|[a-z0-9](-?[a-z0-9])*)$", max_length=63)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Tier = Annotated[Literal["Hot", "Cool", "Cold", "Archive"] | None, typed.BlankIsNone]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
CONTAINER = "Name of the container."
KEY = "Name of the blob, e.g. reports/2026/january.csv."


class Credentials(typed.Credentials):
    """A storage account, and what signs: its key or a shared access signature (SAS)."""

    account: str | None = Field(None, description="Name of the storage account.", examples=["shop"])
    account_key: Secret | None = Field(
        None, description="One of its access keys.", examples=["c2hvcC1hY2NvdW50LWtleS1mb3ItZXhhbXBsZXM="]
    )
    sas_token: Secret | None = Field(None, description="In place of a key: a shared access signature (?sv=…&sig=…).")
    connection_string: Secret | None = Field(None, description="In place of all three: the connection string.")
    endpoint_url: str | None = Field(
        None,
        description="Address of the account where it is not https://ACCOUNT.blob.core.windows.net.",
        json_schema_extra={"flowbook_type": "url"},
    )
    timeout: float | None = Field(
        None, gt=0, le=3600, description="Seconds that the server has for each answer, of three tries; 40 when empty."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.connection_string:
            if self.account_key or self.sas_token:
                raise ValueError("give a connection_string, or an account with account_key or sas_token, not both")
            return self
        if not self.account and not self.endpoint_url:
            raise ValueError("give the account, or a connection_string")
        if bool(self.account_key) == bool(self.sas_token):
            raise ValueError("give either account_key or sas_token")
        if self.account_key and not self.account:
            raise ValueError("account_key belongs to an account: give its name too")
        return self


class TestConnection(typed.Params):
    """What to try."""

    container: Annotated[Container | None, typed.BlankIsNone] = Field(
        None, description="A container to look into; without one the containers are listed."
    )


class ListContainers(typed.Listed):
    """Which containers to list."""

    prefix: str = Field("", description="Only containers whose names begin so.")


class OneContainer(typed.Params):
    """A container."""

    container: Container = Field(description=CONTAINER)


class ListBlobs(typed.Listed, OneContainer):
    """Which blobs to list."""

    prefix: str = Field("", description="Only blobs whose names begin so.")
    delimiter: str = Field("", description="/ lists one level: deeper folders come as one entry each.")


class OneBlob(OneContainer):
    """A blob."""

    key: Key = Field(description=KEY)


class GetBlob(OneBlob):
    """A blob to read, and what is in it."""

    as_: Format = Field("auto", alias="as", description="What is in it; auto goes by its name and content type.")
    encoding: str = Field("utf-8", description="Of texts.")
    table_as: Literal["dataframe", "rows"] = Field("dataframe", description="How CSV and Parquet are wanted.")
    max_bytes: int = Field(MAX_BYTES, ge=1, description="Most bytes to read.")


class Stored(OneBlob):
    """How a blob is stored."""

    content_type: OptionalName = Field(None, description="Content type; guessed when empty.")
    metadata: dict[str, str] = Field(default_factory=dict, description="Texts by name that are kept with it.")
    tags: dict[str, str] = Field(default_factory=dict, description="Index tags, by which blobs are found.")
    cache_control: OptionalName = Field(None, description="How long others may keep it, e.g. max-age=300.")
    tier: Tier = Field(None, description="Access tier; the account's when empty.")
    overwrite: bool = Field(True, description="Whether a blob of that name may be replaced.")


class PutBlob(Stored):
    """Data for a blob."""

    data: Any = Field(description="Text, JSON, bytes, or a table.", json_schema_extra=_JSON)
    format: Format = Field("auto", description="What is made of it; auto goes by the data and the name.")
    encoding: str = Field("utf-8", description="Of texts.")
    safe: bool = Field(False, description="CSV: put ' before cells that a spreadsheet would run as a formula.")


class UploadFile(Stored):
    """A file for a blob."""

    key: Annotated[Key | None, typed.BlankIsNone] = Field(  # type: ignore[assignment]
        None, description="Name of the blob; the file's name when empty."
    )
    file_path: str = Field(min_length=1, description="The file to upload.", json_schema_extra=_FILE)


class DownloadFile(OneBlob):
    """Where a blob goes."""

    file_path: str = Field(
        min_length=1,
        description="File to write; in a folder it has the last part of the name.",
        json_schema_extra=_FILE,
    )
    overwrite: bool = Field(False, description="Whether an existing file may be replaced.")


class CopyBlob(OneBlob):
    """A blob and its copy's place."""

    to_container: Annotated[Container | None, typed.BlankIsNone] = Field(
        None, description="The same container when empty."
    )
    to_key: Annotated[Key | None, typed.BlankIsNone] = Field(None, description="The same name when empty.")

    @model_validator(mode="after")
    def _elsewhere(self) -> Self:
        if not self.to_container and not self.to_key:
            raise ValueError("give to_container or to_key: the copy would be the blob itself")
        return self


class DeleteBlobs(OneContainer):
    """Which blobs to delete."""

    keys: Annotated[list[Key], typed.Parted] = Field(default_factory=list, description="Names of the blobs.")
    prefix: str = Field("", description="In place of names: all blobs whose names begin so.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.keys) == bool(self.prefix):
            raise ValueError("give either keys or a prefix")
        return self


class SignUrl(OneBlob):
    """A link to a blob."""

    method: Literal["GET", "PUT", "DELETE"] = Field("GET", description="What may be done with the link.")
    expires: int = Field(3600, ge=1, le=604_800, description="Seconds that it works; a week at most.")
