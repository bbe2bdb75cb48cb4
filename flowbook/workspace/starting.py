"""Makes runs ready to go: new ones, those inside of another, and those that are resumed."""

from __future__ import annotations

import copy
import functools
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakMethod

from flowbook.calling import Connected
from flowbook.catalog import Catalog
from flowbook.engine import Execution
from flowbook.errors import InputError, InvalidWorkflow, NotFound
from flowbook.events import Event, NodeOutput
from flowbook.expressions import Bound
from flowbook.journal import RunRecord, WorkspaceJournal
from flowbook.limits import Limits
from flowbook.models import Workflow
from flowbook.plan import Plan, PlannedNode, make_plan
from flowbook.redaction import Redactor, texts_in
from flowbook.results import Cause, ItemResult, NodeResult, digest_of
from flowbook.tasks import Context
from flowbook.tasks.stop import Stop
from flowbook.trust.permit import Permit
from flowbook.validation import bind_inputs
from flowbook.workspace.credentials import CredentialBook
from flowbook.workspace.earlier import concerns, loaded, results_for
from flowbook.workspace.keeping import Keeper
from flowbook.workspace.prepared import Preparations
from flowbook.workspace.reading import Given, Origin, Reading
from flowbook.workspace.reusing import Reusing
from flowbook.workspace.run import Run
from flowbook.workspace.saying import said_aloud
from flowbook.workspace.taping import Taping
from flowbook.workspace.trusting import Trusting

if TYPE_CHECKING:
    from flowbook.workspace.cell import Cell
    from flowbook.workspace.inside import Ended, GoingOn

MAX_DEPTH = 10
DRY = "dry-"
"""How the id of a dry run begins, which no history has."""

Ready = tuple[Run, Callable[[], None]]
"""A run that is ready to go, and what is to be called when it is over."""


class Trust(NamedTuple):
    """What is said of a workflow that is to run: that it is ``restricted`` (it came from elsewhere, whatever object it
    is now), the ``sha256`` of what somebody looked at, and the permit of the run that it is a part of (``parent``)."""

    restricted: bool = False
    sha256: str | None = None
    parent: Permit | None = None


NOTHING_SAID = Trust()


