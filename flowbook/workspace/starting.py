"""Makes runs ready to go: new ones, those inside of another, and those that are resumed."""

from __future__ import annotations

import copy
import functools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from flowbook.calling import Connected
from flowbook.calling.executors import RunExecutors
from flowbook.calling.warm import Warm
from flowbook.catalog import Catalog
from flowbook.engine import Execution
from flowbook.errors import InputError, InvalidWorkflow, NotFound
from flowbook.events import NodeOutput
from flowbook.expressions import Bound
from flowbook.journal import RunRecord, WorkspaceJournal
from flowbook.limits import Limits
from flowbook.models import Workflow, schema_of_inputs
from flowbook.plan import Plan, PlannedNode, make_plan
from flowbook.redaction import Redactor, texts_in
from flowbook.results import Cause, ItemResult, NodeResult, digest_of
from flowbook.tasks import Context
from flowbook.tasks.shared import AtEnd
from flowbook.tasks.stop import Stop
from flowbook.trust.permit import Permit
from flowbook.validation import bind_inputs, read_already
from flowbook.workspace.credentials import CredentialBook
from flowbook.workspace.earlier import concerns, loaded, results_for
from flowbook.workspace.executing import executing
from flowbook.workspace.keeping import Keeper
from flowbook.workspace.options import RunOptions
from flowbook.workspace.outer import Outer, at_end_of, place_in, within
from flowbook.workspace.prepared import Preparations
from flowbook.workspace.reading import Given, Origin, Reading
from flowbook.workspace.reusing import Reusing
from flowbook.workspace.run import Run
from flowbook.workspace.said import NOTHING_SAID, Said, Trust
from flowbook.workspace.trusting import Trusting

if TYPE_CHECKING:
    from flowbook.workspace.inside import Ended, GoingOn
    from flowbook.workspace.taping import Taping

MAX_DEPTH = 10
DRY = "dry-"
"""How the id of a dry run begins, which no history has."""

Ready = tuple[Run, Callable[[], None]]
"""A run that is ready to go, and what is to be called when it is over."""


