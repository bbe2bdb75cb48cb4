"""Cassettes: what real servers answered is played back when they are gone, byte for byte and without secrets."""

from __future__ import annotations

import itertools
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from flowbook import Workflow, Workspace
from flowbook.cli import run as command_line
from flowbook.errors import FileFormatError, InputError, RunFailed, StoreError
from flowbook.reports.replaying import write_test
from flowbook.testing import fake_service
from tests.integrations.postgres_server import PASSWORD as PG_PASSWORD
from tests.integrations.postgres_server import make_certificate, running_postgres
from tests.integrations.s3_server import SECRET as S3_SECRET
from tests.integrations.s3_server import running_s3
from tests.integrations.test_smtp import PASSWORD as MAIL_PASSWORD
from tests.integrations.test_smtp import mail_server

TOKEN = "t0ken-of-the-tests-which-is-secret"
SECRETS = (TOKEN, PG_PASSWORD, S3_SECRET, MAIL_PASSWORD)
CSV = 'page,seen\n/a,3\n/b,"4,5"\n'


def everything() -> Workflow:
    """All kinds of service, several nodes at a time, lists, and bytes that are no text."""
    flow = Workflow(name="everything")
    flow.add("item", "http.request", integration="web", params={"url": "/items/${{ item }}"}, for_each=list(range(12)))
    flow.add("picture", "http.request", integration="web", params={"url": "/picture", "response": "bytes"})
    flow.add("post", "http.request", integration="web", params={
        "method": "POST", "url": "/posts", "body": {"n": "${{ nodes.item.data[3].body.n }}", "key": "${{ run.id }}"},
    })  # fmt: skip
    db: dict[str, Any] = {"integration": "db"}
    flow.add(
        "make",
        "postgres.execute_query",
        **db,
        params={"query": "CREATE TABLE visits (page text, seen text, raw bytea)"},
    )
    flow.add(
        "load",
        "postgres.copy_from_csv",
        **db,
        params={"table": "visits", "file_path": "visits.csv", "columns": ["page", "seen"]},
    )
    flow.add("fill", "postgres.insert_rows", **db, params={"table": "visits", "rows": [{"page": "ä", "seen": "9"}]})
    query = "SELECT page, seen, decode('00ff10', 'hex') AS raw, %(t)s AS t FROM visits ORDER BY page"
    flow.add("read", "postgres.execute_query", **db, params={"query": query, "parameters": {"t": TOKEN}})
    flow.add(
        "out",
        "postgres.copy_to_csv",
        **db,
        params={"query": "SELECT page FROM visits ORDER BY 1", "file_path": "out.csv"},
    )
    flow.add("none", "postgres.execute_query", **db, on_error="continue", params={"query": "SELECT * FROM nothing"})
    store: dict[str, Any] = {"integration": "store"}
    flow.add("bucket", "s3.create_bucket", **store, params={"bucket": "visits"})
    place = {"bucket": "visits", "key": "visits.json"}
    flow.add("keep", "s3.put_object", **store, params={**place, "data": "${{ [row.page for row in nodes.read.data] }}"})
    flow.add("fetch", "s3.get_object", **store, params={**place, "as": "json"})
    flow.add("send", "smtp.send_email", integration="mail", params={
        "to": "bob@example.org", "subject": "Visits", "body": "${{ nodes.fetch.data[0] }}",
        "attachments": [{"filename": "a.txt", "content": "text"}],
    })  # fmt: skip
    for chain in (("item", "post"), ("make", "load", "fill", "read", "out", "none"), ("read", "keep"),
                  ("bucket", "keep", "fetch", "send")):  # fmt: skip
        for source, target in itertools.pairwise(chain):
            flow.connect(source, target)
    return flow


def results(run: Any) -> dict[str, Any]:
    found = {id: (run[id].status, run.to_dict()["nodes"][id].get("data")) for id in run}
    found["send"][1].pop("message_id")  # made anew for each message
    for one in found["item"][1]:
        one["headers"].pop("content-length")  # the secret in these answers is left out of what is kept
    return found


