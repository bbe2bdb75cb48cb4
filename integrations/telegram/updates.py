"""What people write to the bot: read by us, or brought by a webhook.

Facts: https://core.telegram.org/bots/api#getting-updates.
"""

from __future__ import annotations

from flowbook import Result, current, task

from .client import Telegram
from .models import AnswerCallback, Credentials, DeleteWebhook, GetUpdates, Nothing, SetWebhook


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_updates(credentials: Credentials, params: GetUpdates) -> Result:
    """Read what was written to the bot. Data: a list of Telegram's updates (update_id, message, callback_query, ...).

    Telegram keeps an update for a day, or until updates after it are asked for (``after``): give the update_id of the
    last one that was dealt with. https://core.telegram.org/bots/api#getupdates
    """
    with Telegram(credentials) as bot:
        updates = bot.post(
            "getUpdates",
            again=True,
            seconds=30 + params.wait,
            timeout=params.wait or None,
            offset=None if params.after is None else params.after + 1,
            limit=params.limit,
            allowed_updates=params.kinds,
        )
    return Result.ok(f"{len(updates)} update{'' if len(updates) == 1 else 's'}.", updates)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def answer_callback(credentials: Credentials, params: AnswerCallback) -> Result:
    """Answer the press of a button, which else shows a clock for a while.

    https://core.telegram.org/bots/api#answercallbackquery
    """
    with Telegram(credentials) as bot:
        bot.post(
            "answerCallbackQuery",
            callback_query_id=params.callback_query_id,
            text=params.text,
            show_alert=params.alert or None,
            url=params.url,
        )
    return Result.ok("Answered.", {"callback_query_id": params.callback_query_id})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_webhook(credentials: Credentials, params: SetWebhook) -> Result:
    """Have Telegram send updates to an address from now on. https://core.telegram.org/bots/api#setwebhook"""
    if params.secret_token:
        current().hide(params.secret_token)
    with Telegram(credentials) as bot:
        bot.post(
            "setWebhook",
            again=True,
            url=params.url,
            secret_token=params.secret_token,
            allowed_updates=params.kinds,
            drop_pending_updates=params.drop_pending or None,
        )
    return Result.ok("Telegram sends updates there from now on.", {"url": params.url})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_webhook(credentials: Credentials, params: Nothing) -> Result:
    """Ask where updates are sent, and what went wrong with that. Data: url, pending_update_count, last_error_message.

    https://core.telegram.org/bots/api#getwebhookinfo
    """
    with Telegram(credentials) as bot:
        told = bot.get("getWebhookInfo")
    words = f"Updates are sent to {told['url']}" if told.get("url") else "There is no webhook"
    return Result.ok(f"{words}; {told.get('pending_update_count', 0)} wait.", told)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_webhook(credentials: Credentials, params: DeleteWebhook) -> Result:
    """Have Telegram keep updates for get_updates again. https://core.telegram.org/bots/api#deletewebhook"""
    with Telegram(credentials) as bot:
        bot.post("deleteWebhook", again=True, drop_pending_updates=params.drop_pending or None)
    return Result.ok("There is no webhook any more.", {"url": ""})
