"""``flowbook schedule``."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import click

from flowbook.cli.common import existing, json_option, nothing, print_json, print_table, workspace
from flowbook.cli.groups import Group
from flowbook.cli.running import parse_pair
from flowbook.triggers import Schedule
from flowbook.triggers.schedules import CATCH_UP, IF_RUNNING
from flowbook.view.wording import first_line
from flowbook.workspace import Workspace


@click.group(cls=Group)
def schedule() -> None:
    """Workflows that run by the clock, while a server is there (flowbook serve)."""


@schedule.command()
@click.argument("workflow", metavar="WORKFLOW")
@click.option("--cron", required=True, metavar="FIELDS", help='Minute, hour, day, month, weekday: "0 7 * * 1-5".')
@click.option("--zone", metavar="ZONE", help="A time zone such as Europe/Berlin (default: this machine's).")
@click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help="An input, read as its type says.")
@click.option("--if-running", type=click.Choice(IF_RUNNING), default="skip", show_default=True,
              help="When it is due while its last run goes on: leave that out, or wait for the end.")  # fmt: skip
@click.option("--catch-up", type=click.Choice(CATCH_UP), default="last", show_default=True,
              help="Of the times that came while no server was there: run none, the last, or all.")  # fmt: skip
def add(workflow: str, cron: str, zone: str | None, pairs: tuple[str, ...], if_running: str, catch_up: str) -> None:
    """Have a stored workflow run by the clock."""
    ws = existing()
    made = ws.add_schedule(
        workflow, cron, zone=zone, inputs=dict(map(parse_pair, pairs)), if_running=if_running, catch_up=catch_up
    )
    times = made.next_times(time.time(), 1)
    click.echo(f"Added the schedule {made.id}: {made.cron} ({made.zone}), next at {_shown(times[0])}")
    if not ws.is_trusted(workflow):
        click.echo(f"It is not trusted yet, and would not run: flowbook trust {workflow}", err=True)


@schedule.command("list")
@click.option("-w", "--workflow", help="Only those of this workflow.")
@json_option
def list_schedules(workflow: str | None, as_json: bool) -> None:
    """List schedules, with the next five times of each and what became of the last one."""
    ws = workspace(make=False)
    found = ws.schedules.all(workflow)
    if as_json:
        print_json([_document(ws, one) for one in found])
        return
    times = {one.id: [_shown(when) for when in one.next_times(time.time())] for one in found}
    last = {one.id: last_of(ws, f"schedule {one.id}") for one in found}
    rows = [
        (one.id, one.cron, one.zone, "paused" if one.paused else times[one.id][0], last[one.id]["outcome"])
        for one in found
    ]
    empty = nothing(ws, "There are no schedules yet: flowbook schedule add NAME --cron …")
    print_table(("SCHEDULE", "CRON", "ZONE", "NEXT", "LAST"), rows, empty=empty)
    for one in found:
        if times[one.id]:
            click.echo(f"{one.id}: next at {', '.join(times[one.id])}")
        if last[one.id]["message"]:
            click.echo(f"{one.id}: {last[one.id]['message']}")


def _shown(when: datetime) -> str:
    """By the clock of its zone, which it says."""
    return f"{when:%Y-%m-%d %H:%M %Z}"


def _document(ws: Workspace, one: Schedule) -> dict[str, Any]:
    times = [moment.isoformat(timespec="minutes") for moment in one.next_times(time.time())]
    return {
        "id": one.id, "workflow": one.workflow, "cron": one.cron, "zone": one.zone, "inputs": one.inputs,
        "if_running": one.if_running, "catch_up": one.catch_up, "paused": one.paused, "next": times,
        "last": last_of(ws, f"schedule {one.id}"),
    }  # fmt: skip


def last_of(ws: Workspace, source: str) -> dict[str, Any]:
    """What became of the newest run that was asked for there."""
    found = ws.queue.all(done=True, source=source, limit=1)
    if not found:
        return {"run": "", "outcome": "", "code": None, "message": ""}
    last = found[0]
    outcome = last.outcome or {"queued": "queued", "taken": "running"}[last.status]
    return {"run": last.run, "outcome": outcome, "code": last.code, "message": first_line(last.message)}


@schedule.command()
@click.argument("name", metavar="SCHEDULE")
def pause(name: str) -> None:
    """Have a schedule not run until it is resumed."""
    click.echo(f"Paused {existing().schedules.pause(name).id}")


@schedule.command()
@click.argument("name", metavar="SCHEDULE")
def resume(name: str) -> None:
    """Have a paused schedule run again; times that came meanwhile are not caught up on."""
    made = existing().schedules.resume(name, time.time())
    click.echo(f"Resumed {made.id}, next at {_shown(made.next_times(time.time(), 1)[0])}")


@schedule.command()
@click.argument("name", metavar="SCHEDULE")
def remove(name: str) -> None:
    """Remove a schedule."""
    click.echo(f"Removed {existing().schedules.remove(name).id}")