class Recorded(NamedTuple):
    ws: Workspace
    tape: Path
    results: dict[str, Any]
    run: Any


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """A run against real servers, which have been stopped since."""
    folder = tmp_path_factory.mktemp("everything")
    certificate = folder / "both.pem"
    certificate.write_bytes(b"".join(make_certificate("localhost", "127.0.0.1")))
    (folder / "visits.csv").write_text(CSV)
    with Workspace(folder) as ws:
        for kind in ("http", "postgres", "s3", "smtp"):
            ws.create_type(kind)
        with (
            fake_service() as web,
            running_postgres() as database,
            running_s3() as storage,
            mail_server("starttls", certificate) as (box, mail),
        ):
            for number in range(12):
                web.on("GET", f"/items/{number}", json={"n": number, "echo": f"Bearer {TOKEN}"})
            web.on("GET", "/picture", body=bytes(range(256)), headers={"Content-Type": "image/png"})
            web.on("POST", "/posts", lambda request: _posted(request))
            ws.create_integration("web", "http", {"base_url": web.url, "token": TOKEN})
            ws.create_integration("db", "postgres", database.credentials())
            ws.create_integration("store", "s3", storage.credentials())
            ws.create_integration("mail", "smtp", mail)
            tape = folder / "everything.cassette.json"
            run = ws.run(everything(), record=tape)
            assert len(box.envelopes) == 1
        yield Recorded(ws, tape, results(run), run)


def _posted(request: Any) -> Any:
    from flowbook.testing import Answer

    return Answer(status=201, json={"got": request.json})


def test_a_run_is_played_back_byte_for_byte_with_the_servers_gone(recorded: Recorded) -> None:
    (recorded.ws.root / "out.csv").unlink()
    run = recorded.ws.run(everything(), replay=recorded.tape)
    assert results(run) == recorded.results
    assert run["picture"].data["body"] == bytes(range(256))
    assert (recorded.ws.root / "out.csv").read_text() == "page\n/a\n/b\nä\n"
    assert run["none"].message == recorded.run["none"].message
    assert run.id == recorded.run.id  # what a request says of its run is the same


def test_a_cassette_holds_no_secret_and_says_its_format(recorded: Recorded) -> None:
    text = recorded.tape.read_text()
    document = json.loads(text)
    assert document["flowbook_cassette"] == 1
    assert (document["workflow"], document["run"]) == ("everything", recorded.run.id)
    for secret in SECRETS:
        assert secret not in text
    import base64

    for form in (f"\0ann@example.org\0{MAIL_PASSWORD}", MAIL_PASSWORD, S3_SECRET):
        assert base64.b64encode(form.encode()).decode() not in text


def test_the_history_does_not_know_of_what_was_played(recorded: Recorded) -> None:
    before = [one.id for one in recorded.ws.runs()]
    recorded.ws.run(everything(), replay=recorded.tape)
    assert [one.id for one in recorded.ws.runs()] == before
    assert recorded.ws.run_record(recorded.run.id).summary.attempt == 1


def test_other_secrets_do_as_well(recorded: Recorded) -> None:
    """Who replays a run need not have its secrets: requests are compared without them."""
    recorded.ws.update_integration("web", credentials={"token": "another-token-altogether"})
    try:
        run = recorded.ws.run(everything(), to="post", replay=recorded.tape)
        assert run["post"].data["body"] == recorded.run["post"].data["body"]
    finally:
        recorded.ws.update_integration("web", credentials={"token": TOKEN})


@pytest.mark.parametrize(
    ("node", "params", "said"),
    [
        ("picture", {"url": "/picturesque", "response": "bytes"}, "GET http://127.0.0.1"),
        ("none", {"query": "SELECT 1 AS one"}, "SELECT 1 AS one"),
        ("fetch", {"bucket": "visits", "key": "another.json"}, "/visits/another.json"),
        ("send", {"to": "eve@example.org", "subject": "Visits", "body": "x"}, "eve@example.org"),
    ],
)
def test_what_is_not_on_the_cassette_is_named_with_its_node_and_not_sent(
    recorded: Recorded, node: str, params: dict[str, Any], said: str
) -> None:
    flow = everything()
    flow.change(node, params=params, on_error="stop")
    with pytest.raises(RunFailed) as failure:
        recorded.ws.run(flow, replay=recorded.tape)
    message = failure.value.run[node].message
    assert f"everything.{node} asked for what is not on the cassette" in message
    assert said in message
    assert "Nothing was sent" in message
    assert failure.value.run[node].attempts == 1


