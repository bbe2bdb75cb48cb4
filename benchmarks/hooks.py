"""``flowbook serve``: hooks that are accepted in a second, beside a bare Tornado endpoint with one insert; and the time
from a hook to the first node of its run.

Each server is a process of its own, and so is what asks: all share the processors.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import print_rows
from flowbook.models import Workflow
from flowbook.workspace import Workspace

SECONDS, ROUNDS, CONNECTIONS = 5.0, 3, 16
TIMES = 40
BARE = """
import asyncio, socket, sqlite3, sys, uuid
from concurrent.futures import ThreadPoolExecutor
from tornado import web
from tornado.httpserver import HTTPServer

connection = sqlite3.connect(sys.argv[1], check_same_thread=False, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")  # as what is acknowledged has to be on the disk
connection.execute("CREATE TABLE asked (id TEXT PRIMARY KEY, body TEXT)")
pool = ThreadPoolExecutor(1)

def keep(body):
    id = uuid.uuid4().hex
    connection.execute("INSERT INTO asked VALUES (?, ?)", (id, body.decode()))
    return id

class Hook(web.RequestHandler):
    async def post(self):
        run = await asyncio.get_running_loop().run_in_executor(pool, keep, self.request.body)
        self.set_status(202)
        self.write({"run": run})

async def main():
    server = HTTPServer(web.Application([("/hook", Hook)], log_function=lambda handler: None))
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    server.add_sockets([listening])
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def main() -> None:
    """Print requests a second, and the way to the first node."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hook = _workspace(folder)
        with _bare(folder) as bare, _served(folder) as served:
            rates = {
                "flowbook serve, answered at once": lambda: _rate(served, hook),
                "bare Tornado, one insert": lambda: _rate(bare, "/hook"),
            }
            found: dict[str, list[float]] = {what: [] for what in rates}
            for _ in range(ROUNDS):
                for what, measure in rates.items():
                    found[what].append(measure())
                    _drained(folder)
            medians = {what: statistics.median(each) for what, each in found.items()}
            raw = medians["bare Tornado, one insert"]
            rows = [[what, f"{rate:.0f}", f"{rate / raw:.2f}"] for what, rate in medians.items()]
            heads = ["", "a second", "ratio"]
            print_rows(f"Hooks accepted by {CONNECTIONS} connections, runs going on, median of {ROUNDS}", heads, rows)
            ways = sorted(_way(folder, served, hook) * 1000 for _ in range(TIMES))
            rows = [[f"{statistics.median(ways):.1f}", f"{ways[int(TIMES * 0.9)]:.1f}"]]
            print_rows("From sending a hook to the start of its first node, ms", ["median", "9 of 10"], rows)


def _workspace(folder: Path) -> str:
    with Workspace(folder) as ws:
        flow = Workflow(name="hooked")
        flow.add("first", "core.noop")
        ws.save(flow)
        hook, known = ws.add_hook("hooked")
        return f"/hooks/{hook.id if hook.sealed else known}"


@contextmanager
def _bare(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-c", BARE, str(folder / "bare.sqlite")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "flowbook", "serve", "--port", "0"]
    log, environment = folder / "serve.log", {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with log.open("w") as file, subprocess.Popen(command, cwd=folder, stderr=file, env=environment) as process:
        while '"serving"' not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        line = next(line for line in log.read_text().splitlines() if '"serving"' in line)
        yield int(json.loads(line)["address"].rpartition(":")[2])
        process.kill()


def _rate(port: int, path: str) -> float:
    """Requests that are accepted in a second, by several connections at once."""
    return asyncio.run(_asked(port, path)) / SECONDS


async def _asked(port: int, path: str) -> int:
    ends = time.monotonic() + SECONDS
    return sum(await asyncio.gather(*(_asked_by_one(port, path, ends) for _ in range(CONNECTIONS))))


async def _asked_by_one(port: int, path: str, ends: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
    request, accepted = head.encode() + b'{"n":1}', 0
    while time.monotonic() < ends:
        writer.write(request)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(answer.partition("content-length: ")[2].partition("\r")[0]))
        assert " 202 " in answer, answer
        accepted += 1
    writer.close()
    return accepted


def _drained(folder: Path) -> None:
    """Wait until the runs that were asked for are over: they are not the next one's."""
    with Workspace(folder) as ws:
        while sum(ws.queue.counts().values()):
            time.sleep(0.2)


def _way(folder: Path, port: int, hook: str) -> float:
    """Seconds from before a hook is sent to when its run's first node starts."""
    time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.connect()
    sent = time.time()
    connection.request("POST", hook, b"{}", {"Content-Type": "application/json"})
    run = json.loads(connection.getresponse().read())["run"]
    connection.close()
    _drained(folder)
    with Workspace(folder) as ws:
        return float(ws.run_record(run).nodes["first"].started_at or 0) - sent


if __name__ == "__main__":
    main()
