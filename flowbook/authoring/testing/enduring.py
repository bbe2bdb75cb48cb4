"""Tries every task of a folder with every way in which its service can fail; each problem comes with its remedy."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from unittest import mock

from flowbook.authoring.testing.contract import made_up
from flowbook.authoring.testing.examples import Examples, put_files
from flowbook.authoring.testing.faults import HTTP_FAULTS, PATIENT, SIGN_IN_PAGE, Fault
from flowbook.authoring.testing.running import Outcome, load_folder, run_in
from flowbook.authoring.testing.service import Answer, FakeService, Request, fake_service
from flowbook.catalog import Folder, FolderProblem
from flowbook.errors import FlowbookError
from flowbook.http import waiting
from flowbook.slips import suggest
from flowbook.tasks.context import Context
from flowbook.tasks.spec import TaskSpec
from flowbook.tasks.stop import Stop

Credentials = Mapping[str, Any] | Callable[[str], Mapping[str, Any]] | None
_NOBODY = "http://127.0.0.1:1"
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")
_ONCE = ("POST", "PATCH")
_GIVE = "Give check_faults(credentials=…), or the model's field an example that fits: Field(examples=[…])."


def check_faults(
    folder: Folder | str | Path,
    *,
    credentials: Credentials = None,
    params: Mapping[str, Mapping[str, Any]] | None = None,
    prepare: Callable[[FakeService], object] | None = None,
    takes: Mapping[str, Sequence[str]] | None = None,
    tasks: Sequence[str] = (),
    only: Sequence[str] = (),
    share: float = 1.0,
    seed: int = 0,
    patience: float = 20.0,
) -> list[FolderProblem]:
    """What the tasks of a folder do wrong when its service fails; [] when nothing. It needs no service and no account.

    Each task that talks to servers (and runs no code) is called against a service on this machine that fails in each
    of the ways of ``flowbook.testing.HTTP_FAULTS``, or those named in ``only``; ``share`` tries a part of them,
    another for each task, as ``seed`` has it; ``tasks`` names some of them. What it owes then: a failed result in
    words, no success, no unexpected exception, within ``patience`` seconds; no secret, and none sent to another
    service; ``permanent`` said when, and only when, another try would fail too; a wait where one is asked for; a
    change that is sent once only, and ``may_have_taken_effect`` in its ``data`` when it may have been made; an end
    when the run is cancelled, and no request after that.

    ``credentials`` are those for an address (or a function of the address that gives them); without them they are made
    up of what the folder declares, with the ``examples`` of its model's fields where they have a form of their own.
    ``params`` maps tasks to theirs; else the examples of the README are taken.
    ``prepare(service)`` adds the routes that a task asks before it changes something, so that the change itself is
    tried too. ``takes`` maps a task to the faults that are none for it, by their names or patterns of these: a task
    that reads any page takes ``["a sign-in page"]``. What the folder says itself, by ``TAKES`` in its ``__init__.py``
    or ``tasks.py``, counts too, also for ``flowbook check --integrations --faults``. Each problem names its ``task``,
    ``what`` is wrong and the ``remedy``. Raises NotFound when there is no folder.
    """
    loaded = folder if isinstance(folder, Folder) else load_folder(folder)
    faults = [fault for fault in HTTP_FAULTS if not only or fault.name in only]
    trial = _Trial(loaded, credentials, prepare, patience)
    examples = Examples(loaded, params)
    excuses = _Excuses(loaded, takes or {})
    problems: list[FolderProblem] = []
    with trial:
        problems += [*trial.unfit(), *excuses.mistaken()]
        for spec in () if problems else _tried_of(loaded, tasks, credentials is not None):
            chosen = examples.params_of(spec)
            if chosen is None:
                remedy = "Show it as a node in README.md, or give them: check_faults(folder, params={…})."
                problems.append(problem_of(spec, "cannot be tried: no params for it are known", remedy))
                continue
            count = max(1, round(len(faults) * share))
            draw = random.Random(f"{seed} {spec.name}")  # noqa: S311 - the same at each run, and no secret
            picked = draw.sample(faults, count) if share < 1 else faults
            problems += trial.problems(spec, chosen, picked, {one for one in picked if excuses.excused(spec, one)})
    return problems


class _Excuses:
    """The faults that are none for a task, as the folder says and as the caller does."""

    def __init__(self, folder: Folder, given: Mapping[str, Sequence[str]]) -> None:
        self._folder = folder
        names = {*folder.takes, *given}
        self._of = {name: (*folder.takes.get(name, ()), *given.get(name, ())) for name in names}

    def excused(self, spec: TaskSpec, fault: Fault) -> bool:
        """Whether a fault is none for the task."""
        return any(_fits(fault.name, pattern) for pattern in self._of.get(spec.function_name, ()))

    def mistaken(self) -> Iterator[FolderProblem]:
        """Names that excuse nothing: of tasks and of faults that there are not."""
        for name, patterns in sorted(self._of.items()):
            if name not in self._folder.tasks:
                what = f"TAKES names the task {name!r}, which is not there."
                yield FolderProblem(self._folder.name, what, suggest(name, self._folder.tasks, "task"))
            for pattern in patterns:
                if not any(_fits(fault.name, pattern) for fault in HTTP_FAULTS):
                    remedy = suggest(pattern, [fault.name for fault in HTTP_FAULTS], "fault")
                    what = f"TAKES names the fault {pattern!r}, which is not there."
                    yield FolderProblem(self._folder.name, what, remedy, task=name)


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _tried_of(folder: Folder, named: Sequence[str], given: bool) -> list[TaskSpec]:
    """The tasks that talk to a web service, whose address the credentials or the params hold."""
    if not given and any(one.name == "host" for one in folder.credentials):
        return []  # another protocol: made-up credentials would lead to a server of that name
    return [
        spec
        for name, spec in folder.tasks.items()
        if spec.capabilities.network and not spec.runs_code and (not named or name in named)
    ]


class _Quick(Context):
    """Notes the waits of a task, and makes none of them."""

    __slots__ = ("stopped", "told", "waited")

    def __init__(self, root: Path | None, stop: Stop) -> None:
        told: list[str] = []
        super().__init__(
            run_id="faults", workflow="faults", node_id="tried", root=root, stop=stop,
            progress=lambda done, total, text: told.append(text),
        )  # fmt: skip
        self.told = told
        self.stopped = stop
        self.waited = 0.0

    def sleep(self, seconds: float) -> bool:
        self.waited += seconds
        return not self.stopped.wait(min(seconds, 0.001))

    def describe_workflow(self, name: str) -> dict[str, Any]:
        return {"description": "", "parameters": {"type": "object"}, "ends": []}


class _Short(waiting.Budget):
    """The time of a call to a service that is silent."""

    def __init__(self, timeout: float, max_wait: float) -> None:
        super().__init__(min(timeout, PATIENT), max_wait)


class _Trial:
    """A folder, the service that its tasks are tried against, and another one that they are led to."""

    def __init__(self, folder: Folder, credentials: Credentials, prepare: Any, patience: float) -> None:
        self.folder = folder
        self._credentials = credentials
        self._prepare = prepare
        self._patience = patience
        self._asked = False
        self._excused: Set[Fault] = frozenset()
        self._said = ""
        self._stack = ExitStack()
        self._service = ExitStack()

    def __enter__(self) -> _Trial:
        import tempfile

        self._open_service()
        self.elsewhere = self._stack.enter_context(fake_service())
        page: dict[str, Any] = {"body": SIGN_IN_PAGE, "headers": {"Content-Type": "text/html"}}
        self.elsewhere.on("*", "/{rest:path}", **page).on("*", "/", **page)
        self._root = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="flowbook-faults-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._service.close()
        self._stack.close()

    def _open_service(self) -> None:
        self._service.close()
        self.service = self._service.enter_context(fake_service())

    def unfit(self) -> Iterator[FolderProblem]:
        """What is wrong with the credentials."""
        for spec in self.folder.tasks.values():
            try:
                spec.signature._replace(takes=1).arguments(self._made(self.service.url), {})
            except FlowbookError as error:
                yield problem_of(spec, f"cannot be tried: {error.message.rstrip('.')}", _GIVE)
                return

    def problems(
        self, spec: TaskSpec, params: Mapping[str, Any], faults: Sequence[Fault], excused: Set[Fault]
    ) -> Iterator[FolderProblem]:
        """Those of one task, each said once, with the faults that show it.

        What it makes of those that are none for it is not judged, but that it ends, in words and without a secret, is.
        """
        shown: dict[str, tuple[str, list[str]]] = {}
        self._excused = excused
        told = [fault for fault in faults if fault.answer is not None and not fault.before and fault not in excused]
        self._asked = not spec.capabilities.network or not told
        for fault in faults:
            for prepared in (False, True) if self._prepare is not None and spec.effects != "read" else (False,):
                for what, remedy in self._tried(spec, params, fault, prepared):
                    names = shown.setdefault(what, (remedy, []))[1]
                    if fault.name not in names:
                        names.append(fault.name)
        for what, (remedy, names) in shown.items():
            yield problem_of(spec, f"{what} (the service: {_listed(names)})", remedy)
        if not self._asked and self.folder.credentials:
            yield problem_of(
                spec, f"asks its service nothing: {self._said.rstrip('.')}", "Give params or credentials that it takes."
            )

    def _tried(
        self, spec: TaskSpec, params: Mapping[str, Any], fault: Fault, prepared: bool
    ) -> Iterator[tuple[str, str]]:
        credentials = self._made(_NOBODY if fault.answer is None else self.service.url)
        params = {name: self._led(name, value, fault) for name, value in params.items()}
        put_files(self._root, spec, params)
        self._answer(fault, prepared)
        outcome, waited = self._call(spec, credentials, params, fault)
        sent = list(self.service.requests)
        if fault.silent or fault.cancelled:  # what was given up on may ask later, and count for the next fault
            self._open_service()
        self._asked = self._asked or bool(sent)
        self._said = outcome.message if outcome is not None else "nothing"
        secrets = secrets_of(self.folder, credentials)
        if outcome is None:
            yield (
                f"takes more than {self._patience:g} seconds",
                "Give what it waits for a timeout, or look at current().cancelled.",
            )
            return
        if fault in self._excused and not sent:
            return  # what it gives has nothing to do with its service: a signed link may well hold a token
        yield from unclear(outcome, secrets)
        if any(secret in _shown(request) for request in self.elsewhere.requests for secret in secrets):
            yield "sends a secret to another service", "Send credentials to the origin of their service only."
        if not sent and fault.answer is not None:
            return  # it does without the service, or its params already were refused
        if fault.before:
            remedy = "Look at current().cancelled before each request: flowbook.http.Session does."
            yield "asks its service for something after its run was cancelled", remedy
            return
        if fault in self._excused:
            return
        yield from _judged(spec, fault, outcome, sent)
        if fault.asks and len(sent) > 1 and waited < fault.asks:
            yield "does not wait as long as it is asked to", "Honour Retry-After: flowbook.http.Session does."

    def _made(self, url: str) -> dict[str, Any]:
        if callable(self._credentials):
            return dict(self._credentials(url))
        if self._credentials is not None:
            return dict(self._credentials)
        examples = self._examples()
        made = {**examples, **_hurried(self.folder), **made_up(self.folder.credentials, url)}
        if self._fit(made):
            return made
        made.update(examples)
        return made if self._fit(made) else self._that_go_together(made)

    def _that_go_together(self, made: Mapping[str, Any]) -> dict[str, Any]:
        """Without those that may be left out and cannot stand beside the others: a password beside a token.

        What has an example comes first, then what is no secret.
        """
        required = {one.name for one in self.folder.credentials if one.required}
        secret = {one.name for one in self.folder.credentials if one.secret}
        examples = self._examples()
        order = sorted(made, key=lambda name: (name not in required, name not in examples, name in secret))
        chosen: dict[str, Any] = {}
        for name in order:
            more = {**chosen, name: made[name]}
            if name in required or name in examples or self._fit(more) or not self._fit(chosen):
                chosen = more
        return chosen if self._fit(chosen) else dict(made)

    def _fit(self, credentials: Mapping[str, Any]) -> bool:
        try:
            for spec in self.folder.tasks.values():
                spec.signature._replace(takes=1).arguments(credentials, {})
        except FlowbookError:
            return False
        return True

    def _examples(self) -> dict[str, Any]:
        """What the folder's model says of a form of its own: ``Field(examples=[…])``."""
        models = {spec.signature.credentials_type for spec in self.folder.tasks.values()}
        fields = {name: one for model in models for name, one in getattr(model, "model_fields", {}).items()}
        return {name: field.examples[0] for name, field in fields.items() if field.examples}

    def _led(self, name: str, value: Any, fault: Fault) -> Any:
        """The address that a param names is the service's."""
        here = _NOBODY if fault.answer is None else self.service.url
        leads = name.endswith("url") and isinstance(value, str) and value.startswith(("http://", "https://"))
        return here + "/page" if leads else value

    def _answer(self, fault: Fault, prepared: bool) -> None:
        self.service.forget()
        self.elsewhere.requests.clear()
        made = fault.answer

        def answer(request: Request) -> Answer:
            return Answer(404) if made is None else made(request, self.elsewhere.url)

        self.service.on("*", "/{rest:path}", answer).on("*", "/", answer)
        if prepared:
            self._prepare(self.service)
            for method in _CHANGES:
                self.service.on(method, "/{rest:path}", answer).on(method, "/", answer)

    def _call(self, spec: TaskSpec, credentials: Any, params: Any, fault: Fault) -> tuple[Outcome | None, float]:
        stop = Stop()
        context = _Quick(self._root, stop)
        outcomes: list[Outcome] = []
        shown = sys.stdout, sys.stderr
        worker = threading.Thread(
            target=lambda: outcomes.append(run_in(context, spec, credentials, params)), daemon=True
        )
        with mock.patch.object(waiting, "Budget", _Short if fault.silent else waiting.Budget):
            if fault.before:
                stop.set()
            worker.start()
            if fault.cancelled:
                self._await_request(worker)
                stop.set()
            worker.join(self._patience)
            stop.set()
        sys.stdout, sys.stderr = shown  # a call that is left behind would keep them
        for outcome in outcomes:
            outcome.progress = [(0, None, text) for text in context.told]
        return (outcomes[0] if outcomes else None), context.waited

    def _await_request(self, worker: threading.Thread) -> None:
        end = time.monotonic() + self._patience
        while not self.service.requests and worker.is_alive() and time.monotonic() < end:
            time.sleep(0.001)


