"""``flowbook runs``."""

from __future__ import annotations

import time
from typing import Any

import click

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, workspace
from flowbook.cli.groups import Group
from flowbook.cli.report import report
from flowbook.cli.resuming import resume
from flowbook.cli.run_test import test
from flowbook.counting import counted
from flowbook.events import RUN_STATUSES, NodeOutput
from flowbook.journal import RunRecord
from flowbook.results import NodeResult
from flowbook.view.document import node_document, run_document, stamp
from flowbook.view.statuses import appearance
from flowbook.view.wording import display_words, duration, first_line, moment

PENDING = NodeResult("pending")


@click.group(cls=Group)
def runs() -> None:
    """The run history."""


runs.add_command(report)
runs.add_command(resume)
runs.add_command(test)


@runs.command()
@click.argument("run")
@click.argument("node")
def cell(run: str, node: str) -> None:
    """Print a node that did not succeed as a cell: its real inputs, and its code or call.

    Put it into a notebook or a script, mend it and run it; rescue.go_on() goes on with the run.
    """
    click.echo(workspace(make=False).as_cell(run, node).code)


@runs.command("list")
@click.option("-w", "--workflow", help="Only runs of this workflow.")
@click.option("-s", "--status", type=click.Choice(RUN_STATUSES), help="Only runs with this status.")
@click.option(
    "--since", metavar="WHEN", help='Only runs started since then: "7d", "12h", 2026-01-31, 2026-01-31T08:00.'
)
@click.option("--until", metavar="WHEN", help="Only runs started until then; of a day, all of it.")
@click.option("-n", "--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many.")
@json_option
def list_runs(
    workflow: str | None, status: str | None, since: str | None, until: str | None, limit: int, as_json: bool
) -> None:
    """List runs, the newest first."""
    ws = workspace(make=False)
    found = ws.runs(workflow, status, since=since, until=until, limit=limit)
    if as_json:
        print_json(
            [
                {"run": r.id, "workflow": r.workflow, "status": r.status, "started_at": stamp(r.started_at),
                 "seconds": r.seconds, "message": r.message, "parent": r.parent, "attempt": r.attempt}
                for r in found
            ]
        )  # fmt: skip
        return
    rows = [(r.id, r.workflow, r.status, moment(r.started_at), duration(r.seconds), r.message) for r in found]
    empty = nothing(ws, "There are no such runs.")
    print_table(("RUN", "WORKFLOW", "STATUS", "STARTED", "TIME", "MESSAGE"), rows, empty=empty)


@runs.command()
@click.argument("run")
@click.option("--node", help="Only this node, with its data.")
@click.option("--output", is_flag=True, help="Also what the nodes printed and displayed.")
@json_option
def show(run: str, node: str | None, output: bool, as_json: bool) -> None:
    """Show a run: its id, the beginning of it, or "last"."""
    ws = existing()
    record = ws.run_record(run)
    nodes = [node] if node else list(record.node_ids)
    if node and node not in record.node_ids:
        from flowbook.errors import NotFound

        raise NotFound("node", node, record.node_ids)
    if as_json:
        document = _document(record, nodes)
        if output:
            for name in nodes:
                document["nodes"][name]["output"] = [_piece(one) for one in ws.run_output(record.summary.id, name)]
        print_json(document)
        return
    summary = record.summary
    took = duration(summary.seconds)
    about = f"run {summary.id}, {moment(summary.started_at)}"
    if summary.attempt > 1:
        about += f", attempt {summary.attempt} of {moment(summary.resumed_at)}"
    click.echo(f"{summary.workflow}: {summary.status} in {took} ({about})")
    for name in nodes:
        found = record.nodes.get(name, PENDING)
        mark = appearance(found.status).mark
        time_taken = duration(found.seconds) if found.started_at else ""
        where = f"  on {found.worker}" if found.worker else ""
        click.echo(f"  {mark} {name}  {found.status}  {time_taken}{where}  {first_line(found.message)}".rstrip())
        if node:
            _print_data(found)
        if output or node:
            _print_output(ws.run_output(summary.id, name))


