"""The credentials and params of the Gmail tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, google, typed

_EMAIL: dict[str, Any] = {"flowbook_type": "email"}
_FILE: dict[str, Any] = {"flowbook_type": "file"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
Id = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]+$")]
Ids = Annotated[list[Id], BeforeValidator(_listed), Field(min_length=1)]
Names = Annotated[list[Name], typed.Parted]
Day = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{4}-\d\d-\d\d$")] | None, typed.BlankIsNone
]
Recipients = str | list[str]

MESSAGE = "The message's ID, as search_messages gives it."
LABELS = "by their names, with commas or as a list"
FILES = (
    'Files: a path, {"file_path", "filename"}, or {"filename", "content"} with text, bytes, a DataFrame (as CSV) or'
    ' anything JSON holds; {"base64"} for encoded bytes.'
)


class Credentials(google.Account):
    """Who signs in, or a service account that acts for somebody."""

    oauth2: Annotated[Secret | None, google.sign_in("gmail.modify")] = google.token()
    base_url: str = google.address("https://gmail.googleapis.com")


class Nothing(typed.Params):
    """No params."""


class _Listed(typed.Listed):
    """How many."""

    limit: int = Field(25, ge=1, description="How many at most.")


class SearchMessages(_Listed):
    """What messages must be like: all that is given must fit."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["query", "unread", "from", "subject"]})

    query: OptionalName = Field(None, description="As in Gmail's search: has:attachment larger:5M -from:me.")
    unread: bool | None = Field(None, description="true: only those not read yet; false: only those read; empty: both.")
    from_: OptionalName = Field(None, alias="from", description="Name or address of the sender.")
    to: OptionalName = Field(None, description="Name or address of who got it.")
    subject: OptionalName = Field(None, description="Words in the subject.")
    labels: Names = Field(default_factory=list, description=f"Only those with all of these labels, {LABELS}.")
    since: Day = Field(None, description="Received on this day or later, as 2026-01-31.")
    before: Day = Field(None, description="Received before this day.")
    bodies: bool = Field(False, description="Read the texts and the names of the attachments, too.")
    spam_and_trash: bool = Field(False, description="Look in spam and trash, too.")


class OneMessage(typed.Params):
    """Which message."""

    message: Id = Field(description=MESSAGE)


class GetMessage(OneMessage):
    """Which message, and how much of it."""

    content: bool = Field(False, description="Give the attachments' content (bytes), too.")
    raw: bool = Field(False, description="Give the whole message as it came (bytes), too.")


class GetThread(typed.Params):
    """Which conversation."""

    thread: Id = Field(description="The conversation's ID, as a message's thread gives it.")


class GetAttachment(OneMessage):
    """Which attachment."""

    attachment: Name = Field(description="Its name, or its number: 1 is the first.")


class SaveAttachments(OneMessage):
    """Where the attachments go."""

    folder_path: Name = Field(description="Folder to save them in; made when it is not there.", json_schema_extra=_FILE)
    pattern: Name = Field("*", description="Only those whose name is like this, as *.pdf.")
    inline: bool = Field(False, description="Those too that are shown inside of the text, such as a logo.")
    overwrite: bool = Field(False, description="Replace a file of the same name; else the new one gets a number.")


class _Text(typed.Params):
    """What a message says."""

    body: str = Field("", description="The message as plain text.", json_schema_extra=_TEXT)
    html: str = Field("", description="The message as HTML, beside or in place of plain text.", json_schema_extra=_TEXT)
    attachments: list[Any] = Field(default_factory=list, description=FILES)
    cc: Recipients = Field("", description="Who gets a copy.", json_schema_extra=_EMAIL)
    bcc: Recipients = Field("", description="Who gets a copy unseen.", json_schema_extra=_EMAIL)
    from_email: str = Field(
        "", description="Sender, if one of your aliases; who signed in when empty.", json_schema_extra=_EMAIL
    )
    from_name: str = Field("", description="Name shown as the sender's; goes with from_email.")

    @model_validator(mode="after")
    def _whose_name(self) -> Self:
        if self.from_name and not self.from_email:
            raise ValueError("from_name needs from_email; Gmail shows your own name by itself")
        return self


class _Head(typed.Params):
    """What stands above a message."""

    to: Recipients = Field(description="Who gets it.", json_schema_extra=_EMAIL)
    subject: str = Field(description="Subject.")


class SendMessage(_Text, _Head):
    """A message of its own."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["to", "subject", "body"]})

    reply_to: Recipients = Field("", description="Where answers go.", json_schema_extra=_EMAIL)
    headers: dict[str, str] = Field(default_factory=dict, description="Further header fields, e.g. X-Priority.")


class CreateDraft(SendMessage):
    """A message that is sent later."""

    to: Recipients = Field("", description="Who gets it.", json_schema_extra=_EMAIL)
    reply_in: Annotated[Id | None, typed.BlankIsNone] = Field(
        None, description="A message that this answers: its ID. The draft is in its conversation."
    )


class ReplyToMessage(_Text):
    """An answer."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["message", "body", "to_all"]})

    message: Id = Field(description="The message that is answered: its ID.")
    to_all: bool = Field(False, description="Answer all who got it, not only the sender.")


class OneDraft(typed.Params):
    """Which draft."""

    draft: Id = Field(description="The draft's ID, as list_drafts gives it.")


class ListDrafts(_Listed):
    """Which drafts."""

    query: OptionalName = Field(None, description="As in Gmail's search.")


class CreateLabel(typed.Params):
    """A new label."""

    name: Name = Field(description="Its name, with / between levels.")
    shown: Literal["always", "unread", "never"] = Field("always", description="When it is in the list of labels.")


class OneLabel(typed.Params):
    """Which label."""

    label: Name = Field(description="Its name, or its ID.")


class Several(typed.Params):
    """Which messages."""

    messages: Ids = Field(description="The ID of a message, or a list of them.", json_schema_extra=_JSON)


class ChangeLabels(Several):
    """Which labels."""

    add: Names = Field(default_factory=list, description=f"Labels to add, {LABELS}.")
    remove: Names = Field(default_factory=list, description=f"Labels to take away, {LABELS}; INBOX archives.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("give labels to add, or to remove")
        return self


class MarkRead(Several):
    """Whether they are read."""

    read: bool = Field(True, description="false marks them as not read.")