def _hurried(folder: Folder) -> dict[str, float]:
    """The time of an answer, where credentials hold it: that of a library that cannot be told otherwise."""
    return {one.name: PATIENT for one in folder.credentials if one.name == "timeout" and one.type == "number"}


def quick_context(root: Path | None, stop: Stop) -> Context:
    """The context of a call whose waits are not made."""
    return _Quick(root, stop)


def unclear(outcome: Outcome, secrets: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What no result of a task may be, whatever happened; each with its remedy."""
    if outcome.traceback:
        error = outcome.traceback.strip().splitlines()[-1].partition(":")[0]
        yield f"raises {error}", "Catch it, and say what happened and what to do: TaskFailed(message, hint=…)."
    if not outcome.message.strip():
        yield "says nothing", "Say in the message what happened."
    told = "\n".join(
        [
            outcome.message,
            outcome.output,
            outcome.traceback,
            json.dumps(outcome.data, default=str),
            repr(outcome.progress),
        ]
    )
    if any(secret in told for secret in secrets):
        yield "shows a secret credential", "Take secrets out of what the service says: give the session secrets=[…]."


def _judged(spec: TaskSpec, fault: Fault, outcome: Outcome, sent: Sequence[Request]) -> Iterator[tuple[str, str]]:
    """What is wrong with the result itself."""
    changes = [request for request in sent if request.method in _CHANGES]
    if outcome.success:
        done = spec.effects == "idempotent" and fault.name in ("404", "409", "410")
        if (fault.fails and not done) or (spec.effects == "write" and changes):
            yield "calls it a success", "Take for a success only what the service documents as one."
        return
    if fault.lasts == "permanent" and not outcome.permanent:
        yield "does not say that another try would fail too", "Return permanent=True: flowbook.http.Session does."
    if fault.lasts == "passing" and outcome.permanent:
        yield "says that another try would fail too", "Leave permanent out where it may pass."
    if spec.effects != "write":
        return
    if fault.uncertain and max((_times(one, changes) for one in changes), default=0) > 1:
        yield "sends a change more than once", "Do not repeat what may have been done: flowbook.http.Session does not."
    last = sent[-1] if sent else None
    uncertain = fault.uncertain and last is not None and last.method in _ONCE
    if uncertain and not (isinstance(outcome.data, Mapping) and outcome.data.get("may_have_taken_effect")):
        yield (
            "does not say that it may have been done",
            'Put "may_have_taken_effect": True into data, and say so: flowbook.http.Session does.',
        )


def _times(request: Request, others: Sequence[Request]) -> int:
    same = (request.method, request.path, request.query, request.body)
    return sum(same == (one.method, one.path, one.query, one.body) for one in others if one.method in _ONCE)


def secrets_of(folder: Folder, credentials: Mapping[str, Any]) -> list[str]:
    """The secret values, and what is secret of an address: its last part."""
    found = [str(credentials[one.name]) for one in folder.credentials if one.secret and credentials.get(one.name)]
    return [part for value in found for part in {value, value.rpartition("/")[2]} if len(part) >= 6]


def _shown(request: Request) -> str:
    return f"{request.path} {request.query} {dict(request.headers)} {request.text}"


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def problem_of(spec: TaskSpec, what: str, remedy: str) -> FolderProblem:
    """That a task does something wrong."""
    return FolderProblem(spec.folder, f"{spec.function_name} {what}.", remedy, task=spec.function_name)