@runs.command()
@click.argument("run", nargs=-1)
@click.option("--older-than", type=click.FloatRange(0), metavar="DAYS", help="Delete all runs older than so many days.")
@click.option("-w", "--workflow", help="With --older-than: only runs of this workflow.")
def delete(run: tuple[str, ...], older_than: float | None, workflow: str | None) -> None:
    """Delete runs from the history."""
    if bool(run) == (older_than is not None):
        raise click.UsageError("give runs, or --older-than DAYS")
    ws = existing()
    names = list(run)
    if older_than is not None:
        old = ws.runs(workflow=workflow, until=time.time() - older_than * 86_400, limit=None)
        names = [summary.id for summary in old if summary.status != "running"]
    count = ws.delete_runs(names)
    click.echo(f"Deleted {counted(count, 'run')}")


@runs.command()
@click.option("--keep", type=click.IntRange(0), metavar="N", help="Keep the newest N runs.")
@click.option(
    "--older-than", metavar="AGE", help='Delete those that began longer ago: "90" (days), "90d", "12h", or a date.'
)
@click.option("-w", "--workflow", help="Only runs of this workflow.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@json_option
def prune(keep: int | None, older_than: str | None, workflow: str | None, dry_run: bool, as_json: bool) -> None:
    """Delete old runs, and make the file smaller by them.

    Runs that go on or can be resumed stay. Without --keep and --older-than the workspace's settings say what goes.
    """
    if older_than is not None and older_than.replace(".", "", 1).isdecimal():
        older_than += "d"
    pruned = existing().prune_runs(keep, older_than, workflow=workflow, dry_run=dry_run)
    if as_json:
        print_json({"runs": list(pruned.runs), "bytes": pruned.freed, "dry_run": dry_run})
        return
    if dry_run:
        for id in pruned.runs:
            click.echo(id)
    count = f"{counted(len(pruned.runs), 'run')}"
    click.echo(f"{'Would delete' if dry_run else 'Deleted'} {count}, {pruned.freed / 1e6:,.1f} MB")


def _print_data(node: NodeResult) -> None:
    import json

    from flowbook.view.jsonable import jsonable

    if node.omitted:
        click.echo(f"    data {node.omitted['why']}\n    {node.omitted['preview']}")
    elif node.data is not None:
        click.echo(json.dumps(jsonable(node.data, lambda value: value), indent=2, ensure_ascii=False))


def _print_output(pieces: list[NodeOutput]) -> None:
    for piece in pieces:
        text = display_words(piece.data, piece.text) if piece.stream == "display" else piece.text
        for line in text.rstrip("\n").split("\n"):
            click.echo(f"    {piece.stream} | {line}")


def _piece(piece: NodeOutput) -> dict[str, Any]:
    """Something a node printed or displayed; the latter also as a MIME bundle. Of a for_each node with its item."""
    described: dict[str, Any] = {"stream": piece.stream, "text": piece.text}
    if piece.data is not None:
        described["data"] = piece.data
    return described if piece.item is None else {**described, "item": piece.item}


def _document(record: RunRecord, nodes: list[str]) -> dict[str, Any]:
    summary = record.summary
    document = run_document(
        run=summary.id, workflow=summary.workflow, status=summary.status, message=summary.message,
        inputs=record.inputs, started_at=summary.started_at, seconds=summary.seconds,
        nodes={name: record.nodes.get(name, PENDING) for name in nodes}, clean=lambda value: value,
    )  # fmt: skip
    for name in nodes:
        items = record.items.get(name, {})
        if items:
            document["nodes"][name]["items"] = {
                str(item): node_document(one.result, lambda value: value) for item, one in items.items()
            }
    more = {
        "message": summary.message, "parent": summary.parent, "attempt": summary.attempt, "to": summary.to,
        "only": summary.only,
    }  # fmt: skip
    return {**document, **more}
