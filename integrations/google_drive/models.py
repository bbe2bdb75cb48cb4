"""The credentials and params of the Google Drive tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, google, typed

_LINK = re.compile(
    r"https?://(?:drive|docs)\.google\.com/(?:[^?#]*/)?(?:d|folders)/(?P<path>[A-Za-z0-9_-]+)(?:[/?#].*)?"
    r"|https?://(?:drive|docs)\.google\.com/[^?#]*\?(?:[^#]*&)?id=(?P<query>[A-Za-z0-9_-]+)(?:[&#].*)?"
)
_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_EMAIL: dict[str, Any] = {"flowbook_type": "email"}


def _id(text: str) -> str:
    found = _LINK.fullmatch(text)
    id = (found["path"] or found["query"]) if found else text
    if not re.fullmatch(r"root|[A-Za-z0-9_-]{10,}", id):
        raise ValueError("must be the ID of a file or folder, or its link")
    return id


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
FileId = Annotated[Name, AfterValidator(_id)]
OptionalFile = Annotated[FileId | None, typed.BlankIsNone]
Moment = Annotated[
    Annotated[
        str, StringConstraints(strip_whitespace=True, pattern=r"^\d{4}-\d\d-\d\d([T ][0-9:.]+(Z|[+-]\d\d:\d\d)?)?$")
    ]
    | None,
    typed.BlankIsNone,
]

FILE = "File or folder: its ID, or its link."
PARENT = "Folder: its ID, or its link; My Drive when empty."
KINDS = {
    "folder": "application/vnd.google-apps.folder",
    "document": "application/vnd.google-apps.document",
    "spreadsheet": "application/vnd.google-apps.spreadsheet",
    "presentation": "application/vnd.google-apps.presentation",
    "shortcut": "application/vnd.google-apps.shortcut",
    "pdf": "application/pdf",
}
EXPORTS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "txt": "text/plain",
    "md": "text/markdown",
    "rtf": "application/rtf",
    "html.zip": "application/zip",
    "epub": "application/epub+zip",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "png": "image/png",
    "jpg": "image/jpeg",
    "svg": "image/svg+xml",
}
"""https://developers.google.com/workspace/drive/api/guides/ref-export-formats."""
Format = Literal[
    "pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "txt", "md", "rtf", "html.zip", "epub", "csv", "tsv", "png",
    "jpg", "svg",
]  # fmt: skip


class Credentials(google.Account):
    """Who signs in, or a service account."""

    oauth2: Annotated[Secret | None, google.sign_in("drive")] = google.token()
    base_url: str = google.address("https://www.googleapis.com")


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class OneFile(typed.Params):
    """A file or folder."""

    file: FileId = Field(description=FILE)


class _Files(typed.Params):
    """What files must be like."""

    folder: OptionalFile = Field(None, description="Only those directly in this folder: its ID or link, or root.")
    name: OptionalName = Field(None, description="Text that a word of the name begins with.")
    exact_name: OptionalName = Field(None, description="The whole name, exactly.")
    text: OptionalName = Field(None, description="Text in the content, the name or the description.")
    kind: Literal["any", "folder", "file", "document", "spreadsheet", "presentation", "shortcut", "pdf"] = Field(
        "any", description="Only those of this kind; file is whatever is no folder."
    )
    mime_type: OptionalName = Field(None, description="Only those of this MIME type, as image/png.")
    modified_since: Moment = Field(None, description="Only those changed since then, as 2026-01-31.")
    mine: bool = Field(False, description="Only those that I own.")
    trashed: bool = Field(False, description="Those in the trash, in place of those that are not.")
    query: OptionalName = Field(
        None, description="More, in Drive's own words, as: sharedWithMe and starred = true.", json_schema_extra=_TEXT
    )
    order: OptionalName = Field(
        None, description="What comes first, as: name, modifiedTime desc, folder; Drive decides when empty."
    )
    drive: OptionalName = Field(None, description="ID of a shared drive to look in; everywhere when empty.")


