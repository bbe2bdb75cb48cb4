"""The credentials and params of the Teams tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import Secret, typed

_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_URL: dict[str, Any] = {"flowbook_type": "url"}

Text = Annotated[str, StringConstraints(min_length=1)]
Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Format = Literal["text", "html", "markdown"]

TEAM = "Team: its name exactly, or its ID."
CHANNEL = "Channel: its name exactly, or its ID (19:...)."
FORMAT = "How the text is marked up."
SCOPES = (
    "offline_access",
    "User.Read",
    "Team.ReadBasic.All",
    "TeamMember.Read.All",
    "Channel.ReadBasic.All",
    "ChannelMessage.Send",
    "ChannelMessage.Read.All",
    "Chat.ReadWrite",
    "Channel.Create",
)
_LOGIN = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"


class Credentials(typed.Credentials):
    """A webhook is enough to post cards to its channel or chat; everything else needs signing in."""

    webhook_url: Secret | None = Field(
        None, description="Webhook of a workflow (https://...logic.azure.com/... or ...api.powerplatform.com/...)."
    )
    tenant: str | None = Field(None, description="Directory (tenant) ID of your organisation, for signing in.")
    client_id: str | None = Field(None, description="Application (client) ID of your app in Microsoft Entra.")
    client_secret: Secret | None = Field(None, description="Its client secret, if it has one.")
    oauth2: Annotated[
        Secret | None,
        typed.OAuth2(
            authorize=f"{_LOGIN}/authorize",
            token=f"{_LOGIN}/token",
            device=f"{_LOGIN}/devicecode",
            scopes=SCOPES,
            redirect="http://localhost",
            account="https://graph.microsoft.com/v1.0/me",
        ),
    ] = Field(None, description="Access token: got by signing in.")
    base_url: str = Field(
        "https://graph.microsoft.com/v1.0",
        description="Address of Microsoft Graph, for a national cloud.",
        json_schema_extra=_URL,
    )

    @model_validator(mode="after")
    def _a_tenant_for_a_client(self) -> Self:
        if self.client_id and not self.tenant:
            raise ValueError("client_id needs tenant: the directory ID of your organisation, or organizations")
        return self


class TestConnection(typed.Params):
    """What to try besides the sign-in."""

    post_test_message: bool = Field(False, description="Try the webhook too, by posting a test card.")


class _Listed(typed.Listed):
    """How many."""

    limit: int = Field(50, ge=1, description="How many at most.")


class SendCard(typed.Params):
    """A card, and where it goes."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["title", "text", "facts", "card"]})

    title: OptionalName = Field(None, description="The title.")
    text: OptionalText = Field(None, description="The text, in Markdown (without headings).", json_schema_extra=_TEXT)
    facts: dict[str, Any] = Field(
        default_factory=dict, description='Pairs in a table, as {"Orders": 3}.', json_schema_extra=_JSON
    )
    buttons: list[dict[str, str]] = Field(
        default_factory=list, description='Links below it: [{"title", "url"}].', json_schema_extra=_JSON
    )
    color: Literal["default", "good", "warning", "attention", "accent"] = Field(
        "default", description="The title's colour."
    )
    card: dict[str, Any] | None = Field(
        None, description="A whole Adaptive Card, in place of these.", json_schema_extra=_JSON
    )
    team: OptionalName = Field(None, description=f"By Graph: {TEAM} By the webhook when empty.")
    channel: OptionalName = Field(None, description=CHANNEL)

    @model_validator(mode="after")
    def _one_card(self) -> Self:
        simple = self.title is not None or self.text is not None or bool(self.facts)
        if simple == (self.card is not None):
            raise ValueError("give title, text or facts; or card, alone")
        if (self.team is None) != (self.channel is None):
            raise ValueError("give both team and channel, or neither for the webhook")
        return self


class _InChannel(typed.Params):
    """A channel."""

    team: Name = Field(description=TEAM)
    channel: Name = Field(description=CHANNEL)


class SendMessage(_InChannel):
    """A message to a channel."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["team", "channel", "text"]})

    text: Text = Field(description="The message.", json_schema_extra=_TEXT)
    format: Format = Field("text", description=FORMAT)
    subject: OptionalName = Field(None, description="A subject above it.")
    importance: Literal["normal", "high", "urgent"] = Field("normal", description="How it is marked.")
    reply_to: OptionalName = Field(None, description="Reply to the message with this ID (data.id of send_message).")


class OneMessage(_InChannel):
    """A message of a channel."""

    message_id: Name = Field(description="The message's ID, as send_message gives it (data.id).")


class SetReaction(OneMessage):
    """A message and an emoji."""

    emoji: Name = Field(description="The emoji, as 👍.")
    remove: bool = Field(False, description="Take it away in place of adding it.")


class ListMessages(_Listed, _InChannel):
    """Which messages of a channel."""


class OneTeam(typed.Params):
    """A team."""

    team: Name = Field(description=TEAM)


class ListTeams(_Listed):
    """How many teams."""


class ListMembers(_Listed, OneTeam):
    """Whose members."""


class CreateChannel(OneTeam):
    """A new channel."""

    name: Name = Field(max_length=50, description="Its name, 50 characters at most.")
    description: OptionalText = Field(None, max_length=1024, description="What it is for.", json_schema_extra=_TEXT)
    private: bool = Field(False, description="Only for those who are added; you are its owner.")


class SendChatMessage(typed.Params):
    """A message to a chat or a person."""

    chat: OptionalName = Field(None, description="The chat's ID (19:...), as list_chats gives it.")
    user: OptionalName = Field(
        None,
        description="Or a person: the address that they sign in with, or their ID.",
        json_schema_extra={"flowbook_type": "email"},
    )
    text: Text = Field(description="The message.", json_schema_extra=_TEXT)
    format: Format = Field("text", description=FORMAT)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.chat is None) == (self.user is None):
            raise ValueError("give either chat or user")
        return self


class ListChats(_Listed):
    """How many chats."""


class ListChatMessages(_Listed):
    """Which messages of a chat."""

    chat: Name = Field(description="The chat's ID (19:...), as list_chats gives it.")
