"""Who the bot is, and who the people are. Facts: the methods' pages under https://docs.slack.dev/reference/methods."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, task

from .client import Slack, post_to_webhook
from .models import Credentials, FindUser, TestConnection


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: the bot token by auth.test, a webhook by posting a test message.

    With both, the webhook is tried only if ``post_test_message`` is set, since that writes into its channel.
    """
    said = ["Successfully connected to Slack!"]
    data: dict[str, Any] = {"status": "connected"}
    if not credentials.bot_token and not credentials.webhook_url:
        raise TaskFailed("Missing webhook_url and bot_token.", hint="Give one of them, or both.", permanent=True)
    if credentials.bot_token:
        with Slack(credentials, "to test it") as slack:
            answer, response = slack.get("auth.test")
        scopes = response.headers.get("X-OAuth-Scopes", "")
        data |= {name: answer.get(name) for name in ("team", "team_id", "user", "user_id", "bot_id", "url")}
        data |= {"scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()]}
        said.append(f"The bot token is that of {answer.get('user')} in {answer.get('team')}.")
    if credentials.webhook_url and (params.post_test_message or not credentials.bot_token):
        post_to_webhook(credentials.webhook_url, {"text": "Flowbook can post here: the connection test succeeded."})
        said.append("A test message was posted by the webhook.")
    elif credentials.webhook_url:
        said.append("The webhook was not tried (set post_test_message to post a test message).")
    return Result.ok(" ".join(said), data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_user(credentials: Credentials, params: FindUser) -> Result:
    """Find a person by e-mail address or name. Data: Slack's user object (id, name, real_name, profile).

    By address needs the scope users:read.email, by name users:read.
    """
    with Slack(credentials, "to find a person") as slack:
        user = slack.user_at(params.email) if params.email else slack.user_named(str(params.name))
    return Result.ok(f"{user.get('real_name') or user.get('name')} is {user.get('id')}.", user)
