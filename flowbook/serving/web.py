"""The addresses of a server: hooks, forms, health and metrics."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tornado import httputil, web

from flowbook.errors import FlowbookError, InputError
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.serving import forms
from flowbook.serving.accepting import Acceptance, Taken, result_of
from flowbook.serving.arriving import Arrivals
from flowbook.serving.asking import Request
from flowbook.serving.carrying import Carrier
from flowbook.serving.logs import Log
from flowbook.serving.metrics import CONTENT_TYPE, Metrics
from flowbook.serving.signatures import Refused
from flowbook.triggers import Hook
from flowbook.workspace import Workspace
from flowbook.workspace.starting import new_run_id

LOOK_SECONDS = 0.1
"""How often is looked whether a run is over whose result is waited for."""
STUCK_SECONDS = 60.0
"""A server that has not looked for what is due for so long is not well."""
_READ_ON = 8
"""So many times of what a body may be is read on, and thrown away, so that the answer reaches who sends it."""

T = TypeVar("T")

_WORDS = {
    404: "There is nothing here.",
    405: "This is not how to ask here: a hook takes POST, a form GET and POST.",
}


class Site(NamedTuple):
    """What the handlers of a server share. ``most`` is how large a body may be, in bytes, ``wait`` how long a result is
    waited for, in seconds."""

    ws: Workspace
    carrier: Carrier
    acceptance: Acceptance
    arrivals: Arrivals
    metrics: Metrics
    log: Log
    pool: ThreadPoolExecutor
    most: int
    wait: float


def application(site: Site) -> web.Application:
    """All addresses."""
    about = {"site": site}
    return web.Application(
        [
            (r"/hooks/([^/]+)", HookHandler, about),
            (r"/forms/([^/]+)", FormHandler, about),
            (r"/health", HealthHandler, about),
            (r"/metrics", MetricsHandler, about),
            (r".*", NowhereHandler, about),
        ],
        log_function=lambda handler: None,  # an address may be a secret: each handler says what is to be known
    )


@web.stream_request_body
class Handler(web.RequestHandler):
    """What all have in common: a body is never larger in memory than it may be, and errors are sentences."""

    counted = ""

    def initialize(self, site: Site) -> None:
        """Take what the handlers share."""
        self.site = site
        self.pieces: list[bytes] = []
        self.size = 0

    def prepare(self) -> None:
        """Refuse what is far too large before it is sent."""
        length = self.request.headers.get("Content-Length", "0")
        if length.isdigit() and int(length) > self.site.most * _READ_ON:
            self.set_header("Connection", "close")
            self.refuse(self._too_large())
            self.finish()

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body, as long as it may be as large."""
        self.size += len(chunk)
        if self.size <= self.site.most:
            self.pieces.append(chunk)
        elif self.size > self.site.most * _READ_ON:
            connection: Any = self.request.connection
            connection.close()

    def body(self) -> bytes:
        """The body. Raises Refused when it is too large."""
        if self.size > self.site.most:
            raise self._too_large()
        return b"".join(self.pieces)

    def _too_large(self) -> Refused:
        return Refused(413, f"The body is too large: at most {self.site.most} bytes are taken here (--max-body).")

    async def aside(self, work: Callable[[], T]) -> T:
        """Do what waits for a disk in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self.site.pool, work)

    def refuse(self, refused: Refused) -> None:
        """Answer that a request is not taken, and why."""
        self.set_status(refused.code)
        self.write({"error": refused.message})

    def answer(self, document: Any, code: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(code)
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(document, ensure_ascii=False))

    def write_error(self, status_code: int, **about: Any) -> None:
        """Answer to what no handler foresaw; nothing of it is told to who sent it."""
        error = (about.get("exc_info") or (None, None))[1]
        if isinstance(error, FlowbookError):
            self.site.log("store_failed", level="error", message=str(error))
            self.set_status(503)
            self.write({"error": "The server cannot keep what is sent at the moment: send it again later."})
            return
        self.write({"error": _WORDS.get(status_code, "The server failed.")})

    def log_exception(self, *about: Any) -> None:
        """Say what no handler foresaw, in the form of all else; never the address, which may be a secret."""
        if not isinstance(about[1], (web.HTTPError, FlowbookError)):
            self.site.log("bug", level="error", kind=type(about[1]).__name__, message=str(about[1]))

    def on_finish(self) -> None:
        """Count it."""
        if self.counted:
            self.site.metrics.count("flowbook_requests_total", kind=self.counted, code=str(self.get_status()))

    async def result(self, run: str) -> dict[str, Any] | None:
        """How a run ended, once it is over; None when it goes on for longer than is waited here."""
        ends = asyncio.get_running_loop().time() + self.site.wait
        while asyncio.get_running_loop().time() < ends:
            found = await self.aside(lambda: result_of(self.site.ws, run))
            if found is not None:
                return found
            await asyncio.sleep(LOOK_SECONDS)
        return None


class HookHandler(Handler):
    """``POST /hooks/…``."""

    counted = "hook"

    async def post(self, place: str) -> None:
        """Take a request in, and answer with its run's id, or with its result."""
        try:
            request = Request(place, self.request.query, self.request.headers, self.body())
            taken = await self.site.arrivals.taken(request)
        except Refused as refused:
            self.site.log("request_refused", level="warning", code=refused.code, message=refused.message)
            self.refuse(refused)
            return
        if not taken.run:
            self.answer(taken.answer)
            return
        self.site.carrier.wake()
        result = await self.result(taken.run) if taken.hook.respond == "when-done" else None
        if result is None:
            self.answer({"run": taken.run, "status": "queued", "again": taken.again}, 202)
        else:
            self.answer(result, 200 if result["status"] == "succeeded" else 500)


