"""Several services in one workflow, from the workspace and from the command line, against real servers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.cli import run as command_line
from flowbook.testing import fake_service


def rows_to_storage_and_mail() -> Workflow:
    flow = Workflow(name="rows-to-storage-and-mail")
    database, storage = {"integration": "My Database"}, {"integration": "My Storage"}
    make = "CREATE TABLE IF NOT EXISTS visits (page text, seen int)"
    flow.add("make", "postgres.execute_query", **database, params={"query": make})
    rows = [{"page": "/", "seen": 3}, {"page": "/docs", "seen": 5}]
    flow.add("fill", "postgres.insert_rows", **database, params={"table": "visits", "rows": rows})
    query = {"query": "SELECT page, max(seen) AS seen FROM visits GROUP BY page ORDER BY page"}
    flow.add("read", "postgres.execute_query", **database, params=query)
    flow.add("bucket", "s3.create_bucket", **storage, params={"bucket": "visits"})
    place = {"bucket": "visits", "key": "visits.json"}
    flow.add("keep", "s3.put_object", **storage, params={**place, "data": "${{ nodes.read.data }}"})
    flow.add("fetch", "s3.get_object", **storage, params={**place, "as": "json"})
    mail = {"to": ["a@example.com", "b@example.com"], "subject": "Visits", "body": "${{ len(nodes.fetch.data) }} pages"}
    flow.add("tell", "sendgrid.send_email", integration="My Mail", params=mail)
    ids = list(flow.nodes)
    for source, target in itertools.pairwise(ids):
        flow.connect(source, target)
    return flow


def test_services_work_together_in_a_workflow_from_the_workspace_and_the_command_line(
    tmp_path: Path, postgres_server: Any, s3_server: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_service() as sendgrid:
        sendgrid.on("POST", "/v3/mail/send", status=202)
        ws = Workspace(tmp_path)
        for kind in ("postgres", "s3", "sendgrid"):
            ws.create_type(kind)
        ws.create_integration("My Database", "postgres", postgres_server.credentials())
        ws.create_integration("My Storage", "s3", s3_server.credentials())
        mail = {"api_key": "SG.0123456789", "base_url": sendgrid.url, "from_email": "flowbook@example.com"}
        ws.create_integration("My Mail", "sendgrid", mail)
        ws.save(rows_to_storage_and_mail())

        run = ws.run("rows-to-storage-and-mail")
        assert run["fetch"].data == run["read"].data == [{"page": "/", "seen": 3}, {"page": "/docs", "seen": 5}]
        assert sendgrid.requests[-1].json["content"][0] == {"type": "text/plain", "value": "2 pages"}
        ws.close()

        assert command_line(["-C", str(tmp_path), "run", "rows-to-storage-and-mail"]) == 0
        assert "tell: succeeded" in capsys.readouterr().out
        assert len(sendgrid.requests) == 2
