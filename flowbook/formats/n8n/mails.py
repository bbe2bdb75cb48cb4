"""Gmail: messages, drafts, labels and conversations."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.given import addressed, at, limited, needed, note_others, taken
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder

_COPIES = {"cc": "options.ccList", "bcc": "options.bccList", "reply_to": "options.replyTo"}
_KNOWN = ("ccList", "bccList", "replyTo", "sendTo", "replyToSenderOnly", "appendAttribution", "simple")
_READ = {
    ("message", "get"): ("gmail.get_message", {"message": "messageId"}),
    ("thread", "get"): ("gmail.get_thread", {"thread": "threadId"}),
    ("message", "delete"): ("gmail.trash_message", {"message": "messageId"}),
    ("message", "markAsRead"): ("gmail.mark_read", {"messages": "messageId"}),
    ("message", "markAsUnread"): ("gmail.mark_read", {"messages": "messageId"}),
    ("message", "addLabels"): ("gmail.change_labels", {"messages": "messageId", "add": "labelIds"}),
    ("message", "removeLabels"): ("gmail.change_labels", {"messages": "messageId", "remove": "labelIds"}),
    ("messageLabel", "add"): ("gmail.change_labels", {"messages": "messageId", "add": "labelIds"}),
    ("messageLabel", "remove"): ("gmail.change_labels", {"messages": "messageId", "remove": "labelIds"}),
    ("draft", "delete"): ("gmail.delete_draft", {"draft": "messageId"}),
    ("label", "create"): ("gmail.create_label", {"name": "name"}),
    ("label", "delete"): ("gmail.delete_label", {"label": "labelId"}),
}
_LISTS = {("label", "getAll"): "gmail.list_labels", ("draft", "getAll"): "gmail.list_drafts"}
_FILTERS = {"query": "filters.q", "labels": "filters.labelIds", "from": "filters.sender"}


def convert_gmail(flow: Flow, step: Step) -> None:
    """A node of Gmail; what has no task here is a placeholder."""
    params = params_of(step)
    what = (str(params.get("resource")), str(params.get("operation")))
    if what in (("message", "send"), ("draft", "create")):
        _send(flow, step, params, what[0] == "draft")
    elif what in (("message", "reply"), ("thread", "reply")):
        given = needed(flow, step, params, {"message": "messageId"}) | taken(flow, step, params, _COPIES)
        given |= _text(flow, step, params)
        given.pop("reply_to", None)
        flow.put_with_its_data(step, "gmail.reply_to_message", given | _to_all(params), renamed=True)
    elif what == ("message", "getAll"):
        _search(flow, step, params)
    elif what in _LISTS:
        more = {} if what[0] == "label" else limited(flow, step, params, 50)
        id = flow.put(step, _LISTS[what], more)
        flow.give(step, flow.spread(step, f"nodes.{id}.data"), _LISTS[what])
    elif what in _READ:
        task, names = _READ[what]
        given = needed(flow, step, params, names)
        if "messages" in given:
            given["messages"] = [given["messages"]]
        if what[1] == "markAsUnread":
            given["read"] = False
        if what[1] == "delete" and what[0] == "message":
            flow.report.note(step.name, "delete", "it goes to the trash, and is not deleted for good")
        flow.put_with_its_data(step, task, given, renamed=True)
    else:
        placeholder(flow, step)


def _text(flow: Flow, step: Step, params: dict[str, Any]) -> dict[str, Any]:
    """What a message says, as text or HTML; files that hang on items have to be named."""
    default = "text" if params.get("resource") in ("draft", "thread") or step.version < 2 else "html"
    kind = params.get("emailType") or ("html" if params.get("includeHtml") else default)
    if at(params, "options.attachmentsUi") or at(params, "additionalFields.attachmentsUi"):
        flow.report.note(step.name, "attachments", "not carried over: name the files in attachments")
    note_others(flow, step, params, "options", (*_KNOWN, "attachmentsUi"))
    html = at(params, "htmlMessage") if params.get("includeHtml") else at(params, "message")
    given = {"html": flow.value(html or "", step.name)} if kind == "html" else {}
    return given or {"body": flow.value(params.get("message", ""), step.name)}


def _send(flow: Flow, step: Step, params: dict[str, Any], draft: bool) -> None:
    where = "toList" if "toList" in params else "sendTo"
    to = taken(flow, step, params, {"to": "options.sendTo"}) if draft else needed(flow, step, params, {"to": where})
    copies = taken(flow, step, params, {"subject": "subject", **_COPIES})
    given = {"subject": "", **to, **copies, **_text(flow, step, params)}
    given = addressed(flow, step, given, ("to", "cc", "bcc", "reply_to"))
    flow.put_with_its_data(step, "gmail.create_draft" if draft else "gmail.send_message", given, renamed=True)


def _to_all(params: dict[str, Any]) -> dict[str, Any]:
    only = at(params, "options.replyToSenderOnly")
    return {} if only is True else {"to_all": True}


def _search(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    given = taken(flow, step, params, _FILTERS) | limited(flow, step, params, 50)
    status = at(params, "filters.readStatus")
    if status in ("unread", "read"):
        given["unread"] = status == "unread"
    if at(params, "filters.includeSpamTrash") is True:
        given["spam_and_trash"] = True
    dates = {"receivedAfter": "after", "receivedBefore": "before"}
    said = [f"{word}:{text}" for name, word in dates.items() if (text := _day(flow, step, params, name))]
    if said:
        given["query"] = " ".join(filter(None, (str(given.get("query", "")), *said)))
    if params.get("simple", True) is False:
        given["bodies"] = True
    id = flow.put(step, "gmail.search_messages", given)
    flow.report.note(step.name, "its data", "it is what gmail.search_messages gives: the fields have other names")
    flow.give(step, flow.spread(step, f"nodes.{id}.data"), "gmail.search_messages")


def _day(flow: Flow, step: Step, params: dict[str, Any], name: str) -> str:
    """A moment in Gmail's search, which takes seconds."""
    given = at(params, f"filters.{name}")
    return f"${{{{ int(timestamp({flow.bare(given, step.name)})) }}}}" if given else ""
