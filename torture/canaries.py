"""Secrets of every type of integration, in tasks that fail in every way: none is in any file, output or message."""

from __future__ import annotations

import contextlib
import io
import json
import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowbook.models import Parameter, Workflow
from flowbook.workspace import Workspace

ROUNDS = 4
WAYS = {
    "returns it": 'return {"success": True, "message": s, "data": {"d": s, s: [s]}}',
    "fails with it": 'return {"success": False, "message": "no: " + s, "data": {"d": s}}',
    "raises it": "raise ValueError(s)",
    "raises it in a chain": "try:\n        raise KeyError(s)\n"
    "    except KeyError as e:\n        raise OSError(5, s) from e",
    "returns nothing": 'print(s)\n    return None',
    "returns no plain data": 'return {"success": True, "message": "", "data": {s, b"x" + s.encode()}}',
    "exits": "raise SystemExit(s)",
    "prints and logs": 'import logging, sys\n    print(s, repr(s), s.encode(), file=sys.stderr)\n'
    '    logging.getLogger(s[:1]).error(s)\n    return {"success": True, "message": ""}',
    "prints it coded": "import base64, json, html, urllib.parse as u\n"
    "    print(base64.b64encode(s.encode()).decode(), json.dumps(s), html.escape(s), u.quote(s, ''))\n"
    "    print(s.encode().hex())\n"
    '    return {"success": True, "message": ""}',
    "prints it in pieces": "import sys\n    [sys.stdout.write(c) for c in s]\n"
    '    return {"success": True, "message": ""}',
    "starts a thread": "import threading\n    t = threading.Thread(target=print, args=(s,))\n    t.start()\n"
    "    t.join()\n"
    '    return {"success": True, "message": ""}',
    "starts a process": "import subprocess\n    subprocess.run(['echo', s])\n"
    '    return {"success": True, "message": ""}',
    "makes a table": "import pandas as pd\n"
    '    f = pd.DataFrame({s: [s], "b": [{"c": s}]}, index=[s])\n    f.attrs["a"] = s\n'
    '    return {"success": True, "message": "", "data": f}',
    "asks for a missing key": 'return {"success": True, "message": {}[s]}',
    "runs out of time": 'import time\n    print(s)\n    time.sleep(1)\n    return {"success": True, "message": s}',
}  # fmt: skip


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Every way, with the credentials of every type that ships, in several rounds of other secrets."""
    some = random.Random(seed)
    canaries = folder / "integrations" / "canaries"
    canaries.mkdir(parents=True)
    tasks = ['def test_connection(credentials):\n    """Try."""\n    return {"success": True, "message": ""}\n']
    for number, way in enumerate(WAYS.values()):
        tasks.append(
            f'def way{number}(credentials, params):\n    """Way."""\n    s = credentials[params["f"]]\n    {way}\n'
        )
    (canaries / "tasks.py").write_text("\n".join(tasks))
    ws = Workspace(folder)
    types = {one.name: [p.name for p in one.credentials if p.secret] for one in ws.integration_folders()}
    names = sorted({name for secrets in types.values() for name in secrets} | {"token"})
    ws.create_type("canaries", [Parameter(name=name, type="password") for name in names])
    secrets, runs = [], 0
    said = io.StringIO()
    for number in range(max(int(ROUNDS * scale), 1)):
        values = {name: _secret(some) for name in names}
        secrets += values.values()
        ws.create_integration(f"Round {number}", "canaries", values)
        for field in names if scale >= 1 else names[:3]:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                said.write(_all_ways(ws, f"Round {number}", field))
            runs += len(WAYS)
    ws.close()
    shown = said.getvalue().encode() + b"".join(
        p.read_bytes() for p in (folder / ".flowbook").rglob("*") if p.is_file()
    )
    found = [secret for secret in secrets for form in (secret, json.dumps(secret)[1:-1]) if form.encode() in shown]
    assert not found, f"{len(found)} of {len(secrets)} secrets were seen"
    what = f"{len(WAYS)} ways, {len(names)} secret fields of {len(types)} types, {len(secrets)} secrets"
    yield f"{runs:,} calls, {what}: 0 seen"


def _all_ways(ws: Workspace, integration: str, field: str) -> str:
    flow = Workflow(name="canaries")
    for number, way in enumerate(WAYS):
        limit: dict[str, Any] = {"timeout": 0.2} if way == "runs out of time" else {}
        flow.add(f"n{number}", f"canaries.way{number}", integration=integration, params={"f": field}, **limit)
    run = ws.start(flow).wait(120)
    assert run.status == "failed", run.status
    return repr(run) + json.dumps(run.to_dict(), default=str) + str(run._repr_mimebundle_())


def _secret(some: random.Random) -> str:
    letters = string.ascii_letters + string.digits + "-_/+=<>&'\"\\ é"
    return "cnry" + "".join(some.choice(letters) for _ in range(some.randint(8, 40))) + "z"
