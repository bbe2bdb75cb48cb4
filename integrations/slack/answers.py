"""What Slack says when it refuses, in words and with a remedy.

The codes are those of https://docs.slack.dev/reference/methods (section Errors of each method) and of
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (section Handling errors).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flowbook import http


class Refusal(NamedTuple):
    """What a code means, what to do, and what kind of fault it is."""

    words: str
    hint: str
    kind: http.Kind = "invalid"


_RENEW = "Put a valid bot token (xoxb-...) into this integration; https://api.slack.com/apps shows it."
_NEW_WEBHOOK = "Create a new incoming webhook for the channel, and put its address into this integration."
_INVITE = "Invite the bot: write /invite @its-name in that channel."
_FIND = "Check the name or ID; for a private channel, invite the bot first. list_channels shows what it can see."
_OTHER = "Choose another channel, or ask an administrator of the workspace."
_LATER = "Try again later."

REFUSALS: dict[str, Refusal] = {
    "not_authed": Refusal("no token was sent", _RENEW, "unauthorized"),
    "invalid_auth": Refusal("the bot token is not valid", _RENEW, "unauthorized"),
    "account_inactive": Refusal("the bot token belongs to a removed bot or workspace", _RENEW, "unauthorized"),
    "token_revoked": Refusal("the bot token was revoked", _RENEW, "unauthorized"),
    "token_expired": Refusal("the bot token has expired", _RENEW, "unauthorized"),
    "invalid_token": Refusal("the token in the webhook's address is not valid", _NEW_WEBHOOK, "unauthorized"),
    "not_allowed_token_type": Refusal("this kind of token may not do that", _RENEW, "forbidden"),
    "missing_scope": Refusal(
        "the bot token lacks a scope",
        "Add the scope under OAuth & Permissions at https://api.slack.com/apps, and reinstall the app.",
        "forbidden",
    ),
    "no_permission": Refusal("the bot may not do that", _OTHER, "forbidden"),
    "access_denied": Refusal("access was denied", _OTHER, "forbidden"),
    "ekm_access_denied": Refusal("the administrators have suspended posting", _OTHER, "forbidden"),
    "org_login_required": Refusal("the workspace is being moved to an Enterprise organisation", _LATER, "forbidden"),
    "team_access_not_granted": Refusal("the app is not allowed in that workspace", _OTHER, "forbidden"),
    "not_in_channel": Refusal("the bot is not in that channel", _INVITE, "forbidden"),
    "channel_not_found": Refusal("there is no such channel, or the bot cannot see it", _FIND, "not_found"),
    "is_archived": Refusal("the channel is archived", "Unarchive it, or choose another.", "conflict"),
    "channel_is_archived": Refusal("the channel is archived", "Unarchive it, or choose another.", "conflict"),
    "restricted_action": Refusal("the workspace does not let this bot post there", _OTHER, "forbidden"),
    "posting_to_general_channel_denied": Refusal("only some people may post to #general", _OTHER, "forbidden"),
    "action_prohibited": Refusal("the administrators have restricted this webhook", _OTHER, "forbidden"),
    "cannot_dm_bot": Refusal("a bot cannot write to another bot", "Choose a person or a channel."),
    "user_not_found": Refusal("there is no such user", "Check the name or ID.", "not_found"),
    "users_not_found": Refusal("nobody in the workspace has that address", "Check the e-mail address.", "not_found"),
    "message_not_found": Refusal(
        "there is no message with that ts in that channel",
        "Use the ts and channel that send_message gave in its data.",
        "not_found",
    ),
    "cant_update_message": Refusal("only the bot's own messages can be changed", "Use the ts of one of them."),
    "edit_window_closed": Refusal("the message is too old to be changed", "Send a new one."),
    "bad_timestamp": Refusal("that is no ts of a message", "Use the ts that send_message gave in its data."),
    "cant_delete_message": Refusal("only the bot's own messages can be deleted", "Use the ts of one of them."),
    "compliance_exports_prevent_deletion": Refusal("the workspace keeps all messages", _OTHER, "forbidden"),
    "user_not_in_channel": Refusal("that person is not in the channel", "Invite them first, by invite_to_channel."),
    "name_taken": Refusal(
        "there is a channel of that name already", "Choose another name, or set reuse to take that one.", "conflict"
    ),
    "method_not_supported_for_channel_type": Refusal(
        "a conversation of this kind does not take that",
        "Choose a public channel; into a private one the bot must be invited, with /invite @its-name.",
    ),
    "cant_invite_self": Refusal("the bot cannot invite itself", "Use join_channel."),
    "cant_invite": Refusal("that person cannot be invited to this channel", "Check who they are.", "forbidden"),
    "ura_max_channels": Refusal("a guest can be in one channel only", "Invite somebody else."),
    "too_many_users": Refusal("those are too many people at once", "Invite fewer."),
    "user_is_restricted": Refusal("a guest may not do that", _OTHER, "forbidden"),
    "user_is_ultra_restricted": Refusal("a guest of one channel may not do that", _OTHER, "forbidden"),
    "user_not_visible": Refusal("that person cannot be seen by the bot", "Check the name or ID.", "not_found"),
    "user_disabled": Refusal("that person's account is switched off", "Choose somebody else."),
    "messages_tab_disabled": Refusal(
        "the app takes no direct messages", "Switch on its Messages tab under App Home at https://api.slack.com/apps."
    ),
    "fetch_members_failed": Refusal("a fault on Slack's side", _LATER, "server_error"),
    "thread_not_found": Refusal("there is no such thread", "Use the ts of the thread's first message.", "not_found"),
    "invalid_thread_ts": Refusal("there is no such thread", "Use the ts of the thread's first message.", "not_found"),
    "no_text": Refusal("the message has no text", "Give a text."),
    "msg_too_long": Refusal("the text is too long", "Shorten it to 40,000 characters, or upload it as a file."),
    "msg_blocks_too_long": Refusal("the blocks are too long", "Shorten them."),
    "invalid_blocks": Refusal("the blocks are not valid", "Try them at https://app.slack.com/block-kit-builder."),
    "invalid_blocks_format": Refusal("blocks must be a list", "Try them at https://app.slack.com/block-kit-builder."),
    "invalid_attachments": Refusal("the attachments are not valid", "Check title, message and color."),
    "invalid_payload": Refusal("Slack could not read the message", "Check text and blocks."),
    "invalid_cursor": Refusal("the place in the list was lost", "Run it again."),
    "invalid_name": Refusal("there is no emoji of that name", "Give its name without spaces, such as thumbsup."),
    "too_many_reactions": Refusal("the message has as many reactions as it can have", "Use one that is there."),
    "too_many_emoji": Refusal("the message has as many different emoji as it can have", "Use one that is there."),
    "file_uploads_disabled": Refusal("the workspace does not allow uploads", _OTHER, "forbidden"),
    "file_upload_size_restricted": Refusal("the file is larger than the workspace allows", "Send a smaller one."),
    "storage_limit_reached": Refusal("the workspace's storage is full", "Delete files, or use a link."),
    "file_not_found": Refusal("Slack did not get the file", "Run it again.", "not_found"),
    "no_service": Refusal("the webhook was removed or switched off", _NEW_WEBHOOK, "not_found"),
    "no_service_id": Refusal("the webhook's address is incomplete", _NEW_WEBHOOK, "not_found"),
    "no_active_hooks": Refusal("the webhook was switched off", _NEW_WEBHOOK, "not_found"),
    "no_team": Refusal("the webhook's workspace does not exist", _NEW_WEBHOOK, "not_found"),
    "team_disabled": Refusal("the workspace is not active any more", _NEW_WEBHOOK, "forbidden"),
    "user_is_bot": Refusal("a bot may not do that", "Choose another task."),
    "ratelimited": Refusal("too many calls in a short time", "Give the node a retry with a wait.", "rate_limited"),
    "rate_limited": Refusal("too many messages in a short time", "Give the node a retry with a wait.", "rate_limited"),
    "internal_error": Refusal("a fault on Slack's side; a part of it may have happened", _LATER, "server_error"),
    "fatal_error": Refusal("a fault on Slack's side; a part of it may have happened", _LATER, "server_error"),
    "service_unavailable": Refusal("Slack is not available", _LATER, "server_error"),
    "request_timeout": Refusal("the request did not arrive whole", _LATER, "timeout"),
    "rollup_error": Refusal("a fault on Slack's side", _LATER, "server_error"),
}  # fmt: skip


_CHANNEL_NAME = Refusal(
    "that is no name for a channel", "Use lowercase letters, digits, hyphens and underscores, 80 at most."
)

OF_METHODS: dict[tuple[str, str], Refusal] = {
    ("conversations.create", "invalid_name"): _CHANNEL_NAME,
    ("conversations.create", "invalid_name_required"): _CHANNEL_NAME,
    ("conversations.create", "invalid_name_punctuation"): _CHANNEL_NAME,
    ("conversations.create", "invalid_name_maxlength"): _CHANNEL_NAME,
    ("conversations.create", "invalid_name_specials"): _CHANNEL_NAME,
    ("conversations.create", "no_channel"): _CHANNEL_NAME,
    ("conversations.create", "restricted_action"): Refusal(
        "the workspace does not let this bot make channels", _OTHER, "forbidden"
    ),
    ("conversations.setTopic", "too_long"): Refusal("the topic is too long", "Shorten it to 250 characters."),
    ("conversations.invite", "not_in_channel"): Refusal(
        "the bot itself is not in that channel", "Let it join first, by join_channel.", "forbidden"
    ),
}
"""What a code means where it is another thing with that method than with the rest."""


def checked(response: http.Response, method: str) -> dict[str, Any]:
    """The answer of a Web API method that went well; raises ServiceError for ``"ok": false``."""
    answer = response.json
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise http.ServiceError(
            "Slack: the answer is not one of Slack's Web API (it has no 'ok').",
            "bad_answer",
            status=response.status,
            response=response,
            hint="Check base_url: it is https://slack.com/api unless you use another.",
        )
    if answer["ok"]:
        return answer
    code = str(answer.get("error") or "unknown_error")
    words, hint, kind = refusal(code, answer, method)
    data = {"error": code, **{key: answer[key] for key in ("needed", "provided") if key in answer}}
    fault = http.ServiceError(f"Slack: {words}.", kind, status=response.status, response=response, hint=hint, data=data)
    fault.permanent = fault.permanent and (code in REFUSALS or (method, code) in OF_METHODS)
    raise fault


def code_of(error: http.ServiceError) -> str:
    """Slack's code for why it refused; empty when it was no refusal of Slack's."""
    return str((error.data or {}).get("error") or "")


def accepted(response: http.Response) -> None:
    """Raise ServiceError unless a webhook's answer says that the message was taken: ``ok``, or JSON with it."""
    text = response.text.strip()
    answer: Any = response.json if response.is_json else {}
    if text == "ok" or (isinstance(answer, dict) and answer.get("ok") is True):
        return
    code = str(answer.get("error") or "") if isinstance(answer, dict) else ""
    if code or text in REFUSALS:
        words, hint, kind = refusal(code or text, answer if isinstance(answer, dict) else {})
        raise http.ServiceError(
            f"Slack's webhook: {words}.", kind, status=response.status, response=response, hint=hint,
            data={"error": code or text},
        )  # fmt: skip
    words = repr(text[:100]) if text and not response.is_page else response.described()
    fault = http.ServiceError(
        f"Slack's webhook: {words} came back instead of Slack's ok.", "bad_answer", status=response.status,
        response=response, hint="Check webhook_url: it starts with https://hooks.slack.com/.",
    )  # fmt: skip
    fault.warn()
    raise fault


