"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from flowbook import Secret, mail, typed

_URL: dict[str, Any] = {"flowbook_type": "url"}
_FILE: dict[str, Any] = {"flowbook_type": "file"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_MAIN: dict[str, Any] = {"flowbook_main": ("folder", "unseen", "from", "subject", "after_uid")}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


_MARK = re.compile(r"\\?[!#$&'+-\[^-z|}~]+")  # an atom of RFC 3501


def _one_mark(value: str) -> str:
    if not _MARK.fullmatch(value):
        raise ValueError('is a word of ASCII letters, digits and signs, without spaces or any of ( ) { % * " ]')
    return value


# No control characters: a line break would begin a command of its own.
Word = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[Word | None, typed.BlankIsNone]
Mark = Annotated[str, AfterValidator(_one_mark)]
Day = Annotated[date | None, typed.BlankIsNone]
Uid = Annotated[int, Field(ge=1, le=2**32 - 1)]
Uids = Annotated[list[Uid], BeforeValidator(_listed), Field(min_length=1)]


class Credentials(typed.Credentials):
    """A mailbox: its server, and who signs in to it."""

    host: str = Field(min_length=1, description="Name or address of the mail server")
    username: str = Field(min_length=1, description="Who signs in; often the mail address")
    password: Secret | None = Field(None, description="The password, or an app password")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="tls: encrypted from the start; starttls: from the second step on; none: not at all"
    )
    port: int | None = Field(None, ge=1, le=65535, description="Its port; when empty 993 with tls, else 143")
    client_id: str | None = Field(
        None, description="Client ID of your app, for a provider that one signs in to with OAuth2"
    )
    client_secret: Secret | None = Field(None, description="Its client secret, if it has one")
    authorize_url: str | None = Field(
        None, description="The provider's page that asks for consent", json_schema_extra=_URL
    )
    token_url: str | None = Field(None, description="Its token endpoint", json_schema_extra=_URL)
    scope: str | None = Field(None, description="What to ask for, as the provider names reading mail over IMAP")
    oauth2: mail.AccessToken = Field(None, description="Access token: got by signing in, in place of a password")
    ca_file: str | None = Field(
        None, description="File with a certificate authority of your own", json_schema_extra=_FILE
    )
    timeout: float = Field(30, gt=0, le=600, description="Seconds to wait for each of the server's answers")


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class ListFolders(typed.Params):
    """Which folders."""

    match: Word = Field("*", description="What names are like; * is any text")
    counts: bool = Field(True, description="Whether to count the messages of each")


class CreateFolder(typed.Params):
    """A new folder."""

    name: Word = Field(description="Its name, with the server's own separator between levels, as Archive/2026")


class SearchMessages(typed.Params):
    """What messages must be like: all that is given must fit."""

    model_config = ConfigDict(json_schema_extra=_MAIN)

    folder: Word = Field("INBOX", description="Folder to look in")
    unseen: bool | None = Field(None, description="true: only those not read yet; false: only those read; empty: both")
    from_: Text = Field(None, alias="from", description="Text in the sender's name or address")
    to: Text = Field(None, description="Text in the names or addresses it was sent to")
    subject: Text = Field(None, description="Text in the subject")
    text: Text = Field(None, description="Text anywhere in the message")
    since: Day = Field(None, description="Received on this day or later, as 2026-01-31")
    before: Day = Field(None, description="Received before this day")
    flagged: bool | None = Field(None, description="true: only those with a flag (star); false: only those without")
    after_uid: int = Field(0, ge=0, description="Only those that came after this one: the last_uid of the last time")
    uidvalidity: int | None = Field(
        None, ge=0, description="The uidvalidity of the last time: where it has changed, after_uid says nothing"
    )
    limit: int = Field(100, ge=1, le=10_000, description="Most messages; the message says when there were more")
    order: Literal["newest", "oldest"] = Field("newest", description="Which come first, and stay within the limit")
    bodies: bool = Field(False, description="Read the texts and the names of the attachments, too")
    wait: float = Field(0, ge=0, description="Seconds to wait for a message where there is none")
    max_bytes: int = Field(50_000_000, ge=1, description="Largest message of which the body is read, in bytes")


class OneMessage(typed.Params):
    """Which message."""

    uid: Uid = Field(description="The message's uid, as search_messages gives it")
    folder: Word = Field("INBOX", description="Folder that it is in")
    max_bytes: int = Field(50_000_000, ge=1, description="Largest message that is read, in bytes")


class GetMessage(OneMessage):
    """Which message, and how much of it."""

    mark_seen: bool = Field(False, description="Mark it as read")
    content: bool = Field(False, description="Give the attachments' content (bytes), too")
    raw: bool = Field(False, description="Give the whole message as it came (bytes), too")


class SaveAttachments(OneMessage):
    """Where the attachments go."""

    folder_path: Word = Field(description="Folder to save them in; made when it is not there", json_schema_extra=_FILE)
    pattern: Word = Field("*", description="Only those whose name is like this, as *.pdf")
    inline: bool = Field(False, description="Those too that are shown inside of the text, such as a logo")
    overwrite: bool = Field(False, description="Replace a file of the same name; else the new one gets a number")


class Several(typed.Params):
    """Which messages."""

    uids: Uids = Field(
        description="The uid of a message, or a list of them", json_schema_extra={"flowbook_type": "json"}
    )
    folder: Word = Field("INBOX", description="Folder that they are in")


class MarkMessages(Several):
    """What they are marked with."""

    seen: bool | None = Field(None, description="Read (true) or not read (false); empty: as it is")
    flagged: bool | None = Field(None, description="With a flag (star) or without; empty: as it is")
    answered: bool | None = Field(None, description="Answered or not; empty: as it is")
    add: Annotated[list[Mark], typed.Parted] = Field(default_factory=list, description="Keywords (labels) to add")
    remove: Annotated[list[Mark], typed.Parted] = Field(default_factory=list, description="Keywords to take off")


class MoveMessages(Several):
    """Where they go."""

    to_folder: Word = Field(description="Folder that they go to; it must be there")


class DeleteMessages(Several):
    """Messages that are to be gone."""


class AppendMessage(typed.Params):
    """A message that is put into a folder, as a draft."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["to", "subject", "body"]})

    folder: Word = Field("Drafts", description="Folder that it is put into")
    to: str | list[str] = Field("", description="Who it is for", json_schema_extra={"flowbook_type": "email"})
    subject: str = Field("", description="Its subject")
    body: str = Field("", description="Its text", json_schema_extra=_TEXT)
    html: str = Field("", description="Its text as HTML, beside or in place of the plain one", json_schema_extra=_TEXT)
    attachments: list[Any] = Field(
        default_factory=list, description='Files: a path, {"file_path", "filename"}, or {"filename", "content"}'
    )
    raw: str | bytes | None = Field(None, description="A whole message (RFC 5322) in place of all of these")
    draft: bool = Field(True, description="Whether it is marked as a draft")
    seen: bool = Field(True, description="Whether it is marked as read")
