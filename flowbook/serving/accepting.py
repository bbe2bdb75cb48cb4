"""Takes requests in: who may ask, what is asked for, and the run that is on the disk before the answer."""

from __future__ import annotations

import functools
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowbook.errors import FlowbookError, InputError, NotFound, StoreError, VaultError
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.serving.asking import Request, body_of, inputs_of
from flowbook.serving.logs import Log
from flowbook.serving.signatures import Refused, check, delivery_of
from flowbook.triggers import Hook
from flowbook.triggers.hooks import FORM, Accepted, Asked, digest
from flowbook.view.jsonable import jsonable
from flowbook.workspace import Workspace
from flowbook.workspace.facade.triggers import kept_inputs


class Taken(NamedTuple):
    """What became of a request: its run, or (no ``run``) an ``answer`` at once, as to a service that only tries."""

    hook: Hook
    run: str = ""
    again: bool = False
    answer: Any = None


class _Known(NamedTuple):
    """What requests of the same moment have in common, looked up once."""

    at: Callable[[str], Hook | None]
    secret: Callable[[Hook], str]
    workflow: Callable[[Hook], Workflow]


_NO_HOOK = "There is no hook at this address. Its address is what was shown when it was added, the whole of it."


class Acceptance:
    """Takes in the requests to a workspace's hooks and forms; ``now`` is the clock."""

    def __init__(self, ws: Workspace, log: Log, now: Callable[[], float] = time.time) -> None:
        self._ws, self._log, self._now = ws, log, now
        self._hooks = ws.hooks  # one for all requests: those of the same moment are committed together

    def hook_all(self, requests: Sequence[Request]) -> list[Taken | Exception]:
        """Take in requests to hooks that came at the same moment: what each becomes, Refused for what is not taken.

        What they have in common is looked up once, and all are committed together.
        """
        known = _Known(functools.cache(self._hooks.at), functools.cache(self._secret), functools.cache(self._workflow))
        found = [self._read(request, known) for request in requests]
        asked = [one for one in found if isinstance(one, Asked)]
        accepted = map(self._came_of, asked, self._hooks.accept_all(asked))
        return [next(accepted) if isinstance(one, Asked) else one for one in found]

    def _read(self, request: Request, known: _Known) -> Asked | Taken | Exception:
        try:
            return self._asked(request, known)
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            return error

    def _asked(self, request: Request, known: _Known) -> Asked | Taken:
        hook = known.at(request.place)
        if hook is None:
            raise Refused(404, _NO_HOOK)
        if hook.sealed:
            check(hook.kind, known.secret(hook), request.headers, request.body, self._now())
        body = body_of(request)
        answer = _greeting(hook, request, body)
        if answer is not None:
            return Taken(hook, answer=answer)
        workflow = known.workflow(hook)
        inputs = self._kept(workflow, inputs_of(workflow, request, body))
        return Asked(hook, delivery_of(hook.kind, request.headers, body), inputs, self._now())

    def form(self, id: str, key: str) -> tuple[Hook, Workflow]:
        """The form of that name, for who knows its key. Raises Refused."""
        try:
            hook = self._hooks.find(id)
        except NotFound:
            hook = None
        known = "" if hook is None or hook.kind != FORM else hook.digest
        if hook is None or not hmac.compare_digest(known, digest(key)):
            raise Refused(404, "There is no form at this address. Ask for the whole of it, with its key.")
        return hook, self._workflow(hook)

    def fill_in(self, hook: Hook, workflow: Workflow, given: Mapping[str, Any], delivery: str, run: str) -> Taken:
        """Take in a form that was filled in. Raises Refused."""
        return self._accept(hook, delivery, self._kept(workflow, given), run)

    def _accept(self, hook: Hook, delivery: str, inputs: Mapping[str, Any], run: str = "") -> Taken:
        return self._taken(hook, self._hooks.accept(hook, delivery, inputs, self._now(), run))

    def _came_of(self, asked: Asked, accepted: Accepted | Exception) -> Taken | Exception:
        return accepted if isinstance(accepted, Exception) else self._taken(asked.hook, accepted)

    def _taken(self, hook: Hook, accepted: Accepted) -> Taken:
        event = "request_again" if accepted.again else "request_accepted"
        self._log(event, hook=hook.id, workflow=hook.workflow, run=accepted.run)
        return Taken(hook, accepted.run, accepted.again)

    def _secret(self, hook: Hook) -> str:
        try:
            return self._ws.hook_secret(hook)
        except NotFound:
            raise Refused(404, _NO_HOOK) from None
        except VaultError as error:
            self._log("hook_locked", level="error", hook=hook.id, message=str(error))
            raise Refused(503, "Signatures cannot be checked here at the moment: send it again later.") from None

    def _workflow(self, hook: Hook) -> Workflow:
        try:
            return self._ws.workflow(hook.workflow)
        except StoreError:
            raise
        except FlowbookError as error:
            self._log("hook_broken", level="error", hook=hook.id, message=str(error))
            raise Refused(503, "The workflow of this address cannot be used at the moment.") from None

    @staticmethod
    def _kept(workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return kept_inputs(workflow, given)
        except InputError as error:
            raise Refused(422, error.message) from None


def _greeting(hook: Hook, request: Request, body: Any) -> Any:
    """What is answered to a service that only tries the address; None for all else.

    GitHub sends a ``ping`` (https://docs.github.com/en/webhooks/webhook-events-and-payloads#ping), Slack a
    ``url_verification`` (https://api.slack.com/events/url_verification).
    """
    if hook.kind == "github" and request.headers.get("X-GitHub-Event") == "ping":
        return {"status": "reached"}
    if hook.kind == "slack" and isinstance(body, dict) and body.get("type") == "url_verification":
        return {"challenge": body.get("challenge")}
    return None


def result_of(ws: Workspace, run: str) -> dict[str, Any] | None:
    """How a run ended, with the data of the nodes that nothing comes after; None while it is not over."""
    queued = ws.queue.find(run)
    if queued is None or queued.status != "done":
        return None
    result = {"run": run, "workflow": queued.workflow, "status": queued.outcome}
    if queued.outcome not in ("succeeded", "failed"):
        return {**result, "data": {}}  # why a run was refused is for who looks after the server: it is in the log
    record = ws.run_record(run)
    sources = {edge.source for edge in record.workflow.edges}
    ends = [node for node in record.node_ids if node not in sources and node in record.nodes]
    return {**result, "data": {node: jsonable(record.nodes[node].data, lambda value: value) for node in ends}}