def test_nothing_leaves_the_machine_by_another_way(recorded: Recorded) -> None:
    flow = Workflow(name="past")
    code = "import socket\nsocket.create_connection(('127.0.0.1', inputs.port), 5)"
    flow.set_input("port", type="integer")
    flow.add("dial", "core.python", params={"code": code})
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        with pytest.raises(RunFailed) as failure:
            recorded.ws.run(flow, port=server.getsockname()[1], replay=recorded.tape)
        with pytest.raises(TimeoutError):
            server.accept()
    assert "past.dial would connect to 127.0.0.1:" in failure.value.run["dial"].message


@pytest.mark.parametrize(
    "code",
    [
        "import socket\nsocket.getaddrinfo('db.example', 5432)",
        "import socket\nsocket.gethostbyname('db.example')",
        "import socket\nwith socket.socket(type=socket.SOCK_DGRAM) as one:\n    one.sendto(b'x', ('192.0.2.1', 53))",
        "from concurrent.futures import ThreadPoolExecutor\nimport urllib.request\n"
        "with ThreadPoolExecutor(1) as pool:\n    pool.submit(urllib.request.urlopen, 'http://192.0.2.1/').exception()",
        "import asyncio\nasyncio.run(asyncio.open_connection('db.example', 5432))",
    ],
)
def test_no_name_is_asked_for_and_nothing_is_sent_by_whichever_way(tmp_path: Path, code: str) -> None:
    flow = Workflow(name="past")
    flow.add("ask", "core.python", params={"code": code})
    tape = tmp_path / "tape.json"
    tape.write_text('{"flowbook_cassette": 1, "entries": []}')
    with Workspace(tmp_path) as ws, pytest.raises(RunFailed) as failure:
        ws.run(flow, replay=tape)
    assert "past.ask would connect to " in failure.value.run["ask"].message
    assert "in a way that a cassette does not keep" in failure.value.run["ask"].message


UNKEPT: dict[str, tuple[str, dict[str, Any]]] = {
    "redis": ("redis.command", {"arguments": ["SET", "a", "b"]}),
    "mysql": ("mysql.execute_query", {"query": "SELECT 1 AS one"}),
    "mongo": ("mongodb.insert_one", {"collection": "kept", "document": {"a": 1}}),
    "imap": ("imap.list_folders", {}),
    "ssh": ("ssh.run_command", {"command": "echo hello"}),
}


def played(ws: Workspace, kind: str, server: Any, task: str, params: dict[str, Any], tape: Path) -> tuple[Any, Any]:
    """A run of one node that is recorded, and it as it is played back."""
    ws.create_type(kind)
    ws.create_integration("it", kind, server.credentials())
    flow = Workflow(name="one")
    flow.add("ask", task, integration="it", params=params, on_error="continue")
    return ws.run(flow, record=tape), ws.run(flow, replay=tape)


