"""What integration authors test with: the fake service, running a task, the contract check."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from flowbook import Result, TaskFailed, current, task
from flowbook.authoring.testing import contract
from flowbook.authoring.testing.leaks import leaks_in
from flowbook.errors import NotFound
from flowbook.testing import Answer, check_contract, fake_service, load_folder, run_task


class TestFakeService:
    def test_a_request_is_recorded_as_it_was_sent(self):
        with fake_service() as service:
            service.on("POST", "/things/{id}", status=201, json={"ok": True})
            answer = requests.post(
                f"{service.url}/things/a%20b?x=1&y=2&y=3", json={"n": 1}, headers={"X-Mine": "yes"}, timeout=60
            )
        (request,) = service.requests
        assert (answer.status_code, answer.json()) == (201, {"ok": True})
        assert (request.method, request.path, request.match) == ("POST", "/things/a b", {"id": "a b"})
        assert (request.query, request.query_lists["y"]) == ({"x": "1", "y": "3"}, ["2", "3"])
        assert (request.json, request.body, request.text) == ({"n": 1}, b'{"n": 1}', '{"n": 1}')
        assert request.headers["x-mine"] == request.headers["X-MINE"] == "yes"

    def test_answers_follow_each_other_and_the_last_one_stays(self):
        with fake_service() as service:
            service.on("GET", "/", [Answer(500), Answer(json=1)])
            assert [requests.get(service.url, timeout=60).status_code for _ in range(3)] == [500, 200, 200]

    def test_an_answer_may_be_computed_from_the_request(self):
        with fake_service() as service:
            service.on("*", "/{rest:path}", lambda request: Answer(json=request.match))
            assert requests.put(f"{service.url}/a/b/c", timeout=60).json() == {"rest": "a/b/c"}

    def test_the_route_added_last_wins(self):
        with fake_service() as service:
            service.on("GET", "/{any}", body="old").on("GET", "/x", body="new")
            assert requests.get(f"{service.url}/x", timeout=60).text == "new"
            assert requests.get(f"{service.url}/y", timeout=60).text == "old"

    def test_what_has_no_route_is_answered_404_and_kept_apart(self):
        with fake_service() as service:
            answer = requests.get(f"{service.url}/nowhere", timeout=60)
        assert (answer.status_code, [r.path for r in service.unexpected]) == (404, ["/nowhere"])
        assert "no route for GET /nowhere" in answer.json()["message"]

    def test_headers_bodies_and_statuses_are_given_as_told(self):
        with fake_service() as service:
            service.on(
                "GET", "/html", body="<p>", headers={"Content-Type": "text/html", "Retry-After": "3"}, status=429
            )
            service.on("GET", "/none", status=204)
            service.on("HEAD", "/html", body="<p>")
            html = requests.get(f"{service.url}/html", timeout=60)
            assert (html.status_code, html.text, html.headers["Content-Type"]) == (429, "<p>", "text/html")
            assert html.headers["Retry-After"] == "3"
            assert requests.get(f"{service.url}/none", timeout=60).content == b""
            assert requests.head(f"{service.url}/html", timeout=60).headers["Content-Length"] == "3"

    @pytest.mark.parametrize("answer", [Answer(body=b"x" * 1000, truncate=10), Answer(drop=True)])
    def test_a_cut_off_answer_is_an_error_for_the_client(self, answer):
        with fake_service() as service:
            service.on("GET", "/", answer)
            with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
                requests.get(service.url, timeout=60)

    def test_a_delayed_answer_runs_into_the_clients_timeout_and_does_not_hold_up_the_end(self):
        with fake_service() as service:
            service.on("GET", "/", delay=3600)
            with pytest.raises(requests.exceptions.ReadTimeout):
                requests.get(service.url, timeout=0.05)

    def test_json_is_called_what_the_vendor_calls_it(self):
        with fake_service() as service:
            service.on("GET", "/a", json=[1]).on("GET", "/b", json=[1], headers={"Content-Type": "application/json"})
            service.json_type = "application/json;charset=UTF-8"
            kinds = [requests.get(service.url + path, timeout=5).headers["Content-Type"] for path in ("/a", "/b")]
        assert kinds == ["application/json;charset=UTF-8", "application/json"]

    def test_forms_and_chunked_bodies_are_read(self):
        with fake_service() as service:
            service.on("POST", "/", body="ok")
            requests.post(service.url, data={"a": "1", "b": ""}, timeout=60)
            requests.post(service.url, data=iter([b"one", b"two"]), timeout=60)
        assert service.requests[0].form == {"a": "1", "b": ""}
        assert service.requests[1].body == b"onetwo"

    def test_a_proxy_of_the_environment_is_kept_out_and_the_environment_restored(self, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.delenv("NO_PROXY", raising=False)
        with fake_service() as service:
            service.on("GET", "/", body="here")
            assert requests.get(service.url, timeout=60).text == "here"
        assert "NO_PROXY" not in os.environ

    def test_a_route_needs_an_answer(self):
        with fake_service() as service:
            with pytest.raises(ValueError, match="at least one"):
                service.on("GET", "/", [])
            with pytest.raises(TypeError, match="not both"):
                service.on("GET", "/", Answer(), status=200)


class TestRunTask:
    def test_a_failure_that_will_not_pass_is_one_here_too(self):
        def refuse(credentials):
            """Refuse."""
            return Result.failed("No", permanent=True)

        assert run_task(refuse).permanent
        assert not run_task(lambda credentials: Result.failed("No")).permanent

    def test_the_result_comes_with_what_was_printed_and_reported(self):
        def ping(credentials, params):
            print("working")
            current().progress(1, 2, "half")
            return {"success": True, "message": params["x"]}

        outcome = run_task(ping, {}, {"x": "hi"})
        assert outcome == Result.ok("hi")
        assert (outcome.output, outcome.progress, outcome.traceback) == ("working\n", [(1, 2, "half")], "")

    def test_an_exception_is_a_failed_result_with_its_traceback(self):
        def ping(credentials):
            raise ValueError("bad")

        outcome = run_task(ping)
        assert outcome.message == "Error: bad (ValueError)"
        assert "in ping" in outcome.traceback

    def test_a_clear_failure_has_no_traceback(self):
        @task
        def ping(credentials, params):
            raise TaskFailed("No such page", {"status": 404})

        outcome = run_task(ping)
        assert (outcome.message, outcome.data, outcome.traceback) == ("No such page", {"status": 404}, "")

    def test_sys_exit_does_not_end_the_tests(self):
        assert "sys.exit(1)" in run_task(lambda credentials: sys.exit(1)).message

    def test_a_result_that_breaks_the_contract_is_a_failure(self):
        assert "instead of a dict" in run_task(lambda credentials: "done").message

    def test_the_context_can_be_set(self):
        def ping(credentials):
            here = current()
            return Result.ok(here.idempotency_key, [here.cancelled, here.attempt])

        stop = threading.Event()
        stop.set()
        outcome = run_task(ping, run_id="r", node_id="n", attempt=2, stop=stop)
        assert (outcome.message, outcome.data) == ("r.n", [True, 2])

    def test_async_tasks_are_waited_for_also_inside_a_running_loop(self):
        async def ping(credentials):
            await asyncio.sleep(0)
            return Result.ok("hi")

        async def inside():
            return run_task(ping)

        assert run_task(ping).message == "hi"
        assert asyncio.run(inside()).message == "hi"

    def test_a_task_of_a_folder_is_named_by_path_or_from_here(self, tmp_path, monkeypatch):
        folder = write(tmp_path / "integrations" / "talk", GOOD)
        monkeypatch.chdir(tmp_path)
        for named in [(folder, "say"), "talk.say", load_folder(folder).tasks["say"]]:
            assert run_task(named, {"token": "t"}, {"text": "hi"}).message == "hi"
        with pytest.raises(NotFound):
            run_task((folder, "gone"))
        with pytest.raises(NotFound):
            load_folder(tmp_path / "nowhere")


GOOD = '''"""Say things."""

def test_connection(credentials):
    """Try it

    credentials: {"token": "abc"}
    """
    return {"success": bool(credentials["token"]), "message": "ok"}

def say(credentials, params):
    """Say it

    params: {"text": "hello"}
    """
    return {"success": True, "message": params["text"]}
'''


def write(folder: Path, tasks: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(tasks)
    return folder


@pytest.fixture
def check(tmp_path):
    def problems(tasks: str) -> list[str]:
        found = check_contract(write(tmp_path / "talk", tasks))
        assert all(problem.remedy for problem in found)
        return [problem.what for problem in found]

    return problems


HTTP = '''import urllib.request, urllib.error

def test_connection(credentials):
    """Try it

    credentials: {"base_url": "https://example.com", "token": "abc"}
    """
    request = urllib.request.Request(credentials["base_url"], headers={"X-Token": credentials["token"]})
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        error.close()
        return {"success": False, "message": str(error)}
    return {"success": True, "message": "ok"}
'''


class TestCheckContract:
    def test_a_good_folder_has_no_problems(self, check):
        assert check(GOOD) == []

    def test_a_folder_that_cannot_be_imported_says_why(self, check):
        assert "ZeroDivisionError" in check("1 / 0")[0]

    def test_a_missing_test_connection_is_told(self, check):
        assert any("no test_connection" in what for what in check(GOOD.replace("test_connection", "try_it")))

    def test_undocumented_tasks_params_and_credentials_are_told(self, check):
        bare = (
            'def test_connection(credentials):\n    return {"success": bool(credentials["token"]), "message": "ok"}\n'
        )
        bare += 'def say(credentials, params):\n    """Say it"""\n    return {"success": params["a"], "message": "b"}'
        assert check(bare) == [
            "test_connection is not documented.",
            "say: a is not documented.",
            "credentials: token is not documented.",
        ]

    def test_typed_fields_need_descriptions(self, check):
        typed = "from pydantic import BaseModel\nclass P(BaseModel):\n    x: int\n" + GOOD.replace(
            "params):", "params: P):"
        )
        assert "say: x is not documented." in check(typed)

    @pytest.mark.parametrize(
        ("body", "what"),
        [
            ("pass", "returns nothing"),
            ("return", "returns nothing"),
            ("return 'done'", "a str instead of a dict"),
            ("return f'{params}'", "a str instead of a dict"),
            ("return [1]", "something else than a dict"),
            ("return {'success': True}", "without 'message'"),
            ("return {'data': 1}", "without 'success' and 'message'"),
            ("return {'success': 'yes', 'message': 'm'}", "'yes' as 'success'"),
            ("return {'success': True, 'message': 5}", "5 as 'message'"),
            ("return {'message': 'm'} if params else None", "without 'success'"),
            ("yield 1", "is a generator"),
        ],
    )
    def test_a_result_that_cannot_be_right_is_told_with_its_line(self, check, body, what):
        (found,) = check(GOOD + f'\ndef odd(credentials, params):\n    """Odd"""\n    {body}\n')
        assert found.startswith("odd, line ")
        assert what in found

    @pytest.mark.parametrize(
        "body",
        [
            "raise NotImplementedError",
            "return {**params}",
            "return type('Made', (), params)()",
            "def inner():\n        return 5\n    return inner()",
            "return {params['k']: 1, 'success': True}",
        ],
    )
    def test_a_result_that_may_be_right_is_left_alone(self, check, body):
        task_source = f'\ndef odd(credentials, params):\n    """Odd\n\n    params: {{"k": "x"}}"""\n    {body}\n'
        assert check(GOOD + task_source) == []

    @pytest.mark.parametrize(
        ("line", "verb"),
        [
            ("print(credentials['token'])", "prints"),
            ("print(f'with {credentials.get(\"token\")}')", "prints"),
            ("print(credentials)", "prints"),
            ("token = credentials['token']\n    headers = {'A': 'Bearer ' + token}\n    print(headers)", "prints"),
            ("import logging\n    logging.getLogger('x')\n    logging.info('%s', credentials['token'])", "logs"),
            ("import sys\n    sys.stderr.write(str(credentials))", "prints"),
            ("return {'success': True, 'message': 'with ' + credentials['token']}", "returns"),
            ("from flowbook import TaskFailed\n    raise TaskFailed(f'{credentials}')", "raises"),
        ],
    )
    def test_a_secret_that_is_shown_is_told_with_its_line(self, check, line, verb):
        tail = "\n    return {'success': True, 'message': 'm'}"
        (found,) = check(GOOD + f'\ndef odd(credentials, params):\n    """Odd"""\n    {line}{tail}\n')
        assert f"{verb} a secret credential" in found

    def test_using_a_secret_without_showing_it_is_right(self):
        def fine(credentials, params):
            print(len(credentials["token"]), bool(credentials.get("token")), credentials["user"])
            session = make_session(token=credentials["token"])  # noqa: F821
            print(session)
            return {"success": credentials["token"] == "x", "message": "m"}

        assert leaks_in(fine, {"token"}, typed=False) == []

    def test_typed_secrets_leak_only_once_revealed(self):
        def shows(credentials, params):
            print(credentials.token, credentials)
            print(credentials.token.reveal())

        assert [leak.verb for leak in leaks_in(shows, {"token"}, typed=True)] == ["prints"]

    def test_a_working_connection_test_against_the_fake_service_is_right(self, check):
        assert check(HTTP) == []

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            ('"success": False, "message": str(error)', '"success": True, "message": "m"', "calls it a success"),
            ('"message": "ok"', '"message": request.headers.popitem()[1]', "into its result"),
            ("    try:", "    print(request.headers)\n    try:", "prints a secret"),
        ],
    )
    def test_running_it_with_made_up_credentials_shows_what_the_source_does_not(self, check, old, new, what):
        (found,) = check(HTTP.replace(old, new))
        assert what in found

    def test_without_running_nothing_of_the_folder_is_called(self, tmp_path):
        called = HTTP.replace("    request =", "    open(__file__ + '.called', 'w').close()\n    request =")
        folder = write(tmp_path / "talk", called)
        assert check_contract(folder, run=False) == []
        assert not (folder / "tasks.py.called").exists()

    def test_a_connection_test_that_never_ends_is_left_behind(self, check, monkeypatch):
        monkeypatch.setattr(contract, "_PATIENCE", 0.05)
        waits = "    from flowbook import current\n    current().sleep(3600)\n    request ="
        before = sys.stdout
        (found,) = check(HTTP.replace("    request =", waits))
        assert "takes more than" in found
        assert sys.stdout is before

    def test_pytest_is_not_needed(self):
        code = (
            "import sys, json, flowbook.testing\nprint(json.dumps([n in sys.modules for n in ('pytest', 'requests')]))"
        )
        shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert json.loads(shown) == [False, False]