class Starter:
    """Makes runs of one workspace; ``preparations`` has the workflows ready that come in."""

    def __init__(
        self,
        root: Path,
        catalog: Catalog,
        journal: WorkspaceJournal,
        credentials: CredentialBook,
        preparations: Preparations,
        keeper: Keeper,
        trust: Trusting,
        reusing: Reusing,
        as_cell: WeakMethod[Callable[[str, str], Cell]],
    ) -> None:
        """``as_cell`` makes a cell of a node of a run (see :meth:`Workspace.as_cell
        <flowbook.workspace.Workspace.as_cell>`); the workspace is its own, so it is held weakly.
        """
        self._root = root
        self._catalog = catalog
        self._journal = journal
        self._credentials = credentials
        self._preparations = preparations
        self._keeper = keeper
        self._trust = trust
        self._reusing = reusing
        self._as_cell = as_cell

    def new(
        self,
        given: Given,
        inputs: Mapping[str, Any],
        *,
        to: str | None = None,
        only: str | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        parent: Context | None = None,
        callers: tuple[str, ...] = (),
        trust: Trust = NOTHING_SAID,
        fresh: bool = False,
        tree: Redactor | None = None,
        rehearse: bool = False,
        taping: Taping | None = None,
    ) -> Ready:
        """A new run; ``tree`` is the redactor of the run that it is inside of, ``taping`` its cassette.

        Raises as :meth:`Workspace.run <flowbook.workspace.Workspace.run>` before it runs.
        """
        prepared = self._preparations.prepare(given)
        workflow = self._runnable(prepared.reading, to, only)
        origin = Origin("text", workflow.name) if trust.restricted else prepared.reading.origin
        permit = self._trust.admit(workflow, origin, prepared.content, parent=trust.parent, sha256=trust.sha256)
        bound = bind_inputs(workflow, inputs)
        plan = prepared.plan(to, only)
        also = None if only is None else results_for(self._journal, workflow, plan, only)
        redact, stop = self._redactor(workflow, bound, plan, tree), Stop()
        run_id = (DRY if rehearse else "") + new_run_id()
        if taping is not None:
            run_id = taping.begin(run_id, redact.redact_json, outermost=parent is None)
        # What did not happen is no part of the history.
        recorders = (
            []
            if rehearse or (taping is not None and taping.tape.replaying)
            else [self._journal.recorder(prepared.definition, redact, stop.is_set)]
        )
        return self._ready(
            plan, redact, max_workers, watch, callers, run_id=run_id, taping=taping,
            inputs=bound, also=also, subscribers=recorders, stop=stop, rehearsing=rehearse,
            parent="" if parent is None else _place_in(parent), permit=permit,
            recall=self._reusing.recall(workflow, redact, fresh=fresh or taping is not None),
        )  # fmt: skip

    def again(
        self,
        run: str,
        inputs: Mapping[str, Any],
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
    ) -> Ready:
        """The next attempt at a run that ended. Raises as :meth:`Workspace.resume
        <flowbook.workspace.Workspace.resume>` before it runs."""
        from flowbook.workspace.inside import decide_all
        from flowbook.workspace.resuming import check_resumable, inputs_again

        record = self._journal.run(run)
        check_resumable(record)
        going = decide_all(self._ended(record), accept, rerun, results)
        bound = bind_inputs(record.workflow, inputs_again(record, record.workflow, inputs))
        return self._go_on(going, bound, max_workers, watch, ())

    def _ended(self, record: RunRecord, parent: Permit | None = None) -> Ended:
        """A run to be resumed, with those inside of it."""
        from flowbook.workspace.inside import Ended, places_of

        to, only = record.summary.to, record.summary.only
        prepared = self._preparations.fresh(record.workflow)
        workflow = self._runnable(prepared.reading, to, only)
        # What is recorded is no more than what the file of the history says: it is asked about like what is stored.
        permit = self._trust.admit(workflow, Origin("recorded", workflow.name), prepared.content, parent=parent)
        plan = prepared.plan(to, only)
        found = places_of(record, plan, self._journal.children(record.summary.id))
        inside = {
            place: [self._ended(self._journal.run(child.id), permit) for child in children]
            for place, children in found.items()
        }
        return Ended(record, plan, inside, permit)

    def _go_on(
        self,
        going: GoingOn,
        bound: Mapping[str, Any],
        max_workers: int,
        watch: Callable[[Event], None] | None,
        callers: tuple[str, ...],
        tree: Redactor | None = None,
    ) -> Ready:
        record, plan, decided = going.record, going.plan, going.decided
        only = record.summary.only
        also = None if only is None else results_for(self._journal, record.workflow, plan, only)
        redact, stop = self._redactor(record.workflow, bound, plan, tree), Stop()
        recorder = self._journal.reopen(
            record.summary, redact, keep=decided.kept, accept=decided.accepted, items=decided.items,
            hurried=stop.is_set, given=decided.given,
        )  # fmt: skip
        return self._ready(
            plan, redact, max_workers, watch, callers, run_id=record.summary.id, inputs=bound, also=also,
            subscribers=[recorder], stop=stop, items=decided.items,
            recorded={**decided.kept, **decided.accepted, **decided.given},
            attempt=record.summary.attempt + 1, parent=record.summary.parent, going=going,
            earlier=self._journal.output(record.summary.id), permit=going.permit,
            recall=self._reusing.recall(record.workflow, redact, fresh=False),
        )  # fmt: skip

    def _ready(
        self,
        plan: Plan,
        redact: Redactor,
        max_workers: int,
        watch: Callable[[Event], None] | None,
        callers: tuple[str, ...],
        *,
        earlier: Sequence[NodeOutput] = (),
        going: GoingOn | None = None,
        permit: Permit,
        taping: Taping | None = None,
        **about: Any,
    ) -> Ready:
        execution = Execution(
            plan,
            connect=functools.partial(self._connect, permit, redact),
            redact=redact,
            max_workers=max_workers,
            root=self._root,
            run_workflow=functools.partial(
                self._run_inside,
                (*callers, plan.workflow),
                max_workers,
                going,
                permit,
                redact,
                about.get("rehearsing", False),
                taping,
            ),
            tape=None if taping is None else taping.tape,
            **about,
        )
        run = Run(execution, redact.redact_json, earlier, self._as_cell)
        execution.subscribe(run.notice)
        if watch is not None:
            run.watch(watch)
        return run, functools.partial(self._over, execution, taping)

    def _over(self, execution: Execution, taping: Taping | None) -> None:
        """Look after the history, and the cassette, when a run is over."""
        if taping is not None:
            execution.problems.extend(taping.end(execution.run_id, execution.plan.workflow))
        self._journal.ended(execution.run_id)
        self._keeper.look()

    def test(
        self, task: str, seconds: float, values: Mapping[str, Any], secrets: list[str], limits: Limits
    ) -> NodeResult:
        """Call a task that takes only credentials, and wait up to ``seconds``; nothing is recorded."""
        flow = Workflow(name="test-connection")
        flow.add("test", task, timeout=seconds)
        execution = Execution(
            make_plan(flow, self._catalog), run_id=new_run_id(), connect=lambda node: Connected(values, limits),
            redact=Redactor(secrets), max_workers=1, root=self._root,
        )  # fmt: skip
        return execution.run().results["test"]

    def stand_in(
        self, record: RunRecord, id: str, inputs: Mapping[str, Any], params: Mapping[str, Any], index: int | None
    ) -> tuple[NodeResult, Callable[[Any], Any]]:
        """Make one call of a node of a run that ended, with these params, as its next attempt would; nothing of it is
        recorded. ``index`` is the place in the list of a ``for_each`` node. With how it ended comes what takes secrets
        out of it, to show it. Raises as :meth:`again`.
        """
        ended = self._ended(record)
        redact = self._redactor(record.workflow, inputs, ended.plan, None)
        plan, before = _one_call(ended.plan, id, params, index, self._catalog)
        # The history holds how each of them ended; by the run's own id the call has the idempotency key that it had.
        also = {other: loaded(one) for other, one in record.nodes.items() if other != id}
        execution = Execution(
            plan, run_id=record.summary.id, inputs=bind_inputs(record.workflow, inputs),
            connect=functools.partial(self._connect, ended.permit, redact), subscribers=[said_aloud], redact=redact,
            max_workers=1, also=also, items=before, root=self._root,
            run_workflow=functools.partial(
                self._run_inside, (plan.workflow,), 8, None, ended.permit, redact, False, None
            ),
        )  # fmt: skip
        execution.run()
        result = execution.results[id]
        if index is not None and result.data is not None:
            result = result.but(data=result.data[index])
        return result, redact.redact_json

    def _runnable(self, reading: Reading, to: str | None, only: str | None) -> Workflow:
        """The workflow that was read, once it is sure that it, or the part of it that is wanted, can run."""
        if to is not None and only is not None:
            raise InputError("'to' and 'only' cannot be given both.", "Choose the part of the workflow by one of them.")
        workflow = reading.workflow
        if workflow is None:
            raise reading.refusal()
        for id in (to, only):
            if id is not None and id not in workflow.nodes:
                raise NotFound("node", id, workflow.nodes)
        self._trust.check_code(workflow)
        errors = [problem for problem in reading.report.errors if concerns(problem, workflow, to, only)]
        if errors:
            raise reading.refusal(errors)
        return workflow

    def _redactor(self, workflow: Workflow, inputs: Mapping[str, Any], plan: Plan, tree: Redactor | None) -> Redactor:
        """Takes every secret that the run will know out of what it shows and keeps.

        A run and all runs inside of it have one: what one of them knows may come up in any other.
        """
        self._credentials.check_twins(plan.integrations)
        redact = Redactor() if tree is None else tree
        for secret in _secret_inputs(workflow, inputs):
            redact.add(secret)
        for name, nodes in plan.integrations.items():
            for secret in self._credentials.of(name, nodes[0].spec.folder)[1]:
                redact.add(secret)
        return redact

    def _connect(self, permit: Permit, redact: Redactor, node: PlannedNode) -> Connected:
        """What a call gets: credentials only if what their label means now is what the run may use.

        They are hidden from now on: they may be others than when the run began.
        """
        if not node.integration:
            return Connected({}, permit.limits(node.task, None))
        limits = permit.limits(node.task, self._trust.meaning(node.integration, node.spec.folder))
        values, secrets = self._credentials.of(node.integration, node.spec.folder)
        for secret in secrets:
            redact.add(secret)
        return Connected(values, limits)

    def _run_inside(
        self,
        callers: tuple[str, ...],
        max_workers: int,
        going: GoingOn | None,
        permit: Permit,
        redact: Redactor,
        rehearse: bool,
        taping: Taping | None,
        name: str,
        inputs: Mapping[str, Any],
        parent: Context,
    ) -> Run:
        if name in callers or len(callers) >= MAX_DEPTH:
            path = " → ".join([*callers, name])
            raise InvalidWorkflow(f"{name}: it would run inside itself: {path}.", hint="Break that circle.")
        before = None if going is None else going.take((parent.node_id, parent.index), name, inputs)
        if before is None:
            trust = Trust(parent=permit)
            run, ended = self.new(
                name,
                inputs,
                max_workers=max_workers,
                parent=parent,
                callers=callers,
                trust=trust,
                rehearse=rehearse,
                tree=redact,
                taping=taping,
            )
        else:
            bound = bind_inputs(before.record.workflow, inputs)
            run, ended = self._go_on(before, bound, max_workers, None, callers, redact)
        with parent.on_cancel(run.cancel):
            run.execute(ended)
        parent.note_intents(intent for id in run for intent in run[id].intents)
        return run.check()