@pytest.mark.parametrize("kind", UNKEPT)
def test_what_a_cassette_does_not_keep_is_said_when_it_is_recorded_and_refused_when_it_is_played(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    task, params = UNKEPT[kind]
    server = request.getfixturevalue(f"{kind}_server")
    with Workspace(tmp_path) as ws:
        first, again = played(ws, task.partition(".")[0], server, task, params, tmp_path / "tape.json")
    assert first["ask"].status == "succeeded"
    (said,) = first.problems
    assert "one.ask (to 127.0.0.1:" in said
    assert "pin the results" in said
    assert again["ask"].status == "failed"
    assert "in a way that a cassette does not keep" in again["ask"].message


@pytest.mark.parametrize(
    ("kind", "task", "params"),
    [
        ("azure_blob", "azure_blob.create_container", {"container": "kept"}),
        ("gcs", "gcs.create_bucket", {"bucket": "kept"}),
    ],
)
def test_other_storages_of_objects_are_played_back(
    tmp_path: Path, kind: str, task: str, params: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(f"{kind.partition('_')[0]}_server")
    with Workspace(tmp_path) as ws:
        first, again = played(ws, kind, server, task, params, tmp_path / "tape.json")
    assert first.problems == []
    assert again["ask"].data == first["ask"].data
    assert again["ask"].status == "succeeded"


def test_pieces_of_a_secret_that_a_service_echoes_are_not_kept(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws, fake_service() as web:
        ws.create_type("http")
        ws.create_integration("web", "http", {"base_url": web.url, "token": TOKEN})
        web.on("GET", "/echo", json={"rest": TOKEN[16:], "n": 1}, headers={"X-Key-Begins": TOKEN[:16]})
        web.on("POST", "/begin", json={"ok": True})
        flow = Workflow(name="echo")
        flow.add("ask", "http.request", integration="web", params={"url": "/echo"})
        flow.add("tell", "http.request", integration="web", params={
            "url": "/begin", "method": "POST", "body": {"begin": TOKEN[:16]},
        })  # fmt: skip
        tape = tmp_path / "tape.json"
        ws.run(flow, record=tape)
        assert TOKEN[:12] not in tape.read_text()
        assert TOKEN[-12:] not in tape.read_text()
        web.close()
        again = ws.run(flow, replay=tape)
        assert again["ask"].data["body"] == {"rest": "***", "n": 1}
        assert again["tell"].data["body"] == {"ok": True}


def test_failures_are_played_back_too(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws, fake_service() as web:
        ws.create_type("http")
        ws.create_integration("web", "http", {"base_url": web.url})
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        ws.create_integration("down", "http", {"base_url": f"http://127.0.0.1:{port}"})
        web.on("GET", "/no", status=404, json={"message": "no such thing"})
        flow = Workflow(name="wrong")
        for id, where in (("no", "web"), ("gone", "down")):
            flow.add(id, "http.request", integration=where, params={"url": "/no"}, on_error="continue")
        first = ws.run(flow, record=tmp_path / "tape.json")
        web.close()
        again = ws.run(flow, replay=tmp_path / "tape.json")
        assert [again[id].message for id in again] == [first[id].message for id in first]
        assert [again[id].status for id in again] == ["failed", "failed"]


def test_the_same_request_again_gets_the_next_answer(tmp_path: Path) -> None:
    from flowbook.testing import Answer

    with Workspace(tmp_path) as ws, fake_service() as web:
        ws.create_type("http")
        ws.create_integration("web", "http", {"base_url": web.url})
        web.on("GET", "/job", [Answer(json={"done": False}), Answer(json={"done": True})])
        flow = Workflow(name="poll")
        flow.add("job", "http.request", integration="web", params={"url": "/job"}, retry={
            "attempts": 5, "wait": 0, "until": "${{ result.data.body.done }}",
        })  # fmt: skip
        tape = tmp_path / "tape.json"
        assert ws.run(flow, record=tape)["job"].attempts == 2
        assert ws.run(flow, replay=tape)["job"].attempts == 2


def test_runs_with_and_without_cassettes_go_on_side_by_side(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws, fake_service() as web:
        ws.create_type("http")
        ws.create_integration("web", "http", {"base_url": web.url})
        web.on("GET", "/who", json={"who": "live"})
        flow = Workflow(name="who")
        flow.add("ask", "http.request", integration="web", params={"url": "/who"}, for_each=list(range(20)))
        tape = tmp_path / "tape.json"
        ws.run(flow, record=tape)
        tape.write_text(tape.read_text().replace("live", "kept"))
        found: dict[str, set[str]] = {}

        def go(name: str, **options: Any) -> None:
            found[name] = {one["body"]["who"] for one in ws.run(flow, **options)["ask"].data}

        threads = [threading.Thread(target=go, args=(f"{kind}{n}",), kwargs=options)
                   for n in range(2) for kind, options in (("live", {}), ("kept", {"replay": tape}))]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {name: {name[:4]} for name in ("live0", "kept0", "live1", "kept1")}


def test_the_command_records_and_replays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake_service() as web:
        with Workspace(tmp_path) as ws:
            ws.create_type("http")
            ws.create_integration("web", "http", {"base_url": web.url})
            flow = Workflow(name="who")
            flow.add("ask", "http.request", integration="web", params={"url": "/who"})
            ws.save(flow)
        web.on("GET", "/who", json={"who": "Ann"})
        assert command_line(["-C", str(tmp_path), "run", "who", "--record", str(tmp_path / "t.json")]) == 0
    assert command_line(["-C", str(tmp_path), "run", "who", "--replay", str(tmp_path / "t.json")]) == 0
    assert command_line(["-C", str(tmp_path), "run", "who"]) == 1
    capsys.readouterr()


def test_what_is_no_cassette_is_refused_before_anything_runs(tmp_path: Path) -> None:
    flow = Workflow(name="none")
    flow.add("a", "core.noop")
    (tmp_path / "text.json").write_text("no")
    (tmp_path / "new.json").write_text('{"flowbook_cassette": 99, "entries": []}')
    (tmp_path / "torn.json").write_text('{"flowbook_cassette": 1, "entries": [1]}')
    with Workspace(tmp_path) as ws:
        with pytest.raises(InputError, match="cannot be read"):
            ws.run(flow, replay=tmp_path / "missing.json")
        for name, said in (("text", "no cassette"), ("new", "format 99, and this is 1"), ("torn", "damaged")):
            with pytest.raises(FileFormatError, match=said):
                ws.run(flow, replay=tmp_path / f"{name}.json")
        with pytest.raises(StoreError, match="cannot be written"):
            ws.run(flow, record=tmp_path / "no" / "folder.json")
        with pytest.raises(InputError, match="recorded or replayed"):
            ws.run(flow, record=tmp_path / "a", replay=tmp_path / "b")
        assert ws.runs() == []


def test_a_run_becomes_a_test_that_replays_it_and_holds_its_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with fake_service() as web, Workspace(tmp_path) as ws:
        ws.create_type("http")
        ws.create_integration("web", "http", {"base_url": web.url, "token": TOKEN})
        web.on("GET", "/rate", json={"eur": 1.08})
        flow = Workflow(name="rates")
        flow.set_input("sum", type="integer", default=1)
        flow.add("ask", "http.request", integration="web", params={"url": "/rate"})
        flow.add(
            "times",
            "core.set",
            params={"values": {"x": "${{ nodes.ask.data.body.eur * inputs.sum }}", "at": "${{ now() }}"}},
        )
        flow.connect("ask", "times")
        ws.save(flow)
        ws.run("rates", sum=100, record=tmp_path / "rates.cassette.json")
    said = ["-C", str(tmp_path), "runs", "test", "last", "--cassette", str(tmp_path / "rates.cassette.json")]
    assert command_line(said) == 0
    assert "not compared: times.data.at" in capsys.readouterr().out
    assert command_line(said) == 2
    test = tmp_path / "test_rates.py"

    def tried() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)],
            capture_output=True,
            text=True,
            check=False,
        )

    passed = tried()
    assert passed.returncode == 0, passed.stdout
    test.write_text(test.read_text().replace('"sum": 100', '"sum": 200'))
    failed = tried()
    assert failed.returncode == 1
    assert "216.0" in failed.stdout


def test_no_test_is_written_of_a_run_that_ends_in_another_way_when_it_is_played(tmp_path: Path) -> None:
    """It would compare nothing, and pass for ever."""
    (tmp_path / "rates.txt").write_text("1.1")
    with Workspace(tmp_path) as ws:
        flow = Workflow("rates")
        flow.add("read", "files.read_text", params={"path": "rates.txt"})
        flow.add("use", "core.set", params={"values": "${{ nodes.read.data }}"})
        flow.connect("read", "use")
        ws.run(flow, record=tmp_path / "rates.cassette.json")
        (tmp_path / "rates.txt").unlink()
        with pytest.raises(InputError, match="played back, the node 'read' is failed, and was succeeded"):
            write_test(ws, "last", tmp_path / "rates.cassette.json", tmp_path / "test_rates.py")
        assert not list(tmp_path.glob("test_*"))