def refusal(code: str, answer: dict[str, Any], method: str = "") -> Refusal:
    """What ``code`` means, with what the answer adds: scopes that are needed, messages about a wrong argument."""
    known = OF_METHODS.get((method, code)) or REFUSALS.get(code)
    words, hint, kind = known or Refusal("it refused", "See the method's page at https://docs.slack.dev.")
    if answer.get("needed"):
        words += f" that is needed: {answer['needed']}"
        words += f" (it has: {answer['provided']})" if answer.get("provided") else ""
    metadata = answer.get("response_metadata")
    said = metadata.get("messages") if isinstance(metadata, dict) else None
    if isinstance(said, list) and said:
        words += ": " + "; ".join(str(one).removeprefix("[ERROR] ") for one in said[:3])
    return Refusal(f"{words} ({code})", hint, kind)


def explain(response: http.Response) -> tuple[str, str] | None:
    """The meaning of an error status, by the code in its body: in JSON from a method, as text from a webhook."""
    answer: Any = response.json if response.is_json else {}
    code = answer.get("error") if isinstance(answer, dict) else None
    code = code or response.text.strip()
    if code not in REFUSALS and not (isinstance(answer, dict) and answer.get("error")):
        return None
    words, hint, _ = refusal(str(code), answer)
    return f"{words}.", hint