def _one_call(
    plan: Plan, id: str, params: Mapping[str, Any], index: int | None, catalog: Catalog
) -> tuple[Plan, dict[str, dict[int, ItemResult]]]:
    """The plan of one call of a node, and what stands for the calls before it in the list of a ``for_each`` node."""
    node = plan.nodes[plan.index[id]].node
    alone = Workflow(name=plan.workflow)
    for_each = None if index is None else [None] * (index + 1)
    alone.add(
        id, node.task, integration=node.integration, timeout=node.timeout, isolate=node.isolate, for_each=for_each
    )
    made = make_plan(alone, catalog)
    made.nodes[0].params = Bound(lambda scope: copy.copy(dict(params)), ())
    stands = ItemResult(NodeResult("succeeded", cause=Cause.RETURNED), digest_of(None))
    return made, {} if index is None else {id: dict.fromkeys(range(index), stands)}


def new_run_id() -> str:
    """A run's id: the time it began (UTC) and something random, so that ids sort by time."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime()) + "-" + uuid.uuid4().hex[:8]


def _place_in(parent: Context) -> str:
    """Where a run inside of another belongs: ``run.node``, of an item of a ``for_each`` node ``run.node[3]``."""
    item = "" if parent.index is None else f"[{parent.index}]"
    return f"{parent.run_id}.{parent.node_id}{item}"


def _secret_inputs(workflow: Workflow, inputs: Mapping[str, Any]) -> list[str]:
    """What was given for inputs that are secret."""
    given = [inputs.get(name) for name, parameter in workflow.inputs.items() if parameter.secret]
    return [text for value in given if value for text in texts_in(value)]