class FormHandler(Handler):
    """``/forms/…``."""

    counted = "form"

    def set_default_headers(self) -> None:
        """As a page that holds a key needs them."""
        for name, value in forms.HEADERS.items():
            self.set_header(name, value)

    def refuse(self, refused: Refused) -> None:
        """As for hooks, but for people."""
        self.set_status(refused.code)
        self.write(forms.problem_page(refused.message))

    async def get(self, id: str) -> None:
        """Show the form."""
        key = self.get_query_argument("key", "")
        try:
            _, workflow = await self.aside(lambda: self.site.acceptance.form(id, key))
        except Refused as refused:
            self.refuse(refused)
            return
        self.write(forms.form_page(workflow, key, {}))

    async def post(self, id: str) -> None:
        """Take in what was filled in."""
        try:
            fields, uploads = self._parts()
            key = "".join(fields.get(":key", ()))
            hook, workflow = await self.aside(lambda: self.site.acceptance.form(id, key))
        except Refused as refused:
            self.refuse(refused)
            return
        given = forms.values_of(workflow, fields)
        once = "".join(fields.get(":once", ()))
        try:
            taken = await self.aside(lambda: self._fill_in(hook, workflow, given, uploads, once))
        except Refused as refused:
            self.set_status(refused.code)
            self.write(forms.form_page(workflow, key, given, refused.message))
            return
        self.site.carrier.wake()
        result = await self.result(taken.run) if hook.respond == "when-done" else None
        self.set_status(202 if result is None else 200)
        self.write(forms.answer_page(workflow, taken.run, result))

    def _parts(self) -> tuple[Mapping[str, list[str]], list[forms.Upload]]:
        arguments: dict[str, list[bytes]] = {}
        files: dict[str, list[httputil.HTTPFile]] = {}
        kind, body = self.request.headers.get("Content-Type", ""), self.body()
        try:
            httputil.parse_body_arguments(kind, body, arguments, files, self.request.headers)
            fields = {name: [value.decode() for value in values] for name, values in arguments.items()}
        except (httputil.HTTPInputError, ValueError):
            raise Refused(400, "What was sent is not a form that was filled in.") from None
        return fields, [
            forms.Upload(name, file.filename, file.body)
            for name, sent in files.items() for file in sent[:1] if file.filename
        ]  # fmt: skip

    def _fill_in(
        self, hook: Hook, workflow: Workflow, given: Mapping[str, Any], uploads: list[forms.Upload], once: str
    ) -> Taken:
        run, kept = new_run_id(), dict(given)
        for upload in uploads:
            parameter = workflow.inputs.get(upload.input)
            if parameter is None or parameter.type != "file":
                raise Refused(422, f"{upload.input}: no file is asked for there.")
            try:
                kept[upload.input] = forms.keep(self.site.ws.root, run, upload)
            except InputError as error:
                raise Refused(422, f"{upload.input}: {error.message}") from None
        return self.site.acceptance.fill_in(hook, workflow, kept, once, run)


class HealthHandler(Handler):
    """``GET /health``: 200 while the store can be read and what is due is looked for."""

    async def get(self) -> None:
        """Say how it is."""
        try:
            counts = await self.aside(lambda: self.site.ws.queue.counts())
        except FlowbookError as error:
            self.site.log("store_failed", level="error", message=str(error))
            self.answer({"status": "the store cannot be read"}, 503)
            return
        if self.site.carrier.stuck_for() > STUCK_SECONDS:
            self.answer({"status": "what is due is not looked for any more"}, 503)
            return
        self.answer({"status": "ok", "waiting": counts["queued"], "going": counts["taken"]})


class MetricsHandler(Handler):
    """``GET /metrics``, for Prometheus."""

    async def get(self) -> None:
        """Say what was counted."""
        counts = await self.aside(lambda: self.site.ws.queue.counts())
        gauges = {
            ("flowbook_queue", (("state", "waiting"),)): float(counts["queued"]),
            ("flowbook_queue", (("state", "going"),)): float(counts["taken"]),
            ("flowbook_runs_going", ()): float(self.site.carrier.going),
        }
        self.set_header("Content-Type", CONTENT_TYPE)
        self.write(self.site.metrics.text(gauges))


class NowhereHandler(Handler):
    """All other addresses."""

    def prepare(self) -> None:
        """Say that nothing is here."""
        self.refuse(Refused(404, "There is nothing here."))
        self.finish()