class Starter:
    """Makes runs of one workspace; ``preparations`` has the workflows ready that come in.

    Runs give their nodes as cells by ``workspace``, which this is a part of; processes that one does not need any more
    are kept ``warm`` for the next.
    """

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
        folder: Path | None,
        workspace: ref[Any],
        warm: Warm,
    ) -> None:
        self._root = root
        self._catalog = catalog
        self._journal = journal
        self._credentials = credentials
        self._preparations = preparations
        self._keeper = keeper
        self._trust = trust
        self._reusing = reusing
        self._folder = folder
        self._workspace = workspace
        self._warm = warm

    def new(
        self,
        given: Given,
        inputs: Mapping[str, Any],
        options: RunOptions,
        trust: Trust = NOTHING_SAID,
        *,
        outer: Outer | None = None,
        parent: Context | None = None,
    ) -> Ready:
        """A new run; with ``outer`` one that is inside of that run, made by the call ``parent`` of it.

        Raises as :meth:`Workspace.run <flowbook.workspace.Workspace.run>` before it runs.
        """
        prepared = self._preparations.prepare(given)
        to, only, rehearse = options.to, options.only, options.rehearse
        workflow = self._runnable(prepared.reading, to, only)
        origin = Origin("text", workflow.name) if trust.restricted else prepared.reading.origin
        permit = self._trust.admit(workflow, origin, prepared.content, parent=trust.parent, sha256=trust.sha256)
        bound = bind_inputs(workflow, inputs)
        plan = prepared.plan(to, only)
        also = None if only is None else results_for(self._journal, workflow, plan, only)
        redact, stop = self._redactor(workflow, bound, plan, outer), Stop()
        run_id, taping = options.id or (DRY if rehearse else "") + new_run_id(), options.taping
        if taping is not None:
            run_id = taping.begin(run_id, redact, outermost=parent is None)
        # What did not happen is no part of the history.
        unheard = rehearse or (taping is not None and taping.tape.replaying)
        recorders = [] if unheard else [self._journal.recorder(prepared.definition, redact, stop.is_set)]
        with executing(options, plan, self._folder, self._warm) as options:
            return self._ready(
                plan, Outer(within(outer, plan), options, permit, redact, at_end_of(outer)), outer is None,
                run_id=run_id, inputs=bound, also=also, subscribers=recorders, stop=stop,
                parent="" if parent is None else place_in(parent),
                recall=self._reusing.recall(workflow, plan, redact, fresh=options.fresh or taping is not None),
            )  # fmt: skip

    def again(self, run: str, inputs: Mapping[str, Any], options: RunOptions, said: Said) -> Ready:
        """The next attempt at a run that ended. Raises as :meth:`Workspace.resume
        <flowbook.workspace.Workspace.resume>` before it runs."""
        from flowbook.workspace.inside import decide_all
        from flowbook.workspace.resuming import check_resumable, inputs_again

        record = self._journal.run(run)
        check_resumable(record)
        going = decide_all(self._ended(record, sha256=said.sha256), said.accept, said.rerun, said.results)
        again = read_already(inputs_again(record, record.workflow, inputs))
        bound = bind_inputs(record.workflow, {**again, **inputs})
        return self._go_on(going, bound, options)

    def may_be_given(self, run: str) -> dict[str, str]:
        """What results can be given for when a run that ended is gone on with. Raises as :meth:`again`."""
        from flowbook.workspace.inside import may_be_given
        from flowbook.workspace.resuming import check_resumable

        record = self._journal.run(run)
        check_resumable(record)
        return may_be_given(self._ended(record))

    def _ended(self, record: RunRecord, parent: Permit | None = None, sha256: str | None = None) -> Ended:
        """A run to be resumed, with those inside of it."""
        from flowbook.workspace.inside import Ended, places_of

        to, only = record.summary.to, record.summary.only
        prepared = self._preparations.fresh(record.workflow)
        workflow = self._runnable(prepared.reading, to, only)
        # What is recorded is no more than what the file of the history says: it is asked about like what is stored.
        origin = Origin("recorded", workflow.name)
        permit = self._trust.admit(workflow, origin, prepared.content, parent=parent, sha256=sha256)
        plan = prepared.plan(to, only)
        found = places_of(record, plan, self._journal.children(record.summary.id))
        inside = {
            place: [self._ended(self._journal.run(child.id), permit) for child in children]
            for place, children in found.items()
        }
        return Ended(record, plan, inside, permit)

    def _go_on(
        self, going: GoingOn, bound: Mapping[str, Any], options: RunOptions, outer: Outer | None = None
    ) -> Ready:
        record, plan, decided = going.record, going.plan, going.decided
        only = record.summary.only
        also = None if only is None else results_for(self._journal, record.workflow, plan, only)
        redact, stop = self._redactor(record.workflow, bound, plan, outer), Stop()
        with executing(options, plan, self._folder, self._warm) as options:
            recorder = self._journal.reopen(
                record.summary, redact, keep=decided.kept, accept=decided.accepted, items=decided.items,
                hurried=stop.is_set, given=decided.given,
            )  # fmt: skip
            as_outer = Outer(within(outer, plan), options, going.permit, redact, at_end_of(outer), going)
            with self._not_left_going(record.summary.id):
                return self._ready(
                    plan, as_outer, outer is None,
                    run_id=record.summary.id, inputs=bound, also=also, subscribers=[recorder], stop=stop,
                    items=decided.items, recorded={**decided.kept, **decided.accepted, **decided.given},
                    attempt=record.summary.attempt + 1, parent=record.summary.parent,
                    earlier=self._journal.output(record.summary.id),
                    recall=self._reusing.recall(record.workflow, plan, redact, fresh=False),
                )  # fmt: skip

    @contextmanager
    def _not_left_going(self, run: str) -> Iterator[None]:
        """Within, a run that is recorded as going on is made ready; when that fails it is interrupted, not going on."""
        try:
            yield
        except BaseException:
            self._journal.ended(run)
            raise

    def _ready(
        self, plan: Plan, as_outer: Outer, outermost: bool, *, earlier: Sequence[NodeOutput] = (), **about: Any
    ) -> Ready:
        """A run that is ready to go; ``as_outer`` is what it is to the runs inside of it."""
        _, options, permit, redact, at_end, _ = as_outer
        asks = options.taping is None or not options.taping.tape.replaying
        execution = Execution(
            plan, connect=self._connecting(permit, redact, fresh=asks), redact=redact,
            max_workers=options.max_workers, executors=options.executor, rehearsing=options.rehearse, root=self._root,
            run_workflow=_Inside(self, as_outer), at_end=at_end,
            tape=None if options.taping is None else options.taping.tape, **about,
        )  # fmt: skip
        run = Run(execution, redact.redact_json, earlier, self._workspace)
        execution.subscribe(run.notice)
        if options.watch is not None:
            run.watch(options.watch)
        over = functools.partial(self._over, execution, options.taping)
        return run, functools.partial(over, options.executor, at_end) if outermost else over

    def _over(
        self, execution: Execution, taping: Taping | None, executors: RunExecutors | None = None,
        at_end: AtEnd | None = None,
    ) -> None:  # fmt: skip
        """Look after the history, and the cassette, when a run is over, and end what was made for it."""
        if executors is not None:
            executors.close()
        if at_end is not None:
            at_end.come()
        if taping is not None:
            execution.problems.extend(taping.end(execution.run_id, execution.plan.workflow))
        self._journal.ended(execution.run_id)
        self._keeper.look()

    def test(
        self, task: str, seconds: float, values: Mapping[str, Any], secrets: list[str], limits: Limits, stored: bool
    ) -> NodeResult:
        """Call a task that takes only credentials, and wait up to ``seconds``; nothing is recorded.

        ``stored`` says that they are those of the integration that the limits name.
        """
        flow = Workflow(name="test-connection")
        flow.add("test", task, timeout=seconds)
        redact = Redactor(secrets)
        folder = task.partition(".")[0]
        renew = self._credentials.renewing(limits.integration, folder, redact.add) if stored else None
        execution = Execution(
            make_plan(flow, self._catalog), run_id=new_run_id(), connect=lambda node: Connected(values, limits, renew),
            redact=redact, max_workers=1, root=self._root,
        )  # fmt: skip
        return execution.run().results["test"]

    def stand_in(
        self, record: RunRecord, id: str, inputs: Mapping[str, Any], params: Mapping[str, Any], index: int | None
    ) -> tuple[NodeResult, Callable[[Any], Any]]:
        """Make one call of a node of a run that ended, with these params, as its next attempt would; nothing of it is
        recorded. ``index`` is the place in the list of a ``for_each`` node. With how it ended comes what takes secrets
        out of it, to show it. Raises as :meth:`again`.
        """
        from flowbook.workspace.saying import said_aloud  # most runs do without

        ended = self._ended(record)
        redact = self._redactor(record.workflow, inputs, ended.plan, None)
        plan, before = _one_call(ended.plan, id, params, index, self._catalog)
        # The history holds how each of them ended; by the run's own id the call has the idempotency key that it had.
        also = {other: loaded(one) for other, one in record.nodes.items() if other != id}
        outer = Outer(within(None, plan), RunOptions(), ended.permit, redact, AtEnd())
        execution = Execution(
            plan, run_id=record.summary.id, inputs=bind_inputs(record.workflow, read_already(inputs)),
            connect=self._connecting(ended.permit, redact), subscribers=[said_aloud], redact=redact,
            max_workers=1, also=also, items=before, root=self._root,
            run_workflow=_Inside(self, outer), at_end=outer.at_end,
        )  # fmt: skip
        execution.run()
        outer.at_end.come()
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

    def _redactor(self, workflow: Workflow, inputs: Mapping[str, Any], plan: Plan, outer: Outer | None) -> Redactor:
        """Takes every secret that the run will know out of what it shows and keeps.

        A run and all runs inside of it have one: what one of them knows may come up in any other.
        """
        self._credentials.given.check_twins(plan.integrations)
        redact = Redactor() if outer is None else outer.redact
        for secret in _secret_inputs(workflow, inputs):
            redact.add(secret)
        for name, nodes in plan.integrations.items():
            for secret in self._credentials.of(name, nodes[0].spec.folder, fresh=False)[1]:
                redact.add(secret)
        return redact

    def _connecting(
        self, permit: Permit, redact: Redactor, *, fresh: bool = True
    ) -> Callable[[PlannedNode], Connected]:
        """What gives the calls of a run their credentials. Without ``fresh`` no service is asked for what is over of
        them.
        """
        none = Connected({}, permit.limits("", None))
        return lambda node: self._connected(permit, redact, node, fresh=fresh) if node.integration else none

    def _connected(self, permit: Permit, redact: Redactor, node: PlannedNode, *, fresh: bool) -> Connected:
        """What a call gets: credentials only if what their label means now is what the run may use.

        They are hidden from now on: they may be others than when the run began. A task that talks to no server needs
        nothing that is asked for, unless its folder always does.
        """
        assert node.integration is not None
        folder = node.spec.folder
        if not node.spec.capabilities.network:
            fresh = fresh and self._credentials.always_signed_in(folder)
        limits = permit.limits(node.task, self._trust.meaning(node.integration, folder))
        values, secrets = self._credentials.of(node.integration, folder, fresh=fresh)
        for secret in secrets:
            redact.add(secret)
        renew = self._credentials.renewing(node.integration, folder, redact.add) if fresh else None
        return Connected(values, limits, renew)

    def describe(self, name: str) -> dict[str, Any]:
        """What a workflow is for, and which inputs it takes. Raises NotFound, and what a broken one raises."""
        workflow = self._runnable(self._preparations.prepare(name).reading, None, None)
        about = workflow.description or f"Run the workflow {name}."
        sources = {edge.source for edge in workflow.edges}
        ends = [node for node in workflow.nodes if node not in sources]
        return {"description": about, "parameters": schema_of_inputs(workflow.inputs), "ends": ends}

    def run_inside(self, outer: Outer, name: str, inputs: Mapping[str, Any], parent: Context) -> Run:
        """Run a workflow as a part of the run ``outer``, for the call ``parent`` of it."""
        if name in outer.workflows or len(outer.workflows) >= MAX_DEPTH:
            path = " → ".join([*outer.workflows, name])
            raise InvalidWorkflow(f"{name}: it would run inside itself: {path}.", hint="Break that circle.")
        options = outer.options.inside()
        before = None if outer.going is None else outer.going.take((parent.node_id, parent.index), name, inputs)
        if before is None:
            trust = Trust(parent=outer.permit)
            run, ended = self.new(name, inputs, options, trust, outer=outer, parent=parent)
        else:
            bound = bind_inputs(before.record.workflow, inputs)
            run, ended = self._go_on(before, bound, options, outer)
        with parent.on_cancel(run.cancel):
            run.execute(ended)
        parent.note_intents(intent for id in run for intent in run[id].intents)
        return run.check()


class _Inside:
    """The workflows of the workspace, for the calls of a run."""

    def __init__(self, starter: Starter, outer: Outer) -> None:
        self._starter = starter
        self._outer = outer

    def __call__(self, name: str, inputs: Mapping[str, Any], parent: Context, /) -> Run:
        return self._starter.run_inside(self._outer, name, inputs, parent)

    def describe(self, name: str) -> dict[str, Any]:
        return self._starter.describe(name)


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


def _secret_inputs(workflow: Workflow, inputs: Mapping[str, Any]) -> list[str]:
    """What was given for inputs that are secret."""
    given = [inputs.get(name) for name, parameter in workflow.inputs.items() if parameter.secret]
    return [text for value in given if value for text in texts_in(value)]