class ListFiles(typed.Listed, _Files):
    """What files must be like: all that is given must fit."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["folder", "name", "kind", "modified_since"]})


class ReadFile(OneFile):
    """Which file."""

    max_bytes: int = Field(10_000_000, ge=1, description="Largest content that is read, in bytes.")


class DownloadFile(OneFile):
    """Which file, and where it goes."""

    file_path: Name = Field(
        description="Where it goes: a file, or a folder with / at its end.", json_schema_extra=_FILE
    )
    overwrite: bool = Field(False, description="Replace a file that is there already.")
    max_bytes: int = Field(2_000_000_000, ge=1, description="Largest content, in bytes.")


class ExportFile(DownloadFile):
    """Which document of Google's, as what, and where it goes."""

    format: Format = Field("pdf", description="What is made of it. Documents: pdf, docx, odt, txt, md, …; "
                           "spreadsheets: xlsx, ods, csv, tsv (first sheet); presentations: pptx, odp.")  # fmt: skip


class _Content(typed.Params):
    """What a file holds."""

    file_path: Annotated[Name | None, typed.BlankIsNone] = Field(
        None, description="File of the workspace to upload.", json_schema_extra=_FILE
    )
    content: Any = Field(
        None, description="Or the content: text, bytes, a DataFrame (as CSV), or anything JSON holds.",
        json_schema_extra=_JSON,
    )  # fmt: skip
    mime_type: OptionalName = Field(None, description="Its MIME type; by its name when empty.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.file_path is None) == (self.content is None):
            raise ValueError("give file_path, or content")
        return self


class UploadFile(_Content):
    """A new file."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["file_path", "name", "folder"]})

    name: OptionalName = Field(None, description="Its name in Drive; that of the file when empty.")
    folder: OptionalFile = Field(None, description=PARENT)
    description: OptionalName = Field(None, description="What is said about it.")
    convert_to: Annotated[Literal["document", "spreadsheet", "presentation"] | None, typed.BlankIsNone] = Field(
        None, description="Make a document of Google's of it, as of docx, csv, xlsx or pptx."
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.content is not None and self.name is None:
            raise ValueError("content needs a name")
        return self


class ReplaceContent(_Content, OneFile):
    """A file, and its new content."""


class CreateFolder(typed.Params):
    """A new folder."""

    name: Name = Field(description="Its name.")
    folder: OptionalFile = Field(None, description=f"What it is in. {PARENT}")
    only_once: bool = Field(False, description="Take the folder of this name that is there already, if there is one.")


class MoveFile(OneFile):
    """A file or folder, and where to."""

    folder: FileId = Field(description="Folder that it goes to: its ID, or its link; root is My Drive.")


class UpdateFile(OneFile):
    """A file or folder, and what is new about it."""

    name: OptionalName = Field(None, description="Its new name.")
    description: str | None = Field(None, description="What is said about it.", json_schema_extra=_TEXT)
    starred: bool | None = Field(None, description="Whether it has a star.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.description is None and self.starred is None:
            raise ValueError("say what is new: name, description or starred")
        return self


class CopyFile(OneFile):
    """A file, and what its copy is called."""

    name: OptionalName = Field(None, description="Name of the copy; Drive decides when empty.")
    folder: OptionalFile = Field(None, description="Folder of the copy; that of the file when empty.")


class ShareFile(OneFile):
    """With whom, and what they may do."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["file", "email", "role"]})

    email: OptionalName = Field(None, description="Address of a person or group.", json_schema_extra=_EMAIL)
    role: Literal["reader", "commenter", "writer", "fileOrganizer", "organizer"] = Field(
        "reader", description="What they may do; the last two on shared drives only."
    )
    kind: Literal["user", "group", "domain", "anyone"] = Field(
        "user", description="Who: a person, a group, all of a domain, or anyone who has the link."
    )
    domain: OptionalName = Field(None, description="Domain, as example.com, for that kind.")
    notify: bool = Field(False, description="Write them a mail about it.")
    message: OptionalName = Field(None, description="What the mail says, too.", json_schema_extra=_TEXT)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        needed = {"user": self.email, "group": self.email, "domain": self.domain, "anyone": "nothing"}
        if needed[self.kind] is None:
            raise ValueError(f"the kind {self.kind} needs {'a domain' if self.kind == 'domain' else 'an email'}")
        if self.message is not None and not self.notify:
            raise ValueError("a message needs notify: it is in the mail")
        return self


class RemovePermission(OneFile):
    """Whose permission."""

    permission: OptionalName = Field(None, description="Its ID, as list_permissions gives it.")
    email: OptionalName = Field(None, description="Or the address that it is for.", json_schema_extra=_EMAIL)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.permission is None) == (self.email is None):
            raise ValueError("give permission, or email")
        return self
